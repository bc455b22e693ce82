#!/bin/sh
# Makes sure that the two public base images of the Dockerfile are at hand: pulled where a registry can be reached, else
# stand-ins under the same names (Debian by mmdebstrap; the same plus this checkout's node and the machine's npm), so
# that the Dockerfile builds unchanged.
# usage: base-images.sh
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../../.." && pwd)
debian=docker.io/library/debian:trixie-slim
node=docker.io/library/node:24-trixie-slim

has() {
  podman image exists "$1" || timeout 120 podman pull -q "$1" >/dev/null 2>&1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! has $debian; then
  mirror=$("$here/debian-mirror.sh")
  # As in the image it stands in for: no documentation, and no certificates.
  mmdebstrap --quiet --variant=minbase \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    trixie "$work/debian.tar" "deb $mirror trixie main" "deb $mirror-security trixie-security main"
  podman import -q "$work/debian.tar" $debian >/dev/null
fi

if ! has $node; then
  cp "$root/node_modules/node/bin/node" "$work/node"
  cp -rL "$(npm root -g)/npm" "$work/npm"
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$work/ca.pem" # what npm trusts on this machine
  cat >"$work/Dockerfile" <<D
FROM $debian
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca.pem /usr/local/share/ca.pem
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/ca.pem
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
D
  "$here/podman.sh" build -q -t $node "$work" >/dev/null
fi
