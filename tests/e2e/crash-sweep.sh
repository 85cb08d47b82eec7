#!/bin/bash
# Every durable write of every process, in three scenes: the process is killed before it and behind it, what it had not
# synced yet is torn, the call fails. Whoever died is started again, and it must end as if nothing had happened. The third
# scene is three waves, and what was done on the last worker is undone.
#
#     crash-sweep.sh BUILD          some points of each sequence: a test each
#     crash-sweep.sh BUILD full     all of them (make crash-sweep)
. "$(dirname "$0")/tap.bash"
. "$SOURCE/tests/e2e/crash.bash"

# SCENES PROGRAMS CALL WAYS WORD CALLS: WORD narrows the calls ("-": all); CALLS is how many are there at least with one
# worker, for the short form to choose one of.
sequences() {
    local scenes programs call ways word calls scene program way number=0
    while read -r scenes programs call ways word calls; do
        for scene in ${scenes//,/ }; do
            for program in ${programs//,/ }; do
                for way in ${ways//,/ }; do
                    number=$((number + 17))
                    echo "$scene $program $call $way $word $((1 + number % calls))"
                done
            done
        done
    done <<-END
	disk,service,waves tocsin-broker,judge sync before,after,eio - 10
	disk,service effector sync before,after,eio - 33
	waves effector sync before,after,eio journal 20
	disk,service,waves tocsin-broker,judge sync cut,zeroed -wal 7
	disk,service,waves effector sync cut,zeroed journal 2
	disk,waves tocsin-worker sync before,after - 3
	disk tocsin-broker write enospc /broker/ 120
	disk,service judge write enospc /judge/ 60
	disk,waves effector write enospc /site/ 8
	disk,service tocsin-broker,judge send before,after - 14
	waves judge send before,after - 50
	disk,service,waves link,effector send before,after - 9
	disk,service,waves spawner send before,after - 2
	END
}

# In a lane. Nothing is said where the point was not reached.
point() { # SCENE AT
    local scene=$1 at=$2 words told
    lane_open "$at"
    "scene_$scene" >/dev/null 2>&1 && told=$(story 2>&1) || told="it does not end"$'\n'$(story 2>&1)
    words=$(hit)
    [ -n "$words" ] || [ "$told" != "$(<"$SITE_HOME/expected.$scene")" ] || return 0
    words="$scene: ${at% }: ${words% socket*}"
    if [ "$told" = "$(<"$SITE_HOME/expected.$scene")" ] || nobody_knows "$scene" "$at" "$told" || began_again "$scene" "$at" "$told"; then
        echo "ok - $words"
    else
        echo "not ok - $words"
        { diff "$SITE_HOME/expected.$scene" - <<<"$told"; tail -n 15 "$SITE_HOME"/log/*; } 2>&1 | sed 's/^/# /'
    fi
}

# A restart that was cut off, and looking cannot tell whether it happened, is unknown, said aloud: the worker of that part did it at most once, and no other wave began.
nobody_knows() { # SCENE AT STORY
    case $1/$2 in waves/tocsin-broker*) return 1 ;; waves/*) ;; *) return 1 ;; esac
    local worker
    worker=$(sed -n 's/^  \(\S*\) *wave [0-9]  unknown .*/\1/p' <<<"$3")
    [[ $worker =~ ^[a-z0-9-]+$ ]] && grep -q '^  rolling  unknown ' <<<"$3" && adds_up "$3" &&
        [ "$(count stop "$SITE_HOME/slow/$worker/calls")" -le 1 ] && ! grep -q 'problem\|DOES NOT HOLD' <<<"$3"
}

# A restart that was cut off, and seen not to have happened, is begun again: one worker stops its service, and perhaps
# starts it, once more; all else is as ever.
began_again() { # SCENE AT STORY
    local expected=$SITE_HOME/expected.$1 sums='s/[0-9]+ starts, [0-9]+ stops/some/' more
    case $1/$2 in waves/tocsin-broker*) return 1 ;; waves/*) ;; *) return 1 ;; esac
    [ "$(sed -E "$sums" "$expected")" = "$(sed -E "$sums" <<<"$3")" ] || return 1
    more=$(paste -d ' ' <(grep -o '[0-9]* starts, [0-9]* stops' "$expected") <(grep -o '[0-9]* starts, [0-9]* stops' <<<"$3") |
        awk '{ starts = $5 - $1; stops = $7 - $3; if (starts || stops) print starts " " stops }')
    [ "$more" = "0 1" ] || [ "$more" = "1 1" ] || [ "$more" = "1 0" ]
}

# "5 targets: 3 done, 1 unknown, 1 never reached"
adds_up() {
    local line total=0 number
    line=$(grep -m 1 '^  [0-9]* targets\?: ' <<<"$1") || return 1
    for number in $(grep -o '[0-9]\+' <<<"${line#*:}"); do total=$((total + number)); done
    [ "$total" = "$(grep -o -m 1 '[0-9]\+' <<<"${line%%:*}")" ]
}

# One sequence: from the first call on, until it is not reached any more; in short, one call of it.
sequence() { # SCENE PROGRAM CALL WAY WORD NUMBER
    local number=1 missed=0 told word=$5
    [ "$word" != - ] || word=
    [ "$FORM" = full ] || { crash_lane point "$1" "$2 $3 $6 $4 $word"; return; }
    while [ $missed -lt 2 ]; do
        told=$(crash_lane point "$1" "$2 $3 $number $4 $word")
        if [ -n "$told" ]; then missed=0; echo "$told"; else missed=$((missed + 1)); fi
        number=$((number + 1))
    done
}
sequence_whole() { sequence "$@" | flock "$SITE_HOME/log" cat; }

undisturbed() {
    lane_open
    "scene_$1" >/dev/null 2>&1 && story
}

crash_do "$@"
crash_site crash-sweep
export FORM=${2:-short}
for scene in disk service waves; do
    ok "$scene ends well where nobody dies" crash_lane undisturbed $scene
    cp "$SITE_HOME/log/now" "$SITE_HOME/expected.$scene"
done
failed=$tap_failed
while read -r line; do
    case $line in
    "ok - "*) tap_number=$((tap_number + 1)); echo "ok $tap_number - ${line#*- }" ;;
    "not ok - "*) tap_number=$((tap_number + 1)) tap_failed=1 failed=$((failed + 1)); echo "not ok $tap_number - ${line#*- }" ;;
    *) echo "$line" ;;
    esac
done < <(sequences | xargs -P 2 -L 1 "$0" "$BUILD" --do sequence_whole)
[ "$FORM" = short ] || trap 'tap_clean; echo "$((tap_number - failed)) passed, $failed failed"' EXIT
tap_end
