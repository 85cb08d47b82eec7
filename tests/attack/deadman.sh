#!/bin/bash
# A byzantine broker between a true timekeeper and a worker: beacons forged, old, or without what they name, and none.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site deadman
sed -i 's/^rate file.remove .*/rate file.remove 1000 3600/' "$SITE_HOME/north-1/policy"
port=$(free_port)
deadman=$SITE_HOME/deadman
mkdir "$deadman"
cat >"$SITE_HOME/timekeeper.conf" <<END
site $(cat "$TOCSIN_SITE/id")
state $SITE_HOME/timekeeper
documents $TOCSIN_SITE
listen tcp://127.0.0.1:$port
curve-secret $SITE_HOME/keys/tick.curve
signing-key $SITE_HOME/keys/tick.signing
beat 1s
uid 64021
END
timekeeper_keys() {
    tocsin-timekeeper keys -c "$SITE_HOME/timekeeper.conf" >"$SITE_HOME/timekeeper.keys" &&
        echo "tcp://127.0.0.1:$port $(cut -d' ' -f1 "$SITE_HOME/timekeeper.keys")" >"$deadman/timekeeper"
}
name_timekeeper() {
    tocsin keys root "$TOCSIN_SITE" --timekeeper tick="$SITE_HOME/timekeeper.keys" --offline-max 0,10,10 &&
        site_sign ana root.2 && site_sign chi root.2 && chmod -R go+rX "$TOCSIN_SITE"
}
newer_people() { # which only the timekeeper will have
    cp "$TOCSIN_SITE"/people{,.sigs} "$SITE_HOME/log/" &&
        tocsin keys drop "$TOCSIN_SITE" people key thu && site_sign ana people.draft && site_sign chi people.draft &&
        mv "$TOCSIN_SITE"/people{,.sigs} "$deadman/" && mv "$SITE_HOME/log"/people{,.sigs} "$TOCSIN_SITE/"
}

ok "root names a timekeeper, and lets fixes go on for ten seconds without it" eval 'timekeeper_keys && name_timekeeper'
ok "somebody leaves, and only the timekeeper will know" newer_people
background timekeeper tocsin-timekeeper -d -c "$SITE_HOME/timekeeper.conf"
worker_start north-1
CALLEE=$deadman attack deadman
echo "timekeeper tcp://127.0.0.1:$port" >>"$SITE_HOME/broker.conf"
attack_still_works
stop timekeeper
tap_end
