#!/bin/bash
# A region's broker in enemy hands: it has the CURVE key that people list for it, and tells the centre's broker what nobody
# signed. Nobody who is no broker relays anything.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site island
keys=$SITE_HOME/keys
forged=$SITE_HOME/forged

enlist() {
    tocsin keys broker "$TOCSIN_SITE" north "$(tocsin keys curve "$keys/north.curve")" && site_sign ana people.draft &&
        site_sign chi people.draft && chmod -R go+rX "$TOCSIN_SITE"
}
stranger() { "$BUILD/tests/attack/stranger" "$@" --connect "tcp://127.0.0.1:$BROKER_PORT" --server "$BROKER_CURVE"; }
# hears PATTERN STRANGER...: what the one with the region's key hears
hears() {
    local words=$1 heard
    shift
    heard=$(stranger --key "$keys/north.curve" "$@")
    echo "$heard"
    [[ $heard == $words ]]
}
relays() { hears "*RELAYED*" --relay "$1" --leaf "${2:-$forged}"; }
said() { grep -q -- "$1" "$SITE_HOME/log/broker"; }
# forge NAMESPACE LINE...: a document of the stranger's
forge() {
    local namespace=$1
    shift
    printf '%s\n' "tocsin-${namespace} v1" "site $(cat "$TOCSIN_SITE/id")" "$@" end >"$forged"
    rm -f "$forged.sig"
    ssh-keygen -q -Y sign -n "$namespace@tocsin.v1" -f "$keys/stranger" "$forged" 2>/dev/null && cat "$forged.sig" >>"$forged"
}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
stop_everything() { forge stop "what site" "name -" "reason because" "created $now" "nonce 00112233445566778899aabbccddeeff"; }
ring() {
    forge alert "source monitor" "fingerprint f" "status firing" "starts ${now%Z}.000Z" "received ${now%Z}.000Z" "severity high" \
        "host north-1.example" "title full" "label alertname HostOutOfDiskSpace"
}
nothing() { [ "$(tocsin --json "$1" list | grep -c "$2")" = 0 ]; }
refused() { said "relayed $1 leaf .*, which does not count here"; }

ok "people list a region's broker" enlist
export TOCSIN_BROKER=centre
broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1
ok "the region's broker is told how much of its log is taken" hears "RELAYED*" --hello north
ok "  and goes by no other name" not hears "*RELAYED*" --hello centre
stop_everything
ok "byz_island_stop: by a stranger's key" relays stop
ok "  is refused, and said" refused stop
ok "  and stops nothing" nothing stop '"what"'
ring
ok "byz_island_alert: by a stranger's key" relays alert
ok "  is refused, and said" refused alert
ok "  and makes no incident" nothing incident '"fingerprint"'
cp "$SITE_HOME/loot/release" "$forged"
ok "byz_island_release: without signatures" relays release
ok "  is refused, and said" refused release
ok "byz_island_kind: a leaf of no kind" relays restart
for kind in order grant receipt consent revoke event; do
    head -c 3000 /dev/urandom >"$forged"
    ok "byz_island_garbage: $kind" relays $kind
    ok "  is refused, and said" refused $kind
done
ok "  no run is made" nothing run '"run"'
ok "a worker relays nothing" eval '! stranger --key "$SITE_HOME/north-2/state/link/curve-secret" --relay stop --leaf "$forged" | grep -q RELAYED'
ok "nor does a person" eval '! stranger --key "$TOCSIN_CURVE" --relay stop --leaf "$forged" | grep -q RELAYED'
for word in ASK RECEIPT ACCEPT KEPT NONCE DOCUMENT OFFER; do ok "the region's broker that says $word is not heard" hears "" --word $word; done
ok "  nor one that floods" hears "" --flood RELAY
attack_still_works
ok "the record verifies" tocsin audit verify
tap_end
