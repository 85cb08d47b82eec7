#!/bin/bash
# Strangers at the broker's two doors: HTTP, and ZeroMQ with CURVE.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site web
broker_start
# trickle: a request whose body never ends, a byte every half second; says after how many seconds it was cut off.
trickle() {
    local started=$SECONDS
    exec 3<>"/dev/tcp/127.0.0.1/$HTTP_PORT"
    printf '%s\r\n' 'POST /v1/alerts/demo HTTP/1.1' 'Host: x' "Authorization: Bearer $TOKEN" 'Content-Length: 1000' '' >&3
    while [ $((SECONDS - started)) -lt 25 ]; do
        read -r -t 0.5 -n 1 -u 3 && break
        [ $? -gt 128 ] || break
        printf ' ' >&3 2>/dev/null || break
    done
    echo $((SECONDS - started)) >"$SITE_HOME/log/trickle"
}
trickle 2>/dev/null &
trickler=$!

worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1
body=$SITE_HOME/body
incidents() { tocsin --json incident list | grep -c '"fingerprint"' || true; }
log_size() { tocsin --json status | tr -d ' \n' | sed -n 's/.*"log":{[^}]*"size":\([0-9]*\).*/\1/p'; }

size=$(log_size)
ok "the record can be measured" test "$size" -gt 0
# refuses STATUS WORDS CURL...: that status, one line that says why, and nothing recorded.
refuses() {
    local status=$1 words=$2 got
    shift 2
    got=$(curl -sS -m 10 -o "$SITE_HOME/log/answer" -w '%{http_code}' "$@")
    echo "$got $(cat "$SITE_HOME/log/answer")"
    [ "$got" = "$status" ] && [ "$(wc -l <"$SITE_HOME/log/answer")" = 1 ] &&
        grep -qi -- "$words" "$SITE_HOME/log/answer" &&
        [ "$(incidents)" = 0 ] && [ "$(log_size)" = "$size" ]
}
post() { refuses "$1" "$2" -H "Authorization: Bearer $TOKEN" --data-binary "@$body" "$TOCSIN_WEBHOOK"; }
alert='{"status":"firing","labels":{"alertname":"A","instance":"north-1.example:9100"},"startsAt":"2026-01-01T00:00:00Z"}'

printf '{"alerts":[%s]}' "$alert" >"$body"
ok "web_no_token: 401, nothing recorded" refuses 401 "token" --data-binary "@$body" "$TOCSIN_WEBHOOK"
ok "web_no_token: nor with another" \
    refuses 401 "token" -H "Authorization: Bearer ${TOKEN%?}" --data-binary "@$body" "$TOCSIN_WEBHOOK"
ok "web_no_token: nor with it in the address" refuses 401 "token" --data-binary "@$body" "$TOCSIN_WEBHOOK?token=$TOKEN"
ok "web_no_token: nor for a source that is not there" \
    refuses 401 "token" -H "Authorization: Bearer $TOKEN" --data-binary "@$body" "$TOCSIN_HTTP/v1/alerts/other"
ok "web_path_traversal_static: no file is served" refuses 404 "alerts" --path-as-is "$TOCSIN_HTTP/../../../../etc/passwd"
ok "web_path_traversal_static: nor below alerts" \
    refuses 401 "token" --path-as-is --data-binary "@$body" "$TOCSIN_HTTP/v1/alerts/../../etc/passwd"
ok "web_get: alerts are posted" refuses 405 "posted" -H "Authorization: Bearer $TOKEN" "$TOCSIN_WEBHOOK"

# What a browser would send that somebody else's page steers: it has no token, and cookies are nothing here.
cross_site=(-H 'Host: evil.example:80' -H 'Origin: https://evil.example' -H 'Referer: https://evil.example/x')
ok "web_host_rebinding: another Host without the token is nobody" \
    refuses 401 "token" "${cross_site[@]}" --data-binary "@$body" "$TOCSIN_WEBHOOK"
