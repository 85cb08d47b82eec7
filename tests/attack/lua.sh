#!/bin/bash
# Playbooks that every reviewer approved attack the machine from inside.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site lua
worker_start north-1
attack scripts
attack_still_works
tap_end
