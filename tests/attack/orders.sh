#!/bin/bash
# A byzantine broker offers releases that nobody approved so, orders and alerts of others, and of other times.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site orders

# The worst case, as a responder sees it before the signature; the grants' group then tries to go beyond it.
print_grant() {
    tocsin --no-input keys grant wipe --source demo --match labels.alertname=LogTooLarge \
        --bound path:under="$SITE_HOME/mnt/north-1" --bound unit:equals=web --scope region=north --budget 2/1h \
        --out "$SITE_HOME/loot/grant" --key "$SITE_HOME/keys/dung" 2>&1
}
prints_worst_case() {
    local printed line
    printed=$(print_grant) || { echo "$printed"; return 1; }
    for line in "on north-1 north-2\$" "with path under $SITE_HOME/mnt/north-1\$" "with unit equals web\$" \
        "may change: file.remove" "2 times in 3600 s on each worker" "ON THE BROKER'S WORD ALONE"; do
        grep -q -- "$line" <<<"$printed" || { echo "no line '$line' in: $printed"; return 1; }
    done
}
broker_start
ok "grant_worst_case_is_the_printed_one: it is printed" prints_worst_case
broker_stop
for worker in $SITE_WORKERS; do worker_start "$worker"; done
attack releases orders grants
for worker in north-2 south-1; do ok "$worker's effector began nothing" test "$(begins "$worker")" = 0; done
attack_still_works
tap_end
