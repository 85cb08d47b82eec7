#!/bin/bash
# Whoever can put a program or a variable where the worker was started from puts nothing into what an op runs.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site machine
tap_release "$SOURCE/tests/e2e/playbooks/slow-start" || bail_out release
evil=$SITE_HOME/evil probe=$SITE_HOME/probe
mkdir -m 755 "$evil" "$probe"
for name in sh env sleep tocsin-worker effector start; do
    printf '#!/bin/bash\n: >"%s/ran-$(basename "$0")"\n' "$evil" >"$evil/$name"
done
echo ": >'$evil/ran-environment'" >"$evil/profile"
cat >"$probe/start" <<END
#!/bin/sh
env >'$probe/env'
command -v sleep >'$probe/which'
(while :; do sleep 1; done) &
echo \$! >'$probe/pid'
END
printf '#!/bin/sh\nkill "$(cat %s/pid)"\n' "$probe" >"$probe/stop"
chmod 755 "$evil"/* "$probe"/*
cat >>"$SITE_HOME/north-1/policy" <<END
service probe pidfile $probe/pid
service probe start $probe/start
service probe stop $probe/stop
END
broker_start
(cd "$evil" && worker=$(command -v tocsin-worker) && PATH=$evil:.:$PATH ENV=$evil/profile BASH_ENV=$evil/profile IFS=/ LUA_INIT="@$evil/profile" \
    CDPATH=$evil background north-1 "$worker" -d -c "$SITE_HOME/north-1/worker.conf")
ok "a worker is started from a hostile place" wait_for 20 worker_online north-1
# Whoever took one of them over has no right, no way to one, and a filter before the kernel.
holds_nothing() {
    local status="/proc/$(pgrep -P "$(pid_of north-1)" -x "$1")/status"
    grep -E '^(Uid|Cap...|NoNewPrivs|Seccomp):' "$status"
    ! grep -Eq '^Uid:.*[[:space:]]0([[:space:]]|$)' "$status" && [ "$(grep -Ec '^Cap...:[[:space:]]0+$' "$status")" = 5 ] &&
        grep -Eqx 'NoNewPrivs:[[:space:]]1' "$status" && grep -Eqx 'Seccomp:[[:space:]]2' "$status"
}
for role in link judge; do ok "  its $role is nobody, behind a filter, and stays so" holds_nothing $role; done
start_probe() {
    local plan
    plan=$(tocsin run plan slow-start --target north-1 --set service=probe | sed -n 's/^plan \([0-9a-f]*\).*/\1/p' | head -n 1)
    tocsin --no-input run start "$plan" --reason "a probe" --wait=20s
}
ok "eff_path_hijack: a service is started" start_probe
ok "  with a path of this machine's own" grep -qx "PATH=/usr/sbin:/usr/bin:/sbin:/bin" "$probe/env"
ok "  and with nothing else of where it came from" not grep -Ev '^(PATH|LANG|PWD|OLDPWD|SHLVL|_)=' "$probe/env"
ok "  what it calls is the machine's" grep -Ex "(/usr)?/bin/sleep" "$probe/which"
ok "  and nothing that lay in wait ran" test -z "$(ls "$evil" | grep ran-)"
attack_still_works
kill "$(cat "$probe/pid")"
tap_end
