#!/usr/bin/env bash
# The map of docs/benchmarks/layers.md: layers of many shapes, every kind of product in turn, two rounds of it, one JSON object
# a line for break_even.py. About two minutes on one thread; nothing else should run.
#   benchmarks/break_even.sh > break-even.jsonl
set -euo pipefail
lowbit=${LOWBIT:-$(dirname "$0")/../build/release/apps/lowbit}
for _ in 1 2; do
  for size in 256 512 1024 2048 4096; do
    for m in 1 2 4 8 16 32 64 128 512; do
      for kind in "f32 f32" "int8 int8" "ternary int8" "binary int8" "binary binary"; do
        read -r weights acts <<<"$kind"
        "$lowbit" bench linear --m "$m" --k "$size" --n "$size" --weights "$weights" --acts "$acts" --threads 1 --rounds 3 --json
      done
    done
  done
done
