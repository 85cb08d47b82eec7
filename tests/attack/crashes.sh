#!/bin/bash
# The instants at which a crash would hurt most, each by its name: real daemons end there (tests/e2e/crash_point.c), are
# started again, and what is told must be what happened. crash-sweep.sh does the same at every durable write.
. "$(dirname "$0")/../e2e/tap.bash"
. "$SOURCE/tests/e2e/crash.bash"

# Of `rolling` the effector writes to its journal: 1 it has seen that time, 2 start begins, 3 it ended, 4 restart begins, 5 it ended;
# then of undo, the last first, 6 to 9. It syncs the journal once more than that, when it opens it.
ONCE="succeeded, 2 starts, 1 stops, 1 runs"
NOT_DONE="unknown, 1 starts, 0 stops, 1 runs"
DONE="unknown, 2 starts, 1 stops, 1 runs"

facts() {
    echo "$(tell --json run list | sed -n 's/^ *"state": "\(.*\)".*/\1/p'), $(calls north-1), $(service_count north-1) runs"
}
says() { grep -q "$2" "$SITE_HOME/log/$1"; }

# In a lane: one run on one worker, in which a process dies at AT; then FACTS hold, and LOG says WORDS.
dies() { # AT FACTS [LOG WORDS]
    lane_open "$1"
    "${SCENE:-scene_one}"
    local told
    told=$(facts)
    echo "hit: $(hit)"
    echo "$told"
    tail -n 12 "$SITE_HOME/log/broker" "$SITE_HOME/log/north-1"
    [ -n "$(hit)" ] && [ "$told" = "$2" ] && verified && { [ -z "${3:-}" ] || says "$3" "$4"; }
}

# In a lane: the same where both steps are undone, each by removing a file.
undo_dies() { # AT
    SCENE=scene_undo dies "$1" "undone, 2 starts, 1 stops, 1 runs" && [ "$(ls "$SITE_HOME/mnt/north-1")" = hold ]
}

# In a lane: the state folder is a small disk that was full before the worker began.
never_had_room() {
    local state=$SITE_HOME/north-1/state
    lane_open
    cp -a "$state" "$state.kept"
    mount -t tmpfs -o size=6m,mode=711 tocsin-small "$state"
    cp -a "$state.kept/." "$state"
    dd if=/dev/zero of="$state/ballast" bs=4k status=none 2>/dev/null
    lane_workers north-1
    rolls north-1 || return 1
    wait_for 20 says north-1 'disk is full\|No space left' || { tail "$SITE_HOME/log/north-1"; return 1; }
    tail -n 20 "$SITE_HOME/log/north-1"
    [ "$(calls north-1)" = "0 starts, 0 stops" ] || return 1
    rm "$state/ballast"
    wait_for 40 ended 1 0
    tail -n 20 "$SITE_HOME/log/north-1"
    facts
    [ "$(facts)" = "$ONCE" ] && verified
}

# In a lane: the state folder is on the very disk that fills up, and the run that makes room is written there.
fixes_its_own_disk() {
    local state=$SITE_HOME/north-1/state disk=$SITE_HOME/mnt/north-1 starts
    starts=$(now_rfc3339)
    lane_open
    mount -t tmpfs -o size=16m,mode=755 tocsin-small "$disk"
    mkdir -m 711 "$disk/state"
    cp -a "$state/." "$disk/state"
    mount --bind "$disk/state" "$state"
    lane_workers north-1
    wait_for 20 worker_online north-1 || return 1
    fill_disk north-1
    df "$disk"
    wait_for 20 posted host-out-of-disk-space.json INSTANCE=north-1.example:9100 REGION=north "MOUNTPOINT=$disk" STARTSAT="$starts" \
        FINGERPRINT=5ca1ab1e00000001 && wait_for ${1:-20} ended 1 1
    tail -n 12 "$SITE_HOME/log/north-1"
    story
    [ "$(tell --json incident list | sed -n 's/^ *"state": "\(.*\)".*/\1/p')" = resolved ] && verified
}

# In a lane: of two alerts the first is acknowledged, and what is written of the second is torn.
tears_the_second_alert() { # WAY
    local starts posted
    starts=$(now_rfc3339)
    lane_open "tocsin-broker write 1 $1 5ca1ab1e00000002"
    alert() { post_alert service-down.json INSTANCE=south-1.example:9100 REGION=south SERVICE=web PORT=0 STARTSAT="$starts" "FINGERPRINT=$1"; }
    acknowledged() { [ "$(alert "$1")" = 200 ]; }
    wait_for 20 acknowledged 5ca1ab1e00000001 || return 1
    acknowledged 5ca1ab1e00000002 && return 1
    echo "hit: $(hit)"
    wait_for 20 known 1 && says broker 'ended with 137' && wait_for 20 acknowledged 5ca1ab1e00000002 && known 2 && verified
}

