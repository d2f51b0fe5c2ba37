#!/bin/sh
# Runs the fuzz targets one after the other, each from the golden files that its reader is tested with.
#   scripts/fuzz.sh [SECONDS_EACH] [TARGET...]     defaults: 300, all of them
# Builds build/fuzz (Clang 14). What a target finds stays in build/fuzz/TARGET/.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-300}
[ $# -eq 0 ] || shift
targets=${*:-safetensors torch tokenizer_json}
golden=tests/golden
cmake --preset fuzz > /dev/null
for target in $targets; do
  cmake --build --preset fuzz --target "lowbit_${target}_fuzz" > build/fuzz/build.log || { tail build/fuzz/build.log; exit 1; }
  folder=build/fuzz/$target
  mkdir -p "$folder/corpus" "$folder/seeds"
  case $target in
    safetensors) cp $golden/mixed.safetensors $golden/torch/awkward.safetensors "$folder/seeds" ;;
    torch)
      cp $golden/torch/awkward*.bin $golden/fairseq/small.pt "$folder/seeds"
      for archive in $golden/torch/awkward.bin $golden/fairseq/bart.pt; do  # the pickles alone, too
        unzip -p "$archive" '*/data.pkl' > "$folder/seeds/$(basename "$archive").pkl"
      done ;;
    tokenizer_json)
      printf '{"model": {"type": "BPE", "vocab": %s, "merges": ["t h", ["th", "e"]]}, ' \
        "$(cat $golden/bpe/vocab.json)" > "$folder/seeds/tokenizer.json"
      printf '"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "added_tokens": []}' \
        >> "$folder/seeds/tokenizer.json"
      charsmap=$(sed -n 's/.*"charsmap":"\([^"]*\)".*/\1/p' $golden/mbart_ids/forms.json)
      cat > "$folder/seeds/unigram.json" << END
{"model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -2.5],
 ["t", -3], ["te", -4.5], ["▁a", -3.25], ["<mask>", 0]]},
 "added_tokens": [{"id": 8, "content": "<mask>", "lstrip": true, "normalized": false}],
 "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
 "normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": "$charsmap"},
  {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}}
END
      ;;
  esac
  echo "$target: $seconds s"
  OMP_NUM_THREADS=1 nice -n 10 "build/fuzz/tests/fuzz/lowbit_${target}_fuzz" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 -artifact_prefix="$folder/" "$folder/corpus" "$folder/seeds" \
    2> "$folder/log" || { tail -n 40 "$folder/log"; exit 1; }
  grep -E "stat::|Done" "$folder/log"
done
