#!/bin/sh
# Install the Node peer of the tests into a cache outside the repository, once for each lock file;
# prints where it is. Without network it needs that cache only.
set -e
here=$(cd "$(dirname "$0")" && pwd)
command -v npm >/dev/null && command -v node >/dev/null \
  || sh "$here/../../install.sh" nodejs npm >&2
mark=$(sha256sum "$here/package-lock.json" | cut -c 1-16)
folder="${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portal-peers}/node-$mark"
if [ ! -e "$folder/.complete" ]; then
  mkdir -p "$folder"
  cp "$here/package.json" "$here/package-lock.json" "$folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline) >&2
  touch "$folder/.complete"
fi
echo "$folder"
