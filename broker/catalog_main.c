/* SPDX-License-Identifier: Apache-2.0 */
/* catalog REPOSITORY UID INTERVAL_MS, started by the broker with a socket as descriptor 3.
 *
 * The keeper gives up what it can at start, then forks a reader whenever the broker wishes for
 * one. Only readers look at the repository. See broker/catalog.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/catalog_reader.h"
#include "broker/keeper.h"
#include "common/log.h"
#include "common/privilege.h"
#include "common/text.h"

#define MEMORY_MAX      (512UL * 1024 * 1024)
#define DESCRIPTORS_MAX 256

typedef struct {
    const char *path; /* of the repository, as a reader sees it */
    int interval_ms;
} place_t;

/* Best effort: what libgit2 needs to read, and to speak on an open socket; EPERM for the rest. */
static void
filter_calls(void)
{
    static const int calls[] = {
        SCMP_SYS(access),
        SCMP_SYS(brk),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(close),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(faccessat),
        SCMP_SYS(faccessat2),
        SCMP_SYS(fcntl),
        SCMP_SYS(fstat),
        SCMP_SYS(futex),
        SCMP_SYS(getcwd),
        SCMP_SYS(getdents64),
        SCMP_SYS(getegid),
        SCMP_SYS(geteuid),
        SCMP_SYS(getgid),
        SCMP_SYS(getpid),
        SCMP_SYS(getrandom),
        SCMP_SYS(gettid),
        SCMP_SYS(getuid),
        SCMP_SYS(lseek),
        SCMP_SYS(lstat),
        SCMP_SYS(madvise),
        SCMP_SYS(mmap),
        SCMP_SYS(mprotect),
        SCMP_SYS(mremap),
        SCMP_SYS(munmap),
        SCMP_SYS(newfstatat),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(pread64),
        SCMP_SYS(read),
        SCMP_SYS(readlink),
        SCMP_SYS(readlinkat),
        SCMP_SYS(recvmsg),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(sendmsg),
        SCMP_SYS(stat),
        SCMP_SYS(statx),
        SCMP_SYS(tgkill),
        SCMP_SYS(write),
        SCMP_SYS(writev),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int status = filter ? 0 : -ENOMEM;
    for (size_t i = 0; !status && i < ARRAY_SIZE(calls); i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    if (!status)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));
#ifndef TOCSIN_SANITIZED
    if (!status)
        status = seccomp_load(filter);
#endif
    if (status)
        log_warning("no filter of system calls: %s", strerror(-status));
    seccomp_release(filter);
}

/* Best effort: the repository may be read, and no other file be touched. */
static void
fence(const char *path)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1};
    struct landlock_path_beneath_attr below = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        .parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC),
    };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0 || below.parent_fd < 0 ||
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) ||
        syscall(SYS_landlock_restrict_self, rules, 0))
        log_warning("no Landlock around '%s': %s", path, strerror(errno));
    if (below.parent_fd >= 0)
        close(below.parent_fd);
    if (rules >= 0)
        close(rules);
}

static void
limit(int resource, rlim_t most)
{
    struct rlimit limits = {most, most};
    if (setrlimit(resource, &limits))
        log_warning("setrlimit: %s", strerror(errno));
}

static const char *
confine(const char *path, uid_t uid, fault_t *fault)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
#ifndef TOCSIN_SANITIZED
    limit(RLIMIT_AS, MEMORY_MAX);
#endif
    if (geteuid() == 0 && uid != 0) {
        if (chdir(path) || chroot(".")) {
            fault_errno(fault, "'%s' cannot be entered", path);
            return NULL;
        }
        path = "/";
    }
    if (privilege_drop(uid, fault))
        return NULL;
    fence(path);
    return path;
}

static void
work(void *context, int fd)
{
    const place_t *place = context;
    filter_calls();
    catalog_reader_run(place->path, fd, place->interval_ms);
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    uint64_t uid, interval_ms;
    log_open("tocsin-catalog", LEVEL_INFO);
    if (argc != 4 || !text_read_u64(argv[2], 0, UINT32_MAX - 1, &uid) ||
        !text_read_u64(argv[3], 1, INT32_MAX, &interval_ms)) {
        log_error("usage: catalog REPOSITORY UID INTERVAL_MS (the broker starts it)");
        return fault_exit(FAULT_USAGE);
    }
    keeper_close_others();
    const char *path = catalog_reader_open(&fault) ? NULL : confine(argv[1], (uid_t)uid, &fault);
    if (!path) {
        log_fault("start", &fault);
        return fault_exit(fault.code);
    }
    place_t place = {path, (int)interval_ms};
    keeper_serve(work, &place);
}
