#!/usr/bin/env python3
"""Makes src/test/resources/reference/gguf/types.gguf and types.safetensors.

    python make_gguf_types.py FOLDER

One tensor of each type that Headrace reads, 2 rows of 512, and what the `gguf` package makes of its
bytes in float32. Blocks are random bytes, so that every bit of scales, minima and quants counts; only
the float16 scales are drawn, for random ones would be NaN. Ran with gguf 0.19.0, numpy 2.4.6,
safetensors 0.6. Nothing at test time needs Python.
"""

import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf import GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize
from safetensors.numpy import save_file

ROWS, COLUMNS = 2, 512
# Where the float16 scales of a block lie, in bytes.
SCALES = {T.Q8_0: [0], T.Q4_0: [0], T.Q4_1: [0, 2], T.Q4_K: [0, 2], T.Q6_K: [208]}


def blocks(random, kind):
    elements, size = GGML_QUANT_SIZES[kind]
    count = ROWS * COLUMNS // elements
    raw = random.integers(0, 256, (count, size), dtype=np.uint8)
    for at in SCALES[kind]:
        # From subnormal to large, both signs.
        scale = (random.standard_normal(count) * 10.0 ** random.integers(-6, 3, count)).astype(np.float16)
        raw[:, at : at + 2] = scale.view(np.uint8).reshape(count, 2)
    return raw.reshape(ROWS, -1)


def plain(random, kind):
    bits = {T.F32: np.uint32, T.F16: np.uint16, T.BF16: np.uint16}[kind]
    values = random.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    values[0, :4] = [0.0, -0.0, 1e-40, -3.0e38]
    if kind == T.F16:
        values[0, 2:4] = [1e-7, -65504.0]
        return values.astype(np.float16).view(np.uint8)
    if kind == T.BF16:
        return (values.view(np.uint32) >> 16).astype(bits).view(np.uint8)
    return values.view(np.uint8)


def main(folder):
    random = np.random.default_rng(20261126)
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(out / "types.gguf", "llama")
    expected = {}
    for kind in [T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q4_K, T.Q6_K]:
        raw = blocks(random, kind) if kind in SCALES else plain(random, kind)
        writer.add_tensor(kind.name, raw, raw_dtype=kind)
        expected[kind.name] = np.ascontiguousarray(dequantize(raw, kind).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, out / "types.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
