/* SPDX-License-Identifier: Apache-2.0 */
/* systemd_fixture - a systemd of the test's own, with a bus and a few units: in pid, mount,
 * network, uts, ipc and cgroup namespaces, on a private root whose /usr is the machine's,
 * read-only. To the tests, which leave the machine's mounts too, its /run is /run. Its own socket
 * hears nobody whose pid it cannot see: systemd_run has the tests run in its pid namespace. It
 * needs root. */
#ifndef TOCSIN_SYSTEMD_FIXTURE_H
#define TOCSIN_SYSTEMD_FIXTURE_H

#include "op_bench.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define CGROUP2_MAGIC 0x63677270
#define TOOLS         "build/tools"
#define BUS_POLICY    TOOLS "/usr/share/dbus-1/system.d/org.freedesktop.resolve1.conf"

static struct {
    char root[64];   /* a tmpfs */
    char group[128]; /* its control group, of the second version */
    pid_t init;
} own;

static const char *
below(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", own.root, name);
    return path;
}

static void
write_below(const char *name, const char *text)
{
    fault_t fault = {0};
    if (file_write(below(name), slice_text(text), 0644, &fault))
        fail_msg("%s", fault.text);
}

static void
must(int status)
{
    if (status)
        fail_msg("%s", strerror(errno));
}

#define UNIT_HEAD "[Unit]\nDefaultDependencies=no\n"

static void
write_units(void)
{
    static const struct {
        const char *name, *text;
    } units[] = {
        {"test.target",
         "Requires=dbus.socket dbus.service systemd-journald.service\nAfter=dbus.service\n"},
        {"dbus.socket", "[Socket]\nListenStream=/run/dbus/system_bus_socket\nBacklog=64\n"},
        {"dbus.service", "Requires=dbus.socket\nAfter=dbus.socket\n[Service]\nType=notify\n"
                         "ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork "
                         "--nopidfile --systemd-activation --syslog-only\n"},
        {"web.service", "[Service]\nExecStart=/usr/bin/sleep 1000\nExecReload=/usr/bin/true\n"
                        "[Install]\nWantedBy=test.target\n"},
        {"broken.service", "[Service]\nType=oneshot\nExecStart=/usr/bin/false\n"},
        {"frail.service", "[Service]\nExecStartPre=/usr/bin/test ! -e /run/frail\n"
                          "ExecStart=/usr/bin/sleep 1000\n[Install]\nWantedBy=test.target\n"},
        {"picky.service", "ConditionPathExists=/run/picky\n[Service]\nExecStart=/usr/bin/sleep "
                          "1000\n[Install]\nWantedBy=test.target\n"},
        {"slow.service", "[Service]\nExecStartPre=/usr/bin/sleep 1000\nExecStart=/usr/bin/true\n"
                         "TimeoutStartSec=infinity\n"},
        {"words.service",
         "After=systemd-journald.service\n[Service]\nType=oneshot\nExecStart="
         "/usr/bin/printf 'a plain word\\n<3>a grave word\\n'\nSyslogIdentifier=words\n"},
        {"rotate.service", "After=systemd-journald.service\n[Service]\nType=oneshot\n"
                           "ExecStart=/usr/bin/journalctl --rotate\n"},
        {"resolved.service", "After=dbus.service\n[Service]\nType=dbus\n"
                             "BusName=org.freedesktop.resolve1\n"
                             "ExecStart=/usr/local/tools/lib/systemd/systemd-resolved\n"},
        {"login.service", "Requires=dbus.service\nAfter=dbus.service\n[Service]\n"
                          "ExecStart=/usr/lib/systemd/systemd-logind\n"},
        {"copy.service", "Requires=login.service\nAfter=login.service\n[Service]\n"
                         "Restart=on-failure\nRestartSec=100ms\nStartLimitIntervalSec=0\nExecStart="
                         "/usr/bin/systemd-inhibit "
                         "--what=shutdown --who=copy --why=\"a copy is written\" sleep 1000\n"},
        {"network.service", "After=dbus.service\n[Service]\nType=dbus\n"
                            "BusName=org.freedesktop.network1\n"
                            "ExecStart=/usr/lib/systemd/systemd-networkd\n"},
        {"needy.service", "Requires=tick.service\nBindsTo=web.service\n[Service]\nType=oneshot\n"
                          "RemainAfterExit=yes\nExecStart=/usr/bin/true\n"},
        {"tick.service", "[Service]\nType=oneshot\nExecStart=/usr/bin/true\n"},
        {"tick.timer", "[Timer]\nOnCalendar=*-*-* 03:00:00\n[Install]\nWantedBy=test.target\n"},
    };
    char path[160], text[512];
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        snprintf(path, sizeof path, "usr/local/lib/systemd/system/%s", units[i].name);
        snprintf(text, sizeof text, UNIT_HEAD "%s", units[i].text);
        write_below(path, text);
    }
}

