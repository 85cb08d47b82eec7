/* SPDX-License-Identifier: Apache-2.0 */
/* Ops tell the truth whatever the kernel answers. Each runs in its cell against its real thing; its
 * system calls are learned in order (op_tracer.h), and it runs again and again while one of them
 * fails, or moves fewer bytes. It must end in time and not crash; a result must be the one that it
 * gives undisturbed, or say that it is partial; a fix that gives it must have left the thing so,
 * and one that fails must have left it as it was, or say what is done (DONE_MARK).
 *
 *     test_op_faults [OP]            a sample that SEED draws
 *     test_op_faults --all [OP]      every call, every plausible error; of that op only
 *     test_op_faults --trace OP      the calls */
#include "op_tracer.h"
#include "op_words.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <utmp.h>

#include "keys/hash.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/netlink.h"

#define SAMPLE          3 /* failures of each case */
#define SEED            31
#define TIMEOUT_S       20 /* of each op, whatever its table says */
#define ALIKE_MAX       4 /* calls of one case on paths that differ by their numbers: the first fail */
#define MOMENT_SLACK_MS 300000 /* of times that two tries tell */
#define LIES_SHOWN      400

/* In words (op_words.h): `%` is the id of a process of the test's, whose pid is in @/pid; of a
 * number, that pid. */
typedef struct {
    const char *op;
    const char *arguments;
    const char *before; /* a shell's words: lays the machine out for one try; NULL for none */
    const char *first;  /* "OP ARGUMENTS" that is done then; an id that it gives becomes `%` */
    const char *thing;  /* a shell's words that tell of what the op acts on; NULL: files do */
    op_body_t *body;    /* another than the op's own: a wrong version of it; NULL for none */
    bool timed;         /* a result names the second */
    bool rooted;        /* the machine's files lie below the test's folder */
    bool refused;       /* it must be, and stays so whatever fails */
    long always;        /* a call that fails in each sample too: an op lied there; 0 for none */
} case_t;

#define LOG     "echo text >@/spool/app.log"
#define OLD     "echo text >@/spool/app.log.1"
#define AGED    "mkdir @/aged && cd @/aged && touch -d '2 days ago' a b c && touch d"
#define SHELL   "head -c 3000 /dev/zero >@/www/shell"
#define CRON    "mkdir -p @/etc/cron.d; echo '#' >@/etc/cron.d/"
#define FORWARD "f=/proc/sys/net/ipv4/ip_forward; "
#define USERS                                                                                      \
    "printf 'root:x:0:0::/root:/bin/sh\\nana:x:54321:54321::/home/ana:/bin/sh\\n' >@/etc/passwd; " \
    "printf 'root:*:1:0:99999:7:::\\nana:$y$j9T$abc:1:0:99999:7:::\\n' >@/etc/shadow; "            \
    "printf 'root:x:0:\\nana:x:54321:\\n' >@/etc/group"
#define FETCHED                                                                  \
    "mkdir -p @/var/cache/apt/archives/partial && cd @/var/cache/apt && "        \
    "touch archives/lock archives/kept && echo text >archives/partial/c.deb && " \
    "echo text >archives/a.deb && echo text >archives/b.deb"
#define RULED                                                                         \
    "mkdir -p @/etc/logrotate.d @/var/lib/logrotate && echo '/etc/passwd { daily }' " \
    ">@/etc/logrotate.d/app && "                                                      \
    "echo '\"/etc/passwd\" 2026-11-22-4:5:6' >@/var/lib/logrotate/status"
#define PACKAGED                                                                            \
    "mkdir -p @/etc @/var/lib/dpkg/info && cd @ && echo 1 >etc/tool && cd var/lib/dpkg && " \
    "echo /etc/tool >info/tool.list && echo /etc/tool >info/other.list && "                 \
    "echo $(md5sum <../../../etc/tool | cut -c1-32)'  etc/tool' >info/tool.md5sums && "     \
    "printf '/etc/x\\n/etc/y\\nother\\n' >diversions && "                                   \
    "printf 'Package: tool\\nVersion: 1\\nStatus: install ok installed\\n' >status"
#define AN_ACCOUNT "mkdir -p @/etc @/home/ana/.ssh; " USERS
#define A_KEY      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9OJ9nMPHVZxBvhGvPDqAIVn5EOaYmE3dqpKZ1vIkXM"
#define KEYS                                                                      \
    AN_ACCOUNT "; echo " A_KEY " ana >@/home/ana/.ssh/authorized_keys; echo "     \
               "no-pty " A_KEY " two >@/home/ana/.ssh/authorized_keys2; echo '#'" \
               " >>@/home/ana/.ssh/authorized_keys; chown -R 54321 @/home/ana"
#define THE_KEY "user=ana fingerprint=SHA256:SDl6F3SiQgNmAcsaUjMfSoveDDC3R+mgeqVa4SZzSnc"
#define LOCKED  AN_ACCOUNT "; sed -i 's/ana:/ana:!/' @/etc/shadow"
#define SESSION                                                                            \
    AN_ACCOUNT "; mkdir -p @/run/systemd/sessions; { echo USER=ana; echo TTY=pts/1; "      \
               "echo REMOTE_HOST=192.0.2.7; echo SERVICE=sshd; echo LEADER=$(cat @/pid); " \
               "echo REALTIME=9999999999000000; } >@/run/systemd/sessions/1"
#define TABLE "nft list table inet tocsin 2>/dev/null | sed 's/expires [0-9a-z]*//g'"
#define CLEAR "nft delete table inet tocsin"
#define LINKS "ip link set spare0 up; ip route del 203.0.113.0/24"
#define ROUTE LINKS "; ip route add 203.0.113.0/24 via 192.0.3.2 proto 187"
/* Of a link that was turned on the kernel tells a moment later that it carries. */
#define WAY                                                                                \
    "for i in $(seq 500); do ip -o link show spare0 | grep -q NO-CARRIER || break; sleep " \
    "0.01; done; ip -o link show spare0 | cut -c1-60; ip route"
