#!/bin/sh
# Fetches PostgreSQL's programs for the image, in a throwaway build stage of its Dockerfile (which documents the
# variables). Leaves in OUT: lib/<major>/bin, of the one server also lib/<major>/lib, share/<major> and locale; in
# packages libpq5.deb and `needed`, the names of Debian packages that the server needs; status.d, by which vulnerability
# scanners see programs that dpkg does not know; and in doc the licences of those.
# usage: PG_MAJORS=… PG_MAJORS_NEXT=… PG_SAFE_MINORS=… PG_SERVER_MAJOR=… PG_EXTRA_PACKAGES=… PG_LOCALES=…
#        PG_ARCHIVE=… PG_ARCHIVE_KEY=… fetch-postgres.sh OUT
set -eu
export DEBIAN_FRONTEND=noninteractive
out=${1:?the folder to fill}
work=$(mktemp -d)
mkdir -p "$out/lib" "$out/share" "$out/locale" "$out/packages" "$out/status.d" "$out/doc"
touch "$out/packages/needed"
cd "$work"

fail() {
  echo "fetch-postgres: $1" >&2
  exit 1
}

# fetch PACKAGE [MAJOR]: extracts PACKAGE into the folder of its name. With a MAJOR it is of PostgreSQL itself, and its
# version must be a safe one.
fetch() {
  apt-get -q download "$1" || fail "the archive has no $1"
  deb=$(echo "$1"_*.deb)
  version=$(dpkg-deb --field "$deb" Version)
  if [ $# = 2 ]; then
    safe=
    for minor in $PG_SAFE_MINORS; do
      case $minor in "$2".*) safe=$minor ;; esac
    done
    [ -n "$safe" ] || fail "PG_SAFE_MINORS names no safe minor for $2"
    dpkg --compare-versions "${version#*:}" ge "$safe" || fail "$1 is $version; the oldest safe minor is $safe"
  fi
  dpkg-deb --extract "$deb" "$1"
  dpkg-deb --field "$deb" >"$out/status.d/$1"
  licence=$1/usr/share/doc/$1/copyright
  if [ -e "$licence" ]; then mkdir "$out/doc/$1" && cp "$licence" "$out/doc/$1/"; fi
  echo "fetch-postgres: $1 $version"
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
  fetch "postgresql-client-$major" "$major"
  mkdir -p "$out/lib/$major/bin"
  for program in pg_dump pg_dumpall pg_restore psql; do
    cp "postgresql-client-$major/usr/lib/postgresql/$major/bin/$program" "$out/lib/$major/bin/"
  done
done

# One libpq serves all: a newer one works with older programs, never the other way round.
apt-get -q download libpq5
mv libpq5_*.deb "$out/packages/libpq5.deb"

server=${PG_SERVER_MAJOR:-$(echo "$majors" | tr ' ' '\n' | sort -n | tail -n 1)}
if [ "$server" = none ]; then exit; fi
fetch "postgresql-$server" "$server"
extensions="postgresql-$server-pgvector $PG_EXTRA_PACKAGES"
for package in $extensions; do fetch "$package"; done

mkdir -p "$out/lib/$server/bin"
for program in initdb postgres; do
  cp "postgresql-$server/usr/lib/postgresql/$server/bin/$program" "$out/lib/$server/bin/"
done
for package in postgresql-$server $extensions; do
  for part in lib share; do
    # Extensions may come in parts: one package with the libraries, another with the SQL.
    case $part in
      lib) from=$package/usr/lib/postgresql/$server/lib to=$out/lib/$server/lib ;;
      share) from=$package/usr/share/postgresql/$server to=$out/share/$server ;;
    esac
    mkdir -p "$to"
    if [ -d "$from" ]; then cp -a "$from/." "$to/"; fi
  done
  # The libraries that it was linked with. Not LLVM, four times the size of the server: JIT is not worth that to a drill.
  dpkg-deb --field "$package"_*.deb Depends | tr , '\n' | sed -E 's/[|(].*//; s/ //g' |
    grep -E '^lib' | grep -v -E '^lib(pq5|llvm)' >>"$out/packages/needed" || true
done
# PostGIS gets the names of its extensions from update-alternatives when it is installed.
for control in "$out/share/$server"/extension/*-[0-9].control; do
  if [ -e "$control" ]; then mv "$control" "${control%-[0-9].control}.control"; fi
done
rm -rf "$out/lib/$server/lib/bitcode" "$out/lib/$server/lib"/llvmjit* "$out/share/$server/man" "$out/share/$server/contrib"
# Debian's PostgreSQL takes time zones from the system; old names such as US/Eastern are in a package of their own.
printf '%s\n' tzdata tzdata-legacy libnss-wrapper >>"$out/packages/needed"
sort -u -o "$out/packages/needed" "$out/packages/needed"

if [ -z "$PG_LOCALES" ]; then exit; fi
unset APT_CONFIG # Debian's own
apt-get -q update
apt-get -q install -y --no-install-recommends locales
for locale in $PG_LOCALES; do
  charset=${locale#*.}
  # Named as `locale -a` does, and so the collations of most dumps: en_US.utf8.
  name=${locale%.*}.$(echo "$charset" | tr -d - | tr '[:upper:]' '[:lower:]')
  localedef -i "${locale%.*}" -f "$charset" "$out/locale/$name" || fail "there is no locale $locale"
done
