#!/bin/bash
# Who is meant, and how people hold a run in their hands: targets, waves, pause, cancel, stops of a region, going on where
# one failed, and what a worker that was away still gets.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
orders_site control stages twice glance counting handing
mnt=$SITE_HOME/mnt

ready() { local worker; for worker; do echo yes >"$mnt/$worker/ready"; done; }
unready() { local worker; for worker; do rm -f "$mnt/$worker/ready"; done; }
stages() { ordered stages --set root="$mnt" "$@"; }
glance() { planned glance --set mount="$mnt/$1" "${@:2}"; }
targets() { grep '^  wave ' "$SITE_HOME/log/plan" | grep -oE '(north|south)-[0-9]' | sort -u | tr '\n' ' '; }
remember() { calls_before=$(calls "$1"); }
untouched() { [ "$(calls "$1")" = "$calls_before" ]; }
# soaked MS: so long after the end of the first part the second was offered.
soaked() {
    tocsin --json run view "$RUN" | awk -v least="$1" -F'[:,]' '
        /^        "ended"/ { ended[++n] = $2 }
        /^        "offered"/ { offered[n] = $2 }
        END { print offered[2] - ended[1] " ms"; exit !(n == 2 && offered[2] - ended[1] >= least) }'
}
foretold() { planned stages --set root="$mnt" --target "$1" && grep -qF "$2" "$SITE_HOME/log/plan"; } # WORKER WORDS
watch_drawn() { script -qec "tocsin run watch $RUN --wait=0s" /dev/null | sed 's/\x1b\[[0-9]*[A-Z]//g'; }
# Line by line what who asks afterwards is told, but for stops and who is away.
watched_whole() { diff <(grep -E "^[0-9-]{10} " "$SITE_HOME/log/watch") <(tocsin run watch "$RUN" | grep -E "^[0-9-]{10} "); }
window_over() { [ "$(date +%s)" -gt "$1" ]; }

broker_start
ok "a list that is empty says so" eval 'says "^nothing has run yet" tocsin run list && says "^no incident has come" tocsin incident list && says "^no incident is failed" tocsin incident list --state failed'
ok "  and takes no number that the broker would not keep to" eval 'refuses 64 "^tocsin: --limit is 1 to 500" tocsin run list --limit 501 && refuses 64 "^tocsin: --limit is 1 to 500" tocsin incident list --limit 0'
worker_start north-1; worker_start north-2
ok "two of three workers are online" eval 'wait_for 20 worker_online north-1 && wait_for 20 worker_online north-2'

ok "the third is away; it gets an order whose window is long" eval 'glance south-1 --target south-1 && started && LONG=$RUN'
ok "  and one whose window is ten seconds" eval 'ordered counting --set folder="$mnt/south-1" --target south-1 --valid 10s && SHORT=$RUN'
short_end=$(($(date +%s) + 10))

ok "a selector means a region's workers" eval 'glance north-1 --target region=north && [ "$(targets)" = "north-1 north-2 " ]'
ok "  less those that are excepted" eval 'glance north-1 --target region=north --except north-2 && [ "$(targets)" = "north-1 " ]'
ok "  no more than a cap" refuses 2 "2 targets are chosen and the cap is 1" planned glance --set mount="$mnt" --target region=north --at-most 1
ok "  which the playbook may have too" refuses 2 "3 targets are chosen and the cap is 2" planned glance --set mount="$mnt" --target region=north --target region=south
ok "  with some left untouched" refuses 2 "1 must .*; name fewer" planned glance --set mount="$mnt" --target region=north --keep 1
ok "  but none of nobody" refuses 64 "'--at-most' wants a number from 1" planned glance --set mount="$mnt" --target region=north --at-most 0
ok "who is named and selected is one target, in whichever order" eval 'glance north-1 --target region=north --target north-2 && [ "$(targets)" = "north-1 north-2 " ] && glance north-1 --target north-2 --target region=north && [ "$(targets)" = "north-1 north-2 " ]'
ok "  but nobody is named twice" refuses 64 "'north-2' is named twice" planned glance --set mount="$mnt" --target north-2 --target north-2
ok "nobody is an error" refuses 4 "no target is left" planned glance --set mount="$mnt" --target north-1 --except region=north
ok "  as is a region that has no worker" refuses 9 "no worker has the labels" planned glance --set mount="$mnt" --target region=west

ready north-1 north-2 south-1
hold north-1
ok "a run of two waves" stages --target north-1 --target north-2
ok "  has begun" wait_for 20 is_held north-1
ok "  and runs on" exits 8 as dung run watch "$RUN" --wait=0s
ok "  and is paused" as dung run pause "$RUN"
ok "    which the list of runs says" says "^${RUN:0:12} .*active \(paused\)" tocsin run list
background watch tocsin run watch "$RUN"
ok "    and who watches it" wait_for 20 grep -q "paused" "$SITE_HOME/log/watch"
broker_stop -KILL
broker_start
remember north-2
let_go north-1
ok "  the first wave ends" wait_for 20 part_says north-1 "^done"
ok "  and the second is not offered, after kill -9 of the broker too" eval 'part_says north-2 "^waiting" && untouched north-2'
ok "  until it goes on" as dung run resume "$RUN"
ok "  to its end" ended succeeded
ok "  of which who watched has been told all, once, beyond the broker's restart" eval 'wait_for 20 gone "$(pid_of watch)"; rm "$SITE_HOME/log/watch.pid"; watched_whole'

