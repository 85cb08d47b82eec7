#!/bin/bash
# Stock playbooks see to a real router: Debian's FRR behind Debian's sshd, at the other end of a cable, with a BGP neighbour at
# this one. All in network and mount namespaces of this test's own, with a /run and users of its own, so that nothing of the
# machine that it runs on is touched.
[ -n "${FIXES_INSIDE:-}" ] || FIXES_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
mount -t tmpfs none /run
SITE_WORKERS=north-1

cage_make tfd0 tfd1 192.0.2.1/24
caged ip addr add 192.0.2.2/24 dev tfd1
caged ip link add wan0 type veth peer name wan1
caged ip link set wan0 up && caged ip link set wan1 up

order() { ordered "$1" --target north-1 --set device=edge1 "${@:2}"; }
waits() { wait_for 20 part_says north-1 "waits for a person in step agree"; }
agreed() { waits && as giang run approve "$RUN"; }

# ---- the router -----------------------------------------------------------------------------

# A daemon that gives up its rights loses the word that would end it with the test; the first process of its pid namespace does not.
daemon() { "$1" unshare --pid --fork --kill-child=KILL bash -c '"$@" & wait' daemon "${@:2}" >>"$SITE_HOME/log/router" 2>&1; }
frr() { # WHERE PROGRAM NAME ARGUMENT...: its sockets are in /run/NAME
    daemon "$1" env LD_LIBRARY_PATH="$libraries" "$BUILD_TOOLS/usr/lib/frr/$2" -u frr -g frr -f "$router/$3-$2" -i "/run/$3/$2.pid" \
        -z "/run/$3/zserv.api" --vty_socket "/run/$3" -P 0 "${@:4}"
}
vtysh() { LD_LIBRARY_PATH=$libraries "$BUILD_TOOLS/usr/bin/vtysh" --vty_socket "$1" --config_dir "$router" "${@:2}"; }
neighbour_typed() { local line words=(); for line; do words+=(-c "$line"); done; vtysh /run/peer -c "configure terminal" -c "router bgp 65001" "${words[@]}"; }
# Both ends may call each other at first, and drop one of the two connections.
drops() { vtysh /run/frr -c "show bgp neighbors 192.0.2.1 json" | grep -m 1 '"connectionsDropped":' | tr -dc 0-9; }
session_is() { local said; said=$(vtysh /run/frr -c "show bgp neighbors 192.0.2.1 json" | grep -m 1 "\"$1\":") && echo "$said" && [[ $said == *:$2,* ]]; }
typed() { local line words=(); for line; do words+=(-c "$line"); done; vtysh /run/frr -c "configure terminal" "${words[@]}"; }
established() { vtysh /run/peer -c "show bgp neighbors 192.0.2.2 json" | grep -q '"bgpState":"Established"'; }
# Until the router has seen that: it may look when it is up again.
flaps() {
    caged ip link set wan1 down && sleep 0.1 && caged ip link set wan1 up && sleep 0.1
    vtysh /run/frr -c "show interface wan0 json" | grep -q '"linkDowns": *[1-9]'
}
is_up() { caged ip -o link show "$1" | grep -q '[<,]UP[,>]'; }
bgp() { # OWN-AS LAST-OCTET OTHER-AS LAST-OCTET
    printf '%s\n' "router bgp $1" " no bgp ebgp-requires-policy" " bgp router-id 192.0.2.$2" " neighbor 192.0.2.$4 remote-as $3" \
        " neighbor 192.0.2.$4 password router-word" " neighbor 192.0.2.$4 timers 3 30" " neighbor 192.0.2.$4 timers connect 1"
}
# FILE LINE...: the same with lines behind, in its place.
lines_behind() {
    cp -p "$1" "$router/${1##*/}" && printf '%s\n' "${@:2}" >>"$router/${1##*/}" && mount --bind "$router/${1##*/}" "$1"
}
router_make() {
    router=$SITE_HOME/router libraries=$BUILD_TOOLS/usr/lib/x86_64-linux-gnu:$BUILD_TOOLS/usr/lib/x86_64-linux-gnu/frr
    mkdir -p "$router" && mkdir -m 700 "$SITE_HOME/backups"
    lines_behind /etc/group frr:x:991: frrvty:x:990:frr
    lines_behind /etc/passwd "sshd:x:989:65534::/run/sshd:/usr/sbin/nologin" "frr:x:991:991::/:/bin/false" "ops:x:991:991::/:$router/shell"
    lines_behind /etc/shadow "ops:$(openssl passwd -6 pass-word-12):19000::::::"
    (umask 077 && echo pass-word-12 >"$router/word")
    mkdir -p /run/{sshd,frr,peer} && chown 991:991 /run/{frr,peer}
    ssh-keygen -q -t ed25519 -N '' -f "$router/key"
    printf '%s\n' "ListenAddress 192.0.2.2:22" "HostKey $router/key" "UsePAM no" "PidFile none" "UseDNS no" "PrintMotd no" \
        "PrintLastLog no" >"$router/sshd"
    printf '#!/bin/sh\n%s\n' "LD_LIBRARY_PATH=$libraries exec $BUILD_TOOLS/usr/bin/vtysh --vty_socket /run/frr --config_dir $router" >"$router/shell"
    chmod 755 "$router/shell"
    printf "username %s nopassword\n" frr root >"$router/vtysh.conf"
    : >"$router/frr.conf"
    echo "hostname edge1" >"$router/frr-zebra"
    # What it takes from its neighbour a filter says, which counts for what was taken before once that is told again.
    # One of both connects: where both do the loser may think its own connection established, which is a session lost then.
    { echo "hostname edge1"; bgp 65002 2 65001 1; printf '%s\n' " neighbor 192.0.2.1 passive" " neighbor 192.0.2.1 route-map FROM in" \
        "route-map FROM deny 10" "bgp route-map delay-timer 0"; } >"$router/frr-bgpd"
    { bgp 65001 1 65002 2; printf '%s\n' " no bgp network import-check" " network 198.51.100.0/24"; } >"$router/peer-bgpd"
}
router_start() {
    frr caged_beside zebra frr &
    frr caged_beside bgpd frr &
    frr beside bgpd peer -Z &
    daemon caged_beside "$BUILD_TOOLS/usr/sbin/sshd" -D -e -f "$router/sshd" &
}

