#!/usr/bin/env python3
"""Makes the reference models and outputs under src/test/resources/reference. Run once, by hand.

    python make_references.py --texts sotu_6000.jsonl --out ../resources/reference

Ran with Python 3.11.7 and torch 2.7.1, transformers 4.57.6, sentence-transformers 5.7.0,
tokenizers 0.22.2, safetensors 0.8.0, numpy 2.2.6, on the CPU. Nothing at test time needs Python.

--texts is a file of lines {"text": ...}: the State of the Union passages (public domain). Every
20th trained the tokenizers; a few are inputs. Tokenizers that are in --out already are kept, so a
second run gives the same files. Each folder is assembled as a user would have it and
loaded by transformers or sentence-transformers from there; the expected values come from that.
"""

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import safetensors
import sentence_transformers as st
import tokenizers
import torch
import transformers as tf
from safetensors.torch import load_file, save_file

import reference_models as ref
from reference_models import MAX_TOKENS, TEXT_LABELS, TOKEN_LABELS

MIXED_TEXTS = [
    "I",
    "Peace with all nations, commerce with 27 States.",
    "Caf\u00e9 \U0001f600 na\u00efve \u2014 the Se\u00f1or's $1,000,000 treaty!",
]
ENTITY_TEXTS = [
    "President Washington went to New York.",
    "\U0001f600 Mr. Adams spoke of France; all met.",
]
MASKED_TEXTS = [
    "The people of the United {} are free.",
    "We {} the Congress to act, and {} is the time.",
]
STRATEGIES = ["simple", "none", "first", "average", "max"]
QUERY = "What did the President say of the public debt?"


def main():
    args = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(2)
    tf.logging.set_verbosity_error()
    passages = [json.loads(line)["text"] for line in args.texts.read_text(encoding="utf-8").splitlines()]
    for architecture in ref.ARCHITECTURES:
        target = args.out / architecture.name
        Reference(architecture, passages, target).make()
        print(architecture.name, sum(f.stat().st_size for f in target.rglob("*") if f.is_file()))
    make_type_samples(args.out / "safetensors")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def floats(values):
    """Shortest decimals that read back as the same float32."""
    return [float(str(np.float32(v))) for v in np.asarray(values, dtype=np.float64).reshape(-1)]


def code_points(offsets):
    return [[int(start), int(end)] for start, end in offsets]


