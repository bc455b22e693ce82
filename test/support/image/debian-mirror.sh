#!/bin/sh
# Prints the address of the Debian mirror that this machine's own apt uses. Security updates are beside it under
# -security, as on every mirror that carries them.
# shellcheck disable=SC2016 # apt replaces $(REPO_URI)
set -eu

mirrors() {
  apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 2>/dev/null
}

# apt tells only of sources whose lists it has fetched.
if [ -z "$(mirrors)" ]; then apt-get update -qq >&2; fi
mirror=$(mirrors | head -n 1)
if [ -z "$mirror" ]; then
  echo 'no Debian mirror among the sources of apt on this machine' >&2
  exit 1
fi
echo "${mirror%/}"
