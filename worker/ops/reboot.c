/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/reboot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/op_group.h"
#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/session.h"

/* Whoever installs locks both, one by one (dpkg's lib/dpkg/dbmodify.c). */
static int
check_dpkg(const op_world_t *world, fault_t *fault)
{
    static const char *const locks[] = {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        CLEANUP(descriptor_close)
        int fd = open(machine_path(world, path, "%s", locks[i]), O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0 || fcntl(fd, F_GETLK, &lock))
            return fault_errno(fault, "whether a package is being installed '%s' does not tell",
                               locks[i]);
        if (lock.l_type != F_UNLCK)
            return fault_set(fault, FAULT_CONFLICT,
                             "a package is being installed: '%s' is locked; later", locks[i]);
    }
    return 0;
}

static int
check_sessions(reboot_t *self, const op_world_t *world, bool despite, fault_t *fault)
{
    CLEANUP(memory_free) session_t *all = NULL;
    size_t count;
    if (session_all(world, &all, &count, fault))
        return -1;
    self->sessions = (int64_t)count;
    if (!self->sessions || despite)
        return 0;
    CLEANUP(value_destroy) value_t *user = shown(all[0].user);
    return fault_set(fault, FAULT_CONFLICT,
                     "%lld sessions are open on this machine, one of '%.60s': ask them, or say "
                     "despite_sessions",
                     (long long)self->sessions, value_string(user));
}

int
reboot_look(reboot_t *self, const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    *self = (reboot_t){.seconds = asked_or(arguments, "seconds", REBOOT_SECONDS)};
    machine_line(world, self->boot, sizeof self->boot, "/proc/sys/kernel/random/boot_id");
    if (!self->boot[0])
        return fault_set(fault, FAULT_IO,
                         "the kernel does not tell which boot this is: nobody would see another");
    self->systemd = !access(machine_path(world, path, "/run/systemd/system"), F_OK);
    return check_sessions(self, world, value_get_bool(arguments, "despite_sessions"), fault) ||
                   check_dpkg(world, fault)
               ? -1
               : 0;
}

value_t *
reboot_tell(const reboot_t *self)
{
    value_t *result = value_map();
    if (!self->foreseen)
        value_set_text(result, "boot", self->boot);
    value_set_integer(result, "at", wall_now().ms + self->seconds * 1000);
    value_set_text(result, "by", self->systemd ? "systemd" : "shutdown");
    value_set_integer(result, "sessions", self->sessions);
    return result;
}

/* It holds nothing of the op's, and has none of its rights but root's name. */
_Noreturn static void
wait_and_shut_down(const reboot_t *self, const char *program)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const environment[] = {path, NULL};
    char *const words[] = {(char *)"shutdown", (char *)"-r", (char *)"now", NULL};
    prctl(PR_SET_NAME, "tocsin-reboot");
    op_group_leave();
    close_range(3, ~0U, 0);
    sleep((unsigned)self->seconds);
    execve(program, words, environment);
    _exit(1);
}

int
reboot_by_shutdown(const reboot_t *self, const op_world_t *world, fault_t *fault)
{
    char program[PATH_MAX];
    int status;
    machine_path(world, program, "/sbin/shutdown");
    if (access(program, X_OK))
        return fault_set(fault, FAULT_NOT_FOUND,
                         "this machine has neither systemd nor '/sbin/shutdown'");
    prctl(PR_SET_CHILD_SUBREAPER, 0); /* it is not the op's */
    pid_t between = fork();
    if (between == 0) {
        setsid();
        pid_t waits = fork();
        if (waits == 0)
            wait_and_shut_down(self, program);
        _exit(waits < 0);
    }
    bool stands = between > 0 && waitpid(between, &status, 0) == between && !status;
    return stands ? 0 : fault_set(fault, FAULT_IO, "no process stands that would reboot");
}

/* Not who holds a shutdown back: systemd's login service alone tells that, to ops that may act. Nor
 * which boot ends, so that nobody waits for its end. */
value_t *
host_reboot_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    reboot_t reboot;
    if (reboot_look(&reboot, arguments, world, fault))
        return NULL;
    value_t *foresight = foresight_new();
    foresight_goes(foresight, "boot %s, with %lld sessions", reboot.boot,
                   (long long)reboot.sessions);
    foresight_comes(foresight, "another boot, begun in %lld s", (long long)reboot.seconds);
    reboot.foreseen = true;
    return foresight_give(foresight, reboot_tell(&reboot));
}
