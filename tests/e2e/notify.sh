#!/bin/bash
# Notices reach people: a sink that is down keeps nobody waiting but its own, what was durable survives kill -9 of
# the broker, bodies are signed, mail goes through the machine's own sendmail without a shell.
. "$(dirname "$0")/tap.bash"
tap_site notify
NOTIFIER_UID=64003
UP_PORT=$(free_port) DOWN_PORT=$(free_port)
SECRET=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
mail=$SITE_HOME/mail
mkdir "$mail" && chown $NOTIFIER_UID "$mail"

secret_file() { (umask 077 && printf '%s\n' "$2" >"$SITE_HOME/keys/$1"); }
secret_file up.url "http://127.0.0.1:$UP_PORT/200"
secret_file down.url "http://127.0.0.1:$DOWN_PORT/200"
secret_file picky.url "http://127.0.0.1:$UP_PORT/400"
secret_file slack.url "http://127.0.0.1:$UP_PORT/204"
secret_file up.secret "$SECRET"
cat >"$SITE_HOME/sendmail" <<END
#!/bin/sh
{ printf '%s\n' "\$@"; echo --; cat; } >"$mail/new.\$\$" && mv "$mail/new.\$\$" "$mail/letter.\$\$"
END
chmod 755 "$SITE_HOME/sendmail"
cat >>"$SITE_HOME/broker.conf" <<END
notifier-uid $NOTIFIER_UID
sendmail $SITE_HOME/sendmail
sink up generic url-file $SITE_HOME/keys/up.url secret-file $SITE_HOME/keys/up.secret
sink down generic url-file $SITE_HOME/keys/down.url on incident.waiting
sink picky mattermost url-file $SITE_HOME/keys/picky.url on incident.waiting
sink chat slack url-file $SITE_HOME/keys/slack.url on incident.waiting
sink duty mail to duty@ops.example from tocsin@ops.example on incident.waiting
END

receiver_start() { background "receiver-$1" "$BUILD/tests/e2e/receiver" "$2" "$SITE_HOME/$1.posts" &&
    wait_for 10 curl -fsS "http://127.0.0.1:$2/"; }
# posts RECEIVER PATH KIND: how many came.
posts() { grep -cE "^/$2 .*\\b$3\\b" "$SITE_HOME/$1.posts" 2>/dev/null || true; }
posted() { [ "$(posts "$1" "$2" "$3")" -ge "$4" ]; }
ids() { cut -d' ' -f2 "$SITE_HOME/$1.posts" | sort | uniq -c | sort -rn; }
letters() { cat "$mail"/letter.* 2>/dev/null; }
mailed() { [ "$(letters | grep -c '^Tocsin-Id: ')" -ge "$1" ]; }
alert() { post_alert service-down.json INSTANCE="$1.example:9100" REGION=south SERVICE=web PORT=80; }
says() { grep -q "$2" "$SITE_HOME/log/$1"; }
keeper() { pgrep -P "$(pid_of broker)" -f "libexec/tocsin/$1"; }
uid_of() { ps -o uid= -p "$(keeper "$1")" | tr -d " "; }
refuses() { sed "s|^sink chat.*|$1|" "$SITE_HOME/broker.conf" >"$SITE_HOME/wrong.conf"
    ! tocsin-broker -n -c "$SITE_HOME/wrong.conf" 2>"$SITE_HOME/log/wrong" && grep -q "wrong.conf:[0-9].*$2" "$SITE_HOME/log/wrong"; }
# signed: the first signed post, checked with another program than ours.
signed() {
    local line path id timestamp signature body
    line=$(grep -m1 "^/200 " "$SITE_HOME/up.posts")
    read -r path id timestamp signature body <<<"$line"
    [ "$signature" = "v1=$(printf '%s.%s' "$timestamp" "$body" | "$BUILD/tests/e2e/hmac" "$SECRET")" ]
}

