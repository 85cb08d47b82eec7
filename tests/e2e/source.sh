#!/bin/bash
# A real Alertmanager posts to tocsin-source, which signs; under a grant that asks for that a worker acts. Broker and
# source are killed in between; nothing is lost, nothing is done twice, and nobody else's word starts anything. Another
# broker is out of order (it cuts off), and refuses for good what source 422 sends, which the centre does not know.
. "$(dirname "$0")/tap.bash"
tap_site source
AM_PORT=$(free_port) AWRY_PORT=$(free_port) SOURCE_PORT=$(free_port) SOURCE_UID=64021
keys=$SITE_HOME/keys

source_enrol() {
    tocsin-source keygen "$keys/422" && tocsin-source keygen "$keys/prom" >"$keys/prom.pub" &&
        tocsin keys source "$TOCSIN_SITE" north prom "$keys/prom.pub" && site_sign chi fleet.north.draft &&
        chmod -R go+rX "$TOCSIN_SITE" && echo "source prom signed" >>"$SITE_HOME/broker.conf"
}
source_start() { background source tocsin-source "$SITE_HOME/source.conf" -d; }
source_answers() { curl -fsS "http://127.0.0.1:$SOURCE_PORT/v1/health"; }
waiting() { find "$SITE_HOME/source/$1/$2" -type f | wc -l; }
waits() { [ "$(waiting "$1" "$2")" = "$3" ]; } # BROKER SOURCE COUNT
says() { grep -q -- "$1" "$SITE_HOME/log/source"; }
runs_made() { tocsin --json run list | grep -c '"run"'; }
has_incidents() { [ "$(tocsin --json incident list | grep -c '"fingerprint"')" = "$1" ]; }
log_size() { tocsin --json status | tr -d ' \n' | sed -n 's/.*"log":{[^}]*"size":\([0-9]*\).*/\1/p'; }
# answers STATUS CURL...: and the record is as it was.
answers() {
    local status=$1 size got
    shift
    size=$(log_size)
    got=$(curl -sS -m 10 -o "$SITE_HOME/log/answer" -w '%{http_code}' "$@")
    echo "$got $(cat "$SITE_HOME/log/answer"); $size leaves before, $(log_size) now"
    [ "$got" = "$status" ] && [ "$(log_size)" = "$size" ]
}
posts() { answers "$1" --data-binary "@$2" "$TOCSIN_HTTP/v1/alerts/${3:-prom}"; }
# forge PERSON: the kept post, signed by another key in the same namespace.
forge() {
    sed '/^end$/q' "$SITE_HOME/kept" >"$SITE_HOME/forged"
    ssh-keygen -q -Y sign -n alert@tocsin.v1 -f "$keys/$1" "$SITE_HOME/forged" 2>/dev/null &&
        cat "$SITE_HOME/forged.sig" >>"$SITE_HOME/forged"
    rm -f "$SITE_HOME/forged.sig"
}
flooded() { # many at once: what matters is how many come in a second
    curl -sS -Z --parallel-max 60 -o /dev/null -w '%{http_code}\n' --data-binary "@$SITE_HOME/forged" "$TOCSIN_HTTP/v1/alerts/prom?[1-300]" | grep -qx 429
}
grant_disk_full() {
    tocsin --no-input keys grant disk-full --source prom --source demo --match labels.alertname=HostOutOfDiskSpace \
        --bound mount:under="$SITE_HOME/mnt" --scope any --budget 3/1h --fresh 5m --expires 30d --evidence signed \
        --out "$SITE_HOME/disk-full.grant" --key "$keys/dung" --submit 2>"$SITE_HOME/worst"
}
raise() {
    printf '[{"labels":{"alertname":"HostOutOfDiskSpace","instance":"%s.example:9100","severity":"critical","mountpoint":"%s"}%s}]' \
        "$1" "$SITE_HOME/mnt/$1" "${2:-}" |
        curl -fsS -H 'Content-Type: application/json' --data-binary @- "http://127.0.0.1:$AM_PORT/api/v2/alerts"
}
authorities() { tocsin audit export "$SITE_HOME/export" && ! grep -a '^authority ' "$SITE_HOME/export" | grep -qv '^authority grant$'; }

cat >"$SITE_HOME/source.conf" <<EOF
site $(cat "$TOCSIN_SITE/id")
state $SITE_HOME/source
http 127.0.0.1:$SOURCE_PORT
source prom alertmanager token-file $keys/demo.token key $keys/prom
source 422 alertmanager token-file $keys/demo.token key $keys/422
broker centre $TOCSIN_HTTP
broker awry http://127.0.0.1:$AWRY_PORT
uid $SOURCE_UID
EOF
cat >"$SITE_HOME/alertmanager.yml" <<EOF
route: { receiver: tocsin, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname, instance] }
receivers:
  - name: tocsin
    webhook_configs:
      - url: http://127.0.0.1:$SOURCE_PORT/v1/alerts/prom
        send_resolved: true
        http_config: { authorization: { credentials_file: $keys/demo.token } }
EOF

