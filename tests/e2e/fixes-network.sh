#!/bin/bash
# Stock playbooks mend what a network does to a machine: a flood, ports that run out, a resolver that hangs, a way that is lost,
# somebody who listens; and take back what does not help, or was done in part. All in network and mount namespaces of this test's
# own, so that nothing of the machine that it runs on is touched; the resolvers are Debian's unbound, and the network is at the
# other end of a cable.
[ -n "${FIXES_INSIDE:-}" ] || FIXES_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2" # of one machine: dns-failure leaves one untouched

# The spare router, with what lies behind it and the spare resolver, sits there; the way out leads to nobody.
cage_make tfn0 tfn1 192.0.2.1/24
for address in 192.0.2.2/24 192.0.2.3/24 192.0.2.53/24; do caged ip addr add $address dev tfn1; done
caged ip addr add 198.51.100.9/32 dev lo
ip route add default via 192.0.2.254
echo 1 >/proc/sys/net/ipv4/tcp_synack_retries # what is half open is given up after 3 s
echo 0 >/proc/sys/net/ipv4/tcp_syncookies
echo 40000 40119 >/proc/sys/net/ipv4/ip_local_port_range

kernel() { cat "/proc/sys/net/ipv4/$1"; }
kernel_is() { [ "$(kernel "$1" | tr '\t' ' ')" = "$2" ]; }
# A closed port refuses at once; where no way leads, or nothing is let in, nothing does: that a router is silent is known sooner by
# who asks after others did.
answers() { says "Connection refused" not timeout 2 "$@"; }
reaches() { answers bash -c 'exec 3<>/dev/tcp/198.51.100.9/9'; }
heard() { answers nsenter --net=/proc/$CAGE/ns/net bash -c 'exec 3<>/dev/tcp/192.0.2.1/9'; }
half_open() { grep -c '^ *[0-9]*: [0-9A-F:]* [0-9A-F:]* 03 ' /proc/net/tcp; }
flooded() { [ "$(half_open)" -gt 60 ]; }
order() { ordered "$1" --target ${WORKER:-north-1} "${@:2}"; }
agreed() { wait_for 40 part_says "$1" "waits for a person in step agree" && as giang run approve "$RUN"; }
mends_ports() { order time-wait --set least=100 --set pause=1 --set ports="$1"; }
slows_flood() { order syn-flood --set port=8080 --set half_open=60 --set pause=1 --set seconds=600 --set per_second="$1"; }
switches() { order resolver-switch --set resolver=127.0.0.1 --set spare=192.0.2.53 --set name=www.example; }
restarts() { order dns-failure --set service=unbound --set name=www.example --set spare=192.0.2.53; }
leads_back() { switches && ended "$1"; }
is_limited() { nft list table inet tocsin | grep -q 8080; }

# Whoever connects to port 8080 is heard and, in time, hung up on.
listener='socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
    bind(S, pack_sockaddr_in(8080, INADDR_ANY)) or die; listen(S, 512); while (accept(C, S)) { sysread(C, my $one, 1); close(C) }'
# Half-open connections from one source, that is not there to take them back: SYN packets as they go over the wire.
flood() {
    local there
    there=$(caged ip -o link show tfn1 | grep -o 'ether [0-9a-f:]*' | cut -c 7-)
    ip neigh replace 192.0.2.66 lladdr "$there" dev tfn0 nud permanent
    caged_beside perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 255) or die; my ($from, $to) = map { inet_aton($_) } "192.0.2.66", "192.0.2.1";
        sub sum { my $sum = 0; $sum += $_ for unpack("n*", $_[0]); $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; ~$sum & 0xffff }
        for (my $i = 0; ; $i++) { my @head = (1024 + $i % 60000, 8080, $i, 0, 0x5002, 1024);
            my $check = sum(pack("a4a4nn nnNNnnnn", $from, $to, 6, 20, @head, 0, 0));
            send(S, pack("CCnnnCCna4a4 nnNNnnnn", 0x45, 0, 40, 0, 0, 64, 6, 0, $from, $to, @head, $check, 0), 0, pack_sockaddr_in(0, $to));
            select(undef, undef, undef, 0.01) }' &
}
# Connections there and back, closed here: each port waits for a minute.
connects() { # [TIMES]
    perl -MSocket -e 'for (1..$ARGV[0]) { socket(S, PF_INET, SOCK_STREAM, 0);
        connect(S, pack_sockaddr_in(8080, inet_aton("192.0.2.2"))) or die "$!\n"; close(S) }' "${1:-1}"
}

