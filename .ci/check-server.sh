#!/bin/sh
# Fails the image's build when the server that drills start lacks a shared library, cannot start, or cannot create one
# of its extensions. For the user whom the image runs as: PostgreSQL refuses root.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for initdb in /usr/lib/postgresql/*/bin/initdb; do
  [ -e "$initdb" ] || continue # an image without a server
  root=${initdb%/bin/initdb}
  major=${root##*/}
  if ldd "$root"/bin/* "$root"/lib/*.so | grep 'not found'; then exit 1; fi
  "$initdb" --no-sync --auth=trust --username=check --locale=C.UTF-8 --pgdata="$work/$major" >"$work/log"
  for control in /usr/share/postgresql/"$major"/extension/*.control; do
    name=$(basename "$control" .control)
    echo "CREATE EXTENSION IF NOT EXISTS \"$name\" CASCADE"
  done >"$work/sql"
  "$root/bin/postgres" --single -c exit_on_error=on -D "$work/$major" postgres <"$work/sql" >>"$work/log" 2>&1 || {
    tail -n 5 "$work/log" >&2
    exit 1
  }
  echo "check-server: PostgreSQL $major starts and creates its $(wc -l <"$work/sql") extensions"
done
