#!/bin/bash
# A byzantine broker in the middle of runs: consents, steps, waves, callees, stops, people, a second broker, and floods.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site broker
tap_release "$SOURCE"/tests/attack/playbooks/{guarded,outer,shared} || bail_out release
for playbook in guarded outer shared; do loot "$SITE_HOME/$playbook" $playbook 2>/dev/null; done
spool=$SITE_HOME/mnt/north-1
echo "spool $SITE_HOME/mnt" >>"$SITE_HOME/north-1/policy"
sed -i 's/^rate file.remove .*/rate file.remove 1000 3600/' "$SITE_HOME"/north-?/policy

# daemons WORKER: the pids of its roles, which change when one of them ends.
daemons() { pgrep -P "$(pid_of "$1")" | tr '\n' ' '; }
never_restarted() { [ "$(daemons north-1)" = "$roles" ] || { grep -a "ended" "$SITE_HOME/log/north-1"; return 1; }; }
lies() { : >"$spool/left.log.1"; }

# ---- a run of two brokers -------------------------------------------------------------------

broker_start
worker_start north-1
ok "an honest broker runs an order" eval 'wait_for 20 worker_online north-1 && order_wipe north-1'
began=$(begins north-1)
mkdir "$SITE_HOME/seen"
tocsin audit export "$SITE_HOME/seen/export" >/dev/null
awk '/^leaf /{on=0; getline; on=($0=="order"); next} on' "$SITE_HOME/seen/export" | sed '/^$/d' >"$SITE_HOME/seen/order"
# The database as it is now, for a broker that would have less to tell.
broker_stop
cp -a "$SITE_HOME/broker/broker.db" "$SITE_HOME/seen/broker.db"
broker_start
ok "and another" eval 'wait_for 20 worker_online north-1 && order_wipe north-1'
ok "the record verifies" tocsin audit verify
broker_stop
cp -a "$SITE_HOME/broker/broker.db" "$SITE_HOME/seen/newest.db"
cp -a "$SITE_HOME/seen/broker.db" "$SITE_HOME/broker/broker.db"
rm -f "$SITE_HOME/broker/broker.db-wal"
worker_stop north-1
broker_start
refuses() { # WORDS COMMAND...: fails, and says why
    local words=$1 answer
    shift
    answer=$("$@" 2>&1) && { echo "it was done: $answer"; return 1; }
    echo "$answer"
    [[ $answer == *$words* ]]
}
ok "byz_log_truncate: a record that was cut is noticed by who saw it before" refuses "shorter" tocsin audit verify
broker_stop
cp -a "$SITE_HOME/seen/newest.db" "$SITE_HOME/broker/broker.db"
rm -f "$SITE_HOME/broker/broker.db-wal"
broker_start
ok "  and verifies again once it is whole" tocsin audit verify
broker_stop

worker_start north-1
began=$(begins north-1)
CALLEE=$SITE_HOME/seen attack replay
ok "  and north-1's effector began nothing" test "$(begins north-1)" = "$began"

# ---- in the middle of runs ------------------------------------------------------------------

roles=$(daemons north-1)
lies
LOOT=$SITE_HOME/guarded attack skip
: >"$spool/open"
LOOT=$SITE_HOME/guarded attack consents
ok "  as was answered" test ! -e "$spool/left.log.1"
lies
LOOT=$SITE_HOME/guarded attack steps
LOOT=$SITE_HOME/outer CALLEE=$SITE_HOME/loot attack calls
worker_start north-2
attack waves again
LOOT=$SITE_HOME/shared attack once
attack halts floods deaf
peak_kib() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(pgrep -P "$(pid_of "$1")" -x "$2")/status"; }
[[ $BUILD == *sanitized* ]] || ok "  which took no more than 64 MiB of the link's machine" test "$(peak_kib north-1 link)" -lt 65536
ok "  and no role of north-1 ended meanwhile" never_restarted
lies
LOOT=$SITE_HOME/guarded attack leaving
ok "byz_part_left_halfway: the worker goes on alone, to the end" wait_for 20 test ! -e "$spool/left.log.1"

# ---- people who left ------------------------------------------------------------------------

mkdir "$SITE_HOME/before"
cp "$TOCSIN_SITE"/people{,.sigs} "$SITE_HOME/before/"
people_change() {
    tocsin keys drop "$TOCSIN_SITE" people key lan && site_sign ana people.draft && site_sign chi people.draft &&
        chmod -R go+rX "$TOCSIN_SITE"
}
ok "somebody leaves" people_change
worker_stop north-1; worker_start north-1
CALLEE=$SITE_HOME/before attack withheld
attack_still_works
tap_end
