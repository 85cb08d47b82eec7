#!/bin/bash
# A worker is killed with -9 between BEGIN and END. An idempotent op is run again under the same key; one that can be
# looked for is so first; any other ends as unknown, said aloud, and is not repeated.
. "$(dirname "$0")/tap.bash"
tap_site worker-crash
slow=$SITE_HOME/slow
mkdir -p "$slow"

cat >>"$SITE_HOME/north-1/policy" <<EOF
service slow pidfile $slow/pid
service slow start $BUILD/tests/e2e/slow start $slow
service slow stop $BUILD/tests/e2e/slow stop $slow
rate service.restart 5 900
allow site.run command=slow
exec slow class change timeout 60 $BUILD/tests/e2e/slow stop $slow
EOF

calls() { grep -c "$1" "$slow/calls" 2>/dev/null || true; }
journal_has_begin() { grep -qa "^kind begin" "$SITE_HOME/north-1/state/effector/journal"; }
start_run() {
    local plan
    plan=$(tocsin run plan "$1" --target north-1 ${3---set service=slow} | sed -n 's/^plan \([0-9a-f]*\).*/\1/p')
    tocsin --no-input run start "$plan" --reason "$2"
}
newest_run() { tocsin --json run list | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p' | head -n 1; }
run_state() { tocsin --json run view "$(newest_run)" | sed -n 's/^ *"state": "\([a-z ]*\)".*/\1/p' | tail -n 1; }
run_is() { [ "$(run_state)" = "$1" ]; }

ok "three playbooks are proposed and approved" tap_release "$SOURCE"/tests/e2e/playbooks/slow-{start,restart,command}
broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1

ok "a run is ordered" start_run slow-start "start it"
ok "its op has begun" wait_for 20 test -e "$slow/waiting"
ok "  and the effector's journal says so" journal_has_begin
worker_stop north-1 -KILL
ok "the worker is killed" not alive north-1
rm -f "$slow/waiting"; : >"$slow/go"
worker_start north-1
ok "after its restart the idempotent op is run again, and the run succeeds" wait_for 30 run_is succeeded
ok "one service runs" sh -c "kill -0 \$(cat $slow/pid)"

rm -f "$slow/go" "$slow/waiting"
ok "a restart is ordered" start_run slow-restart "restart it"
ok "its op has begun" wait_for 20 test -e "$slow/waiting"
before=$(<"$slow/pid")
worker_stop north-1 -KILL
: >"$slow/go"
worker_start north-1
ok "after its restart it is seen not to have happened, is begun again, and succeeds" wait_for 30 run_is succeeded
ok "  another service runs now" sh -c "test \$(cat $slow/pid) != $before && kill -0 \$(cat $slow/pid) && ! kill -0 $before 2>/dev/null"

rm -f "$slow/go" "$slow/waiting"
ok "a command of the site's is ordered, which nobody may repeat on a guess" start_run slow-command "run it" ""
ok "its op has begun" wait_for 20 test -e "$slow/waiting"
worker_stop north-1 -KILL
: >"$slow/go"
stops=$(calls stop)
worker_start north-1
ok "after its restart the run ends as unknown" wait_for 30 run_is unknown
ok "  and the op was not repeated" test "$(calls stop)" = "$stops"
ok "  nor planned again before somebody looked" sh -c "tocsin run retry $(newest_run) 2>&1 | grep 'unknown and left out: look there first'"
ok "the record verifies" tocsin audit verify
kill "$(cat "$slow/pid")" 2>/dev/null
tap_end