class Reference:
    """One architecture's folder of the resources."""

    def __init__(self, architecture, passages, target):
        self.architecture = architecture
        self.target = target
        self.passages = passages
        self.tokenizer = self.kept_tokenizer()
        self.scratch = tempfile.TemporaryDirectory(prefix="reference-")
        self.tensors = {}
        self.folders = {}
        self.cases = []

    def make(self):
        self.write_weights()
        self.hidden_states()
        self.embeddings()
        if self.architecture.name != "bert-plain":
            self.classification()
            self.rerank()
            self.token_classification()
            self.masked_fill()
        self.write_tensors("expected.safetensors", self.tensors)
        write_json(
            self.target / "cases.json",
            {
                "model": self.architecture.name,
                "max_tokens": MAX_TOKENS,
                "folders": self.folders,
                "cases": self.cases,
            },
        )

    # --- Files ---------------------------------------------------------------------------------------------------

    def kept_tokenizer(self):
        """The tokenizer that is there, else a new one: training breaks ties differently each time."""
        kept = [self.target / name for name in ("tokenizer.json", "tokenizer_config.json")]
        with tempfile.TemporaryDirectory() as folder:
            if all(file.exists() for file in kept):
                for file in kept:
                    shutil.copy(file, folder)
            else:
                ref.make_tokenizer(self.architecture, self.passages[::20]).save_pretrained(folder)
            shutil.rmtree(self.target, ignore_errors=True)
            for file in kept:
                write_json(file, json.loads(Path(folder, file.name).read_text(encoding="utf-8")))
            return tf.AutoTokenizer.from_pretrained(folder)

    def task_model(self, task, **config):
        model = self.architecture.model_class(task)(self.config(task, **config))
        return model.eval()

    def config(self, task, **more):
        config = self.architecture.config(len(self.tokenizer), **more)
        config.architectures = [self.architecture.kind + task]
        config.torch_dtype = str(self.architecture.dtype).replace("torch.", "")
        return config

    def write_config(self, name, task, extra=None, **more):
        values = json.loads(self.config(task, **more).to_json_string())
        values.update(extra or {})
        write_json(self.target / name, values)

    def write_weights(self):
        """model.safetensors: the encoder and the masked-fill head; labels-N: the classifiers."""
        if self.architecture.name == "bert-plain":
            # Checkpoints from before 2023 carry this buffer; every reader must step over it.
            positions = {"embeddings.position_ids": torch.arange(MAX_TOKENS).unsqueeze(0)}
            self.write_tensors("model.safetensors", {**self.collect(["Model"]), **positions})
            return
        everything = self.collect(["ForMaskedLM", "ForSequenceClassification", "ForTokenClassification"], 5)
        # ModernBERT's masked fill and classifiers share `head`; there are no more such names.
        tops = ("classifier.weight", "classifier.bias", "classifier.out_proj.weight", "classifier.out_proj.bias")
        self.write_tensors("model.safetensors", {n: t for n, t in everything.items() if n not in tops})
        for kind, labels in (("texts", 5), ("tokens", 5), ("rerank", 1)):
            scores = self.collect(["ForSequenceClassification"], labels)
            # Where the two have different names, both are in every file, so that one index serves all.
            heads = {**self.collect(["ForTokenClassification"], 5), **scores}
            self.write_tensors(f"labels-{kind}.safetensors", {n: t for n, t in heads.items() if n in tops})
        weight_map = {n: f"model-0000{2 if n in tops else 1}-of-00002.safetensors" for n in sorted(everything)}
        size = sum(tensor.numel() * tensor.element_size() for tensor in everything.values())
        index = {"metadata": {"total_size": size}, "weight_map": weight_map}
        write_json(self.target / "model.safetensors.index.json", index)

    def collect(self, tasks, labels=2):
        tensors = {}
        for task in tasks:
            model = self.task_model(task, num_labels=labels)
            for name, parameter in ref.stored_parameters(model).items():
                value = ref.random_tensor(self.architecture, name, parameter)
                if name in tensors and tensors[name].shape != value.shape:
                    continue
                tensors[name] = value
        return tensors

    def write_tensors(self, name, tensors):
        save_file(tensors, str(self.target / name), metadata={"format": "pt"})
        (self.target / name).chmod(0o644)

    def folder(self, name, config, extra=None, sharded=None):
        """Declares a Hugging Face folder: name in the folder -> file here. Returns its name."""
        files = {"config.json": config, "tokenizer.json": "tokenizer.json"}
        files["tokenizer_config.json"] = "tokenizer_config.json"
        if sharded is None:
            files["model.safetensors"] = "model.safetensors"
        else:
            files["model.safetensors.index.json"] = "model.safetensors.index.json"
            files["model-00001-of-00002.safetensors"] = "model.safetensors"
            files["model-00002-of-00002.safetensors"] = f"labels-{sharded}.safetensors"
        files.update(extra or {})
        self.folders[name] = files
        return name

    def assembled(self, name):
        """The declared folder on disk, as a user would have it."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch.name))
        for path, source in self.folders[name].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.target / source, folder / path)
        return str(folder)

    def case(self, name, task, folder, inputs, expected, **more):
        self.cases.append({"name": name, "task": task, "folder": folder, **more, "inputs": inputs, "expected": expected})

    def tensor(self, name, value):
        self.tensors[name] = value.detach().to(torch.float32).contiguous()
        return {"tensor": name, "shape": list(value.shape)}

    # --- Inputs --------------------------------------------------------------------------------------------------

    def long_text(self):
        return self.passages[1][:260]

    def encode(self, text, pair=None, offsets=False, limit=MAX_TOKENS):
        # As lists: given strings, transformers takes an empty pair for none.
        encoded = self.tokenizer(
            [text],
            None if pair is None else [pair],
            truncation=True,
            max_length=limit,
            return_token_type_ids=True,
            return_offsets_mapping=True,
        )
        result = {"text": text}
        if pair is not None:
            result["pair"] = pair
        result["ids"] = encoded["input_ids"][0]
        if any(encoded["token_type_ids"][0]) and "Bert" == self.architecture.kind:
            result["types"] = encoded["token_type_ids"][0]
        if offsets:
            result["offsets"] = code_points(encoded["offset_mapping"][0])
        return result

    def tensors_of(self, row):
        arguments = {"input_ids": torch.tensor([row["ids"]])}
        arguments["attention_mask"] = torch.ones_like(arguments["input_ids"])
        if "types" in row:
            arguments["token_type_ids"] = torch.tensor([row["types"]])
        return arguments

    def padded(self, rows):
        longest = max(len(row["ids"]) for row in rows)
        pad = self.tokenizer.pad_token_id
        result = {
            "input_ids": torch.tensor([r["ids"] + [pad] * (longest - len(r["ids"])) for r in rows]),
            "attention_mask": torch.tensor([[1] * len(r["ids"]) + [0] * (longest - len(r["ids"])) for r in rows]),
        }
        if any("types" in row for row in rows):
            types = [row.get("types", [0] * len(row["ids"])) for row in rows]
            result["token_type_ids"] = torch.tensor([t + [0] * (longest - len(t)) for t in types])
        return result

    def run(self, model, rows, output):
        """Each row alone, without padding; checked against the padded batch and against float64."""
        with torch.no_grad():
            alone = [getattr(model(**self.tensors_of(row)), output)[0] for row in rows]
            together = getattr(model(**self.padded(rows)), output)
            model.double()
            exact = [getattr(model(**self.tensors_of(row)), output)[0] for row in rows]
            model.float()
        for i, row in enumerate(rows):
            batch = together[i][: len(row["ids"])] if together.dim() == 3 else together[i]
            scale = max(1, float(exact[i].abs().max()))
            for what, other in (("padding", batch), ("float32", exact[i])):
                error = float((alone[i] - other).abs().max())
                assert error < 4e-6 * scale, (self.architecture.name, what, "changes the result by", error, scale)
        return alone

    def load(self, folder, task):
        loader = getattr(tf, "Auto" + task)
        model, report = loader.from_pretrained(
            self.assembled(folder), torch_dtype=torch.float32, output_loading_info=True
        )
        missing = [name for name in report["missing_keys"] if "pooler" not in name]
        assert not missing and not report["mismatched_keys"], report
        return model.eval()

    def centred(self, folder, task):
        """Loads a classifier after setting its bias so that no label wins everywhere."""
        file = self.target / self.folders[folder]["model-00002-of-00002.safetensors"]
        rows = [self.encode(text) for text in self.passages[2000:2020]]
        model = self.load(folder, task)
        with torch.no_grad():
            logits = [model(**self.tensors_of(row)).logits.reshape(-1, model.num_labels) for row in rows]
        heads = load_file(str(file))
        token = "classifier.bias" in heads and ("Token" in task or "classifier.out_proj.bias" not in heads)
        bias = "classifier.bias" if token else "classifier.out_proj.bias"
        heads[bias] = (heads[bias].float() - torch.cat(logits).mean(0)).to(heads[bias].dtype)
        self.write_tensors(file.name, heads)
        return self.load(folder, task)

    # --- Tasks ---------------------------------------------------------------------------------------------------

    def hidden_states(self):
        task = "Model" if self.architecture.name == "bert-plain" else "ForMaskedLM"
        self.write_config("config.json", task)
        self.folder("base", "config.json")
        model = self.load("base", "Model")
        rows = [self.encode(text) for text in [*MIXED_TEXTS[:2], self.long_text()]]
        rows.insert(1, {"ids": [self.tokenizer.convert_tokens_to_ids("e")]})
        assert len(rows[-1]["ids"]) == MAX_TOKENS
        states = self.run(model, rows, "last_hidden_state")
        expected = [self.tensor(f"hidden-states/{i}", state) for i, state in enumerate(states)]
        self.case("hidden-states", "hidden", "base", rows, expected)
        if self.architecture.kind == "ModernBert":
            self.newer_config()
            self.case("hidden-states-config-5", "hidden", "base-config-5", rows, expected)

    def newer_config(self):
        """config.json as transformers 5 writes it; 5.23.0 gave the same hidden states, to the bit."""
        values = json.loads((self.target / "config.json").read_text())
        types = {"full_attention": values.pop("global_rope_theta"), "sliding_attention": values.pop("local_rope_theta")}
        values["rope_parameters"] = {kind: {"rope_theta": theta, "rope_type": "default"} for kind, theta in types.items()}
        every = values["global_attn_every_n_layers"]
        values["layer_types"] = [
            "sliding_attention" if layer % every else "full_attention" for layer in range(values["num_hidden_layers"])
        ]
        values.update(tie_word_embeddings=True, transformers_version="5.23.0")
        write_json(self.target / "config-5.json", values)
        self.folder("base-config-5", "config-5.json")

    def embeddings(self):
        for spec in EMBEDDINGS[self.architecture.name]:
            files = self.sentence_files(spec)
            self.folder(spec["name"], spec.get("config", "config.json"), files)
            encoder = st.SentenceTransformer(self.assembled(spec["name"]), device="cpu", model_kwargs={"dtype": "float32"})
            if spec.get("saved"):
                encoder = self.saved_again(spec, encoder)
            for options in spec.get("options", [{}]):
                self.embedding_case(spec, encoder, options)

    def embedding_case(self, spec, encoder, options):
        prompt = options.get("prompt_name", spec.get("default_prompt"))
        prefix = spec.get("prompts", {}).get(prompt, "")
        limit = spec.get("max_seq_length", MAX_TOKENS)
        texts = ["", MIXED_TEXTS[1], self.long_text()]
        rows = [{**self.encode(prefix + text, limit=limit), "text": text} for text in texts]
        self.check_ids(encoder, prefix, texts, rows)
        # sentence-transformers calls the two `truncate_dim` and `normalize_embeddings`.
        vectors = encoder.encode(
            texts,
            prompt_name=options.get("prompt_name"),
            truncate_dim=options.get("dimensions"),
            normalize_embeddings=options.get("normalize", False),
        )
        expected = [{"shape": [len(v)], "values": floats(v)} for v in vectors]
        name = "-".join([spec["name"], *(str(v) if not v is True else k for k, v in options.items())])
        self.case(name, "embedding", spec["name"], rows, expected, **options)

    def check_ids(self, encoder, prefix, texts, rows):
        features = encoder.tokenize([prefix + text for text in texts])
        for ids, mask, row in zip(features["input_ids"], features["attention_mask"], rows):
            assert ids[mask.bool()].tolist() == row["ids"], (row, ids)

    def sentence_files(self, spec):
        """Writes what sentence-transformers wrote up to version 5.2, as most published folders have it."""
        here = self.target
        modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
        files = {}
        for i, layer in enumerate(spec.get("dense", []), start=2):
            modules.append((f"{i}_Dense", "Dense"))
            files.update(self.dense_files(spec["name"], i, *layer))
        if spec.get("normalize"):
            modules.append((f"{len(modules)}_Normalize", "Normalize"))
        kind = ("dense-" if "dense" in spec else "") + ("normalize" if spec.get("normalize") else "plain")
        write_json(
            here / f"modules-{kind}.json",
            [
                {"idx": i, "name": str(i), "path": path, "type": "sentence_transformers.models." + name}
                for i, (path, name) in enumerate(modules)
            ],
        )
        pooling = f"pooling-{spec['name']}.json"
        write_json(here / pooling, legacy_pooling(spec))
        files.update({"modules.json": f"modules-{kind}.json", "1_Pooling/config.json": pooling})
        limit = spec.get("max_seq_length", MAX_TOKENS)
        write_json(here / "sentence_bert_config.json", {"max_seq_length": limit, "do_lower_case": False})
        files["sentence_bert_config.json"] = "sentence_bert_config.json"
        prompts = f"prompts-{spec['name']}.json" if "prompts" in spec else "config_sentence_transformers.json"
        write_json(
            here / prompts,
            {
                "__version__": {"sentence_transformers": "3.0.1", "transformers": "4.41.2", "pytorch": "2.3.0"},
                "prompts": spec.get("prompts", {}),
                "default_prompt_name": spec.get("default_prompt"),
                "similarity_fn_name": "cosine",
            },
        )
        files["config_sentence_transformers.json"] = prompts
        if "matryoshka" in spec:
            self.write_config("config-matryoshka.json", "Model", {"matryoshka_dimensions": spec["matryoshka"]})
            spec["config"] = "config-matryoshka.json"
        return files

    def dense_files(self, name, step, activation, width_in, width_out, bias):
        """A layer behind the pooling, as sentence-transformers writes it."""
        source = f"dense-{name}-{step}"
        values = {"in_features": width_in, "out_features": width_out, "bias": bias, "activation_function": activation}
        write_json(self.target / f"{source}.json", values)
        layer = torch.nn.Linear(width_in, width_out, bias=bias)
        tensors = {
            f"linear.{n}": ref.random_tensor(self.architecture, f"{source}.{n}", t) for n, t in layer.named_parameters()
        }
        self.write_tensors(f"{source}.safetensors", tensors)
        path = f"{step}_Dense/"
        return {path + "config.json": f"{source}.json", path + "model.safetensors": f"{source}.safetensors"}

    def saved_again(self, spec, encoder):
        """The same folder as the installed sentence-transformers saves it: newer names and types."""
        with tempfile.TemporaryDirectory() as folder:
            encoder.save(folder, create_model_card=False)
            files = self.folders[spec["name"]]
            for path in ["modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json"]:
                source = "saved-" + Path(path).parts[0].lower().replace("1_pooling", "pooling.json")
                write_json(self.target / source, json.loads(Path(folder, path).read_text()))
                files[path] = source
        return st.SentenceTransformer(self.assembled(spec["name"]), device="cpu", model_kwargs={"dtype": "float32"})

    def classification(self):
        specs = [("classification", {"problem_type": "single_label_classification"}), ("multi-label", {"problem_type": "multi_label_classification"})]
        if self.architecture.kind == "ModernBert":
            specs.append(("classification-mean", {"classifier_pooling": "mean"}))
        for name, more in specs:
            self.write_config(f"config-{name}.json", "ForSequenceClassification", **more, **label_names(TEXT_LABELS))
            self.folder(name, f"config-{name}.json", sharded="texts")
            load = self.centred if name == "classification" else self.load
            model = load(name, "ModelForSequenceClassification")
            rows = [self.encode(text) for text in MIXED_TEXTS] + [self.encode(self.long_text())]
            rows.append(self.encode(MIXED_TEXTS[1], pair=MIXED_TEXTS[2]))
            expected = [self.scored(logits, name == "multi-label") for logits in self.run(model, rows, "logits")]
            self.check_pipeline(model, name, rows, expected)
            self.case(name, "classification", name, rows, expected)

    def scored(self, logits, multi_label):
        best = logits.topk(2).values
        assert best[0] - best[1] > 1e-3, (self.architecture.name, "two labels score too much alike", logits)
        scores = torch.sigmoid(logits) if multi_label else torch.softmax(logits, -1)
        return {"logits": floats(logits), "scores": floats(scores), "label": TEXT_LABELS[int(logits.argmax())]}

    def check_pipeline(self, model, name, rows, expected):
        classify = tf.pipeline("text-classification", model=model, tokenizer=self.tokenizer, top_k=None)
        for row, values in zip(rows, expected):
            text = {"text": row["text"], "text_pair": row["pair"]} if "pair" in row else row["text"]
            got = classify(text, truncation=True, max_length=MAX_TOKENS)
            got = {entry["label"]: entry["score"] for entry in (got[0] if isinstance(got[0], list) else got)}
            assert max(abs(got[label] - s) for label, s in zip(TEXT_LABELS, values["scores"])) < 1e-5

    def rerank(self):
        name = self.architecture.name
        # How a folder says which function follows the logit: not at all (sigmoid), up to version 3, from 4 on.
        identity, sigmoid = "torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Sigmoid"
        extra = {"distilbert": {"sbert_ce_default_activation_function": identity}}
        extra["modernbert"] = {"sentence_transformers": {"activation_fn": sigmoid, "version": "4.0.1"}}
        extra["mpnet"] = {"sentence_transformers": {"activation_fn": identity, "version": "4.0.1"}}
        labels = {"id2label": {0: "LABEL_0"}, "label2id": {"LABEL_0": 0}}
        self.write_config("config-rerank.json", "ForSequenceClassification", extra.get(name), **labels)
        self.folder("rerank", "config-rerank.json", sharded="rerank")
        documents = [*MIXED_TEXTS[1:], self.passages[40], self.long_text(), ""]
        rows = [self.encode(QUERY, pair=document) for document in documents]
        self.centred("rerank", "ModelForSequenceClassification")
        encoder = st.CrossEncoder(
            self.assembled("rerank"), device="cpu", max_length=MAX_TOKENS, model_kwargs={"dtype": "float32"}
        )
        logits = self.run(self.load("rerank", "ModelForSequenceClassification"), rows, "logits")
        scores = encoder.predict([(QUERY, document) for document in documents])
        activation = "identity" if name in ("distilbert", "mpnet") else "sigmoid"
        own = torch.cat(logits) if activation == "identity" else torch.sigmoid(torch.cat(logits))
        assert np.abs(own.numpy() - scores).max() < 1e-5, (own, scores)
        order = np.argsort(-scores)
        assert -np.diff(scores[order]).max() > 2e-5, (name, "two documents score too much alike", scores)
        expected = [{"logits": floats(l), "score": floats(s)[0]} for l, s in zip(logits, scores)]
        self.case("rerank", "rerank", "rerank", rows, expected, activation=activation, ranking=order.tolist())
        if name == "bert":
            self.rerank_saved_again(rows, expected, torch.cat(logits).reshape(-1))

    def rerank_saved_again(self, rows, expected, logits):
        """The same as the installed sentence-transformers saves it: a transformer alone in modules.json."""
        encoder = st.CrossEncoder(self.assembled("rerank"), device="cpu", activation_fn=torch.nn.Identity())
        files = {}
        with tempfile.TemporaryDirectory() as folder:
            encoder.save_pretrained(folder, create_model_card=False)
            for path in ["modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"]:
                write_json(self.target / ("saved-rerank-" + path), json.loads(Path(folder, path).read_text()))
                files[path] = "saved-rerank-" + path
        self.folder("rerank-saved", "config-rerank.json", files, sharded="rerank")
        again = st.CrossEncoder(self.assembled("rerank-saved"), device="cpu", model_kwargs={"dtype": "float32"})
        scores = again.predict([(row["text"], row["pair"]) for row in rows])
        assert np.abs(logits.numpy() - scores).max() < 1e-5, (logits, scores)
        expected = [{**e, "score": floats(s)[0]} for e, s in zip(expected, scores)]
        order = np.argsort(-scores).tolist()
        self.case("rerank-saved", "rerank", "rerank-saved", rows, expected, activation="identity", ranking=order)

    def token_classification(self):
        config = "config-token-classification.json"
        self.write_config(config, "ForTokenClassification", **label_names(TOKEN_LABELS))
        self.folder("token-classification", config, sharded="tokens")
        model = self.centred("token-classification", "ModelForTokenClassification")
        rows = [self.encode(text, offsets=True) for text in ENTITY_TEXTS]
        find = tf.pipeline("token-classification", model=model, tokenizer=self.tokenizer)
        expected = []
        for i, logits in enumerate(self.run(model, rows, "logits")):
            best = logits.topk(2).values
            assert (best[:, 0] - best[:, 1]).min() > 1e-4, (self.architecture.name, "two labels score too much alike")
            result = {**self.tensor(f"token-classification/{i}", logits)}
            for strategy in STRATEGIES:
                key = "entities" if strategy == "simple" else "entities_" + strategy
                result[key] = [entity(e) for e in find(rows[i]["text"], aggregation_strategy=strategy)]
            expected.append(result)
        self.case("token-classification", "token-classification", "token-classification", rows, expected)

    def masked_fill(self):
        fill = tf.pipeline(
            "fill-mask", model=self.load("base", "ModelForMaskedLM"), tokenizer=self.tokenizer, top_k=5
        )
        mask = self.tokenizer.mask_token
        rows = [self.encode(text.replace("{}", mask)) for text in MASKED_TEXTS]
        logits = self.run(fill.model, rows, "logits")
        expected = []
        for row, row_logits in zip(rows, logits):
            positions = [i for i, token in enumerate(row["ids"]) if token == self.tokenizer.mask_token_id]
            results = fill(row["text"])
            results = results if isinstance(results[0], list) else [results]
            masks = []
            for position, candidates in zip(positions, results):
                gaps = row_logits[position].topk(6).values.diff().abs().min()
                assert gaps > 1e-4, (self.architecture.name, "two tokens score too much alike", gaps)
                masks.append({"position": position, "candidates": [clean(c, len(positions)) for c in candidates]})
            expected.append({"masks": masks})
        self.case("masked-fill", "fill-mask", "base", rows, expected, top_k=5)


def clean(candidate, masks):
    result = {"token": candidate["token"], "token_str": candidate["token_str"], "score": floats(candidate["score"])[0]}
    if masks == 1:
        result["sequence"] = candidate["sequence"]
    return result


def entity(found):
    """What does not follow from the text and the offsets."""
    label = found.get("entity_group", found.get("entity"))
    result = {"entity_group": label, "score": floats(found["score"])[0]}
    return {**result, "word": found["word"], "start": int(found["start"]), "end": int(found["end"])}


def label_names(labels):
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}


def legacy_pooling(spec):
    keys = {
        "cls": "pooling_mode_cls_token",
        "max": "pooling_mode_max_tokens",
        "mean": "pooling_mode_mean_tokens",
        "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
        "weightedmean": "pooling_mode_weightedmean_tokens",
        "lasttoken": "pooling_mode_lasttoken",
    }
    config = {"word_embedding_dimension": ref.HIDDEN}
    config.update({key: mode in spec["pooling"] for mode, key in keys.items()})
    if "include_prompt" in spec:
        config["include_prompt"] = spec["include_prompt"]
    return config


PROMPTS = {"query": "query: ", "document": "passage: "}

EMBEDDINGS = {
    "bert": [
        dict(name="embed", pooling=["cls"], normalize=True),
        dict(
            name="embed-dense",
            pooling=["mean"],
            dense=[
                ("torch.nn.modules.activation.Tanh", ref.HIDDEN, 24, True),
                ("torch.nn.modules.linear.Identity", 24, 12, False),
            ],
            normalize=True,
        ),
    ],
    "bert-plain": [
        dict(
            name="embed",
            pooling=["mean"],
            normalize=True,
            matryoshka=[8, 16, 32],
            options=[{}, {"dimensions": 8}, {"dimensions": 16, "normalize": True}],
        ),
        dict(name="embed-cls", pooling=["cls"]),
        dict(name="embed-max", pooling=["max"]),
        dict(name="embed-mean-sqrt", pooling=["mean_sqrt_len_tokens"]),
        dict(name="embed-weighted", pooling=["weightedmean"]),
        dict(name="embed-last", pooling=["lasttoken"]),
        dict(name="embed-cls-mean", pooling=["cls", "mean"], normalize=True),
    ],
    "roberta": [dict(name="embed", pooling=["mean"])],
    "xlm-roberta": [
        dict(
            name="embed",
            pooling=["mean"],
            normalize=True,
            prompts=PROMPTS,
            options=[{}, {"prompt_name": "query"}, {"prompt_name": "document"}],
        )
    ],
    "distilbert": [
        dict(name="embed", pooling=["max"], prompts=PROMPTS, default_prompt="query"),
        dict(name="embed-no-prompt", pooling=["mean"], prompts=PROMPTS, default_prompt="query", include_prompt=False),
    ],
    "mpnet": [dict(name="embed", pooling=["mean"], normalize=True, max_seq_length=32)],
    "modernbert": [
        dict(
            name="embed",
            pooling=["lasttoken"],
            normalize=True,
            saved=True,
            options=[{}, {"dimensions": 16, "normalize": True}],
        )
    ],
}


def make_type_samples(target):
    """types.safetensors: one tensor of each type there is, and what the readable ones hold."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    values = torch.tensor([0.0, -0.0, 1.0, -1.5, 3.140625, 65504.0, 6e-8, 1e-7, 6.1e-5, -2.0, float("inf"), float("-inf")])
    tensors = {name: values.to(dtype).reshape(3, 4).contiguous() for name, dtype in
               [("f64", torch.float64), ("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16),
                ("f8_e4m3", torch.float8_e4m3fn), ("f8_e5m2", torch.float8_e5m2)]}
    for name, dtype in [("i64", torch.int64), ("i32", torch.int32), ("i16", torch.int16), ("i8", torch.int8), ("u8", torch.uint8)]:
        tensors[name] = torch.arange(6).to(dtype).reshape(2, 3)
    tensors["bool"] = torch.tensor([True, False, True])
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 4)
    save_file(tensors, str(target / "types.safetensors"), metadata={"format": "pt"})
    as_floats = {name: [str(v) for v in tensors[name].float().reshape(-1).tolist()] for name in ("f32", "f16", "bf16", "scalar", "empty")}
    write_json(target / "types.json", {"shapes": {n: list(t.shape) for n, t in tensors.items()}, "floats": as_floats})


def versions():
    return {
        "torch": torch.__version__.split("+")[0],
        "transformers": tf.__version__,
        "sentence-transformers": st.__version__,
        "tokenizers": tokenizers.__version__,
        "safetensors": safetensors.__version__,
        "numpy": np.__version__,
    }


if __name__ == "__main__":
    main()
