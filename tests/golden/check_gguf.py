#!/usr/bin/env python3
"""Whether the `gguf` package reads what `lowbit export --format gguf` writes, and finds the same values.

  check_gguf.py LOWBIT MODEL_OR_RUN ...

For each model and --outtype exports it and dequantizes every tensor by that package. Float tensors must be those of the
packed folder; tensors with codes those codes times the row's scale, rounded to f16 unless they are F32. Packed codes are
decoded by the block that docs/formats.md prints. Needs gguf, numpy and safetensors.
"""

import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.numpy import load_file

from check_packed import documented_decoder


def check(program, model):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        packed = scratch / "packed"
        subprocess.run([program, "export", model, "--out", packed], check=True, capture_output=True)
        tensors, codes = documented_decoder()(packed)
        stored = load_file(packed / "model.safetensors")
        for outtype in "auto", "tq1_0", "f16":
            out = scratch / outtype
            done = subprocess.run([program, "export", model, "--format", "gguf", "--outtype", outtype, "--out", out],
                                  check=True, capture_output=True, text=True)
            reader = GGUFReader(out / "model.gguf")
            assert {t.name for t in reader.tensors} == set(tensors), set(tensors) ^ {t.name for t in reader.tensors}
            types, size = collections.Counter(), 0
            for tensor in reader.tensors:
                kind = tensor.tensor_type.name
                types[kind] += 1
                size += tensor.n_bytes
                shape = tuple(int(n) for n in reversed(tensor.shape))
                values = dequantize(tensor.data, tensor.tensor_type).reshape(shape)
                expected = tensors[tensor.name]
                if tensor.name in codes and kind != "F32":
                    scale = stored[tensor.name + ".scale"].astype(np.float16).astype(np.float32)
                    expected = codes[tensor.name].astype(np.float32) * scale[:, None]
                elif kind == "F16":
                    expected = expected.astype(np.float16).astype(np.float32)
                assert np.array_equal(values, expected.reshape(shape)), (tensor.name, kind)
            fields = reader.fields
            pieces = fields["tokenizer.ggml.tokens"].contents()
            assert fields["general.architecture"].contents() == "lowbit"
            assert len(pieces) == fields["lowbit.vocab_size"].contents()
            print(f"{model} {outtype}: {len(reader.tensors)} tensors equal, {size} bytes, {dict(types)}")
            print("  " + done.stderr.strip().replace("\n", "\n  "))


if __name__ == "__main__":
    for path in sys.argv[2:]:
        check(sys.argv[1], path)
