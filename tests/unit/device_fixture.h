/* SPDX-License-Identifier: Apache-2.0 */
/* device_fixture - network devices of the test's own: in the namespace `there` (net_fixture.h), on
 * 192.0.2.2, Debian's own sshd (deploy/install-deps unpacks it) with users whose shells are the
 * command line of a device: `ops` that of a real FRR, `ios` and `junos` those of stand-ins
 * (tests/unit/devices/). FRR's BGP (AS 65002) has a real neighbour `here`, 192.0.2.1 (AS 65001),
 * which announces 203.0.113.0/24.
 * /etc/passwd and its kin, and /run, are the test's own, in a mount namespace. */
#ifndef TOCSIN_DEVICE_FIXTURE_H
#define TOCSIN_DEVICE_FIXTURE_H

#include <limits.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/file.h"
#include "common/program.h"
#include "net_fixture.h"
#include "op_fixture.h"

#define TOOLS     "build/tools"
#define PASSWORD  "pass-word-12"
#define PASS_HASH /* its own, salted */                                                          \
    "$6$tocsin$UBnr0HnT02XgujENj4cjtHSoqQihpKtg95YinHDddEIBrxa/0nl9oFKuvRwxBPBxRyK5bS9z4fRHwjE9" \
    "3///n."
#define DAEMONS_MAX 8

static char folder[64], tools[PATH_MAX], programs[PATH_MAX];
static pid_t daemons[DAEMONS_MAX];
static size_t daemon_count;

