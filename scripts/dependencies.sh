#!/usr/bin/env bash
# Installs the distribution packages that lowbit builds with (docs/dependencies.md). Asks for root only if something is missing.
set -euo pipefail

packages=(g++ cmake ninja-build ccache pkg-config git libgtest-dev libbenchmark-dev libdnnl-dev ocl-icd-opencl-dev
  libsentencepiece-dev libpcre2-dev libutf8proc-dev libsndfile1-dev libsamplerate0-dev nlohmann-json3-dev libyaml-cpp-dev
  libzip-dev libzstd-dev libxxhash-dev libcli11-dev libfmt-dev libspdlog-dev)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "lowbit: installing ${#missing[@]} packages: ${missing[*]}" >&2
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "lowbit: need root or sudo to install: ${missing[*]}" >&2; exit 7; }
  sudo=(sudo)
fi
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