#define SLEEPS "sha256=0000000000000000000000000000000000000000000000000000000000000000"
#define LOOK                                                                              \
    "p=$(cat @/pid); awk '{print ($3 ~ /[TtZ]/), $19}' /proc/$p/stat; grep 'open files' " \
    "/proc/$p/limits"
#define TREE "mkdir -p @/www/a/b && cd @/www && echo 1 >one && echo 22 >a/two && echo 3 >a/b/three"

/* As pam_faillock writes it: a source, two bytes, that it counts and is a host, a time. */
#define TALLY                                                                              \
    AN_ACCOUNT "; mkdir -p @/run/faillock @/etc/security; echo deny = 1 "                  \
               ">@/etc/security/faillock.conf; { printf 192.0.2.7; head -c 43 /dev/zero; " \
               "printf '\\0\\0\\3\\0\\0\\0\\0\\145\\0\\0\\0\\0'; } >@/run/faillock/ana"
#define TRACKED                                                                               \
    "nft add table inet t; nft add chain inet t c '{ type filter hook output priority 0; }'"  \
    "; nft add rule inet t c ct state new accept; ip addr add 198.51.100.9/32 dev lo; "       \
    "ip route replace 203.0.113.7 dev spare0 src 198.51.100.9; ip neigh replace 203.0.113.7 " \
    "lladdr 02:00:00:00:00:07 dev spare0; for i in 1 2 3; do bash -c 'echo "                  \
    ">/dev/udp/203.0.113.7/'$i; done; "                                                       \
    "ip route del 203.0.113.7; ip addr del 198.51.100.9/32 dev lo"