ok "a source's key is made, and enrolled in its region's fleet" source_enrol
ok "  it is made once" not tocsin-source keygen "$keys/prom"
ok "  and the source's configuration is sound" tocsin-source "$SITE_HOME/source.conf" -n
sed 's/^http.*/http nowhere/; s/^site.*/site none/' "$SITE_HOME/source.conf" >"$SITE_HOME/wrong.conf"
tocsin-source "$SITE_HOME/wrong.conf" -n 2>"$SITE_HOME/log/wrong"
ok "  a wrong one is refused" [ $? = 2 ]
ok "  and all that is wrong in it is named" sh -c "grep -q 'wrong.conf:[0-9]*: expected: http' '$SITE_HOME/log/wrong' && grep -q 'wrong.conf:[0-9]*: expected: site' '$SITE_HOME/log/wrong'"
ok "a playbook is proposed and approved" site_release disk-full
broker_start
ok "a grant that asks for signed alerts is signed" grant_disk_full
ok "  and what it may do at worst is told, also where an alert leaves its input to a default" grep -q "with mount under .*; nothing begins where the alert has none$" "$SITE_HOME/worst"
background awry "$BUILD/tests/e2e/receiver" "$AWRY_PORT" "$SITE_HOME/log/awry.posts"
source_start
trap 'stop alertmanager; stop source; stop awry; tap_clean' EXIT
ok "the source answers" wait_for 20 source_answers
alertmanager_start "$SITE_HOME/alertmanager.yml" "$AM_PORT"
ok "Alertmanager is ready" wait_for 20 curl -fsS "http://127.0.0.1:$AM_PORT/-/ready"

ok "what a broker refuses for good" curl -fsS -H "Authorization: Bearer $TOKEN" --data-binary '{"alerts":[{"labels":{"alertname":"A"}}]}' \
    "http://127.0.0.1:$SOURCE_PORT/v1/alerts/422"
ok "  is given up, and said" wait_for 20 says "broker=awry source=422: a post of alerts was given up: it answers 422"
ok "  and kept for the one that does not know that source" waits centre 422 1
ok "  which holds up no other: a filesystem fills up" fill_disk north-1
ok "Alertmanager takes the alert about it" raise north-1
ok "through the source the broker has it" wait_for 20 incident_is 1 authorised
ok "  and nothing waits in the spool" wait_for 20 waits centre prom 0
ok "  what the broker that is out of order did not take is kept for it" waits awry prom 1
broker_stop -KILL
broker_start
worker_start north-1
ok "killed before the worker heard of it, the broker offers it, with the signature, and it is resolved" wait_for 30 incident_is 1 resolved
ok "  the disk has room again" test "$(disk_percent north-1)" -le 80
ok "  by one run" test "$(runs_made)" = 1

broker_stop -KILL
ok "another fills up while the broker is down" fill_disk north-2
ok "Alertmanager takes the alert about that" raise north-2
ok "the source keeps it" wait_for 20 waits centre prom 1
stop source -KILL
ok "  also when it is killed" waits centre prom 1
cp "$SITE_HOME"/source/centre/prom/* "$SITE_HOME/kept"
cp "$SITE_HOME/kept" "$SITE_HOME/source/awry/prom/1600000000000-0000"
source_start
ok "what is too old is given up, and said" wait_for 20 says "broker=awry source=prom: 1 posts of alerts were given up"
worker_start north-2
broker_start
ok "once both are back it is acted on" wait_for 40 incident_is 2 resolved
ok "  the disk has room again" test "$(disk_percent north-2)" -le 80
ok "  nothing waits" wait_for 20 waits centre prom 0
ok "  and two runs were made in all" test "$(runs_made)" = 2

ok "grant_alert_replayed: the same bytes again change nothing" posts 200 "$SITE_HOME/kept"
ok "  nor do they count as another source's" posts 401 "$SITE_HOME/kept" other
ok "grant_alert_forged: by a person's key it is refused" eval 'forge dung && posts 403 "$SITE_HOME/forged"'
ok "  and with another's signature" eval '{ sed "/^end$/q" "$SITE_HOME/kept" | sed "s/^severity .*/severity low/"; sed "1,/^end$/d" "$SITE_HOME/kept"; } >"$SITE_HOME/altered" && posts 400 "$SITE_HOME/altered"'
ok "  and without one" eval 'sed "/^end$/q" "$SITE_HOME/kept" >"$SITE_HOME/bare" && posts 400 "$SITE_HOME/bare"'
ok "  and one that is too long, before it is read" eval 'head -c 264193 /dev/zero >"$SITE_HOME/long" && posts 413 "$SITE_HOME/long"'
ok "  a flood of them is not even read" flooded
ok "an alert that only a token vouches for" test "$(post_alert host-out-of-disk-space.json INSTANCE=north-1.example:9100 REGION=north "MOUNTPOINT=$SITE_HOME/mnt/north-1")" = 200
ok "  waits for people under this grant" wait_for 20 incident_is 3 waiting
ok "  and that is why" eval 'tocsin why 3 | grep -q "signed alerts"'
ok "receipts say that the alert was signed" authorities
ok "the record verifies, with the alerts' signatures" tocsin audit verify

ok "Alertmanager's resolve is signed as well" raise north-1 ',"endsAt":"2026-01-01T00:00:00Z"'
ok "  and comes to the broker" wait_for 20 eval 'tocsin --json incident view 1 | grep -q "\"firing\": false"'
ok "three incidents, two runs" eval 'has_incidents 3 && [ "$(runs_made)" = 2 ]'
tap_end
