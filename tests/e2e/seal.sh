#!/bin/bash
# Sealed runs on real daemons: the responder, one more reader and the workers read them; the broker's state, its log, what it
# posts and every message that it was sent hold nothing of the secret.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2"
orders_site seal whisper murmur
mnt=$SITE_HOME/mnt
secret=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
open=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
(umask 077 && printf 'pw-%s\n' "$secret" >"$SITE_HOME/keys/token")
RECEIVER_PORT=$(free_port)
(umask 077 && echo "http://127.0.0.1:$RECEIVER_PORT/200" >"$SITE_HOME/keys/desk.url")
echo "sink desk generic url-file $SITE_HOME/keys/desk.url" >>"$SITE_HOME/broker.conf"
background receiver "$BUILD/tests/e2e/receiver" "$RECEIVER_PORT" "$SITE_HOME/posts"
trap 'stop receiver; tap_clean' EXIT
unset XDG_CONFIG_HOME
export TOCSIN_SEALING=$SITE_HOME/keys/dung.sealing

both="--target north-1 --target north-2"
whisper() { planned whisper --set root="$mnt" --secret token=- "$@" <"$SITE_HOME/keys/token"; }
# by PERSON ARGUMENT...: tocsin, with that person's sealing key.
by() { local person=$1; shift; TOCSIN_SEALING=$SITE_HOME/keys/$person.sealing as $person "$@"; }
readers() {
    local person
    for person; do
        tocsin keys reader "$TOCSIN_SITE" $person "$(tocsin keys sealing "$SITE_HOME/keys/$person.sealing")" || return 1
    done
    site_sign ana people.draft && site_sign chi people.draft
    chmod -R go+rX "$TOCSIN_SITE"
}
# finds TEXT FILE...: something in them has it, as it is, in hexadecimal or in base64. `broker_memory` is no file: all that
# the broker was sent and has not overwritten yet is there.
finds() {
    local text=$1 hex regex
    shift
    hex=$(printf '%s' "$text" | od -An -tx1 | tr -d ' \n')
    regex="$text|$hex|$(printf '%s' "$text" | base64 | cut -c1-30)"
    if [ "$1" = broker_memory ]; then broker_memory | grep -aqE -- "$regex"; else grep -arlE -- "$regex" "$@"; fi
}
hides() { local status=0; finds "$secret" "$@" || status=$?; [ $status = 1 ]; } # what could not be read hides nothing
broker_memory() {
    local range rights rest pid
    pid=$(pid_of broker)
    while read -r range rights rest; do
        [[ $rights == rw* ]] || continue
        dd if=/proc/$pid/mem bs=4096 skip=$((0x${range%-*} / 4096)) count=$(((0x${range#*-} - 0x${range%-*}) / 4096)) 2>/dev/null
    done </proc/$pid/maps
    true
}
rings() { [ "$(post_alert host-out-of-disk-space.json INSTANCE="$1.example:9100" REGION="${1%-*}" "MOUNTPOINT=$mnt/$1")" = 200 ]; }
secret_named() { mkdir -p "$mnt/$1" && echo x >"$mnt/$1/file-$secret"; }
for worker in $SITE_WORKERS; do secret_named $worker; done

broker_start
for worker in $SITE_WORKERS; do worker_start $worker; done
ok "two workers are online" eval 'for w in $SITE_WORKERS; do wait_for 20 worker_online $w; done'
ok "a plan by somebody whom people list no sealing key of is refused" refuses 4 "people list no sealing key of 'dung'" whisper $both
ok "people list the keys of two readers" readers dung giang
broker_stop
broker_start
ok "a playbook's secret is not given openly by mistake" refuses 64 "both --set and --secret give 'token'" whisper $both --set token=x
ok "the plan says who will read it" eval 'whisper $both --seal-to giang && grep -q "^  sealed: what it gives and says is read by dung, giang and the workers" "$SITE_HOME/log/plan"'
ok "  and not the secret" eval 'grep -q "^  input token *SEALED" "$SITE_HOME/log/plan" && hides "$SITE_HOME/log" "$SITE_HOME/state"'
ok "  whom a start does not change" refuses 64 "sealed already, and not to 'lan'" tocsin --no-input run start "$PLAN" --seal-to lan --reason "a test"
ok "a sealed run" started
ok "  ends well" ended succeeded
ok "  its responder reads what the steps gave" says "output .*pw-$secret" view
ok "    and that others do not" says "^  sealed: what it gives is read by those" view
ok "    what they said" says "^look: the token is pw-$secret$" tocsin run logs "$RUN" north-1
ok "    of all targets, in the step that runs once" says "^tell: north-1 pw-$secret, north-2 pw-$secret$" tocsin run logs "$RUN" north-2
ok "    and as JSON" says "\"sealed\": \"opened\"" tocsin --json run view "$RUN"
size=$(tocsin run logs "$RUN" north-1 --json | sed -n 's/^ *"size": \([0-9]*\).*/\1/p')
ok "    from an offset on, there is no more" eval '[ -z "$(tocsin run logs "$RUN" north-1 --since-offset $size)" ]'
ok "  the other reader reads it too" says "output .*pw-$secret" by giang run view "$RUN"
ok "  who has no key reads that it is sealed" says "output sealed: not for you" by nobody run view "$RUN"
ok "    and no line" says "^look: sealed: not for you$" by nobody run logs "$RUN" north-1
ok "    and nothing of the secret" eval 'by nobody run view "$RUN" >"$SITE_HOME/out" && by nobody --json run view "$RUN" >>"$SITE_HOME/out" && hides "$SITE_HOME/out"'
ok "  the sink was told that there is something" wait_for 20 grep -q "sealed: only the readers of the order" "$SITE_HOME/posts"

ok "an alert waits for people" eval 'rings north-1 && wait_for 20 incident_is 1 waiting'
ok "a step fails" eval 'whisper $both --set fail=yes --incident 1 && started'
ok "  which the run says" ended failed
ok "  not why" silent "pw-$secret" by nobody run view "$RUN"
ok "    but to its readers" says "stumble .*it is pw-$secret" view
ok "    in the incident too" says "step 'stumble' is failed: it is pw-$secret" tocsin incident view 1
ok "    which tells others that it is sealed" says "step 'stumble' is failed: sealed: its output says why" by nobody incident view 1

kill "$(cat "$SITE_HOME/slow/north-1/pid")"
hold north-1
ok "a step takes long" eval 'whisper --target north-1 && started && wait_for 20 is_held north-1'
worker_stop north-1 -KILL
broker_stop -KILL
broker_start
let_go north-1
worker_start north-1
ok "  the worker is killed meanwhile, and goes on" ended succeeded
ok "  it says each line once" eval 'tocsin run logs "$RUN" north-1 >"$SITE_HOME/out" && [ "$(grep -c "^start: before: pw-$secret$" "$SITE_HOME/out")$(grep -c "^start: after: pw-$secret$" "$SITE_HOME/out")" = 11 ]'

mv "$mnt/north-2" "$mnt/away"
ok "a run fails half-way" eval 'planned murmur --set root="$mnt" --secret token="$SITE_HOME/keys/token" --target north-2 && started && ended failed'
mv "$mnt/away" "$mnt/north-2"
ok "  who cannot read it cannot plan it again" refuses 9 "its inputs are sealed" by nobody run resume "$RUN"
ok "  who can goes on" eval 'tocsin run resume "$RUN" >"$SITE_HOME/log/plan" && PLAN=$(sed -n "s/^plan \([0-9a-f]*\).*/\1/p" "$SITE_HOME/log/plan") && started && ended succeeded'
ok "    with what the earlier run sealed" says "handed on: pw-$secret" view

ok "a run whose secret is a name is sealed by start alone" eval 'planned whisper --set root="$mnt" --set token=a-name --target north-1 && RUN=$(as dung --json -q run start "$PLAN" --seal --reason "a test" | sed -n "s/^ *\"run\": \"\([0-9a-f]*\)\".*/\1/p")'
ok "  ends well" ended succeeded
ok "  and is sealed" says "output sealed: not for you" by nobody run view "$RUN"

ok "what is not sealed would be found" eval 'planned murmur --set root="$mnt" --set token=open-$open --target north-1 && started && ended succeeded'
case $BUILD in
*/sanitized) ;; # AddressSanitizer's shadow is terabytes of memory
*)
    ok "  in the broker's memory" finds "$open" broker_memory
    ok "    where nothing of the secret is" hides broker_memory
    ;;
esac
broker_stop
ok "  in its record" finds "$open" "$SITE_HOME/broker"
ok "    where nothing of the secret is, nor in its log and state" hides "$SITE_HOME/broker" "$SITE_HOME/log/broker"
ok "  nor in what it posted" hides "$SITE_HOME/posts"
ok "  nor in what people kept" hides "$SITE_HOME/state/person"
ok "  nor in the logs of the workers" hides "$SITE_HOME"/log/north-*
broker_start
orders_end
