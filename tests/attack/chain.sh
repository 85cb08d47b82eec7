#!/bin/bash
# A byzantine broker hands roots, fleets, people and revokes on: forged, out of order, old, or late; and an officer who
# would give a worker's id to another.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site chain
sed -i 's/^rate file.remove .*/rate file.remove 1000 3600/' "$SITE_HOME/north-1/policy"
chain=$SITE_HOME/chain
cp -r "$TOCSIN_SITE" "$chain"
worker_start north-1
CALLEE=$chain attack roots fleets expiry denied
codes() { grep -ao 'a document from the broker: .*' "$SITE_HOME/log/north-1" | sed 's/.*(\(.*\))$/\1/' | uniq -c | awk '{printf "%s %s, ", $1, $2}'; }
ok "each of them was refused for its own reason" eval \
    'codes; [ "$(codes)" = "2 version, 7 quorum, 2 version, 1 conflict, 2 key, 1 conflict, 1 quorum, 1 role, 1 denied, 1 version, " ]'
worker_stop north-1 -KILL; worker_start north-1
CALLEE=$chain attack pardon
cp "$chain"/{root,people}* "$TOCSIN_SITE/"
chmod -R go+rX "$TOCSIN_SITE"

refuses() { # WORDS COMMAND...: fails, and says why
    local words=$1 answer
    shift
    answer=$("$@" 2>&1) && { echo "it was done: $answer"; return 1; }
    echo "$answer"
    [[ $answer == *$words* ]]
}
enrol() { tocsin --no-input keys enrol "$TOCSIN_SITE" south "$1" --key "$SITE_HOME/keys/chi" "${@:2}"; }
# again REQUEST: the officer enrols it, with the fingerprint that it has.
again() { enrol "$1" --fingerprint "$(enrol "$1" 2>&1 | sed -n 's/^fingerprint *//p')"; }
ok "a worker leaves the fleet" eval 'tocsin keys drop "$TOCSIN_SITE" fleet.south worker south-1 && site_sign chi fleet.south.draft'
sed "s/^worker .*/worker south-2/" "$SITE_HOME/south-1/request" >"$SITE_HOME/log/request"
ok "fleet_worker_id_reuse: its id is not given again" refuses "south-1" again "$SITE_HOME/south-1/request"
ok "fleet_worker_id_reuse: nor are its keys" refuses "south-1" again "$SITE_HOME/log/request"
chmod -R go+rX "$TOCSIN_SITE"
attack_still_works
broker_stop
CALLEE=$chain attack outdated
tap_end
