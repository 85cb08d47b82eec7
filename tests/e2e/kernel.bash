# Sourced before tap.bash and cage.bash by tests that break what no namespace has of its own: the clock, a bond, the connection
# table. Debian's User Mode Linux is a whole kernel that runs as a process; it sees this machine's files, and writes to none but
# its logs. It ends with the test, however that ends. No sanitized program runs there: its page tables end at 512 GiB, behind
# which those keep their books.
#
#     kernel_make NAME MODULE...   boots one on which that worker of the site may run, at 192.0.2.2; here is 192.0.2.1. It has two
#                                  empty drives, /dev/ubda and /dev/ubdb
#     there COMMAND                a shell command runs there: what it prints, and its status; $room is a folder to write to, which
#                                  a reboot empties; the worker's state is on a drive, which none does
#     kernel_of_its_own WHAT "$@"  first of all: skips a sanitized build, and has the test run once more, in a network of its own
#     kernel_worker NAME           starts the worker there, and again at each boot from then on

kernel_of_its_own() {
    [[ $2 != *sanitized* ]] || { echo "ok 1 - $1 # SKIP a sanitized program wants more addresses than a User Mode Linux has"; echo 1..1; exit; }
    [ -n "${KERNEL_INSIDE:-}" ] || KERNEL_INSIDE=1 exec unshare --net "$0" "${@:2}"
    ip link set lo up
}
there() {
    perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_KEEPALIVE, 1);
        setsockopt(S, 6, $_, 1) for 4, 5; # TCP_KEEPIDLE, TCP_KEEPINTVL: one that rebooted knows of no connection
        connect(S, pack_sockaddr_in(7, inet_aton("192.0.2.2"))) or exit 99;
        send(S, $ARGV[0], 0); shutdown(S, 1); local $/; my $said = <S> // ""; exit 98 unless $said =~ s/\n(\d+)\z//; print $said; exit $1' "room=$room; $*"
}

kernel_worker_command() { echo "setsid tocsin-worker -d -c $SITE_HOME/$1/worker.conf </dev/null >>$SITE_HOME/log/$1 2>&1 &"; }

# What runs first there, loads modules with those that they need, and does what it is told then.
kernel_init() { # NAME MODULE...
    local modules=$BUILD_TOOLS/usr/lib/uml/modules name=$1 state=$SITE_HOME/$1/state run=$SITE_HOME/$1/run
    shift
    cat <<-END
	#!/bin/bash
	export PATH=$PATH
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t hostfs -o $SITE_HOME/log log $SITE_HOME/log
	mount -t tmpfs room $room
	mount -t ext4 /dev/ubdc $state
	mkdir $room/run && mount --bind $room/run $run
	ip link set lo up
	ip addr add 192.0.2.2/24 dev eth0
	ip link set eth0 up
	exec perl -MSocket -e '
	    my (\$folder, @wanted) = @ARGV;
	    open(my \$list, "<", "\$folder/modules.dep") or die;
	    for (<\$list>) { my (\$path, @needs) = map { s/:\$//r } split; my (\$name) = \$path =~ m,([^/]+)[.]ko\$,; \$needs{\$name} = [reverse(@needs), \$path] }
	    for my \$path (map { @{\$needs{\$_}} } @wanted) { open(my \$file, "<", "\$folder/\$path"); syscall(313, fileno(\$file), my \$none = "", 0) }
	    system("/bin/bash", "-c", q($(kernel_worker_command $name))) if -e "$SITE_HOME/kernel/starts";
	    \$SIG{CHLD} = "IGNORE";
	    socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
	    bind(S, pack_sockaddr_in(7, INADDR_ANY)) or die; listen(S, 9);
	    while (1) { accept(my \$one, S) or next; next if fork; \$SIG{CHLD} = "DEFAULT"; close(S);
	        local \$/; my \$command = <\$one>; open(STDOUT, ">&", \$one); open(STDERR, ">&", \$one); \$| = 1;
	        my \$status = system("/bin/bash", "-c", \$command); print "\n", \$status >> 8; exit }' "$modules/\$(uname -r)" $*
	END
}

kernel_answers() { there true; }
kernel_make() {
    room=$SITE_HOME/kernel/room
    mkdir -p "$room" "$SITE_HOME/$1"/{state,run}
    sed -i "s,^listen .*,listen tcp://0.0.0.0:$BROKER_PORT," "$SITE_HOME/broker.conf"
    sed -i "s,^broker tcp://127.0.0.1:,broker tcp://192.0.2.1:," "$SITE_HOME/$1/worker.conf"
    kernel_init "$@" >"$SITE_HOME/kernel/init" && chmod 755 "$SITE_HOME/kernel/init"
    truncate -s 16M "$SITE_HOME"/kernel/{one,other} && truncate -s 64M "$SITE_HOME/kernel/state"
    mke2fs -q -t ext4 -d "$SITE_HOME/$1/state" "$SITE_HOME/kernel/state" || return 1
    ip tuntap add dev uml0 mode tap && ip addr add 192.0.2.1/24 dev uml0 && ip link set uml0 up || return 1
    beside unshare --pid --fork --kill-child=KILL "$BUILD_TOOLS/usr/bin/linux.uml" root=/dev/root rootfstype=hostfs rootflags=/ ro mem=256M \
        ubd0="$SITE_HOME/kernel/one" ubd1="$SITE_HOME/kernel/other" ubd2="$SITE_HOME/kernel/state" init="$SITE_HOME/kernel/init" \
        eth0=tuntap,uml0 con=null ssl=null con0=null,fd:1 uml_dir="$SITE_HOME/kernel" umid=there \
        </dev/null >"$SITE_HOME/log/kernel" 2>&1 &
    wait_for 30 kernel_answers
}
kernel_worker() { : >"$SITE_HOME/kernel/starts" && there "$(kernel_worker_command "$1")"; }