ok "between two waves" eval 'stages --target north-1 --target north-2 --soak 1s && ended succeeded'
ok "  is the time that was signed" soaked 1000

hold north-1
ok "of two runs of a playbook on a target" eval 'stages --target north-1 && FIRST=$RUN && wait_for 20 is_held north-1 && stages --target north-1'
ok "  the second waits and says why" wait_for 20 part_says north-1 "run ${FIRST:0:12} of the same playbook goes first"
let_go north-1
ok "  until the first has ended" ended succeeded "$FIRST"
ok "  then it runs" ended succeeded

ok "when the shorter window is over" wait_for 12 window_over "$short_end"
worker_start south-1
ok "  the third worker comes back" wait_for 20 worker_online south-1
ok "  and runs what is in its window" ended succeeded "$LONG"
ok "  but not what was in the other" part_says south-1 "^(never|offered)" "$SHORT"

unready north-1 north-2 south-1
ok "where no failure is allowed" stages --target region=north --target south-1 --first 3
ok "  three of a wave that would all fail" ended failed
ok "  and its follower's status says so" exits 1 tocsin -q run watch "$RUN"
ok "  are one that did and two that never began" says "3 targets: 1 failed, 2 never reached" view

ready north-1 south-1
ok "where two are" stages --target region=north --target south-1 --max-failures 2
ok "  one of three fails" ended failed
ok "  what is planned again is exactly that one" eval 'says "^plan" tocsin run retry "$RUN" --failed >"$SITE_HOME/log/plan" && [ "$(targets)" = "north-2 " ]'
ok "  and can go on where it failed" eval 'tocsin run resume "$RUN" >"$SITE_HOME/log/plan" && [ "$(targets)" = "north-2 " ]'
PLAN=$(sed -n 's/^plan \([0-9a-f]*\).*/\1/p' "$SITE_HOME/log/plan")
remember north-2
ready north-2
ok "  which it does" eval 'started && ended succeeded'
ok "  and does not do again what was done" untouched north-2

worker_stop south-1 -KILL
hold north-2
ok "a run of two waves, and one worker of the second is down" stages --target region=north --target south-1 --max-failures 2
ok "  the second has begun" wait_for 20 is_held north-2
ok "  it is cancelled, which not all can confirm" exits 5 as dung run cancel "$RUN" --reason "enough" --wait=3s
said=$SITE_HOME/cancelled
cp "$SITE_HOME/log/now" "$said"
ok "  one had ended before" grep -qE "^north-1 +ended before" "$said"
ok "  one is being stopped" grep -qE "^north-2 +stopping" "$said"
ok "  of one nobody knows" grep -qE "^south-1 +NOT REACHED" "$said"
let_go north-2
ok "  an op that had begun comes to its end, and no other begins" eval 'wait_for 20 part_says north-2 "^stopped" && silent "check" receipts ".*" | grep -q . ; says "^    restart  *ok" view'
worker_start south-1
ok "  when the last worker is back, it has stopped too" ended stopped
ok "  without having begun" part_says south-1 "^stopped"

hold north-1
ok "a run is under way, and can be reached" eval 'stages --target north-1 && wait_for 20 is_held north-1'
ok "  it is cancelled, and all confirm" exits 0 as dung run cancel "$RUN" --reason "enough"
let_go north-1
ok "  it is stopped" ended stopped

