#!/bin/bash
# Stock playbooks mend what a web server, its balancer, a resolver and a mail queue have, through the commands that the machine's
# policy declares, with no line of that policy but those that their pages ask for. In a network namespace of this test's own.
[ -n "${FIXES_INSIDE:-}" ] || FIXES_INSIDE=1 exec unshare --net "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
ip link set lo up

# web PORT FOLDER: what lies there is served, or the status that FOLDER/status names.
web() {
    setpriv --pdeathsig KILL perl -MSocket -e 'my ($port, $root) = @ARGV; socket(S, PF_INET, SOCK_STREAM, 0);
        setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in($port, INADDR_ANY)) or die; listen(S, 9);
        while (accept(C, S)) { my ($path) = (<C> // "") =~ / (\S+)/; my $status = -e $root . ($path // "") ? 200 : 404;
            if (open(my $file, "<", "$root/status")) { chomp($status = <$file>) }
            while (<C>) { last if /^\r?$/ }
            print C "HTTP/1.0 $status x\r\nContent-Length: 0\r\n\r\n"; close(C) }' "$@" &
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
ended_late() { timeout 100 tocsin run watch "$2" --wait=90s; run_is "$1" "$2" || { view "$2"; return 1; }; }
command_of() { printf '#!/bin/bash\n%s\n' "$2" >"$SITE_HOME/commands/$1" && chmod 755 "$SITE_HOME/commands/$1"; }

orders_site fixes-web ../../../playbooks/{web-shell,web-errors,mail-queue,block-domain}
mkdir -p "$SITE_HOME"/{commands,pages,server,front,mail/A}
mkdir -m 700 "$SITE_HOME/cage"
pages=$SITE_HOME/pages shell=$SITE_HOME/pages/shell.php
echo '<?php system($_GET["c"]);' >"$shell"
echo good >"$pages/index"
echo 500 | tee "$SITE_HOME/server/status" >"$SITE_HOME/front/status"
touch "$SITE_HOME"/mail/A/A{1..5}
command_of balance "[ \"\$1 \$2 \$3\" = 'drain 127.0.0.1 8082' ] && echo 200 >'$SITE_HOME/front/status'"
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
web 8082 "$SITE_HOME/server"
web 8083 "$SITE_HOME/front"
resolver 127.0.0.1 "$SITE_HOME/blocked"
for port in 8081 8082 8083; do wait_for 10 listens $port; done

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

# Both look for a while, beside the rest.
ok "a server behind a balancer answers with errors" ordered web-errors --target north-1 --set server=127.0.0.1 --set port=8082 \
    --set direct=http://127.0.0.1:8082/index --set front=http://127.0.0.1:8083/index
errors=$RUN
ok "mail waits too long" ordered mail-queue --target north-1 --set folder="$SITE_HOME/mail" --set relay=127.0.0.1 --set port=8081 --set least=3
mail=$RUN

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

ok "the mail was sent" eval 'ended_late succeeded "$mail" && [ "$(find "$SITE_HOME/mail" -type f | wc -l)" = 1 ]'
ok "the server is out of its balancer" eval 'ended_late succeeded "$errors" && grep -q 200 "$SITE_HOME/front/status"'
orders_end
