/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_fixture - a kernel of the test's own, in which this very test program runs once more as
 * root with every right: Debian's User Mode Linux, which sees this machine's files read-only. For
 * what no namespace has: arrays of drives, limits that only the first user namespace may raise.
 * It has no place for sanitized programs: its page tables end at 512 GiB, where theirs begin. */
#ifndef TOCSIN_KERNEL_FIXTURE_H
#define TOCSIN_KERNEL_FIXTURE_H

#include "op_bench.h"

#include <sys/wait.h>

#define TOOLS       "build/tools"
#define KERNEL      TOOLS "/usr/bin/linux.uml"
#define KERNEL_WORD "inside"
#define WELL        "all of it went well"

/* What runs first there: folders to write to, drives, modules, and then the program. */
static const char kernel_init[] =
    "#!/bin/bash\n"
    "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
    "mount -t proc none /proc; mount -t sysfs none /sys; mount -t tmpfs none /run\n"
    "mount -t devtmpfs none /dev; cd '%s'\n"
    "for i in 0 1; do mknod /dev/md$i b 9 $i; done\n"
    "for module in md-mod raid1; do perl -e 'open(my $in, \"<\", shift) or die;"
    " syscall(313, fileno($in), my $none = \"\", 0) and die $!' " TOOLS
    "/usr/lib/uml/modules/*/kernel/drivers/md/$module.ko; done\n"
    "'%s' " KERNEL_WORD " && echo '" WELL "'\n"
    "echo o >/proc/sysrq-trigger; sleep 60\n";

/* Whether this program is the one in there. */
static inline bool
kernel_is_ours(int argc, char **argv)
{
    return argc > 1 && !strcmp(argv[1], KERNEL_WORD);
}

/* Runs it in there, with three empty drives (ubda, ubdb, ubdc) that wait for no disk; what it says
 * is told where it fails. */
USED static void
kernel_run(void)
{
    char folder[] = "/tmp/tocsin-kernel-XXXXXX", init[64], here_is[PATH_MAX], own[PATH_MAX];
    char text[sizeof kernel_init + 2 * PATH_MAX], command[PATH_MAX + 1024];
    fault_t fault = {0};
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
#ifdef TOCSIN_SANITIZED
    skip();
#endif
    if (access(KERNEL, X_OK) || size < 0 || !getcwd(here_is, sizeof here_is) || !mkdtemp(folder))
        skip();
    own[size] = '\0';
    snprintf(text, sizeof text, kernel_init, here_is, own);
    snprintf(init, sizeof init, "%s/init", folder);
    assert_int_equal(file_write(init, slice_text(text), 0755, &fault), 0);
    const char *drives = folder + strlen("/tmp");
    snprintf(command, sizeof command,
             "cd /dev/shm && mkdir .%s && truncate -s 16M .%s/0 .%s/1 .%s/2 && cd %s && "
             "timeout 100 '%s/" KERNEL "' mem=128M ubd0=/dev/shm%s/0 ubd1=/dev/shm%s/1 "
             "ubd2=/dev/shm%s/2 root=/dev/root rootfstype=hostfs rootflags=/ ro uml_dir=%s "
             "init=%s con=null con0=null,fd:1 </dev/null >said 2>&1;"
             " grep -q '" WELL "' said || { cat said; false; }",
             drives, drives, drives, drives, folder, here_is, drives, drives, drives, folder, init);
    int status = system(command);
    snprintf(command, sizeof command, "rm -rf %s /dev/shm%s", folder, drives);
    assert_int_equal(system(command), 0);
    assert_int_equal(status, 0);
}

#endif
