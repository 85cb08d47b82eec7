# Sourced by the crash tests, after tests/e2e/tap.bash: a site that is made once, and fresh copies of it in which one real
# daemon dies at one exact call (tests/e2e/crash_point.c) and is started again.
#
#     crash_site NAME         five workers, three playbooks, a grant; no daemon of it has run
#     crash_do "$@"           below a script's functions, so that it can call itself for one of them
#     crash_lane FUNCTION...  a function with mounts, network and processes of its own: all of them end with it
#     lane_open [AT]          in a lane: a copy of the site, and its broker runs; AT is where who dies, as TOCSIN_CRASH_AT
#     scene_NAME              in a lane: what monitoring and people do, each as often as it takes, until all is over
#     story                   in a lane: what became of it, in words that are the same for each run of a scene

SITE_WORKERS="north-1 north-2 south-1 south-2 south-3"

crash_site() {
    tap_site "$1"
    local worker
    for worker in $SITE_WORKERS; do
        mkdir -p "$SITE_HOME/slow/$worker"
        : >"$SITE_HOME/slow/$worker/go"
        sed -i '/^service web/d' "$SITE_HOME/$worker/policy"
        cat >>"$SITE_HOME/$worker/policy" <<-END
		service web pidfile $SITE_HOME/slow/$worker/pid
		service web start $BUILD/tests/e2e/slow start $SITE_HOME/slow/$worker
		service web stop $BUILD/tests/e2e/slow stop $SITE_HOME/slow/$worker
		rate service.restart 5 900
		END
    done
    { site_release disk-full service-down && tap_release "$SOURCE/tests/e2e/playbooks/rolling" && crash_grant; } \
        >"$SITE_HOME/log/release" 2>&1 || { sed 's/^/# /' "$SITE_HOME/log/release"; echo "Bail out! nothing was released"; exit 1; }
    export SITE_HOME SOURCE BUILD BUILD_TOOLS HTTP_PORT BROKER_PORT
}

# The grant is signed with the broker up, and is its configuration's from then on.
crash_grant() {
    broker_start && site_grant_disk_full && broker_stop || return 1
    rm -rf "$SITE_HOME/broker" && mkdir "$SITE_HOME/broker"
    chmod 644 "$SITE_HOME"/disk-full.grant*
    echo "grant $SITE_HOME/disk-full.grant" >>"$SITE_HOME/broker.conf"
}

crash_lane() {
    unshare --mount --net --pid --fork --kill-child=KILL --mount-proc --propagation private "$0" "$BUILD" --do "$@"
}

# Called with "$@" once all functions are there: this very script as a lane, or as whatever it starts of itself.
crash_do() {
    [ "${2:-}" = --do ] || return 0
    shift 2
    . "$SITE_HOME/env"
    "$@"
    exit
}

# ---- inside a lane -------------------------------------------------------------------------

# Whoever ends is started again, as systemd would.
immortal() {
    local name=$1
    shift
    while :; do
        env ${LANE_AT:+LD_PRELOAD="$BUILD/tests/e2e/crash_point.so" TOCSIN_CRASH_AT="$LANE_AT" TOCSIN_CRASH_TALLY="$SITE_HOME/tally"} \
            ASAN_OPTIONS=verify_asan_link_order=0 "$@" >>"$SITE_HOME/log/$name" 2>&1 </dev/null
        echo "ended with $?" >>"$SITE_HOME/log/$name"
        sleep 0.05
    done 2>/dev/null &
}

lane_open() {
    LANE_AT=${1:-}
    ip link set lo up
    exec 9<"$SITE_HOME"
    mount -t tmpfs -o mode=755,size=256m tocsin-lane "$SITE_HOME"
    cp -a /proc/self/fd/9/. "$SITE_HOME"
    exec 9<&-
    . "$SITE_HOME/env"
    immortal broker tocsin-broker -d -c "$SITE_HOME/broker.conf"
}

lane_workers() {
    local worker
    for worker; do
        immortal "$worker" tocsin-worker -d -c "$SITE_HOME/$worker/worker.conf"
    done
}

# What was hit, or nothing: a call, and a path in the site.
hit() {
    local line
    [ ! -e "$SITE_HOME/tally" ] || { read -r line < <(head -c 512 "$SITE_HOME/tally" | tr -d '\0'); echo "${line/"$SITE_HOME/"/}"; }
}

