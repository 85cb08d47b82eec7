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
"$SOURCE/deploy/install" "$root" "$BUILD" >/dev/null
result $? "all of it is installed"
lost=$(for page in "$root"/usr/share/doc/tocsin/{,docs/}*.md "$root"/usr/share/tocsin/playbooks/{,*/}*.md; do
    grep -oE '\]\([^):#]+\)' "$page" | tr -d ']()' | while read -r to; do
        [ -e "$(dirname "$page")/$to" ] || echo "$page: $to"
    done
done)
[ -z "$lost" ] || { sed 's/^/# /' <<<"$lost"; false; }
result $? "  and each page leads to others that are there"
for unit in broker source timekeeper judge link@ spawner; do
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
for unit in "$root"/usr/lib/systemd/system/tocsin-*.socket; do
    test -e "${unit%socket}service" && grep -qx SocketUser=tocsin-judge "$unit" && grep -qx SocketMode=0600 "$unit"
    result $? "$(basename "$unit") is the judge's alone"
done
brokers=$(sed -n 's/^#define WORKER_BROKERS_MAX //p' "$SOURCE/worker/settings.h")
[ "$(grep -o 'tocsin-link@[0-9]*.socket' "$root/usr/lib/systemd/system/tocsin-judge.service" | sort -u | wc -l)" = "$brokers" ]
result $? "there is a link's socket for each broker that a worker may have"
if command -v systemd-sysusers >/dev/null; then
    mkdir -p "$root/etc" && systemd-sysusers --root="$root" tocsin.conf >/dev/null 2>&1
    result $? "the users can be made"
else
    echo "ok $((++number)) - the users can be made # SKIP no systemd-sysusers"
fi
closed=$(sed -n 's/^\(Limit[A-Z]*\|Lock[A-Za-z]*\|Restrict[A-Za-z]*\|SystemCall[A-Za-z]*\|UMask\|NoNew[A-Za-z]*\|Protect[A-Za-z]*\|Private[A-Za-z]*\)=.*/\1/p' \
    "$root/usr/lib/systemd/system/tocsin-effector.service")
for line in $closed; do
    grep -q "\`$line\`" "$SOURCE/docs/OPERATING.md"
    result $? "OPERATING says what $line of the effector's unit means for what a command of the site starts"
done
left=$(sed -n 's/^CapabilityBoundingSet=//p' "$root/usr/share/tocsin/effector-starts-nothing.conf" | tr ' ' '\n')
needed=$(grep -oE 'CAP\([A-Z_]+\)' "$SOURCE/worker/op_rows.c" | sed 's/CAP(\(.*\))/CAP_\1/' | sort -u)
[ -n "$needed" ] && [ -z "$(comm -23 <(echo "$needed") <(sort <<<"$left"))" ]
result $? "an effector that starts nothing keeps every capability that an op needs"
! grep -q '^SystemCallFilter=.*@\(swap\|reboot\)' "$root/usr/lib/systemd/system/tocsin-effector.service"
result $? "a command of the site may turn swap on, or reboot"
echo "1..$number"
exit $failed
