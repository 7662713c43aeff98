"""Llama's family with random weights in transformers' generate, on the first GPU, in bf16.

Reads one JSON line from standard input:
{"shapes": [{"name": ..., "config": {...}}, ...], "prompts": [[tokens, ...], ...], "tokens": 128, "compiled": 1}
Each list of prompts is one batch, padded on the left; the first "compiled" of them run compiled, too, which
takes half a minute each. Writes one JSON object of tokens per second as its last
line (and after each figure, so that a run that is cut off has given something); prompts are in the time.
eager: the dynamic cache. compiled: the static cache, for which generate compiles the step with CUDA graphs.
"""

import json
import statistics
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def rate(model, lengths, tokens, rounds, **options):
    longest = max(lengths)
    ids = torch.randint(0, model.config.vocab_size, (len(lengths), longest), device="cuda")
    steps = torch.arange(longest, device="cuda").unsqueeze(0)
    mask = (steps >= longest - torch.tensor(lengths, device="cuda").unsqueeze(1)).long()
    results = []
    for i in range(rounds + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            pad_token_id=0,
            eos_token_id=None,
            **options,
        )
        torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        assert out.shape[1] == longest + tokens, out.shape
        if i > 0:
            results.append(len(lengths) * tokens / seconds)
        else:
            print(f"first {seconds:.1f} s", flush=True)
    return statistics.median(results)


def main():
    task = json.loads(sys.stdin.readline())
    torch.manual_seed(0)
    figures = {}
    for shape in task["shapes"]:
        config = LlamaConfig(**shape["config"], attn_implementation="sdpa")
        torch.set_default_dtype(torch.bfloat16)
        with torch.device("cuda"):
            model = LlamaForCausalLM(config).eval()
        torch.set_default_dtype(torch.float32)
        with torch.inference_mode():
            for lengths in task["prompts"]:
                key = f"{shape['name']}_{len(lengths)}"
                figures[key + "_eager"] = rate(model, lengths, task["tokens"], 1)
                print(json.dumps(figures), flush=True)
        if task["compiled"]:
            with torch.no_grad():
                for lengths in task["prompts"][: task["compiled"]]:
                    key = f"{shape['name']}_{len(lengths)}_compiled"
                    try:
                        figures[key] = rate(
                            model, lengths, task["tokens"], 2, cache_implementation="static"
                        )
                    except Exception as e:  # a mode that fails leaves its figure out
                        print(f"{key}: {e}", file=sys.stderr, flush=True)
                    print(json.dumps(figures), flush=True)
                    torch._dynamo.reset()
        del model
        torch.cuda.empty_cache()
    print(json.dumps(figures))


main()
