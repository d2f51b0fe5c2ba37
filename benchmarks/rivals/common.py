"""What the rival programs share: model shapes, the flags of `lowbit bench`, and its JSON object."""

import argparse
import json
import os
import resource
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Shape:
    """The presets of nn/transformer/config.cpp by their sizes; one token table is shared by all uses."""
    vocab: int
    dim: int
    layers: int  # of the encoder, and as many of the decoder
    heads: int
    ffn_dim: int
    activation: str
    pre_norm: bool
    layernorm_embedding: bool
    scale_embedding: bool
    learned_positions: bool
    max_positions: int


MODELS = {
    "tiny": Shape(64, 32, 2, 2, 64, "relu", True, False, True, False, 256),
    "quickstart": Shape(4096, 192, 2, 4, 768, "relu", True, False, True, False, 256),
    "bart-base": Shape(50265, 768, 6, 12, 3072, "gelu", False, True, False, True, 1024),
}


def parse(description, **defaults):
    """Flags of `lowbit bench` with these defaults, None for a required one. Call before importing a rival: OpenMP reads
    the thread count when it is loaded, and without OMP_NUM_THREADS each library would take what it likes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7, help="timed repetitions, after two that do not count")
    parser.add_argument("--json", action="store_true", help="accepted for symmetry: the output is always JSON")
    for name, default in defaults.items():
        parser.add_argument("--" + name, type=type(default), default=default)
    options = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    return options


def cpu_features():
    known = ("avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
             "amx_tile", "amx_int8", "amx_bf16")
    with open("/proc/cpuinfo") as cpuinfo:
        flags = next((line.split(":")[1].split() for line in cpuinfo if line.startswith("flags")), [])
    return [name for name in known if name in flags]


def report(options, program, seconds, tokens):
    """Prints the JSON object. `seconds`: lists of times by phase; `tokens`: how many the last phase processes."""
    medians = {phase: median(times) for phase, times in seconds.items()}
    total = list(medians.values())[-1]
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    shape = {key: value for key, value in vars(options).items() if key not in ("json", "rounds")}
    print(json.dumps({"program": program, **shape, **medians, "tokens_per_s": tokens / total,
                      "peak_bytes": peak_bytes, "cpu_features": cpu_features()}))