static const case_t cases[] = {
    {.op = "cron.disable", .arguments = "file=app", .before = CRON "app", .rooted = true},
    {.op = "cron.enable", .arguments = "file=app", .before = CRON "app.disabled", .rooted = true},
    {.op = "evidence.facts",
     .arguments = "case=one of=failures",
     .before = "mkdir -p @/var/log; cp @/btmp @/var/log/btmp",
     .rooted = true},
    {.op = "evidence.file", .arguments = "case=two path=@/www/shell", .before = SHELL},
    {.op = "evidence.seal",
     .arguments = "case=one",
     .first = "evidence.text case=one name=a text=b"},
    {.op = "evidence.text", .arguments = "case=three name=note text=found"},
    {.op = "file.quarantine", .arguments = "path=@/www/shell", .before = SHELL},
    {.op = "file.quarantine",
     .arguments = "path=@/www/shell",
     .before = SHELL,
     .first = "file.quarantine path=@/www/shell"},
    {.op = "file.quarantine",
     .arguments = "path=@/www/shell",
     .before = SHELL "; echo other >@/www/other",
     .first = "file.quarantine path=@/www/other"},
    {.op = "file.quarantine",
     .arguments = "path=@/www/name",
     .before = "cd @/quarantine && echo a >held && ln held @/www/name",
     .refused = true},
    {.op = "file.quarantine",
     .arguments = "path=@/quarantine/held",
     .before = "echo a >@/quarantine/held",
     .refused = true},
    {.op = "file.remove", .arguments = "path=@/spool/app.log.1", .before = OLD},
    {.op = "file.remove_aged", .arguments = "path=@/aged", .before = AGED},
    {.op = "file.restore",
     .arguments = "path=@/www/shell id=%",
     .before = SHELL,
     .first = "file.quarantine path=@/www/shell"},
    {.op = "file.rotate", .arguments = "path=@/spool/app.log", .before = LOG, .timed = true},
    {.op = "file.truncate", .arguments = "path=@/spool/app.log", .before = LOG},
    {.op = "file.truncate",
     .arguments = "path=@/spool/link.log",
     .before = LOG "; ln @/spool/app.log @/spool/link.log",
     .refused = true},
    {.op = "firewall.block",
     .arguments = "source=198.51.100.9 seconds=60",
     .before = CLEAR,
     .thing = TABLE},
    {.op = "firewall.block", .arguments = "source=192.0.2.1 seconds=60", .refused = true},
    {.op = "firewall.block", .arguments = "source=192.0.2.9 seconds=60", .refused = true},
    {.op = "firewall.limit",
     .arguments = "port=80 per_second=10 seconds=60",
     .before = CLEAR,
     .thing = TABLE},
    {.op = "firewall.unblock",
     .arguments = "source=198.51.100.9",
     .before = CLEAR,
     .first = "firewall.block source=198.51.100.9 seconds=60",
     .thing = TABLE},
    {.op = "firewall.unlimit",
     .arguments = "port=80",
     .before = CLEAR,
     .first = "firewall.limit port=80 per_second=10 seconds=60",
     .thing = TABLE},
    {.op = "host.isolate", .arguments = "seconds=60", .before = CLEAR, .thing = TABLE},
    {.op = "host.release",
     .arguments = "",
     .before = CLEAR,
     .first = "host.isolate seconds=60",
     .thing = TABLE},
    {.op = "link.down", .arguments = "link=spare0 seconds=60", .before = LINKS, .thing = WAY},
    {.op = "link.up",
     .arguments = "link=spare0",
     .before = LINKS,
     .first = "link.down link=spare0 seconds=60",
     .thing = WAY},
    {.op = "package.clean", .arguments = "", .before = FETCHED, .rooted = true},
    {.op = "process.end_tree", .arguments = "process=% " SLEEPS, .thing = LOOK, .always = SYS_poll},
    {.op = "process.freeze", .arguments = "process=% name=sleeper", .thing = LOOK},
    {.op = "process.renice", .arguments = "process=% name=sleeper nice=5", .thing = LOOK},
    {.op = "process.renice",
     .arguments = "process=% name=other nice=5",
     .thing = LOOK,
     .refused = true},
    {.op = "process.signal",
     .arguments = "process=% name=sleeper signal=TERM wait_ms=2000",
     .thing = LOOK},
    {.op = "process.thaw",
     .arguments = "process=% name=sleeper",
     .first = "process.freeze process=% name=sleeper",
     .thing = LOOK},
    {.op = "route.add",
     .arguments = "to=203.0.113.0/24 via=192.0.3.2 seconds=60",
     .before = LINKS,
     .thing = WAY},
    {.op = "route.remove", .arguments = "to=203.0.113.0/24", .before = ROUTE, .thing = WAY},
    {.op = "sysctl.set",
     .arguments = "key=net.ipv4.ip_forward value=1",
     .before = FORWARD "echo 0 >$f",
     .thing = FORWARD "cat $f"},
    {.op = "user.end_sessions",
     .arguments = "user=ana",
     .before = SESSION,
     .rooted = true,
     .thing = LOOK},
    {.op = "user.lock", .arguments = "user=ana", .before = AN_ACCOUNT, .rooted = true},
    {.op = "user.remove_key", .arguments = THE_KEY, .before = KEYS, .rooted = true},
    {.op = "user.restore_key",
     .arguments = "user=ana id=%",
     .before = KEYS,
     .first = "user.remove_key " THE_KEY,
     .rooted = true},
    {.op = "user.unlock", .arguments = "user=ana", .before = LOCKED, .rooted = true},
    {.op = "cron.list",
     .before = CRON "app; cd @/etc && echo '1 2 * * * root a' >crontab && echo '@daily ana b' "
                    ">cron.d/two; mkdir cron.daily && touch cron.daily/three; mkdir -p "
                    "@/var/spool/cron/crontabs; echo '@weekly c' >@/var/spool/cron/crontabs/ana",
     .rooted = true},
    {.op = "disk.inodes", .arguments = "path=@/www count=3", .before = TREE},
    {.op = "disk.largest", .arguments = "path=@/www count=3", .before = TREE},
    {.op = "disk.usage", .arguments = "path=@/www"},
    {.op = "file.find", .arguments = "path=@/www", .before = TREE},
    {.op = "file.hash", .arguments = "path=@/www/one", .before = TREE},
    {.op = "file.search", .arguments = "path=@/www/one text=1", .before = TREE},
    {.op = "file.setuid", .arguments = "path=@/www", .before = TREE "; chmod u+s one a/two"},
    {.op = "file.stat", .arguments = "path=@/www/one", .before = TREE "; chown 1 one"},
    {.op = "file.stat", .arguments = "path=@/www/link", .before = "ln -s there @/www/link"},
    {.op = "file.tail", .arguments = "path=@/www/lines", .before = "seq 50 >@/www/lines"},
    {.op = "firewall.list",
     .before = CLEAR,
     .first = "firewall.block source=198.51.100.9 seconds=60"},
    {.op = "firewall.view",
     .arguments = "source=198.51.100.9",
     .before = CLEAR,
     .first = "firewall.block source=198.51.100.9 seconds=60"},
    {.op = "host.files",
     .before = "mkdir -p @/proc/sys/fs; echo 100 0 1000 >@/proc/sys/fs/file-nr",
     .rooted = true},
    {.op = "host.pressure",
     .before =
         "mkdir -p @/proc/pressure; cd @/proc/pressure; p='avg10=1.50 avg60=0.07 avg300=12.00 "
         "total=7123456'; printf \"some $p\\nfull $p\\n\" | tee cpu io >memory",
     .rooted = true},
    {.op = "host.sysctl", .arguments = "key=net.ipv4.ip_forward"},
    {.op = "link.list"},
    {.op = "link.view", .arguments = "link=spare0"},
    {.op = "process.tree", .arguments = "pid=%", .thing = LOOK},
    {.op = "process.view", .arguments = "pid=% hash=true", .thing = LOOK},
    {.op = "process.files", .arguments = "pid=%", .thing = LOOK},
    {.op = "process.sockets"},
    {.op = "service.status",
     .arguments = "service=web",
     .before = "cp @/pid @/run/pid",
     .thing = LOOK},
    {.op = "user.failures",
     .before = "mkdir -p @/var/log; cp @/btmp @/var/log/btmp",
     .rooted = true},
    {.op = "user.keys", .arguments = "user=ana", .before = KEYS, .rooted = true},
    {.op = "user.list", .before = AN_ACCOUNT, .rooted = true},
    {.op = "user.sessions", .before = SESSION, .rooted = true, .thing = LOOK},
    {.op = "host.load",
     .before = "mkdir @/proc; echo 0.5 0.4 0.3 2/99 7 >@/proc/loadavg",
     .rooted = true},
    {.op = "host.memory", .before = "mkdir @/proc; cp @/meminfo @/proc", .rooted = true},
    {.op = "host.oom",
     .before = "mkdir -p @/proc @/sys/fs/cgroup/a.slice/db @/sys/fs/cgroup/b; cd @/sys/fs/cgroup; "
               "echo oom_kill 5 >@/proc/vmstat; echo oom_kill 2 >a.slice/db/memory.events.local; "
               "echo oom_kill 3 >b/memory.events.local",
     .rooted = true},
    {.op = "host.uptime",
     .before = "mkdir -p @/proc/sys/kernel/random @/run; cd @/proc; echo 5.5 6 >uptime; echo "
               "'btime 1700000000' >stat; cp /proc/sys/kernel/random/boot_id sys/kernel/random; "
               "echo 1 >@/run/reboot-required; echo libc6 >@/run/reboot-required.pkgs",
     .rooted = true},
    {.op = "log.view", .arguments = "rule=app", .before = RULED, .rooted = true},
    {.op = "package.list",
     .before = "mkdir -p @/var/lib/dpkg; printf 'Package: a\\nStatus: install ok installed\\n"
               "Version: 1\\nArchitecture: all\\n\\nPackage: b\\nStatus: hold ok installed\\n"
               "Version: 2\\nArchitecture: all\\n' >@/var/lib/dpkg/status",
     .rooted = true},
    {.op = "package.owner", .arguments = "path=/etc/tool", .before = PACKAGED, .rooted = true},
    {.op = "package.view",
     .arguments = "name=b",
     .before = "mkdir -p @/var/lib/dpkg/updates; printf 'Package: a\\nStatus: install ok "
               "installed\\nVersion: 1\\nArchitecture: all\\n\\nPackage: b\\nStatus: hold ok "
               "installed\\nVersion: 2\\nArchitecture: all\\n' >@/var/lib/dpkg/status",
     .rooted = true},
    {.op = "process.list", .arguments = "name=sleeper", .thing = LOOK},
    {.op = "user.lockouts", .before = TALLY, .rooted = true, .always = SYS_getdents64},
    {.op = "user.lockouts", .arguments = "user=ana", .before = TALLY, .rooted = true},
    {.op = "user.reset_lockout",
     .arguments = "user=ana",
     .before = TALLY,
     .rooted = true,
     .always = SYS_fsync},
    {.op = "conntrack.count", .always = SYS_openat},
    {.op = "conntrack.flush",
     .arguments = "source=198.51.100.9",
     .before = TRACKED,
     .thing = "cat /proc/sys/net/netfilter/nf_conntrack_count",
     .always = SYS_getsockname},
};