ok "web_csrf: a form of another site is nobody's" \
    refuses 401 "token" "${cross_site[@]}" -H 'Content-Type: text/plain' -H 'Cookie: token='"$TOKEN" --data-binary "@$body" "$TOCSIN_WEBHOOK"
ok "web_csrf: nor with the token as a password in the address" \
    refuses 401 "token" -u "demo:$TOKEN" --data-binary "@$body" "$TOCSIN_WEBHOOK"
ok "web_csrf: a page may not ask whether it may" \
    refuses 405 "posted" -X OPTIONS "${cross_site[@]}" -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: authorization' "$TOCSIN_WEBHOOK"
# silent PATTERN CURL...: no header of the answer is like that.
silent() {
    local pattern=$1
    shift
    curl -sS -m 10 -D "$SITE_HOME/log/headers" -o /dev/null "$@" || return 1
    cat "$SITE_HOME/log/headers"
    ! grep -qi "$pattern" "$SITE_HOME/log/headers"
}
for address in "$TOCSIN_WEBHOOK" "$TOCSIN_HTTP/v1/health" "$TOCSIN_HTTP/"; do
    ok "web_session_fixation: ${address#"$TOCSIN_HTTP"} sets no cookie, and lets no other site in" \
        silent '^set-cookie\|^access-control-' "${cross_site[@]}" -H 'Cookie: session=mine' "$address"
done
ok "web_wrong_hmac: a signature is no token" \
    refuses 401 "token" -H "Tocsin-Signature: v1=$(printf x | sha256sum | cut -c1-64)" -H "X-Hub-Signature-256: sha256=00" --data-binary "@$body" "$TOCSIN_WEBHOOK"
for header in "$TOKEN" "Basic $TOKEN" "Bearer  $TOKEN" "bearer" "Bearer $TOKEN " "Bearer $TOKEN, Bearer $TOKEN"; do
    ok "web_no_token: 'Authorization: ${header//"$TOKEN"/TOKEN}' is none" \
        refuses 401 "token" -H "Authorization: $header" --data-binary "@$body" "$TOCSIN_WEBHOOK"
done
head -c 1200000 /dev/zero | tr '\0' ' ' >"$body"
ok "web_body_over_limit: 413, nothing recorded" post 413 "over"
ok "web_body_over_limit: nor in chunks" \
    refuses 413 "over" -H "Authorization: Bearer $TOKEN" -H 'Transfer-Encoding: chunked' --data-binary "@$body" "$TOCSIN_WEBHOOK"
head -c 500000 /dev/zero | tr '\0' '[' >"$body"
ok "web_json_bomb_depth: 413, nothing recorded" post 413 "deep"
printf '{"alerts":[%s],"alerts":[]}' "$alert" >"$body"
ok "web_duplicate_keys: 400, nothing recorded" post 400 "duplicate"
printf '{"alerts":[{"status":"firing","labels":{"alertname":"A","alertname":"B"}}]}' >"$body"
ok "web_duplicate_keys: nor among labels" post 400 "duplicate"
printf '{"alerts":[{"labels":{"alertname":"\xc3\x28"}}]}' >"$body"
ok "web_bad_utf8: 400, nothing recorded" post 400 "decode"
printf '{"alerts":[{"labels":{"alertname":"\\ud800"}}]}' >"$body"
ok "web_bad_utf8: nor half a surrogate" post 400 "json"
printf '{"alerts":[%s]} {}' "$alert" >"$body"
ok "web_trailing_bytes: 400, nothing recorded" post 400 "json"
printf '{"alerts":[{"labels":{"alertname":7}}]}' >"$body"
ok "web_label_no_text: 400, nothing recorded" post 400 "labels"
{ printf '{"alerts":['; for _ in {1..1000}; do printf '%s,' "$alert"; done; printf '%s]}' "$alert"; } >"$body"
ok "web_too_many_alerts: 413, nothing recorded" post 413 "over 1000"

