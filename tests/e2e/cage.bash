# Sourced behind tap.bash by tests that need a second machine: `cage_make LINK OTHER ADDRESS` makes one at the other end of
# a cable, whose end here is LINK with that ADDRESS, there OTHER; `caged COMMAND...` runs there. It ends with the test,
# however that ends. `beside COMMAND... &` and `caged_beside COMMAND... &` run here and there beside the test, under the pid $!,
# and end with it too. `reverts_end` ends what waits, beyond any worker, to take a route or a link of this network namespace back.

caged() { nsenter --net=/proc/$CAGE/ns/net "$@"; }
beside() { exec setpriv --pdeathsig KILL "$@"; }
caged_beside() { beside nsenter --net=/proc/$CAGE/ns/net "$@"; }
cage_is_apart() { [ "$(readlink /proc/$CAGE/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }

cage_make() {
    setpriv --pdeathsig KILL unshare --net sleep infinity </dev/null >/dev/null 2>&1 &
    CAGE=$!
    wait_for 10 cage_is_apart
    ip link set lo up
    ip link add "$1" type veth peer name "$2" netns $CAGE
    ip addr add "$3" dev "$1" && ip link set "$1" up
    caged ip link set lo up
    caged ip link set "$2" up
}
reverts_end() {
    local pid
    for pid in $(pgrep -x tocsin-revert); do
        [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ] || kill -KILL "$pid"
    done
}
