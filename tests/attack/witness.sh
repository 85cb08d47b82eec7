#!/bin/bash
# A byzantine broker with two histories of its log, or a shorter one, before three witnesses and those who verify.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site witness
witnesses() {
    tocsin keys root "$TOCSIN_SITE" --witness north-1 --witness north-2 --witness south-1 &&
        site_sign ana root && site_sign chi root && chmod -R go+rX "$TOCSIN_SITE"
}
verifies() { XDG_STATE_HOME=$SITE_HOME/reader-$1 tocsin audit verify "$SITE_HOME/history-$1"; }
fails_with() { ! verifies "$1" >"$SITE_HOME/told" 2>&1 && grep -q "$2" "$SITE_HOME/told"; }

ok "three workers are witnesses" witnesses
for worker in $SITE_WORKERS; do worker_start "$worker"; done
attack fork
ok "byz_log_fork_two_witnesses: the history that one of three cosigned does not verify" fails_with b "1 of 3 witnesses cosigned the record, and 2 must.*; not north-1, south-1"
ok "  the one that two cosigned does" verifies a
ok "  and the witnesses raise the alarm" grep -q "ALARM: broker=centre: its log is not cosigned: .*two histories" "$SITE_HOME/log/north-1"
worker_stop north-1 -KILL; worker_start north-1
attack truncate
attack_still_works
tap_end
