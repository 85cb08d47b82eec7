#!/bin/bash
# Stock playbooks mend files and parameters that are really wrong, once a person agreed where one is asked. In a network namespace
# of this test's own, so that no parameter of the machine that it runs on is touched.
[ -n "${FILES_INSIDE:-}" ] || FILES_INSIDE=1 exec unshare --net "$0" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
KEY=net.ipv4.tcp_syncookies
OWNED=/usr/bin/dpkg-split # a package's, which nothing here may move
ip link set lo up

hash_of() { sha256sum <"$1" | cut -c1-64; }
agreed() { wait_for 20 part_says north-1 "waits for a person in step agree" && as giang run approve "$RUN" "$@"; }
syncookies() { [ "$(cat /proc/sys/net/ipv4/tcp_syncookies)" = "$1" ]; }

orders_site files ../../../playbooks/{malware-file,file-changed,sysctl-drift}
mkdir -p "$SITE_HOME"/{drop,etc,good}
mkdir -m 700 "$SITE_HOME"/{cases,cage}
printf '#!/bin/sh\necho bad\n' >"$SITE_HOME/drop/bad"
echo "as it should be" | tee "$SITE_HOME/good/shop.conf" >"$SITE_HOME/etc/shop.conf"
good=$(hash_of "$SITE_HOME/etc/shop.conf") bad=$(hash_of "$SITE_HOME/drop/bad")
cat >"$SITE_HOME/good/restore" <<END
#!/bin/bash
exec /bin/cp "$SITE_HOME/good/\${1##*/}" "\$1"
END
chmod 755 "$SITE_HOME/good/restore"
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' file.{hash,stat} user.sessions evidence.{facts,file,text} package.owner)
allow file.quarantine path=$SITE_HOME/drop
allow file.restore path=$SITE_HOME/drop
allow host.sysctl key=$KEY
allow sysctl.set key=$KEY value=0
allow sysctl.set key=$KEY value=1
exec restore-file class change timeout 60 $SITE_HOME/good/restore {path:path}
allow site.run command=restore-file
read $SITE_HOME/drop
read $SITE_HOME/etc
read $OWNED
evidence $SITE_HOME/cases
quarantine $SITE_HOME/cage
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

ok "a file of another hash than the indicator's is looked at" ordered malware-file --target north-1 --set path="$SITE_HOME/drop/bad" --set sha256=$good
ok "  and left where it is" eval 'ended failed && test -e "$SITE_HOME/drop/bad"'
ok "the one that it names is looked at" ordered malware-file --target north-1 --set path="$SITE_HOME/drop/bad" --set sha256=$bad
ok "  a person agrees" agreed
ok "  it is gone" eval 'ended succeeded && test ! -e "$SITE_HOME/drop/bad"'
ok "  and in quarantine" says . find "$SITE_HOME/cage" -type f -size -2

ok "an indicator names what a package brought, and that is as it was" eval 'ordered malware-file --target north-1 --set path=$OWNED --set sha256="$(hash_of $OWNED)" && ended failed'
ok "  which is said, and nobody is asked" says "is as package dpkg brought it: the indicator may be wrong" view
ok "  but where the order says so" eval 'ordered malware-file --target north-1 --set path=$OWNED --set sha256="$(hash_of $OWNED)" --set packaged=move && agreed --no && ended failed'

ok "a file that is right is left alone" eval 'ordered file-changed --target north-1 --set path=$SITE_HOME/etc/shop.conf --set sha256=$good --set case=files-1 && ended failed'
echo "as somebody made it" >"$SITE_HOME/etc/shop.conf"
ok "it changed" ordered file-changed --target north-1 --set path="$SITE_HOME/etc/shop.conf" --set sha256=$good --set case=files-1
ok "  a person agrees" agreed
ok "  it is what it should be again" eval 'ended succeeded && [ "$(hash_of "$SITE_HOME/etc/shop.conf")" = $good ]'
ok "  and what it was is kept" says "as somebody made it" grep -rh "as somebody" "$SITE_HOME/cases"

echo 0 >/proc/sys/net/ipv4/tcp_syncookies
ok "a parameter that drifted is set" eval 'ordered sysctl-drift --target north-1 --set key=$KEY --set value=1 && ended succeeded && syncookies 1'
ok "one that is right is left alone" eval 'ordered sysctl-drift --target north-1 --set key=$KEY --set value=1 && ended succeeded && count_of set skipped 1'
ok "one that the policy does not let it have is refused" eval 'ordered sysctl-drift --target north-1 --set key=$KEY --set value=2 && ended failed && syncookies 1'
orders_end
