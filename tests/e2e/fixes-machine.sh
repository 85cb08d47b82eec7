#!/bin/bash
# Stock playbooks for drives, file servers and packages: a filesystem that the kernel made read-only, a file server that answers no
# more, security updates of an archive of this test's own. In a machine of its own; the file server is at the other end of a cable.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
READER=tfreader WRITER=tfrotated

cage_make tfm0 tfm1 192.0.2.1/24
caged ip addr add 192.0.2.2/24 dev tfm1

agreed() { wait_for 20 part_says north-1 "waits for a person in step agree" && as giang run approve "$RUN"; }
command_of() { printf '#!/bin/bash\n%s\n' "$2" >"/srv/$1" && chmod 755 "/srv/$1"; }
# told REGEX: what the run told people.
told() { says "$1" tocsin --json run view "$RUN"; }

# ---- a filesystem over a loop device, with an error that a check can mend ---------------------

disk_make() {
    local number
    mkdir -p /srv/data && mount --make-rshared / # as on any machine: who has mounts of his own lets go too
    mknod /dev/loop-control c 10 237
    mknod /dev/kmsg c 1 11 && systemctl restart systemd-journald
    for ((number = 0; number < 64; number++)); do mknod /dev/loop$number b 7 $number; done
    truncate -s 16M /srv/disk
    mke2fs -q -t ext4 -E nodiscard /srv/disk
    mount -o loop /srv/disk /srv/data && touch /srv/data/broken && umount /srv/data
    debugfs -w -R 'clri /broken' /srv/disk
    loop=$(losetup -f --show /srv/disk)
    exec {held}<"$loop"
    losetup -d "$loop" # once nobody holds it
    mount -t ext4 -o errors=remount-ro "$loop" /srv/data
    unit shop.service '[Service]' "ExecStart=/bin/bash -c 'while sleep 0.1; do date >/srv/data/log; done'"
    systemctl start shop.service
    command_of check 'device=$(findmnt -no SOURCE "$1") && umount "$1" && { e2fsck -fy "$device"; [ $? -lt 4 ]; } && mount -t ext4 "$device" "$1"'
}
can_be_written() { (: >/srv/data/probe) 2>/dev/null; }
meets_the_broken_file() { not stat /srv/data/broken && not can_be_written; }

# ---- what this machine has not: drives that tell their health --------------------------------

# smartctl VALUE...: what smartctl(8) would write of any drive.
smartctl_says() { printf '#!/bin/bash\necho %q\n' "{\"model_name\":\"ST4000NM\",\"serial_number\":\"Z1\",$1}" >/usr/sbin/smartctl; }
drives_make() {
    mkdir -p /srv/sbin/{more,work} /srv/block
    cp "$BUILD_TOOLS/usr/sbin/smartctl" /srv/sbin/more
    mount -t overlay -o lowerdir=/usr/sbin,upperdir=/srv/sbin/more,workdir=/srv/sbin/work none /usr/sbin
}

# ---- an array that lost a drive, of a Linux that runs as a process; what its /sys/block says is ours too -

