#!/usr/bin/env bash
# Installs what is missing, builds with tests, runs them all. Arguments go to ctest: scripts/test.sh -R tape
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/dependencies.sh
cmake --preset ci >/dev/null
cmake --build build/ci
ctest --test-dir build/ci --output-on-failure -j "$(nproc)" "$@"