ask() { timeout 2 tocsin --no-input "$@"; }
told() { ask "$@" >"$SITE_HOME/log/told"; }
tell() { wait_for 20 told "$@"; cat "$SITE_HOME/log/told"; }
posted() { [ "$(post_alert "$@")" = 200 ]; }
planned() { PLAN=$(ask run plan "$@" | sed -n 's/^plan \([0-9a-f]*\).*/\1/p' | head -n 1) && [ -n "$PLAN" ]; }
# An order whose answer was lost may have arrived: people look before they plan again.
started() { ask run start "$PLAN" --reason "crash sweep" || ask --json run list | grep '"run"'; }
rolls() { wait_for 30 planned rolling --set service=web --set root="$SITE_HOME/mnt" $(printf -- '--target %s ' "$@") && wait_for 30 started; }
serves() { ask playbook list | grep "^$1 .*in service"; }
known() { [ "$(ask --json incident list | grep -c '"fingerprint"')" = "$1" ]; }

# ended RUNS INCIDENTS: so many there are, and none of them goes on.
ended() {
    local runs incidents
    runs=$(ask --json run list | sed -n 's/^ *"state": "\(.*\)".*/\1/p') || return 1
    [ "$(wc -w <<<"$runs")" = "$1" ] && ! grep -q 'active\|authorised' <<<"$runs" || return 1
    [ "$2" = 0 ] && return
    incidents=$(ask --json incident list | sed -n 's/^ *"state": "\(.*\)".*/\1/p')
    [ "$(wc -w <<<"$incidents")" = "$2" ] && ! grep -qv 'resolved\|failed' <<<"$incidents"
}

# held WORKER: there `rolling` undoes what it did; the undo removes the worker's two logs.
held() {
    local worker
    for worker in $SITE_WORKERS; do touch "$SITE_HOME/mnt/$worker/"{re,}start.log.1; done
    touch "$SITE_HOME/mnt/$1/hold"
}

scene_disk() {
    local starts
    starts=$(now_rfc3339)
    lane_workers north-1
    fill_disk north-1
    wait_for 30 serves disk-full && wait_for 30 posted host-out-of-disk-space.json INSTANCE=north-1.example:9100 REGION=north "MOUNTPOINT=$SITE_HOME/mnt/north-1" \
        STARTSAT="$starts" FINGERPRINT=5ca1ab1e00000001 && wait_for 30 ended 1 1
}

scene_service() {
    local starts
    starts=$(now_rfc3339)
    lane_workers south-1
    wait_for 30 posted service-down.json INSTANCE=south-1.example:9100 REGION=south SERVICE=web PORT=0 \
        STARTSAT="$starts" FINGERPRINT=5ca1ab1e00000002 && wait_for 10 known 1 &&
        wait_for 30 planned service-down --incident 1 && wait_for 30 started && wait_for 30 ended 1 1
}

scene_one() {
    lane_workers north-1
    rolls north-1 && wait_for 60 ended 1 0
}

scene_undo() {
    held north-1
    scene_one
}

scene_waves() {
    held "${SITE_WORKERS##* }"
    lane_workers $SITE_WORKERS
    rolls $SITE_WORKERS && wait_for 60 ended 1 0
}

# ---- what became of it ---------------------------------------------------------------------

the_run() { tell --json run list | sed -n 's/^ *"run": "\(.*\)".*/\1/p'; }
run_story() {
    tell run view "$(the_run)" | sed -E -e '/^ +(output|next:) /d' -e '/^run |^$/d' -e 's/  since .*//' -e 's/ +[0-9.]+ s / /'
}
count() { if [ -e "$2" ]; then grep -ca "$1" "$2"; else echo 0; fi; }
calls() { echo "$(count start "$SITE_HOME/slow/$1/calls") starts, $(count stop "$SITE_HOME/slow/$1/calls") stops"; }
service_count() { pgrep -cf "slow start $SITE_HOME/slow/$1\$"; }

# The record holds, and no sanitizer has anything to say; else it is printed.
verified() {
    wait_for 20 told audit verify || { cat "$SITE_HOME/log/told"; return 1; }
    tap_sanitizers
}

story() {
    local worker journal
    tell --json incident list | sed -n 's/^ *"state": "\(.*\)".*/incident \1/p'
    run_story
    for worker in $SITE_WORKERS; do
        journal=$SITE_HOME/$worker/state/effector/journal
        [ -s "$journal" ] || continue
        echo "$worker: $(count '^kind begin' "$journal") begun, $(count '^kind end' "$journal") ended, $(calls "$worker")," \
            "$(service_count "$worker") runs," $(ls "$SITE_HOME/mnt/$worker")
    done
    verified
}
