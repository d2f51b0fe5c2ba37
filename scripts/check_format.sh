#!/usr/bin/env bash
# Fails, naming the files, when a source is not formatted by .clang-format. Usage: scripts/check_format.sh [CLANG_FORMAT]
set -euo pipefail
cd "$(dirname "$0")/.."

formatter=${1:-clang-format}
mapfile -t files < <(find core autograd nn optim data apps tests benchmarks -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' | sort)
report=$("$formatter" --dry-run --Werror "${files[@]}" 2>&1) && exit 0
echo "$report" | sed -n 's/^\([^:]*\):.*error:.*/\1 is not formatted: run clang-format -i/p' | sort -u
exit 1