/* ---- what a call may fail with --------------------------------------------------------------- */

#define ERRORS_MAX 5
#define SHORT      (-1) /* among errors: it moves half of the bytes that it could */

typedef struct {
    long number;
    const char *name;
    int errors[ERRORS_MAX]; /* 0 ends */
} failure_t;

#define CALL(name) SYS_##name, #name

/* Of a filter of system calls and of memory nobody runs out: an op ends there, by an assert. */
static const failure_t failures[] = {
    {CALL(open), {EIO, EACCES, EMFILE, ENOMEM}},
    {CALL(openat), {EIO, EACCES, EMFILE, ENOMEM}},
    {CALL(openat2), {EIO, EACCES, EMFILE, ENOMEM}},
    {CALL(read), {EIO, EINTR, SHORT}},
    {CALL(pread64), {EIO, EINTR, SHORT}},
    {CALL(write), {EIO, ENOSPC, EINTR, SHORT}},
    {CALL(getdents64), {EIO, ENOMEM}},
    {CALL(stat), {EIO, EACCES, ENOMEM}},
    {CALL(fstat), {EIO, ENOMEM}},
    {CALL(lstat), {EIO, EACCES, ENOMEM}},
    {CALL(newfstatat), {EIO, EACCES, ENOMEM}},
    {CALL(statx), {EIO, EACCES, ENOMEM}},
    {CALL(statfs), {EIO, EACCES}},
    {CALL(fstatfs), {EIO}},
    {CALL(access), {EIO, EACCES}},
    {CALL(faccessat), {EIO, EACCES}},
    {CALL(faccessat2), {EIO, EACCES}},
    {CALL(readlink), {EIO, EACCES, ENOMEM}},
    {CALL(readlinkat), {EIO, EACCES, ENOMEM}},
    {CALL(lseek), {EIO}},
    {CALL(fsync), {EIO, ENOSPC}},
    {CALL(fdatasync), {EIO, ENOSPC}},
    {CALL(rename), {EIO, ENOSPC, EACCES}},
    {CALL(renameat), {EIO, ENOSPC, EACCES}},
    {CALL(renameat2), {EIO, ENOSPC, EACCES}},
    {CALL(unlink), {EIO, EACCES}},
    {CALL(unlinkat), {EIO, EACCES}},
    {CALL(mkdir), {EIO, ENOSPC, EACCES}},
    {CALL(mkdirat), {EIO, ENOSPC, EACCES}},
    {CALL(rmdir), {EIO, EACCES}},
    {CALL(symlink), {EIO, ENOSPC}},
    {CALL(ftruncate), {EIO, EACCES}},
    {CALL(fallocate), {EIO, ENOSPC}},
    {CALL(fchown), {EIO, EPERM}},
    {CALL(fchmod), {EIO, EPERM}},
    {CALL(utimensat), {EIO, EPERM}},
    {CALL(flock), {EINTR, ENOLCK}},
    {CALL(fcntl), {EMFILE}},
    {CALL(dup), {EMFILE}},
    {CALL(dup2), {EMFILE}},
    {CALL(pipe2), {EMFILE, ENFILE}},
    {CALL(memfd_create), {EMFILE, ENOMEM}},
    {CALL(timerfd_create), {EMFILE, ENOMEM}},
    {CALL(epoll_create1), {EMFILE, ENOMEM}},
    {CALL(socket), {EMFILE, ENOBUFS, EACCES}},
    {CALL(connect), {ENOBUFS, EACCES, EINTR}},
    {CALL(bind), {ENOMEM, EACCES}},
    {CALL(setsockopt), {ENOMEM}},
    {CALL(getsockopt), {ENOBUFS}},
    {CALL(getsockname), {ENOBUFS}},
    {CALL(sendto), {ENOBUFS, EINTR}},
    {CALL(sendmsg), {ENOBUFS, EINTR}},
    {CALL(recvfrom), {ENOBUFS, EINTR}},
    {CALL(recvmsg), {ENOBUFS, EINTR}},
    {CALL(poll), {ENOMEM, EINTR}},
    {CALL(ppoll), {ENOMEM, EINTR}},
    {CALL(select), {ENOMEM, EINTR}},
    {CALL(pselect6), {ENOMEM, EINTR}},
    {CALL(epoll_wait), {EINTR}},
    {CALL(fork), {EAGAIN, ENOMEM}},
    {CALL(vfork), {EAGAIN, ENOMEM}},
    {CALL(clone), {EAGAIN, ENOMEM}},
    {CALL(clone3), {EAGAIN, ENOMEM}},
    {CALL(execve), {EACCES, ENOMEM}},
    {CALL(wait4), {EINTR}},
    {CALL(kill), {EPERM}},
    {CALL(pidfd_open), {EMFILE, ENOMEM}},
    {CALL(pidfd_send_signal), {EPERM}},
    {CALL(setpriority), {EPERM, EACCES}},
    {CALL(getpriority), {EPERM}},
    {CALL(prlimit64), {EPERM}},
    {CALL(ioctl), {EIO}},
    {CALL(adjtimex), {EPERM}},
    {CALL(clock_adjtime), {EPERM}},
};

