/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"

#define ALL_OF_ABI_1   (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)
#define ABI_2_REFER    (1ULL << 13) /* to link from one folder into another */
#define ABI_3_TRUNCATE (1ULL << 14)

static int
allow_below(int rules, const char *path, uint64_t access)
{
    CLEANUP(descriptor_close) int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct landlock_path_beneath_attr below = {.allowed_access = access, .parent_fd = fd};
    return fd < 0
               ? -1
               : (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
}

void
fence_files(const char *writable)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t later = (abi >= 2 ? ABI_2_REFER : 0) | (abi >= 3 ? ABI_3_TRUNCATE : 0);
    struct landlock_ruleset_attr all = {.handled_access_fs = ALL_OF_ABI_1 | later};
    CLEANUP(descriptor_close)
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0 || (writable && abi < 2) ||
        allow_below(rules, "/", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR) ||
        (writable &&
         allow_below(rules, writable, (ALL_OF_ABI_1 & ~LANDLOCK_ACCESS_FS_EXECUTE) | later)) ||
        syscall(SYS_landlock_restrict_self, rules, 0))
        log_warning("no Landlock: %s", strerror(errno));
}

static const int never[] = {
    SCMP_SYS(add_key),
    SCMP_SYS(bpf),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(kill),
    SCMP_SYS(mount),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(request_key),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(setns),
    SCMP_SYS(tkill),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vfork),
};

static const int sockets[] = {
    SCMP_SYS(accept),  SCMP_SYS(accept4), SCMP_SYS(bind),
    SCMP_SYS(connect), SCMP_SYS(listen),  SCMP_SYS(socket),
};

static const int files[] = {
    SCMP_SYS(creat),     SCMP_SYS(link),    SCMP_SYS(linkat),   SCMP_SYS(open),
    SCMP_SYS(openat),    SCMP_SYS(openat2), SCMP_SYS(rename),   SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlink),  SCMP_SYS(unlinkat),
};

/* What changes files by their names, open apart; bind makes a socket. */
static const int changes[] = {
    SCMP_SYS(bind),     SCMP_SYS(chmod),     SCMP_SYS(chown),     SCMP_SYS(creat),
    SCMP_SYS(fchmod),   SCMP_SYS(fchmodat),  SCMP_SYS(fchown),    SCMP_SYS(fchownat),
    SCMP_SYS(lchown),   SCMP_SYS(link),      SCMP_SYS(linkat),    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),  SCMP_SYS(mknod),     SCMP_SYS(mknodat),   SCMP_SYS(openat2),
    SCMP_SYS(rename),   SCMP_SYS(renameat),  SCMP_SYS(renameat2), SCMP_SYS(rmdir),
    SCMP_SYS(symlink),  SCMP_SYS(symlinkat), SCMP_SYS(truncate),  SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
};

static int
refuse(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int status = 0;
    for (size_t i = 0; !status && i < count; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
    return status;
}

int
fence_refuse_spaces(scmp_filter_ctx filter, unsigned kinds)
{
    static const unsigned known[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                     CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
    int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    for (size_t i = 0; !status && i < ARRAY_SIZE(known); i++)
        if (!(kinds & known[i]))
            status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                      SCMP_A0(SCMP_CMP_MASKED_EQ, known[i], known[i]));
    return status;
}

/* Threads may be made, and one may abort: as fork, libc calls clone, and as raise, tgkill. */
static int
refuse_others(scmp_filter_ctx filter)
{
    int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    return status ? status
                  : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
                                     SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid()));
}

static int
refuse_changes(scmp_filter_ctx filter)
{
    static const scmp_datum_t flags[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};
    int status = refuse(filter, changes, ARRAY_SIZE(changes));
    for (size_t i = 0; !status && i < ARRAY_SIZE(flags); i++) {
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
                                  SCMP_A1(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
        if (!status)
            status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
                                      SCMP_A2(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
    }
    return status;
}

int
fence_calls(fence_t may, fault_t *fault)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int status = filter ? refuse(filter, never, ARRAY_SIZE(never)) : -ENOMEM;
    if (!status)
        status = fence_refuse_spaces(filter, 0);
    if (!status)
        status = refuse_others(filter);
    if (!status && may == FENCE_READS)
        status = refuse_changes(filter);
    if (!status && (may == FENCE_KEEPS || may == FENCE_ALONE))
        status = refuse(filter, sockets, ARRAY_SIZE(sockets));
    if (!status && may == FENCE_ALONE)
        status = refuse(filter, files, ARRAY_SIZE(files));
    if (!status)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status ? fault_set(fault, FAULT_IO,
                              "the kernel takes no filter of system calls (seccomp): %s",
                              strerror(-status))
                  : 0;
}

static void
limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limits = {most, most};
    if (setrlimit(resource, &limits))
        log_warning("setrlimit: %s", strerror(errno));
}

void
fence_limits(unsigned descriptors)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, descriptors);
}
