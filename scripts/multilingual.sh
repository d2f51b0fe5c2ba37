#!/usr/bin/env bash
# The table of docs/benchmarks/multilingual.md: one small model of mBART's architecture, English package synopses to German,
# French and Italian, and its 2-2-8 student, scored for each language.
# Needs a release build. About three quarters of an hour of one core; what is done is not done again, an interrupted run goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
lowbit=${LOWBIT:-build/release/apps/lowbit} lists=${LISTS:-corpora/ddtp-de-fr-it/lists} corpus=${CORPUS:-corpora/syn-en-de-fr-it}
runs=${RUNS:-runs/multilingual} threads=${THREADS:-0}

if [ ! -e "$corpus/train.tsv" ]; then
  scripts/fetch_ddtp.sh "$(dirname "$lists")" de,fr,it
  rm -rf "$corpus.part"  # of an interrupted run
  "$lowbit" prepare ddtp "$lists" --language de,fr,it --kinds syn --out "$corpus.part"
  mv -T "$corpus.part" "$corpus"
fi
common=(data.dir="$corpus" --threads "$threads")
"$lowbit" train configs/multi-teacher.yaml "${common[@]}" run.dir="$runs/teacher-f32"
"$lowbit" ablate configs/multi-student.yaml "${common[@]}" run.dir="$runs/ablation" --teacher "$runs/teacher-f32" \
  --recipes tbt-2-2-8 --beam 5 --title "syn-en-de,fr,it: package synopses, three target languages"
