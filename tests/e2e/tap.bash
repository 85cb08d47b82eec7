# Sourced by end-to-end and attack tests: `tap_site NAME` makes and places a throw-away site, `ok WORDS
# COMMAND...` is one test (what the one before printed is in log/last), `tap_end` stops everything and says how it went. Usage of a test: NAME.sh BUILD.
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$(cd "$1" && pwd)
BUILD_TOOLS=$SOURCE/build/tools
. "$SOURCE/deploy/demo/site.bash"
tap_number=0 tap_failed=0

ok() {
    local words=$1
    shift
    tap_number=$((tap_number + 1))
    [ -e "$SITE_HOME/log/now" ] && mv "$SITE_HOME/log/now" "$SITE_HOME/log/last"
    if "$@" >"$SITE_HOME/log/now" 2>&1; then
        echo "ok $tap_number - $words"
    else
        echo "not ok $tap_number - $words"
        sed 's/^/# /' "$SITE_HOME/log/now" | tail -n 20
        tap_failed=1
    fi
}

not() { ! "$@"; }

tap_site() {
    tap_folder=$BUILD/tests/sites/$1
    rm -rf "$tap_folder"
    site_place "$tap_folder"
    mkdir -p "$SITE_HOME/log"
    trap 'tap_clean' EXIT
    # Whoever is ended is told so twice, by timeout too: the second must not end the cleaning.
    trap 'trap "" INT TERM; exit 143' INT TERM
    { site_make && nginx_configure; } >"$SITE_HOME/log/make" 2>&1 ||
        { sed 's/^/# /' "$SITE_HOME/log/make"; echo "Bail out! the site was not made"; exit 1; }
}

# tap_release FOLDER...: propose and approve playbooks, given by their folders.
tap_release() {
    local folder
    for folder; do
        mkdir -p "$SITE_HOME/playbooks"
        cp -r "$folder" "$SITE_HOME/playbooks/"
        tocsin --no-input playbook propose "$SITE_HOME/playbooks/$(basename "$folder")" --repo "$SITE_HOME/playbooks.git" --key "$SITE_HOME/keys/khoa" \
            --author khoa >>"$SITE_HOME/log/release" 2>&1 || return 1
    done
    site_release >>"$SITE_HOME/log/release" 2>&1
}

# Services that ops started outlive their worker: SITE_HOME/SERVICE/WORKER/pid.
tap_services() {
    local pid
    for pid in "$SITE_HOME"/*/*/pid; do [ -e "$pid" ] && kill "$(cat "$pid")" 2>/dev/null; done
}

tap_clean() {
    site_stop >/dev/null 2>&1
    tap_services
    if [ $tap_failed = 0 ]; then
        site_remove "$tap_folder"
    else
        for log in broker $SITE_WORKERS; do
            echo "# --- $log"
            tail -n 30 "$SITE_HOME/log/$log" 2>/dev/null | sed 's/^/# /'
        done
    fi
}

# What a sanitized daemon or its child ended for; whoever started it again may have hidden that.
tap_sanitizers() {
    local found
    found=$(grep -lE '[a-z]Sanitizer: |runtime error: ' "$SITE_HOME"/log/*) || return 0
    grep -hE -A 24 '[a-z]Sanitizer: |runtime error: ' $found
    return 1
}

tap_end() {
    if [[ $BUILD == *sanitized* ]]; then
        site_stop >/dev/null 2>&1
        ok "no sanitizer has anything to say" tap_sanitizers
    fi
    echo "1..$tap_number"
    exit $tap_failed
}
