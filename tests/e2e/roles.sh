#!/bin/bash
# A worker whose roles are units of a systemd, laid down by deploy/install: an order goes through all four of them, who ends ends the
# others, and strangers are not heard. In a machine of this test's own.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
ROLES="judge spawner effector link@1"

# What is installed lies over this machine's /usr; the units do without the targets of a whole boot.
lay_down() {
    local kind
    "$SOURCE/deploy/install" /srv/installed "$BUILD" && cp "$BUILD"/tests/e2e/{slow,knock} /srv/installed/usr/bin/ &&
        mount -t overlay -o lowerdir=/srv/installed/usr:/usr tocsin /usr || return 1
    for kind in service socket target; do
        mkdir -p $MACHINE_UNITS/$kind.d && printf '[Unit]\nDefaultDependencies=no\n' >$MACHINE_UNITS/$kind.d/test.conf
    done
    systemd-sysusers tocsin.conf && systemd-tmpfiles --create tocsin.conf && systemctl daemon-reload
}

worker_configure() {
    cat >/etc/tocsin/worker.conf <<-END
	site $(cat "$TOCSIN_SITE/id")
	name $1
	state /var/lib/tocsin/worker
	run /run/tocsin
	documents /etc/tocsin/site
	policy /etc/tocsin/policy
	broker tcp://127.0.0.1:$BROKER_PORT $BROKER_CURVE
	broker tcp://127.0.0.1:1 $BROKER_CURVE
	uid link $(id -u tocsin-link)
	uid judge $(id -u tocsin-judge)
	uid spawner $(id -u tocsin-spawner)
	END
    cat >/etc/tocsin/policy <<-END
	class highest change
	allow disk.usage
	allow disk.largest
	allow file.truncate
	allow file.remove
	allow service.start service=slow
	read /
	spool /srv/spool
	service slow pidfile /srv/slow/pid
	service slow start /usr/bin/slow start /srv/slow
	END
    mkdir -p /srv/{slow,spool} && : >/srv/slow/go && chmod 600 /etc/tocsin/policy
}

enrols() { /usr/bin/tocsin-worker enrol -c /etc/tocsin/worker.conf "$@"; }

site_enrol() {
    local request=$SITE_HOME/request print
    print=$(enrols 2>&1 >"$request" | sed -n 's/^fingerprint *//p')
    tocsin --no-input keys enrol "$TOCSIN_SITE" "$2" "$request" --host "$1.example" --fingerprint "$print" --key "$SITE_HOME/keys/chi" &&
        enrols "$request.answer"
}

pid_in() { systemctl show -P MainPID "tocsin-$1.service"; }
pids() { local role; for role in $ROLES; do pid_in "$role"; done; }
all_run() { local role; for role in $ROLES; do systemctl is-active "tocsin-$role.service" || return 1; done; }
none_runs() { [ -z "$(ls /run/tocsin)" ] && ! all_run; } # the sockets go behind the roles
uid_runs() { [ "$(stat -c %u "/proc/$(pid_in "$1")")" = "$(id -u "$2")" ]; }
apart() { uid_runs link@1 tocsin-link && uid_runs judge tocsin-judge && uid_runs spawner tocsin-spawner && uid_runs effector root; }
networked() { [ "$(readlink "/proc/$(pid_in "$1")/ns/net")" = "$(readlink /proc/1/ns/net)" ]; }
bare() { local role; for role in judge spawner link@1; do grep -q '^CapBnd:\s*0*$' "/proc/$(pid_in $role)/status" || return 1; done; }
runner_is_locked() { [ "$(sed -n 's/^Seccomp:\s*//p' "/proc/$(pgrep -P "$(pid_in spawner)")/status")" = 2 ]; }
anew() { all_run && [ -z "$(comm -12 <(sort <<<"$before") <(pids | sort))" ] && worker_online north-1; }
glances() { planned glance --set mount=/var --target north-1 && started && ended succeeded; }
starts_slow() { planned slow-start --set service=slow --target north-1 && started && ended succeeded; }
trims() {
    echo words >/srv/spool/work.log
    planned spool-rolling --set spool=/srv/spool --target north-1 && started && ended succeeded && [ ! -s /srv/spool/work.log ]
}
said_by() { journalctl -q -u "tocsin-$1.service" | grep -q -- "$2"; }
# knocks UID ROLE WORDS
knocks() { refuses 1 "$3" knock "/run/tocsin/$2" "$1"; }

mkdir /srv
lay_down >/srv/log 2>&1 || { sed 's/^/# /' /srv/log; echo "Bail out! it is not laid down"; exit 1; }
tap_site roles
ok "playbooks are in service" tap_release "$SOURCE"/tests/e2e/playbooks/{glance,slow-start,spool-rolling}
broker_start
ok "the worker's target starts" systemctl start tocsin-worker.target
ok "  and with it every role, each a unit" wait_for 20 all_run
ok "  link, judge and spawner as users of their own" apart
ok "  without a capability, nor any to be had" bare
ok "  judge and spawner without a network" eval 'networked effector && networked link@1 && ! networked judge && ! networked spawner'
ok "  and a runner that stands ready, locked in" wait_for 10 runner_is_locked
ok "  with a link for each broker, and for no other" eval 'wait_for 10 systemctl is-active tocsin-link@2.service && ! systemctl is-active tocsin-link@3.service'
ok "the worker is online" wait_for 20 worker_online north-1
ok "an order to look goes through all of them" glances
ok "  as does one to act" starts_slow
started_pid=$(cat /srv/slow/pid)

for role in $ROLES; do
    before=$(pids)
    ok "the $role is killed" systemctl kill --kill-whom=main -s KILL "tocsin-$role.service"
    ok "  and all come back, each anew" wait_for 30 anew
done
ok "orders go through them as before" glances
ok "  and what was started goes on" kill -0 "$started_pid"

for role in effector spawner link-1; do
    ok "a stranger's uid is not let in to the $role" knocks 60000 $role "Permission denied"
    ok "  nor is the link's" knocks "$(id -u tocsin-link)" $role "Permission denied"
done
mkdir $MACHINE_UNITS/tocsin-effector.service.d && cp /usr/share/tocsin/effector-starts-nothing.conf $MACHINE_UNITS/tocsin-effector.service.d/
before=$(pids)
ok "the effector is closed as far as a policy allows that starts nothing" eval 'systemctl daemon-reload && systemctl restart tocsin-worker.target && wait_for 30 anew'
ok "  and orders to look and to act go through it" eval 'glances && trims'
ok "stopping the judge stops the target" eval 'systemctl stop tocsin-judge.service && wait_for 20 none_runs && ! systemctl is-active tocsin-worker.target'
systemctl start tocsin-{effector,spawner,link@1}.socket
for role in effector spawner link-1; do
    ok "root, who may open any socket, is turned away by the $role" knocks 0 $role "turned away"
    ok "  which says so" wait_for 10 said_by "${role/-/@}" "uid=0 was turned away: uid=$(id -u tocsin-judge) alone"
done
ok "the target is started again, and the judge finds them" eval 'systemctl start tocsin-worker.target && wait_for 30 worker_online north-1 && glances'
ok "stopping the target ends every role" eval 'systemctl stop tocsin-worker.target && wait_for 20 none_runs'
ok "  and leaves what was started" kill -0 "$started_pid"
[ $tap_failed = 0 ] || journalctl -q -u 'tocsin-*' | tail -n 60 | sed 's/^/# /'
tap_end
