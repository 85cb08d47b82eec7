#!/bin/bash
# Break-glass on real daemons: a responder out of scope, outside the machine's window, runs what was approved with another
# responder who cosigns, and without one nowhere. And what a machine's policy asks for beyond root.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 south-1"
orders_site glass slow-restart
plans=$XDG_STATE_HOME/tocsin/plans

lan_joins() {
    person_key lan &&
        tocsin keys person "$TOCSIN_SITE" lan "$SITE_HOME/keys/lan.pub" --roles responder --scope region=south \
            --curve "$(tocsin keys curve "$SITE_HOME/keys/lan.curve")" &&
        site_sign ana people.draft && site_sign chi people.draft && chmod -R go+rX "$TOCSIN_SITE"
}
lan_joins >>"$SITE_HOME/log/make" 2>&1 || { echo "Bail out! lan did not join"; exit 1; }

RECEIVER_PORT=$(free_port)
(umask 077 && echo "http://127.0.0.1:$RECEIVER_PORT/200" >"$SITE_HOME/keys/desk.url")
echo "sink desk generic url-file $SITE_HOME/keys/desk.url on break-glass,run.succeeded" >>"$SITE_HOME/broker.conf"
background receiver "$BUILD/tests/e2e/receiver" "$RECEIVER_PORT" "$SITE_HOME/posts"
trap 'stop receiver; tap_clean' EXIT

# The machine's window was, and will be, on the day after tomorrow.
window="window $(LC_ALL=C date -u -d '+2 days' +%a | tr '[:upper:]' '[:lower:]') 00:00-01:00"
plain=$SITE_HOME/plain-policy
cp "$SITE_HOME/south-1/policy" "$plain"
echo "$window" >>"$SITE_HOME/north-1/policy"