static const failure_t *
failure_of(long number)
{
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (failures[i].number == number)
            return &failures[i];
    return NULL;
}

/* Whether a short transfer is one that the kernel might make: never into a file of its own, where
 * the first digits of a process's number would be another process, nor of a kernel parameter. */
static bool
can_be_short(const call_t *call)
{
    bool its_own = !strncmp(call->text, "/proc/", 6) || !strncmp(call->text, "/sys/", 5);
    return call->result > 1 && !(its_own && call->number == SYS_write) &&
           strncmp(call->text, "/proc/sys/", 10) != 0;
}

/* ---- the thing that an op acts on ------------------------------------------------------------ */

/* Digits and hexadecimal numbers, of six or more, are times and ids: each is '#'. */
static void
add_timeless(bytes_t *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t run = 0;
        while (i + run < size && isxdigit((unsigned char)text[i + run]))
            run++;
        size_t kept = run >= 6 ? 0 : run ? run : 1;
        bytes_add(out, kept ? text + i : "#", kept ? kept : 1);
        i += run >= 6 ? run : kept;
    }
}

static void
tell_content(int folder, const char *name, bytes_t *out)
{
    char text[4096], hex[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *timeless = bytes_new();
    CLEANUP(descriptor_close) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text);
    add_timeless(timeless, text, size < 0 ? 0 : (size_t)size);
    hash_t hash = hash_of(bytes_slice(timeless));
    bytes_addf(out, " %.8s", hash_write(&hash, hex));
}

static int
is_told(const struct dirent *entry)
{
    return (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) &&
           strcmp(entry->d_name, "pid") != 0 && strcmp(entry->d_name, "sessions") != 0;
}

/* A line for each that lies below: mode, owner, size, what it holds, its name. */
static void
tell_folder(int parent, const char *path, bytes_t *out)
{
    struct dirent **all = NULL;
    CLEANUP(descriptor_close)
    int folder = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int count = folder < 0 ? 0 : scandirat(folder, ".", &all, is_told, alphasort);
    for (int i = 0; i < count; i++) {
        struct stat facts = {0};
        const char *name = all[i]->d_name;
        fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW);
        bytes_addf(out, "%o %u:%u ", facts.st_mode, facts.st_uid, facts.st_gid);
        add_timeless(out, name, strlen(name));
        if (S_ISREG(facts.st_mode)) {
            bytes_addf(out, " %lld", (long long)facts.st_size);
            if (!strstr(name, ".tar")) /* its times are not written as such */
                tell_content(folder, name, out);
        }
        bytes_add_text(out, "\n");
        if (S_ISDIR(facts.st_mode))
            tell_folder(folder, name, out);
        free(all[i]);
    }
    free(all);
}

/* The caller's. */
static bytes_t *
tell_thing(const case_t *self)
{
    char chunk[4096];
    size_t got;
    bytes_t *out = bytes_new();
    tell_folder(AT_FDCWD, bench_folder, out);
    if (!self->thing)
        return out;
    CLEANUP(bytes_destroy) bytes_t *words = bytes_new();
    bytes_add_text(words, "{ ");
    expand(self->thing, words);
    bytes_add_text(words, "; } 2>/dev/null");
    FILE *said = popen(bytes_text(words), "re");
    assert_non_null(said);
    while ((got = fread(chunk, 1, sizeof chunk, said)) > 0)
        bytes_add(out, chunk, got);
    pclose(said);
    return out;
}

/* ---- a try ----------------------------------------------------------------------------------- */

static const settings_t settings = {
    .state = "/nowhere", .broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};
static char keepers[PATH_MAX];
static pid_t sleeper;
static char sleeper_id[PROC_ID_MAX];
static call_t calls[TRACER_CALLS_MAX];
static tracer_t tracer;

/* It may be frozen, and would not die. */
static void
end_sleeper(void)
{
    fault_t ignored;
    proc_t last;
    char id[PROC_ID_MAX];
    bench_root(true);
    if (sleeper && proc_read(sleeper, &last)) {
        assert_int_equal(proc_write_id(&last, id, NULL), 0);
        CLEANUP(value_destroy)
        value_t *thawed =
            run_within("process.thaw", texts("process", id, "name", "sleeper", NULL), 0, &ignored);
        kill(sleeper, SIGKILL);
        waitpid(sleeper, NULL, 0);
    }
    sleeper = 0;
}

static void
wake_another(void)
{
    char pid[16];
    proc_t process = {0};
    end_sleeper();
    sleeper = fork();
    if (sleeper == 0) {
        execl(here("sleeper"), "sleeper", "1000", NULL);
        _exit(127);
    }
    for (; strcmp(process.name, "sleeper") != 0 || process.state != 'S'; poll(NULL, 0, 1))
        assert_true(proc_read(sleeper, &process) && process.state != 'Z');
    assert_int_equal(proc_write_id(&process, sleeper_id, NULL), 0);
    words_percent = sleeper_id;
    snprintf(pid, sizeof pid, "%d", (int)sleeper);
    put_file("pid", pid, 0644);
}

typedef struct {
    value_t *result; /* NULL with the fault */
    fault_t fault;
    bytes_t *thing; /* as it is then */
} end_t;

static void
end_clear(end_t *self)
{
    value_destroy(&self->result);
    bytes_destroy(&self->thing);
}

static bool
uses_process(const case_t *self)
{
    return (self->arguments && strstr(self->arguments, "process=%")) ||
           (self->thing && strstr(self->thing, "@/pid"));
}

static void
do_first(const char *words)
{
    static char id[PROC_ID_MAX];
    char op[OP_NAME_MAX + 1];
    size_t size = strcspn(words, " ");
    snprintf(op, sizeof op, "%.*s", (int)size, words);
    CLEANUP(value_destroy) value_t *done = gives(op, in_words(op, words + size));
    if (text_copy(id, sizeof id, value_get_text(done, "id")) && id[0])
        words_percent = id;
}

