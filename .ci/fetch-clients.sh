#!/bin/sh
# Fetches the PostgreSQL client programs for the image, in a throwaway build stage of its Dockerfile (which documents
# the variables). Leaves in OUT: lib/<major>/bin/*, packages/libpq5.deb, and status.d/*, by which vulnerability scanners
# see programs that dpkg does not know.
# usage: PG_MAJORS=… PG_MAJORS_NEXT=… PG_SAFE_MINORS=… PG_ARCHIVE=… PG_ARCHIVE_KEY=… fetch-clients.sh OUT
set -eu
export DEBIAN_FRONTEND=noninteractive
out=${1:?the folder to fill}
work=$(mktemp -d)
mkdir -p "$out/lib" "$out/packages" "$out/status.d"
cd "$work"

fail() {
  echo "fetch-clients: $1" >&2
  exit 1
}

case $PG_ARCHIVE in
  https:*) apt-get -q update && apt-get -q install -y --no-install-recommends ca-certificates ;;
esac
if [ -n "$PG_ARCHIVE_KEY" ]; then
  printf '%s\n' "$PG_ARCHIVE_KEY" >archive.asc
else
  apt-get -q update
  apt-get -q -o APT::Sandbox::User=root download postgresql-client-common
  dpkg-deb --extract postgresql-client-common_*.deb common
  cp common/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc archive.asc
fi

# From here on apt knows this one archive only: Debian has a client of its own major too, which must not win.
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME-pgdg")
echo "deb [signed-by=$work/archive.asc] $PG_ARCHIVE $suite main" >archive.list
chmod 755 "$work"
export APT_CONFIG="$work/apt.conf"
cat >"$APT_CONFIG" <<CONF
Dir::Etc::SourceList "$work/archive.list";
Dir::Etc::SourceParts "/dev/null";
APT::Sandbox::User "root";
CONF
apt-get -q -o APT::Update::Error-Mode=any update

majors=$PG_MAJORS
for major in $PG_MAJORS_NEXT; do
  if apt-cache show "postgresql-client-$major" >/dev/null 2>&1; then majors="$majors $major"; fi
done

for major in $majors; do
  package=postgresql-client-$major
  apt-get -q download "$package" || fail "the archive has no $package"
  deb=$(echo "$package"_*.deb)
  version=$(dpkg-deb --field "$deb" Version)
  safe=
  for minor in $PG_SAFE_MINORS; do
    case $minor in "$major".*) safe=$minor ;; esac
  done
  [ -n "$safe" ] || fail "PG_SAFE_MINORS names no safe minor for $major"
  dpkg --compare-versions "${version#*:}" ge "$safe" || fail "$package is $version; the oldest safe minor is $safe"
  dpkg-deb --extract "$deb" "$major"
  mkdir -p "$out/lib/$major/bin"
  for program in pg_dump pg_dumpall pg_restore psql; do
    cp "$major/usr/lib/postgresql/$major/bin/$program" "$out/lib/$major/bin/"
  done
  dpkg-deb --field "$deb" >"$out/status.d/$package"
  echo "fetch-clients: $package $version"
done

# One libpq serves all: a newer one works with older programs, never the other way round.
apt-get -q download libpq5
cp libpq5_*.deb "$out/packages/libpq5.deb"
