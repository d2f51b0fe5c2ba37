#!/usr/bin/env bash
# fetch_ddtp.sh [--refresh] OUT LANGUAGE[,LANGUAGE...]
# Fetches the indexes of Debian's translated package descriptions (DDTP) through apt, from the sources this machine already
# uses. Needs no root and leaves the system's own lists and settings alone: apt runs on a private state folder in OUT.
# Makes OUT/lists/*_i18n_Translation-en, *_i18n_Translation-LANGUAGE and *_Packages: the input of `lowbit prepare ddtp`.
# An OUT that is complete is left as it is, unless --refresh. Exit 2: usage; 3: no such translation; 7: no apt or no network.
set -euo pipefail

die() {
  echo "fetch_ddtp: $2" >&2
  exit "$1"
}

refresh=
if [ "${1:-}" = --refresh ]; then
  refresh=yes
  shift
fi
[ $# -eq 2 ] || die 2 "usage: fetch_ddtp.sh [--refresh] OUT LANGUAGE[,LANGUAGE...]"
command -v apt-get >/dev/null || die 7 "needs apt-get (Debian, Ubuntu); elsewhere prepare a corpus of your own with 'lowbit prepare tsv'"
mkdir -p "$1"
out=$(cd "$1" && pwd)
languages=$2

# find_index SUFFIX: one index whose name ends so, if there is any; apt writes pt_BR as pt%5fBR.
find_index() {
  find "$out/lists" -maxdepth 1 -name "*_$1" -print -quit 2>/dev/null
}
missing_language() {
  local language
  for language in ${languages//,/ }; do
    [ -n "$(find_index "i18n_Translation-${language/_/%5f}")$(find_index "i18n_Translation-$language")" ] || echo "$language"
  done
}

has_english() {
  [ -n "$(find_index i18n_Translation-en)" ] && [ -n "$(find_index Packages)" ]
}

if [ -z "$refresh" ] && has_english && [ -z "$(missing_language)" ]; then
  echo "fetch_ddtp: $out/lists is complete" >&2
  exit 0
fi

mkdir -p "$out/lists/partial" "$out/cache/archives/partial" "$out/state"
: > "$out/state/status"
cat > "$out/apt.conf" <<CONF
Dir::State "$out/state";
Dir::State::lists "$out/lists";
Dir::State::status "$out/state/status";
Dir::Cache "$out/cache";
APT::Sandbox::User "$(id -un)";
CONF

# On the command line, because a machine's own settings (containers want no languages and compressed indexes) win over
# APT_CONFIG. Without the error mode apt-get update succeeds when nothing could be fetched.
failure=
APT_CONFIG=$out/apt.conf apt-get -qq -o Acquire::GzipIndexes=false -o "Acquire::Languages=en,$languages" \
  -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o APT::Update::Error-Mode=any \
  update >"$out/apt.log" 2>&1 || failure=$(sed -n 's/^[WE]: //p' "$out/apt.log" | head -n 1)
if [ -n "$failure" ]; then
  [ -z "$refresh" ] && has_english || die 7 "apt could not fetch the package indexes (no network?): $failure"
  echo "fetch_ddtp: going on without a package source that failed: $failure" >&2
fi
has_english || die 7 "apt fetched no package index: does this machine have package sources? See $out/apt.log"
missing=$(missing_language)
[ -z "$missing" ] || die 3 "the archive has no translation '$(echo "$missing" | head -n 1)'"
echo "fetch_ddtp: $(du -sh "$out/lists" | cut -f 1) of indexes in $out/lists" >&2