static const char *
words_of(const case_t *self)
{
    return self->arguments ? self->arguments : "";
}

/* All of this network namespace's. */
static void
forget_tracked(void)
{
    char memory[NETLINK_REQUEST_MAX];
    int wrong = netlink_ask(NETLINK_NETFILTER,
                            netlink_begin(memory, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
                                          NLM_F_ACK, sizeof(struct nfgenmsg)),
                            NULL, NULL);
    (void)wrong; /* a kernel that tracks none has none */
}

static void
lay_out(const case_t *self)
{
    static const char clean[] = "cd @ && rm -rf aged etc proc sys home var spool/* www/* run/* "
                                "quarantine/* evidence/* keepers/*";
    lay_out_by(clean);
    if (!strncmp(self->op, "conntrack.", 10))
        forget_tracked();
    if (uses_process(self))
        wake_another();
    bench_root(!self->rooted);
    if (self->before)
        lay_out_by(self->before);
    if (self->first)
        do_first(self->first);
}

/* That of the process. */
static void
set_program(value_t *arguments)
{
    char hex[HASH_TEXT];
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *program = file_read("/usr/bin/sleep", 1 << 20, &fault);
    assert_non_null(program);
    hash_t hash = hash_of(bytes_slice(program));
    value_set_text(arguments, "sha256", hash_write(&hash, hex));
}

static end_t
run_once(const case_t *self, const failing_t *failing)
{
    op_t op = *op_find(self->op);
    end_t end = {0};
    CLEANUP(value_destroy) value_t *arguments = in_words(self->op, words_of(self));
    if (value_get(arguments, "sha256"))
        set_program(arguments);
    if (op_check(&op, arguments, &end.fault))
        fail_msg("%s %s: %s", self->op, words_of(self), end.fault.text);
    op.timeout_s = TIMEOUT_S;
    tracer = (tracer_t){.failing = failing, .calls = calls};
    op_row_t row = *op_row(self->op);
    row.body = self->body ? self->body : row.body;
    end.result = tracer_run(&tracer, &row, &op, arguments, &end.fault);
    end.thing = tell_thing(self);
    return end;
}

static end_t
run_anew(const case_t *self)
{
    lay_out(self);
    return run_once(self, NULL);
}

/* ---- what is true ---------------------------------------------------------------------------- */

static struct {
    size_t ops, calls, failures, refusals, results, partial, lies;
} sums;

/* In ms since 1970. */
static bool
is_moment(const value_t *value)
{
    return value_kind(value) == VALUE_INTEGER && value_number(value) > INT64_C(1000000000000);
}

/* Two tries may tell the same of it, and a third another. */
static bool
counts_on(slice_t key)
{
    return slice_equal(key, slice_text("cpu_ms")) || slice_equal(key, slice_text("memory_bytes")) ||
           slice_equal(key, slice_text("inode"));
}

/* What changes by itself from one moment to the next was seen to do so between two tries. */
static bool
is_same(const value_t *told, const value_t *first, const value_t *second)
{
    if (value_equal(told, first) || value_equal(told, second))
        return true;
    if (!told || value_kind(told) != value_kind(first) || !second ||
        value_kind(first) != value_kind(second))
        return false;
    if (is_moment(told) && is_moment(first))
        return llabs(value_number(told) - value_number(first)) < MOMENT_SLACK_MS;
    if (value_kind(first) == VALUE_INTEGER && !value_equal(first, second))
        return (value_number(told) != 0 || !value_number(first) || !value_number(second)) &&
               (value_number(told) >= 0 || value_number(first) < 0);
    if (value_kind(first) != VALUE_MAP && value_kind(first) != VALUE_LIST)
        return !value_equal(first, second);
    if (value_count(told) != value_count(first) || value_count(first) != value_count(second))
        return false;
    for (size_t i = 0; i < value_count(first); i++)
        if ((value_kind(first) == VALUE_MAP &&
             !slice_equal(value_key(told, i), value_key(first, i))) ||
            (!counts_on(value_kind(first) == VALUE_MAP ? value_key(first, i) : slice_text("")) &&
             !is_same(value_at(told, i), value_at(first, i), value_at(second, i))))
            return false;
    return true;
}

static bool
says_it_is_partial(const value_t *told, const value_t *first)
{
    return (value_get_bool(told, "more") && !value_get_bool(first, "more")) ||
           value_get_integer(told, "left_out") > value_get_integer(first, "left_out");
}

static bool
is_thing(const bytes_t *left, const bytes_t *right)
{
    return slice_equal(bytes_slice(left), bytes_slice(right));
}

/* What it is undisturbed. */
typedef struct {
    bytes_t *before; /* the thing */
    end_t first, second;
} truth_t;

static void
truth_clear(truth_t *self)
{
    bytes_destroy(&self->before);
    end_clear(&self->first);
    end_clear(&self->second);
}

static const char not_so[] = "tells what is not so";

/* What is wrong with an end; NULL. */
static const char *
lie_of(const case_t *self, const truth_t *truth, const end_t *end)
{
    bool fix = op_find(self->op)->least != CLASS_OBSERVE;
    if (tracer.signal && !end->result)
        return "crashes";
    if (tracer.ended && tracer.status && !end->result)
        return "ends without a word";
    if (!end->result && end->fault.code == FAULT_TIMEOUT &&
        strstr(end->fault.text, "by its deadline"))
        return "does not end in time";
    if (!end->result && end->fault.code == FAULT_UNKNOWN)
        return "dies without a word";
    if (!end->result && strstr(end->fault.text, "not what the op table says"))
        return "gives what has another shape";
    if (!end->result && (!end->fault.text[0] || strstr(end->fault.text, ": Success")))
        return "fails and does not say how";
    if (end->result && self->refused)
        return "does what it must not";
    if (!end->result && fix && !is_thing(end->thing, truth->before) &&
        !strstr(end->fault.text, DONE_MARK))
        return "fails, and does not say what is done";
    if (!end->result)
        return NULL;
    if (fix && !is_thing(end->thing, truth->first.thing))
        return "says that it is done, and it is not";
    if (!is_same(end->result, truth->first.result, truth->second.result) &&
        !says_it_is_partial(end->result, truth->first.result))
        return not_so;
    return NULL;
}

