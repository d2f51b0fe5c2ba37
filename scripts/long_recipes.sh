#!/usr/bin/env bash
# The table of docs/benchmarks/long.md: a longer teacher, all four TBT settings, and fewer bits in the output projection.
# Needs the build and the corpus of scripts/quickstart.sh. About an hour on two cores, two students at a time; what is
# done is not done again, and an interrupted run goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
lowbit=${LOWBIT:-build/release/apps/lowbit} corpus=${CORPUS:-corpora/syn-en-it} runs=${RUNS:-runs/long} jobs=${JOBS:-2}

# train NAME VERB CONFIG ARGUMENTS...
train() {
  local name=$1 verb=$2 config=$3
  shift 3
  [ -e "$runs/packed/$name" ] && return
  "$lowbit" "$verb" "$config" data.dir="$corpus" run.dir="$runs/$name" "$@" 2>>"$runs/$name.log"
  "$lowbit" export "$runs/$name" --out "$runs/packed/$name"
}
student() { train "$1" distill configs/long-student.yaml --teacher "$runs/teacher-f32" --recipe "$1" --threads 1; }
# output BASE BITS: the student BASE goes on with that many bits in its output projection
output() {
  train "$1-o$2" distill configs/long-output.yaml --teacher "$runs/teacher-f32" --finetune-from "$runs/$1" \
    --recipe "$1" --output-bits "$2" --threads 1
}
# each FUNCTION ARGUMENTS -- ...: at most $jobs at a time
each() {
  while [ $# -gt 0 ]; do
    local call=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do call+=("$1"); shift; done
    shift || true
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    "${call[@]}" &
  done
  wait
}

mkdir -p "$runs/packed"
train teacher-f32 train configs/long-teacher.yaml
each student tbt-2-2-8 -- student tbt-1-1-8 -- student tbt-2-2-2 -- student tbt-1-1-1
each output tbt-2-2-8 4 -- output tbt-2-2-8 2 -- output tbt-2-2-8 1 -- output tbt-1-1-8 4 -- output tbt-1-1-8 2 -- output tbt-1-1-8 1
"$lowbit" compare "$corpus" "$runs"/packed/{teacher-f32,tbt-2-2-8,tbt-2-2-8-o4,tbt-2-2-8-o2,tbt-2-2-8-o1} \
  "$runs"/packed/{tbt-1-1-8,tbt-1-1-8-o4,tbt-1-1-8-o2,tbt-1-1-8-o1,tbt-2-2-2,tbt-1-1-1} \
  --out "$runs/results.json" --title "long: $(basename "$corpus")"