lane() {
    local words=$1
    shift
    ok "$words" crash_lane "$@"
}

crash_do "$@"
crash_site crashes

lane "crash_after_accept: before anyone hears of it" dies "judge send 1 before ACCEPT" "$ONCE"
lane "crash_after_accept: as soon as the broker is told" dies "judge send 1 after ACCEPT" "$ONCE"
lane "crash_after_intent: the judge, before it asks the effector" dies "judge send 2 before OP" "$ONCE"
lane "crash_after_intent: the effector, before BEGIN" dies "effector write 4 before /journal" "$ONCE"
lane "crash_between_begin_and_exec: what may be repeated is run" dies "effector sync 3 after /journal" "$ONCE"
lane "crash_between_begin_and_exec: what may not is unknown, and is not run" dies "effector sync 5 after /journal" "$NOT_DONE"
lane "crash_between_exec_and_end: what may be repeated is done once" dies "effector write 3 before /journal" "$ONCE"
lane "crash_between_exec_and_end: what may not is unknown, and was done once" dies "effector write 5 before /journal" "$DONE"
lane "crash_after_done_before_send: the first receipt" dies "judge send 1 before RECEIPT" "$ONCE"
lane "crash_after_done_before_send: the last" dies "judge send 3 before RECEIPT" "$ONCE"

for number in 1 2; do
    lane "crash_during_root_persist: the effector, before sync $number of it" dies "effector sync $number before /site/root" "$ONCE"
    lane "crash_during_root_persist: the effector, behind sync $number of it" dies "effector sync $number after /site/root" "$ONCE"
done
lane "crash_during_root_persist: the effector cannot sync it" dies "effector sync 1 eio /site/root" "$ONCE"
for way in before after cut zeroed; do
    lane "crash_during_root_persist: the ledger, $way its write" dies "judge write 1 $way tocsin-root" "$ONCE"
done

lane "crash_in_undo: the judge, before it asks the effector" undo_dies "judge send 4 before OP"
lane "crash_in_undo: between BEGIN and its removal" undo_dies "effector sync 7 after /journal"
lane "crash_in_undo: between its removal and END" undo_dies "effector write 7 before /journal"
lane "crash_in_undo: between the receipts of two undos" undo_dies "judge send 4 after RECEIPT"
lane "crash_in_undo: before the last receipt" undo_dies "judge send 5 before RECEIPT"

lane "crash_fsync_eio: the broker ends, says why, and goes on from the disk" \
    dies "tocsin-broker sync 5 eio -wal" "$ONCE" broker 'the record cannot be written'
lane "crash_fsync_eio: the judge" dies "judge sync 5 eio -wal" "$ONCE" north-1 'ledger: disk I/O error'
lane "crash_fsync_eio: the effector, at a document" dies "effector sync 9 eio /site/" "$ONCE" north-1 'effector: error: .*Input/output error'
lane "crash_fsync_eio: the effector, at END" dies "effector sync 6 eio /journal" "$ONCE" north-1 'the journal cannot be synced'
lane "crash_fsync_eio: the effector, at BEGIN: unknown, and not run" \
    dies "effector sync 5 eio /journal" "$NOT_DONE" north-1 'the journal cannot be synced'

lane "crash_enospc: a worker whose disk is full does nothing, says so, and begins when there is room" never_had_room
lane "crash_enospc: a worker whose own disk is full makes room there" fixes_its_own_disk
lane "crash_enospc: the broker ends in the middle of a commit, and goes on" \
    dies "tocsin-broker write 1 enospc tocsin-order" "$ONCE" broker 'the record cannot be written: .*full'
lane "crash_enospc: no room for BEGIN is a failure: nothing was done, and what was before is undone" \
    dies "effector write 4 enospc /journal" "undone, 1 starts, 0 stops, 1 runs"
lane "crash_enospc: no room for END: it was done once" dies "effector write 5 enospc /journal" "$DONE"

for way in cut zeroed; do
    lane "crash_torn_wal: the broker's, $way: what was acknowledged is there" tears_the_second_alert $way
    lane "crash_torn_wal: the ledger's, $way, at ACCEPTED" dies "judge write 1 $way tocsin-order" "$ONCE"
    lane "crash_torn_wal: the ledger's, $way, at a receipt" dies "judge write 1 $way tocsin-receipt" "$ONCE"
    lane "crash_torn_wal: the journal, $way, at BEGIN: it was not run yet, and is" dies "effector sync 5 $way /journal" "$ONCE"
    lane "crash_torn_wal: the journal, $way, at END: unknown, done once" dies "effector sync 6 $way /journal" "$DONE"
done
tap_end
