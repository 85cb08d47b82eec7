#!/bin/bash
# A dry run, on real daemons: what would be done is said, with what looking at the machine tells, and nothing is done. In a
# network namespace of this test's own: nobody else changes its firewall meanwhile.
[ -n "${DRY_RUN_INSIDE:-}" ] || DRY_RUN_INSIDE=1 exec unshare --net "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
ip link set lo up
orders_site dry-run twice
{ site_release disk-full && site_release block-ip; } >>"$SITE_HOME/log/make" 2>&1
printf 'allow %s\n' firewall.view firewall.block firewall.unblock >>"$SITE_HOME/north-1/policy"
mnt=$SITE_HOME/mnt/north-1
mkdir -p "$mnt/log"
for log in app.log.1 app.log.2.gz; do head -c 300000 /dev/urandom >"$mnt/log/$log"; done
echo precious >"$mnt/log/app.log"
contents() { (cd "$mnt" && find . -type f -exec sha256sum {} + | sort); }
before=$(contents)
would() { tocsin run view "$RUN" | grep -E "north-1 +free: WOULD file.remove .*$1.*freed_bytes: [1-9]"; }
dry() { planned "$@" --target north-1 --dry-run; }

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "a dry run is planned" dry disk-full --set mount="$mnt" --set goal=0
ok "  and says that it is one, and only observes" grep -q "dry run" "$SITE_HOME/log/plan"
ok "  it begins" started
ok "its view says that it is a dry run" eval 'tocsin run view "$RUN" | head -n 1 | grep -q "a DRY RUN: it looks, and changes nothing"'
ok "  and ends well: its verify, which would see what was not done, is left out" ended succeeded
ok "  the list of runs says that it was one" says "disk-full +succeeded \(dry run\)" tocsin run list
ok "  so does who watches, at once" eval 'tocsin run watch "$RUN" | head -n 1 | grep -q "run .*(dry run)"'
ok "  and its JSON" eval 'tocsin --json run list | grep -q "\"dry\": *true"'
ok "  the view says which files would go" would app.log.1
ok "    each of them" would app.log.2.gz
ok "    as a diff, with its bytes" says "^ +- $mnt/log/app.log.1: 300000 bytes" view
ok "    but not the live log" not would 'app.log"'
ok "  receipts say that the op was not done" says "file.remove +dry" view
ok "  and that what follows is predicted" says "free .*predicted" view
ok "  so does the output" says "WOULD file.remove" tocsin run logs "$RUN" north-1
ok "  the files are all still there" test "$(contents)" = "$before"
ok "  the effector's journal has no BEGIN" not grep -aq "kind begin" "$SITE_HOME/north-1/state/effector/journal"
rules() { ! command -v nft >/dev/null || nft -s list ruleset; }
before_rules=$(rules)
ok "a dry run of a block" eval 'dry block-ip --set source=203.0.113.66 --set seconds=600 && started && ended succeeded'
ok "  shows the change of the firewall's rules" says "^ +\+ drop all from and to 203.0.113.66, for 600 s" view
ok "  and changes none" test "$(rules)" = "$before_rules"
sed -i 's/^class highest change/class highest observe/' "$SITE_HOME/north-1/policy"
worker_stop north-1
worker_start north-1
ok "a machine that lets nothing be changed" wait_for 20 worker_online north-1
ok "  takes a dry run too" eval 'dry disk-full --set mount="$mnt" --set goal=0 && started'
ok "  which says what that machine would refuse" eval 'ended failed && part_says north-1 "the policy of this machine now ends at observe"'
ok "  and touches nothing" test "$(contents)" = "$before"
orders_end
