#!/bin/bash
# What runs by itself, and what holds it: freezes and brakes; why something ran or did not; and what people write into an
# incident's history.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 south-1"
orders_site automation glance
cat >>"$SITE_HOME/broker.conf" <<END
freeze inventory 2020-01-01T00:00:00Z 2099-01-01T00:00:00Z region south
brake 3 3600
END
INCIDENT=0

# rings WORKER: another incident there.
rings() {
    INCIDENT=$((INCIDENT + 1))
    [ "$(post_alert host-out-of-disk-space.json INSTANCE="$1.example:9100" REGION="${1%-*}" "MOUNTPOINT=$SITE_HOME/mnt/$1")" = 200 ]
}
runs_by_itself() { rings "$1" && wait_for 20 incident_is $INCIDENT resolved; }
grant() {
    as dung keys grant glance --source demo --match labels.alertname=HostOutOfDiskSpace --bound mount:under="$SITE_HOME/mnt" \
        --scope any --budget 20/1h --fresh 5m --expires 30d --evidence token --out "$SITE_HOME/glance.grant" --submit
}
incident() { tocsin incident "$@"; }
storm() { runs_by_itself north-1 && runs_by_itself north-1 && runs_by_itself north-1; }
in_order() { local text; text=$(incident view "$1" | grep -oE "  by (dung|giang)" | tr -d '\n'); echo "$text"; }

broker_start
worker_start north-1; worker_start south-1
ok "the workers are online" eval 'wait_for 20 worker_online north-1 && wait_for 20 worker_online south-1'
ok "a playbook is granted" grant

ok "three alerts run it by themselves" storm
ok "  and why says by which grant" says "yes +glance +release .*grant" tocsin why 1
ok "  replayed, it would again" says "^glance .*runs by itself|every condition" tocsin playbook replay 1 glance
ok "    and a folder of which nothing was ever released would not" refuses 1 "^service-down: does NOT run by itself" tocsin playbook replay 1 "$SOURCE/playbooks/service-down"
ok "a fourth within the hour does not" eval 'rings north-1 && wait_for 20 incident_is $INCIDENT waiting'
ok "  the brake has tripped" says "everywhere +braked .*the broker +more than 3 automatic runs" tocsin brake list
ok "  which status says" says "^BRAKED +no automatic run begins anywhere" tocsin status
ok "  and why" says "brake" tocsin why $INCIDENT
ok "  people's orders are not held" eval 'planned glance --incident $INCIDENT && started && ended succeeded'
broker_stop -KILL
broker_start
ok "after kill -9 of the broker it is on" says "everywhere +braked" tocsin brake list
ok "  and holds another" eval 'rings north-1 && wait_for 20 incident_is $INCIDENT waiting'
ok "  until a person releases it" as dung brake off --reason "it was a test"
ok "  who is named" says "everywhere +free .*dung .*it was a test" tocsin brake list
wait_for 20 worker_online north-1
ok "  then alerts run it again" runs_by_itself north-1
ok "a person puts it on, for one region" as giang brake on --region north --reason "works on the roof"
ok "  and that is why nothing runs there" eval 'rings north-1 && wait_for 20 incident_is $INCIDENT waiting && says "works on the roof" tocsin why $INCIDENT'
PARENT=$INCIDENT

ok "in a freeze nothing runs" eval 'rings south-1 && wait_for 20 incident_is $INCIDENT waiting'
ok "  and it is named" says "inventory" tocsin why $INCIDENT

ok "a person says to have seen it" incident ack $INCIDENT
ok "  whose it is" incident assign $INCIDENT giang
ok "  what is too long for the record is not sent" refuses 64 "has 501 bytes, and at most 500" as giang incident note $INCIDENT "$(printf '%0501d' 0)"
ok "  what is to know" as giang incident note $INCIDENT "the disk was ordered"
ok "  how bad it is" incident severity $INCIDENT low
ok "  of what it is a part" incident parent $INCIDENT $PARENT
ok "  but of itself nothing is" refuses 9 "under one that is under it" tocsin incident parent $PARENT $INCIDENT
ok "  that it is over" incident resolve $INCIDENT --reason "another disk"
ok "    which closes it" incident_is $INCIDENT resolved
ok "  and that it is not" as giang incident reopen $INCIDENT --reason "too early"
ok "    which opens it" incident_is $INCIDENT waiting
ok "all of it is in its history, each with its author" says "the disk was ordered.*by giang" incident view $INCIDENT
ok "  and by whom it was opened and closed" eval 'says "another disk.*by dung" incident view $INCIDENT && says "too early.*by giang" incident view $INCIDENT'
ok "  in order" test "$(in_order $INCIDENT)" = "  by dung  by dung  by giang  by dung  by dung  by dung  by giang"
ok "  with what it is now" says "^incident $INCIDENT  low  waiting" incident view $INCIDENT
ok "an order for it fails" eval 'ordered glance --incident $PARENT --set mount=/nowhere && ended failed'
ok "  who watches is told where it says why" eval 'tocsin run watch "$RUN" | grep -q "^  next: tocsin run view ${RUN:0:12}"'
ok "  the incident too" says "next: tocsin run view ${RUN:0:12}   why it failed" incident view $PARENT
ok "  and it waits for people" says "^  incident $PARENT FAILED" tocsin status
orders_end
