"""Generates texts with llama.cpp, several at a time; driven by dev.headrace.bench.generate.LlamaCpp.

Arguments: the GGUF file, threads, most texts at once, tokens of a text at most. Each line of stdin is
{"prompts": [[id]], "tokens": [n], "parallel": n}; each line of stdout {"seconds", "generated"}.
Greedy, past the end of a text; a finished text's place is taken by the next at the next step, as
llama.cpp's own server does it.
"""

import ctypes
import json
import sys
import time

import llama_cpp as ll
import numpy as np

path, threads, most, longest = sys.argv[1], *map(int, sys.argv[2:5])
BATCH = 512

ll.llama_backend_init()
silent = ll.llama_log_callback(lambda level, text, data: None)
ll.llama_log_set(silent, ctypes.c_void_p(0))
model_params = ll.llama_model_default_params()
model_params.n_gpu_layers = 0
model = ll.llama_model_load_from_file(path.encode(), model_params)
if not model:
    sys.exit(f"model: {path} (expected: a GGUF file)")
vocabulary = ll.llama_vocab_n_tokens(ll.llama_model_get_vocab(model))


def context(parallel):
    params = ll.llama_context_default_params()
    params.n_ctx = parallel * longest
    params.n_batch = BATCH
    params.n_ubatch = BATCH
    params.n_seq_max = parallel
    params.n_threads = threads
    params.n_threads_batch = threads
    params.no_perf = True
    return ll.llama_init_from_model(model, params)


def run(ctx, prompts, tokens, parallel):
    memory = ll.llama_get_memory(ctx)
    ll.llama_memory_clear(memory, True)
    batch = ll.llama_batch_init(BATCH, 0, 1)
    waiting = list(range(len(prompts)))[::-1]
    free = list(range(parallel))[::-1]
    slots = {}
    generated = 0

    def add(token, position, seq, logits):
        i = batch.n_tokens
        batch.token[i] = token
        batch.pos[i] = position
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = seq
        batch.logits[i] = logits
        batch.n_tokens += 1
        return i

    while waiting or slots:
        while waiting and free:
            text = waiting.pop()
            slots[free.pop()] = {"ids": list(prompts[text]), "ran": 0, "left": tokens[text]}
        batch.n_tokens = 0
        outputs = []
        for seq, slot in sorted(slots.items(), key=lambda s: len(s[1]["ids"]) - s[1]["ran"]):
            while slot["ran"] < len(slot["ids"]) and batch.n_tokens < BATCH:
                last = slot["ran"] == len(slot["ids"]) - 1
                i = add(slot["ids"][slot["ran"]], slot["ran"], seq, last)
                slot["ran"] += 1
                if last:
                    outputs.append((i, seq))
        if ll.llama_decode(ctx, batch) != 0:
            sys.exit("llama_decode failed")
        for i, seq in outputs:
            slot = slots[seq]
            logits = np.ctypeslib.as_array(ll.llama_get_logits_ith(ctx, i), shape=(vocabulary,))
            slot["ids"].append(int(logits.argmax()))
            generated += 1
            slot["left"] -= 1
            if slot["left"] == 0:
                ll.llama_memory_seq_rm(memory, seq, -1, -1)
                del slots[seq]
                free.append(seq)
    ll.llama_batch_free(batch)
    return generated


contexts = {}
for line in sys.stdin:
    job = json.loads(line)
    parallel = min(most, job["parallel"])
    if parallel not in contexts:
        contexts[parallel] = context(parallel)
    started = time.perf_counter()
    generated = run(contexts[parallel], job["prompts"], job["tokens"], parallel)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "generated": generated}), flush=True)
