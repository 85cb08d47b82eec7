#!/bin/bash
# Stock playbooks mend services of a real systemd: Debian's nginx and cron, a backup, a certificate that ends soon, and units within limits. In a
# machine of this test's own, so that nothing of the one that it runs on is touched.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1

# debian NAME LINE...: Debian's own unit, over what was unpacked, with LINEs of ours.
debian() {
    local name=$1
    shift
    mkdir -p "$MACHINE_UNITS/$name.d"
    sed "s,=/usr/sbin/,=$BUILD_TOOLS/usr/sbin/," "$BUILD_TOOLS/lib/systemd/system/$name" >"$MACHINE_UNITS/$name"
    printf '%s\n' '[Unit]' DefaultDependencies=no "$@" >"$MACHINE_UNITS/$name.d/test.conf"
    systemctl daemon-reload
}

is() { [ "$(systemctl is-active "$1")" = "$2" ]; }
is_down() { is "$1" inactive || is "$1" failed; }
killed() { systemctl kill -s KILL "$1" && wait_for 10 is "$1" failed; }
answers() { curl -fsS -m 2 "http://127.0.0.1:$1/"; }

# command_of NAME TEXT: a command of the machine's policy.
command_of() {
    printf '#!/bin/bash\n%s\n' "$2" >"/srv/$1" && chmod 755 "/srv/$1"
    printf '%s\n' "exec $1 class change timeout 60 /srv/$1" "allow site.run command=$1" >>"$SITE_HOME/north-1/policy"
}
loops() { echo 'listens_to nobody;' >>/etc/shop/nginx.conf && systemctl kill -s KILL shop.service; }
agreed() { wait_for 20 part_says north-1 "waits for a person in step agree" "$1" && as giang run approve "$1"; }

# ---- certificates ---------------------------------------------------------------------------

authorities() {
    local name
    for name in ca stranger; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /srv/$name.key -out /srv/$name.pem -subj /CN=$name -days 100
    done
    mkdir -p /etc/ssl/certs && cp /srv/ca.pem /etc/ssl/certs/ca-certificates.crt
}

# certificate DAYS [AUTHORITY]: with a new key.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /etc/nginx/key.pem -out /srv/request -subj /CN=shop.example &&
        openssl x509 -req -in /srv/request -CA "${2:-/srv/ca}.pem" -CAkey "${2:-/srv/ca}.key" -days "$1" -out /etc/nginx/cert.pem \
            -extfile <(echo subjectAltName=DNS:shop.example)
}
served() { openssl s_client -connect 127.0.0.1:8443 -servername shop.example </dev/null 2>/dev/null | openssl x509 -noout -serial; }
lasts() { openssl s_client -connect 127.0.0.1:8443 -servername shop.example </dev/null 2>/dev/null | openssl x509 -noout -checkend $(($1 * 86400)); }
# By each of a row of connections: as nginx reloads, a worker of before may still take one.
lasts_for_all() { for _ in 1 2 3 4 5; do lasts "$1" || return 1; done; }
kept() { [ "$(served)" = "$1" ] && [ "$(openssl x509 -noout -serial -in /etc/nginx/cert.pem)" = "$1" ] && "$BUILD_TOOLS/usr/sbin/nginx" -t -q; }
renewal() { ordered cert-expiry --target north-1 --set host=shop.example --set port=8443 --set file=/etc/nginx/cert.pem; }

# ---- limits -------------------------------------------------------------------------------------

limit_is() { [ "$(systemctl show -P "$2" "$1")" = "$3" ]; }
# What kernels without the controllers for systemd's groups do not enforce is not held: runaway-cpu looks, and takes it back.
enforced() { grep -qw cpu /sys/fs/cgroup/cgroup.controllers; }
spins_on() { if enforced; then ended succeeded "$1" && limit_is spinner.service CPUQuotaPerSecUSec 10ms; else ended undone "$1" && limit_is spinner.service CPUQuotaPerSecUSec 700ms; fi; }
# It gets its share of a machine that others load too, as in fixes-load.
spinner() {
    printf '%s\n' '#!/usr/bin/perl' 'if (open(my $group, ">", "/proc/self/autogroup")) { print $group "-10"; close $group }' \
        '$0 = "spinner"; while (1) { 1 for 1 .. 500000; select undef, undef, undef, 0.01 }' >/srv/spins && chmod 755 /srv/spins
}
killed_for_memory() { ordered oom-kill --target north-1 --set pause=1 --set unit=victim.service "$@"; }

