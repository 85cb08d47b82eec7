#!/bin/bash
# A real Alertmanager delivers; once the broker is killed between delivery and dispatch, once a worker between BEGIN and
# END; nothing is lost, nothing is done twice.
. "$(dirname "$0")/tap.bash"
tap_site alertmanager
AM_PORT=$(free_port)
slow=$SITE_HOME/slow
mkdir -p "$slow"
cat >>"$SITE_HOME/north-2/policy" <<EOF
service slow pidfile $slow/pid
service slow start $BUILD/tests/e2e/slow start $slow
EOF

cat >"$SITE_HOME/alertmanager.yml" <<EOF
route: { receiver: tocsin, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname, instance] }
receivers:
  - name: tocsin
    webhook_configs:
      - url: $TOCSIN_WEBHOOK
        send_resolved: true
        http_config: { authorization: { credentials_file: $SITE_HOME/keys/demo.token } }
EOF

# raise NAME INSTANCE LABELS: an alert of Alertmanager's own, through its API.
raise() {
    printf '[{"labels":{"alertname":"%s","instance":"%s:9100","severity":"critical"%s},"annotations":{"summary":"%s on %s"}}]' \
        "$1" "$2" "$3" "$1" "$2" |
        curl -fsS -H 'Content-Type: application/json' --data-binary @- "http://127.0.0.1:$AM_PORT/api/v2/alerts"
}
incidents() { tocsin --json incident list | grep -c '"fingerprint"'; }
has_incidents() { [ "$(incidents)" = "$1" ]; }

grant_slow_start() {
    tocsin --no-input keys grant slow-start --source demo --match labels.alertname=SlowStart --bound service:equals=slow \
        --scope any --budget 3/1h --fresh 5m --expires 30d --evidence token --out "$SITE_HOME/slow-start.grant" \
        --key "$SITE_HOME/keys/dung" --submit
}
newest_run() { tocsin --json run list | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p' | head -n 1; }
run_is() { [ "$(tocsin --json run view "$(newest_run)" | sed -n 's/^ *"state": "\([a-z ]*\)".*/\1/p' | tail -n 1)" = "$1" ]; }
journal() { grep -ca "^kind $1" "$SITE_HOME/north-2/state/effector/journal"; }

ok "two playbooks are proposed and approved" site_release disk-full service-down
ok "  and one whose fix takes its time" tap_release "$SOURCE/tests/e2e/playbooks/slow-start"
broker_start
ok "a grant for disk-full is signed" site_grant_disk_full
ok "  and one for slow-start" grant_slow_start
for worker in north-2 south-1; do worker_start $worker; done
alertmanager_start "$SITE_HOME/alertmanager.yml" "$AM_PORT"
trap 'stop alertmanager; tap_clean' EXIT
ok "Alertmanager is ready" wait_for 20 curl -fsS "http://127.0.0.1:$AM_PORT/-/ready"

ok "an alert that no playbook knows becomes an incident" raise SomethingElse north-2.example ""
ok "  and waits" wait_for 20 incident_is 1 waiting

# north-1 is not running, so that the offer cannot be taken; the broker has said 200.
ok "a filesystem fills up" fill_disk north-1
ok "Alertmanager takes the alert about it" raise HostOutOfDiskSpace north-1.example ",\"mountpoint\":\"$SITE_HOME/mnt/north-1\""
ok "the broker has it" wait_for 20 has_incidents 2
broker_stop -KILL
ok "the broker is killed before the worker has heard of it" not alive broker
broker_start
worker_start north-1
ok "after its restart the offer goes out, and the incident is resolved" wait_for 30 incident_is 2 resolved
ok "the disk has room again" test "$(disk_percent north-1)" -le 80
ok "the run was made once" test "$(tocsin --json run list | grep -c '"run"')" = 1
ok "the record verifies" tocsin audit verify

ok "Alertmanager takes an alert whose fix takes its time" raise SlowStart north-2.example ',"service":"slow"'
ok "the fix has begun" wait_for 20 test -e "$slow/waiting"
ok "  and the effector's journal says so, and no END yet" test "$(journal begin) $(journal end)" = "1 0"
worker_stop north-2 -KILL
ok "the worker is killed between BEGIN and END" not alive north-2
: >"$slow/go"
worker_start north-2
ok "after its restart the run goes on where it was, and succeeds" wait_for 30 run_is succeeded
ok "the fix was begun once in the journal, and has its END" test "$(journal begin) $(journal end)" = "1 1"
ok "two runs were made in all" test "$(tocsin --json run list | grep -c '"run"')" = 2
ok "the record verifies" tocsin audit verify
kill "$(cat "$slow/pid")" 2>/dev/null

curl -fsS -X POST -H 'Content-Type: application/json' --data-binary \
    '[{"labels":{"alertname":"SomethingElse","instance":"north-2.example:9100","severity":"critical"},"endsAt":"2026-01-01T00:00:00Z"}]' \
    "http://127.0.0.1:$AM_PORT/api/v2/alerts"
ok "Alertmanager's resolve resolves the incident" wait_for 30 incident_is 1 resolved
tap_end
