"""The tiny models of the references: their configurations, random weights and tokenizers.

Every value is drawn from a generator seeded by the architecture and the tensor's name, so that
adding a model or a head changes no other. Weights are larger than an initialiser would make them,
and norms and biases are random too: a swapped, missing or transposed tensor changes the output.
"""

import zlib

import torch
import transformers as tf
from tokenizers import Tokenizer, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers

HIDDEN = 32
HEADS = 4
INTERMEDIATE = 24
MAX_TOKENS = 40

TEXT_LABELS = ["economy", "defence", "law", "treaty", "other"]
TOKEN_LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


class Architecture:
    """One architecture: how its models are made. `kind` picks classes by transformers' naming."""

    def __init__(self, name, kind, config, tokenizer, dtype=torch.float32):
        self.name = name
        self.kind = kind
        self.config_class = getattr(tf, kind + "Config")
        self.config_values = config
        self.tokenizer = tokenizer
        self.dtype = dtype

    def config(self, vocabulary, **more):
        return self.config_class(vocab_size=vocabulary, **self.config_values, **more)

    def model_class(self, task):
        return getattr(tf, self.kind + task)


def common(**more):
    return dict(
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=INTERMEDIATE,
        max_position_embeddings=MAX_TOKENS,
        **more,
    )


ROBERTA = common(pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1, layer_norm_eps=1e-5)
ROBERTA["max_position_embeddings"] = MAX_TOKENS + 2
MPNET = common(pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)
MPNET["max_position_embeddings"] = MAX_TOKENS + 2
MODERNBERT = common(
    global_attn_every_n_layers=3,
    local_attention=16,
    local_rope_theta=1000.0,
    global_rope_theta=40000.0,
    pad_token_id=3,
    cls_token_id=1,
    bos_token_id=1,
    sep_token_id=2,
    eos_token_id=2,
    reference_compile=False,
)
MODERNBERT["num_hidden_layers"] = 4
MODERNBERT["intermediate_size"] = 16

ARCHITECTURES = [
    Architecture("bert", "Bert", common(), "wordpiece"),
    Architecture("bert-plain", "Bert", common(hidden_act="gelu_new"), "wordpiece", torch.float16),
    Architecture("roberta", "Roberta", ROBERTA, "bytelevel-roberta", torch.float16),
    Architecture("xlm-roberta", "XLMRoberta", ROBERTA, "unigram", torch.float16),
    Architecture(
        "distilbert",
        "DistilBert",
        dict(dim=HIDDEN, n_layers=2, n_heads=HEADS, hidden_dim=INTERMEDIATE, max_position_embeddings=MAX_TOKENS),
        "wordpiece",
        torch.bfloat16,
    ),
    Architecture("mpnet", "MPNet", MPNET, "wordpiece-mpnet", torch.bfloat16),
    Architecture("modernbert", "ModernBert", MODERNBERT, "bytelevel-modernbert", torch.bfloat16),
]


def random_tensor(architecture, name, like):
    """Random values for the tensor `name`, exactly representable in the architecture's type."""
    generator = torch.Generator().manual_seed(zlib.crc32(f"{architecture.name}/{name}".encode()))
    values = torch.randn(like.shape, generator=generator)
    last = name.rsplit(".", 1)[-1]
    if last == "weight" and like.dim() == 1:
        values = 1 + 0.2 * values
    elif last == "bias":
        values = 0.1 * values
    elif "relative_attention_bias" in name:
        values = 0.7 * values
    elif "embeddings" in name:
        values = 0.5 * values
    elif name.startswith("classifier"):
        values = 0.8 * values
    else:
        values = 1.2 * values / like.shape[-1] ** 0.5
    return values.to(architecture.dtype)


def stored_parameters(model):
    """What save_pretrained would store: of tied parameters only the first."""
    return dict(model.named_parameters(remove_duplicate=True))


# --- Tokenizers -------------------------------------------------------------------------------------------------


def wordpiece(texts, size, specials, unknown):
    tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=specials, limit_alphabet=40, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def bert_tokenizer(texts, folder_class=tf.BertTokenizerFast):
    tokenizer = wordpiece(texts, 150, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], "[UNK]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return folder_class(tokenizer_object=tokenizer, model_max_length=MAX_TOKENS)


def mpnet_tokenizer(texts):
    tokenizer = wordpiece(texts, 150, ["<s>", "<pad>", "</s>", "[UNK]"], "[UNK]")
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(
        sep=("</s>", 2), cls=("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    # A limit of 1e30 is what transformers writes when a tokenizer never had one.
    return tf.MPNetTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", model_max_length=int(1e30))


def byte_level(texts, size, specials, unknown=None):
    tokenizer = Tokenizer(models.BPE(unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def roberta_tokenizer(texts):
    tokenizer = byte_level(texts, 300, ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(
        sep=("</s>", 2), cls=("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return tf.RobertaTokenizerFast(tokenizer_object=tokenizer, model_max_length=MAX_TOKENS)


def modernbert_tokenizer(texts):
    tokenizer = byte_level(texts, 300, ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:0 [SEP]:0",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        model_max_length=MAX_TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    )


def unigram_tokenizer(texts):
    tokenizer = Tokenizer(models.Unigram())
    # The published tokenizer carries SentencePiece's 300 KB table; NFKC and this rule do the same to our texts.
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tf.XLMRobertaTokenizerFast(tokenizer_object=tokenizer, model_max_length=MAX_TOKENS)


def make_tokenizer(architecture, texts):
    if architecture.kind == "DistilBert":
        return bert_tokenizer(texts, tf.DistilBertTokenizerFast)
    makers = {
        "wordpiece": bert_tokenizer,
        "wordpiece-mpnet": mpnet_tokenizer,
        "bytelevel-roberta": roberta_tokenizer,
        "bytelevel-modernbert": modernbert_tokenizer,
        "unigram": unigram_tokenizer,
    }
    return makers[architecture.tokenizer](texts)
