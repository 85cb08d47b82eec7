#!/bin/bash
# Stock playbooks mend what is really broken: an alert comes, and a worker sees it, mends it and says so. All in network and
# mount namespaces of this test's own, with a /var/log of its own, so that nothing of the machine that it runs on is touched.
[ -n "${FIXES_INSIDE:-}" ] || FIXES_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
WRITER=tfx$$ # no other test's
writer=

# The guesser sits at the other end of a cable.
cage_make tfx0 tfx1 192.0.2.1/24
caged ip addr add 192.0.2.7/24 dev tfx1
caged ip addr add 192.0.2.8/24 dev tfx1

# A closed port answers at once; a packet that was dropped does not.
heard() { local status=0; caged timeout 1 bash -c "exec 3<>/dev/tcp/192.0.2.1/9" 2>/dev/null || status=$?; [ $status != 124 ]; }
is_blocked() { ! heard; }

# guesses USER ADDRESS TIMES: as sshd writes it down.
guesses() {
    local i
    for ((i = 0; i < $3; i++)); do
        printf '[6] [%05d] [    ] [%-8s] [ssh:notty   ] [%-20s] [%-15s] [%s]\n' 77 "$1" "$2" "$2" "$(date -u +%Y-%m-%dT%H:%M:%S,000000+00:00)"
    done | utmpdump -r >>/var/log/btmp 2>/dev/null
}

writer_start() {
    cat >"$SITE_HOME/app/$WRITER" <<-'END'
	#!/bin/bash
	trap 'exec >>app.log' HUP
	cd "$1" && exec >>app.log
	while sleep 0.1; do echo "another line"; done
	END
    chmod +x "$SITE_HOME/app/$WRITER"
    head -c 3000000 /dev/zero >"$SITE_HOME/app/app.log"
    setsid "$SITE_HOME/app/$WRITER" "$SITE_HOME/app" </dev/null 2>/dev/null &
    writer=$!
    wait_for 10 grep -qa "another line" "$SITE_HOME/app/app.log" # before that a HUP would end it
}
old_log() { find "$SITE_HOME/app" -name 'app.log?*' -size +2M | grep .; }
new_log_grows() { [ "$(stat -c %s "$SITE_HOME/app/app.log")" -gt 0 ] && [ "$(stat -c %s "$SITE_HOME/app/app.log")" -lt 1000000 ]; }

orders_site fixes ../../../playbooks/{ssh-brute-force,block-net,log-not-rotating,bgp-neighbor-down,collect-evidence,seal-evidence}
trap 'kill $writer 2>/dev/null; tap_clean' EXIT
mkdir -p "$SITE_HOME"/{app,varlog,drop}
mkdir -m 700 "$SITE_HOME/cases"
echo loot >"$SITE_HOME/drop/loot"
mount --bind "$SITE_HOME/varlog" /var/log && : >/var/log/btmp
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' host.uptime user.{failures,sessions,list} cron.list process.files conntrack.count link.list disk.mounts \
    route.{list,get} net.{ping,traceroute} file.{find,hash} evidence.{facts,file,seal})
allow firewall.view
allow firewall.block
allow firewall.unblock
allow file.stat
allow file.rotate
allow process.tree
allow process.list
allow process.view
allow process.signal name=$WRITER
read $SITE_HOME/app
read $SITE_HOME/drop
evidence $SITE_HOME/cases
spool $SITE_HOME/app
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

guesses ana 192.0.2.7 3
ok "who failed three times is looked at" eval 'ordered ssh-brute-force --target north-1 --set source=192.0.2.7 && ended succeeded'
ok "  and blocked by nobody" eval 'count_of block skipped 1 && wait_for 5 heard'
ok "who guesses on is granted to be blocked" granted ssh-brute-force SshBruteForce --bound source:within=192.0.2.0/24
guesses root 192.0.2.7 30
ok "  an alert rings" rings SshBruteForce source=192.0.2.7
ok "  it is mended without a person" mended
ok "  with the guesser blocked" is_blocked
ok "  until the block expires" says "192.0.2.7.* expires" nft list table inet tocsin

ok "a network is ordered to be blocked" ordered block-net --target north-1 --set source=192.0.2.0/25
ok "  but not one that holds the machine itself" ended failed
ok "another is" ordered block-net --target north-1 --set source=198.51.100.0/24 --set seconds=600
ok "  which is done" ended succeeded
ok "  and seen" says "198.51.100.0/24 .*expires" nft list table inet tocsin
ok "one of a single address too" eval 'ordered block-net --target north-1 --set source=203.0.113.9/32 --set seconds=600 && ended succeeded'
ok "once more it is left alone" eval 'ordered block-net --target north-1 --set source=198.51.100.0/24 --set seconds=300 && ended succeeded'
ok "  as its receipt says" count_of block skipped 1

writer_start
ok "a log grew too large, and a person says who writes it" eval 'rings LogFileTooLarge path=$SITE_HOME/app/app.log && ordered log-not-rotating --incident $INCIDENT --set writer=$WRITER --set megabytes=1'
ok "  it is rotated" ended succeeded
ok "  the old one is kept" old_log
ok "  and its writer goes on in the new one" wait_for 10 new_log_grows

ok "what a machine forgets first is kept" eval 'ordered collect-evidence --target north-1 --set folder=$SITE_HOME/drop && ended succeeded'
ok "  with the hash of what was dropped there" says "$(sha256sum <"$SITE_HOME/drop/loot" | cut -c1-64)" tocsin --json run view "$RUN"
ok "it is sealed into a case" eval 'ordered seal-evidence --target north-1 --set case=fixes-1 --set folder=$SITE_HOME/drop && ended succeeded'
ok "  which is an archive with what was dropped" says "-loot$" tar -tf "$SITE_HOME/cases/fixes-1.tar"
ok "a neighbour that takes no session is looked at" eval 'ordered bgp-neighbor-down --target north-1 --set neighbor=192.0.2.8 && ended succeeded'
ok "  and people are told how far it is reached" says "answers echoes but takes no session: Connection refused" tocsin --json run view "$RUN"
orders_end