# ---- the machine ----------------------------------------------------------------------------

web() {
    mkdir -p /var/log/nginx /var/lib/nginx "/etc/$1"
    cat >"/etc/$1/nginx.conf" <<-END
	user nobody nogroup; pid /run/$1.pid; error_log stderr; worker_processes 1;
	events { worker_connections 64; }
	http { access_log off; server { listen 127.0.0.1:$2; $3 location / { return 200 "$1\n"; } } }
	END
}

orders_site fixes-services ../../../playbooks/{unit-failed,crash-loop,cron-not-running,service-down,backup-stale,cert-expiry,oom-kill,runaway-cpu}
mkdir -p /srv /var/backups
certificate_lines='listen 127.0.0.1:8443 ssl; ssl_certificate /etc/nginx/cert.pem; ssl_certificate_key /etc/nginx/key.pem;'
web nginx 8080 "$certificate_lines"
web shop 8081 && cp /etc/shop/nginx.conf /srv/shop.good
{ authorities && certificate 5; } >"$SITE_HOME/log/certificates" 2>&1
debian nginx.service
debian cron.service
unit shop.service StartLimitIntervalSec=0 '[Service]' Restart=always RestartSec=200ms \
    "ExecStart=$BUILD_TOOLS/usr/sbin/nginx -c /etc/shop/nginx.conf -g 'daemon off;'"
spinner
unit spinner.service '[Service]' CPUQuota=70% Nice=-10 ExecStart=/srv/spins
unit victim.service '[Service]' MemoryMax=512M 'ExecStart=/usr/bin/sleep 1000'
unit backup.service '[Service]' Type=oneshot 'ExecStart=/usr/bin/tar -cf /var/backups/shop.tar /srv/data'
command_of restore-config 'cp /srv/shop.good /etc/shop/nginx.conf'
command_of renew-certificate "cp /etc/nginx/{cert,key}.pem /srv && $(declare -f certificate); certificate 90 \$(cat /srv/authority)"
command_of restore-certificate 'cp /srv/{cert,key}.pem /etc/nginx'
echo '@reboot root touch /srv/job' >/etc/crontab
systemctl enable -q cron.service
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' unit.status journal.query host.{cpu,uptime,oom,memory} process.view cron.list file.find tls.certificate)
$(printf 'allow unit.limit unit=%s.service\n' spinner victim)
service ailing pidfile /run/ailing.pid
service ailing start /usr/bin/false
$(printf 'allow unit.%s\n' {start,stop,reset_failed,reload}" unit="{nginx,shop,cron,backup}.service)
read /var/backups
read /etc/nginx
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

systemctl start nginx.service shop.service spinner.service
wait_for 10 pgrep -x spinner
ok "a process takes more than its share" eval 'ordered runaway-cpu --target north-1 --set process=spinner --set limit=3 --set share=10 --set pause=1 --set action=limit --set unit=spinner.service --set quota=1'
spinner=$RUN
ok "a service crashes over and over" eval 'loops && ordered crash-loop --target north-1 --set unit=shop.service --set pause=1'
loop=$RUN
ok "  and says why" wait_for 20 says "its last word: .*unknown directive" tocsin --json run view $loop

killed nginx.service
ok "a unit that failed is started" eval 'ordered unit-failed --target north-1 --set unit=nginx.service --set pause=1 && ended succeeded && answers 8080'
ok "  and left alone once it runs" eval 'ordered unit-failed --target north-1 --set unit=nginx.service --set pause=1 && ended succeeded && count_of start skipped 1'

