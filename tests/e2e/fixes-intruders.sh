#!/bin/bash
# Stock playbooks against whoever guesses passwords at a real sshd, gets in and leaves a program behind, and for a disk that deleted
# files fill. In a machine of this test's own; the guesser sits at the other end of a cable.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/cage.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS=north-1
USERS="ana binh chi dung hoa"
MINER=tfminer WRITER=tfwriter

cage_make tfi0 tfi1 192.0.2.1/24
for host in 7 8 9; do caged ip addr add 192.0.2.$host/24 dev tfi1; done

waits() { wait_for 20 part_says north-1 "waits for a person in step $1"; }

# ---- sshd -----------------------------------------------------------------------------------

# Debian's own, which writes into the journal, btmp and utmp; each user's password is NAME's-secret.
sshd_start() {
    local name id=64100
    mkdir -p /etc/ssh /run/sshd
    (umask 077 && : >/var/log/btmp && : >/etc/shadow)
    : >/run/utmp
    echo "sshd:x:102:65534::/run/sshd:/bin/false" >>/etc/passwd
    for name in $USERS; do
        echo "$name:x:$((++id)):$id::/home/$name:/bin/bash" >>/etc/passwd
        echo "$name:x:$id:" >>/etc/group
        echo "$name:$(openssl passwd -5 "$name's-secret"):19000:0:99999:7:::" >>/etc/shadow
        mkdir -p "/home/$name" && chown $id:$id "/home/$name"
    done
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
    echo "UsePAM yes" >/etc/ssh/sshd_config
    printf '%s\n' 'auth required pam_faillock.so preauth nodelay' 'auth [success=1 default=ignore] pam_unix.so nodelay' \
        'auth [default=die] pam_faillock.so authfail nodelay' 'auth required pam_permit.so' 'account required pam_permit.so' \
        'session required pam_permit.so' >/etc/pam.d/sshd
    mkdir /etc/security /run/faillock && printf '%s\n' deny=3 unlock_time=never >/etc/security/faillock.conf
    unit ssh.service '[Service]' "ExecStart=$BUILD_TOOLS/usr/sbin/sshd -D"
    systemctl start ssh.service
}

# knocks ADDRESS USER PASSWORD COMMAND...: it waits for an answer as long as $PATIENCE says.
knocks() {
    local address=$1 user=$2 password=$3
    shift 3
    printf '#!/bin/bash\necho "%s"\n' "$password" >"$SITE_HOME/log/askpass" && chmod 755 "$SITE_HOME/log/askpass"
    SSH_ASKPASS=$SITE_HOME/log/askpass SSH_ASKPASS_REQUIRE=force caged ssh -F none -b "$address" -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o PreferredAuthentications=password -o NumberOfPasswordPrompts=1 -o ConnectTimeout=${PATIENCE:-20} \
        "$user@192.0.2.1" "$@" </dev/null
}
is_locked() { grep "^$1:!" /etc/shadow; }
# What is dropped has no answer; a wrong password has.
is_locked_out() { faillock --user "$1" | grep -c 'V$' | grep -x 3; }
is_blocked() { PATIENCE=1 knocks "$1" chi x true 2>&1 | grep "timed out"; }
is_heard() { knocks "$1" chi x true 2>&1 | grep "Permission denied"; }
has_session() { utmpdump /run/utmp | grep -q "$1"; }

# ---- programs -------------------------------------------------------------------------------

# It has a child; another of the same name is another program.
miner_start() {
    mkdir -p /srv/bad /srv/good
    cp /usr/bin/perl /srv/bad/$MINER && echo more >>/srv/bad/$MINER
    cp /usr/bin/perl /srv/good/$MINER
    setsid /srv/bad/$MINER -e 'fork; select undef, undef, undef, 0.02 while 1' </dev/null >/dev/null 2>&1 &
    miner=$!
    setsid /srv/good/$MINER -e 'sleep 1000' </dev/null >/dev/null 2>&1 &
    good=$!
}
turns() { grep ^voluntary "/proc/$1/status"; }
stands_still() { local before; before=$(turns "$1"); sleep 0.3; [ "$(turns "$1")" = "$before" ]; }
goes_on() { ! stands_still "$1"; }

writer_start() {
    printf '#!/bin/bash\ntrap "exec >>/srv/app.log" HUP\nexec >>/srv/app.log\nwhile sleep 0.1; do echo "another line"; done\n' >/srv/$WRITER
    chmod 755 /srv/$WRITER
    head -c 3000000 /dev/zero >/srv/app.log
    setsid /srv/$WRITER </dev/null 2>/dev/null &
    writer=$!
    wait_for 10 says app.log ls -l /proc/$writer/fd && rm /srv/app.log
}
holds_deleted() { says "app.log .deleted" ls -l /proc/$writer/fd; }

