#!/bin/bash
# A byzantine broker between a true timekeeper and a worker: beacons forged, old, or without what they name, and none.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/../e2e/keeper.bash"
. "$(dirname "$0")/attack.bash"
attack_site deadman
sed -i 's/^rate file.remove .*/rate file.remove 1000 3600/' "$SITE_HOME/north-1/policy"
deadman=$SITE_HOME/deadman
mkdir "$deadman"
keeper_configure
tell_enemy() { echo "tcp://127.0.0.1:$KEEPER_PORT $(cut -d' ' -f1 "$SITE_HOME/timekeeper.keys")" >"$deadman/timekeeper"; }
newer_people() { # which only the timekeeper will have
    cp "$TOCSIN_SITE"/people{,.sigs} "$SITE_HOME/log/" &&
        tocsin keys drop "$TOCSIN_SITE" people key thu && site_sign ana people.draft && site_sign chi people.draft &&
        mv "$TOCSIN_SITE"/people{,.sigs} "$deadman/" && mv "$SITE_HOME/log"/people{,.sigs} "$TOCSIN_SITE/"
}

ok "root names a timekeeper, and lets fixes go on for ten seconds without it" eval 'keeper_keys && tell_enemy && keeper_named 0,10,10'
ok "somebody leaves, and only the timekeeper will know" newer_people
keeper_start
worker_start north-1
CALLEE=$deadman attack deadman
echo "timekeeper tcp://127.0.0.1:$KEEPER_PORT" >>"$SITE_HOME/broker.conf"
attack_still_works
stop timekeeper
tap_end
