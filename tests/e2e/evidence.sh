#!/bin/bash
# What a stranger can check of what was done, with nothing but the site's first root; and a reviewer's signed no.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1"
orders_site evidence glance
alone=$SITE_HOME/alone
stranger() { env -i PATH="$PATH" HOME="$alone" XDG_STATE_HOME="$alone" tocsin "$@"; }
told() { "$@" >"$SITE_HOME/log/told"; }
said() { grep -qE -- "$1" "$SITE_HOME/log/told"; }
rings() { [ "$(post_alert host-out-of-disk-space.json INSTANCE=north-1.example:9100 REGION=north "MOUNTPOINT=$SITE_HOME/mnt/north-1")" = 200 ]; }
kinds() { grep -aoE '^tocsin-(alert|order|receipt|release) v1' "$1" | sort -u | wc -l; }
still_no() { no ana --reason "still no" && listed "rejected by ana: still no" && ! listed "should keep"; }
altered() { LC_ALL=C sed "$1" "$SITE_HOME/incident" >"$SITE_HOME/altered" && ! cmp -s "$SITE_HOME/incident" "$SITE_HOME/altered" &&
    refuses "$2" "$3" stranger audit verify "$SITE_HOME/altered" --root "$alone/root.1"; }
listed() { tocsin review list | grep -q "$1"; }

broker_start
worker_start north-1
mkdir -p "$alone" && cp "$TOCSIN_SITE/root.1" "$alone"
ok "the worker is online" wait_for 20 worker_online north-1
ok "an incident is opened" eval 'rings && wait_for 20 incident_is 1 waiting'
ok "  and ordered to be looked at" eval 'planned glance --incident 1 && started && ended succeeded'
ok "  as is something else" eval 'planned glance --set mount="$SITE_HOME/mnt/north-1" --target north-1 && started && ended succeeded'

offers() { [ "$(tocsin completion words -- "${@:2}" | tr '\n' ' ')" = "$1 " ]; }
ok "the shell completes nouns" offers "incident" inc
ok "  verbs" offers "note" incident n
ok "  options" offers "--target" run plan --tar
ok "  and live names" eval 'offers 1 incident view "" && offers north-1 worker view nor && offers glance run plan gl'
ok "    also those that an option takes, behind which the rest goes on" eval 'offers north-1 run plan --target nor && offers 1 run plan glance --incident "" && offers glance run plan --target north-1 gl'
ok "  by scripts that the shells read" eval 'tocsin completion bash | bash -n && tocsin completion zsh | grep -q ^#compdef'
ok "a worker is told by itself" says "^worker north-1 +region north +online" tocsin worker view north-1
ok "  and one that is not there is not" refuses 9 "no fleet document lists" tocsin worker view north-9
ok "the record's last leaves are told" says "^ +[0-9]+ +receipt +[0-9a-f]{12}$" tocsin audit list --limit 20

ok "the incident is exported" tocsin incident export 1 "$SITE_HOME/incident"
ok "  with its alert, order, release and receipts" eval '[ "$(kinds "$SITE_HOME/incident")" = 4 ]'
ok "  of one order only" eval '[ "$(grep -ac "^tocsin-order v1" "$SITE_HOME/incident")" = 1 ]'
ok "a stranger with root.1 alone verifies it" told stranger audit verify "$SITE_HOME/incident" --root "$alone/root.1"
ok "  and hears what that shows" said "each of its [0-9]+ leaves is in that record; that none was left out is not shown"
ok "  and from which root" said "hold, from the root whose hash is $(cat "$TOCSIN_SITE/id")"
ok "without root.1 it is nothing" refuses 9 "is no site yet" stranger audit verify "$SITE_HOME/incident"
echo "tocsin-root v1" >"$alone/other.1"
ok "  nor with the root of another site" refuses 4 "not the version 1 whose hash" stranger audit verify "$SITE_HOME/incident" --root "$alone/other.1"
ok "an order that reads otherwise is found out" altered 's/^reason .*/reason other/' 1 "does not hold"
ok "  a leaf in another's place too" altered '0,/^leaf 0/s/^leaf 0 /leaf 1 /' 1 "does not hold"
ok "  and a worker's line" altered 's/^worker north-1 -/worker north-1 role=web/' 4 "signature"
ok "the whole record is exported" tocsin audit export "$SITE_HOME/record"
ok "  and needs root.1 alone too" stranger audit verify "$SITE_HOME/record" --root "$alone/root.1"

cp -r "$SOURCE/tests/e2e/playbooks/counting" "$SITE_HOME/playbooks/"
tocsin --no-input playbook propose "$SITE_HOME/playbooks/counting" --repo "$SITE_HOME/playbooks.git" --key "$SITE_HOME/keys/khoa" --author khoa >/dev/null 2>&1
chmod -R go+rX "$SITE_HOME/playbooks.git"
ok "a release waits for approval" wait_for 20 listed counting
RELEASE=$(tocsin --json review list | sed -n 's/^ *"hash": "\(.*\)".*/\1/p' | head -n 1)
no() { tocsin --no-input review reject "$RELEASE" --key "$SITE_HOME/keys/$1" "${@:2}"; }
ok "a no without a reason is none" refuses 64 "say why" no ana
ok "nobody but a reviewer says it" refuses 4 "is no reviewer" no dung --reason "I do not like it"
ok "a reviewer says no" no ana --reason "it removes what it should keep"
ok "  and whoever lists releases reads who and why" listed "rejected by ana: it removes what it should keep"
ok "  as does whoever views it" says "^REJECTED by ana: it removes what it should keep" tocsin review view "$RELEASE"
ok "  the last word of one counts" wait_for 5 still_no
broker_stop -KILL
broker_start
ok "after kill -9 of the broker it stands" wait_for 20 listed "rejected by ana: still no"
ok "  and whoever is about to approve it" says "^REJECTED by ana: still no" tocsin --no-input review approve "$RELEASE" --key "$SITE_HOME/keys/binh"
ok "  and the record with it holds" tocsin audit verify
tap_end