/* As lie_of; what may have changed by itself after the second try is looked at once more. */
static const char *
proven_lie_of(const case_t *self, truth_t *truth, const end_t *end)
{
    const char *lie = lie_of(self, truth, end);
    if (lie != not_so)
        return lie;
    end_clear(&truth->second);
    truth->second = run_anew(self);
    return lie_of(self, truth, end);
}

static void
show_value(const char *what, const value_t *value)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (value)
        value_tell(value, text);
    print_error("    %s %.1500s\n", what, bytes_text(text));
}

/* The lines of one thing that another has not. */
static void
show_others(const char *what, const bytes_t *of, const bytes_t *not_of)
{
    CLEANUP(memory_free) char *copy = memory_text(bytes_text(of));
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!strstr(bytes_text(not_of), line))
            print_error("    %s %s\n", what, line);
}

static void
show_lie(const case_t *self, const truth_t *truth, const end_t *end, const call_t *at, int error,
         const char *lie)
{
    if (++sums.lies > LIES_SHOWN)
        return;
    const failure_t *failure = failure_of(at->number);
    print_error("%s %s: where call %u.%u, %s(%s), %s%s, it %s\n", self->op, words_of(self),
                at->process, at->index, failure->name, at->text,
                error == SHORT ? "is short" : "fails: ", error == SHORT ? "" : strerror(error),
                lie);
    if (end->result) {
        show_value("told:", end->result);
        show_value("true:", truth->first.result);
    } else {
        print_error("    said: %s (%s); signal %d, status %d\n", end->fault.text,
                    fault_word(end->fault.code), tracer.signal, tracer.status);
    }
    show_others("was:", truth->before, end->thing);
    show_others("is: ", end->thing, truth->before);
    show_others("not:", truth->first.thing, end->thing);
}

/* What may be run again ends as if nothing had failed. */
static const char *
run_again(const case_t *self, const truth_t *truth, end_t *end)
{
    if (end->result || op_find(self->op)->again != AGAIN_IDEMPOTENT ||
        is_thing(end->thing, truth->before))
        return NULL;
    end_t again = run_once(self, NULL);
    end_clear(end);
    *end = again;
    return !end->result                                ? "cannot be run again"
           : !is_thing(end->thing, truth->first.thing) ? "leaves something else when run again"
                                                       : NULL;
}

static void
fail_one(const case_t *self, truth_t *truth, const call_t *at, int error)
{
    failing_t failing = {.process = at->process,
                         .index = at->index,
                         .number = at->number,
                         .error = error == SHORT ? 0 : error,
                         .bytes = at->result / 2};
    lay_out(self);
    CLEANUP(end_clear) end_t end = run_once(self, &failing);
    if (!tracer.reached)
        return;
    sums.failures++;
    sums.refusals += !end.result;
    sums.results += end.result != NULL;
    sums.partial += end.result && says_it_is_partial(end.result, truth->first.result);
    const char *lie = proven_lie_of(self, truth, &end);
    if (!lie)
        lie = run_again(self, truth, &end);
    if (lie)
        show_lie(self, truth, &end, at, error, lie);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static uint64_t drawn = SEED;

/* xorshift64 */
static uint64_t
draw(uint64_t below_this)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return drawn % below_this;
}

static truth_t
learn(const case_t *self)
{
    truth_t truth = {0};
    lay_out(self);
    truth.before = tell_thing(self);
    truth.first = run_once(self, NULL);
    if (self->timed)
        poll(NULL, 0, 1001);
    truth.second = run_anew(self);
    return truth;
}

static bool
fails_by(const call_t *call, int error)
{
    bool no_disk = !strncmp(call->text, "pipe:", 5) || !strncmp(call->text, "/memfd:", 7);
    return error && (error != SHORT || can_be_short(call)) && (error != EIO || !no_disk);
}

/* Those of the last try, which others overwrite; the caller's. */
static bool
is_as_told(const case_t *self, const truth_t *truth)
{
    bool as_told = !truth->first.result == self->refused;
    if (!as_told)
        print_error("%s %s: undisturbed, it says: %s\n", self->op, words_of(self),
                    truth->first.result ? "a result" : truth->first.fault.text);
    return as_told;
}

static call_t *
learned_calls(size_t *count)
{
    *count = tracer.call_count;
    call_t *copy = memory_new(*count + 1, sizeof *copy);
    memcpy(copy, calls, *count * sizeof *copy);
    return copy;
}

static bool
is_alike(const call_t *left, const call_t *right)
{
    const char *a = left->text, *b = right->text;
    for (; *a && *b; a++, b++) {
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (!*a || *a != *b)
            break;
    }
    return left->number == right->number && left->process == right->process && *a == *b;
}

/* Those before it that do the same to another process, for instance. */
static size_t
count_alike(const call_t *learned, size_t at)
{
    size_t alike = 0;
    for (size_t i = 0; learned[at].text[0] && i < at; i++)
        alike += is_alike(&learned[i], &learned[at]);
    return alike;
}

static void
sweep(const case_t *self, bool all)
{
    CLEANUP(truth_clear) truth_t truth = learn(self);
    size_t count, tried = 0;
    CLEANUP(memory_free) call_t *learned = learned_calls(&count);
    if (!is_as_told(self, &truth))
        return;
    sums.ops++;
    sums.calls += count;
    for (size_t i = 0; i < count; i++) {
        const failure_t *failure = failure_of(learned[i].number);
        bool wanted = all || (self->always && learned[i].number == self->always);
        if (!wanted || count_alike(learned, i) >= ALIKE_MAX)
            continue;
        for (size_t j = 0; failure && j < ERRORS_MAX; j++)
            if (fails_by(&learned[i], failure->errors[j]))
                fail_one(self, &truth, &learned[i], failure->errors[j]);
    }
    for (size_t i = 0; !all && count && i < 20 * SAMPLE && tried < SAMPLE; i++) {
        const call_t *call = &learned[draw(count)];
        const failure_t *failure = failure_of(call->number);
        int error = failure ? failure->errors[draw(ERRORS_MAX)] : 0;
        if (!fails_by(call, error))
            continue;
        fail_one(self, &truth, call, error);
        tried++;
    }
}