orders_site fixes-intruders ../../../playbooks/{intruder-login,credential-stuffing,deleted-files-open}
may_destroy "$SOURCE/playbooks/suspicious-process" >>"$SITE_HOME/log/make" 2>&1
sshd_start >>"$SITE_HOME/log/make" 2>&1
miner_start
cat >>"$SITE_HOME/north-1/policy" <<END
class highest destructive
$(printf 'allow %s\n' user.{sessions,keys,list,failures,lockouts} journal.query process.{tree,view,files} firewall.{block,unblock,view} host.{cpu,uptime})
$(printf 'allow %s user=ana\n' user.lock user.end_sessions)
$(printf 'allow %s user=binh\n' user.lock user.unlock user.reset_lockout)
$(printf "allow %s name=$MINER\n" process.freeze process.thaw)
allow process.end_tree
allow process.signal name=$WRITER
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"

# Its verify looks for a while, beside the rest.
ok "deleted files fill a disk, and a program holds them" eval 'writer_start && holds_deleted'
ok "  an alert rings" eval 'rings DeletedFilesHeldOpen process=$WRITER && ordered deleted-files-open --incident $INCIDENT --set megabytes=2'
disk=$RUN

# ---- who guessed a password and got in ------------------------------------------------------

ok "where nobody was logged in nobody is asked" eval 'ordered intruder-login --target north-1 --set user=ana --set source=192.0.2.7 && ended failed'
ok "  as its receipt says" says "was not logged in from 192.0.2.7: nobody is shut out" tocsin --json run view "$RUN"
ok "a password is guessed" not knocks 192.0.2.7 ana wrong true
ok "  and right" knocks 192.0.2.7 ana "ana's-secret" 'setsid sleep 1000 </dev/null >/dev/null 2>&1 &'
knocks 192.0.2.7 ana "ana's-secret" -tt sleep 1000 >"$SITE_HOME/log/session" 2>&1 &
ok "  who guessed it is logged in" wait_for 10 has_session 192.0.2.7
ok "  an alert rings" eval 'rings LoginAfterBruteForce user=ana source=192.0.2.7 && ordered intruder-login --incident $INCIDENT'
ok "  a person is asked" waits agree
ok "  and told of the session and of both logins" says "2 logins, 1 open sessions, 0 SSH keys" tocsin --json run view "$RUN"
ok "  nobody is shut out before" eval 'not is_locked ana && pgrep -u ana'
ok "  one agrees" as giang run approve "$RUN"
ok "  it is done" ended succeeded
ok "  the password is locked" is_locked ana
ok "  nothing runs as that user" wait_for 10 not pgrep -u ana
ok "  and the source is heard no more" is_blocked 192.0.2.7

knocks 192.0.2.8 binh wrong true 2>/dev/null
ok "one user's own typing is left alone" eval 'ordered credential-stuffing --target north-1 --set user=binh --set source=192.0.2.8 && ended succeeded && count_of block skipped 1'
for name in $USERS binh; do knocks 192.0.2.8 $name wrong true; done 2>/dev/null
usermod -L binh && usermod -L chi
ok "where a victim must stay locked" eval 'ordered credential-stuffing --target north-1 --set user=chi --set source=192.0.2.8 && ended undone && is_locked chi'
ok "  the block is taken back" is_heard 192.0.2.8
ok "a source that tried them all keeps one out" is_locked_out binh
ok "  it rings" eval 'rings AccountLockout user=binh source=192.0.2.8 && ordered credential-stuffing --incident $INCIDENT && ended succeeded'
ok "  it is blocked" is_blocked 192.0.2.8
ok "  its victim is unlocked" not is_locked binh
ok "  and let in again" eval 'not is_locked_out binh && knocks 192.0.2.9 binh "binh'"'"'s-secret" true'

# ---- what was left behind --------------------------------------------------------------------

ok "a program that should not run rings" rings CryptoMiner process=$MINER sha256="$(sha256sum /srv/bad/$MINER | cut -c1-64)"
ok "  two people order it to be ended" ordered_by_both suspicious-process --incident $INCIDENT
ok "  one is asked" waits agree
ok "  while it stands still" stands_still $miner
ok "  who says no" eval 'as giang run approve "$RUN" --no && ended undone'
ok "  it goes on" wait_for 10 goes_on $miner
ok "once more" eval 'ordered_by_both suspicious-process --incident $INCIDENT && waits agree && as giang run approve "$RUN"'
ok "  it is ended, with its child" eval 'ended succeeded && not pgrep -f /srv/bad'
ok "  but not another of that name" kill -0 $good

ok "the disk's room is back" eval 'ended succeeded $disk && not holds_deleted'
ok "  and who held it goes on" kill -0 $writer
orders_end
