# Sourced by the tests of orchestration, after tests/e2e/tap.bash: orders as people give them, and what became of them.
#
#     orders_site NAME PLAYBOOK...   a site with two officers and two responders; the playbooks of tests/e2e/playbooks
#                                    are in service; no daemon runs yet
#     as PERSON ARGUMENT...          tocsin, with that person's keys
#     planned PLAYBOOK ARGUMENT...   $PLAN, and its text in log/plan
#     started [PERSON]               signs that plan: $RUN
#     ordered PLAYBOOK ARGUMENT...   both, as dung
#     ended STATE [RUN]              follows a run to its end, which is that
#     exits CODE COMMAND...          the command ends with CODE
#     says REGEX COMMAND...          what it prints, on either stream, has a line like that
#     refuses CODE REGEX COMMAND...  both
#     silent REGEX COMMAND...        it succeeds, and prints no line like that
#     granted PLAYBOOK ALERT ARGUMENT...   a grant for alerts of that name
#     rings ALERT LABEL=VALUE...     such an alert of north-1 comes: one more $INCIDENT
#     mended                         and is resolved
#
#     may_destroy PLAYBOOK...        people who may destroy: two reviewers, two who order it, and giang who consents; these are in service
#     ordered_by_both PLAYBOOK ARGUMENT...   as ordered, by both of them
#
# On each worker the service `slow` starts and stops once SITE_HOME/slow/WORKER/go is there (tests/e2e/slow.c).

orders_site() {
    local name=$1 worker person
    shift
    tap_site "$name"
    for worker in $SITE_WORKERS; do
        orders_service "$worker" slow
        echo "rate service.restart 60 900" >>"$SITE_HOME/$worker/policy"
        let_go "$worker"
    done
    { orders_people && tap_release $(printf "$SOURCE/tests/e2e/playbooks/%s " "$@"); } >>"$SITE_HOME/log/make" 2>&1 ||
        { sed 's/^/# /' "$SITE_HOME"/log/{make,release}; echo "Bail out! the site was not made"; exit 1; }
}

orders_people() {
    local person
    for person in giang hoa; do person_key $person || return 1; done
    tocsin keys person "$TOCSIN_SITE" hoa "$SITE_HOME/keys/hoa.pub" --roles officer &&
        tocsin keys person "$TOCSIN_SITE" giang "$SITE_HOME/keys/giang.pub" --roles reviewer,responder \
            --curve "$(tocsin keys curve "$SITE_HOME/keys/giang.curve")" &&
        site_sign ana people.draft && site_sign chi people.draft && chmod -R go+rX "$TOCSIN_SITE"
}

# orders_service WORKER NAME: its folder is SITE_HOME/NAME/WORKER.
orders_service() {
    local folder=$SITE_HOME/$2/$1
    mkdir -p "$folder"
    cat >>"$SITE_HOME/$1/policy" <<-END
	service $2 pidfile $folder/pid
	service $2 start $BUILD/tests/e2e/slow start $folder
	service $2 stop $BUILD/tests/e2e/slow stop $folder
	END
}

orders_end() {
    ok "the record verifies" tocsin audit verify
    tap_end
}

# ---- the slow service -----------------------------------------------------------------------

hold() { rm -f "$SITE_HOME/slow/$1"/{go,waiting}; }
let_go() { : >"$SITE_HOME/slow/$1/go"; }
is_held() { test -e "$SITE_HOME/slow/$1/waiting"; }
calls() { cat "$SITE_HOME/slow/$1/calls" 2>/dev/null | wc -l; }

# ---- what destroys --------------------------------------------------------------------------

