#!/bin/bash
# Stock playbooks mend what a kernel holds: its bonds, its connection table, its clock. All in a kernel of this test's own, with
# the broker at the other end of its cable, so that no clock and no link of the machine that it runs on is touched; the time
# service and its servers are Debian's chrony.
. "$(dirname "$0")/kernel.bash"
kernel_of_its_own "kernels are broken and mended" "$@"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 south-1" # chrony leaves none untouched

order() { ordered "$1" --target north-1 "${@:2}"; }
waits() { wait_for 40 part_says north-1 "waits for a person in step agree"; }
link_says() { there "ip -o link show $1" | grep -qE -- "$2"; }
carries() { there "cat /sys/class/net/$1/carrier" | grep -qx 1; } # BOND
is_active() { there "cat /sys/class/net/$1/bonding/active_slave" | grep -qx "$2"; }
# By so many ms the clock there is ahead of this one.
ahead() { local before=$(date +%s%3N) other; other=$(there 'date +%s%3N'); echo $((other - (before + $(date +%s%3N)) / 2)); }
ahead_by() { local by; by=$(ahead); echo "ahead by $by ms"; [ "$by" -ge "$1" ] && [ "$by" -le "$2" ]; } # LEAST MOST
hang_and_move() { # MS: the time service hangs, and the clock goes wrong
    there "kill -STOP \$(cat \$room/chrony.pid); date -s @\$(perl -MTime::HiRes=time -e 'printf \"%.3f\", time + $1 / 1000')"
}
# A time server, which gives out this machine's time and leaves its clock alone.
time_server() { # ADDRESS
    mkdir -p "$SITE_HOME/time/$1"
    printf '%s\n' "local stratum 2" "bindaddress $1" "allow" "cmdport 0" "bindcmdaddress /" "pidfile $SITE_HOME/time/$1/pid" >"$SITE_HOME/time/$1/conf"
    beside "$BUILD_TOOLS/usr/sbin/chronyd" -x -d -u root -f "$SITE_HOME/time/$1/conf" >"$SITE_HOME/log/time-$1" 2>&1
}
time_service() {
    printf '%s\n' "server 192.0.2.1 iburst minpoll -2 maxpoll 0" "makestep 0.1 3" "cmdport 0" "bindcmdaddress /" "pidfile $room/chrony.pid" "user root" >"$SITE_HOME/time/conf"
    printf '#!/bin/bash\n%s\n' "kill -TERM \$(cat $room/chrony.pid); sleep 0.3; [ ! -d /proc/\$(cat $room/chrony.pid) ] || kill -KILL \$(cat $room/chrony.pid); rm -f $room/chrony.pid" >"$SITE_HOME/time/stop"
    chmod 755 "$SITE_HOME/time/stop"
}

orders_site fixes-kernel ../../../playbooks/{bond-degraded,link-flap,interface-errors,conntrack-full,ntp-drift,clock-step}
room=$SITE_HOME/kernel/room
mkdir -p "$SITE_HOME/time"
time_service
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' link.{view,list,settings,neighbours} host.cpu conntrack.count ntp.offset)
$(printf 'allow link.up link=%s\n' m0 m4 vx0)
allow link.bond_join link=m5 bond=b2
$(printf 'allow link.down link=%s\n' m0 vx0)
allow host.sysctl key=net.netfilter.nf_conntrack_max
$(printf 'allow sysctl.set key=net.netfilter.nf_conntrack_max value=%s\n' 100 1000)
allow clock.step address=192.0.2.1
service chrony pidfile $room/chrony.pid
service chrony start $BUILD_TOOLS/usr/sbin/chronyd -f $SITE_HOME/time/conf
service chrony stop $SITE_HOME/time/stop
END
ok "a kernel boots" kernel_make north-1 bonding veth vxlan nf_conntrack_netlink act_ct cls_u32 sch_ingress
ip addr add 192.0.2.3/24 dev uml0
time_server 192.0.2.1 &
time_server 192.0.2.3 &
broker_start
kernel_worker north-1
ok "a worker is online on it" wait_for 40 worker_online north-1
ok "its policy holds" there "tocsin-worker -n -c '$SITE_HOME/north-1/worker.conf'"
ok "it has bonds, a time service and a connection table" there "
    { for i in 0 1 2 3 4 5; do echo link add m\$i type veth peer name p\$i; echo link set p\$i up; done
      echo link add vx0 type vxlan id 7 remote 203.0.113.1 dstport 4789
      for i in 0 1 2; do echo link add b\$i type bond mode active-backup miimon 50; done
      for i in m0,b0 m1,b0 vx0,b1 m2,b1 m3,b2 m4,b2; do echo link set \${i%,*} master \${i#*,}; echo link set \${i%,*} up; done
      echo link set b1 type bond primary vx0; for i in 0 1 2; do echo link set b\$i up; done; echo addr add 198.51.100.1/24 dev b1
      echo neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev b1; } | ip -batch -
    tc qdisc add dev eth0 clsact && tc filter add dev eth0 egress protocol ip u32 match ip protocol 17 0xff action ct commit
    echo 100 >/proc/sys/net/netfilter/nf_conntrack_max
    $BUILD_TOOLS/usr/sbin/chronyd -f $SITE_HOME/time/conf"

# All at once: each looks for a while, and whose clock is the slowest begins.
there 'perl -MSocket -e "socket(S, PF_INET, SOCK_DGRAM, 0); for (my \$up = 0; ; \$up ^= 1) {
    ioctl(S, 0x8914, pack(q(a16sx22), q(p0), \$up)); select(undef, undef, undef, 0.5) }" >/dev/null 2>&1 &' # SIOCSIFFLAGS
