#!/bin/bash
# What one officer takes back: a responder in the middle of a run, a worker with an open connection; and who gives it back.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/../e2e/orders.bash"
orders_site revoke stages twice glance
mnt=$SITE_HOME/mnt

glance() { planned glance --set mount="$mnt/$1" "${@:2}"; }
revoke() { as chi keys revoke "$@" --reason "it was stolen"; }
revoke_of() { tocsin --json stop list | awk -F'"' -v name="$1" '/"hash"/ { h = $4 } /"name"/ && $4 == name { print h }'; }
# A person's key, over another's connection.
with() { TOCSIN_KEY=$SITE_HOME/keys/$1 tocsin --no-input "${@:2}"; }
lifts_nothing() {
    as chi resume "$1" --reason "he is back"
    refuses 4 "until people pardon it" as hoa resume --file "$(ls "$XDG_STATE_HOME"/tocsin/resumes/* | grep -v sigs)"
}
begins() { grep -ca '^kind begin' "$SITE_HOME/$1/state/effector/journal" || true; }
pardon() {
    tocsin keys pardon "$TOCSIN_SITE" "$1" && site_sign ana people.draft && site_sign chi people.draft &&
        chmod -R go+rX "$TOCSIN_SITE"
}

broker_start
worker_start north-1; worker_start north-2; worker_start south-1
ok "three workers are online" eval 'wait_for 20 worker_online north-1 && wait_for 20 worker_online north-2 && wait_for 20 worker_online south-1'

ok "a responder revokes nobody" refuses 4 "officer" as dung keys revoke person chi --reason "a quarrel"
ok "  and an officer nobody whom people does not list" refuses 9 "people lists no 'nobody'" revoke person nobody

hold north-1
ok "a step of two ops, ordered by one responder, is under way" eval 'planned twice --target north-1 && started giang && wait_for 20 is_held north-1'
calls_before=$(calls north-1)
ok "  he is revoked, and all confirm" eval 'revoke person giang >"$SITE_HOME/revoked" && grep -q "confirmed by .*north-1.*north-2.*south-1" "$SITE_HOME/revoked"'
begun=$(begins north-1)
let_go north-1
ok "  ord_revoked_midrun: the run ends" ended stopped
ok "  between its two ops" test "$(begins north-1)" = "$begun"
ok "  and says who took it back, and why" part_says north-1 "person 'giang' was revoked by chi: it was stolen"
ok "he orders no more" eval 'glance north-1 --target north-1 && refuses 4 "person .giang. was revoked" with giang run start "$PLAN" --reason "again"'
broker_stop -KILL; worker_stop north-1 -KILL
broker_start; worker_start north-1
ok "  after kill -9 of broker and worker either" eval 'wait_for 20 worker_online north-1 && refuses 4 "person .giang. was revoked" with giang run start "$PLAN" --reason "again"'
ok "nor reads" refuses 3 "no broker" as giang --wait=2s status
ok "another does both" eval 'glance north-1 --target north-1 && started dung && ended succeeded'

ok "net_revoked_key_open_connection: a worker is revoked while it is connected" revoke worker south-1
ok "  and the broker hears it no more" wait_for 40 not worker_online south-1

ok "  a plan of its region passes it over, and says why" eval 'planned glance --set mount="$mnt/north-1" --target worker=north-1 &&
    grep -q "REVOKED: worker .south-1. was revoked by chi: it was stolen (not touched)" "$SITE_HOME/log/plan"'
ok "  by its labels nobody chooses it" refuses 4 "is drained or revoked" tocsin run plan glance --set mount="$mnt/south-1" --target region=south
ok "  and lists say so" eval 'says "^south-1 .* revoked" tocsin worker list && says "REVOKED +worker .south-1. was revoked by chi" tocsin worker view south-1 &&
    says "REVOKED south-1, region south" tocsin status'
ok "  as the doctor does, with what to do" eval 'tocsin doctor >"$SITE_HOME/log/doctor"; grep -q "worker south-1: its fleet still lists it: .*tocsin keys drop .* fleet.south worker south-1" "$SITE_HOME/log/doctor"'

ok "what is revoked is listed" says "^[0-9a-f]+ +person +giang .* it was stolen" tocsin stop list
ok "  and two officers do not lift it" lifts_nothing "$(revoke_of giang)"
ok "people, signed by root's quorum, pardon him" pardon "$(revoke_of giang)"
ok "  and he orders again" eval 'glance north-2 --target north-2 && wait_for 20 started giang && ended succeeded'

# What they signed while they were there is in the record for ever.
leave() {
    tocsin keys drop "$TOCSIN_SITE" people person giang && site_sign ana people.draft && site_sign chi people.draft &&
        tocsin keys drop "$TOCSIN_SITE" fleet.north worker north-2 && site_sign chi fleet.north.draft && chmod -R go+rX "$TOCSIN_SITE"
}
elsewhere() {
    mkdir "$SITE_HOME/elsewhere" && cp "$TOCSIN_SITE/root.1" "$SITE_HOME/log/export" "$SITE_HOME/elsewhere/" &&
        env TOCSIN_SITE="$SITE_HOME/elsewhere/none" XDG_STATE_HOME="$SITE_HOME/elsewhere" tocsin audit verify "$SITE_HOME/elsewhere/export" --root "$SITE_HOME/elsewhere/root.1"
}
ok "the record verifies" tocsin audit verify
ok "a responder and a worker leave" leave
ok "  and the record verifies, and says how much of it is theirs" says "^[0-9]+ signatures are by keys of before" tocsin audit verify
ok "  as does an export, where there is nothing but root" eval 'tocsin audit export "$SITE_HOME/log/export" && elsewhere'
documents() { grep -ac "^tocsin-$1 " "$SITE_HOME/log/export"; }
ok "  which has of what was replaced only what says more than the rest" eval \
    '[ "$(ls "$TOCSIN_SITE/past" | grep -vc sigs)" -gt 3 ] && [ "$(documents people)" = 2 ] && [ "$(documents fleet)" = 3 ]'
sed "/^tocsin-people /,/^end/s/^issued .*/issued 2026-01-01T00:00:00Z/" "$SITE_HOME/log/export" >"$SITE_HOME/log/forged"
mv "$SITE_HOME/log/forged" "$SITE_HOME/log/export" && rm -r "$SITE_HOME/elsewhere"
ok "  but not with people whom nobody signed" not elsewhere
orders_end
