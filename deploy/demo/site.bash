# Functions that make and run a throw-away tocsin site, for the demo and for end-to-end tests. Source it.
#
#     site_place FOLDER     where the site lives: $SITE_HOME (FOLDER, or a folder under /run where the
#                           unprivileged roles cannot reach FOLDER)
#     site_make             root, people, fleets, keys, configuration, a bare repository
#     site_release NAME...  propose the stock playbooks and have both reviewers approve them
#     site_grant_disk_full  the grant: this webhook's token is evidence enough for disk-full
#     broker_start, worker_start NAME, ..._stop, site_stop
#     post_alert FILE WORD=TEXT...   post an alert with its placeholders filled in
#     wait_for SECONDS COMMAND...    until COMMAND succeeds
#
# Wants $BUILD (a build folder, absolute) and $SOURCE (the checkout, absolute).

SITE_WORKERS="north-1 north-2 south-1"
BROKER_UID=64001 CATALOG_UID=64002 LINK_UID=64011 JUDGE_UID=64012 SPAWNER_UID=64013
SITE_PIDS=()

site_say() { printf '%s\n' "$*"; }
site_die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# Of $PORTS from $PORTS_FROM on, where those who run several sites at once give each its own. It is nobody's yet, nor that of another
# variable of this site's, whose server may be started later, nor that of a connection that is hardly over.
free_port() {
    local port name
    while :; do
        port=$((${PORTS_FROM:-20000} + RANDOM % ${PORTS:-12000}))
        for name in $(compgen -v | grep -E '_(PORT|HTTP)$'); do [ "${!name:-}" != $port ] || continue 2; done
        grep -q ":$(printf %04X $port) " /proc/net/tcp /proc/net/tcp6 2>/dev/null || { echo "$port"; return; }
    done
}

