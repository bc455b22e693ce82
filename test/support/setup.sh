#!/bin/sh
# Makes a Debian machine with node and npm ready for one purpose: installs the Debian packages that are missing, then
# the locked npm packages. Says one line for each thing it does, nothing when there is nothing to do.
# usage: sh test/support/setup.sh demo|test|image|bench
set -eu
cd "$(dirname "$0")/../.."
purpose=${1:-demo}
missing=''

say() { echo "setup: $*" >&2; }

# need PACKAGE PATTERN: the package is missing when neither a file matches the pattern nor a command has that name.
need() {
  for match in $2; do
    if [ -e "$match" ] || command -v "$match" >/dev/null 2>&1; then return; fi
  done
  missing="$missing $1"
}

need_demo() {
  need postgresql '/usr/lib/postgresql/*/bin/initdb'
  need postgresql-client '/usr/lib/postgresql/*/bin/pg_dump'
  need zstd zstd
  need age age
  need gnupg gpg
  need awscli aws
}

need_test() {
  need_demo
  need postgresql-contrib '/usr/share/postgresql/*/extension/hstore.control'
  need radosgw radosgw
  need ceph-mon ceph-mon
  need ceph-osd ceph-osd
  need ceph-mgr ceph-mgr
  need ceph-common ceph
  need uuid-runtime uuidgen
  need pgbouncer /usr/sbin/pgbouncer
  need openssl openssl
  need faketime faketime
  need openssh-client ssh-keygen
  need chromium chromium
  need fonts-liberation '/usr/share/fonts/truetype/liberation*/*'
  need docker-compose docker-compose
  need cron crontab
  need systemd systemd-analyze
}

need_image() {
  need_test
  need podman podman
  need buildah buildah
  need runc /usr/sbin/runc
  need mmdebstrap mmdebstrap
  need shellcheck shellcheck
  need apt-utils apt-ftparchive
}

need_bench() {
  need_test
  need rclone rclone
}

# Runs as root. For as long as the installation lasts, services are not started and no database cluster is created:
# the machine is left without any server that it did not have before.
# shellcheck disable=SC2016 # expanded by the shell that runs it
install_script='
set -eu
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/pg-offsite-setup.conf
made=""
cleanup() { rm -f $made; rmdir --ignore-fail-on-non-empty "$(dirname $cluster)" 2>/dev/null || true; }
trap cleanup EXIT
trap "exit 1" HUP INT TERM
if [ ! -e $policy ]; then
  printf "#!/bin/sh\nexit 101\n" > $policy; chmod 755 $policy; made="$made $policy"
fi
mkdir -p "$(dirname $cluster)"
echo "create_main_cluster = false" > $cluster; made="$made $cluster"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq -o Acquire::Retries=3
apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"
'

install() {
  if ! command -v apt-get >/dev/null 2>&1; then
    say "missing:$missing; this is not a Debian machine, so please install what these Debian packages hold"
    exit 1
  fi
  log=$(mktemp)
  say "installing$missing"
  if [ "$(id -u)" = 0 ]; then
    sh -c "$install_script" setup "$@" >"$log" 2>&1 </dev/null || failed "$log"
  elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    # shellcheck disable=SC2024 # the log is ours, not root's
    sudo sh -c "$install_script" setup "$@" >"$log" 2>&1 || failed "$log"
  else
    say "neither root nor sudo; run this as root first: apt-get install --no-install-recommends$missing"
    exit 1
  fi
  rm -f "$log"
}

failed() {
  say "apt-get failed:"
  tail -n 20 "$1" >&2
  rm -f "$1"
  exit 1
}

case $purpose in
  demo | test | image | bench) "need_$purpose" ;;
  *)
    say "unknown purpose '$purpose'; one of demo, test, image, bench"
    exit 64
    ;;
esac

if [ -n "$missing" ]; then
  # shellcheck disable=SC2086 # package names, split on purpose
  install $missing
fi

installed=node_modules/.package-lock.json
if [ ! -x node_modules/.bin/node ] || [ ! -e $installed ] || [ -n "$(find package-lock.json -newer $installed)" ]; then
  say "installing the locked npm packages"
  npm ci --no-audit --no-fund --loglevel=error
fi
