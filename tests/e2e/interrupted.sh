#!/bin/bash
# tests/run that is interrupted ends what it started, waits until that cleaned up, and removes what it left.
build=$(cd "$1" && pwd)/tests/sites/interrupted
cd "$(dirname "$0")/../.." || exit 1
rm -rf "$build"
mkdir -p "$build/bin" "$build/tests/unit"
number=0 failed=0
ok() {
    number=$((number + 1))
    if "${@:2}"; then echo "ok $number - $1"; else echo "not ok $number - $1"; failed=1; fi
}

# In place of tocsin: a test that makes a folder, and says goodbye when it is asked to go.
cat >"$build/bin/tocsin" <<END
#!/bin/bash
trap 'sleep 0.3; echo >$build/cleaned; exit 1' TERM
mktemp -d $build/scratch.XXXXXX >>"\$TOCSIN_SCRATCH"
echo \$\$ >$build/pid
sleep 300 & wait
END
chmod +x "$build/bin/tocsin"

# begins: tests/run as \$runner, with a test under way.
begins() {
    rm -f "$build/pid" "$build/cleaned"
    tests/run "$build" playbooks >"$build/said" 2>&1 &
    runner=$!
    for ((i = 0; i < 1200; i++)); do [ -s "$build/pid" ] && return; sleep 0.05; done
    return 1
}
ends_with() { wait "$runner"; [ $? = "$1" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }

ok "a test is under way" begins
kill -TERM "$runner"
ok "whoever runs the tests is ended" ends_with 143
ok "  and says so" grep -q "interrupted: the tests that run are ended" "$build/said"
ok "  once the test has cleaned up" test -e "$build/cleaned"
ok "  and is gone" gone "$(cat "$build/pid")"
ok "  with what it left" eval '! ls -d "$build"/scratch.* 2>/dev/null'
rm -rf "$build"
echo "1..$number"
exit $failed
