#!/bin/sh
# Fails the image's build when a program in it cannot start, because a missing shared library or a libc that is too old
# would otherwise show up at three in the morning; and when a program of PostgreSQL is older than the safe minor of its
# major: the package's version was checked when it was fetched, this is what the program itself says.
# usage: PG_SAFE_MINORS='17.11 18.6' check-programs.sh [FOLDER]   (FOLDER: of PostgreSQL's majors)
set -eu
folder=${1:-/usr/lib/postgresql}
seen=0

# check_safe PROGRAM FIRST-LINE, as `pg_dump (PostgreSQL) 17.11 (Debian 17.11-1.pgdg13+1)`.
check_safe() {
  version=$(echo "$2" | sed -n 's/^.*(PostgreSQL) \([0-9]*\.[0-9]*\).*$/\1/p')
  for minor in $PG_SAFE_MINORS; do
    if [ -n "$version" ] && [ "${minor%%.*}" = "${version%%.*}" ]; then
      if [ "${version#*.}" -ge "${minor#*.}" ]; then return; fi
      echo "check-programs: $1 is $version; the oldest safe minor is $minor" >&2
      exit 1
    fi
  done
  echo "check-programs: no safe minor is known for $1, which says: $2" >&2
  exit 1
}

for program in node age zstd gpg gpg-agent gzip tini "$folder"/*/bin/*; do
  line=$("$program" --version | head -n 1)
  [ -n "$line" ] || {
    echo "check-programs: $program does not tell its version" >&2
    exit 1
  }
  echo "check-programs: $program: $line"
  case $program in
    "$folder"/*)
      check_safe "$program" "$line"
      seen=$((seen + 1))
      ;;
  esac
done
[ "$seen" -gt 0 ]
[ -s /etc/ssl/certs/ca-certificates.crt ]
