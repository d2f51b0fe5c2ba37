#!/usr/bin/env bash
# The table of docs/benchmarks/summarization.md: a small BART, pretrained by denoising on English package descriptions,
# fine-tuned to write their synopses, distilled to low bits; beside the same fine-tuning without pretraining, and lead-14.
# Needs a release build. About an hour and a quarter of one core; what is done is not done again, an interrupted run goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
lowbit=${LOWBIT:-build/release/apps/lowbit} lists=${LISTS:-corpora/ddtp/lists} corpus=${CORPUS:-corpora/debsyn-en}
runs=${RUNS:-runs/summarization} threads=${THREADS:-0}

if [ ! -e "$corpus/train.tsv" ]; then
  [ -e "$lists" ] || scripts/fetch_ddtp.sh "$(dirname "$lists")" it
  rm -rf "$corpus.part"  # of an interrupted run
  "$lowbit" prepare synopses "$lists" --out "$corpus.part" --test-rows 1000 --dev-rows 1000
  mv -T "$corpus.part" "$corpus"
fi
common=(data.dir="$corpus" --threads "$threads")
# The vocabulary, with its mask token, is learned once, by the pretraining, and kept beside the corpus.
"$lowbit" train configs/summ-pretrain.yaml "${common[@]}" run.dir="$runs/pretrained"
"$lowbit" train configs/summ-finetune.yaml "${common[@]}" run.dir="$runs/teacher-f32" --finetune-from "$runs/pretrained"
"$lowbit" train configs/summ-finetune.yaml "${common[@]}" run.dir="$runs/scratch-f32"
"$lowbit" ablate configs/summ-student.yaml "${common[@]}" run.dir="$runs/ablation" --teacher "$runs/teacher-f32" \
  --recipes tbt-2-2-8,tbt-1-1-8,tbt-2-2-2,twn-2-2-2,twn-2-2-2-absmax,tbt-1-1-1,bwn-1-1-1 --beside not-pretrained="$runs/scratch-f32" \
  --metric rouge --title "debsyn-en: package descriptions to synopses"
