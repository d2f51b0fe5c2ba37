#!/usr/bin/env bash
# Every comparison of docs/benchmarks/rivals.md, one after the other (about half an hour; leave the machine alone).
# Usage: run_all.sh OUT.jsonl [compare.py options, as --lowbit or --pairs]      Environment: PYTHON, one that has torch and
# ctranslate2; THREADS, default "1 2", for the small model
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) out=$1
shift
python=${PYTHON:-python3}

# compare NAME COMPARE_ARGUMENTS...: the table to standard error, the JSON with its name as a line of OUT
compare() {
  local name=$1 text
  shift
  echo "== $name" >&2
  text=$("$python" "$here/compare.py" "$@")
  head -n -1 <<<"$text" >&2
  tail -n 1 <<<"$text" | sed "s/^{/{\"case\": \"$name\", /" >>"$out"
}

small="--model quickstart --batch 40 --src 40 --tgt 40"
base="--model bart-base --batch 8 --src 128 --tgt 64"
decode="--model bart-base --src 32 --tokens 48"
int8="--only-rival=--compute int8"
for threads in ${THREADS:-1 2}; do
  compare "quickstart f32, $threads threads" train-step $small --dtype f32 --threads $threads "$@"
  compare "quickstart bf16, $threads threads" train-step $small --dtype bf16 --threads $threads "$@"
  for ours in bf16 int8; do
    compare "quickstart tbt-2-2-8 $ours against f32, $threads threads" train-step $small --recipe tbt-2-2-8 \
      --threads $threads "--only-ours=--dtype $ours" "--only-rival=--dtype f32" "$@"
  done
  compare "quickstart tbt-2-2-8 int8 with teacher, $threads threads" train-step $small --recipe tbt-2-2-8 --teacher \
    --threads $threads "--only-ours=--dtype int8" "--only-rival=--dtype f32" "$@"
done
compare "bart-base f32, 1 threads" train-step $base --dtype f32 "$@"
compare "bart-base bf16, 1 threads" train-step $base --dtype bf16 "$@"
for ours in bf16 int8; do
  for rival in f32 bf16; do
    compare "bart-base tbt-2-2-8 $ours against $rival, 1 threads" train-step $base --recipe tbt-2-2-8 \
      "--only-ours=--dtype $ours" "--only-rival=--dtype $rival" "$@"
  done
done
for batch in 1 32; do
  for recipe in tbt-2-2-8 tbt-1-1-8; do
    compare "decode batch $batch $recipe O 8" decode $decode --batch $batch "--only-ours=--recipe $recipe" "$int8" "$@"
  done
done
compare "decode batch 1 tbt-2-2-8 O 2" decode $decode --batch 1 "--only-ours=--recipe tbt-2-2-8 --output-bits 2" "$int8" "$@"
compare "decode batch 1 tbt-1-1-8 O 1" decode $decode --batch 1 "--only-ours=--recipe tbt-1-1-8 --output-bits 1" "$int8" "$@"