flood() { # a header of 64 KiB: refused, or the connection is closed
    local got
    got=$(head -c 65536 /dev/zero | tr '\0' 'x' | sed 's/^/X-Flood: /' >"$body.header"
        curl -sS -m 10 -o /dev/null -w '%{http_code}' -H "@$body.header" "$TOCSIN_HTTP/v1/health" 2>/dev/null)
    echo "$got"
    case $got in 4??|5??|000) [ "$(log_size)" = "$size" ] ;; *) false ;; esac
}
ok "web_header_flood" flood

broker_curve=$(awk '$1 == "broker" { print $3 }' "$TOCSIN_SITE/people")
stranger() {
    "$BUILD/tests/attack/stranger" "$@" --connect "tcp://127.0.0.1:$BROKER_PORT" --server "$broker_curve"
}
hears() { # PATTERN STRANGER...: what it hears
    local words=$1 heard
    shift
    heard=$(stranger "$@")
    echo "$heard"
    [[ $heard == $words ]]
}
north_2=$SITE_HOME/north-2/state/link/curve-secret
ok "a worker's key hears WELCOME and PONG" hears "WELCOME*PONG" --key "$north_2" --hello north-2
ok "net_unknown_curve_key_no_zap_handler: hears nothing" hears "" --hello north-2
ok "net_null_mechanism: hears nothing" hears "" --null --hello north-2
ok "net_routing_id_impersonation: another's id in HELLO is not welcome" hears "PONG" --key "$north_2" --hello north-1
ok "net_routing_id_impersonation: nor with another's routing id" \
    hears "PONG" --key "$north_2" --hello north-1 --routing-id north-1
ok "  and the broker says so" grep -q "it calls itself 'north-1', and its key is of 'north-2'" "$SITE_HOME/log/broker"
ok "  and the true one is still online" worker_online north-1
ok "net_worker_asks_as_person: hears no ANSWER" hears "PONG" --key "$north_2" --ask submit
ok "net_person_speaks_as_worker: hears nothing" hears "" --key "$TOCSIN_CURVE" --hello north-1
ok "net_oversize_frame: two MiB are sent" hears "*" --key "$north_2" --oversize
ok "  and dropped before anybody reads them" \
    not grep -q "worker=north-2: its first frame" "$SITE_HOME/log/broker"
for verb in submit release run incident log unwatch; do
    ok "a person who asks '$verb' and says nothing else is answered" hears "ANSWER*" --key "$TOCSIN_CURVE" --ask $verb
done
ok "  and the broker still runs" alive broker
ok "the record is as long as before" test "$(log_size)" = "$size"

printf '{"alerts":[{"status":"firing","labels":{"alertname":"<script>x</script>","instance":"north-1.example:9100"},%s}]}' \
    '"annotations":{"summary":"\u001b[2K\u202eevil <script>"},"startsAt":"2026-01-01T00:00:00Z"' >"$body"
ok "web_stored_script_in_label: it is an alert like others" \
    curl -fsS -H "Authorization: Bearer $TOKEN" --data-binary "@$body" "$TOCSIN_WEBHOOK"
# plain PATTERN COMMAND...: shows the alert, and nothing of PATTERN.
plain() {
    local pattern=$1 shown
    shift
    shown=$("$@")
    echo "$shown"
    grep -q evil <<<"$shown" && ! LC_ALL=C grep -q "$pattern" <<<"$shown"
}
escape=$(printf '\033') right_to_left=$(printf '\342\200\256')
ok "  and no terminal sees its escapes" plain "$escape" tocsin incident view 1
ok "  nor its direction" plain "$right_to_left" tocsin incident view 1
ok "  nor a reader of JSON its escapes" plain "$escape" tocsin --json incident view 1

wait $trickler
ok "web_slow_body: is cut off" test "$(cat "$SITE_HOME/log/trickle")" -le 20
attack_still_works
ok "  and the record verifies" tocsin audit verify
tap_end
