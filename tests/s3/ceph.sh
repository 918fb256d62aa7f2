#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real S3 server for the tests: Ceph's RADOS gateway, from Debian's packages, on this machine
# alone. One monitor, one OSD that keeps everything in memory, one gateway; no systemd, no keys
# between the daemons, nothing outside FOLDER. It is gone with `stop`.
#
#   tests/s3/ceph.sh start FOLDER [PORT]     prints the endpoint when it answers
#   tests/s3/ceph.sh stop FOLDER
#
# The account's keys are those below; the tests sign with them.
set -euo pipefail
readonly access_key=TESTACCESSKEY0000000 secret_key=test/secret+key/0000000000000000000000000
action=${1:?start or stop} port=${3:-7480}
folder=$(realpath -m "${2:?a folder}")
readonly action port folder mon_port=$((port + 1)) old_mon_port=$((port + 2))

configure() {
    mkdir -p "$folder"/{mon,osd,rgw,log,run}
    cat > "$folder/ceph.conf" << END
[global]
fsid = $1
mon_host = [v2:127.0.0.1:$mon_port/0,v1:127.0.0.1:$old_mon_port/0]
public_network = 127.0.0.0/8
ms_bind_ipv6 = false

# Nobody else can reach it, and each daemon trusts the others.
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = false
ms_mon_client_mode = crc
ms_mon_cluster_mode = crc
ms_mon_service_mode = crc
ms_client_mode = crc
ms_cluster_mode = crc
ms_service_mode = crc

# One copy of everything is enough.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 2000
mon_data_avail_warn = 2
mon_data_avail_crit = 1

# Quick to start.
paxos_propose_interval = 0.05
paxos_min_wait = 0.01

run_dir = $folder/run
admin_socket = $folder/run/\$name.asok
pid_file = $folder/run/\$name.pid
log_file = $folder/log/\$name.log
mon_cluster_log_file = $folder/log/cluster.log
crash_dir = $folder/log
[mon]
mon_data = $folder/mon
[osd]
osd_data = $folder/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_memory_target = 1073741824
[client.rgw]
rgw_data = $folder/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_thread_pool_size = 32
rgw_dns_name = localhost
rgw_enable_usage_log = false
rgw_run_sync_thread = false
rgw_crypt_require_ssl = false
# What was deleted makes room at once, not after two hours.
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
END
}

wait_for_gateway() {
    for _ in $(seq 150); do
        curl -s -o "$folder/log/answer" "http://127.0.0.1:$port/" && return
        sleep 0.1
    done
    echo "the gateway does not answer; see $folder/log" >&2
    return 1
}

start() {
    local cluster osd
    cluster=$(< /proc/sys/kernel/random/uuid)
    osd=$(< /proc/sys/kernel/random/uuid)
    rm -rf "$folder"
    configure "$cluster"
    export CEPH_CONF=$folder/ceph.conf
    monmaptool --create --clobber --fsid "$cluster" \
        --addv a "[v2:127.0.0.1:$mon_port,v1:127.0.0.1:$old_mon_port]" "$folder/monmap"
    ceph-mon -i a --mkfs --monmap "$folder/monmap" -c "$CEPH_CONF"
    ceph-mon -i a -c "$CEPH_CONF"
    ceph -c "$CEPH_CONF" osd new "$osd"
    ceph-osd -i 0 --mkfs --osd-uuid "$osd" -c "$CEPH_CONF"
    ceph-osd -i 0 -c "$CEPH_CONF"
    radosgw -n client.rgw -c "$CEPH_CONF"
    wait_for_gateway
    radosgw-admin -c "$CEPH_CONF" user create --uid=test --display-name=test \
        --access-key="$access_key" --secret-key="$secret_key"
}

stop() {
    local pid
    for pid in "$folder"/run/*.pid; do
        [ -s "$pid" ] && kill "$(< "$pid")" 2> /dev/null
    done
    rm -rf "$folder"
}

case $action in
start)
    mkdir -p "${folder%/*}"
    if ! start > "$folder.log" 2>&1; then
        cat "$folder.log" >&2
        stop || true
        exit 1
    fi
    rm "$folder.log"
    echo "http://127.0.0.1:$port $access_key $secret_key"
    ;;
stop) stop || true ;;
esac
