#!/bin/bash
# The log's witnesses: three judges in two regions, what audit verify asks of them, and what they do not sign.
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
orders_site witness glance
site=$TOCSIN_SITE alone=$SITE_HOME/alone
stranger() { env -i PATH="$PATH" HOME="$alone" XDG_STATE_HOME="$alone" tocsin "$@"; }
audit() { says "$1" tocsin audit verify; }
lacks() { refuses 1 "does not hold" tocsin audit verify >/dev/null && tocsin audit verify 2>/dev/null | grep -q "$1"; }
altered() { # SED TEXT: of the export
    LC_ALL=C sed "$1" "$SITE_HOME/record" >"$SITE_HOME/altered" && ! cmp -s "$SITE_HOME/record" "$SITE_HOME/altered" &&
        not stranger audit verify "$SITE_HOME/altered" --root "$alone/root.1" >"$SITE_HOME/told" && grep -q "$2" "$SITE_HOME/told"
}
mkdir -p "$alone" && cp "$site/root.1" "$alone"

broker_start
ok "without witnesses nobody asks for cosignatures, and that is said" wait_for 20 audit "root lists no witnesses"
ok "  by the doctor too" eval 'tocsin keys doctor | grep -q "no witnesses"'
ok "a witness is a worker" refuses 9 "no fleet lists worker" tocsin keys root "$site" --witness north-9
ok "three workers of two regions become witnesses" tocsin keys root "$site" --witness north-1 --witness north-2 --witness south-1
ok "  by the signatures of root's quorum" eval 'site_sign ana root && site_sign chi root && test -e "$site/root.2" && chmod -R go+rX "$site"'
broker_stop; broker_start
ok "the record is cosigned by nobody yet" wait_for 20 lacks "0 of 3 witnesses cosigned the record, and 2 must.*; not north-1, north-2, south-1"
worker_start north-1
ok "  by one" wait_for 20 lacks "1 of 3 witnesses cosigned the record, and 2 must.*; not north-2, south-1"
worker_start south-1
ok "  by two, which is enough" wait_for 20 audit "2 of 3 witnesses cosigned the first [0-9]+ leaves, .*; not north-2"
worker_start north-2
ok "  by all" wait_for 20 audit "3 of 3 witnesses cosigned the first [0-9]+ leaves"
ok "an order runs" eval 'planned glance --set mount="$SITE_HOME/mnt/north-1" --target north-1 && started && ended succeeded'
ok "  and what it added lies beyond" audit "[0-9]+ leaves lie beyond"
ok "the export has the cosignatures" eval 'tocsin audit export "$SITE_HOME/record" && [ "$(grep -ac "^— " "$SITE_HOME/record")" = 3 ]'
ok "  and a stranger with root.1 alone counts them" says "3 of 3 witnesses" stranger audit verify "$SITE_HOME/record" --root "$alone/root.1"
ok "without two of them it does not hold" altered '/^— north-/d' "1 of 3 witnesses cosigned the record, and 2 must"
ok "  nor with one that was changed in two names' places" altered '/^— /s/ \(north\|south\)-[12] / north-1 /' "of 3 witnesses"
ok "  nor where the proof to the head that is shown was changed" altered '0,/^consistent /s/^consistent ..../consistent 0000/' "two histories"
broker_stop -KILL; worker_stop south-1 -KILL
broker_start; worker_start south-1
ok "after kill -9 of the broker and a witness the log goes on, and all cosign that" eval 'wait_for 20 audit "3 of 3 witnesses" && wait_for 40 not audit "lie beyond"'
orders_end
