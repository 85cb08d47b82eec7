#!/bin/bash
# Stock playbooks act where no namespace would do: a drive goes back into its array, a limit rises above what root may set in a
# container, and a whole machine reboots, whose worker comes back and ends its part of the run. In a kernel of this test's own.
. "$(dirname "$0")/kernel.bash"
kernel_of_its_own "arrays, limits and reboots" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2" # one is left untouched
HOARDER=tfhoarder
mdadm=$BUILD_TOOLS/sbin/mdadm

order() { ordered "$1" --target north-1 "${@:2}"; }
boot() { there 'cat /proc/sys/kernel/random/boot_id'; }
boots_anew() { local now; now=$(boot) && [ "$now" != "$before" ]; }
array_is_whole() { there 'grep -qx 0 /sys/block/md0/md/degraded && grep -qx idle /sys/block/md0/md/sync_action'; }
limit_is() { there "grep -q '^Max open files  *$1  *$1 ' /proc/\$(cat \$room/hoarder.pid)/limits"; }
was_told() { count_of reboot ok 1; }

orders_site fixes-reboot ../../../playbooks/{raid-degraded,fd-limit}
may_destroy "$SOURCE/playbooks/reboot" >>"$SITE_HOME/log/make" 2>&1
room=$SITE_HOME/kernel/room
cat >>"$SITE_HOME/north-1/policy" <<END
class highest destructive
$(printf 'allow %s\n' disk.raid host.{files,uptime,cpu,reboot} process.{list,view} user.sessions)
allow disk.raid_readd array=md0 member=ubdb sync=changed
allow process.set_limit name=$HOARDER open_files=8..4096
window host.reboot mon-sun 00:00-24:00
service hoarder pidfile $room/hoarder.pid
service hoarder start /bin/true
END
ok "a kernel boots" kernel_make north-1 raid1
broker_start
kernel_worker north-1
ok "a worker is online on it" wait_for 40 worker_online north-1
ok "its policy holds" there "tocsin-worker -n -c '$SITE_HOME/north-1/worker.conf'"
# Nothing of systemd runs there: what shuts it down is a program of the test's own, at once, and nothing is written before.
ok "it has an array, a process that hoards files, and a way to shut down" there "
    mknod /dev/md0 b 9 0
    $mdadm --create /dev/md0 -q --run --level=1 --raid-devices=2 --assume-clean --bitmap=internal /dev/ubda /dev/ubdb
    mkdir \$room/sbin && mount --bind /usr/sbin \$room/sbin && mount -t tmpfs sbin /usr/sbin && ln -s \$room/sbin/* /usr/sbin && rm -f /usr/sbin/shutdown
    printf '%s\n' '#!/bin/bash' '[ \"\$*\" = \"-r now\" ] && echo b >/proc/sysrq-trigger' >/usr/sbin/shutdown && chmod 755 /usr/sbin/shutdown
    prlimit --nofile=64:64 perl -e '\$0 = \"$HOARDER\"; open(\$files[\$_], \"<\", \"/dev/null\") for 1..50; sleep 1000' </dev/null >/dev/null 2>&1 &
    echo \$! >\$room/hoarder.pid"

ok "an array loses a drive, and is written to" there "
    $mdadm -q /dev/md0 --fail /dev/ubdb && $mdadm -q /dev/md0 --remove /dev/ubdb && head -c 1000000 /dev/urandom >/dev/md0"
ok "  that is given back as a whole only where the policy says so" eval 'order raid-degraded --set array=md0 --set member=ubdb --set sync=whole && ended failed && not array_is_whole'
ok "  else by what changed" eval 'order raid-degraded --set array=md0 --set member=ubdb && ended succeeded'
ok "  after people were told what it lacks" says "md0 misses 1 of 2 drives" tocsin --json run view "$RUN"
ok "  then it holds all" wait_for 20 array_is_whole

ok "a process may have no more files open than it has, nor raise that itself" limit_is 64
ok "  it may have more than its hard limit" eval 'order fd-limit --set service=hoarder --set process=$HOARDER --set limit=70 --set room=256 && ended succeeded && limit_is 256'

ok "a dry run says what a reboot would end, and waits for none" eval 'planned reboot --target north-1 --set machines=any --dry-run && started && ended succeeded && says "- boot $(boot), with 0 sessions" view'
before=$(boot)
ok "two people order a reboot" ordered_by_both reboot --target north-1 --set machines=any --set seconds=5
ok "  which is on the record before the machine goes down" eval 'wait_for 20 was_told && [ "$(boot)" = "$before" ]'
ok "  it boots anew" wait_for 60 boots_anew
ok "  the worker goes on with the run, and sees that" ended succeeded
ok "  it was told once" eval '[ "$(receipts reboot | wc -l)" = 1 ] && says "$(boot)" tocsin --json run view "$RUN"'
orders_end
