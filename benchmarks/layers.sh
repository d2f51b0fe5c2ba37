#!/usr/bin/env bash
# One layer, activations quantized inside the timed call, for docs/benchmarks/layers.md: every kind of product in turn, several
# rounds of it, one JSON object a line. Its table, or the shapes of its map (break_even.py), about two minutes each on one
# thread; nothing else should run.
#   benchmarks/layers.sh [map] > layers.jsonl
set -euo pipefail
lowbit=${LOWBIT:-$(dirname "$0")/../build/release/apps/lowbit}
case ${1:-table} in
  table)
    repeats=3 rounds=7
    shapes=("1 1024" "16 1024" "512 1024" "1 4096" "16 4096") ;;
  map)
    repeats=2 rounds=3
    shapes=({1,2,4,8,16,32,64,128,512}" "{256,512,1024,2048,4096}) ;;
  *)
    echo "layers.sh: nothing called '$1': give map, or nothing for the table" >&2
    exit 2 ;;
esac
for ((repeat = 0; repeat < repeats; ++repeat)); do
  for shape in "${shapes[@]}"; do
    read -r m size <<<"$shape"
    for kind in "f32 f32" "int8 int8" "ternary int8" "binary int8" "binary binary"; do
      read -r weights acts <<<"$kind"
      "$lowbit" bench linear --m "$m" --k "$size" --n "$size" --weights "$weights" --acts "$acts" --threads 1 \
        --rounds "$rounds" --json
    done
  done
done