array_make() {
    local modules
    modules=$(echo "$BUILD_TOOLS"/usr/lib/uml/modules/*/kernel/drivers/md)
    mkdir -p /srv/array /srv/block/md0/md && cp -a /sys/block/. /srv/block
    truncate -s 16M /srv/array/{a,b}
    cat >/srv/array/init <<-END
	#!/bin/bash
	export PATH=/usr/sbin:/usr/bin
	mount -t proc none /proc; mount -t sysfs none /sys; mount -t tmpfs none /run; mount -t tmpfs none /dev
	mknod /dev/null c 1 3; mknod /dev/a b 98 0; mknod /dev/b b 98 16; mknod /dev/md0 b 9 0
	for module in md-mod raid1; do
	    perl -e 'open(my \$in, "<", shift) or die; syscall(313, fileno(\$in), my \$none = "", 0) and die "\$!"' $modules/\$module.ko
	done
	$BUILD_TOOLS/sbin/mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.2 --assume-clean /dev/a /dev/b
	$BUILD_TOOLS/sbin/mdadm /dev/md0 --fail /dev/b
	cd /sys/block/md0/md
	until grep idle sync_action; do sleep 0.02; done
	cp --parents level array_state raid_disks degraded sync_action sync_completed mismatch_cnt dev-*/state /srv/block/md0/md
	echo o >/proc/sysrq-trigger; sleep 10
	END
    chmod 755 /srv/array/init
    timeout 60 "$BUILD_TOOLS/usr/bin/linux.uml" mem=64M ubd0=/srv/array/a ubd1=/srv/array/b root=/dev/root rootfstype=hostfs rootflags=/ rw init=/srv/array/init \
        con=null con0=fd:0,fd:1 </dev/null
    mount --bind /srv/block /sys/block
}

# ---- a file server, mounted with sshfs ------------------------------------------------------

share_make() {
    mkdir -p /etc/ssh /run/sshd /srv/{share,mounted}
    head -c 8000000 /dev/zero >/srv/share/large
    echo "sshd:x:102:65534::/run/sshd:/bin/false" >>/etc/passwd
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
    ssh-keygen -q -t ed25519 -N '' -f /srv/key
    printf '%s\n' "Subsystem sftp internal-sftp" "UsePAM no" "AuthorizedKeysFile /srv/key.pub" >/etc/ssh/sshd_config
    caged setpriv --pdeathsig KILL "$BUILD_TOOLS/usr/sbin/sshd" -D &
    wait_for 10 test -s /run/sshd.pid
    LD_LIBRARY_PATH=$(printf '%s:' "$BUILD_TOOLS"/{,usr/}lib/*-linux-gnu) "$BUILD_TOOLS/usr/bin/sshfs" 192.0.2.2:/srv/share /srv/mounted \
        -o IdentityFile=/srv/key,StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null
    cp /bin/bash /srv/$READER
    setsid /srv/$READER -c 'exec </srv/mounted/large && : >/srv/opened; while [ ! -e /srv/cut ]; do sleep 0.05; done; read -r -n 1000' \
        </dev/null >/dev/null 2>&1 &
    reader=$!
    wait_for 10 test -e /srv/opened
}
# Who listens is gone; who serves those that have it mounted says nothing.
share_cut() {
    local listening serving
    read -r listening </run/sshd.pid && serving=$(pgrep -P "$listening" sshd) &&
        kill "$listening" && wait_for 10 gone "$listening" && kill -STOP "$serving" && : >/srv/cut
}
hangs() { grep -q '^State:.D' "/proc/$reader/status"; }

# ---- packages -------------------------------------------------------------------------------

package() {
    local folder=/srv/made/$1
    mkdir -p "$folder"/{DEBIAN,srv/shop,opt/"$1"} /srv/archive
    cp /usr/bin/sleep "$folder/opt/$1/desk"
    echo "$2" >"$folder/srv/shop/$1"
    printf '%s\n' "Package: $1" "Version: $2" "Architecture: all" "Maintainer: T <t@example.org>" "Description: t" >"$folder/DEBIAN/control"
    printf '#!/bin/sh\n: >/run/reboot-required\necho %s >>/run/reboot-required.pkgs\n' "$1" >"$folder/DEBIAN/postinst" && chmod 755 "$folder/DEBIAN/postinst"
    dpkg-deb -b "$folder" "/srv/archive/$1_$2.deb"
}

packages_make() {
    local name
    mkdir -p /etc/apt /var/{lib/dpkg/{info,updates,triggers},lib/apt/lists/partial,cache/apt/archives/partial,log/apt}
    : >/var/lib/dpkg/status
    for name in shop till; do
        package $name 1.0 && dpkg -i /srv/archive/${name}_1.0.deb && package $name 1.1
    done
    rm /run/reboot-required*
    unit desk.service '[Service]' 'ExecStart=/opt/shop/desk infinity' && systemctl start desk.service
    (cd /srv/archive && dpkg-scanpackages -m . >Packages &&
        printf '%s\n' "Label: Shop-Security" "Suite: stable" "SHA256:" " $(sha256sum <Packages | cut -c1-64) $(stat -c %s Packages) Packages" >Release)
    echo "deb [trusted=yes] file:/srv/archive ./" >/etc/apt/sources.list
    apt-get update
}

desk() { systemctl show --property MainPID --value desk.service; }

# A disk for what apt fetches, which is full of it.
archives_fill() {
    mount -t tmpfs -o size=4m none /var/cache/apt && mkdir -p /var/cache/apt/archives/partial && : >/var/cache/apt/archives/lock &&
        head -c 3800000 /dev/zero >/var/cache/apt/archives/till_1.1_all.deb
}

# ---- a log, its rule and its writer; what starts the real logrotate -----------------------------

log_make() {
    mkdir -p /etc/logrotate.d /var/lib/logrotate /var/log/app
    printf '%s\n' weekly 'rotate 4' create 'include /etc/logrotate.d' >/etc/logrotate.conf
    printf '#!/bin/bash\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$BUILD_TOOLS"/usr/lib/x86_64-linux-gnu "$BUILD_TOOLS/usr/sbin/logrotate" >/usr/sbin/logrotate
    chmod 755 /usr/sbin/logrotate
    head -c 3000000 /dev/zero >/var/log/app/app.log
    printf '#!/bin/bash\ntrap "exec >>/var/log/app/app.log" HUP\nexec >>/var/log/app/app.log\nwhile sleep 0.1; do echo line; done\n' >/srv/$WRITER
    chmod 755 /srv/$WRITER
    unit writer.service '[Service]' ExecStart=/srv/$WRITER && systemctl start writer.service
}
log_rule() { printf '/var/log/app/*.log {\n%s\n  postrotate\n    systemctl kill -s HUP --kill-whom=main writer.service\n  endscript\n}\n' "$1" >/etc/logrotate.d/app; }
rotating() { ordered log-not-rotating --incident $INCIDENT --set writer=$WRITER --set rule=app --set megabytes=1; }
writes_anew() { [ "$(readlink "/proc/$(systemctl show --property MainPID --value writer.service)/fd/1")" = /var/log/app/app.log ]; }

orders_site fixes-machine ../../../playbooks/{disk-full,log-not-rotating,filesystem-read-only,disk-failing,drive-too-hot,raid-degraded,reboot-required,security-updates,security-upgrade,nfs-hang,hung-tasks}
{ disk_make; drives_make; array_make; share_make; packages_make; log_make; } >>"$SITE_HOME/log/make" 2>&1
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' disk.{mounts,health,io,raid} journal.query unit.status host.{uptime,load,cpu} user.sessions process.view net.ping package.{updates,view,restarts,clean} disk.{usage,largest})
$(printf 'allow %s unit=shop.service\n' unit.stop unit.start)
allow package.upgrade name=shop
$(printf 'allow %s\n' file.stat process.{list,files} 'log.view rule=app' 'log.rotate rule=app')
allow unit.restart unit=desk.service
exec remount class change timeout 300 /srv/check {path:path}
allow site.run command=remount
read /srv/data
read /var/cache/apt
read /var/log/app
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

# What looks for a while looks beside the rest.
ok "a drive gets too hot" eval 'smartctl_says "\"temperature\":{\"current\":71}" && rings HostPhysicalComponentTooHot device=nvme0 && ordered drive-too-hot --incident $INCIDENT'
hot=$RUN
ok "a file server answers no more, and who reads from it hangs" eval 'share_cut && wait_for 10 hangs'
ok "  an alert rings of the server" eval 'rings NfsServerNotResponding server=192.0.2.2 && ordered nfs-hang --incident $INCIDENT --set port=22'
server_run=$RUN
ok "  and one of the process" eval 'rings HungTask process=$READER && ordered hung-tasks --incident $INCIDENT'
hung_run=$RUN

ok "a filesystem that can be written to is left alone" eval 'can_be_written && ordered filesystem-read-only --target north-1 --set mount=/srv/data --set unit=shop.service && ended failed && told "/srv/data can be written to"'
ok "a broken file makes the kernel stop all writing" meets_the_broken_file
exec {busy}</srv/data
ok "  an alert rings" eval 'rings NodeFilesystemReadOnly mountpoint=/srv/data && ordered filesystem-read-only --incident $INCIDENT --set unit=shop.service'
ok "  a person agrees" agreed
ok "  while somebody has a file open there it is not unmounted" eval 'ended undone $RUN && told "target is busy"'
ok "  and who wrote there runs on" systemctl is-active shop.service
exec {busy}<&-
ok "  once more" eval 'ordered filesystem-read-only --incident $INCIDENT --set unit=shop.service && agreed'
ok "  it is checked and mounted anew" ended succeeded
ok "  after what the journal said of it" told 'EXT4-fs error .device loop.*deleted inode'
ok "  and can be written to" can_be_written
ok "  by the unit that does" eval 'systemctl is-active shop.service && wait_for 10 test -s /srv/data/log'

ok "security updates wait" eval 'rings AptSecurityUpdatesPending && ordered security-updates --incident $INCIDENT && ended succeeded'
ok "  people are told which" told '2 security updates wait: shop 1.1, till 1.1"'
ok "  and no reboot is due" eval 'ordered reboot-required --target north-1 && ended succeeded && told "no reboot is due"'
desk=$(desk)
ok "one of them is to be installed" ordered security-upgrade --incident "$INCIDENT" --set packages=shop --set restart=desk.service
ok "  a person agrees" agreed
ok "  it is, and no other" eval 'ended succeeded && grep -q 1.1 /srv/shop/shop && grep -q 1.0 /srv/shop/till'
ok "  the unit that ran its program of before runs the new one" eval '[ "$(desk)" != "$desk" ] && [ "$(readlink "/proc/$(desk)/exe")" = /opt/shop/desk ]'
ok "  people are told that a reboot is due" told 'north-1 has shop 1.1 now; a reboot is due'
ok "  what the policy does not name is refused" eval 'ordered security-upgrade --incident $INCIDENT --set packages=till && agreed && ended failed && grep -q 1.0 /srv/shop/till'
ok "  what is there is not installed again" eval 'ordered security-upgrade --incident $INCIDENT --set packages=shop && ended failed && told "no update waits of shop"'
ok "a machine that waits for a reboot rings" eval 'rings RebootRequired && ordered reboot-required --incident $INCIDENT && ended succeeded'
ok "  people are told for what" told 'a reboot is due: north-1 .up [0-9]+ days, 0 sessions, for shop'

ok "the drive was too hot both times" eval 'ended succeeded $hot && RUN=$hot && told "nvme0 .ST4000NM, Z1. on north-1 has 71 degrees, 71 10 s ago"'
ok "the server answered never, though its machine does" eval 'ended succeeded $server_run && RUN=$server_run && told "192.0.2.2, which north-1 has mounted at /srv/mounted, answered 0 of 3 times: the machine is reached"'
ok "the process hung all the while" eval 'ended succeeded $hung_run && RUN=$hung_run && told "1 processes .tfreader. hang on north-1; .*mounted over the network: /srv/mounted"'

ok "what apt fetched fills a disk" eval 'archives_fill && rings HostOutOfDiskSpace mountpoint=/var/cache/apt && ordered disk-full --incident $INCIDENT && ended succeeded'
ok "  and goes, but for the lock" eval '[ "$(ls /var/cache/apt/archives)" = "$(printf "lock\npartial")" ]'

chmod 777 /var/log/app && log_rule ''
ok "a log is not rotated" eval 'rings LogNotRotating path=/var/log/app/app.log && rotating && ended failed'
ok "  and logrotate says why" told 'parent directory has insecure permissions'
log_rule '  su root root'
ok "  once its rule is right it is" eval 'rotating && ended succeeded'
ok "  the old one is kept, as the rules for all say" test "$(stat -c %s /var/log/app/app.log.1)" -ge 3000000
ok "  its writer has the new one" eval 'writes_anew && wait_for 10 test -s /var/log/app/app.log'
ok "  which logrotate has on record" grep -q '"/var/log/app/app.log"' /var/lib/logrotate/status

ok "a drive begins to fail" eval 'smartctl_says "\"smart_status\":{\"passed\":false}" && rings SmartDeviceFailing device=${loop#/dev/} && ordered disk-failing --incident $INCIDENT && ended succeeded'
ok "  people are told what stands on it" told 'it says itself that it fails; on it: /srv/data;'
ok "an array lost a drive" eval 'rings NodeRAIDDegraded && ordered raid-degraded --incident $INCIDENT --set drives=sda && ended succeeded'
ok "  people are told which" told 'md0 misses 1 of 2 drives .idle; .*ubdb is faulty.*, sda .ST4000NM. fails by its own word'
ok "a real smartctl has no word of a drive that has none" eval 'cp "$BUILD_TOOLS/usr/sbin/smartctl" /usr/sbin && ordered disk-failing --target north-1 --set drive=${loop#/dev/} && ended failed && told "Unable to detect device type"'
orders_end
