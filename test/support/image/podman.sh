#!/bin/sh
# podman with what a bare machine needs: runc (crun wants systemd), the host's network (no bridge to set up),
# limits that an unprivileged parent may hand on, and no health checks (podman leaves those to systemd).
# usage: podman.sh build|run … (other commands pass through)
# shellcheck disable=SC2086 # no word at all without runc, two with it
set -eu
runtime=
if command -v runc >/dev/null 2>&1; then runtime='--runtime runc'; fi
command=$1
shift
case $command in
  # Docker's image format: the OCI one has no place for a HEALTHCHECK.
  build) exec podman $runtime build --network host --format docker "$@" ;;
  run)
    exec podman $runtime run --network host --no-healthcheck --http-proxy=false \
      --ulimit nofile=20000:20000 --ulimit nproc=10000:10000 "$@"
    ;;
  *) exec podman "$command" "$@" ;;
esac
