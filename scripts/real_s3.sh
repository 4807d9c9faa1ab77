#!/usr/bin/env bash
# Run the lake's tests on a real S3 server with object lock: Ceph's RADOS gateway from Debian's packages, unpacked into
# .bench/ceph (65 MB to download) and run in memory. Needs Debian 12 and apt-get; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$PWD/.bench/ceph
packages=$place/packages unpacked=$place/unpacked
run=$(mktemp -d)

unpack() {
    local lists=$place/lists
    rm -rf "$packages" "$unpacked"
    mkdir -p "$packages/partial" "$unpacked" "$lists/partial"
    local options=(-qq -o Debug::NoLocking=1 -o "Dir::Cache::archives=$packages" -o "Dir::State::lists=$lists")
    apt-get "${options[@]}" update
    apt-get "${options[@]}" install --download-only --yes --no-install-recommends radosgw ceph-mon ceph-osd
    local package
    for package in "$packages"/*.deb; do
        dpkg -x "$package" "$unpacked"
    done
    touch "$place/done"
}

port() {
    .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

stop() {
    local file
    for file in "$run"/*.pid; do
        [ -e "$file" ] || continue
        kill "$(cat "$file")" 2>/dev/null || true
        timeout 20 tail --pid="$(cat "$file")" -f /dev/null || true
    done
    rm -rf "$run"
}

configure() {
    cat >"$run/ceph.conf" <<END
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:$1]
keyring = $run/keyring
ms bind msgr1 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = $run
admin socket = $run/\$name.\$pid.asok
log file = $run/\$name.log
mon cluster log file = $run/cluster.log
pid file = $run/\$name.pid
mon data = $run/mon
osd data = $run/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 10000
plugin dir = $library/ceph
erasure code dir = $library/ceph/erasure-code
osd class dir = $library/rados-classes
[client]
rgw frontends = beast endpoint=127.0.0.1:$2
END
}

start() {
    local fsid
    fsid=$(awk '$1 == "fsid" { print $3 }' "$run/ceph.conf")
    mkdir "$run/mon" "$run/osd"
    monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$1]" "$run/monmap"
    ceph-authtool -C "$run/keyring" --gen-key -n mon. --cap mon 'allow *'
    ceph-authtool "$run/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
    ceph-mon --mkfs -i a --monmap "$run/monmap" --keyring "$run/keyring"
    ceph-mon -i a
    timeout 30 "${ceph[@]}" osd new "$fsid"
    ceph-authtool "$run/keyring" --gen-key -n osd.0
    timeout 30 "${ceph[@]}" auth add osd.0 -i "$run/keyring" mon 'allow profile osd' osd 'allow *'
    ceph-osd --mkfs -i 0 --osd-uuid "$fsid"
    timeout 30 "${ceph[@]}" osd crush add osd.0 1.0 root=default host=here
    ceph-osd -i 0
    radosgw -n client.admin
    timeout 60 curl --silent --output /dev/null --retry 60 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$2/"
    timeout 60 radosgw-admin user create --uid lake --display-name lake \
        --access-key "$AWS_ACCESS_KEY_ID" --secret "$AWS_SECRET_ACCESS_KEY"
}

[ -e "$place/done" ] || unpack
library=$unpacked/usr/lib/$(uname -m)-linux-gnu
ceph=(/usr/bin/python3 "$unpacked/usr/bin/ceph")
monitor=$(port) gateway=$(port)
trap stop EXIT
configure "$monitor" "$gateway"
export AWS_ACCESS_KEY_ID=lake AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=us-east-1
AWS_SECRET_ACCESS_KEY=$(cat /proc/sys/kernel/random/uuid)
if ! (
    export CEPH_CONF=$run/ceph.conf PYTHONPATH=$unpacked/usr/lib/python3/dist-packages PATH=$unpacked/usr/bin:$PATH
    export LD_LIBRARY_PATH=$unpacked/usr/lib:$library:$unpacked/lib/$(uname -m)-linux-gnu:$library/ceph
    start "$monitor" "$gateway"
) >"$run/start.log" 2>&1; then
    tail -n 20 "$run/start.log"
    exit 1
fi
echo "real-s3: $(basename "$packages"/radosgw_*.deb .deb) at 127.0.0.1:$gateway"
WAYBILL_TEST_S3=http://127.0.0.1:$gateway .venv/bin/python -m pytest plugins/utilities/lake/tests/test_lake_stores.py \
    plugins/utilities/lake/tests/test_lake_publishing.py plugins/extractors/tap-landing/tests/test_tap_landing_days.py "$@"