# SECONDS are what it takes at most where a machine has time for it. On a slow one, or beside others, it takes longer, and
# nobody waits longer than the fact: only what hangs gets to the end of three times that.
wait_for() {
    local until=$((SECONDS + 3 * $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.02
    done
}

region_of() { echo "${1%-*}"; }

site_place() {
    mkdir -p "$1"
    if setpriv --reuid $BROKER_UID --regid $BROKER_UID --clear-groups test -x "$1" 2>/dev/null; then
        SITE_HOME=$1
    else
        SITE_HOME=$(mktemp -d /run/tocsin-demo.XXXXXX)
        chmod 711 "$SITE_HOME"
        ln -sfn "$SITE_HOME" "$1/elsewhere"
    fi
    export TOCSIN_SITE=$SITE_HOME/site XDG_STATE_HOME=$SITE_HOME/state/person PATH=$BUILD/bin:$PATH
    export TOCSIN_CURVE=$SITE_HOME/keys/dung.curve
    unset SSH_AUTH_SOCK
}

site_settings() {
    cat >"$SITE_HOME/env" <<EOF
SITE_HOME=$SITE_HOME
TOCSIN_HTTP=http://127.0.0.1:$HTTP_PORT
TOCSIN_WEBHOOK=http://127.0.0.1:$HTTP_PORT/v1/alerts/demo
TOCSIN_TOKEN=$TOKEN
TOCSIN_SERVER=tcp://127.0.0.1:$BROKER_PORT
TOCSIN_SITE=$TOCSIN_SITE
TOCSIN_CURVE=$TOCSIN_CURVE
TOCSIN_KEY=$SITE_HOME/keys/dung
XDG_STATE_HOME=$XDG_STATE_HOME
PATH=$BUILD/bin:\$PATH
export SITE_HOME TOCSIN_HTTP TOCSIN_WEBHOOK TOCSIN_TOKEN TOCSIN_SERVER TOCSIN_SITE TOCSIN_CURVE TOCSIN_KEY XDG_STATE_HOME PATH
EOF
    . "$SITE_HOME/env"
}

person_key() { ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$SITE_HOME/keys/$1" </dev/null; }

# sign PERSON DOCUMENT: in the site folder, as a person would, without the question. Whether others must sign it too (6) is no fault.
site_sign() {
    local status=0
    tocsin --no-input keys sign "$TOCSIN_SITE" "$2" --key "$SITE_HOME/keys/$1" || status=$?
    [ $status = 6 ] || return $status
}

broker_configure() {
    local curve=$1
    cat >"$SITE_HOME/broker.conf" <<EOF
site $TOCSIN_SITE
state $SITE_HOME/broker
name centre
listen tcp://127.0.0.1:$BROKER_PORT
http 127.0.0.1:$HTTP_PORT
curve-secret $SITE_HOME/keys/broker.curve
signing-key $SITE_HOME/keys/broker.signing
catalog $SITE_HOME/playbooks.git
source demo alertmanager token-file $SITE_HOME/keys/demo.token
uid $BROKER_UID
catalog-uid $CATALOG_UID
EOF
    BROKER_CURVE=$curve
}

worker_configure() {
    local worker=$1
    mkdir -p "$SITE_HOME/$worker" "$SITE_HOME/mnt/$worker"
    cat >"$SITE_HOME/$worker/worker.conf" <<EOF
site $(cat "$TOCSIN_SITE/id")
name $worker
state $SITE_HOME/$worker/state
run $SITE_HOME/$worker/run
documents $TOCSIN_SITE
policy $SITE_HOME/$worker/policy
broker tcp://127.0.0.1:$BROKER_PORT $BROKER_CURVE
uid link $LINK_UID
uid judge $JUDGE_UID
uid spawner $SPAWNER_UID
EOF
    cat >"$SITE_HOME/$worker/policy" <<EOF
# What the centre may do on this machine, and nothing else.
class highest change
allow disk.usage
allow disk.largest
allow file.truncate
allow file.remove
allow service.status
allow service.start
allow service.restart
allow net.tcp
allow process.list
read $SITE_HOME/mnt/$worker
spool $SITE_HOME/mnt/$worker
rate file.remove 60 3600
rate service.start 5 900
service web pidfile $SITE_HOME/nginx/nginx.pid
service web start $BUILD_TOOLS/usr/sbin/nginx -c $SITE_HOME/nginx/nginx.conf
service web stop $BUILD_TOOLS/usr/sbin/nginx -c $SITE_HOME/nginx/nginx.conf -s quit
EOF
}

# site_enrol WORKER REGION: the worker asks, its operator reads the fingerprint aloud, the officer signs.
site_enrol() {
    local request=$SITE_HOME/$1/request fingerprint
    fingerprint=$(tocsin-worker enrol -c "$SITE_HOME/$1/worker.conf" 2>&1 >"$request" | sed -n 's/^fingerprint *//p')
    tocsin --no-input keys enrol "$TOCSIN_SITE" "$2" "$request" --host "$1.example" --fingerprint "$fingerprint" \
        --key "$SITE_HOME/keys/chi" || site_die "$1 is not enrolled"
}

site_make() {
    local person worker region line
    BUILD_TOOLS=${BUILD_TOOLS:-$SOURCE/build/tools}
    HTTP_PORT=$(free_port) BROKER_PORT=$(free_port)
    mkdir -p "$SITE_HOME"/{keys,broker,mnt,nginx,log} "$XDG_STATE_HOME"
    TOKEN=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
    site_settings
    (umask 077 && printf '%s\n' "$TOKEN" >"$SITE_HOME/keys/demo.token")
    for person in ana binh chi dung khoa; do person_key $person; done
    tocsin keys init "$TOCSIN_SITE" --holder ana="$SITE_HOME/keys/ana.pub" \
        --holder binh="$SITE_HOME/keys/binh.pub" --holder chi="$SITE_HOME/keys/chi.pub"
    site_sign ana root.1 && site_sign binh root.1

    line=$(tocsin keys curve "$TOCSIN_CURVE") || site_die "no CURVE key for dung"
    local broker_curve
    broker_curve=$(tocsin keys curve "$SITE_HOME/keys/broker.curve")
    broker_configure "$broker_curve"
    tocsin keys person "$TOCSIN_SITE" ana "$SITE_HOME/keys/ana.pub" --roles reviewer
    tocsin keys person "$TOCSIN_SITE" binh "$SITE_HOME/keys/binh.pub" --roles reviewer
    tocsin keys person "$TOCSIN_SITE" chi "$SITE_HOME/keys/chi.pub" --roles officer
    tocsin keys person "$TOCSIN_SITE" dung "$SITE_HOME/keys/dung.pub" --roles responder --curve "$line"
    tocsin keys person "$TOCSIN_SITE" khoa "$SITE_HOME/keys/khoa.pub" --roles author
    tocsin keys broker "$TOCSIN_SITE" centre "$broker_curve"
    tocsin keys delegate "$TOCSIN_SITE" north chi
    tocsin keys delegate "$TOCSIN_SITE" south chi
    site_sign ana people.draft && site_sign chi people.draft

    for worker in $SITE_WORKERS; do
        worker_configure "$worker"
        region=$(region_of "$worker")
        tocsin keys source "$TOCSIN_SITE" "$region" demo
        site_enrol "$worker" "$region"
    done
    git init -q --bare -b main "$SITE_HOME/playbooks.git"
    tocsin-broker keys -c "$SITE_HOME/broker.conf" >/dev/null
    chmod -R go+rX "$TOCSIN_SITE" "$SITE_HOME/playbooks.git"
    chmod 755 "$SITE_HOME" "$SITE_HOME/keys"
}

site_release() {
    local playbook
    for playbook; do
        mkdir -p "$SITE_HOME/playbooks"
        cp -r "$SOURCE/playbooks/$playbook" "$SITE_HOME/playbooks/"
        tocsin --no-input playbook propose "$SITE_HOME/playbooks/$playbook" --repo "$SITE_HOME/playbooks.git" \
            --key "$SITE_HOME/keys/khoa" --author khoa || return 1
    done
    local release
    for release in $(git -C "$SITE_HOME/playbooks.git" for-each-ref --format='%(refname)' refs/tocsin/release); do
        for person in ana binh; do
            tocsin --no-input review approve "${release##*/}" --repo "$SITE_HOME/playbooks.git" \
                --key "$SITE_HOME/keys/$person" || return 1
        done
        git -C "$SITE_HOME/playbooks.git" show "$release:release" | sed -n 's/^playbook //p' >>"$SITE_HOME/released"
    done
    chmod -R go+rX "$SITE_HOME/playbooks.git"
}

# All that was released is in service.
site_is_released() {
    [ -e "$SITE_HOME/released" ] || return 0
    local list playbook
    list=$(tocsin playbook list) || return 1
    while read -r playbook; do grep -q "^$playbook .* in service" <<<"$list" || return 1; done <"$SITE_HOME/released"
}

site_grant_disk_full() {
    tocsin --no-input keys grant disk-full --source demo --match labels.alertname=HostOutOfDiskSpace \
        --bound mount:under="$SITE_HOME/mnt" --scope any --budget 3/1h --fresh 5m --expires 30d \
        --evidence token --out "$SITE_HOME/disk-full.grant" --key "$SITE_HOME/keys/dung" --submit
}

# background NAME COMMAND...: its log is log/NAME; its pid is kept.
background() {
    local name=$1
    shift
    setsid "$@" >>"$SITE_HOME/log/$name" 2>&1 </dev/null &
    echo $! >"$SITE_HOME/log/$name.pid"
    disown
}

pid_of() { cat "$SITE_HOME/log/$1.pid" 2>/dev/null; }
alive() { kill -0 "$(pid_of "$1")" 2>/dev/null; }

stop() {
    local pid
    pid=$(pid_of "$1") || return 0
    [ -n "$pid" ] || return 0
    if [ "${2:-}" = -KILL ]; then
        kill -KILL -- "-$pid" 2>/dev/null # the whole group at once, as when the power goes
    else
        kill "$pid" 2>/dev/null
    fi
    wait_for 10 gone "$pid" || kill -KILL "$pid" 2>/dev/null
    rm -f "$SITE_HOME/log/$1.pid"
}

# A process whose first thread is over may have others that hold its sockets still.
gone() { [ ! -d "/proc/$1" ] || { grep -q '^State:.Z' "/proc/$1/status" && [ "$(ls "/proc/$1/task" | wc -l)" -le 1 ]; } 2>/dev/null; }

# A broker serves before it has read its catalog.
broker_start() {
    background broker tocsin-broker -d -c "$SITE_HOME/broker.conf" "$@"
    wait_for 10 broker_answers_or_ends && broker_answers && wait_for 20 site_is_released && return
    tail -n 10 "$SITE_HOME/log/broker" >&2
    site_die "the broker does not answer, or lacks a release; its last words are above"
}
broker_answers() { curl -fsS "$TOCSIN_HTTP/v1/health"; }
broker_answers_or_ends() { broker_answers || gone "$(pid_of broker)"; }
broker_stop() { stop broker "$@"; }

worker_start() { background "$1" tocsin-worker -d -c "$SITE_HOME/$1/worker.conf"; }
worker_stop() { stop "$1" "${2:--TERM}"; }
worker_online() { tocsin --json worker list | tr -d ' \n' | grep -q "\"id\":\"$1\"[^}]*\"online\":true"; }

now_rfc3339() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

# post_alert FILE WORD=TEXT...: prints the HTTP status.
post_alert() {
    local body pair
    body=$(cat "$SOURCE/deploy/demo/alerts/$1")
    shift
    for pair in "$@" "STARTSAT=$(now_rfc3339)" "FINGERPRINT=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')"; do
        body=${body//"${pair%%=*}"/"${pair#*=}"}
    done
    printf '%s' "$body" | curl -sS -o "$SITE_HOME/log/answer" -w '%{http_code}' -H "Authorization: Bearer $TOCSIN_TOKEN" \
        -H 'Content-Type: application/json' --data-binary @- "$TOCSIN_WEBHOOK"
}

# field PATH: a value of the JSON on standard input; fails where it is absent.
incident_state() { tocsin --json incident view "$1" | sed -n 's/^ *"state": "\([a-z]*\)".*/\1/p' | tail -n 1; }
incident_is() { [ "$(incident_state "$1")" = "$2" ]; }

fill_disk() {
    local folder=$SITE_HOME/mnt/$1
    mountpoint -q "$folder" || mount -t tmpfs -o size=16m,mode=755 tocsin-demo "$folder"
    head -c 1000000 /dev/urandom >"$folder/app.log"
    head -c 3000000 /dev/urandom >"$folder/app.log.2.gz"
    dd if=/dev/zero of="$folder/app.log.1" bs=64k status=none 2>/dev/null || true
}
disk_percent() { df --output=pcent "$SITE_HOME/mnt/$1" | tail -n 1 | tr -dc 0-9; }

nginx_configure() {
    WEB_PORT=$(free_port)
    mkdir -p "$SITE_HOME/nginx"
    cat >"$SITE_HOME/nginx/nginx.conf" <<EOF
user nobody nogroup;
pid $SITE_HOME/nginx/nginx.pid;
error_log $SITE_HOME/nginx/error.log;
worker_processes 1;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $SITE_HOME/nginx/body; proxy_temp_path $SITE_HOME/nginx/proxy;
    fastcgi_temp_path $SITE_HOME/nginx/fastcgi; uwsgi_temp_path $SITE_HOME/nginx/uwsgi; scgi_temp_path $SITE_HOME/nginx/scgi;
    server { listen 127.0.0.1:$WEB_PORT; location / { return 200 "tocsin demo\n"; } }
}
EOF
}
# It answers before its pid is written.
nginx_start() { "$BUILD_TOOLS/usr/sbin/nginx" -c "$SITE_HOME/nginx/nginx.conf" 2>/dev/null && wait_for 10 test -s "$SITE_HOME/nginx/nginx.pid"; }
nginx_answers() { curl -fsS -m 2 "http://127.0.0.1:$WEB_PORT/"; }
nginx_kill() {
    local master
    master=$(cat "$SITE_HOME/nginx/nginx.pid" 2>/dev/null) || return 0
    local pids="$master $(ps -o pid= --ppid "$master")"
    kill -KILL $pids 2>/dev/null
    for pid in $pids; do wait_for 5 gone "$pid"; done
}

# Debian's Alertmanager reads its templates from /usr/share: it sees the unpacked one there, in a mount namespace.
alertmanager_start() { # CONFIG PORT
    background alertmanager unshare --mount --propagation private sh -c "
        mount --bind '$BUILD_TOOLS/usr/share' /usr/share &&
        exec '$BUILD_TOOLS/usr/bin/prometheus-alertmanager' --config.file='$1' --storage.path='$SITE_HOME/alertmanager' \
            --web.listen-address=127.0.0.1:$2 --cluster.listen-address="
}

# loot FOLDER: what any broker has seen of disk-full, taken out of git with git.
loot() {
    local ref repository=$SITE_HOME/playbooks.git
    mkdir -p "$1"
    for ref in $(git -C "$repository" for-each-ref --format='%(refname)' refs/tocsin/release); do
        git -C "$repository" show "$ref:release" | grep -qx "playbook $2" || continue
        git -C "$repository" show "$ref:release" >"$1/release"
        git -C "$repository" show "$ref:author.sigs" >"$1/release.sigs"
        for approval in $(git -C "$repository" for-each-ref --format='%(refname)' "refs/tocsin/approval/${ref##*/}"); do
            git -C "$repository" show "$approval:approval.sigs" >>"$1/release.sigs"
        done
        rm -rf "$1/files" && mkdir -p "$1/files"
        git -C "$repository" archive "$ref:files" | tar -x -C "$1/files"
    done
    cp "$SITE_HOME/disk-full.grant" "$1/grant"
    cp "$SITE_HOME/disk-full.grant.sigs" "$1/grant.sigs"
}

enemy() {
    local attack=$1 worker=$2
    shift 2
    "$BUILD/tests/attack/enemy" "$attack" --listen "tcp://127.0.0.1:$BROKER_PORT" --curve "$SITE_HOME/keys/broker.curve" \
        --signing-key "$SITE_HOME/keys/broker.signing" --site "$(cat "$TOCSIN_SITE/id")" --worker "$worker" \
        --host "$worker.example" --path "$SITE_HOME/mnt/$worker" --loot "$SITE_HOME/loot" "$@"
}

site_stop() {
    local worker
    for worker in $SITE_WORKERS; do worker_stop "$worker"; done
    broker_stop
    nginx_kill
    for worker in $SITE_WORKERS; do
        if mountpoint -q "$SITE_HOME/mnt/$worker"; then umount "$SITE_HOME/mnt/$worker"; fi
    done
}

site_remove() {
    local elsewhere
    elsewhere=$(readlink "$1/elsewhere" 2>/dev/null) && rm -rf "$elsewhere"
    rm -rf "$1"
}