# resolver FOLDER ADDRESS: Debian's unbound, which knows www.example.
resolver() {
    mkdir -p "$1"
    cat >"$1/conf" <<-END
	server:
	  interface: $2
	  access-control: 192.0.2.0/24 allow
	  access-control: 127.0.0.0/8 allow
	  chroot: ""
	  username: ""
	  directory: "$1"
	  pidfile: "$1/pid"
	  use-syslog: no
	  logfile: "$1/log"
	  num-threads: 1
	  module-config: "iterator"
	  local-data: "www.example. A 192.0.2.80"
	remote-control:
	  control-enable: no
	END
    printf '#!/bin/bash\n%s\n' "LD_LIBRARY_PATH=$BUILD_TOOLS/usr/lib/x86_64-linux-gnu exec $BUILD_TOOLS/usr/sbin/unbound -c $1/conf" >"$1/unbound"
    printf '#!/bin/bash\n%s\n' "kill -TERM \$(cat $1/pid); for i in {1..5}; do [ -d /proc/\$(cat $1/pid) ] || exit 0; sleep 0.1; done; kill -KILL \$(cat $1/pid)" >"$1/stop"
    chmod 755 "$1"/{unbound,stop}
}
asks_spare() { grep -qx 'nameserver 192.0.2.53' /etc/resolv.conf; }
asks_own() { grep -qx 'nameserver 127.0.0.1' /etc/resolv.conf; }

orders_site fixes-network ../../../playbooks/{syn-flood,time-wait,uplink-lost,dns-failure,resolver-switch,promiscuous-link}
trap 'kill -KILL "$(cat "$SITE_HOME/own/pid")" "$(cat "$SITE_HOME/spare/pid")" 2>/dev/null; tap_clean; reverts_end' EXIT
resolver "$SITE_HOME/own" 127.0.0.1
resolver "$SITE_HOME/spare" 192.0.2.53
echo nameserver 127.0.0.1 >"$SITE_HOME/resolv.conf" && mount --bind "$SITE_HOME/resolv.conf" /etc/resolv.conf
printf '#!/bin/bash\n%s\n' '[ ! -e "$0.wrong" ] || [ "$1" != 127.0.0.1 ] || set 127.0.0.9' 'echo "nameserver $1" >/etc/resolv.conf' >"$SITE_HOME/own/use" && chmod 755 "$SITE_HOME/own/use"
"$SITE_HOME/own/unbound" && caged "$SITE_HOME/spare/unbound"
tee -a "$SITE_HOME/north-1/policy" >>"$SITE_HOME/north-2/policy" <<END
$(printf 'allow %s\n' socket.summary host.{cpu,isolate,release} firewall.{limit,unlimit,list} net.{ping,dns} route.get link.view process.tree \
    file.setuid user.sessions)
$(printf 'allow host.sysctl key=net.ipv4.%s\n' tcp_syncookies tcp_tw_reuse ip_local_port_range)
$(printf 'allow sysctl.set key=net.ipv4.%s value=%s\n' tcp_syncookies 0 tcp_syncookies 1 tcp_tw_reuse 1 tcp_tw_reuse 2 \
    ip_local_port_range '30000*' ip_local_port_range '40000*')
$(printf 'allow route.%s to=198.51.%s\n' add 100.0/24 remove 100.0/24 add 101.0/24 remove 101.0/24)
allow site.run command=use-resolver
exec use-resolver class change timeout 20 $SITE_HOME/own/use {server:address}
service unbound pidfile $SITE_HOME/own/pid
service unbound start $SITE_HOME/own/unbound
service unbound stop $SITE_HOME/own/stop
read /usr
END
sed -i '/^allow firewall.list$/d' "$SITE_HOME/north-2/policy" # so that nobody can look there whether it was cut off

broker_start
for worker in $SITE_WORKERS; do worker_start $worker; done
ok "two workers are online" eval 'wait_for 20 worker_online north-1 && wait_for 20 worker_online north-2'
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

