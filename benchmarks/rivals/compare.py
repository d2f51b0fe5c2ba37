#!/usr/bin/env python3
"""`lowbit bench` against a rival on the same shape: alternating child processes A B B A, ratios inside each pair.

  compare.py [options] train-step --model bart-base --batch 8 --src 128 --tgt 64 --dtype f32 --threads 1
  compare.py [options] decode --model bart-base --batch 1 --src 32 --tokens 48 --threads 1 \\
      --only-ours="--recipe tbt-1-1-8" --only-rival="--compute int8"

The ratio is rival's seconds / ours: above 1 we are faster. A canary (a fixed computation) is timed before and after every
child; pairs in which it took over 1.25 times its quickest met others on the machine and do not count, unless all did,
which is said. Run it with the Python that has the rival. In train-step compare the whole: our forward_s holds the backward of the output projection.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
from statistics import median, quantiles
from time import perf_counter

RIVALS = {"train-step": ("pytorch_train_step.py", ("forward_s", "backward_s", "optimizer_s", "step_s")),
          "decode": ("ctranslate2_decode.py", ("token_s",))}
CANARY = bytes(64 << 20)
QUIET = 1.25  # times the quickest canary


def canary():
    start = perf_counter()
    hashlib.sha1(CANARY).digest()
    return perf_counter() - start


def run(command, threads):
    """The JSON object that a child prints last."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(command)} ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def spread(values):
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": median(values), "p25": low, "p75": high}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="Other flags go to both programs.",
                                     allow_abbrev=False)
    parser.add_argument("verb", choices=RIVALS)
    parser.add_argument("--lowbit", default="build/release/apps/lowbit", help="the program (default %(default)s)")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only-ours", default="", help="flags for lowbit alone")
    parser.add_argument("--only-rival", default="", help="flags for the rival alone")
    options, shared = parser.parse_known_args()

    script, phases = RIVALS[options.verb]
    shared += ["--threads", str(options.threads), "--json"]
    commands = {
        "ours": [options.lowbit, "bench", options.verb, *shared, *shlex.split(options.only_ours)],
        "rival": [sys.executable, str(pathlib.Path(__file__).with_name(script)), *shared,
                  *shlex.split(options.only_rival)],
    }
    results, canaries = {"ours": [], "rival": []}, [canary()]
    for pair in range(options.pairs):
        for side in ("ours", "rival") if pair % 2 == 0 else ("rival", "ours"):
            results[side].append(run(commands[side], options.threads))
            canaries.append(canary())
    quiet = [pair for pair in range(options.pairs)
             if max(canaries[2 * pair:2 * pair + 3]) <= QUIET * min(canaries)]
    counted = quiet or range(options.pairs)

    print(f"ours   {shlex.join(commands['ours'])}\nrival  {shlex.join(commands['rival'])}\n"
          f"rival is {results['rival'][0]['program']}; "
          f"{len(quiet)} quiet pairs of {options.pairs}{'' if quiet else ', so all count'}; "
          f"canary {min(canaries):.4f} .. {max(canaries):.4f} s")
    print(f"{'phase':<13} {'ours, s':>10} {'rival, s':>10}   rival / ours [p25, p75]")
    ratios = {}
    for phase in phases:
        ours, rival = ([results[side][pair][phase] for pair in counted] for side in ("ours", "rival"))
        ratios[phase] = spread([b / a for a, b in zip(ours, rival)])
        print("{:<13} {:>10.5f} {:>10.5f}   {median:.2f} [{p25:.2f}, {p75:.2f}]".format(
            phase, median(ours), median(rival), **ratios[phase]))
    peaks = {side: median(result["peak_rss_bytes"] for result in results[side]) / 2**20 for side in results}
    print("{:<13} {ours:>10.0f} {rival:>10.0f}".format("peak RSS, MiB", **peaks))
    print(json.dumps({"commands": commands, "ratios": ratios, "quiet_pairs": quiet, "canary_s": canaries, **results}))


if __name__ == "__main__":
    main()