ok "a playbook that is misspelt is guessed" refuses 9 "did you mean 'glance'; see: tocsin playbook list" planned glanc --target north-1
ok "  a worker too" refuses 9 "did you mean 'north-1'; see: tocsin worker list" planned glance --target nort-1
ok "  in a list of workers a region too" refuses 9 "no worker is of region 'nroth', did you mean 'north'" tocsin worker list --region nroth
ok "    and nobody who is away is said to be nobody" says "^nobody is offline" tocsin worker list --offline
ok "a region that there is not is not stopped" refuses 9 "no fleet is of region 'nroth'; there are: north, south" as chi stop region nroth --reason "something is wrong"
ok "a region is stopped by officers only" refuses 4 "officer" as dung stop region north --reason "something is wrong"
hold north-1
remember north-1
worker_stop north-2 -KILL
ok "a step of two ops is under way in a region" eval 'ordered twice --target north-1 && wait_for 20 is_held north-1'
ok "  that is stopped by one officer, though not all can confirm" exits 5 as chi stop region north --reason "something is wrong" --wait=3s
cp "$SITE_HOME/log/now" "$said"
ok "    which is said" eval 'grep -q "confirmed by  *north-1$" "$said" && grep -q "NOT YET REACHED  *north-2$" "$said"'
ok "    and by the run that it is over" says "STOPPED: the region north: something is wrong \(1 worker not reached" view
let_go north-1
ok "  it ends" ended stopped
ok "  between its two ops" test "$(calls north-1)" = $((calls_before + 2))
worker_stop north-1 -KILL
broker_stop -KILL
broker_start
ok "a region of which nobody is there is told as a whole" says "^  DARK region north: none of its 2 workers is online" tocsin status
ok "  and who is away stands in a list" eval 'says "^north-2 +north +offline" tocsin worker list --offline --region north && silent south tocsin worker list --region north'
worker_start north-1; worker_start north-2
ok "after kill -9 of worker and broker the region is stopped" eval 'wait_for 20 worker_online north-1 && says "^STOPPED +region north" tocsin status'
ok "  whom nobody reached hears of it" wait_for 20 says "^[0-9a-f]+ +region +north .* 2 +0 +something is wrong" tocsin stop list
remember north-1
ok "  a plan says so" eval 'planned stages --set root="$mnt" --target north-1 && grep -q "STOPPED: region north" "$SITE_HOME/log/plan"'
ok "  and an order of it ends before it begins" eval 'started && ended stopped && part_says north-1 "stopped by chi: something is wrong"'
ok "  the other region goes on" eval 'glance south-1 --target south-1 && not grep -q STOPPED "$SITE_HOME/log/plan" && started && ended succeeded'
STOP=$(tocsin --json stop list | sed -n 's/^ *"hash": "\([0-9a-f]*\)".*/\1/p' | tail -n 1)
ok "one officer does not lift it" refuses 6 "another officer" as chi resume "$STOP" --reason "it was nothing"
resume=$(ls "$XDG_STATE_HOME"/tocsin/resumes/* | grep -v sigs)
ok "  nor twice the same" refuses 6 "1 of the 2 officers" as chi resume --file "$resume"
ok "  two do" as hoa resume --file "$resume"
ok "  and the region works again" eval 'untouched north-1 && stages --target north-1 && ended succeeded'

hold north-1
ok "a run that will call another playbook is under way" eval 'ordered handing --set folder="$mnt/north-1" --target north-1 && wait_for 20 is_held north-1'
ok "  which is stopped, by its name" as chi stop playbook counting --reason "it counts wrong"
ok "    as the run's view says" says "^  STOPPED: the playbook counting, which it calls: it counts wrong" view
ok "    and whoever follows it is told" refuses 8 "^  STOPPED: the playbook counting, which it calls: it counts wrong" tocsin run watch "$RUN" --wait=1s
ok "    on a terminal too" says "^  STOPPED: the playbook counting, which it calls" watch_drawn
let_go north-1
ok "  it ends where it would call it" eval 'ended stopped && says "^    restart  *ok" view'

ok "a drained worker is passed over by a plan" eval 'tocsin worker drain north-1 --reason "a new disk" && planned stages --set root="$mnt" --target region=north'
ok "  which says who drained it" grep -q "drained: north-1 by dung since .*(not touched)" "$SITE_HOME/log/plan"
ok "  and so does the list, in PAGER on a terminal" eval 'PAGER="sed s/^/paged:/" script -qec "tocsin worker list" /dev/null | grep -q "^paged:north-1 .* drained"'
ok "  but not behind --no-pager" eval '! PAGER="sed s/^/paged:/" script -qec "tocsin --no-pager worker list" /dev/null | grep -q paged'
sed -i '/^allow service.restart/d' "$SITE_HOME/north-2/policy"
worker_stop north-2; worker_start north-2
ok "a plan says what a machine would refuse, before anyone signs" wait_for 20 foretold north-2 "WOULD REFUSE step restart, service.restart: north-2 (the machine"
ok "its view tells what its policy allows" eval 'says "^  policy +class change at most" tocsin worker view north-1 && says "^ +(.* )?disk.usage" tocsin worker view north-1'
ok "  and why it refuses the rest" says "^ +(refuses +)?change +clock.step \(its policy does not name it\)" tocsin worker view north-1 --all
ok "  by families, where it refuses them as a whole" says "^  refuses +[0-9]+ ops: its policy does not name it" tocsin worker view north-1
ok "  and of one op that is asked for" says "^op clock.step on north-1 +change +REFUSED: its policy does not name it" tocsin worker view north-1 clock.step
ok "  to programs too" says '"highest": "change"' tocsin --json worker view north-1
ok "an order that names it waits" eval 'stages --target north-1 && part_says north-1 "dung drained the worker: a new disk"'
ok "  until it is resumed" eval 'tocsin worker resume north-1 && ended succeeded'

ok "what nobody began in its window has not begun since" eval 'part_says south-1 "^(never|offered)" "$SHORT" && ! receipts count "$SHORT"'
orders_end
