#!/usr/bin/env python3
"""Makes the reference decoders and their logits under src/test/resources/reference/decoders.

    python make_decoder_references.py --out ../resources/reference/decoders

Ran with Python 3.11.7 and torch 2.7.1, transformers 4.57.1, safetensors 0.8.0, on the CPU. Nothing
at test time needs Python.

Each folder has a model with random weights as a user would have it, cases.json and
expected.safetensors. A case is a config (of the folder's weights), the longest text that the model
is opened for, and sequences: ids, how many of them are the prompt, and the positions whose logits
are expected. They come from one forward pass without a cache, in float32, attention `eager`.
"""

import argparse
import json
import zlib
from pathlib import Path

import torch
import transformers as tf
from safetensors.torch import save_file

VOCABULARY = 64
POSITIONS = 160
STEPS = 64
PROMPTS = [5, 23, 70]

LLAMA = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=24,
    max_position_embeddings=POSITIONS,
    rms_norm_eps=1e-5,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
    tie_word_embeddings=False,
)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=40)
LLAMA3 = dict(
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=64,
)
LONG = dict(type="longrope", short_factor=[1.0, 1.1], long_factor=[1.3, 4.5])

# name: (class, config, further configs of the same weights with the longest text of each)
MODELS = {
    "llama": (
        "Llama",
        LLAMA,
        {
            "linear": dict(rope_scaling=dict(rope_type="linear", factor=4.0)),
            "dynamic": dict(rope_scaling=dict(rope_type="dynamic", factor=4.0), max_position_embeddings=64),
            "dynamic-short": dict(rope_scaling=dict(rope_type="dynamic", factor=4.0)),
            "llama3": dict(rope_scaling=LLAMA3),
            "yarn": dict(rope_scaling=YARN),
        },
    ),
    "llama-biased": ("Llama", {**LLAMA, "attention_bias": True, "mlp_bias": True, "head_dim": 12}, {}),
    "smollm2": ("Llama", {**LLAMA, "num_attention_heads": 3, "num_key_value_heads": 1, "hidden_size": 24,
                          "rope_theta": 100000.0, "tie_word_embeddings": True}, {}),
    "mistral": ("Mistral", {**LLAMA, "sliding_window": 16, "head_dim": 8}, {}),
    "qwen2": ("Qwen2", {**LLAMA, "rope_theta": 1e6, "tie_word_embeddings": True},
              {"window": dict(use_sliding_window=True, sliding_window=16, max_window_layers=1)}),
    "qwen3": ("Qwen3", {**LLAMA, "head_dim": 16, "rope_theta": 1e6, "rms_norm_eps": 1e-6}, {}),
    "phi3": ("Phi3", {**LLAMA, "num_key_value_heads": 4, "sliding_window": 50, "original_max_position_embeddings": POSITIONS,
                      "partial_rotary_factor": 0.5},
             {"long": dict(rope_scaling=LONG, original_max_position_embeddings=64),
              "short": dict(rope_scaling=LONG, original_max_position_embeddings=140)}),
    "gpt2": ("GPT2", dict(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=POSITIONS,
                          bos_token_id=1, eos_token_id=2), {}),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    tf.logging.set_verbosity_error()
    for name, (kind, values, others) in MODELS.items():
        make(out / name, name, kind, values, others)
        print(name, sum(f.stat().st_size for f in (out / name).iterdir()))


def make(folder, name, kind, values, others):
    config_class = getattr(tf, kind + "Config")
    model_class = getattr(tf, kind + ("LMHeadModel" if kind == "GPT2" else "ForCausalLM"))
    model = model_class._from_config(config_class(**values), attn_implementation="eager")
    draw(model, name)
    model.save_pretrained(folder)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    cases, expected = [], {}
    for case, changes in {"": {}, **others}.items():
        config = config_class(**{**values, **changes})
        file = f"config-{case}.json" if case else "config.json"
        (folder / file).write_text(config.to_json_string(), encoding="utf-8")
        other = model_class._from_config(config, attn_implementation="eager").eval()
        other.load_state_dict(state)
        cases.append(run(other, case, file, expected))
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "cases.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    save_file(expected, folder / "expected.safetensors")


def draw(model, name):
    """Larger than an initialiser's, and norms and biases too: a swapped tensor changes the output."""
    for key, value in model.named_parameters():
        generator = torch.Generator().manual_seed(zlib.crc32(f"{name}/{key}".encode()))
        drawn = torch.randn(value.shape, generator=generator)
        with torch.no_grad():
            value.copy_(1 + 0.3 * drawn if "norm" in key or ".ln_" in key and "weight" in key else 0.3 * drawn)


def run(model, case, file, expected):
    sequences = []
    longest = PROMPTS[-1] + STEPS
    for i, prompt in enumerate(PROMPTS):
        if case and i < len(PROMPTS) - 1 and case not in ("window", "dynamic-short"):
            continue
        # dynamic and longrope look at the length of what runs: the longest text, then
        length = longest if case in ("dynamic", "long", "short") else prompt + STEPS
        generator = torch.Generator().manual_seed(100 + i)
        ids = torch.randint(0, VOCABULARY, (length,), generator=generator)
        with torch.inference_mode():
            logits = model(ids[None]).logits[0]
        every = 1 if i == 0 and not case else 9
        positions = list(range(prompt - 1, prompt + STEPS, every))
        tensor = f"{case or 'plain'}.{i}"
        expected[tensor] = logits[positions].float().contiguous()
        sequences.append(dict(prompt=prompt, ids=ids.tolist(), positions=positions, tensor=tensor))
    return dict(name=case or "plain", config=file, longest=longest, sequences=sequences)


if __name__ == "__main__":
    main()
