#!/bin/bash
# Stock playbooks give back what a machine ran out of: inodes, open files, a way out, an answer that is its own. All in network
# and mount namespaces of this test's own, so that nothing of the machine that it runs on is touched.
[ -n "${FIXES_INSIDE:-}" ] || FIXES_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2" # fd-limit leaves one untouched
HOARDER=tfr$$ # no other test's

# The spare router, with what lies behind it, sits at the other end of a cable.
cage_make tfr0 tfr1 192.0.2.1/24
caged ip addr add 192.0.2.2/24 dev tfr1
caged ip addr add 192.0.2.3/24 dev tfr1 # the spare router: who is blocked is none
caged ip addr add 198.51.100.9/32 dev lo
ip route add default via 192.0.2.254

waits() { wait_for 20 part_says north-1 "waits for a person in step $1"; }
# A closed port refuses at once; where no way leads, nothing does.
reaches() { says "Connection refused" not timeout 2 bash -c "exec 3<>/dev/tcp/198.51.100.9/9"; }
files_below() { find "$1" -type f | wc -l; }

# The hoarder opens 50 files of the 64 that it may have; started once more, a few.
hoarder() {
    mkdir -p "$SITE_HOME/app"
    cat >"$SITE_HOME/app/$HOARDER" <<-END
	#!/bin/bash
	[ "\$1" != start ] || { setsid "\$0" </dev/null >/dev/null 2>&1 & exit; }
	ulimit -n 64
	opened=50; [ -e "$SITE_HOME/app/again" ] && opened=5
	: >"$SITE_HOME/app/again"
	for ((i = 0; i < opened; i++)); do exec {fd}</dev/null; done
	echo \$\$ >"$SITE_HOME/app/pid"
	while :; do sleep 0.2 </dev/null; done
	END
    printf '#!/bin/bash\nkill "$(cat "%s/app/pid")"\n' "$SITE_HOME" >"$SITE_HOME/app/stop"
    chmod +x "$SITE_HOME"/app/*
    "$SITE_HOME/app/$HOARDER" start
    wait_for 10 test -s "$SITE_HOME/app/pid"
}

# Whoever asks gets the question back, three times: an amplifier.
amplifier() {
    beside perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); bind(S, pack_sockaddr_in(5353, inet_aton("192.0.2.1"))) or die;
        while (my $from = recv(S, my $text, 500, 0)) { send(S, $text, 0, $from) for 1..3 }' &
    caged_beside perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); bind(S, pack_sockaddr_in(999, inet_aton("192.0.2.2"))) or die;
        while (1) { send(S, "?", 0, pack_sockaddr_in(5353, inet_aton("192.0.2.1"))); select(undef, undef, undef, 0.02) }' &
}

orders_site fixes-resources ../../../playbooks/{inode-exhaustion,fd-limit,default-route-loss,udp-amplification}
trap 'kill "$(cat "$SITE_HOME/app/pid")" 2>/dev/null; umount -l "$SITE_HOME/small"; tap_clean' EXIT
small=$SITE_HOME/small
mkdir -p "$small" && mount -t tmpfs -o nr_inodes=1000,size=4m none "$small" && mkdir "$small"/{sessions,kept}
touch -d '2 days ago' "$small"/sessions/sess_{1..800} "$small"/kept/{1..50}
touch "$small"/sessions/sess_now
hoarder
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' disk.inodes host.files process.{view,sockets} file.remove_aged route.{get,list} neighbour.list link.view net.{ping,capture} firewall.{block,unblock,view})
allow route.add to=198.51.100.0/24
allow route.remove to=198.51.100.0/24
expendable $small/sessions older-than 1h
service hoarder pidfile $SITE_HOME/app/pid
service hoarder start $SITE_HOME/app/$HOARDER start
service hoarder stop $SITE_HOME/app/stop
read $small
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

ok "a filesystem without inodes is looked at" eval 'ordered inode-exhaustion --target north-1 --set mount=$small --set folder=$small/kept --set entries=100 && ended succeeded'
ok "  people are told that this folder is not the cause" says "sessions \(801\)" tocsin --json run view "$RUN"
ok "  and nothing is cleared" test "$(files_below "$small")" = 851
ok "the folder that is the cause is cleared" eval 'ordered inode-exhaustion --target north-1 --set mount=$small --set folder=$small/sessions --set entries=100 && ended succeeded'
ok "  of what is aged, and no other" eval '[ "$(ls "$small/sessions")" = sess_now ] && [ "$(files_below "$small/kept")" = 50 ]'

before=$(cat "$SITE_HOME/app/pid")
ok "a service that holds too many files is restarted" eval 'ordered fd-limit --target north-1 --set service=hoarder --set process=$HOARDER --set limit=60 && ended succeeded'
ok "  and is another process" not test "$(cat "$SITE_HOME/app/pid")" = "$before"
ok "with room it is left alone" eval 'ordered fd-limit --target north-1 --set service=hoarder --set process=$HOARDER --set limit=60 && ended succeeded && count_of restart skipped 1'

amplifier
ok "an amplifier's answers are stopped" eval 'ordered udp-amplification --target north-1 --set victim=192.0.2.2 --set port=5353 --set link=tfr0 --set per_second=20 && ended succeeded'
ok "  with what answers named" says "perl on 192.0.2.1" tocsin --json run view "$RUN"
ok "  until the block expires" says "192.0.2.2.* expires" nft list table inet tocsin

ok "the way out of a machine is lost" not reaches
ok "a machine whose router is silent asks" eval 'ordered default-route-loss --target north-1 --set link=tfr0 --set outside=198.51.100.9 --set network=198.51.100.0/24 --set spare=192.0.2.3 --set seconds=60 && waits agree'
ok "  who agrees" as giang run approve "$RUN"
ok "  has the network led over the spare router" ended succeeded
ok "  where it is reached" wait_for 10 reaches
ok "with a way out nobody is asked" eval 'ordered default-route-loss --target north-1 --set link=tfr0 --set outside=198.51.100.9 --set network=198.51.100.0/24 --set spare=192.0.2.3 --set seconds=60 && ended failed'
ok "  and the receipt says why" says "198.51.100.9 answers" tocsin --json run view "$RUN"

orders_end
