"""What the rival programs share: model shapes, the flags of `lowbit bench`, and its JSON object."""

import argparse
import ctypes
import gc
import json
import os
from dataclasses import dataclass
from statistics import median, quantiles


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
    logits_bias: bool
    max_positions: int


MODELS = {
    "tiny": Shape(64, 32, 2, 2, 64, "relu", True, False, True, False, False, 256),
    "quickstart": Shape(4096, 192, 2, 4, 768, "relu", True, False, True, False, False, 256),
    "bart-base": Shape(50265, 768, 6, 12, 3072, "gelu", False, True, False, True, True, 1024),
}


def parse(description, **defaults):
    """Flags of `lowbit bench` with these defaults, None for a required one. Call before importing a rival: OpenMP reads
    the thread count when it is loaded, and without OMP_NUM_THREADS each library would take what it likes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7, help="timed repetitions")
    parser.add_argument("--warmup", type=int, default=2, help="repetitions before them that do not count")
    parser.add_argument("--json", action="store_true", help="accepted for symmetry: the output is always JSON")
    for name, default in defaults.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=type(default), default=default)
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


def reset_peak_rss():
    """As PeakMemory of `lowbit bench`: what was used to build the model does not count, the model itself does."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as clear_refs:
        clear_refs.write("5")  # VmHWM becomes the present size: proc(5)


def peak_rss():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def report(options, program, seconds, tokens):
    """Prints the JSON object. `seconds`: lists of times by phase; `tokens`: how many the last phase processes."""
    medians = {phase: median(times) for phase, times in seconds.items()}
    whole, times = list(seconds.items())[-1]
    low, _, high = quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    shape = {key: value for key, value in vars(options).items() if key != "json"}
    print(json.dumps({"program": program, **shape, **medians, whole + "_p25": low, whole + "_p75": high,
                      "tokens_per_s": tokens / medians[whole], "peak_rss_bytes": peak_rss(),
                      "cpu_features": cpu_features()}))
