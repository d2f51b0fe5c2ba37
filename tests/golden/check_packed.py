#!/usr/bin/env python3
"""Whether the decoder that docs/formats.md prints reads what `lowbit export` writes.

  check_packed.py LOWBIT MODEL_OR_RUN ...

Runs that very block on each exported model. Its token table must be what `lowbit trace` looks up, bit for bit, and the
entropy of its codes the one that `lowbit inspect` prints. Needs numpy and safetensors.
"""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/formats.md"


def documented_decoder():
    scope = {}
    exec(re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S).group(1), scope)
    return scope["decode"]


def looked_up(program, folder, ids, scratch):
    """Rows of the token table as the encoder reads them."""
    batch = {"input_ids": ids, "attention_mask": np.ones_like(ids), "decoder_input_ids": ids[:, :1],
             "labels": ids[:, :1]}
    save_file(batch, scratch / "in.safetensors")
    subprocess.run([program, "trace", folder, "--inputs", scratch / "in.safetensors", "--out",
                    scratch / "out.safetensors", "--sites", "encoder.embed_tokens/**"], check=True, capture_output=True)
    sites = {name: value for name, value in load_file(scratch / "out.safetensors").items() if "embed_tokens/" in name}
    assert len(sites) == 1, sorted(sites)
    return next(iter(sites.values()))[0]


def check(program, model):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        folder = scratch / "packed"
        subprocess.run([program, "export", model, "--out", folder], check=True, capture_output=True)
        tensors, codes = documented_decoder()(folder)
        config = json.loads((folder / "config.json").read_text())
        length = min(config["max_position_embeddings"], config["vocab_size"] - 4)
        ids = np.random.default_rng(1).permutation(np.arange(4, config["vocab_size"]))[None, :length]
        scale = np.float32(math.sqrt(config["d_model"])) if config["scale_embedding"] else np.float32(1)
        expected = tensors["embed_tokens.weight"][ids[0]] * scale
        assert np.array_equal(looked_up(program, folder, ids, scratch), expected), "the look-up differs"
        printed = subprocess.run([program, "inspect", folder], check=True, capture_output=True, text=True).stdout
        for name, values in codes.items():
            shares = np.unique(values, return_counts=True)[1] / values.size
            line = next(line for line in printed.split("\n") if line.startswith(name + " "))
            entropy = re.search(r"entropy (\S+)", line)  # of few levels
            assert not entropy or abs(-(shares * np.log2(shares)).sum() - float(entropy[1])) < 0.006, (name, line)
        print(f"{model}: {len(codes)} weights of {len(tensors)} tensors decoded; table and levels are the program's")


if __name__ == "__main__":
    for path in sys.argv[2:]:
        check(sys.argv[1], path)
