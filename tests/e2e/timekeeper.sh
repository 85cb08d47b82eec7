#!/bin/bash
# The timekeeper: it takes stops that no broker can withhold, keeps them over kill -9, names them in what it signs, and
# stock ssh-keygen verifies that; people are told whom their word did not reach.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/keeper.bash"
tap_site timekeeper
keeper_configure
site=$TOCSIN_SITE
state=$SITE_HOME/timekeeper
export TOCSIN_TIMEKEEPER=tcp://127.0.0.1:$KEEPER_PORT

told() { local wanted=$1 status=0; shift; "$@" >"$SITE_HOME/log/told" 2>&1 || status=$?; cat "$SITE_HOME/log/told"; [ $status = "$wanted" ]; }
said() { grep -qE -- "$1" "$SITE_HOME/log/told"; }
officer() { tocsin --no-input "$@" --key "$SITE_HOME/keys/chi"; }
sequence() { grep -a '^sequence ' "$state/beacon" | cut -d' ' -f2; }
beats_behind() { [ "$(sequence)" -gt "$1" ]; }
names() { grep -qa "^halt $1" "$state/beacon"; }
stopped() { sed -n 's/^ *"hash": "\([0-9a-f]*\)".*/\1/p' "$SITE_HOME/log/told" | head -n 1; }
enrols() { worker_configure "$1" && tocsin-worker enrol -c "$SITE_HOME/$1/worker.conf" 2>"$SITE_HOME/$1/said" >"$SITE_HOME/$1/request" &&
    officer keys enrol "$site" north "$SITE_HOME/$1/request" --fingerprint "$(sed -n 's/^fingerprint *//p' "$SITE_HOME/$1/said")"; }
knows_fleet() { grep -qa "^fleet $1 $(sed -n 's/^version //p' "$site/fleet.$1") " "$state/beacon"; }
verifies() { # as anybody can: the document, and its armor
    sed -n '1,/^end$/p' "$state/beacon" >"$SITE_HOME/log/beacon"
    sed '1,/^end$/d' "$state/beacon" >"$SITE_HOME/log/beacon.sig"
    echo "tick $(cut -d' ' -f2- "$SITE_HOME/timekeeper.keys")" >"$SITE_HOME/log/signers"
    ssh-keygen -Y verify -f "$SITE_HOME/log/signers" -I tick -n beacon@tocsin.v1 -s "$SITE_HOME/log/beacon.sig" <"$SITE_HOME/log/beacon"
}

tocsin keys doctor >"$SITE_HOME/log/told" 2>&1
ok "a site without a timekeeper is told so" said '^warning +root: no timekeeper: a broker can withhold stops'
ok "it makes its keys once" eval 'keeper_keys && tocsin-timekeeper keys -c "$SITE_HOME/timekeeper.conf" | cmp - "$SITE_HOME/timekeeper.keys"'
ok "  and its configuration is in order" tocsin-timekeeper -n -c "$SITE_HOME/timekeeper.conf"
sed 's/^listen.*/listen nowhere/; s/^site.*/site none/' "$SITE_HOME/timekeeper.conf" >"$SITE_HOME/wrong.conf"
tocsin-timekeeper -n -c "$SITE_HOME/wrong.conf" 2>"$SITE_HOME/log/wrong"
ok "  a wrong one is refused" [ $? = 2 ]
ok "  and all that is wrong in it is named" sh -c "grep -q 'wrong.conf:[0-9]*: expected: listen' '$SITE_HOME/log/wrong' && grep -q 'wrong.conf:[0-9]*: expected: site' '$SITE_HOME/log/wrong'"
unset TOCSIN_TIMEKEEPER
ok "root names it" keeper_named 0,86400,600
export TOCSIN_TIMEKEEPER=tcp://127.0.0.1:$KEEPER_PORT
ok "while it is away its absence is told" eval 'tocsin doctor >"$SITE_HOME/log/told" 2>&1; said "^unreachable +timekeeper: "'
keeper_start
ok "it signs a beacon each beat" eval 'wait_for 20 test -s "$state/beacon" && wait_for 20 beats_behind "$(sequence)"'
ok "  which ssh-keygen verifies" verifies
ok "  as a uid of its own" eval 'test "$(stat -c %u "/proc/$(pid_of timekeeper)")" = 64021'
ok "  behind a filter of system calls" grep -q '^Seccomp:.2' "/proc/$(pid_of timekeeper)/status"
officer_curve=$(tocsin keys curve "$SITE_HOME/keys/chi.curve")
tocsin keys person "$site" chi "$SITE_HOME/keys/chi.pub" --roles officer --curve "$officer_curve" >/dev/null
ok "new people go to it as soon as they are signed" eval 'site_sign ana people.draft; site_sign chi people.draft 2>&1 | grep -q "the timekeeper has it"'
chmod -R go+rX "$site"
export TOCSIN_CURVE=$SITE_HOME/keys/chi.curve
ok "  and are in its beacon" wait_for 20 grep -qa '^people 2 ' "$state/beacon"
elsewhere=$SITE_HOME/elsewhere
newer_people() { # signed in another's folder, which no timekeeper is told of
    cp -r "$site" "$elsewhere" && tocsin keys delegate "$elsewhere" east chi &&
        (unset TOCSIN_TIMEKEEPER && TOCSIN_SITE=$elsewhere && site_sign ana people.draft && site_sign chi people.draft)
}
ok "what was signed elsewhere" newer_people
ok "  goes to it as soon as it is taken" told 0 tocsin keys take "$site" "$elsewhere/people"
ok "  which is said" said 'the timekeeper has it'
ok "  and is in its beacon" wait_for 20 grep -qa '^people 3 ' "$state/beacon"
ok "so does a fleet with a new worker" told 0 enrols north-9
ok "  which is said" said 'the timekeeper has it'
ok "  and is in its beacon" wait_for 20 knows_fleet north
ok "a stop reaches it while no broker is there: exit status 5" told 5 officer stop region north --reason "a storm"
ok "  who has it is said" said 'the timekeeper has it'
ok "  and who has not" said 'NOT REACHED: .*broker'
ok "  and it is in the next beacon" wait_for 20 grep -qa '^halt ' "$state/beacon"
stop timekeeper -KILL
before=$(sequence)
ok "while it is away a worker is enrolled: exit status 5" told 5 enrols north-8
ok "  and who has not got that is said" said 'NOT REACHED: .*timekeeper'
keeper_start
ok "after kill -9 it goes on where it was" wait_for 20 beats_behind "$before"
ok "  and still names the stop" names ""
stop timekeeper
broker_start
ok "while it is away a stop reaches the broker: exit status 5" told 5 officer stop region south --reason "another"
ok "  and who has not got it is said" said 'NOT REACHED: .*timekeeper'
tap_end
