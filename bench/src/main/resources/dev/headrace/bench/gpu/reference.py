"""BERT-base's shape in PyTorch and transformers, eager and compiled, on the first GPU.

Reads one JSON line of shapes from standard input:
{"shapes": [[rows, tokens], ...], "compiled": [[rows, tokens], ...], "latency_tokens": 32, "mixed": [[length, ...], ...]}
Writes one JSON object as its last line. Each figure is the median of several rounds.
"""

import json
import statistics
import sys
import time

import torch
from transformers import BertConfig, BertModel


def seconds(function, rounds=3, target=0.4):
    for _ in range(4):
        function()
    torch.cuda.synchronize()
    start = time.perf_counter()
    function()
    torch.cuda.synchronize()
    times = max(1, int(target / (time.perf_counter() - start)))
    results = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(times):
            function()
        torch.cuda.synchronize()
        results.append((time.perf_counter() - start) / times)
    return statistics.median(results)


def latency(function, count=200):
    results = []
    for i in range(-20, count):
        start = time.perf_counter()
        function()
        if i >= 0:
            results.append(time.perf_counter() - start)
    return statistics.median(results)


def pooled(model, ids, mask):
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    if mask is None:
        vectors = hidden.mean(1)
    else:
        keep = mask.unsqueeze(-1).float()
        vectors = (hidden * keep).sum(1) / keep.sum(1)
    return torch.nn.functional.normalize(vectors, dim=-1)


def main():
    task = json.loads(sys.stdin.readline())
    torch.manual_seed(0)
    figures = {}
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    b = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    figures["matrix_tflops"] = 2 * 8192**3 / seconds(lambda: a @ b) / 1e12
    del a, b
    modes = task.get("modes", ["eager", "compiled"])
    for name in task.get("precisions", ["float16", "bfloat16"]):
        dtype = getattr(torch, name)
        config = BertConfig(attn_implementation="sdpa")
        model = BertModel(config, add_pooling_layer=False).cuda().to(dtype).eval()
        with torch.inference_mode():
            for mode in modes:
                run = model if mode == "eager" else torch.compile(model, dynamic=False)
                # Compiling takes half a minute a shape.
                shapes = task["shapes"] if mode == "eager" else task["compiled"]
                for rows, tokens in shapes:
                    ids = torch.randint(1, 30522, (rows, tokens))

                    def batch():
                        return pooled(run, ids.cuda(), None).cpu()

                    per_batch = seconds(batch)
                    figures[f"{name}_{mode}_{rows}x{tokens}"] = rows / per_batch
                if mode == "eager":
                    total = sum(len(lengths) for lengths in task["mixed"])

                    def mixed():
                        for lengths in task["mixed"]:
                            longest = max(lengths)
                            ids = torch.ones(len(lengths), longest, dtype=torch.long)
                            steps = torch.arange(longest).unsqueeze(0)
                            mask = (steps < torch.tensor(lengths).unsqueeze(1)).long()
                            pooled(run, ids.cuda(), mask.cuda()).cpu()

                    figures[f"{name}_{mode}_mixed"] = total / seconds(mixed, target=0.2)
                ids = torch.randint(1, 30522, (1, task["latency_tokens"]))
                fast = run
                if mode == "compiled":
                    torch._dynamo.reset()
                    fast = torch.compile(model, mode="reduce-overhead", dynamic=False)
                key = f"{name}_{mode}_latency_ms"
                figures[key] = 1e3 * latency(lambda: pooled(fast, ids.cuda(), None).cpu())
                print(json.dumps(figures), flush=True)
    print(json.dumps(figures))


main()
