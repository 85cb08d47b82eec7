#!/bin/bash
# Stock playbooks mend what a web server, its balancer, a resolver and a mail queue have, through the commands that the machine's
# policy declares, with no line of that policy but those that their pages ask for. In a network namespace of this test's own.
[ -n "${FIXES_INSIDE:-}" ] || FIXES_INSIDE=1 exec unshare --net "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
ip link set lo up

# web PORT FOLDER: what lies there is served.
web() {
    setpriv --pdeathsig KILL perl -MSocket -e 'my ($port, $root) = @ARGV; socket(S, PF_INET, SOCK_STREAM, 0);
        setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in($port, INADDR_ANY)) or die; listen(S, 9);
        while (accept(C, S)) { my ($path) = (<C> // "") =~ / (\S+)/; my $status = -e $root . ($path // "") ? 200 : 404;
            while (<C>) { last if /^\r?$/ }
            print C "HTTP/1.0 $status x\r\nContent-Length: 0\r\n\r\n"; close(C) }' "$@" &
}

# nginx, with two servers, which answer with errors where farm/PORT.ill is, and in front of both a balancer. It ends with the site.
farm() {
    local port
    mkdir "$SITE_HOME/farm"
    printf 'server 127.0.0.1:%s;\n' 8082 8084 >"$SITE_HOME/farm/servers"
    {
        sed '/^    server {/,$d' "$SITE_HOME/nginx/nginx.conf"
        for port in 8082 8084; do
            echo "server { listen 127.0.0.1:$port; location / { if (-e $SITE_HOME/farm/$port.ill) { return 500; } return 200; } }"
        done
        echo "upstream farm { include $SITE_HOME/farm/servers; } server { listen 127.0.0.1:8083; location / { proxy_pass http://farm; } } }"
    } >"$SITE_HOME/farm/nginx.conf"
    FARM="$BUILD_TOOLS/usr/sbin/nginx -c $SITE_HOME/farm/nginx.conf"
    $FARM 2>/dev/null
}
front_errs() { [ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8083/)" = 500 ]; }
front_is_well() { local _; for _ in {1..6}; do not front_errs || return 1; done; }
failing() {
    ordered web-errors --target north-1 --set server=127.0.0.1 --set port=8082 --set direct=http://127.0.0.1:8082/index \
        --set front=http://127.0.0.1:8083/index --set pause=1
}

# resolver ADDRESS FILE: every name leads to 192.0.2.66; where the file is, to 0.0.0.0; where FILE.ill is, to an error.
resolver() {
    setpriv --pdeathsig KILL perl -MSocket -e 'my ($address, $block) = @ARGV; socket(S, PF_INET, SOCK_DGRAM, 0);
        bind(S, pack_sockaddr_in(53, inet_aton($address))) or die;
        while (my $from = recv(S, my $asked, 512, 0)) { my ($id, $name, $type) = unpack("n x10 Z* n", $asked);
            my $answers = $type == 1 && ! -e "$block.ill";
            send(S, pack("n6 Z* n2", $id, -e "$block.ill" ? 0x8182 : 0x8180, 1, $answers, 0, 0, $name, $type, 1) . ($answers ?
                pack("n3 N n", 0xc00c, 1, 1, 60, 4) . inet_aton(-e $block ? "0.0.0.0" : "192.0.2.66") : ""), 0, $from) }' "$@" &
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
command_of() { printf '#!/bin/bash\n%s\n' "$2" >"$SITE_HOME/commands/$1" && chmod 755 "$SITE_HOME/commands/$1"; }

orders_site fixes-web ../../../playbooks/{web-shell,web-errors,mail-queue,block-domain}
mkdir -p "$SITE_HOME"/{commands,pages,mail/A}
mkdir -m 700 "$SITE_HOME/cage"
pages=$SITE_HOME/pages shell=$SITE_HOME/pages/shell.php
echo '<?php system($_GET["c"]);' >"$shell"
echo good >"$pages/index"
touch "$SITE_HOME"/mail/A/A{1..5}
farm
command_of balance "[ \$1 = ready ] || out=#
sed -i \"s/.*:\$3/\${out}server \$2:\$3/\" '$SITE_HOME/farm/servers' && exec $FARM -s reload 2>/dev/null"
command_of flush "rm '$SITE_HOME'/mail/A/A{1..4}"
command_of block "[ \"\$1 \$2\" = 'bad.example 600' ] && : >'$SITE_HOME/blocked'"
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' file.{stat,hash,find} process.tree http.probe firewall.{block,view} host.cpu net.dns)
allow file.quarantine path=$pages
quarantine $SITE_HOME/cage
read $pages
read $SITE_HOME/mail
exec drain-server class change timeout 60 $SITE_HOME/commands/balance drain {server:address} {port:integer}
exec undrain-server class change timeout 60 $SITE_HOME/commands/balance ready {server:address} {port:integer}
exec flush-mail class change timeout 60 $SITE_HOME/commands/flush
exec block-domain class change timeout 60 $SITE_HOME/commands/block {domain:address} {seconds:integer}
exec unblock-domain class change timeout 60 /bin/false {domain:address}
$(printf 'allow site.run command=%s\n' drain-server undrain-server flush-mail block-domain unblock-domain)
END
web 8081 "$pages"
resolver 127.0.0.1 "$SITE_HOME/blocked"
for port in 8081 8082 8083; do wait_for 10 listens $port; done

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

ok "mail that waits too long is sent" eval 'ordered mail-queue --target north-1 --set folder=$SITE_HOME/mail --set relay=127.0.0.1 --set port=8081 --set least=3 --set pause=1 && ended succeeded'
ok "  and waits no more" eval '[ "$(find "$SITE_HOME/mail" -type f | wc -l)" = 1 ]'

touch "$SITE_HOME"/farm/808{2,4}.ill
ok "all servers behind a balancer answer with errors" wait_for 10 front_errs
ok "  so that taking one out does not help, and it is put back" eval 'failing && ended undone && [ "$(grep -c "^server" "$SITE_HOME/farm/servers")" = 2 ]'
rm "$SITE_HOME/farm/8084.ill"
ok "one of them does" wait_for 10 front_errs
ok "  and is taken out" eval 'failing && ended succeeded && grep -q "^#server 127.0.0.1:8082" "$SITE_HOME/farm/servers"'
ok "  so that no answer is an error any more" wait_for 10 front_is_well
rm "$SITE_HOME/farm/8082.ill"
ok "  and one that answers well is left in" eval 'failing && ended succeeded && count_of drain skipped 1'

ok "a web shell is looked at" ordered web-shell --target north-1 --set path="$shell" --set url=http://127.0.0.1:8081/shell.php --set source=192.0.2.7
ok "  a person agrees" eval 'wait_for 20 part_says north-1 "waits for a person in step agree" && as giang run approve "$RUN"'
ok "  it is served no more" eval 'ended succeeded && test ! -e "$shell" && test -e "$pages/index"'
ok "  and who called it is blocked" says "192.0.2.7 .*expires" nft list table inet tocsin

: >"$SITE_HOME/blocked.ill"
ok "where the resolver is ill a name is not blocked" eval 'ordered block-domain --target north-1 --set domain=bad.example --set seconds=600 && ended failed && test ! -e "$SITE_HOME/blocked"'
rm "$SITE_HOME/blocked.ill"
ok "a name of ours neither" eval 'ordered block-domain --target north-1 --set domain=bad.example --set ours=www.bad.example && ended failed && test ! -e "$SITE_HOME/blocked"'
ok "a hostile name is" eval 'ordered block-domain --target north-1 --set domain=bad.example --set seconds=600 && ended succeeded && test -e "$SITE_HOME/blocked"'
ok "  once" eval 'ordered block-domain --target north-1 --set domain=bad.example --set seconds=600 && ended succeeded && count_of block skipped 1'
orders_end
