#!/bin/sh
# Fails the image's build when a program in it cannot start: a missing shared library or a libc that is too old would
# otherwise show up at three in the morning.
set -eu
for program in node age zstd gpg gpg-agent gzip tini /usr/lib/postgresql/*/bin/*; do
  "$program" --version >/tmp/version
  echo "check-programs: $program: $(head -n 1 /tmp/version)"
done
[ -s /etc/ssl/certs/ca-certificates.crt ]
