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
attack_still_works
ok "byz_drop_receipt_gap_seen: what the enemy kept to itself is missed" \
    grep -q "gap: receipts of worker 'north-1' are missing before" "$SITE_HOME/log/broker"
ok "  and stands in the record" refuses "'north-1'" tocsin audit verify
tap_end
