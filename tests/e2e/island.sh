#!/bin/bash
# A region of its own: the centre's broker and the timekeeper in one network namespace, the region's broker, a source and
# two workers in another, and a link between them that is cut. Alerts and orders go on in the region; when the link is back
# the centre has all of it, once.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2"
tap_site island
C=tocsin-c-$$ R=tocsin-r-$$ site=$TOCSIN_SITE keys=$SITE_HOME/keys
ISLAND_PORT=$(free_port) ISLAND_HTTP=$(free_port) SOURCE_PORT=$(free_port) KEEPER_PORT=$(free_port)

nets_make() {
    ip netns add $C && ip netns add $R && ip link add vc-$$ netns $C type veth peer name vr-$$ netns $R &&
        ip -n $C addr add 10.77.0.1/30 dev vc-$$ && ip -n $R addr add 10.77.0.2/30 dev vr-$$ &&
        ip -n $C link set vc-$$ up && ip -n $R link set vr-$$ up && ip -n $C link set lo up && ip -n $R link set lo up
}
nets_remove() { ip netns del $C 2>/dev/null; ip netns del $R 2>/dev/null; }
link_down() { ip -n $R link set vr-$$ down; }
link_up() { ip -n $R link set vr-$$ up; }
centre() { TOCSIN_SERVER=tcp://10.77.0.1:$BROKER_PORT TOCSIN_BROKER=centre nsenter --net=/run/netns/$C "$@"; }
island() { TOCSIN_SERVER=tcp://127.0.0.1:$ISLAND_PORT TOCSIN_BROKER=north nsenter --net=/run/netns/$R "$@"; }

configure() {
    local worker curve
    sed -i "s|^listen .*|listen tcp://10.77.0.1:$BROKER_PORT|; s|^http .*|http 10.77.0.1:$HTTP_PORT|" "$SITE_HOME/broker.conf"
    printf '%s\n' "source prom signed" "timekeeper tcp://10.77.0.1:$KEEPER_PORT" >>"$SITE_HOME/broker.conf"
    cat >"$SITE_HOME/island.conf" <<-END
	site $site
	state $SITE_HOME/island
	name north
	listen tcp://127.0.0.1:$ISLAND_PORT
	http 127.0.0.1:$ISLAND_HTTP
	curve-secret $keys/island.curve
	signing-key $keys/island.signing
	catalog $SITE_HOME/playbooks.git
	source prom signed region north
	timekeeper tcp://10.77.0.1:$KEEPER_PORT
	uplink centre tcp://10.77.0.1:$BROKER_PORT
	grant $SITE_HOME/disk-full.grant
	uid $BROKER_UID
	catalog-uid $CATALOG_UID
	END
    cat >"$SITE_HOME/timekeeper.conf" <<-END
	site $(cat "$site/id")
	state $SITE_HOME/timekeeper
	documents $site
	listen tcp://10.77.0.1:$KEEPER_PORT
	curve-secret $keys/tick.curve
	signing-key $keys/tick.signing
	beat 1s
	uid 64022
	END
    source_configure "broker centre http://10.77.0.1:$HTTP_PORT"
    tocsin-timekeeper keys -c "$SITE_HOME/timekeeper.conf" >"$SITE_HOME/timekeeper.keys" &&
        tocsin keys root "$site" --timekeeper tick="$SITE_HOME/timekeeper.keys" --offline-max 0,86400,600 --witness north-1 \
            --witness north-2 && site_sign ana root && site_sign binh root || return 1
    curve=$(tocsin keys curve "$keys/island.curve") &&
        tocsin keys broker "$site" north "$curve" && tocsin-broker keys -c "$SITE_HOME/island.conf" &&
        tocsin keys person "$site" chi "$keys/chi.pub" --roles officer --curve "$(tocsin keys curve "$keys/chi.curve")" &&
        site_sign ana people.draft && site_sign chi people.draft || return 1
    tocsin-source keygen "$keys/prom" >"$keys/prom.pub" && tocsin keys source "$site" north prom "$keys/prom.pub" &&
        site_sign chi fleet.north.draft && chmod -R go+rX "$site" || return 1
    for worker in $SITE_WORKERS; do
        sed -i "s|^broker .*|broker tcp://127.0.0.1:$ISLAND_PORT $curve\nbroker tcp://10.77.0.1:$BROKER_PORT $BROKER_CURVE|" \
            "$SITE_HOME/$worker/worker.conf"
    done
}
source_configure() {
    cat >"$SITE_HOME/source.conf" <<-END
	site $(cat "$site/id")
	state $SITE_HOME/source
	http 127.0.0.1:$SOURCE_PORT
	source prom alertmanager token-file $keys/demo.token key $keys/prom
	broker north http://127.0.0.1:$ISLAND_HTTP
	$1
	uid 64021
	END
}
grant_disk_full() {
    centre tocsin --no-input keys grant disk-full --source prom --match labels.alertname=HostOutOfDiskSpace \
        --bound mount:under="$SITE_HOME/mnt" --scope any --budget 20/1h --fresh 5m --expires 30d --evidence signed \
        --out "$SITE_HOME/disk-full.grant" --key "$keys/dung" "$@"
}
island_start() {
    background island nsenter --net=/run/netns/$R tocsin-broker -d -c "$SITE_HOME/island.conf" &&
        wait_for 10 island curl -fsS "http://127.0.0.1:$ISLAND_HTTP/v1/health"
}
centre_start() {
    background broker nsenter --net=/run/netns/$C tocsin-broker -d -c "$SITE_HOME/broker.conf" &&
        wait_for 10 centre curl -fsS "http://10.77.0.1:$HTTP_PORT/v1/health"
}
source_start() {
    background source nsenter --net=/run/netns/$R tocsin-source "$SITE_HOME/source.conf" -d &&
        wait_for 10 island curl -fsS "http://127.0.0.1:$SOURCE_PORT/v1/health"
}
rings() { # WORKER FINGERPRINT
    local body
    body=$(sed "s|INSTANCE|$1.example:9100|; s|REGION|north|; s|MOUNTPOINT|$SITE_HOME/mnt/$1|; s|STARTSAT|$(now_rfc3339)|; s|FINGERPRINT|$2|" \
        "$SOURCE/deploy/demo/alerts/host-out-of-disk-space.json")
    island curl -fsS -H "Authorization: Bearer $TOKEN" --data-binary "$body" "http://127.0.0.1:$SOURCE_PORT/v1/alerts/prom"
}

# of WHERE FINGERPRINT KEY PATTERN: what that broker's list says of that incident.
of() { "$1" tocsin --json incident list | tr -d ' \n' | sed 's/"count":/\n/g' | grep "\"fingerprint\":\"$2\"" | grep -o "\"$3\":$4" | cut -d: -f2 | tr -d '"'; }
numbered() { of "$1" "$2" id '[0-9]*'; }
state_of() { of "$1" "$2" state '"[a-z]*"'; }
incident_at() { [ "$(state_of "$1" "$2")" = "$3" ]; }
runs_at() { "$1" tocsin --json run list | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p' | sort; }
same_runs() { [ "$(runs_at centre)" = "$(runs_at island)" ] && [ "$(runs_at centre | wc -l)" = "$1" ]; }
run_at() { "$1" tocsin --json run view "$2" | grep -q "^ *\"state\": \"$3\""; }
wiped() { grep -c "accepted: disk-full" "$SITE_HOME/log/$1"; }
stops_at() { "$1" tocsin --json stop list | grep -q "$2"; }
caught_up() { [ "$(island tocsin --json status | tr -d ' \n' | grep -o '"uplink":{[^}]*}' | grep -c '"heard":true.*"behind":0\|"behind":0.*"heard":true')" = 1 ]; }
noticed_cut() { grep -q "broker=.* is silent" "$SITE_HOME/log/north-1"; }
online_at() { "$1" tocsin --json worker list | tr -d ' \n' | grep -q "\"id\":\"$2\"[^}]*\"online\":true"; }

trap 'stop source; stop island; stop timekeeper; tap_clean; nets_remove' EXIT
ok "two networks, and a link between them" nets_make
ok "the region has a broker, a source and a timekeeper's word" configure
ok "a playbook is proposed and approved" site_release disk-full
background timekeeper nsenter --net=/run/netns/$C tocsin-timekeeper -d -c "$SITE_HOME/timekeeper.conf"
ok "the centre's broker serves" centre_start
ok "a grant is signed" grant_disk_full --submit
ok "the region's serves, and relays" island_start
for worker in $SITE_WORKERS; do background $worker nsenter --net=/run/netns/$R tocsin-worker -d -c "$SITE_HOME/$worker/worker.conf"; done
for worker in $SITE_WORKERS; do
    ok "$worker is at both" eval "wait_for 20 online_at centre $worker && wait_for 20 online_at island $worker"
done
ok "the source serves" source_start
ok "the region's log is at the centre" wait_for 20 caught_up
ok "  as both say who are asked how it stands" eval 'island tocsin status | grep -q "^uplink  *broker centre answers" && centre tocsin status | grep -q "^relayed by broker north, [0-9]* leaves taken"'

fill_disk north-1
ok "link up: a filesystem fills up" rings north-1 aaaa
ok "  it is resolved in the region" wait_for 40 incident_at island aaaa resolved
ok "  and at the centre" wait_for 40 incident_at centre aaaa resolved
ok "  by one run, which is the same" same_runs 1
ok "  that ran once" test "$(wiped north-1)" = 1

stop source
source_configure ""
ok "from here on the source speaks to the region's broker alone" source_start
ok "the link is cut" link_down
ok "  which workers notice" wait_for 40 noticed_cut
fill_disk north-1 && fill_disk north-2
ok "another fills up" rings north-2 bbbb
ok "  and is resolved, by grant, with nobody's help from outside" wait_for 40 incident_at island bbbb resolved
ok "a responder there orders a run" eval 'PLAN=$(island tocsin run plan disk-full --set mount="$SITE_HOME/mnt/north-1" --target north-1 | sed -n "s/^plan \([0-9a-f]*\).*/\1/p"); RUN=$(island tocsin --no-input --json -q run start "$PLAN" --reason "the link is cut" --key "$keys/dung" | sed -n "s/^ *\"run\": \"\([0-9a-f]*\)\".*/\1/p"); test -n "$RUN"'
ok "  which succeeds" wait_for 40 run_at island "$RUN" succeeded
ok "  and says something of an incident" island tocsin incident note "$(numbered island bbbb)" "we saw it here"
ok "the centre knows nothing of it" eval 'test "$(runs_at centre | wc -l)" = 1 && test -z "$(state_of centre bbbb)"'
ok "an officer stops a playbook at the centre: the stop reaches no worker" eval '! TOCSIN_CURVE=$keys/chi.curve centre tocsin --no-input stop playbook neither --reason "a storm" --key "$keys/chi" --wait=0s; stops_at centre "a storm"'
ok "  and another in the region" eval 'TOCSIN_CURVE=$keys/chi.curve island tocsin --no-input stop playbook no-such --reason "in doubt" --key "$keys/chi" --wait=0s; stops_at island "in doubt"'

ok "the link is back" link_up
ok "the centre has the incident" wait_for 60 incident_at centre bbbb resolved
ok "  and the runs, once" wait_for 60 same_runs 3
ok "  the order's with its end" wait_for 60 run_at centre "$RUN" succeeded
ok "  who gave it, and where" eval 'centre tocsin --json run view "$RUN" >"$SITE_HOME/log/run"; grep -q "\"via\": \"north\"" "$SITE_HOME/log/run" && grep -q dung "$SITE_HOME/log/run"'
ok "  what was said there, as that broker's word" wait_for 20 eval 'centre tocsin incident view "$(numbered centre bbbb)" | grep -q "broker .north. says: dung.*we saw it here"'
ok "  all of the region's log" wait_for 60 caught_up
ok "nothing ran twice" eval 'test "$(wiped north-1)" = 2 && test "$(wiped north-2)" = 1'
ok "the centre's stop is in the region" wait_for 60 stops_at island "a storm"
ok "  and the region's at the centre" wait_for 60 stops_at centre "in doubt"
ok "the centre's record verifies" wait_for 60 centre tocsin audit verify
ok "  the region's too" wait_for 60 island tocsin audit verify
stop island -KILL
ok "after kill -9 the region's broker goes on" island_start
ok "  from where the centre is" wait_for 40 caught_up
ok "  which changes nothing there" eval 'same_runs 3 && centre tocsin audit verify'

ok "then nothing comes from the centre any more, while it hears the region" ip -n $C route add blackhole 10.77.0.2/32
fill_disk north-2
ok "  another fills up" rings north-2 cccc
ok "  and is resolved in the region" wait_for 40 incident_at island cccc resolved
ok "  which learns that the centre does not answer" wait_for 60 not caught_up
ok "    and says so" wait_for 60 eval 'island tocsin status | grep -q "^uplink  *broker centre DOES NOT ANSWER"'
stop broker -KILL
ok "the centre is killed" centre_start
ok "  and answers again" ip -n $C route del blackhole 10.77.0.2/32
ok "  it has that too" wait_for 60 incident_at centre cccc resolved
ok "  and all the rest, once" wait_for 60 same_runs 4
ok "  the region knows" wait_for 60 caught_up
ok "  nothing ran twice" eval 'test "$(wiped north-1)" = 2 && test "$(wiped north-2)" = 2'
ok "both records verify" eval 'wait_for 60 centre tocsin audit verify && wait_for 60 island tocsin audit verify'
tap_end
