#!/bin/bash
# A copy of the record taken under load, a broker that dies, the copy put back: workers bring what it lacks, nothing is done
# twice, and two officers say that the log goes on behind an earlier end.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
orders_site backup twice glance
copy=$SITE_HOME/record.copy

keeper() { tocsin-broker "$1" -c "$SITE_HOME/broker.conf" "${@:2}"; }
begun() { cat "$SITE_HOME"/*/state/effector/journal | grep -ca '^kind begin'; }
audit() { tocsin audit verify >"$SITE_HOME/log/audit" 2>&1; }
receipts_told() { audit; sed -n 's/^audit: .* leaves, \([0-9]*\) receipts .*/\1/p' "$SITE_HOME/log/audit"; }
all_are_back() { [ "$(receipts_told)" = "$receipts" ]; }
audit_says() { audit; local status=$?; cat "$SITE_HOME/log/audit"; grep -qE -- "$1" "$SITE_HOME/log/audit" && return $status; }
audit_refuses() { ! audit; cat "$SITE_HOME/log/audit"; grep -qE -- "$1" "$SITE_HOME/log/audit"; }
of_copy() { sed -n "s/^$1 //p" "$SITE_HOME/log/$2"; }
waiting() { ls "$XDG_STATE_HOME"/tocsin/restarts/* | grep -v sigs; }
restart() { as chi keys restart --size "$(of_copy size restored)" --head "$1" --reason "the disk died"; }

# What was signed lies beyond a checkpoint until the next is made, which is a minute later.
cosigned() { audit_says "3 of 3 witnesses cosigned the first" >/dev/null && ! grep -q "lie beyond" "$SITE_HOME/log/audit"; }
everywhere() { local worker; for worker in $SITE_WORKERS; do grep -qE -- "$1" "$SITE_HOME/log/$worker" || return 1; done; }

ok "three workers are witnesses" eval 'tocsin keys root "$TOCSIN_SITE" --witness north-1 --witness north-2 --witness south-1 &&
    site_sign ana root && site_sign chi root && chmod -R go+rX "$TOCSIN_SITE"'
broker_start
worker_start north-1; worker_start north-2; worker_start south-1
ok "two workers are online" eval 'wait_for 20 worker_online north-1 && wait_for 20 worker_online south-1'
ok "a run before the backup" eval 'ordered twice --target south-1 && ended succeeded'

hold north-1
ok "a fix is under way" eval 'planned twice --target north-1 && started && wait_for 20 is_held north-1'
during=$RUN
ok "  a copy of the record is taken while the broker runs" eval 'keeper backup "$copy" >"$SITE_HOME/log/backup"'
ok "  nobody else may read it" test "$(stat -c %a "$copy")" = 600
ok "  and it is not written over" refuses 9 "nothing is overwritten" keeper backup "$copy"
ok "  nothing of it stays in the state folder" eval '! ls "$SITE_HOME"/broker/backup.db* "$SITE_HOME"/broker/*.partial 2>/dev/null | grep .'
ok "  nor is one put back while the broker runs" refuses 9 "stop it first" keeper restore "$copy"
let_go north-1
ok "  the fix ends" ended succeeded "$during"
ok "a run that the copy does not know" eval 'ordered twice --target south-1 && ended succeeded'
after=$RUN
ok "the record is seen whole" wait_for 20 audit
receipts=$(receipts_told) fixes=$(begun) north=$(calls north-1) south=$(calls south-1)

broker_stop -KILL; broker_start
ok "witnesses cosigned all of it" wait_for 40 cosigned
broker_stop -KILL
ok "no copy is taken of a broker that is gone" refuses 3 "no broker answers" keeper backup "$SITE_HOME/other"
ok "the broker died: the copy is put back" eval 'keeper restore "$copy" >"$SITE_HOME/log/restored"'
ok "  as it was taken" eval '[ "$(of_copy head restored)" = "$(of_copy head backup)" ] && [ -n "$(of_copy head backup)" ]'
ok "  beside what stood there" eval 'ls "$SITE_HOME"/broker/broker.db.before-*'
broker_start
ok "workers bring every receipt again" wait_for 30 all_are_back
ok "  the run of that moment is told to its end" wait_for 20 run_is succeeded "$during"
ok "  nothing is done twice" eval '[ "$(begun)" = "$fixes" ] && [ "$(calls north-1)" = "$north" ] && [ "$(calls south-1)" = "$south" ]'
ok "who saw the record before does not take this one" audit_refuses "rewritten|shorter"
ok "  nor does any witness cosign it" wait_for 20 everywhere "ALARM: broker=centre: its log is not cosigned"

ok "an officer signs no head that the leaves do not make" refuses 4 "another head" restart "$(printf '%064d' 7)"
ok "one officer alone does not restart the log" exits 6 restart "$(of_copy head restored)"
ok "  which two do" eval 'as hoa keys restart --file "$(waiting)"'
ok "  audit verify takes it once witnesses cosigned, and says what is gone" wait_for 20 audit_says "^restart: of the [0-9]+ leaves seen here before"
ok "  that orders were lost" grep -q "^restart: [0-9]* receipts are about orders that were lost" "$SITE_HOME/log/audit"
ok "  and who signed, ever after" audit_says "^restart: the record was put back .* by chi, hoa: the disk died"
ok "  without explaining anything twice" not grep -q "seen here before, those behind" "$SITE_HOME/log/audit"
ok "every witness goes on from there, and says so" wait_for 20 everywhere "ALARM: broker=centre: of [0-9]+ leaves that were cosigned, .* are gone, by the word of chi, hoa: the disk died"
ok "  and cosigns all that is there" wait_for 40 cosigned
broker_stop -KILL; broker_start; worker_stop north-2 -KILL; worker_start north-2
ok "  ever after" wait_for 40 cosigned
ok "work goes on" eval 'ordered twice --target north-1 && ended succeeded'
orders_end
