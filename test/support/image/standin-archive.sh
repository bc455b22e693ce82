#!/bin/sh
# A stand-in of the PostgreSQL project's Debian archive, for machines that cannot reach it: the same layout, signed with
# a throwaway key, filled with Debian's own packages: clients of major 15 (bookworm), 17 (trixie) and 18 (sid, whose
# clients trixie's libraries satisfy), and trixie's server. Uses an apt of its own; the machine's is not touched.
# usage: standin-archive.sh DIR [PACKAGE…]     (leaves DIR/pool, DIR/dists and the public key DIR/key.asc)
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
dir=${1:?the folder to fill}
shift
if [ $# = 0 ]; then
  set -- postgresql-client-15 postgresql-client-17 postgresql-client-18 libpq5 \
    postgresql-17 postgresql-17-pgvector postgresql-17-ip4r
fi
mirror=$("$here/debian-mirror.sh")
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'GNUPGHOME="$work/gnupg" gpgconf --kill all; rm -rf "$work"' EXIT

rm -rf "$dir"
mkdir -p "$dir/pool" "$work/lists/partial" "$work/cache/archives/partial"
cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
keyring='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
for suite in bookworm trixie sid; do echo "deb $keyring $mirror $suite main"; done >"$work/sources.list"
for suite in bookworm trixie; do echo "deb $keyring $mirror-security $suite-security main"; done >>"$work/sources.list"
export APT_CONFIG="$work/apt.conf"
apt-get -qq -o APT::Update::Error-Mode=any update
(cd "$dir/pool" && apt-get -qq download "$@")
unset APT_CONFIG

cd "$dir"
suite=dists/trixie-pgdg
mkdir -p "$suite/main/binary-$architecture"
apt-ftparchive packages pool >"$suite/main/binary-$architecture/Packages"
apt-ftparchive -o APT::FTPArchive::Release::Origin=apt.postgresql.org -o APT::FTPArchive::Release::Suite=trixie-pgdg \
  -o APT::FTPArchive::Release::Codename=trixie-pgdg -o APT::FTPArchive::Release::Components=main \
  -o APT::FTPArchive::Release::Architectures="$architecture" release "$suite" >"$work/Release"

export GNUPGHOME="$work/gnupg"
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'stand-in archive' ed25519 sign never
gpg --batch --quiet --clearsign --output "$suite/InRelease" "$work/Release"
gpg --batch --quiet --armor --export >key.asc
