#!/bin/bash
# A full disk, a lost database, wrong keys: each is said in one sentence, and nothing that was acknowledged is lost.
. "$(dirname "$0")/tap.bash"
tap_site bad-weather
mount -t tmpfs -o size=3m,mode=711 tocsin-test "$SITE_HOME/broker"
chown $BROKER_UID:$BROKER_UID "$SITE_HOME/broker"
trap 'site_stop; umount "$SITE_HOME/broker"; tap_clean' EXIT

alert() { post_alert service-down.json INSTANCE="$1.example:9100" REGION=south SERVICE=web PORT=80; }
incidents() { tocsin --json incident list | grep -c '"fingerprint"'; }
says() { grep -q "$2" "$SITE_HOME/log/$1"; }
exits() { local wanted=$1; shift; "$@"; [ $? = "$wanted" ]; }

broker_start
ok "an alert is acknowledged while there is room" test "$(alert south-1)" = 200
dd if=/dev/zero of="$SITE_HOME/broker/ballast" bs=4k status=none 2>/dev/null
status=200 acknowledged=1
for try in $(seq 200); do
    status=$(alert "south-$try" 2>/dev/null)
    [ "$status" = 200 ] || break
    acknowledged=$((acknowledged + 1))
done
ok "with the disk full an alert is not acknowledged (HTTP $status)" test "$status" != 200
ok "the broker ends" wait_for 5 not alive broker
ok "  and says why" says broker 'the record cannot be written: .*full'
rm "$SITE_HOME/broker/ballast"
broker_start
ok "with room again, what was acknowledged is there ($acknowledged)" test "$(incidents)" -ge "$acknowledged"
ok "  and nothing that was not" test "$(incidents)" = "$acknowledged"
ok "the record verifies" tocsin audit verify

broker_stop
rm "$SITE_HOME"/broker/*.db*
ok "a broker whose database is gone does not start as if nothing were" exits 9 tocsin-broker -d -c "$SITE_HOME/broker.conf"
ok "  and names --new" sh -c "tocsin-broker -d -c '$SITE_HOME/broker.conf' 2>&1 | grep -q -- --new"
broker_start --new
ok "with --new another begins" test "$(incidents)" = 0
ok "the client notices that the log it knew was rewritten" exits 1 tocsin audit verify

tocsin keys curve "$SITE_HOME/keys/stranger.curve" >/dev/null
ok "a stranger's CURVE key is not admitted" exits 3 env TOCSIN_CURVE="$SITE_HOME/keys/stranger.curve" tocsin status
ok "  and is told so" grep -q 'CURVE key' "$SITE_HOME/log/last"
sed 's/^listen.*/listen nowhere/; s/^name.*/name No/' "$SITE_HOME/broker.conf" >"$SITE_HOME/wrong.conf"
ok "a wrong configuration is refused" exits 2 tocsin-broker -n -c "$SITE_HOME/wrong.conf"
cp "$SITE_HOME/log/now" "$SITE_HOME/log/wrong"
ok "  and named by file and line" grep -q "wrong.conf:[0-9]*: 'nowhere' is not tcp" "$SITE_HOME/log/wrong"
ok "  all that is wrong in it" grep -q "wrong.conf:[0-9]*: 'No' is not a name" "$SITE_HOME/log/wrong"
{ cat "$SITE_HOME/north-2/policy"; printf 'allow no.such\nwindow never\n'; } >"$SITE_HOME/wrong.policy"
sed "s|^policy .*|policy $SITE_HOME/wrong.policy|" "$SITE_HOME/north-2/worker.conf" >"$SITE_HOME/wrong-worker.conf"
ok "a worker's policy that is wrong is refused" exits 2 tocsin-worker -n -c "$SITE_HOME/wrong-worker.conf"
ok "  for all that is wrong in it" eval '[ "$(grep -c "wrong.policy:[0-9]" "$SITE_HOME/log/last")" = 2 ]'
chmod g+w "$SITE_HOME/north-2/policy"
ok "a worker whose policy others can write does not begin" exits 2 tocsin-worker -n -c "$SITE_HOME/north-2/worker.conf"
ok "  and says so" grep -q 'can be written by others' "$SITE_HOME/log/last"
chmod g-w "$SITE_HOME/north-2/policy"
echo "allow disk.format" >>"$SITE_HOME/north-2/policy"
ok "a policy with an unknown op is named by file and line" \
    sh -c "tocsin-worker -n -c '$SITE_HOME/north-2/worker.conf' 2>&1 | grep -q 'policy:[0-9]'"

# A worker whose signing key is not the one that the fleet lists.
rm "$SITE_HOME/north-1/state/judge/signing-key"
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$SITE_HOME/north-1/state/judge/signing-key"
echo >>"$SITE_HOME/north-1/state/judge/signing-key"
chown $JUDGE_UID:$JUDGE_UID "$SITE_HOME/north-1/state/judge/signing-key"
chmod 600 "$SITE_HOME/north-1/state/judge/signing-key"
worker_start north-1
ok "a worker with another key than the fleet's says so" wait_for 10 says north-1 'another signing key'
worker_stop north-1

# A worker whose disk fills up in the middle: it ends, and goes on when there is room.
site_release disk-full service-down >"$SITE_HOME/log/release" 2>&1
mkdir -p "$SITE_HOME/south-1/state"
ok "a broker with releases in service" wait_for 20 sh -c "tocsin playbook list | grep -q 'service-down .*in service'"
worker_start south-1
ok "south-1 is online" wait_for 20 worker_online south-1
nginx_start
plan=$(tocsin run plan service-down --target south-1 --set service=web --set port=$WEB_PORT | sed -n 's/^plan \([0-9a-f]*\).*/\1/p')
ok "a service that runs is left alone, and the run succeeds" tocsin --no-input run start "$plan" --reason "is it up" --wait=20s

# A centre that is away: the region's roles stand.
broker_stop
ok "a broker that is away is noticed" wait_for 40 says south-1 'is silent'
sleep 1
ok "  and the worker's roles stand, all of them" sh -c "! grep -q 'start anew' '$SITE_HOME/log/south-1'"
tap_end
