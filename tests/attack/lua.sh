#!/bin/bash
# Playbooks that every reviewer approved attack the machine from inside.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
case $BUILD in
*/sanitized)
    echo "ok 1 - attacks from inside the sandbox # skip they run on the plain build"
    echo 1..1
    exit 0
    ;;
esac
attack_site lua
worker_start north-1
attack scripts
# The processes in which the next playbooks will run wait below the spawner.
hold_one_socket() {
    local runner runners held
    runners=$(pgrep -P "$(pgrep -P "$(pid_of north-1)" -x spawner)") || return 1
    for runner in $runners; do
        held=$(readlink /proc/"$runner"/fd/*)
        echo "$runner: $held"
        [[ $held =~ ^socket:\[[0-9]+\]$ ]] || return 1
    done
}
ok "lua_fd_inheritance: what waits for a playbook holds one socket, and nothing else" hold_one_socket
attack_still_works
tap_end
