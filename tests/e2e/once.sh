#!/bin/bash
# Steps that run once for all targets of a run, on real daemons: what they see of the others, and when they do not run.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
orders_site once tally
mnt=$SITE_HOME/mnt
RECEIVER_PORT=$(free_port)
(umask 077 && echo "http://127.0.0.1:$RECEIVER_PORT/200" >"$SITE_HOME/keys/desk.url")
echo "sink desk generic url-file $SITE_HOME/keys/desk.url on none" >>"$SITE_HOME/broker.conf"
background receiver "$BUILD/tests/e2e/receiver" "$RECEIVER_PORT" "$SITE_HOME/posts"
trap 'stop receiver; tap_clean' EXIT

all="--target north-1 --target south-1 --target north-2"
tally() { planned tally --set root="$mnt" "$@"; }
files() { rm -f "$mnt/$1"/*; local i; for i in $(seq "$2"); do echo "$i" >"$mnt/$1/$i"; done; }
is_asked() { tocsin run view "$RUN" | grep -q "waits for a person in step sure"; }
# heard TEXT: the sink was told so.
heard() { wait_for 20 grep -q "^/200 .*$1" "$SITE_HOME/posts"; }

broker_start
for worker in $SITE_WORKERS; do worker_start $worker; done
ok "three workers are online" eval 'for w in $SITE_WORKERS; do wait_for 20 worker_online $w; done'
files north-1 2; files north-2 1; files south-1 3

ok "the target named last has the last wave to itself" eval 'tally $all --first 9 && grep -q "^  wave 2   north-2 " "$SITE_HOME/log/plan"'
ok "  and the plan says what that is for" grep -q "^  what runs once, runs on north-2, after all others ended" "$SITE_HOME/log/plan"
ok "a run" started
ok "  ends well" ended succeeded
ok "  its last step saw what all targets gave" heard "all 3 together have 6"
ok "    each by its name" says "^tell: north-1 has 2, north-2 has 1, south-1 has 3$" tocsin run logs "$RUN" north-2
ok "  it ran once" test "$(receipts tell | wc -l)" = 1
ok "  and every target did what is for each" test "$(receipts count | wc -l)" = 3

ok "a run of one target" eval 'tally --target south-1 && started'
ok "  does it all" ended succeeded
ok "    for itself" heard "all 1 together have 3"

mv "$mnt/south-1" "$mnt/away"
ok "a target fails, as one may" eval 'tally $all --max-failures 1 && started'
ok "  which the run says" ended failed
ok "  the last step saw the others" heard "all 2 together have 3"
ok "  the view says where that was" says "^  what runs once, runs on north-2" view
ok "  and what to type next" says "next: tocsin run plan tally --target" view
ok "  such a run is not gone on with" refuses 9 "plan it anew: tocsin run plan tally" tocsin run resume "$RUN"
mv "$mnt/away" "$mnt/south-1"

ok "a person is asked once" eval 'tally $all --set ask=yes --soak 2s && started'
ok "  the others end" wait_for 20 part_says south-1 "^done"
broker_stop -KILL
broker_start
ok "  the broker is killed before the last wave; it is offered with what was given before" wait_for 20 is_asked
worker_stop north-2 -KILL
files north-1 9
worker_start north-2
ok "  the last worker is killed while it waits" wait_for 20 worker_online north-2
ok "  and asks again" wait_for 20 is_asked
ok "  the person agrees" as giang run approve "$RUN"
ok "  it goes on with what it was shown" ended succeeded
ok "    of all targets" says "^tell: north-1 has 2, north-2 has 1, south-1 has 3$" tocsin run logs "$RUN" north-2
orders_end