ok "-n takes the sinks" tocsin-broker -n -c "$SITE_HOME/broker.conf"
ok "  and names the line of an event that is none" refuses "sink chat slack url-file $SITE_HOME/keys/slack.url on run.done" "run.done"
ok "  of an address that would be two headers' or a flag" refuses "sink chat mail to -oQ/tmp@example" "not one plain"
ok "  of a kind that is none" refuses "sink chat irc url-file x" "no kind of sink"
chmod 644 "$SITE_HOME/keys/slack.url"
ok "  of a URL that others may read" refuses "sink chat slack url-file $SITE_HOME/keys/slack.url" "chmod 600"
chmod 600 "$SITE_HOME/keys/slack.url"
sed -i.whole "s|^catalog .*|catalog $SITE_HOME/nowhere.git|" "$SITE_HOME/broker.conf"
ok "  of a repository that is not there" refuses "sink chat slack url-file $SITE_HOME/keys/slack.url" "the repository '.*nowhere.git' cannot be opened"
mv "$SITE_HOME/broker.conf.whole" "$SITE_HOME/broker.conf"
ok "a worker whose root cannot give up what it may says what it lacks" eval '
    ! setpriv --bounding-set -setpcap tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf" 2>"$SITE_HOME/log/less" &&
    grep -q "root has no CAP_SETPCAP here" "$SITE_HOME/log/less"'

receiver_start up "$UP_PORT"
broker_start
trap 'stop receiver-up; stop receiver-down; tap_clean' EXIT
ok "notifier and mailer are neither root nor the broker" test "$(uid_of notifier) $(uid_of mailer)" = "$NOTIFIER_UID $NOTIFIER_UID"
ok "an alert is taken" test "$(alert south-1)" = 200
ok "a sink that is up hears of it" wait_for 10 posted up 200 incident.waiting 1
ok "  in JSON with what it is about" grep -qE '^/200 .*"host":"south-1.example".*"incident":1,.*"kind":"incident.waiting".*"severity":' "$SITE_HOME/up.posts"
ok "  signed with the secret that both know" signed
ok "Slack's form goes to another" wait_for 10 grep -qE '^/204 [^ ]+ [0-9]+ - \{"text":"\*incident.waiting\* incident 1 ' "$SITE_HOME/up.posts"
ok "a sink that refuses the body is not asked again, and an event says so" wait_for 10 says broker "sink 'picky' refused notice .* it answers 400: receiver says so; it is given up"
ok "mail goes to the machine's sendmail" wait_for 10 mailed 1
ok "  with addresses as arguments" sh -c "head -n 4 '$mail'/letter.* | tr '\n' ' ' | grep -qx -- '-i -f tocsin@ops.example duty@ops.example '"
ok "  and a subject of one line" sh -c "cat '$mail'/letter.* | grep -qx 'Subject: \[tocsin\] incident.waiting: incident 1 on south-1.example'"
ok "  and its text in base64" sh -c "sed '1,/^\$/d' '$mail'/letter.* | base64 -d | grep -q '^incident 1 '"

receiver_start down "$DOWN_PORT"
kill -STOP "$(pid_of receiver-down)"
ok "another alert, while one sink takes requests and answers none" test "$(alert south-2)" = 200
ok "the sink that is up hears of it at once" wait_for 10 posted up 200 incident.waiting 2
broker_stop -KILL
ok "the broker is killed" not alive broker
kill -CONT "$(pid_of receiver-down)"
broker_start
ok "the sink that was down gets both, in order" wait_for 30 posted down 200 incident.waiting 2
ok "  the first first" test "$(grep -o '"incident":[0-9]*' "$SITE_HOME/down.posts" | awk -F: '!seen[$2]++ {printf "%s ", $2}')" = "1 2 "
ok "  what comes more than once has the same id" test "$(ids down | wc -l)" = 2

worker=$(pgrep -P "$(keeper notifier)")
ok "the process that posts is killed" kill -KILL "$worker"
ok "  and a third alert taken" test "$(alert south-3)" = 200
ok "another one posts it" wait_for 20 posted up 200 incident.waiting 3
ok "the record verifies" tocsin audit verify
ok "no secret is in the log or the record" not grep -rqF "$SECRET" "$SITE_HOME/log" "$SITE_HOME/broker"
tap_end
