#!/bin/sh
# Starts pg-offsite: the bundled program in the image, the sources in a checkout. No argument means `backup`.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
if [ -f "$here/pg-offsite.mjs" ]; then
  exec node "$here/pg-offsite.mjs" "$@"
fi
node=$here/node_modules/node/bin/node
if [ ! -x "$node" ]; then
  echo "pg-offsite: this checkout is not set up; run 'npm ci' in $here first" >&2
  exit 78
fi
exec "$node" "$here/src/main.ts" "$@"
