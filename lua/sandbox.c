/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILTER_MAX 256 /* instructions */

struct sandbox {
    unsigned cpu_max_s;
    rlim_t address_space; /* what is mapped already, and a stack */
    struct sock_fprog program;
    struct sock_filter filter[FILTER_MAX];
};

/* Landlock as linux/landlock.h of a newer kernel than Debian's headers has it. */
struct landlock_attributes {
    uint64_t files, network, scoped;
};

static const struct {
    struct landlock_attributes handled;
    size_t bytes;
} landlock_abis[] = {
    [1] = {{0x1fff, 0, 0}, 8},  /* files: execute .. make_sym */
    [2] = {{0x3fff, 0, 0}, 8},  /* refer */
    [3] = {{0x7fff, 0, 0}, 8},  /* truncate */
    [4] = {{0x7fff, 3, 0}, 16}, /* bind, connect */
    [5] = {{0xffff, 3, 0}, 16}, /* ioctl on devices */
    [6] = {{0xffff, 3, 3}, 24}, /* abstract sockets, signals */
};

#ifdef TOCSIN_SANITIZED
static const int sanitizer_calls[] = {
    SCMP_SYS(mmap),         SCMP_SYS(munmap),         SCMP_SYS(mprotect),    SCMP_SYS(madvise),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(futex),       SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),       SCMP_SYS(gettid),         SCMP_SYS(sched_yield),
};
#endif

static int
add_rules(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp ours = SCMP_A0(SCMP_CMP_EQ, SANDBOX_FD);
    int wrong = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &ours);
    wrong |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &ours);
    wrong |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0, NULL);
    wrong |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(exit), 0, NULL);
#ifdef TOCSIN_SANITIZED
    for (size_t i = 0; i < ARRAY_SIZE(sanitizer_calls); i++)
        wrong |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, sanitizer_calls[i], 0, NULL);
#endif
    return wrong;
}

/* libseccomp writes its program to a descriptor; a file in memory gives it back. */
static int
build_filter(sandbox_t *self)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    CLEANUP(descriptor_close) int memory = memfd_create("filter", MFD_CLOEXEC);
    ssize_t got = -1;
    if (filter && memory >= 0 && !add_rules(filter) && !seccomp_export_bpf(filter, memory))
        got = pread(memory, self->filter, sizeof self->filter, 0);
    if (filter)
        seccomp_release(filter);
    if (got <= 0 || (size_t)got >= sizeof self->filter)
        return -1;
    self->program.len = (unsigned short)((size_t)got / sizeof self->filter[0]);
    self->program.filter = self->filter;
    return 0;
}

/* Pages mapped now, from /proc/self/statm (proc(5)); without it the limit is not set. */
static rlim_t
mapped_now(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return RLIM_INFINITY;
    int read = fscanf(file, "%lu", &pages);
    fclose(file);
    return read == 1 ? pages * (rlim_t)sysconf(_SC_PAGESIZE) : RLIM_INFINITY;
}

sandbox_t *
sandbox_new(unsigned cpu_max_s, fault_t *fault)
{
    CLEANUP(sandbox_destroy) sandbox_t *self = memory_new(1, sizeof *self);
    self->cpu_max_s = cpu_max_s;
    self->address_space = mapped_now();
    if (self->address_space != RLIM_INFINITY)
        self->address_space += SANDBOX_STACK_MAX;
    if (build_filter(self)) {
        fault_set(fault, FAULT_DENIED, "this machine's seccomp cannot confine a playbook");
        return NULL;
    }
    return MOVE(self);
}

void
sandbox_destroy(sandbox_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static int
keep_one_descriptor(int fd)
{
    if (fd != SANDBOX_FD && dup2(fd, SANDBOX_FD) != SANDBOX_FD)
        return -1;
    if (close_range(0, SANDBOX_FD - 1, 0) || close_range(SANDBOX_FD + 1, ~0U, 0))
        return -1;
    return 0;
}

static void
forget_signal_handlers(void)
{
    sigset_t none;
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
limit(const sandbox_t *self)
{
    const struct {
        __rlimit_resource_t resource;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CPU, self->cpu_max_s},
#ifndef TOCSIN_SANITIZED
        {RLIMIT_AS, self->address_space},
#endif
        {RLIMIT_NOFILE, SANDBOX_FD + 1},  {RLIMIT_NPROC, 0}, {RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct rlimit both = {limits[i].most, limits[i].most};
        if (setrlimit(limits[i].resource, &both))
            return -1;
    }
    return 0;
}

/* Landlock's version of this kernel; 0 where there is none. */
static int
landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    return abi > 0 ? (int)abi : 0;
}

/* A ruleset that handles everything and allows nothing. Best effort: seccomp is the wall. */
static void
enter_landlock(void)
{
    size_t abi = (size_t)landlock_abi();
    if (!abi)
        return;
    if (abi >= ARRAY_SIZE(landlock_abis))
        abi = ARRAY_SIZE(landlock_abis) - 1;
    CLEANUP(descriptor_close)
    int rules = (int)syscall(SYS_landlock_create_ruleset, &landlock_abis[abi].handled,
                             landlock_abis[abi].bytes, 0);
    if (rules >= 0)
        syscall(SYS_landlock_restrict_self, rules, 0);
}

int
sandbox_enter(const sandbox_t *self, int fd, pid_t parent)
{
    forget_signal_handlers();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || getppid() != parent)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return -1;
    if (keep_one_descriptor(fd))
        return -1;
    enter_landlock();
    if (limit(self))
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &self->program);
}