orders_site fixes-devices ../../../playbooks/{config-drift,port-flapping,bgp-neighbor-flapping,bgp-prefixes-missing,bgp-session-stuck}
router_make
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow device.%s device=edge1\n' show interface neighbour diff backup)
$(printf 'allow device.%s device=edge1 interface=wan0\n' shut no_shut)
$(printf 'allow device.%s device=edge1 neighbour=192.0.2.1\n' neighbour_{clear,down,reset,up})
allow host.cpu
device edge1 frr ops 192.0.2.2 22 password word host-key $(cut -d ' ' -f 1-2 "$router/key.pub")
secret word file $router/word
backups $SITE_HOME/backups
END
router_start
broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"
ok "a router has a session with its neighbour" wait_for 30 established

ok "people are asked whether its configuration is right" eval 'order config-drift && waits'
ok "  it is, and is kept" eval 'as giang run approve "$RUN" && ended succeeded'
ok "  as it is" grep -q "^router bgp 65002" -r "$SITE_HOME/backups"
ok "one that did not change is left alone" eval 'order config-drift && ended failed && says "is the one that was kept" view'
ok "somebody changes it" typed "router bgp 65002" "network 203.0.113.0/24"
ok "  people are shown how" eval 'order config-drift && waits && says "network 203.0.113.0/24" view'
ok "  one says no" eval 'as giang run approve "$RUN" --no && ended failed'
ok "  and it is not kept" eval '! grep -rq "203.0.113.0/24" "$SITE_HOME/backups"'
ok "once one says yes" eval 'order config-drift && agreed && ended succeeded'
ok "  it is" grep -rq "203.0.113.0/24" "$SITE_HOME/backups"

dropped=$(drops)
ok "a filter that took nothing from a neighbour is mended, which is ordered to count" eval 'session_is acceptedPrefixCounter 0 && typed "route-map FROM permit 10" && order bgp-prefixes-missing --set neighbor=192.0.2.1 && ended succeeded'
ok "  its routes are taken, and the session stayed" eval 'session_is acceptedPrefixCounter 1 && [ "$(drops)" = "$dropped" ]'
ok "a neighbour announces more than it may, and its session goes for good" eval 'typed "router bgp 65002" "neighbor 192.0.2.1 maximum-prefix 1" && neighbour_typed "network 198.18.0.0/16" "network 198.19.0.0/16" && wait_for 20 session_is bgpState "\"Idle\"" && neighbour_typed "no network 198.18.0.0/16" "no network 198.19.0.0/16"'
ok "  asking again is for sessions that stand" eval 'order bgp-prefixes-missing --set neighbor=192.0.2.1 && ended failed && says "there is nothing to ask for" view'
ok "  people are told why it was lost, and one agrees" eval 'order bgp-session-stuck --set neighbor=192.0.2.1 && agreed && says "Maximum Number of Prefixes" view'
ok "  another session stands, with its routes" eval 'ended succeeded && established && session_is acceptedPrefixCounter 1'

ok "a neighbour's session comes and goes" eval 'vtysh /run/peer -c "clear bgp *" && wait_for 20 established'
ok "  people are told why it was lost, and one agrees" eval 'order bgp-neighbor-flapping --set neighbor=192.0.2.1 && agreed'
ok "  the neighbour is shut" eval 'ended succeeded && ! established && says "\"reason\":\"[A-Z]" view'
ok "  and nobody is asked once more" eval 'order bgp-neighbor-flapping --set neighbor=192.0.2.1 && ended failed && says "shut already" view'

ok "a port goes up and down" wait_for 10 flaps
ok "  and somebody holds it up" eval 'caged_beside bash -c "while :; do ip link set wan0 up; sleep 0.02; done" & holder=$!; order port-flapping --set interface=wan0 && agreed'
ok "  people are told how often it went down" says "it went down [1-9][0-9]* times" view
ok "  shutting it is taken back, for it does not go down" ended undone
kill $holder
ok "  it is up" is_up wan0
ok "nobody holds it any more, and one agrees" eval 'order port-flapping --set interface=wan0 && agreed'
ok "  it is shut" eval 'ended succeeded && ! is_up wan0'
orders_end
