# Sourced by attack tests, after tests/e2e/tap.bash: a site with people of every kind, and a byzantine broker.
#
#     attack_site NAME       a site; its playbook `wipe` is proposed, approved, and looted
#     attack GROUP...        each row of these groups of tests/attack/enemy.c is one test; with LOOT and CALLEE
#                            other folders than loot are its --loot and --callee
#     attack_still_works     the honest broker comes, and runs an order on north-1 from end to end

# More keys than the demo has: someone of two roles, someone with two keys, a scope, a FIDO key (its private half
# is an ordinary key: the test signs in the authenticator's place), and keys that do not serve.
attack_people() {
    local keys=$SITE_HOME/keys
    for person in giang lan ana2 dung2 minh phuc thu hoa stranger; do person_key $person; done
    ssh-keygen -q -t rsa -b 2048 -N '' -C rsa -f "$keys/rsa" </dev/null
    ssh-keygen -q -t ecdsa -N '' -C ecdsa -f "$keys/ecdsa" </dev/null
    ssh-keygen -q -s "$keys/stranger" -I dung -n dung "$keys/dung.pub"
    "$BUILD/tests/attack/enemy" fido-key "$keys/phuc.pub" ssh: >"$keys/phuc-fido.pub"
    tocsin keys person "$TOCSIN_SITE" giang "$keys/giang.pub" --roles author,reviewer
    tocsin keys person "$TOCSIN_SITE" lan "$keys/lan.pub" --roles author,responder
    tocsin keys person "$TOCSIN_SITE" ana "$keys/ana2.pub" --roles reviewer
    tocsin keys person "$TOCSIN_SITE" minh "$keys/minh.pub" --roles responder --scope region=south
    tocsin keys person "$TOCSIN_SITE" phuc "$keys/phuc-fido.pub" --roles responder --highest destructive
    tocsin keys person "$TOCSIN_SITE" thu "$keys/thu.pub" --roles reviewer,responder
    tocsin keys person "$TOCSIN_SITE" hoa "$keys/hoa.pub" --roles officer
    tocsin keys person "$TOCSIN_SITE" dung "$keys/dung.pub" --roles responder --highest destructive
    tocsin keys person "$TOCSIN_SITE" dung "$keys/dung2.pub" --roles responder --highest destructive
    site_sign ana people.draft && site_sign chi people.draft
    for region in north south; do
        person_key monitor-$region
        tocsin keys source "$TOCSIN_SITE" $region demo "$keys/monitor-$region.pub"
        site_sign chi fleet.$region.draft
    done
    chmod -R go+rX "$TOCSIN_SITE"
}

bail_out() {
    sed 's/^/# /' "$SITE_HOME/log/$1"
    echo "Bail out! there is no $1"
    exit 1
}

attack_site() {
    tap_site "$1"
    attack_people >"$SITE_HOME/log/people" 2>&1 || bail_out people
    tap_release "$SOURCE/tests/attack/playbooks/wipe" || bail_out release
    loot "$SITE_HOME/loot" wipe 2>/dev/null
}

attack() {
    local verdict words
    while IFS= read -r words; do
        verdict=${words%% *}
        ok "${words#* }" test "$verdict" = good
    done < <("$BUILD/tests/attack/enemy" "$@" --listen "tcp://127.0.0.1:$BROKER_PORT" --worker north-1 \
        --curve "$SITE_HOME/keys/broker.curve" --signing-key "$SITE_HOME/keys/broker.signing" \
        --site "$(cat "$TOCSIN_SITE/id")" --path "$SITE_HOME/mnt/north-1" \
        --loot "${LOOT:-$SITE_HOME/loot}" --callee "${CALLEE:-}" \
        --people "$SITE_HOME/keys" --state "$SITE_HOME" 2>&1 || echo "bad the enemy ends with $?")
}

begins() { grep -ca '^kind begin' "$SITE_HOME/$1/state/effector/journal" || true; }

# order_wipe WORKER: plans and signs as a person does; waits for the end.
order_wipe() {
    local plan
    : >"$SITE_HOME/mnt/$1/app.log.1"
    plan=$(tocsin run plan wipe --target "$1" --set path="$SITE_HOME/mnt/$1/app.log.1" |
        sed -n 's/^plan \([0-9a-f]*\).*/\1/p' | head -n 1)
    tocsin --no-input run start "$plan" --reason "it goes on" --wait=20s && [ ! -e "$SITE_HOME/mnt/$1/app.log.1" ]
}

attack_still_works() {
    alive broker || broker_start
    worker_stop north-1; worker_start north-1
    ok "the worker is online at the honest broker" wait_for 20 worker_online north-1
    ok "  and an order runs from end to end" order_wipe north-1
}
