#!/bin/bash
# A byzantine broker offers signatures and documents that are almost right.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site signatures
worker_start north-1
attack signatures documents

refuses() { # WORDS COMMAND...: fails, and says why
    local words=$1 answer
    shift
    answer=$("$@" 2>&1) && { echo "it was done: $answer"; return 1; }
    echo "$answer"
    case $answer in *"$words"*) true ;; *) false ;; esac
}
enrol() { tocsin keys person "$TOCSIN_SITE" "$1" "$SITE_HOME/keys/$2" --roles responder; }
ok "sig_rsa_and_ecdsa_refused: RSA is not enrolled" refuses "use ssh-ed25519" enrol tam rsa.pub
ok "sig_rsa_and_ecdsa_refused: ECDSA is not enrolled" refuses "use ssh-ed25519" enrol tam ecdsa.pub
ok "sig_cert_key_refused: a certificate is not enrolled" refuses "use ssh-ed25519" enrol tam dung-cert.pub
ok "sig_one_key_two_people_refused" refuses "dung" enrol tam dung.pub

# What an enemy acknowledged and kept to itself: as long as the worker has it, it comes again; later it is missed.
told() { grep "gap: " "$SITE_HOME/log/broker"; }
# receipts: the numbers of north-1's, in the record's order.
receipts() {
    tocsin audit export "$SITE_HOME/log/export" >/dev/null
    awk '/^tocsin-receipt /{on=1} /^end$/{on=0} on && /^sequence /{printf "%s%s", sep, $2; sep=" "}' "$SITE_HOME/log/export"
}
all_came() { local all; all=$(seq -s ' ' "$(begins north-1)"); receipts; [ "$(receipts)" = "$all" ]; }
attack_still_works
ok "byz_drop_receipt_gap_seen: what the enemy kept to itself comes again, and is recorded" all_came
ok "  in order" not told
ok "  but the orders it is about, which only the enemy has, are missed" refuses \
    "receipt 1 of 'north-1' is about an order that the record does not have" tocsin audit verify
last=$(begins north-1)
mkdir "$SITE_HOME/seen"
awk '/^leaf /{on=0; getline; on=($0=="order"); next} on' "$SITE_HOME/log/export" | sed '/^$/d' >"$SITE_HOME/seen/order"
broker_stop
worker_stop north-1; worker_start north-1
attack hoard
worker_stop north-1
"$BUILD/tests/attack/enemy" forget "$SITE_HOME/north-1/state/judge/ledger.db"
worker_start north-1
CALLEE=$SITE_HOME/seen attack pruned
worker_stop north-1
"$BUILD/tests/attack/enemy" forget "$SITE_HOME/north-1/state/judge/ledger.db"
attack_still_works
ok "byz_drop_receipt_gap_seen: what the worker has no more either is missed" eval 'told |
    grep "receipts of worker .north-1. are missing before $((last + 3)): the last here is $last"'
ok "  once" test "$(told | wc -l)" = 1
ok "  and in the record" refuses \
    "the chain of 'north-1' breaks: receipt $((last + 3)) does not follow receipt $last" tocsin audit verify
tap_end
