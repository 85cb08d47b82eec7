# Sourced first of all by tests that need a machine of their own: the test runs once more in one, with a systemd, a bus and a
# journal, in pid, network, mount, uts, ipc and cgroup namespaces, on a private root whose /usr is this machine's, read-only. What
# it runs ends with it, however that ends. `unit NAME LINE...` writes a unit, and has systemd read it.
MACHINE=${MACHINE:-}

unit() {
    local name=$1
    shift
    printf '%s\n' '[Unit]' DefaultDependencies=no "$@" >"$MACHINE_UNITS/$name"
    [ -n "$MACHINE_ROOT" ] || systemctl daemon-reload
}

machine_root() {
    local folder device
    mount -t tmpfs -o mode=755 none "$MACHINE_ROOT"
    mkdir -p "$MACHINE_UNITS" "$MACHINE_ROOT"/{usr,run,proc,sys,root,before,dev/shm,var/{log,lib,spool/cron/crontabs}}
    mkdir -m 1777 "$MACHINE_ROOT/tmp"
    for folder in bin sbin lib lib64; do ln -s usr/$folder "$MACHINE_ROOT/$folder"; done
    mount --bind /usr "$MACHINE_ROOT/usr" && mount -o remount,bind,ro "$MACHINE_ROOT/usr"
    mount -t tmpfs -o mode=755 none "$MACHINE_ROOT/run"
    for device in null zero full random urandom; do
        : >"$MACHINE_ROOT/dev/$device" && mount --bind /dev/$device "$MACHINE_ROOT/dev/$device"
    done
    chmod 1777 "$MACHINE_ROOT/dev/shm"
    ln -s ../run "$MACHINE_ROOT/var/run"
    ln -s /proc/self/fd "$MACHINE_ROOT/dev/fd"
    for folder; do mkdir -p "$MACHINE_ROOT$folder" && mount --bind "$folder" "$MACHINE_ROOT$folder"; done
}

machine_settings() {
    local etc=$MACHINE_ROOT/etc
    mkdir "$etc"/{pam.d,ssl}
    cp -a /etc/alternatives /etc/ld.so.cache "$etc" && cp /etc/ssl/openssl.cnf "$etc/ssl"
    od -An -tx1 -N16 /dev/urandom | tr -d ' ' >"$etc/machine-id"
    printf '%s required pam_permit.so\n' auth account password session >"$etc/pam.d/other"
    printf '%s:/:/bin/false\n' root:x:0:0: messagebus:x:100:100: nobody:x:65534:65534: >"$etc/passwd"
    printf '%s\n' root:x:0: messagebus:x:100: nogroup:x:65534: >"$etc/group"
    unit test.target Requires=dbus.service Wants=systemd-journald.service After=dbus.service
    unit dbus.socket '[Socket]' ListenStream=/run/dbus/system_bus_socket
    unit dbus.service Requires=dbus.socket After=dbus.socket '[Service]' Type=notify \
        'ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only'
}

# As the first process of its namespace; the kernel's own settings are all machines', and are not written from in there.
machine_boot() {
    mount -t proc none "$MACHINE_ROOT/proc"
    mount --bind "$MACHINE_ROOT/proc/sys" "$MACHINE_ROOT/proc/sys" && mount -o remount,bind,ro "$MACHINE_ROOT/proc/sys"
    mount -t sysfs -o ro none "$MACHINE_ROOT/sys" && mount -t cgroup2 none "$MACHINE_ROOT/sys/fs/cgroup"
    cd "$MACHINE_ROOT" && pivot_root . before && umount -l /before
    exec env -i container=test PATH=/usr/bin:/usr/sbin /usr/lib/systemd/systemd --system --unit=test.target \
        --log-target=null --show-status=no </dev/null >/dev/null 2>&1
}

machine_inside() { nsenter --target "$machine_init" --all --root "$@"; }
machine_runs() { machine_inside systemctl is-active test.target dbus.service systemd-journald.service; }

# The group of a second version's tree that all of it is in.
machine_end() {
    trap '' INT TERM # who ends the test does not end this
    kill -KILL "$machine_init"
    wait "$machine_between"
    umount -R -l "$MACHINE_ROOT" && rmdir "$MACHINE_ROOT"
    find "$machine_group" -depth -type d -exec rmdir {} \;
} 2>/dev/null

machine_make() {
    local groups=/sys/fs/cgroup tries
    [ -e $groups/cgroup.procs ] || groups=$groups/unified
    machine_group=$groups/tocsin-test-$$
    MACHINE_ROOT=$(mktemp -d /tmp/tocsin-machine-XXXXXX)
    MACHINE_UNITS=$MACHINE_ROOT/etc/systemd/system
    mkdir "$machine_group" && ip link set lo up && machine_root "$@" && machine_settings || return 1
    export -f machine_boot
    export MACHINE_ROOT
    (
        echo $BASHPID >"$machine_group/cgroup.procs"
        exec setpriv --pdeathsig KILL unshare --pid --fork --kill-child --cgroup --mount bash -c machine_boot
    ) 2>/dev/null &
    machine_between=$!
    trap machine_end EXIT
    for ((tries = 0; tries < 1200; tries++)); do
        read -r machine_init <"/proc/$machine_between/task/$machine_between/children" 2>/dev/null
        [ -n "$machine_init" ] && machine_runs >/dev/null 2>&1 && return
        sleep 0.1
    done
    return 1
}

case $MACHINE in
'') MACHINE=outside exec unshare --mount --net --uts --ipc --propagation private "$0" "$@" ;;
outside)
    machine_source=$(cd "$(dirname "$0")/../.." && pwd) machine_build=$(cd "$1" && pwd) status=0
    machine_make "$machine_source" "$machine_build" || { echo "Bail out! the machine was not made"; exit 1; }
    machine_inside env -i MACHINE=inside PATH="$PATH" HOME=/root "$machine_source/tests/e2e/$(basename "$0")" "$machine_build" || status=$?
    exit $status
    ;;
inside)
    MACHINE_ROOT='' MACHINE_UNITS=/etc/systemd/system
    mkdir /sys/fs/cgroup/test && echo $$ >/sys/fs/cgroup/test/cgroup.procs
    ;;
esac
