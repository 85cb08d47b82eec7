#!/bin/bash
# A byzantine broker offers orders that break glass, or seem to, to machines whose windows are closed.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site glass
echo "window $(LC_ALL=C date -u -d '+2 days' +%a | tr '[:upper:]' '[:lower:]') 00:00-01:00" >>"$SITE_HOME/north-1/policy"
echo "blackout mon-sun 00:00-24:00" >>"$SITE_HOME/north-2/policy"
echo "break-glass never" >>"$SITE_HOME/south-1/policy"
for worker in $SITE_WORKERS; do worker_start "$worker"; done
attack glass
for worker in north-2 south-1; do ok "$worker's effector began nothing" test "$(begins "$worker")" = 0; done
sed -i '/^window/d' "$SITE_HOME/north-1/policy"
attack_still_works
tap_end
