#!/bin/bash
# Stock playbooks mend what runs away with the processors or with memory: control groups of this test's own are short of it, and the
# kernel itself kills and stalls. In a pid namespace, so that nobody else's process is looked at or touched.
[ -n "${LOAD_INSIDE:-}" ] || LOAD_INSIDE=1 exec unshare --net --pid --fork --kill-child --mount-proc "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2" # memory-pressure leaves one untouched
GROUPS_MADE=()
ip link set lo up

# group NAME MEGABYTES: its processes get no more memory than that.
group() {
    local base=/sys/fs/cgroup/memory file=memory.limit_in_bytes path
    [ -d $base ] || { base=/sys/fs/cgroup file=memory.max && echo +memory >$base/cgroup.subtree_control; }
    path=$base/tocsin-test-$1-$(readlink /proc/self/ns/pid | tr -dc 0-9)
    mkdir "$path" && GROUPS_MADE+=("$path") && echo "$2M" >"$path/$file"
}

# program NAME GROUP: a service of the policy. It holds as many megabytes as NAME.holds says when it starts; where that is much it and
# its readers read NAME.reads over and over, and one or another of them is looking for memory most of the time.
program() {
    local app=$SITE_HOME/app
    mkdir -p "$app"
    cat >"$app/$1" <<-END
	#!/usr/bin/perl
	fork and exit;
	sub put { open(my \$file, ">", \$_[0]) or die; print \$file "\$\$\n" }
	put("$2/cgroup.procs");
	put("$app/$1.pid");
	open(my \$file, "<", "$app/$1.holds");
	my \$much = <\$file>;
	push @held, "x" x 1000000 for 1 .. \$much;
	if (\$much >= 50) { for (1 .. 5) { next if fork; \$0 = "reader"; syscall(157, 1, 9); last } } # prctl: they end as it does
	while (1) {
	    select(undef, undef, undef, 0.01);
	    next if \$much < 50 or !sysopen(my \$reads, "$app/$1.reads", 0);
	    while (sysread(\$reads, my \$part, 1 << 20)) {}
	}
	END
    chmod 755 "$app/$1"
    printf 'service %s %s\n' "$1" "pidfile $app/$1.pid" "$1" "start $app/$1" >>"$SITE_HOME/north-1/policy"
}
holds() { echo "$2" >"$SITE_HOME/app/$1.holds"; }
lives() { local pid; read -r pid <"$SITE_HOME/app/$1.pid" && ! gone "$pid"; }
died() { test -s "$SITE_HOME/app/$1.pid" && ! lives "$1"; }
# Above what the order below takes as much.
stalls() { awk '/^some/ { sub("avg60=", "", $3); exit !($3 > 1.5) }' /proc/pressure/memory; }

# It gets its share of a machine that others load too, of those that the kernel groups by session as well.
spins() {
    setpriv --pdeathsig KILL setsid nice -n -10 perl -e '$0 = "spinner"; if (open(my $group, ">", "/proc/self/autogroup")) { print $group "-10"; close $group } 1 while 1' &
    SPINNER=$!
    wait_for 10 grep -qx spinner "/proc/$SPINNER/comm"
}
nice_is() { [ "$(ps -o ni= -p "$SPINNER" | tr -d ' ')" = "$1" ]; }
runaway() { ordered runaway-cpu --target north-1 --set process=spinner --set limit=3 --set share=10 --set pause=1 "$@"; }
over() { timeout 120 tocsin run watch "$RUN" --wait=90s; ! run_is active; }

clean() {
    local path
    tap_clean
    for path in "${GROUPS_MADE[@]}"; do
        for _ in {1..50}; do
            xargs -r kill -KILL <"$path/cgroup.procs" 2>/dev/null
            rmdir "$path" 2>/dev/null && break
            sleep 0.05
        done
    done
}

orders_site fixes-load ../../../playbooks/{oom-kill,memory-pressure,runaway-cpu}
trap clean EXIT
group victim 60 && program victim "${GROUPS_MADE[0]}"
group leak 100 && program leak "${GROUPS_MADE[1]}"
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' host.{oom,memory,cpu,pressure} process.view)
allow process.renice name=spinner
allow process.signal name=spinner
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

spins
ok "a process that takes the processors from all others" wait_for 10 nice_is -10
ok "  is no longer before them" eval 'runaway && ended succeeded && nice_is 19'

truncate -s 200M "$SITE_HOME/app/leak.reads" # a hole: no disk slows them
holds leak 70
"$SITE_HOME/app/leak"
ok "a service leaks until work stands still" wait_for 60 stalls
leak=$(cat "$SITE_HOME/app/leak.pid")
holds leak 5
ok "  one that holds little is not the leak" eval 'ordered memory-pressure --target north-1 --set service=leak --set process=leak --set limit=0 && ended succeeded && count_of restart skipped 1'
ok "  the leak is restarted" eval 'ordered memory-pressure --target north-1 --set service=leak --set process=leak --set limit=0 --set megabytes=50 && ended succeeded'
ok "  and is another process" eval 'lives leak && [ "$(cat "$SITE_HOME/app/leak.pid")" != "$leak" ]'

holds victim 200
"$SITE_HOME/app/victim"
ok "the kernel kills a service for want of memory" wait_for 20 died victim
ok "  one that takes as much again is killed again, and people hear it" eval 'ordered oom-kill --target north-1 --set service=victim --set pause=1 && ended failed && died victim'
holds victim 5
ok "  one that does not is started" eval 'ordered oom-kill --target north-1 --set service=victim --set pause=1 && ended succeeded && lives victim'
ok "  and left alone" eval 'ordered oom-kill --target north-1 --set service=victim --set pause=1 && ended succeeded && count_of start skipped 1'

kill $SPINNER
spins
ok "what runs away may be ended" eval 'runaway --set action=end && over && gone $SPINNER'
orders_end
