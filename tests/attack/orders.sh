#!/bin/bash
# A byzantine broker offers releases that nobody approved so, orders and alerts of others, and of other times.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site orders
worker_start north-1
worker_start north-2
attack releases orders grants
ok "no other worker's effector began anything" test "$(begins north-2)" = 0
attack_still_works
tap_end
