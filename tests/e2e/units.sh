#!/bin/bash
# What deploy/ gives to systemd: how closed each unit is, and that what they name is what is installed.
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
number=0 failed=0
result() { # STATUS WORDS
    number=$((number + 1))
    if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
"$SOURCE/deploy/install" "$root" >/dev/null
result $? "all of it is installed"
for unit in broker source timekeeper; do
    if command -v systemd-analyze >/dev/null; then
        systemd-analyze security --offline=yes --threshold=20 "$root/usr/lib/systemd/system/tocsin-$unit.service" >/dev/null 2>&1
        result $? "tocsin-$unit is exposed no more than 2.0"
    else
        echo "ok $((++number)) - tocsin-$unit is exposed no more than 2.0 # SKIP no systemd-analyze"
    fi
done
for unit in "$root"/usr/lib/systemd/system/tocsin-*.service; do
    program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit") user=$(sed -n 's/^User=//p' "$unit")
    test -x "$root$program" && { [ -z "$user" ] || grep -q "^u $user " "$root/usr/lib/sysusers.d/tocsin.conf"; }
    result $? "$(basename "$unit") names a program and a user that are there"
done
closed=$(sed -n 's/^\(Limit[A-Z]*\|Lock[A-Za-z]*\|Restrict[A-Za-z]*\|SystemCall[A-Za-z]*\|UMask\|NoNew[A-Za-z]*\|Protect[A-Za-z]*\|Private[A-Za-z]*\)=.*/\1/p' \
    "$root/usr/lib/systemd/system/tocsin-worker.service")
for line in $closed; do
    grep -q "\`$line\`" "$SOURCE/docs/OPERATING.md"
    result $? "OPERATING says what $line of the worker's unit means for what a command of the site starts"
done
! grep -q '^SystemCallFilter=.*@\(swap\|reboot\)' "$root/usr/lib/systemd/system/tocsin-worker.service"
result $? "a command of the site may turn swap on, or reboot"
echo "1..$number"
exit $failed
