#!/usr/bin/env bash
# Runs clang-tidy 14 (.clang-tidy) over the sources that differ from main, or over every source: scripts/tidy.sh [--all | FILE...]
# A changed header counts as its source beside it. Needs no build: the compile commands come from the preset `tidy`, which does
# without precompiled headers, since clang cannot read gcc's.
set -euo pipefail
cd "$(dirname "$0")/.."

tidy=$(command -v clang-tidy-14 || command -v clang-tidy)
cmake --preset tidy >/dev/null
if [[ ${1:-} == --all ]]; then
  files=$(git ls-files 'core/*.cpp' 'autograd/*.cpp' 'nn/*.cpp' 'optim/*.cpp' 'data/*.cpp' 'apps/*.cpp')
elif (($#)); then
  files=$(printf '%s\n' "$@")
else
  base=$(git merge-base HEAD main)
  files=$({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } |
    sed -n -E 's#^((core|autograd|nn|optim|data|apps)/.*)\.(h|cpp)$#\1.cpp#p' | sort -u |
    while read -r file; do [[ -f $file ]] && echo "$file"; done || true)
fi
[[ -n $files ]] || { echo "nothing to check"; exit 0; }
xargs -P "$(nproc)" -n 1 "$tidy" -p build/tidy --quiet <<<"$files"
