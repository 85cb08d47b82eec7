#!/bin/bash
# A machine is cut off by a real worker, ordered through a real broker on the other end of a cable: between two network
# namespaces of this test's own, so that no rule and no link of the machine that it runs on is touched.
[ -n "${ISOLATE_INSIDE:-}" ] || ISOLATE_INSIDE=1 exec unshare --net "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
cage_make tia0 tia1 192.0.2.2/24
caged ip addr add 192.0.2.1/24 dev tia1

worker_start() { background "$1" nsenter --net=/proc/$CAGE/ns/net tocsin-worker -d -c "$SITE_HOME/$1/worker.conf"; }
# An open port or a closed one answers; a packet that was dropped does not.
answers() { local status=0; timeout 1 "$@" 2>/dev/null || status=$?; [ $status != 124 ]; }
hears_out() { answers nsenter --net=/proc/$CAGE/ns/net bash -c 'exec 3<>/dev/tcp/192.0.2.2/9'; }
hears_in() { answers bash -c 'exec 3<>/dev/tcp/192.0.2.1/9'; }
is_cut() { ! hears_out && ! hears_in; }
asks_names() { answers nsenter --net=/proc/$CAGE/ns/net bash -c 'exec 3<>/dev/tcp/192.0.2.2/53'; }
isolating() { ordered isolating --target north-1 --set seconds="$1"; }

orders_site isolate isolating blocking ../../../playbooks/isolate-host
sed -i "s,^listen .*,listen tcp://0.0.0.0:$BROKER_PORT," "$SITE_HOME/broker.conf"
sed -i "s,^broker tcp://127.0.0.1:,broker tcp://192.0.2.2:," "$SITE_HOME/north-1/worker.conf"
printf 'allow %s\n' "host.isolate name_server?=192.0.2.0/25 time_server?=192.0.2.1" host.release firewall.{block,list} user.sessions conntrack.count >>"$SITE_HOME/north-1/policy"
broker_start
worker_start north-1

ok "a worker is online at the other end of a cable" wait_for 20 worker_online north-1
ok "  and hears, and is heard" eval 'wait_for 5 hears_out && wait_for 5 hears_in'
ok "it is ordered to block its own broker" ordered blocking --target north-1 --set source=192.0.2.0/25
ok "  which it does not" ended failed
ok "    and says why" says "which is a broker" view
ok "it is ordered to cut its machine off" isolating 600
ok "  which is done, and its receipt comes home" ended succeeded
ok "  nothing else leaves it or comes in" is_cut
ok "  the same broker's other ports neither" eval '! answers nsenter --net=/proc/$CAGE/ns/net bash -c "exec 3<>/dev/tcp/192.0.2.2/$HTTP_PORT"'
broker_stop -KILL
broker_start
ok "  a broker that was killed and comes again finds it" wait_for 40 worker_online north-1
worker_stop north-1 -KILL
worker_start north-1
ok "  a worker that was killed and comes again finds home" wait_for 40 worker_online north-1
ok "  and nothing else" is_cut
ok "it is ordered to let go" isolating 0
ok "  which is done" ended succeeded
ok "  it hears, and is heard" eval 'wait_for 20 hears_out && wait_for 5 hears_in'

ok "it is cut off for seconds only" isolating 15
ok "  which is done" ended succeeded
ok "  and so" is_cut
worker_stop north-1 -KILL
broker_stop -KILL
ok "  with everything of ours dead the kernel lets go by itself" eval 'wait_for 40 hears_out && wait_for 10 hears_in'
broker_start
worker_start north-1
ok "  and the worker comes again" wait_for 40 worker_online north-1
ok "once that is over the stock playbook asks whether to cut it off again" \
    eval 'ordered isolate-host --target north-1 --set seconds=600 --set name_server=192.0.2.2 && wait_for 20 part_says north-1 "waits for a person in step agree"'
ok "  and says which servers it may still ask" grep -q "name_server equals 192.0.2.2 (inputs.name_server).*time_server left out (inputs.time_server)" "$SITE_HOME/log/plan"
ok "  a person agrees" as giang run approve "$RUN"
ok "  it is" eval 'ended succeeded && is_cut'
ok "  but for the name server" wait_for 5 asks_names
ok "  and nobody is asked once more" eval 'ordered isolate-host --target north-1 --set seconds=600 && ended failed && says "cut off already" view'
orders_end
