#!/bin/sh
# Starts pg-offsite: the bundled program in the image, the sources in a checkout. No argument means `backup`.
set -eu
# The memory of a program that crashes holds passwords and rows: no core dump, of node or of what it starts.
# shellcheck disable=SC3045 # dash has it, and so has every other sh that runs this
ulimit -c 0
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
# A platform's "command" replaces the image's entrypoint or is added to it: one that names this script works either way.
if [ "${1:-}" = "$here/entrypoint.sh" ]; then shift; fi
# A small young heap: the stream's own buffers are few and reused, and what node lets pile up beside them would double
# the peak of memory (bench/upload.ts).
if [ -f "$here/pg-offsite.mjs" ]; then
  exec node --max-semi-space-size=2 "$here/pg-offsite.mjs" "$@"
fi
node=$here/node_modules/node/bin/node
if [ ! -x "$node" ]; then
  echo "pg-offsite: this checkout is not set up; run 'npm ci' in $here first" >&2
  exit 78
fi
exec "$node" --max-semi-space-size=2 "$here/src/main.ts" "$@"
