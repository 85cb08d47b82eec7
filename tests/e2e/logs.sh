#!/bin/bash
# What a run says can be followed as it goes, by offset: nothing is missing and nothing comes twice, though the broker is
# killed in the middle.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
orders_site logs talking pondering
out=$SITE_HOME/out

lines() { grep -c ": line " "$1" 2>/dev/null || true; }
has_lines() { [ "$(lines "$1")" -ge "$2" ]; }
judge() { pgrep -P "$(pid_of north-1)" judge; }
thinkers() { pgrep -r R -P "$(pgrep -P "$(pid_of north-1)" spawner)"; }
thought() { thinkers || run_is succeeded; }
# Who looks too late finds that it has ended already: then another thinks.
ends_unseen() {
    ordered pondering --target north-1 && wait_for 20 thought && kill -STOP $(judge) || return 1
    thinkers && wait_for 20 not thinkers && return
    kill -CONT $(judge)
    ended succeeded
    return 1
}
whole() { tocsin run logs "$RUN" north-1 >"$out.whole"; }

broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1
hold north-1
ok "a run says fifty lines, and something takes long" eval 'ordered talking --target north-1 && wait_for 20 is_held north-1'
background follow tocsin run logs "$RUN" north-1 --follow
ok "they can be followed" wait_for 20 has_lines "$SITE_HOME/log/follow" 50
ok "  each once" eval 'whole && cmp "$out.whole" <(grep -v "^tocsin:" "$SITE_HOME/log/follow")'
size=$(wc -c <"$out.whole")
background watch tocsin run watch "$RUN"
ok "  and its run is watched" wait_for 20 grep -q "has begun" "$SITE_HOME/log/watch"
broker_stop -KILL
let_go north-1
ok "a broker that is away is waited for, by who follows" wait_for 20 grep -q "this waits for it" "$SITE_HOME/log/follow"
ok "  and by who watches" wait_for 20 grep -q "this waits for it" "$SITE_HOME/log/watch"
ok "  but who comes only then is told that nobody answers" refuses 3 "no broker with the expected key answers" tocsin run watch "$RUN"
broker_start
ok "after kill -9 of the broker the run says the rest" ended succeeded
ok "  a hundred lines in all" eval 'whole && [ "$(lines "$out.whole")" = 100 ]'
ok "  in order" eval 'cmp <(grep -o "line [0-9]*" "$out.whole") <(printf "line %03d\n" $(seq 100))'
ok "whoever goes on at an offset" eval 'tocsin run logs "$RUN" north-1 --since-offset $size >"$out.rest"'
ok "  reads no line twice and misses none" eval 'cmp "$out.whole" <(head -c $size "$out.whole"; cat "$out.rest")'
ok "whoever followed has all of it too" eval 'wait_for 20 gone $(pid_of follow); rm "$SITE_HOME/log/follow.pid"; cmp "$out.whole" <(grep -v "^tocsin:" "$SITE_HOME/log/follow")'
ok "  and who watched has its end" eval 'wait_for 20 gone $(pid_of watch); rm "$SITE_HOME/log/watch.pid"; grep -q "succeeded: 1 target: 1 done" "$SITE_HOME/log/watch"'
ok "  and was told that the broker was back" grep -q "the broker answers again" "$SITE_HOME/log/watch"

# The judge is busy while a step ends: when it looks again, what the step gave and that its runner is gone are both there.
ok "a step thinks, and ends unseen" wait_for 30 ends_unseen
kill -CONT $(judge)
ok "  all that it gave is heard before that it is gone" ended succeeded
orders_end