ok "a bond's member loses its signal over and over, which is ordered to be looked at" order link-flap --set link=m0 --set watch=6 --set seconds=600
flap=$RUN
ok "its time service hangs, and its clock goes wrong" hang_and_move 700
ok "  which is ordered to be mended" order ntp-drift --set server=192.0.2.1 --set witness=192.0.2.3
drift=$RUN
there "ip link set m4 down; ip link set m5 down"
ok "a bond lacks one member, and another fell out, which is ordered to be mended" order bond-degraded --set bond=b2 --set members=m4,m5
degraded=$RUN
there 'perl -MSocket -e "socket(S, PF_INET, SOCK_DGRAM, 0);
    while (1) { send(S, 1, 0, pack_sockaddr_in(9, inet_aton(q(198.51.100.9)))); select(undef, undef, undef, 0.2) }" >/dev/null 2>&1 &'
ok "another's loses frames, which is ordered to be mended" order interface-errors --set link=vx0 --set seconds=600
errors=$RUN
there 'perl -MSocket -e "socket(S, PF_INET, SOCK_DGRAM, 0);
    while (1) { send(S, 1, 0, pack_sockaddr_in(\$_, inet_aton(q(192.0.2.1)))) for 2000..2095; sleep 5 }" >/dev/null 2>&1 &'
ok "the connection table fills up" wait_for 20 there '[ "$(cat /proc/sys/net/netfilter/nf_conntrack_count)" -gt 90 ]'
ok "  which is ordered to be mended" order conntrack-full --set max=1000
table=$RUN

RUN=$flap
ok "whether the link that flaps is taken out a person is asked" waits
there "ip link set p1 down"
ok "  who agrees when the other has died: it stays" eval 'as giang run approve "$RUN" && ended failed $RUN && link_says m0 "[<,]UP[,>]"'
ok "    and why is said" says "nothing carries on without m0 any more" tocsin --json run view "$RUN"
there "ip link set p1 up"
ok "  once it is back the other is looked at again" order link-flap --set link=m0 --set watch=6 --set seconds=600
flap=$RUN

ok "the clock is right" eval 'ended succeeded $drift && wait_for 10 ahead_by -250 250'
ok "the time service hangs, and the clock is far off" hang_and_move 5000
ok "  which is ordered to be looked at" order clock-step --set server=192.0.2.1 --set witness=192.0.2.3
far=$RUN
ok "  whether it is set a person is asked" eval 'waits && ahead_by 4000 6000'
ok "  who agrees" as giang run approve "$RUN"

ok "the table may grow" eval 'ended succeeded $table && [ "$(there "cat /proc/sys/net/netfilter/nf_conntrack_max")" = 1000 ]'
ok "  and people are told who fills it" says "most of it from 192.0.2.2" tocsin --json run view "$table"
ok "the link that loses frames is taken out of its bond" eval 'ended succeeded $errors && ! link_says vx0 "[<,]UP[,>]"'
ok "  which goes on with the other" eval 'is_active b1 m2 && carries b1'
ok "a bond whose member was down has it up again" eval 'ended succeeded $degraded && link_says m4 "[<,]LOWER_UP[,>]"'
ok "  and one that fell out is in it" link_says m5 "[<,]LOWER_UP[,>].* master b2 "
RUN=$flap
ok "a person agrees once more: the link that flaps is taken out" eval 'waits && as giang run approve "$RUN" && ended succeeded $RUN && ! link_says m0 "[<,]UP[,>]"'
ok "  and its bond goes on with the other" eval 'is_active b0 m1 && carries b0'
ok "the clock is right, however far off it was" eval 'ended succeeded $far && wait_for 10 ahead_by -250 250'
orders_end
