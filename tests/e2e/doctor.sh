#!/bin/bash
# What is wrong, told before somebody asks: documents that end, quorums that nobody meets, a broker that is away, what
# holds automation back, what is full, behind or lost.
. "$(dirname "$0")/tap.bash"
tap_site doctor
site=$TOCSIN_SITE

fails() { local status=$1; shift; "$@"; [ $? = "$status" ]; }
told() { "$@" >"$SITE_HOME/log/told"; } # what said looks at
said() { grep -qE -- "$1" "$SITE_HOME/log/told"; }
doctor_says() { tocsin doctor | grep -qE -- "$1"; }
sign_as() { # whether others must sign it too or not
    local status=0
    tocsin --no-input keys sign "$site" "$2" --key "$SITE_HOME/keys/$1" || status=$?
    [ $status = 6 ] || return $status
}

ok "the site of one officer is told that no stop would ever be lifted" fails 1 told tocsin keys doctor
ok "  what, where, and what to do" said '^problem +people: a stop is lifted by two officers, and there is at most one; name a second'
ok "  and that one officer alone signs a region" said '^warning +region north: one officer alone may sign its fleet; tocsin keys delegate'
ok "  and that each holder has one key" said "^warning +root: holder 'ana' has one key"
ok "  as JSON too" eval 'tocsin --json keys doctor | grep -q "\"kind\": \"problem\""'
tocsin keys person "$site" ana "$SITE_HOME/keys/ana.pub" --roles reviewer,officer >/dev/null
tocsin keys drop "$site" people curve dung >/dev/null
ok "a draft that waits is told" eval 'tocsin keys doctor; grep -q "^warning *draft.people: waits for signatures" "$SITE_HOME/log/now"'
rm "$site/draft.people"
tocsin keys person "$site" ana "$SITE_HOME/keys/ana.pub" --roles reviewer,officer >/dev/null
ok "with a second officer nothing is a problem" eval 'sign_as ana people && sign_as chi people && tocsin keys doctor'
chmod -R go+rX "$site"

ok "a broker that is away is a status of its own" fails 3 told tocsin doctor
ok "  and a line" said '^unreachable +broker: '
cat >>"$SITE_HOME/broker.conf" <<END
freeze always mon-sun 00:00-24:00 region south
sink lost generic url-file $SITE_HOME/keys/lost.url
END
(umask 077; echo http://127.0.0.1:9/ >"$SITE_HOME/keys/lost.url")
broker_start
worker_start north-1; worker_start north-2
wait_for 20 worker_online north-1; wait_for 20 worker_online north-2
ok "a worker that nobody ever saw is a problem" fails 1 told tocsin doctor
ok "  by name" said '^problem +worker south-1: offline, not seen since the broker began; look at'
ok "  and those that are there are not" not said 'worker north-'
ok "a freeze is told" said "^warning +south: freeze 'always'"
ok "a brake too" eval 'tocsin brake on --reason storm && doctor_says "^warning +site: the brake is on, no automatic run begins: storm"'
ok "a sink that takes nothing" wait_for 20 doctor_says '^problem +sink lost: has taken nothing since .*tries'
tocsin keys renew "$site" fleet.south --expires 20d >/dev/null
cp -r "$site" "$SITE_HOME/mine"
TOCSIN_SITE=$SITE_HOME/mine tocsin --no-input keys sign "$SITE_HOME/mine" fleet.south --key "$SITE_HOME/keys/chi" >/dev/null 2>&1
ok "documents of which the broker has an older version" eval 'TOCSIN_SITE=$SITE_HOME/mine doctor_says "^problem +fleet.south: the broker has version 1, this folder 2"'
ok "  and one whose end is near" eval 'TOCSIN_SITE=$SITE_HOME/mine doctor_says "^warning +fleet south: expires in (19|20) days"'
ok "a stop, and whom it did not reach" eval 'tocsin --no-input stop region south --reason "not yet" --key "$SITE_HOME/keys/chi"; doctor_says "^problem +south: the region is stopped, 1 worker was not reached: not yet"'
tap_end
