#!/bin/bash
# Runs that wait for people: a question, a consent, who may give them, what it means to say no or nothing; and that neither
# question nor answer is lost with a process.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
orders_site people asking hasty relay aside
spool=$SITE_HOME/mnt/north-1

fill() { local name; for name in left right; do echo $name >"$spool/$name.log"; done; }
asked() { fill && planned "${2:-asking}" --target north-1 --set spool="$spool" && started "$1"; }
grant() {
    as dung keys grant asking --source demo --match labels.alertname=HostOutOfDiskSpace --bound spool:under="$SITE_HOME/mnt" \
        --scope any --budget 3/1h --fresh 5m --expires 30d --evidence token --out "$SITE_HOME/asking.grant" --submit
}
rings() {
    fill
    [ "$(post_alert host-out-of-disk-space.json INSTANCE=north-1.example:9100 REGION=north "MOUNTPOINT=$spool")" = 200 ] || return 1
    RUN=$(tocsin --json run list | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p' | head -n 1)
}
waits() { wait_for 20 part_says north-1 "waits for a person in step $1"; }

RECEIVER_PORT=$(free_port)
(umask 077 && echo "http://127.0.0.1:$RECEIVER_PORT/200" >"$SITE_HOME/keys/desk.url")
echo "sink desk generic url-file $SITE_HOME/keys/desk.url on person.wanted" >>"$SITE_HOME/broker.conf"
background receiver "$BUILD/tests/e2e/receiver" "$RECEIVER_PORT" "$SITE_HOME/posts"
trap 'stop receiver; tap_clean' EXIT

broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1

ok "a run is ordered that asks" asked giang
ok "  and waits for a responder" waits which
ok "  whose status says what is asked" says "step which asks an answer of a responder" tocsin status
ok "  in whose words" says '"Which log is full\?"' tocsin status
ok "  and what can be answered" says "one of: left, right" tocsin status
ok "  a sink is told" wait_for 20 grep -q "person.wanted.*Which log is full" "$SITE_HOME/posts"
ok "another answer is refused" refuses 64 "'both' is none of the options" tocsin --no-input run answer "$RUN" both
ok "  as is one that no document holds, before anybody signs it" refuses 64 "the answer has 801 bytes" as dung run answer "$RUN" "$(printf '%0801d' 0)"
ok "    a reason too" refuses 64 "the reason is not one line" as dung run answer "$RUN" right --reason $'two\nlines'
ok "  as is one of nobody who may give it" refuses 4 "responder" as ana run answer "$RUN" left
ok "  and the run waits still" part_says north-1 "waits for a person in step which"
ok "an answer is given" as dung run answer "$RUN" right
ok "  and the run waits for a consent" waits agree
ok "  the run says of whom" says "tocsin run approve [0-9a-f]+   by a reviewer who did not sign the order" view
ok "  and the status of one who cannot" says "waits for a consent or answer of: reviewer" tocsin status
ok "  which is no matter of one who is no reviewer" silent "step agree" tocsin status
ok "  but of one who is" says "step agree wants a consent of a reviewer" as giang status
ok "one who signed the order does not consent to it" refuses 4 "signed the order" as giang run approve "$RUN"
ok "  nor one who is no reviewer" refuses 4 "reviewer" as dung run approve "$RUN"
ok "a reviewer consents, and sees what happened so far" says "^    which  *ok" as ana run approve "$RUN" --reason "it is full"
ok "  and the run goes on to its end" ended succeeded
ok "  with what was answered" test -s "$spool/left.log" -a ! -s "$spool/right.log"

ok "another run asks" asked dung
ok "  and gets its answer" eval 'waits which && as dung run answer "$RUN" left && waits agree'
worker_stop north-1 -KILL
broker_stop -KILL
ok "worker and broker are killed" eval 'not alive north-1 && not alive broker'
broker_start
worker_start north-1
ok "  and the run waits for the same person" waits agree
ok "  who says no" as giang run approve "$RUN" --no --reason "not today"
ok "  which fails it" ended failed
ok "  as denied" says "agree  *failed .*denied" view
ok "  and nothing was touched" test -s "$spool/left.log" -a -s "$spool/right.log"

ok "a run asks somebody who has a second" ordered hasty --target north-1
ok "  nobody says anything, and it fails" ended failed
ok "  as expired" says "agree  *failed .*expired" view
ok "  and what needed it never began" silent "^    go " view
ok "  too late is too late" refuses 9 "waits for no consent" as giang run approve "$RUN"

ok "a run calls another playbook, which asks" asked dung relay
ok "  in its own step" waits on/which
ok "  which is answered there" eval 'as dung run answer "$RUN" right && waits on/agree && as ana run approve "$RUN"'
ok "  and goes on there" ended succeeded
ok "  as was said" test -s "$spool/left.log" -a ! -s "$spool/right.log"

hold north-1
ok "a run asks while something else takes long" eval 'ordered aside --target north-1 && waits agree && wait_for 20 is_held north-1'
let_go north-1
ok "  which ends, and there is more to be seen" wait_for 20 count_of start ok 1
ok "  a consent to all of that counts" eval 'waits agree && says "^    start  *ok" as giang run approve "$RUN"'
ok "  and the run goes on" ended succeeded

ok "an alert starts a run under a grant" eval 'grant && rings'
ok "  which asks people too, and says of which incident" eval 'waits which && says "incident 1" view'
ok "  whose view names what goes on, and proposes nothing beside it" eval 'tocsin incident view 1 >"$SITE_HOME/log/view" && grep -q "next: tocsin run watch ${RUN:0:12}" "$SITE_HOME/log/view" && not grep -q "next: tocsin run plan" "$SITE_HOME/log/view"'
ok "  and does as they say" eval 'as dung run answer "$RUN" left && waits agree && as giang run approve "$RUN" && ended succeeded'
ok "  and no more" test ! -s "$spool/left.log" -a -s "$spool/right.log"
ok "  the incident's history has who said what" says "giang said 'yes'" tocsin incident view 1

ok "a run that waits for a person" eval 'asked dung && waits which'
ok "  can be cancelled" exits 0 as dung run cancel "$RUN" --reason "nobody knows"
ok "  and has stopped" ended stopped
ok "  nothing is asked any more" silent " step " tocsin status
orders_end
