#!/usr/bin/env bash
# The table of docs/benchmarks/precision.md: the quickstart's teacher and two students in f32, f16 and bf16, one thread each.
# Needs the build and the corpus of scripts/quickstart.sh. About an hour of one core; what is done is not done again, and an
# interrupted run goes on. Students of every policy learn from the f32 teacher.
set -euo pipefail
cd "$(dirname "$0")/.."
lowbit=${LOWBIT:-build/release/apps/lowbit} corpus=${CORPUS:-corpora/syn-en-it} runs=${RUNS:-runs/precision}

mkdir -p "$runs"
# train NAME POLICY VERB CONFIG ARGUMENTS...
train() {
  local name=$1 policy=$2 verb=$3 config=$4
  shift 4
  "$lowbit" "$verb" "$config" data.dir="$corpus" run.dir="$runs/$name-$policy" --precision.policy "$policy" --matmul f32 \
    --threads 1 --valid.bleu-rows 0 "$@" 2>>"$runs/$name-$policy.log"
}
for policy in fp32 fp16 bf16; do train teacher $policy train configs/quickstart-teacher.yaml; done
for recipe in tbt-2-2-8 tbt-1-1-8; do
  for policy in fp32 fp16 bf16; do
    train $recipe $policy distill configs/quickstart-student.yaml --teacher "$runs/teacher-fp32" --recipe $recipe
  done
done
for log in "$runs"/*.log; do
  echo "$(basename "$log" .log) | $(grep "valid on 'dev'" "$log" | tail -n 1 | sed 's/.*| loss/loss/') | $(grep -c 'gradient overflow' "$log") skipped"
done
