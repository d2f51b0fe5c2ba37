#!/usr/bin/env bash
# Compiles every header alone, without precompiled headers, and fails with the compiler's word on those that lack an include.
# Takes about a minute on two cores, seconds when ccache knows the headers.
# Usage: scripts/check_headers.sh WORK_DIR COMPILER [FLAGS...]
set -euo pipefail

# Headers of the kernels' implementations are written for one instruction set at a time.
isa="-DLB_TARGET_NS=cpu_header -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512vbmi -mavx512vbmi2 -mavx512vpopcntdq -mavx512bitalg -mgfni -mfma -mf16c"

check() {  # HEADER COMPILER [FLAGS...]
  local header=$1 unit=$work/${1//\//__}.cpp
  shift
  [[ $header != core/kernels/cpu/* ]] || set -- "$@" $isa
  [[ $header != tests/* ]] || set -- "$@" '-DLB_TEST_DIR="tests"' '-DLB_PROGRAM="lowbit"'
  [[ -f $unit ]] || echo "#include \"$header\"" >"$unit"
  $launcher "$@" -std=c++20 -Wall -Werror -I. -c "$unit" -o "${unit%.cpp}.o" && return
  echo "$header does not compile alone"
  return 1
}

mkdir -p "$1"
work=$(cd "$1" && pwd)
launcher=$(command -v ccache || true)
shift
cd "$(dirname "$0")/.."
export -f check
export work launcher isa
find core autograd nn optim data apps tests -name '*.h' | sort |
  xargs -P "$(nproc)" -I HEADER bash -c 'check "$@"' _ HEADER "$@"
