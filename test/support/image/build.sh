#!/bin/sh
# Builds the project's Dockerfile, unchanged, as TAG, holding the given client majors. Where the PostgreSQL project's
# archive cannot be reached, a stand-in of it is served on loopback while the build runs. What has not changed since the
# last build comes from podman's layer cache.
# usage: build.sh TAG [MAJORS [FLAG…]]   (MAJORS: '15 17', or '' for the Dockerfile's or all of the stand-in's;
#                                         FLAG: a further one of podman build)
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../../.." && pwd)
tag=${1:?the name of the image}
majors=${2-}
shift "$(($# < 2 ? $# : 2))"
archive=$root/node_modules/.cache/postgres-archive
work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$work"' EXIT

# One build at a time: test files run side by side and share the base images, the archive and the layers.
mkdir -p "$archive"
exec 9>"$archive.lock"
flock 9

"$here/base-images.sh"
if curl -sfI -o /dev/null --max-time 15 https://apt.postgresql.org/pub/repos/apt/dists/trixie-pgdg/InRelease; then
  :
else
  fresh=$(find "$archive/key.asc" -newer "$here/standin-archive.sh" 2>/dev/null || true)
  [ -n "$fresh" ] || "$here/standin-archive.sh" "$archive"
  "$root/node_modules/.bin/node" "$here/serve-archive.ts" "$archive" >"$work/port" 9>&- &
  server=$!
  until [ -s "$work/port" ]; do
    kill -0 "$server"
    sleep 0.1
  done
  majors=${majors:-15 17 18}
  # The one server that the stand-in has.
  case " $majors " in
    *" 17 "*) set -- --build-arg PG_SERVER_MAJOR=17 "$@" ;;
    *) set -- --build-arg PG_SERVER_MAJOR=none "$@" ;;
  esac
  set -- --build-arg "PG_ARCHIVE=http://127.0.0.1:$(cat "$work/port")" \
    --build-arg "PG_ARCHIVE_KEY=$(cat "$archive/key.asc")" "$@"
fi
if [ -n "$majors" ]; then set -- --build-arg "PG_MAJORS=$majors" --build-arg PG_MAJORS_NEXT= "$@"; fi
"$here/podman.sh" build --layers -t "$tag" "$@" "$root"
