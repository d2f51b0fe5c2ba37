#!/usr/bin/env bash
# One layer, activations quantized inside the timed call, for docs/benchmarks/layers.md: every kind of product in turn, three
# rounds of it, one JSON object a line. About a minute and a half on one thread; nothing else should run.
#   benchmarks/layers.sh > layers.jsonl
set -euo pipefail
lowbit=${LOWBIT:-$(dirname "$0")/../build/release/apps/lowbit}
for _ in 1 2 3; do
  for shape in "1 1024" "16 1024" "512 1024" "1 4096" "16 4096"; do
    read -r m size <<<"$shape"
    for kind in "f32 f32" "int8 int8" "ternary int8" "binary int8" "binary binary"; do
      read -r weights acts <<<"$kind"
      "$lowbit" bench linear --m "$m" --k "$size" --n "$size" --weights "$weights" --acts "$acts" --threads 1 --rounds 7 --json
    done
  done
done