static inline const char *
in_folder(const char *name)
{
    static char paths[8][160];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

PRINTF(3, 4) static inline void put(const char *name, mode_t mode, const char *format, ...)
{
    fault_t fault = {0};
    va_list more;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    va_start(more, format);
    bytes_addv(text, format, more);
    va_end(more);
    if (file_write(in_folder(name), bytes_slice(text), mode, &fault))
        fail_msg("%s", fault.text);
}

/* In that net, until the test ends, however it does: a daemon that gives up privileges loses the
 * word that would tell it of that, the first process of its pid namespace does not. */
static inline void
start_daemon(int net, const char *const *words)
{
    char libraries[2 * PATH_MAX + 128];
    const char *const environment[] = {libraries, NULL};
    snprintf(libraries, sizeof libraries,
             "LD_LIBRARY_PATH=%s/usr/lib/x86_64-linux-gnu:%s/usr/lib/x86_64-linux-gnu/frr", tools,
             tools);
    go(net);
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fork() == 0) {
            int log = open(in_folder("daemons.log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
            dup2(log, 1);
            dup2(log, 2);
            execve(words[0], (char *const *)(uintptr_t)words,
                   (char *const *)(uintptr_t)environment);
            _exit(127);
        }
        for (;;)
            pause();
    }
    go(net_here);
    assert_true(daemon_count < DAEMONS_MAX);
    daemons[daemon_count++] = pid;
}

/* The same file with lines behind, in the place of the machine's. */
static inline void
replace_file(const char *path, const char *lines)
{
    const char *name = strrchr(path, '/') + 1;
    shell("cp -p %s %s/%s && printf '%s' >>%s/%s && mount --bind %s/%s %s", path, folder, name,
          lines, folder, name, folder, name, path);
}

static inline void
make_users(void)
{
    char lines[900];
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
    snprintf(lines, sizeof lines,
             "sshd:x:989:65534::/run/sshd:/usr/sbin/nologin\\nfrr:x:991:991::/:/bin/false\\n"
             "ops:x:991:991::/:%s/frr\\nios:x:992:992::/:%s/ios\\njunos:x:993:993::/:%s/junos\\n",
             folder, folder, folder);
    replace_file("/etc/passwd", lines);
    replace_file("/etc/group", "frr:x:991:\\nfrrvty:x:990:frr\\nios:x:992:\\njunos:x:993:\\n");
    replace_file("/etc/shadow", "ops:" PASS_HASH ":19000::::::\\nios:" PASS_HASH
                                ":19000::::::\\njunos:" PASS_HASH ":19000::::::\\n");
    shell("mount -t tmpfs none /run && mkdir -m 755 /run/sshd /run/frr /run/peer && "
          "chown frr:frr /run/frr /run/peer");
}

/* Shells of users: a device's command line. */
static inline void
put_shells(void)
{
    static const char *const stand_ins[] = {"ios", "junos"};
    char here[PATH_MAX];
    assert_non_null(realpath("tests/unit/devices", here));
    put("frr", 0755,
        "#!/bin/sh\nLD_LIBRARY_PATH=%s/usr/lib/x86_64-linux-gnu:%s/usr/lib/x86_64-linux-gnu/frr "
        "exec %s/usr/bin/vtysh --vty_socket /run/frr --config_dir %s\n",
        tools, tools, tools, folder);
    for (size_t i = 0; i < ARRAY_SIZE(stand_ins); i++) {
        put(stand_ins[i], 0755, "#!/bin/bash\n. %s/stand-in.%s %s/state\n", folder, stand_ins[i],
            folder);
        shell("cp %s/%s %s/stand-in.%s && chmod 755 %s/stand-in.%s", here, stand_ins[i], folder,
              stand_ins[i], folder, stand_ins[i]);
    }
    shell("mkdir -m 777 %s/state", folder);
    put("vtysh.conf", 0644, "username frr nopassword\nusername root nopassword\n");
    put("frr.conf", 0644, "%s", "");
}

static inline void
start_sshd(void)
{
    char program[PATH_MAX], config[160];
    shell("ssh-keygen -q -t ed25519 -N '' -f %s/host_ed25519 && "
          "ssh-keygen -q -t rsa -b 2048 -N '' -f %s/host_rsa && "
          "ssh-keygen -q -t ed25519 -N '' -f %s/client && cp %s/client.pub %s/authorized && "
          "ssh-keygen -q -t ed25519 -N '' -f %s/other",
          folder, folder, folder, folder, folder, folder);
    put("sshd_config", 0600,
        "ListenAddress 192.0.2.2:22\nHostKey %s/host_ed25519\nHostKey %s/host_rsa\nUsePAM no\n"
        "PasswordAuthentication yes\nAuthorizedKeysFile %s/authorized\nStrictModes no\n"
        "PidFile none\nUseDNS no\nPrintMotd no\nPrintLastLog no\n",
        folder, folder, folder);
    snprintf(program, sizeof program, "%.4000s/usr/sbin/sshd", tools);
    snprintf(config, sizeof config, "%s", in_folder("sshd_config"));
    const char *const words[] = {program, "-D", "-e", "-f", config, NULL};
    start_daemon(net_there, words);
}

static inline void
start_frr(int net, const char *program, const char *config, const char *sockets, const char *more)
{
    char path[PATH_MAX], file[160], pid[64], api[64];
    snprintf(path, sizeof path, "%.4000s/usr/lib/frr/%s", tools, program);
    snprintf(file, sizeof file, "%s", in_folder(config));
    snprintf(pid, sizeof pid, "%s/%s.pid", sockets, program);
    snprintf(api, sizeof api, "%s/zserv.api", sockets);
    const char *const words[] = {path, "-u", "frr",          "-g",    "frr", "-f", file, "-i", pid,
                                 "-z", api,  "--vty_socket", sockets, "-P",  "0",  more, NULL};
    start_daemon(net, words);
}

static inline void
start_routers(void)
{
    static const char *const bgp =
        "hostname edge1\nrouter bgp %d\n no bgp ebgp-requires-policy\n bgp router-id 192.0.2.%d\n"
        " neighbor 192.0.2.%d remote-as %d\n neighbor 192.0.2.%d password router-word\n"
        " neighbor 192.0.2.%d timers 10 120\n neighbor 192.0.2.%d timers connect 1\n";
    shell("chmod 755 %s", folder);
    put("zebra.conf", 0644, "hostname edge1\n");
    put("bgpd.conf", 0644, bgp, 65002, 2, 1, 65001, 1, 1, 1);
    put("plain.conf", 0644, bgp, 65001, 1, 2, 65002, 2, 2, 2);
    shell("(cat %s/plain.conf; echo ' no bgp network import-check'; echo ' network 203.0.113.0/24')"
          " >%s/peer.conf && chmod 644 %s/peer.conf",
          folder, folder, folder);
    start_frr(net_there, "zebra", "zebra.conf", "/run/frr", NULL);
    start_frr(net_there, "bgpd", "bgpd.conf", "/run/frr", NULL);
    start_frr(net_here, "bgpd", "peer.conf", "/run/peer", "-Z");
}

/* False where the devices are not to be had. */
static inline bool
devices_make(void)
{
    fault_t fault = {0};
    char own[PATH_MAX];
    text_copy(folder, sizeof folder, "/tmp/tocsin-device.XXXXXX");
    if (!mkdtemp(folder) || chmod(folder, 0755) || program_folder(own, &fault) || net_make())
        fail_msg("no folder, or no network: %s", fault.text);
    snprintf(programs, sizeof programs, "%.4000s/../../libexec/tocsin", own);
    if (!realpath(TOOLS, tools) || access(TOOLS "/usr/sbin/sshd", X_OK) ||
        access(TOOLS "/usr/lib/frr/zebra", X_OK))
        return false;
    go(net_there);
    shell(
        "ip link add wan0 type veth peer name wan1 && ip link set wan0 up && ip link set wan1 up");
    go(net_here);
    make_users();
    put_shells();
    start_routers();
    start_sshd();
    return true;
}

static inline void
devices_end(void)
{
    for (size_t i = 0; i < daemon_count; i++) {
        kill(daemons[i], SIGKILL);
        waitpid(daemons[i], NULL, 0);
    }
    shell("rm -r %s", folder);
}

/* A public key's file as the words of a policy: "TYPE BASE64". */
static inline const char *
public_key(const char *name, char out[static 1024])
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read(in_folder(name), 1000, &fault);
    if (!text)
        fail_msg("%s", fault.text);
    const char *type = bytes_text(text), *key = strchr(type, ' ') + 1;
    snprintf(out, 1024, "%.*s", (int)((size_t)(key - type) + strcspn(key, " \n")), type);
    return out;
}

#endif