# policy WORKER LINE...: what its policy says besides, from its next start on.
policy() {
    local worker=$1
    shift
    worker_stop "$worker"
    sed "s/south-1/$worker/g" "$plain" >"$SITE_HOME/$worker/policy"
    printf '%s\n' "$@" >>"$SITE_HOME/$worker/policy"
    worker_start "$worker"
    wait_for 20 worker_online "$worker"
}
# allows WORKER REGEX: the machine says so by now.
allows() { tocsin worker view "$1" --all | grep -qE -- "$2"; }
slow() { planned slow-restart --set service=slow "$@"; }
order_file() { ls "$plans/$PLAN"*.order; }
glass() { slow --target "$1" --break-glass "${2:-the shift is alone}"; }
waits_for_cosigner() { refuses 6 "tocsin run cosign" as lan run start "$PLAN" --reason "a test"; }
cosigned() { RUN=$(as "${1:-dung}" --json -q run cosign "$(order_file)" | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p') && [ -n "$RUN" ]; }

broker_start
for worker in $SITE_WORKERS; do worker_start $worker; done
for worker in $SITE_WORKERS; do ok "$worker is online" wait_for 20 worker_online $worker; done
ok "  and has said what it allows" eval 'wait_for 20 allows north-1 "service.restart" && wait_for 20 allows south-1 "service.restart"'

ok "a plan says which targets are outside one's scope" says "OUTSIDE YOUR SCOPE: north-1 .*--break-glass" \
    as lan run plan slow-restart --set service=slow --target north-1
ok "  and nothing to one whose scope they are in" silent "OUTSIDE" as lan run plan slow-restart --set service=slow --target south-1
slow --target north-1
ok "out of scope nobody orders, and reads who could" refuses 4 "another responder orders it, .*--break-glass WHY.*outside the scope" as lan run start "$PLAN" --reason "a test"
ok "no window is open, as the plan tells" grep -q "WOULD REFUSE what changes something: north-1 .*no window .* is open now" "$SITE_HOME/log/plan"
ok "  and as the worker's view does" allows north-1 "service.restart \(not now: outside its windows\)"
ok "in scope, outside the window, an order runs" eval 'slow --target north-1 && started'
ok "  and fails by the machine's policy" eval 'ended failed && part_says north-1 "policy  *this machine is changed within the windows"'
ok "  with nothing done" test "$(calls north-1)" = 0

ok "an order that breaks glass is planned" glass north-1 "the shift is alone"
ok "  which the plan says aloud" grep -q "BREAK-GLASS: the shift is alone" "$SITE_HOME/log/plan"
ok "  with whom it needs" grep -q "needs 1 signature.*and another responder who cosigns" "$SITE_HOME/log/plan"
ok "who orders it waits for a cosigner" waits_for_cosigner
ok "  having seen the line that was signed" grep -q "^break-glass the shift is alone" "$SITE_HOME/log/last"
ok "who ordered it cosigns nothing" refuses 6 "nobody cosigned it who did not order it" as lan run cosign "$(order_file)"
ok "another signature of order makes no cosigner" refuses 6 "nobody cosigned it" as giang run approve "$(order_file)"
ok "  and who gave it is none now" refuses 6 "nobody cosigned it" as giang run cosign "$(order_file)"
ok "nor one who is no responder" refuses 4 "no responder" as ana run cosign "$(order_file)"
ok "another responder cosigns, who sees what is broken" says "BREAK-GLASS: who signs this" \
    as dung run cosign "$(order_file)"
ok "  and the run begins" eval 'RUN=$(tocsin --json run list | sed -n "s/^ *\"run\": \"\([0-9a-f]*\)\".*/\1/p" | head -n 1); ended succeeded'
ok "  and was done" test "$(calls north-1)" -gt 0
ok "everybody is told" wait_for 20 grep -q "break-glass.*BREAK-GLASS: 'slow-restart' runs outside scope and windows, cosigned by dung: the shift is alone" "$SITE_HOME/posts"
ok "  of its end too" wait_for 20 grep -q "run.succeeded.*BREAK-GLASS: the run of" "$SITE_HOME/posts"
ok "the run says it" says "^  BREAK-GLASS, cosigned by dung.*: the shift is alone" tocsin run view "$RUN"
ok "  and who ordered it, without who cosigned" says "  by order of lan, giang  since" tocsin run view "$RUN"
ok "  as do its receipts" says "ok .*BREAK-GLASS   receipt [0-9]*, signature holds" tocsin run view "$RUN"
ok "  and the list of runs" says "succeeded BREAK-GLASS" tocsin run list
ok "  and the record" says "order .*BREAK-GLASS: the shift is alone" tocsin audit list --limit 200
ok "  which holds, and says it to whoever asks" says "^BREAK-GLASS: run .* by .*lan.*, cosigned by dung" tocsin audit verify

ok "an incident's run may break glass" eval '
    [ "$(post_alert host-out-of-disk-space.json INSTANCE=north-1.example:9100 REGION=north "MOUNTPOINT=/")" = 200 ] &&
    slow --target north-1 --incident 1 --break-glass "the disk fills" && waits_for_cosigner && cosigned && ended succeeded'
ok "  as the incident says" says "^  BREAK-GLASS: the disk fills" tocsin incident view 1
ok "  and who ordered it" says "BREAK-GLASS: lan ordered .slow-restart." tocsin incident view 1
ok "  and why it came to that" says "^  BREAK-GLASS: the disk fills" tocsin why 1
ok "nobody cosigns what breaks no glass" eval 'slow --target south-1 &&
    cp "$plans/$PLAN"* "$SITE_HOME/plain.order" && refuses 64 "breaks no glass" as dung run cosign "$SITE_HOME/plain.order"'
ok "within a blackout glass holds" policy north-1 "$window" "blackout mon-sun 00:00-24:00"
ok "  whoever cosigns" eval 'glass north-1 && waits_for_cosigner && cosigned && ended failed && part_says north-1 "policy .*blackout"'
ok "a machine lets nobody break glass" policy north-1 "break-glass never"
ok "  and says so" wait_for 20 allows north-1 "nobody breaks glass there"
ok "  as a plan tells beforehand" eval 'glass north-1 && grep -q "WOULD REFUSE all of it: north-1 .*nobody break glass" "$SITE_HOME/log/plan"'
ok "  and refuses it" eval 'waits_for_cosigner && cosigned && ended failed && part_says north-1 "refused  policy"'
ok "  while other orders run" eval 'slow --target north-1 && started && ended succeeded'

ok "a machine asks for two who order" policy south-1 "orders change 2" "approvals change 1"
ok "  and says so" wait_for 20 allows south-1 "orders of class change: 2 people"
ok "  as a plan tells beforehand" eval 'slow --target south-1 && grep -q "needs 2 signatures .* as a machine.s policy asks" "$SITE_HOME/log/plan"'
ok "  one waits for the other" refuses 6 "1 of the 2 people signed" as dung run start "$PLAN" --reason "a test"
ok "  also when asked again" refuses 6 "1 of the 2 people signed" as dung run start "$PLAN" --reason "a test"
ok "  who signs too" says "run .* started" as giang run approve "$(order_file)"
ok "  and it runs" eval 'RUN=$(tocsin --json run list | sed -n "s/^ *\"run\": \"\([0-9a-f]*\)\".*/\1/p" | head -n 1); ended succeeded'
ok "a machine asks for nine who order" policy south-1 "orders change 9"
ok "  and says so" wait_for 20 allows south-1 "orders of class change: 9 people"
ok "  which the doctor calls too many" says "south-1.*asks for 9 people behind an order of class change, and there are [0-9]*" tocsin doctor
ok "a machine asks for three who approve" policy south-1 "approvals change 3"
ok "  and says so" wait_for 20 allows south-1 "approvals of class change: 3 people"
ok "  as a plan tells beforehand" eval 'slow --target south-1 && grep -q "WOULD REFUSE all of it: south-1 .*more approvers" "$SITE_HOME/log/plan"'
ok "  and refuses what two approved" eval 'started && ended failed && part_says south-1 "quorum"'
orders_end