/* Debian's own resolver, where deploy/install-deps unpacked it; nothing where it did not. */
static void
bring_resolver(void)
{
    fault_t ignored;
    CLEANUP(bytes_destroy) bytes_t *policy = file_read(BUS_POLICY, 64 * 1024, &ignored);
    if (!policy)
        return;
    must(mkdir(below("usr/local/tools"), 0755));
    must(mount(TOOLS, below("usr/local/tools"), NULL, MS_BIND, NULL));
    must(mkdir(below("etc/dbus-1"), 0755) || mkdir(below("etc/dbus-1/system.d"), 0755));
    write_below("etc/dbus-1/system.d/resolve1.conf", bytes_text(policy));
}

static void
make_root(void)
{
    static const char *const folders[] = {"usr", "etc", "run", "var", "proc",
                                          "sys", "dev", "tmp", "root"};
    static const char *const links[] = {"bin", "sbin", "lib", "lib64"};
    char target[16];
    fault_t fault = {0};
    snprintf(own.root, sizeof own.root, "/tmp/tocsin-init-XXXXXX");
    assert_non_null(mkdtemp(own.root));
    must(mount("tmpfs", own.root, "tmpfs", 0, "mode=755"));
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        must(mkdir(below(folders[i]), 0755));
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        snprintf(target, sizeof target, "usr/%s", links[i]);
        must(symlink(target, below(links[i])));
    }
    must(mount("/usr", below("usr"), NULL, MS_BIND, NULL));
    must(mount(NULL, below("usr"), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
    must(mount("tmpfs", below("run"), "tmpfs", 0, "mode=755"));
    must(mount("tmpfs", below("usr/local"), "tmpfs", 0, "mode=755"));
    if (folder_make(below("usr/local/lib/systemd/system"), 0755, &fault) ||
        folder_make(below("etc/systemd/system"), 0755, &fault))
        fail_msg("%s", fault.text);
    write_below("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    write_below("etc/passwd", "root:x:0:0::/root:/bin/sh\nmessagebus:x:100:100::/:/bin/false\n"
                              "systemd-resolve:x:101:101::/:/bin/false\n"
                              "systemd-network:x:102:102::/:/bin/false\n"
                              "nobody:x:65534:65534::/:/bin/false\n");
    write_below("etc/group", "root:x:0:\nmessagebus:x:100:\nsystemd-resolve:x:101:\nsystemd-"
                             "network:x:102:\nnogroup:x:65534:\n");
    write_units();
    write_below("etc/systemd/system/local.service", UNIT_HEAD "[Service]\nExecStart=/bin/true\n");
    bring_resolver();
}

static void
make_devices(void)
{
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom"};
    char path[32];
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        snprintf(path, sizeof path, "dev/%s", devices[i]);
        write_below(path, "");
        char device[40];
        snprintf(device, sizeof device, "/%s", path);
        must(mount(device, below(path), NULL, MS_BIND, NULL));
    }
}

/* The kernel's own settings are all machines': they are not to be written from in there. */
_Noreturn static void
become_init(void)
{
    char *const words[] = {
        (char *)"systemd",           (char *)"--system",         (char *)"--unit=test.target",
        (char *)"--log-target=null", (char *)"--show-status=no", NULL};
    char *const environment[] = {(char *)"container=test", (char *)"PATH=/usr/bin:/usr/sbin", NULL};
    if (mount("proc", below("proc"), "proc", 0, NULL) ||
        mount(below("proc/sys"), below("proc/sys"), NULL, MS_BIND, NULL) ||
        mount(NULL, below("proc/sys"), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) ||
        mount("sysfs", below("sys"), "sysfs", MS_RDONLY, NULL) ||
        mount("cgroup2", below("sys/fs/cgroup"), "cgroup2", 0, NULL) || chroot(own.root) ||
        chdir("/"))
        _exit(1);
    close_range(3, ~0U, 0);
    setsid();
    execve("/usr/lib/systemd/systemd", words, environment);
    _exit(1);
}

