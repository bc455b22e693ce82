#!/bin/sh
# Prints the address of the Debian mirror that this machine's own apt uses. Security updates are beside it under
# -security, as on every mirror that carries them.
# shellcheck disable=SC2016 # apt replaces $(REPO_URI)
set -eu
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)
if [ -z "$mirror" ]; then
  echo 'no Debian mirror among the sources of apt, or its lists are empty: run apt-get update' >&2
  exit 1
fi
echo "${mirror%/}"
