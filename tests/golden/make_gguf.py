#!/usr/bin/env python3
"""GGUF as the `gguf` package writes it.

  make_gguf.py

Writes beside this script blocks.gguf: metadata of every type that is written here, two small tensors of floats, and one
of each block format, quantized by that package from code * scale with a scale that f16 holds. The codes are
code[i] = low + (i * i + i // 7) % (high - low + 1), but low where 32 divides i, so that the package finds the scale of
row r, (r + 1) / 64. Needs gguf and numpy.
"""

import pathlib

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import quantize

FORMATS = [(Type.Q4_0, -8, 7, 64), (Type.Q8_0, -127, 127, 256), (Type.TQ1_0, -1, 1, 512), (Type.TQ2_0, -1, 1, 512)]


def main():
    path = pathlib.Path(__file__).parent / "blocks.gguf"
    writer = GGUFWriter(path, "lowbit")
    writer.add_uint32("test.u32", 7)
    writer.add_int32("test.i32", -7)
    writer.add_float32("test.f32", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "naïve")
    writer.add_array("test.ints", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -1.5])
    writer.add_array("test.strings", ["a", "", "bc"])
    writer.add_tensor("vector", np.arange(3, dtype=np.float32))
    writer.add_tensor("halves", np.arange(6, dtype=np.float16).reshape(2, 3))
    for kind, low, high, columns in FORMATS:
        i = np.arange(2 * columns)
        codes = (low + (i * i + i // 7) % (high - low + 1))
        codes[::32] = low
        codes = codes.reshape(2, columns)
        values = codes.astype(np.float32) * np.array([[1], [2]], np.float32) / 64
        writer.add_tensor(kind.name, quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
