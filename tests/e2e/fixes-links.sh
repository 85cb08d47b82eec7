#!/bin/bash
# Stock playbooks mend a link of a real systemd-networkd, and tell which port of which switch it hangs on, as a real lldpd heard it. In a
# machine of this test's own; the switch, another lldpd and a router, is at the other end of a cable.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1

cage_make wan0 wan1 192.0.2.1/24
caged ip addr add 192.0.2.2/24 dev wan1
caged ip addr add 203.0.113.9/32 dev lo

# ---- systemd-networkd -------------------------------------------------------------------------

network_make() {
    echo systemd-network:x:104:104::/:/bin/false >>/etc/passwd && echo systemd-network:x:104: >>/etc/group && dbus_reads
    mkdir -p /etc/systemd/network
    printf '%s\n' '[Match]' Name=wan0 '[Network]' Address=192.0.2.1/24 Gateway=192.0.2.2 LinkLocalAddressing=no IPv6AcceptRA=no \
        >/etc/systemd/network/50-wan0.network
    unit network.service After=dbus.service '[Service]' Type=dbus BusName=org.freedesktop.network1 ExecStart=/usr/lib/systemd/systemd-networkd
    ip addr flush dev wan0 && systemctl start network.service && wait_for 10 has_route
}
dbus_reads() { busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig; }
has_route() { ip route show default | grep -q "via 192.0.2.2 dev wan0"; }
missing() { ordered default-route-missing --target north-1 --set link=wan0 --set outside=203.0.113.9; }
told() { says "$1" tocsin --json run view "$RUN"; }

# ---- lldpd ------------------------------------------------------------------------------------

lldp_make() {
    mkdir -p /srv/sbin/{more,work} /run/lldpd
    printf '#!/bin/sh\n%s\n' "LD_LIBRARY_PATH=$libraries exec $BUILD_TOOLS/usr/sbin/lldpcli \"\$@\"" >/srv/sbin/more/lldpcli
    chmod 755 /srv/sbin/more/lldpcli
    mount -t overlay -o lowerdir=/usr/sbin,upperdir=/srv/sbin/more,workdir=/srv/sbin/work none /usr/sbin
    echo _lldpd:x:103:103::/run/lldpd:/bin/false >>/etc/passwd && echo _lldpd:x:103: >>/etc/group
}
lldp() { "$1" env LD_LIBRARY_PATH="$libraries" "$BUILD_TOOLS/usr/sbin/lldpd" -d -L /usr/sbin/lldpcli "${@:2}" >>"$SITE_HOME/log/lldpd" 2>&1; }
switch() { lldpcli -u /run/switch.socket configure "$@"; }
hears() { lldpcli show neighbors | grep -q 'SysName: *sw1'; }
# Once it is watched.
flaps() { local i; wait_for 20 part_says north-1 "^open"; for i in 1 2 3 4 5 6; do caged ip link set wan1 down && sleep 0.2 && caged ip link set wan1 up && sleep 0.2; done; }

libraries=$BUILD_TOOLS/usr/lib/x86_64-linux-gnu
orders_site fixes-links ../../../playbooks/{default-route-missing,link-flap}
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' link.{view,list,neighbours} route.list host.cpu net.ping)
allow link.reconfigure link=wan0
management 198.51.100.0/24
END
ok "a link is systemd-networkd's" network_make
lldp_make
lldp beside -u /run/lldpd.socket -I wan0 &
lldp caged_beside -u /run/switch.socket -I wan1 &
broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

ok "a link that has its default route is left alone" eval 'missing && ended failed && told "a default route leads over 192.0.2.2"'
ok "  one way of several, too" eval 'ip route replace default nexthop via 192.0.2.2 dev wan0 nexthop via 192.0.2.3 dev wan0 && missing && ended failed && told "a default route leads over 192.0.2.2"'
ok "somebody deletes the route, and another way to management is there" eval 'ip route del default && ip route add 198.51.100.0/24 via 192.0.2.2'
ok "  what leads to management is not touched" eval 'missing && ended failed && told "the way home or management needs" && not has_route'
ok "that way is gone too, and one of IPv6 or of another table leads nowhere that is asked for" eval 'ip route del 198.51.100.0/24 && ip -6 route add default dev wan0 && ip route add default via 192.0.2.2 table 7'
ok "  the link is set up anew, and an address outside answers" eval 'missing && ended succeeded && has_route'
ok "the switch tells its name" eval 'wait_for 10 switch system hostname sw1 && switch lldp tx-interval 1 && wait_for 20 hears'
ok "the link loses its signal over and over" eval 'ordered link-flap --target north-1 --set link=wan0 --set watch=6 --set flaps=2 && flaps'
ok "  people are told at which port of which switch" eval 'ended failed && told "see to its cable, its module and its peer, port wan1 of sw1"'
ok "  and it stays up, for nothing carries on without it" told "nothing carries on without wan0"
orders_end
