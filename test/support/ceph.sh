#!/bin/sh
# A real S3 server on loopback: a one-node Ceph with its object gateway, from Debian's packages. About 15 s to start.
# usage: ceph.sh DIR PORT MON_PORT BLOCK_BYTES
# Prints `ready` on stdout, then runs until its stdin ends: so it cannot outlive whoever started it. It then ends the
# four servers and removes DIR. Credentials: ak, sksksksksk; region us-east-1; path style. BLOCK_BYTES is the size of the
# sparse file that holds the objects.
set -eu
dir=$1 port=$2 mon=$3 block=$4
conf=$dir/ceph.conf
pids=''

finish() {
  trap '' EXIT HUP INT TERM
  for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done # nothing here is worth a clean shutdown
  for pid in $pids; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# Starts a server in the foreground of its own process, so that its pid is ours and it dies with this script.
serve() {
  setpriv --pdeathsig KILL -- "$@" -f -c "$conf" >>"$dir/output.log" 2>&1 </dev/null &
  pids="$pids $!"
}

mkdir -p "$dir/mon" "$dir/osd" "$dir/mgr" "$dir/run"
fsid=$(uuidgen) osd=$(uuidgen) secret=$(ceph-authtool --gen-print-key)
cat >"$conf" <<CONF
[global]
fsid = $fsid
mon host = v2:127.0.0.1:$mon
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $dir/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = bluestore
bluestore block size = $block
osd memory target = 1500000000
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data = $dir/mon
mon data avail crit = 1
mon data avail warn = 1
mon osd full ratio = .97
mon osd backfillfull ratio = .96
mon osd nearfull ratio = .95
mon max pg per osd = 1000
osd data = $dir/osd
run dir = $dir/run
log file = $dir/\$name.log
admin socket = $dir/run/\$name.\$pid.asok
[client.admin]
rgw frontends = beast endpoint=127.0.0.1:$port
rgw thread pool size = 64
rgw dns name = localhost
CONF

monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon]" "$dir/monmap" >/dev/null
ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring" -c "$conf"
serve ceph-mon -i a
echo "{\"cephx_secret\": \"$secret\"}" | timeout 60 ceph -c "$conf" osd new "$osd" -i - >/dev/null
ceph-authtool --create-keyring "$dir/osd/keyring" --name osd.0 --add-key "$secret" >/dev/null
ceph-osd -i 0 --keyring "$dir/osd/keyring" --mkfs --osd-uuid "$osd" -c "$conf" >>"$dir/output.log" 2>&1
serve ceph-osd -i 0 --keyring "$dir/osd/keyring"
timeout 60 ceph -c "$conf" auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' >"$dir/mgr/keyring"
serve ceph-mgr -i x --keyring "$dir/mgr/keyring" --mgr-data "$dir/mgr"
serve radosgw -n client.admin
tries=0
until timeout 60 radosgw-admin -c "$conf" user create --uid test --display-name test \
  --access-key ak --secret-key sksksksksk --caps 'users=*' >>"$dir/output.log" 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 5 ] || { cat "$dir/output.log" >&2; exit 1; }
  sleep 1
done
echo ready
cat >/dev/null
