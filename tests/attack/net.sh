#!/bin/bash
# The broker's ZeroMQ port in the hands of strangers, of one worker's keys, and of old protocols: net.sh BUILD [full].
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site net
broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1
trap '' PIPE
log_size() { tocsin --json status | tr -d ' \n' | sed -n 's/.*"log":{[^}]*"size":\([0-9]*\).*/\1/p'; }
says() { grep -q "$1" "$SITE_HOME/log/broker"; }
size=$(log_size)

# ---- handshakes -----------------------------------------------------------------------------

# closed BYTES...: says these bytes (printf's), and is hung up on before it has heard more than a greeting.
closed() {
    local heard
    exec 3<>"/dev/tcp/127.0.0.1/$BROKER_PORT" || return 1
    printf "$1" >&3 2>/dev/null
    heard=$(timeout 8 head -c 4096 <&3 | wc -c)
    [ "${PIPESTATUS[0]}" != 124 ] || return 1
    exec 3>&-
    echo "$heard bytes"
    [ "$heard" -lt 100 ]
}
zeroes() { printf '\\0%.0s' $(seq "$1"); }
hello='\x01\x00\x05HELLO'
ok "net_zmtp_v2_downgrade: ZMTP 2.0" closed "\xff$(zeroes 7)\x01\x7f\x01\x05\x00\x00$hello"
ok "net_zmtp_v2_downgrade: ZMTP 1.0" closed "\xff$(zeroes 7)\x01\x7f\x00\x01\x00$hello"
ok "net_zmtp_v2_downgrade: without a version" closed "\x01\x00\x06\x00HELLO\x06\x00HELLO"
ok "net_zmtp_v2_downgrade: 3.0 and NULL" closed "\xff$(zeroes 8)\x7f\x03\x00NULL$(zeroes 48)\x04\x19\x05READY\x0bSocket-Type$(zeroes 3)\x06DEALER$hello"
ok "net_zmtp_v2_downgrade: 3.0 and PLAIN" closed "\xff$(zeroes 8)\x7f\x03\x00PLAIN$(zeroes 47)\x04\x0c\x05HELLO\x01x\x01x"
ok "net_reserved_nonzero: a greeting's padding and filler" closed "\xff\x01\x02\x03\x04\x05\x06\x07\x08\x7f\x03\x01NULL\x01$(zeroes 15)\x01$(zeroes 31)$hello"
ok "net_garbage: HTTP" closed "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ok "  and nobody was heard" test "$(log_size)" = "$size"

# ---- many connections -----------------------------------------------------------------------

idle() { # COUNT: as many connections that say nothing, until it is ended
    local fd left
    for ((left = $1; left; left--)); do exec {fd}<>"/dev/tcp/127.0.0.1/$BROKER_PORT" || break; done
    : >"$SITE_HOME/idle"
    exec sleep 60
}
(idle 800) 2>/dev/null &
idler=$!
ok "net_idle_tcp_exhaustion: 800 connections that say nothing" wait_for 30 test -e "$SITE_HOME/idle"
worker_stop north-1; worker_start north-1
ok "  and a worker comes in" wait_for 20 worker_online north-1
ok "  and an order runs" order_wipe north-1
kill $idler 2>/dev/null; wait $idler 2>/dev/null

# ---- one worker's keys ----------------------------------------------------------------------

broker_curve=$(awk '$1 == "broker" { print $3 }' "$TOCSIN_SITE/people")
north_2=$SITE_HOME/north-2/state
stranger() { "$BUILD/tests/attack/stranger" "$@" --connect "tcp://127.0.0.1:$BROKER_PORT" --server "$broker_curve"; }
hears() { # PATTERN STRANGER...: what it hears
    local words=$1 heard
    shift
    heard=$(stranger "$@")
    echo "$heard"
    [[ $heard == $words ]]
}
as_worker() { hears "$1" --key "$north_2/link/curve-secret" "${@:2}"; }
receipt() { # PATTERN SEQUENCE WORKER [STRANGER...]
    as_worker "$1" --hello north-2 --receipt "$2" --worker "$3" --site "$(cat "$TOCSIN_SITE/id")" --signing-key "$north_2/judge/signing-key" "${@:4}"
}
peak_kib() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(pid_of broker)/status"; }
runs() { tocsin --json run list | grep -c '"run":' || true; }
before=$(runs)

ok "net_seq_gap: a receipt that leaves a gap is not acknowledged" eval 'receipt "WELCOME*PONG" 7 north-2 && not receipt "*ACK*" 8 north-2'
ok "  nor taken" not says "receipt: north-2"
ok "byz_forge_receipt: another worker's, signed with its own key" not receipt "*ACK*" 3 north-1
ok "  is said to be none of its" says "worker=north-2: a receipt of 'north-1' from 'north-2' (key)"
ok "byz_forge_receipt: of a run that nobody ordered" receipt "WELCOME*PONG" 1 north-2
ok "  makes no run" test "$(runs)" = "$before"
for word in HELLO ACCEPT RECEIPT WANT OUTPUT OFFER GIVE DOCUMENT ASK; do
    ok "net_reserved_nonzero: $word with frames that nobody knows" as_worker PONG --word $word
done
for verb in submit log watch brake pause; do ok "a worker that asks '$verb' hears no ANSWER" as_worker PONG --ask $verb; done
for word in PING ${2:+ACCEPT HELLO NONSENSE}; do ok "net_hwm_flood: 500 MB of $word" as_worker "*PONG" --flood $word; done
[[ $BUILD == *sanitized* ]] || ok "  took no more than 128 MiB of the broker" test "$(peak_kib)" -lt 131072
ok "  and north-1 is online" worker_online north-1

worker_start north-2
ok "the true north-2 comes in" wait_for 20 worker_online north-2
ok "  and runs an order" order_wipe north-2
ok "  whose copied key is noticed" says "worker 'north-2' signed two different receipts 1"
made_up() { ! tocsin audit verify >"$SITE_HOME/log/audit" 2>&1 && grep "problem: .*'north-2'" "$SITE_HOME/log/audit" && ! grep "problem: .*'north-1'" "$SITE_HOME/log/audit"; }
attack_still_works
ok "  and the record says what north-2's key made up, and nothing else is wrong" made_up
tap_end
