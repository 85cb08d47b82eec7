#!/bin/bash
# A worker whose roles are units of a systemd of the test's own: an order goes through all four of them, who ends ends the others, and
# strangers are not heard.
[ -n "${ROLES_APART:-}" ] || ROLES_APART=yes exec unshare --net --mount --uts --ipc "$0" "$@"
ip link set lo up
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
. "$(dirname "$0")/init.bash"
SITE_WORKERS=north-1
ROLES="judge spawner effector link@1"

uid_of() { sed -n "s/^tocsin-$1:x:\([0-9]*\):.*/\1/p" "$INIT_ROOT/etc/passwd"; }

worker_configure() {
    cat >"$INIT_ROOT/etc/tocsin/worker.conf" <<-END
	site $(cat "$TOCSIN_SITE/id")
	name $1
	state /var/lib/tocsin/worker
	run /run/tocsin
	documents /etc/tocsin/site
	policy /etc/tocsin/policy
	broker tcp://127.0.0.1:$BROKER_PORT $BROKER_CURVE
	uid link $(uid_of link)
	uid judge $(uid_of judge)
	uid spawner $(uid_of spawner)
	END
    cat >"$INIT_ROOT/etc/tocsin/policy" <<-END
	class highest change
	allow disk.usage
	allow service.start service=slow
	read /
	service slow pidfile /var/slow/pid
	service slow start /usr/bin/slow start /var/slow
	END
    mkdir -p "$INIT_ROOT/var/slow" && : >"$INIT_ROOT/var/slow/go"
}

enrols() { inside tocsin-worker enrol -c /etc/tocsin/worker.conf "$@"; }

site_enrol() {
    local request=$SITE_HOME/request print
    print=$(enrols 2>&1 >"$request" | sed -n 's/^fingerprint *//p')
    tocsin --no-input keys enrol "$TOCSIN_SITE" "$2" "$request" --host "$1.example" --fingerprint "$print" --key "$SITE_HOME/keys/chi" &&
        cp "$request.answer" "$INIT_ROOT/etc/tocsin/answer" && enrols /etc/tocsin/answer
}

roles_clean() {
    [ $tap_failed = 0 ] || inside systemctl --no-pager status 'tocsin-*' | sed 's/^/# /'
    [ $tap_failed = 0 ] || tail -n 20 "$INIT_ROOT"/var/log/tocsin-* "$INIT_PLACE/log" 2>/dev/null | sed 's/^/# /'
    init_end
    tap_clean
}

SITE_HOME=$(mktemp -d) && mkdir "$SITE_HOME/log" && trap 'init_end; rm -rf "$SITE_HOME"' EXIT
{ init_make && init_start; } >"$SITE_HOME/log/make" 2>&1 ||
    { cat "$SITE_HOME/log/make"; echo "1..0 # SKIP no systemd of its own is to be had here"; exit 0; }
rm -rf "$SITE_HOME"
tap_site roles
trap roles_clean EXIT

pid_in() { inside systemctl show -P MainPID "tocsin-$1.service"; }
pids() { local role; for role in $ROLES; do pid_in "$role"; done; }
all_run() { local role; for role in $ROLES; do inside systemctl is-active "tocsin-$role.service" || return 1; done; }
uid_runs() { [ "$(inside stat -c %u "/proc/$(pid_in "$1")")" = "$2" ]; }
apart() { local role; for role in link judge spawner; do uid_runs "${role/link/link@1}" "$(uid_of $role)" || return 1; done; }
anew() { all_run && [ -z "$(comm -12 <(sort <<<"$before") <(pids | sort))" ] && worker_online north-1; }
glances() { planned glance --set mount=/var --target north-1 && started && ended succeeded; }
# knocks UID ROLE WORDS
knocks() { says "$3" inside knock "/run/tocsin/$2" "$1"; [ $? = 1 ]; }

ok "playbooks are in service" tap_release "$SOURCE"/tests/e2e/playbooks/{glance,slow-start}
broker_start
ok "the worker's target starts" inside systemctl start tocsin-worker.target
[ $tap_failed = 0 ] || tap_end
ok "  and with it every role, each a unit" wait_for 20 all_run
ok "  link, judge and spawner as users of their own" apart
ok "  and no link to a broker that there is not" not inside systemctl is-active tocsin-link@2.service
ok "the worker is online" wait_for 20 worker_online north-1
ok "an order to look goes through all of them" glances
ok "  as does one to act" eval 'planned slow-start --set service=slow --target north-1 && started && ended succeeded'
started_pid=$(cat "$INIT_ROOT/var/slow/pid")

for role in judge effector spawner link@1; do
    before=$(pids)
    ok "the $role is killed" inside systemctl kill --kill-whom=main -s KILL "tocsin-$role.service"
    ok "  and all come back, each anew" wait_for 30 anew
done
ok "orders go through them as before" glances
ok "  and what was started goes on" inside kill -0 "$started_pid"

for role in effector spawner link-1; do
    ok "a stranger's uid is not let in to the $role" knocks 60000 $role "Permission denied"
    ok "  nor is the link's" knocks "$(uid_of link)" $role "Permission denied"
done
inside systemctl stop tocsin-worker.target
inside systemctl start tocsin-{effector,spawner,link@1}.socket
for role in effector spawner link-1; do
    ok "root, who may open any socket, is turned away by the $role" knocks 0 $role "turned away"
    ok "  which says so" wait_for 10 grep -q "uid=0 was turned away: uid=$(uid_of judge) alone" "$INIT_ROOT/var/log/tocsin-${role%-1}"
done
ok "the target is started again, and the judge finds them" eval 'inside systemctl start tocsin-worker.target && wait_for 30 worker_online north-1 && glances'
ok "stopping the target ends every role" eval 'inside systemctl stop tocsin-worker.target && ! all_run && [ -z "$(inside ls /run/tocsin)" ]'
ok "  and leaves what was started" inside kill -0 "$started_pid"
inside kill "$started_pid"
tap_end