may_destroy() {
    local person
    for person in ana:reviewer binh:reviewer dung:responder giang:reviewer,responder hoa:responder,officer; do
        tocsin keys person "$TOCSIN_SITE" ${person%:*} "$SITE_HOME/keys/${person%:*}.pub" --highest destructive --roles ${person#*:} || return 1
    done
    site_sign ana people.draft && site_sign chi people.draft && chmod -R go+rX "$TOCSIN_SITE" && tap_release "$@"
}

ordered_by_both() {
    planned "$@" || return 1
    as dung run start "$PLAN" --reason "a test" && return 1 # it waits for the second
    RUN=$(as hoa --json -q run approve "$XDG_STATE_HOME/tocsin/plans/$PLAN"*.order | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p')
    [ -n "$RUN" ]
}

# ---- people ---------------------------------------------------------------------------------

as() {
    local person=$1 curve=$TOCSIN_CURVE
    shift
    [ -e "$SITE_HOME/keys/$person.curve" ] && curve=$SITE_HOME/keys/$person.curve
    TOCSIN_CURVE=$curve TOCSIN_KEY=$SITE_HOME/keys/$person tocsin --no-input "$@"
}

exits() {
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    [ $status = "$wanted" ] || { echo "it ends with $status, not $wanted"; return 1; }
}

says() {
    local regex=$1 text status=0
    shift
    text=$("$@" 2>&1) || status=$?
    printf '%s\n' "$text"
    grep -qE -- "$regex" <<<"$text" || { echo "nothing of it is like: $regex"; return 1; }
    return $status
}

silent() {
    local regex=$1 text
    shift
    text=$("$@" 2>&1) || { printf '%s\n' "$text"; return 1; }
    ! grep -E -- "$regex" <<<"$text"
}

refuses() { local code=$1; shift; exits "$code" says "$@"; }

# ---- runs -----------------------------------------------------------------------------------

planned() {
    local status=0
    tocsin run plan "$@" >"$SITE_HOME/log/plan" 2>&1 || { status=$?; cat "$SITE_HOME/log/plan"; return $status; }
    PLAN=$(sed -n 's/^plan \([0-9a-f]*\).*/\1/p' "$SITE_HOME/log/plan")
}

started() {
    RUN=$(as "${1:-dung}" --json -q run start "$PLAN" --reason "a test" | sed -n 's/^ *"run": "\([0-9a-f]*\)".*/\1/p')
    [ -n "$RUN" ]
}

ordered() { planned "$@" && started; }

view() { tocsin run view "${1:-$RUN}"; }
run_state() { tocsin --json run view "${1:-$RUN}" | sed -n 's/^ *"state": "\([a-z ]*\)".*/\1/p' | tail -n 1; }
run_is() { [ "$(run_state "${2:-$RUN}")" = "$1" ]; }

ended() {
    timeout 120 tocsin run watch "${2:-$RUN}" --wait=90s
    run_is "$1" "${2:-$RUN}" || { view "${2:-$RUN}"; return 1; }
}

# ---- alerts ---------------------------------------------------------------------------------

INCIDENT=0

granted() {
    local playbook=$1 alert=$2
    shift 2
    as dung keys grant "$playbook" --source demo --match "labels.alertname=$alert" "$@" --scope any --budget 20/1h --fresh 5m \
        --expires 30d --evidence token --out "$SITE_HOME/$playbook.grant" --submit
}

rings() {
    local alert=$1 labels='' pair
    shift
    for pair; do labels+=",\"${pair%%=*}\":\"${pair#*=}\""; done
    INCIDENT=$((INCIDENT + 1))
    [ "$(curl -sS -o "$SITE_HOME/log/answer" -w '%{http_code}' -H "Authorization: Bearer $TOCSIN_TOKEN" -H 'Content-Type: application/json' \
        --data-binary @- "$TOCSIN_WEBHOOK" <<<"{\"version\":\"4\",\"status\":\"firing\",\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"$alert\",\"instance\":\"north-1.example:9100\",\"region\":\"north\"$labels},\"annotations\":{},\"startsAt\":\"$(now_rfc3339)\",\"fingerprint\":\"$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')\"}]}")" = 200 ]
}

mended() { wait_for 30 incident_is $INCIDENT resolved; }

# ---- parts ----------------------------------------------------------------------------------

# part WORKER [RUN]: the state of its part, and what is said of it.
part() { view "${2:-$RUN}" | sed -n "s/^  $1  *wave [0-9]*  //p"; }
part_says() { grep -qE -- "$2" <<<"$(part "$1" "${3:-$RUN}")"; }

# receipts STEP [RUN]: its receipts, as they came.
receipts() { view "${2:-$RUN}" | grep -E "^    $1 "; }
count_of() { [ "$(receipts "$1" | grep -cE -- "$2")" -ge "$3" ]; }
