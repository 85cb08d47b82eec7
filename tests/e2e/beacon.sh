#!/bin/bash
# Workers that hear the timekeeper: a stop that no broker was told of reaches them through it, and when beacons stop
# coming they do less and less, until one comes again.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/keeper.bash"
. "$(dirname "$0")/orders.bash"
orders_site beacon twice glance
mnt=$SITE_HOME/mnt

listed() { tocsin --json stop list | tr -d ' \n' | grep -qE "$1"; }
says_beacon() { tocsin run view "$RUN" | grep -q 'beacon'; }
fixed() { ordered twice --target north-1 && ended succeeded; } # one that began at the end of a beacon's time may fail
# Or it ended well, or between its two ops the beacon grew too old and it failed: then another is tried.
known() { says_beacon || run_is succeeded; }
falls_away() { ordered twice --target north-1 && wait_for 20 known && says_beacon && run_is active; }

keeper_configure
keeper_keys
echo "timekeeper tcp://127.0.0.1:$KEEPER_PORT" >>"$SITE_HOME/broker.conf"
ok "root names a timekeeper, and lets fixes go on for six seconds without it" keeper_named 0,6,6
keeper_start
broker_start
worker_start north-1; worker_start north-2; worker_start south-1
ok "three workers are online" eval 'wait_for 20 worker_online north-1 && wait_for 20 worker_online north-2 && wait_for 20 worker_online south-1'
ok "with beacons a fix runs" wait_for 20 fixed

export TOCSIN_TIMEKEEPER=tcp://127.0.0.1:$KEEPER_PORT
there=$TOCSIN_SERVER
export TOCSIN_SERVER=tcp://127.0.0.1:$(free_port)
ok "a stop that the broker is not told of goes to the timekeeper alone: exit status 5" exits 5 as dung stop region south --reason "a storm" --key "$SITE_HOME/keys/chi"
export TOCSIN_SERVER=$there
unset TOCSIN_TIMEKEEPER
ok "  and reaches the worker all the same" wait_for 30 listed '"confirmed":\["south-1"\]'

stop timekeeper -KILL
ok "when no beacon comes any more, looking goes on" eval 'planned glance --set mount="$mnt/north-1" --target north-1 && started && ended succeeded'
ok "  and a fix begins no more" wait_for 60 falls_away
keeper_start
ok "  until one comes again" eval 'ended succeeded || wait_for 20 fixed'
orders_end