# Those that look for a while do so beside the rest.
ok "a way is lost, for good" eval 'WORKER=north-2 order uplink-lost --set to=198.51.101.0/24 --set beyond=198.51.101.9 --set spare=192.0.2.3 --set pause=1'
lost=$RUN
kill -STOP "$(cat "$SITE_HOME/own/pid")"
ok "a resolver hangs, which is ordered to be mended" switches
hung=$RUN
ok "another is lost" not reaches
ok "  which is ordered to be mended" order uplink-lost --set to=198.51.100.0/24 --set beyond=198.51.100.9 --set spare=192.0.2.3 --set pause=1
uplink=$RUN
caged_beside perl -MSocket -e "$listener" &
beside perl -MSocket -e "$listener" &
wait_for 10 connects
ok "ports run out: no connection can be opened" refuses 99 "Cannot assign" connects 200
ok "  which is ordered to be mended, by ports that the policy does not name" mends_ports "20000 30000"
ports=$RUN
flood
ok "a port is flooded" wait_for 20 flooded
ok "  which is ordered to be mended, by a limit that is none" slows_flood 10000
flooded=$RUN

beside perl -MSocket -e 'socket(S, 17, SOCK_RAW, 0x300) or die; setsockopt(S, 263, 1, pack("iSSa8", $ARGV[0], 1, 0, "")) or die; sleep' \
    "$(ip -o link show tfn0 | cut -d : -f 1)" &
listening=$!
ok "somebody listens to all that is on a link" wait_for 10 says "promiscuity 1" ip -d link show tfn0
ok "  which is ordered to be looked at" order promiscuous-link --set link=tfn0 --set seconds=600
listened=$RUN
ok "  by two" eval 'WORKER=north-2 order promiscuous-link --set link=tfn0 --set seconds=600'
unseen=$RUN

ok "the machine is led to the spare resolver" ended succeeded $hung
ok "  which it asks" asks_spare
ok "  while its own is to be restarted" restarts
restarted=$RUN
ok "the ports are as they were, and what was done first is taken back" eval 'ended undone $ports && kernel_is tcp_tw_reuse 2 && kernel_is ip_local_port_range "40000 40119"'
ok "  others are ordered" mends_ports "30000 50000"
ports=$RUN
ok "the flood goes on, and the limit is taken back, cookies too" eval 'ended undone $flooded && ! is_limited && kernel_is tcp_syncookies 0'
ok "  another is ordered" slows_flood 5
flooded=$RUN
ok "the resolver is restarted" ended succeeded $restarted
ok "  once" eval 'restarts && ended succeeded && count_of restart skipped 1'
: >"$SITE_HOME/own/use.wrong"
ok "the machine is led to nobody, and to the spare one again" eval 'leads_back undone && asks_spare'
rm "$SITE_HOME/own/use.wrong"
ok "the machine is led back" eval 'leads_back succeeded && asks_own'

ok "the ports are mended" eval 'ended succeeded $ports && kernel_is tcp_tw_reuse 1 && kernel_is ip_local_port_range "30000 50000"'
ok "  a connection can be opened" connects
ok "the way is mended" eval 'ended succeeded $uplink && wait_for 10 reaches'
ok "the first is not, and its route is gone" eval 'ended undone $lost && [ -z "$(ip route show 198.51.101.0/24)" ]'
ok "  as its receipt says" eval 'RUN=$lost; count_of lead undone 1'
ok "the flood is slowed" eval 'ended succeeded $flooded && wait_for 10 not flooded && kernel_is tcp_syncookies 1'
ok "  until the limit expires" is_limited

RUN=$unseen
ok "a person agrees that whoever listens is cut off" agreed north-2
ok "  nobody can see that the machine is, and it is let go" eval 'ended undone $RUN && count_of isolate undone 1 && wait_for 10 heard'
RUN=$listened
ok "a person agrees once more" agreed north-1
ok "  the machine is" eval 'ended succeeded $RUN && ! heard'
kill $listening
ok "once nobody listens nobody is asked" eval 'order promiscuous-link --set link=tfn0 --set seconds=600 && ended failed && says "hears only its own traffic" view'
orders_end