static void
enter_group(void)
{
    struct statfs status;
    char path[160], pid[16];
    const char *base = !statfs("/sys/fs/cgroup", &status) && status.f_type == CGROUP2_MAGIC
                           ? "/sys/fs/cgroup"
                           : "/sys/fs/cgroup/unified";
    fault_t fault = {0};
    snprintf(own.group, sizeof own.group, "%s/tocsin-test-%d", base, getpid());
    must(mkdir(own.group, 0755));
    snprintf(path, sizeof path, "%s/cgroup.procs", own.group);
    snprintf(pid, sizeof pid, "%d", getpid());
    CLEANUP(descriptor_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (file_write_all(fd, slice_text(pid), &fault))
        fail_msg("%s", fault.text);
}

static void
systemd_begin(void)
{
    fault_t why = {0};
    must(unshare(CLONE_NEWNS));
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    make_root();
    make_devices();
    enter_group();
    int apart = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC;
    pid_t between = fork();
    if (between == 0) {
        if (unshare(apart | CLONE_NEWNS))
            _exit(1);
        pid_t init = fork();
        if (init == 0)
            become_init();
        write_below("tmp/init", "");
        char text[16];
        snprintf(text, sizeof text, "%d", init);
        write_below("tmp/init", text);
        _exit(0);
    }
    must(waitpid(between, NULL, 0) != between);
    CLEANUP(bytes_destroy) bytes_t *pid = file_read(below("tmp/init"), 16, &why);
    own.init = pid ? (pid_t)strtol(bytes_text(pid), NULL, 10) : 0;
    assert_true(own.init > 1);
    must(mount(below("run"), "/run", NULL, MS_BIND | MS_REC, NULL));
    must(mount("tmpfs", "/var/log", "tmpfs", 0, "mode=755"));
    if (!access("/etc/machine-id", F_OK)) /* by which a journal is told from other machines' */
        must(mount(below("etc/machine-id"), "/etc/machine-id", NULL, MS_BIND, NULL));
}

/* Until it answers on its bus. */
static int
systemd_await(void **state)
{
    fault_t why = {0};
    (void)state;
    for (int tries = 0; tries < 300; tries++) {
        CLEANUP(value_destroy)
        value_t *units = run_within("unit.list", value_map(), 0, &why);
        if (units)
            return 0;
        poll(NULL, 0, 100);
    }
    fail_msg("it does not answer: %s", why.text);
    return -1;
}

/* The group is empty once the last process is reaped. */
static void
leave_group(void)
{
    char path[160], command[400];
    snprintf(path, sizeof path, "%s/../cgroup.procs", own.group);
    snprintf(command, sizeof command,
             "find '%s' -depth -type d -exec rmdir {} \\; 2>/dev/null; test ! -d '%s'", own.group,
             own.group);
    CLEANUP(descriptor_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool left = fd >= 0 && write(fd, "0", 1) == 1;
    for (int tries = 0; left && tries < 100 && system(command); tries++)
        poll(NULL, 0, 50);
}

static void
systemd_end(void)
{
    kill(own.init, SIGKILL);
    umount2("/run", MNT_DETACH);
    umount2(own.root, MNT_DETACH);
    rmdir(own.root);
    leave_group();
}

/* ---- a connection that breaks ------------------------------------------------------------ */

#define SOCKET "/run/systemd/private"

/* Between one who asks and systemd, until systemd answered to that word: the answer is kept. */
static void
pass_on(int asker, int manager, const char *word)
{
    struct pollfd ends[] = {{.fd = asker, .events = POLLIN}, {.fd = manager, .events = POLLIN}};
    char chunk[65536];
    bool heard = false;
    while (poll(ends, 2, 60000) > 0) {
        bool asks = ends[0].revents && !heard;
        ssize_t size = read(asks ? asker : manager, chunk, sizeof chunk);
        if (size <= 0 || (!asks && heard) ||
            write(asks ? manager : asker, chunk, (size_t)size) != size)
            return;
        heard = asks && memmem(chunk, (size_t)size, word, strlen(word));
        ends[0].events = heard ? 0 : POLLIN;
    }
}

static int
unix_socket(const char *path, bool listens)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    must(listens ? bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 8)
                 : connect(fd, (struct sockaddr *)&at, sizeof at));
    return fd;
}

/* From now on whoever says that word on systemd's own socket is hung up on once systemd has it.
 * Until systemd_listens. */
USED static pid_t
systemd_hangs_up_behind(const char *word)
{
    must(rename(SOCKET, SOCKET ".real"));
    CLEANUP(descriptor_close) int door = unix_socket(SOCKET, true);
    pid_t child = fork();
    for (int asker; child == 0 && (asker = accept(door, NULL, NULL)) >= 0; close(asker)) {
        CLEANUP(descriptor_close) int manager = unix_socket(SOCKET ".real", false);
        pass_on(asker, manager, word);
    }
    if (child == 0)
        _exit(1);
    return child;
}

USED static void
systemd_listens(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    must(rename(SOCKET ".real", SOCKET));
}

/* The tests' own exit status, or 1 where what is looked for behind them is not so. They begin with
 * a bench, and with systemd_await. */
static int
systemd_run_until(int (*tests)(void), bool (*is_so)(void))
{
    int status = 1;
    systemd_begin();
    CLEANUP(descriptor_close) int init = pidfd_open(own.init, 0);
    CLEANUP(descriptor_close) int self = pidfd_open(getpid(), 0);
    pid_t child = setns(init, CLONE_NEWPID) ? -1 : fork();
    if (child == 0) {
        must(unshare(CLONE_NEWNS)); /* /proc stays the parent's to it */
        must(mount("proc", "/proc", "proc", 0, NULL));
        exit(tests());
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        status = 1;
    must(setns(self, CLONE_NEWPID)); /* nothing can be forked into one that ended */
    bool so = !is_so || is_so();
    systemd_end();
    return WIFEXITED(status) && so ? WEXITSTATUS(status) : 1;
}

USED static int
systemd_run(int (*tests)(void))
{
    return systemd_run_until(tests, NULL);
}

#endif
