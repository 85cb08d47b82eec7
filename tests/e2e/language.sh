#!/bin/bash
# What playbooks can say, on real daemons: steps that are tried again, that run side by side, over a list, after a failure,
# at the end; what is taken back; other playbooks; words to people.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
orders_site language patient abreast present careful counting calling outer about round into lacking
mnt=$SITE_HOME/mnt/north-1
RECEIVER_PORT=$(free_port)

for service in left right; do orders_service north-1 $service; done
ln -s ../../right/north-1/calls "$SITE_HOME/left/north-1/go"
ln -s ../../left/north-1/calls "$SITE_HOME/right/north-1/go"
(umask 077 && echo "http://127.0.0.1:$RECEIVER_PORT/200" >"$SITE_HOME/keys/desk.url")
echo "sink desk generic url-file $SITE_HOME/keys/desk.url on none" >>"$SITE_HOME/broker.conf"
background receiver "$BUILD/tests/e2e/receiver" "$RECEIVER_PORT" "$SITE_HOME/posts"
trap 'stop receiver; tap_clean' EXIT

# pauses STEP: milliseconds between one attempt and the next.
pauses() {
    tocsin --json run view "$RUN" | awk -v step="$1" -F'[:,]' '
        $1 ~ /"ended"/ { ended = $2 }
        $1 ~ /"started"/ { started = $2 }
        $1 ~ /"step"/ && index($2, "\"" step "\"") { if (last) print started - last; last = ended }'
}
# pauses_grow STEP NUMBER: so many at least, and each of them twice the one before.
pauses_grow() { pauses "$1" | awk -v wanted="$2" -v least=1000 '$1 < least { short = 1 } { n++; least *= 2 } END { exit short || n < wanted }'; }
spool() {
    local file
    rm -rf "$mnt/spool" && mkdir "$mnt/spool"
    for file in one.log two.log one.log.1 two.log.1 "$@"; do echo "$file" >"$mnt/spool/$file"; done
}
# fetched NUMBER COMMAND...: it asks the broker for so many releases.
fetched() { local text; text=$("${@:2}" 2>&1); printf '%s\n' "$text"; [ "$(grep -c "asked the broker 'release'" <<<"$text")" = "$1" ]; }
emptied() { ordered "$1" --target north-1 --set spool="$mnt/spool"; }

propose() { as khoa playbook propose "$SOURCE/tests/e2e/playbooks/$1" --repo "$SITE_HOME/playbooks.git" --author khoa; }
ok "lint refuses to try again what nobody may repeat on a guess" refuses 1 "eager/playbook.lua:6: error: .*service.restart" \
    tocsin playbook lint "$SOURCE/tests/e2e/playbooks/eager"
ok "  and so does propose" refuses 2 "step 'restart' cannot be retried" propose eager

broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1
ok "two playbooks that call each other cannot be ordered" refuses 9 "'round' would call itself" \
    tocsin run plan round --target north-1
ok "  nor one that calls them" refuses 9 "'round' would call itself, in step 'on' of 'about'" tocsin run plan into --target north-1

ok "one that does not give what another takes cannot be ordered either" refuses 4 "step 'look' of 'lacking' calls 'counting': input 'folder' is missing" \
    tocsin run plan lacking --target north-1

mkdir -p "$mnt/wait"
ok "a step looks for a file that is not there" ordered patient --target north-1 --set folder="$mnt/wait"
ok "  and fails, and is tried again, and its worker is killed" wait_for 20 count_of look failed 2
worker_stop north-1 -KILL
echo here >"$mnt/wait/here"
worker_start north-1
ok "  after its restart it goes on, until the file is there" ended succeeded
ok "  each attempt has a receipt, and its number in the view" says "look .* ok .*attempt [3-5]" view
ok "  each pause is twice the one before" pauses_grow look 2

ok "two steps each wait for what the other makes" ordered abreast --target north-1
ok "  so they ran side by side" ended succeeded

mkdir -p "$mnt/trees/"{a,c}
ok "a step runs over a list" ordered present --target north-1 --set root="$mnt/trees" --set folders=a,c
ok "  each item of which is there" ended succeeded
ok "  and what it says can be read" says "^each: looking at c$" tocsin run logs "$RUN"
ok "with one that is missing" ordered present --target north-1 --set root="$mnt/trees" --set folders=a,b,c
ok "  the step fails" ended failed
ok "  at that item, by its name" says "each .* failed .*item 2 \(b\)" view
ok "  and goes no further" silent "looking at c" tocsin run logs "$RUN"

spool
ok "two logs are emptied" emptied careful
ok "  and nobody minds" ended succeeded
ok "  the step that stands for a failure did not run" silent "^    say-why " view
ok "  the one that always runs did" says "^    count  *ok" view
ok "  nothing was undone" test -s "$mnt/spool/one.log.1" -a -s "$mnt/spool/two.log.1" -a ! -s "$mnt/spool/one.log"
spool hold
ok "where a file says hold" emptied careful
ok "  the run is undone" ended undone
ok "  which the list of runs says" says "^${RUN:0:12} .*careful .*undone" tocsin run list
ok "  the step that stands for the failure ran" says "somebody wants these logs" tocsin run logs "$RUN"
ok "  it is undone on the disk, the last first" test ! -e "$mnt/spool/one.log.1" -a ! -e "$mnt/spool/two.log.1"
ok "  and in the view" says "^  north-1 .* failed, undone" view
ok "    step by step" test "$(view | awk '$2 == "undone" && /receipt/ { printf "%s ", $1 }')" = "two one "
ok "  then the step that always runs ran" says "^    count  *ok" view
spool hold stuck
ok "where an undo cannot be done" emptied careful
ok "  the run says that" ended "undo failed"
ok "  and the view says why" says "one  *undo failed .*stuck lies there" view
ok "  what could be undone is" test ! -e "$mnt/spool/two.log.1" -a -e "$mnt/spool/one.log.1"

mkdir -p "$mnt/count" && touch "$mnt/count/"{a,b,c}
ok "what a playbook calls is fetched once, to be planned and shown" fetched 2 tocsin -v run plan calling --target north-1 --set folder="$mnt/count"
ok "a playbook calls another, with inputs" ordered calling --target north-1 --set folder="$mnt/count"
ok "  and uses what it gave" ended succeeded
ok "  its steps' receipts have paths" says "^    look/count  *ok" view
ok "  its last word goes to a sink" wait_for 20 grep -q "^/200 .*counted 2 of at most 2" "$SITE_HOME/posts"
spool
ok "a step of another playbook's caller fails" emptied outer
ok "  what was called is undone as well" ended undone
ok "    on the disk" test ! -e "$mnt/spool/one.log.1" -a ! -e "$mnt/spool/two.log.1"
ok "    in reverse" test "$(view | awk '$2 == "undone" && /receipt/ { printf "%s ", $1 }')" = "clean/two clean/one clean "
orders_end
