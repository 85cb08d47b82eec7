# Sourced behind tap.bash by tests of a site with a timekeeper: `keeper_configure` gives it a port, KEEPER_PORT, and one
# beat a second; `keeper_keys` makes its keys; `keeper_named OFFLINE_MAX` has root's second version name it.

keeper_configure() {
    KEEPER_PORT=$(free_port)
    cat >"$SITE_HOME/timekeeper.conf" <<END
site $(cat "$TOCSIN_SITE/id")
state $SITE_HOME/timekeeper
documents $TOCSIN_SITE
listen tcp://127.0.0.1:$KEEPER_PORT
curve-secret $SITE_HOME/keys/tick.curve
signing-key $SITE_HOME/keys/tick.signing
beat 1s
uid 64021
END
}

keeper_keys() { tocsin-timekeeper keys -c "$SITE_HOME/timekeeper.conf" >"$SITE_HOME/timekeeper.keys"; }

keeper_named() {
    tocsin keys root "$TOCSIN_SITE" --timekeeper tick="$SITE_HOME/timekeeper.keys" --offline-max "$1" >/dev/null &&
        site_sign ana root.2 && site_sign binh root.2 && chmod -R go+rX "$TOCSIN_SITE"
}

keeper_start() { background timekeeper tocsin-timekeeper -d -c "$SITE_HOME/timekeeper.conf"; }