ok "  a person agrees" agreed $loop
ok "  it runs with its last good configuration" eval 'ended succeeded $loop && answers 8081'
: >/srv/shop.good
ok "it crashes again" eval 'loops && ordered crash-loop --target north-1 --set unit=shop.service --set pause=1'
loop=$RUN

ok "its unit is held to a part of it, where the kernel does that" spins_on $spinner
systemctl stop spinner.service

ok "a unit that was not killed is no victim's" eval 'killed_for_memory --set service=ailing --set memory=134217728 && ended failed && says "victim.service is inactive and its last end was" tocsin --json run view "$RUN"'
ok "  it has the limit that it had" limit_is victim.service MemoryMax 536870912
systemctl start victim.service && killed victim.service
ok "a service that does not start within a limit" eval 'killed_for_memory --set service=ailing --set memory=134217728 && ended undone'
ok "  has the one that it had before" limit_is victim.service MemoryMax 536870912
nginx_start && nginx_answers >/dev/null && nginx_kill
ok "one that does is started" eval 'killed_for_memory --set service=web --set memory=134217728 && ended succeeded && nginx_answers'
ok "  and limited" limit_is victim.service MemoryMax 134217728
nginx_kill
ok "a service that is down is granted to be started" granted service-down ServiceDown --bound service:equals=web --bound port:equals=$WEB_PORT
ok "  an alert rings" rings ServiceDown service=web port=$WEB_PORT
ok "  it is mended without a person" mended
ok "  and answers" nginx_answers

ok "a person agrees to a configuration that is not good either" agreed $loop

ok "the machine's jobs wait for cron" eval 'ordered cron-not-running --target north-1 --set pause=1 && ended succeeded && is cron.service active'
ok "  which runs them" wait_for 10 test -e /srv/job
systemctl stop cron.service
background cron "$BUILD_TOOLS/usr/sbin/cron" -f
ok "cron that does not stay up" eval 'wait_for 10 test -s /run/crond.pid && ordered cron-not-running --target north-1 --set pause=1 && ended undone'
ok "  is stopped again" is_down cron.service
stop cron
systemctl disable -q cron.service
ok "cron that somebody turned off is left alone" eval 'ordered cron-not-running --target north-1 --set pause=1 && ended failed && is_down cron.service'

ok "a backup failed" eval '! systemctl start backup.service && is backup.service failed'
ok "  and fails again while nothing is there to be kept" eval 'ordered backup-stale --target north-1 --set folder=/var/backups --set unit=backup.service && ended failed'
mkdir /srv/data
ok "  it is made once there is" eval 'ordered backup-stale --target north-1 --set folder=/var/backups --set unit=backup.service && ended succeeded && tar -tf /var/backups/shop.tar'
ok "  and left alone then" eval 'ordered backup-stale --target north-1 --set folder=/var/backups --set unit=backup.service && ended succeeded && count_of start skipped 1'

old=$(served)
echo "/srv/stranger" >/srv/authority
ok "a certificate ends soon, and the new one is not good" eval 'renewal && ended undone'
ok "  the old one is back, with its key, and given out" kept "$old"
echo "/srv/ca" >/srv/authority
ok "it is renewed" eval 'renewal && ended succeeded'
ok "  and given out" wait_for 10 lasts_for_all 80
ok "  and left alone then" eval 'renewal && ended succeeded && count_of renew skipped 1'

debian nginx.service '[Service]' Restart=on-failure RestartSec=50ms
echo 'listens_to nobody;' >>/etc/nginx/nginx.conf
ok "a unit fails over and over" eval 'systemctl kill -s KILL nginx.service && wait_for 10 is nginx.service failed'
ok "  and is left to people, who hear its last word" eval 'ordered unit-failed --target north-1 --set unit=nginx.service && ended succeeded && count_of start skipped 1 && says "times again; .* it said last: .*nginx" view'

ok "what crashes still is stopped" eval 'ended undone $loop && is_down shop.service'
orders_end