static const char *only; /* the op that is meant; NULL for all */
static bool every, traces;

static void
show_calls(const case_t *self)
{
    CLEANUP(truth_clear) truth_t truth = learn(self);
    show_value("true:", truth.first.result);
    print_message("%s", bytes_text(truth.first.thing));
    for (size_t i = 0; i < tracer.call_count; i++) {
        const failure_t *failure = failure_of(calls[i].number);
        print_message("%u.%u %s %ld(%lx, %lx, %lx) %s = %lld\n", calls[i].process, calls[i].index,
                      failure ? failure->name : "", calls[i].number, calls[i].arguments[0],
                      calls[i].arguments[1], calls[i].arguments[2], calls[i].text,
                      (long long)calls[i].result);
    }
}

static void
an_op_tells_the_truth_whichever_of_its_system_calls_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (only && strcmp(only, cases[i].op) != 0)
            continue;
        if (traces)
            show_calls(&cases[i]);
        else
            sweep(&cases[i], every);
    }
    print_message("faults: %zu ops, %zu calls, %zu failures, %zu refusals, %zu results, of them "
                  "%zu partial, %zu lies\n",
                  sums.ops, sums.calls, sums.failures, sums.refusals, sums.results, sums.partial,
                  sums.lies);
    assert_int_equal(sums.lies, 0);
}

/* One that failed to log in (utmp(5)). */
static void
write_btmp(void)
{
    const struct utmp entry = {.ut_type = LOGIN_PROCESS,
                               .ut_user = "ana",
                               .ut_host = "192.0.2.7",
                               .ut_tv = {.tv_sec = 1700000000}};
    fault_t fault = {0};
    assert_int_equal(file_write(here("btmp"), slice_of(&entry, sizeof entry), 0600, &fault), 0);
}

/* file.remove as it must not be. */
static value_t *
remove_blindly(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    int gone = unlink(path);
    (void)world, (void)fault, (void)gone;
    value_t *result = value_map();
    value_set_text(result, "path", path);
    value_set_integer(result, "freed_bytes", 4096);
    return result;
}

/* file.stat, likewise. */
static value_t *
stat_blindly(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    struct stat facts = {0};
    value_t *result = file_stat(arguments, world, fault);
    int wrong = stat(value_get_text(arguments, "path"), &facts);
    (void)wrong;
    if (result)
        value_set_integer(result, "bytes", facts.st_size);
    return result;
}

static void
an_op_that_lies_is_found(void **state)
{
    static const case_t wrong[] = {
        {.op = "file.remove",
         .arguments = "path=@/spool/app.log.1",
         .before = OLD,
         .body = remove_blindly},
        {.op = "file.stat", .arguments = "path=@/www/one", .before = TREE, .body = stat_blindly},
    };
    (void)state;
    bool asked = !every && !traces && !only;
    for (size_t i = 0; asked && i < ARRAY_SIZE(wrong); i++) {
        memset(&sums, 0, sizeof sums);
        sums.lies = LIES_SHOWN; /* that are meant are not shown */
        sweep(&wrong[i], true);
        assert_true(sums.lies > LIES_SHOWN);
    }
    memset(&sums, 0, sizeof sums);
}

static int
begin(void **state)
{
    static const char policy[] =
        "class highest destructive\nspool %1$s/spool\nread %1$s\nquarantine %1$s/quarantine\n"
        "expendable %1$s/aged older-than 1d\nevidence %1$s/evidence\n"
        "service web pidfile %1$s/run/pid\nservice web start /usr/bin/true\n"
        "management 192.0.2.8/30\n";
    char text[2048], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, policy, folder);
    bench_begin_in(folder, text);
    assert_int_equal(lay_out_by("mkdir @/spool @/www @/etc @/run; cp /usr/bin/sleep @/sleeper; cat "
                                "/proc/meminfo >@/meminfo; "
                                "mkdir -m 700 @/quarantine @/evidence @/keepers"),
                     0);
    write_btmp();
    snprintf(keepers, sizeof keepers, "%s/keepers", folder);
    bench.keepers = keepers;
    bench.settings = &settings;
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    return system("ip link set lo up; ip link add probe0 type veth peer name probe1; "
                  "ip link add spare0 type veth peer name spare1; "
                  "ip addr add 192.0.2.1/24 dev probe0; ip addr add 192.0.3.1/24 dev spare0; "
                  "for i in probe0 probe1 spare0 spare1; do ip link set $i up; done");
}

static int
end(void **state)
{
    (void)state;
    end_sleeper();
    bench_end();
    return 0;
}

static int
run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_op_that_lies_is_found),
        cmocka_unit_test(an_op_tells_the_truth_whichever_of_its_system_calls_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

/* The first process of a pid namespace: it reaps until the tests end, and what they left ends with
 * it. */
_Noreturn static void
be_first(void)
{
    int status = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("proc", "/proc", "proc", 0, NULL))
        _exit(1);
    pid_t tests = fork();
    if (tests == 0)
        exit(run_all());
    for (pid_t ended = -1; ended != tests;)
        ended = wait(&status);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Ops that look at every process see those of the test alone: others' come and go, have names like
 * theirs, and would be other calls to fail on each machine. */
int
main(int argc, char **argv)
{
    int status = 0;
    every = argc >= 2 && !strcmp(argv[1], "--all");
    traces = argc >= 2 && !strcmp(argv[1], "--trace");
    only = argc >= 3 ? argv[2] : argc == 2 && !every ? argv[1] : NULL;
    if (unshare(CLONE_NEWPID))
        return 1;
    pid_t first = fork();
    if (first == 0)
        be_first();
    return first > 0 && waitpid(first, &status, 0) == first && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : 1;
}
