#!/usr/bin/env bash
# From a fresh Debian 12 machine to a distilled, packed, scored low-bit translator. Installs what is missing, builds, fetches
# the package-description corpus, trains a float teacher, distils two students from it, packs them, and prints one table.
# Stages that are done are not done again; interrupt it at any moment and run it again to go on.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m== %s\033[0m\n' "$*" >&2; }

say "packages and build"
scripts/dependencies.sh
cmake --preset release >/dev/null
cmake --build build/release
lowbit=build/release/apps/lowbit

corpus=corpora/syn-en-it
runs=runs/quickstart
small=()
# prepare ARGUMENTS...: makes $corpus; an interrupted one leaves no folder of that name.
prepare() {
  rm -rf "$corpus.part"
  "$lowbit" prepare "$@" --out "$corpus.part"
  mv -T "$corpus.part" "$corpus"
}
if [ ! -e $corpus/train.tsv ]; then
  say "corpus: Debian package synopses, English to Italian"
  status=0
  scripts/fetch_ddtp.sh corpora/ddtp it || status=$?
  if [ $status -eq 0 ]; then
    prepare ddtp corpora/ddtp/lists --language it --kinds syn
  elif [ $status -eq 7 ]; then
    echo "quickstart: no network: using the CC0 excerpt that ships in data/corpora, in miniature" >&2
  else
    exit $status
  fi
fi
if [ ! -e $corpus/train.tsv ]; then
  corpus=corpora/cc0-en-it
  runs=runs/quickstart-miniature
  small=(data.vocab_size=300 run.max_update=120 optim.warmup=20 valid.interval=60)
  [ -e $corpus/train.tsv ] || prepare tsv data/corpora/cc0/en-it.tsv --test-rows 20 --dev-rows 20 --test-share 0.1 --dev-share 0.1
fi

# train NAME VERB CONFIG ARGUMENTS...: one stage; a finished one has its packed folder.
train() {
  local name=$1 verb=$2 config=$3
  shift 3
  [ -e "$runs/packed/$name" ] && return
  say "$name"
  "$lowbit" "$verb" "$config" data.dir=$corpus run.dir="$runs/$name" "$@" "${small[@]}"
  "$lowbit" export "$runs/$name" --out "$runs/packed/$name"
}
mkdir -p "$runs/packed"
train teacher-f32 train configs/quickstart-teacher.yaml
train tbt-2-2-8 distill configs/quickstart-student.yaml --teacher "$runs/teacher-f32" --recipe tbt-2-2-8
train tbt-1-1-8 distill configs/quickstart-student.yaml --teacher "$runs/teacher-f32" --recipe tbt-1-1-8

say "test set"
"$lowbit" compare $corpus "$runs"/packed/teacher-f32 "$runs"/packed/tbt-2-2-8 "$runs"/packed/tbt-1-1-8 \
  --out "$runs/results.json" --title "quickstart: $(basename $corpus)"
"$lowbit" report "$runs/teacher-f32" "$runs/tbt-2-2-8" "$runs/tbt-1-1-8" --results "$runs/results.json" --out "$runs/report.html"
echo "report: $runs/report.html"
