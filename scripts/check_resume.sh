#!/usr/bin/env bash
# A run killed with kill -9, and one stopped by SIGINT, must end with the very bytes of a run that was never stopped.
# Usage: scripts/check_resume.sh LOWBIT_PROGRAM
set -euo pipefail

lowbit=$1
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$lowbit" prepare tsv "$root/data/corpora/cc0/en-it.tsv" --out "$work/data" --test-rows 10 --dev-rows 10 --test-share 0.1 --dev-share 0.1 >/dev/null

run() {
  "$lowbit" train "$work/data" --run.dir "$work/$1" --model.arch tiny --recipe tbt-2-2-8 --matmul int8 --vocab-size 300 --max-update 60 --warmup 5 --valid.interval 20 \
    --valid.bleu_rows 4 --save.interval 2 --log-format none --threads 2 2>>"$work/$1.log"
}

# interrupt NAME SIGNAL: starts the run, sends the signal once a checkpoint is there, prints the exit code.
interrupt() {
  run "$1" &
  local process=$! code=0
  for _ in $(seq 600); do [ -e "$work/$1/checkpoint_last" ] && break; sleep 0.05; done
  pkill "-$2" -P "$process" 2>/dev/null || kill "-$2" "$process" 2>/dev/null || true
  wait "$process" || code=$?
  echo "$code"
}

run whole
for signal in KILL INT; do
  code=$(interrupt "$signal" "$signal")
  [ "$code" -ne 0 ] || { echo "the run had ended before SIG$signal reached it" >&2; exit 1; }
  [ "$signal" != INT ] || [ "$code" -eq 75 ] || { echo "SIGINT gave exit code $code, not 75" >&2; exit 1; }
  run "$signal"
  for file in model.safetensors optimizer.safetensors; do
    cmp "$work/whole/checkpoint_last/$file" "$work/$signal/checkpoint_last/$file"
  done
done
echo "resumed runs equal the uninterrupted one, bit for bit"
