# Sourced behind tap.bash by tests that need a systemd: one of their own, in pid, mount and cgroup namespaces, on a private root
# whose /usr is the machine's, read-only, with what deploy/install laid down. It knows our units and no others, has no bus and no
# journal: what a unit says is in INIT_ROOT/var/log/UNIT. The caller has left the machine's network and mounts by `unshare`.
#
#     init_make            the root: $INIT_ROOT
#     init_start           systemd on it; it ends with the test, however that ends
#     inside COMMAND...    there, as root
#     init_end

init_stub() { printf '[Unit]\nDefaultDependencies=no\n%s\n' "${2:-}" >"$INIT_ROOT/etc/systemd/system/$1"; }

init_root() {
    local device name
    INIT_PLACE=$(mktemp -d /tmp/tocsin-init.XXXXXX) && mount -t tmpfs -o mode=755 tocsin-init "$INIT_PLACE" || return 1
    INIT_ROOT=$INIT_PLACE/root
    mkdir -p "$INIT_PLACE/machine" "$INIT_ROOT"/{usr,etc/systemd/system/service.d,run,var/log,proc,sys,dev,tmp,root}
    "$SOURCE/deploy/install" "$INIT_PLACE/machine" || return 1
    cp "$BUILD"/tests/e2e/{slow,knock} "$INIT_PLACE/machine/usr/bin/"
    mount -t overlay -o "lowerdir=$INIT_PLACE/machine/usr:/usr" tocsin-usr "$INIT_ROOT/usr" || return 1
    for name in bin sbin lib lib64; do ln -s "usr/$name" "$INIT_ROOT/$name"; done
    for device in null zero full random urandom; do
        : >"$INIT_ROOT/dev/$device"
        mount --bind "/dev/$device" "$INIT_ROOT/dev/$device" || return 1
    done
}

init_make() {
    local name
    init_root || return 1
    cp "$INIT_ROOT"/usr/lib/systemd/system/tocsin-* "$INIT_ROOT/etc/systemd/system/"
    for name in sysinit basic sockets shutdown network-online multi-user; do init_stub $name.target; done
    printf '[Service]\nStandardOutput=append:/var/log/%%p\nStandardError=inherit\n' >"$INIT_ROOT/etc/systemd/system/service.d/log.conf"
    echo 0123456789abcdef0123456789abcdef >"$INIT_ROOT/etc/machine-id"
    printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$INIT_ROOT/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$INIT_ROOT/etc/group"
    systemd-sysusers --root="$INIT_ROOT" tocsin.conf && systemd-tmpfiles --root="$INIT_ROOT" --create tocsin.conf
}

# In a control group of the second version, to the root of its own.
init_group() {
    INIT_GROUP=/sys/fs/cgroup
    [ -e $INIT_GROUP/cgroup.procs ] && [ -e $INIT_GROUP/cgroup.controllers ] || INIT_GROUP=/sys/fs/cgroup/unified
    INIT_GROUP=$INIT_GROUP/tocsin-test-$$
    mkdir "$INIT_GROUP"
}

init_exec() {
    echo $BASHPID >"$INIT_GROUP/cgroup.procs" || exit 1
    exec setpriv --pdeathsig KILL unshare --pid --mount --cgroup --fork --kill-child sh -c '
        mount --rbind "$1" "$1" && cd "$1" && mount -t proc proc proc && mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys proc/sys &&
        mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup || exit 1
        pivot_root . . && umount -l . && exec /usr/bin/env -i container=test PATH=/usr/bin:/usr/sbin SYSTEMD_UNIT_PATH=/etc/systemd/system \
            setsid /usr/lib/systemd/systemd --system --unit=basic.target --log-target=null --show-status=no' sh "$INIT_ROOT"
}

init_start() {
    init_group || return 1
    init_exec </dev/null >"$INIT_PLACE/log" 2>&1 &
    INIT_OUTER=$!
    wait_for 10 init_answers
}

init_pid() { INIT_PID=$(cat "/proc/$INIT_OUTER/task/$INIT_OUTER/children" | tr -d ' ') && [ -n "$INIT_PID" ]; }
init_answers() { init_pid && inside systemctl is-active basic.target; }
inside() { nsenter --target "$INIT_PID" --mount --pid --cgroup --root --wd=/ -- env -i PATH=/usr/bin:/usr/sbin "$@"; }

init_end() {
    [ -z "${INIT_OUTER:-}" ] || { kill -KILL "$INIT_OUTER" 2>/dev/null && wait "$INIT_OUTER" 2>/dev/null; }
    [ -z "${INIT_GROUP:-}" ] || wait_for 5 eval 'find "$INIT_GROUP" -depth -type d -exec rmdir {} + 2>/dev/null; [ ! -d "$INIT_GROUP" ]'
    [ -z "${INIT_PLACE:-}" ] || { umount -R -l "$INIT_PLACE" && rmdir "$INIT_PLACE"; }
}
