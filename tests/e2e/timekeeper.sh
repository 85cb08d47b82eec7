#!/bin/bash
# The timekeeper: it takes stops that no broker can withhold, keeps them over kill -9, names them in what it signs, and
# stock ssh-keygen verifies that; people are told whom their word did not reach.
. "$(dirname "$0")/tap.bash"
tap_site timekeeper
site=$TOCSIN_SITE
state=$SITE_HOME/timekeeper
port=$(free_port)
export TOCSIN_TIMEKEEPER=tcp://127.0.0.1:$port

told() { local wanted=$1 status=0; shift; "$@" >"$SITE_HOME/log/told" 2>&1 || status=$?; cat "$SITE_HOME/log/told"; [ $status = "$wanted" ]; }
said() { grep -qE -- "$1" "$SITE_HOME/log/told"; }
officer() { tocsin --no-input "$@" --key "$SITE_HOME/keys/chi"; }
sequence() { grep -a '^sequence ' "$state/beacon" | cut -d' ' -f2; }
beats_behind() { [ "$(sequence)" -gt "$1" ]; }
names() { grep -qa "^halt $1" "$state/beacon"; }
stopped() { sed -n 's/^ *"hash": "\([0-9a-f]*\)".*/\1/p' "$SITE_HOME/log/told" | head -n 1; }
keeper_start() { background timekeeper tocsin-timekeeper -d -c "$SITE_HOME/timekeeper.conf"; }
verifies() { # as anybody can: the document, and its armor
    sed -n '1,/^end$/p' "$state/beacon" >"$SITE_HOME/log/beacon"
    sed '1,/^end$/d' "$state/beacon" >"$SITE_HOME/log/beacon.sig"
    echo "tick $(cut -d' ' -f2- "$SITE_HOME/timekeeper.keys")" >"$SITE_HOME/log/signers"
    ssh-keygen -Y verify -f "$SITE_HOME/log/signers" -I tick -n beacon@tocsin.v1 -s "$SITE_HOME/log/beacon.sig" <"$SITE_HOME/log/beacon"
}

cat >"$SITE_HOME/timekeeper.conf" <<END
site $(cat "$site/id")
state $state
documents $site
listen tcp://127.0.0.1:$port
curve-secret $SITE_HOME/keys/tick.curve
signing-key $SITE_HOME/keys/tick.signing
beat 1s
uid 64021
END

tocsin keys doctor >"$SITE_HOME/log/told" 2>&1
ok "a site without a timekeeper is told so" said '^warning +root: no timekeeper: a broker can withhold stops'
ok "it makes its keys once" eval 'tocsin-timekeeper keys -c "$SITE_HOME/timekeeper.conf" >"$SITE_HOME/timekeeper.keys" && tocsin-timekeeper keys -c "$SITE_HOME/timekeeper.conf" | cmp - "$SITE_HOME/timekeeper.keys"'
ok "  and its configuration is in order" tocsin-timekeeper -n -c "$SITE_HOME/timekeeper.conf"
tocsin keys root "$site" --timekeeper tick="$SITE_HOME/timekeeper.keys" --offline-max 0,86400,600 >/dev/null
unset TOCSIN_TIMEKEEPER
ok "root names it" eval 'site_sign ana root.2; site_sign binh root.2; test -e "$site/root.2"'
export TOCSIN_TIMEKEEPER=tcp://127.0.0.1:$port
chmod -R go+rX "$site"
ok "while it is away its absence is told" eval 'tocsin doctor >"$SITE_HOME/log/told" 2>&1; said "^unreachable +timekeeper: "'
keeper_start
ok "it signs a beacon each beat" eval 'wait_for 20 test -s "$state/beacon" && wait_for 20 beats_behind "$(sequence)"'
ok "  which ssh-keygen verifies" verifies
ok "  as a uid of its own" eval 'test "$(stat -c %u "/proc/$(pid_of timekeeper)")" = 64021'
ok "  behind a filter of system calls" grep -q '^Seccomp:.2' "/proc/$(pid_of timekeeper)/status"
officer_curve=$(tocsin keys curve "$SITE_HOME/keys/chi.curve")
tocsin keys person "$site" chi "$SITE_HOME/keys/chi.pub" --roles officer --curve "$officer_curve" >/dev/null
ok "new people go to it as soon as they are signed" eval 'site_sign ana people.draft; site_sign chi people.draft | grep -q "the timekeeper has it"'
chmod -R go+rX "$site"
export TOCSIN_CURVE=$SITE_HOME/keys/chi.curve
ok "  and are in its beacon" wait_for 20 grep -qa '^people 2 ' "$state/beacon"
ok "a stop reaches it while no broker is there: exit status 5" told 5 officer stop region north --reason "a storm"
ok "  who has it is said" said 'the timekeeper has it'
ok "  and who has not" said 'NOT REACHED: .*broker'
ok "  and it is in the next beacon" wait_for 20 grep -qa '^halt ' "$state/beacon"
stop timekeeper -KILL
before=$(sequence)
keeper_start
ok "after kill -9 it goes on where it was" wait_for 20 beats_behind "$before"
ok "  and still names the stop" names ""
stop timekeeper
broker_start
ok "while it is away a stop reaches the broker: exit status 5" told 5 officer stop region south --reason "another"
ok "  and who has not got it is said" said 'NOT REACHED: .*timekeeper'
tap_end
