/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_cell.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fence.h"
#include "common/file.h"
#include "common/text.h"
#include "wire/shape.h"
#include "worker/foresight.h"

#define NOBODY     65534
#define RESULT_FD  3 /* and GO_FD: all that it keeps */
#define GO_FD      4
#define FILTER_MAX 512 /* instructions */
#define MEMORY_MIB 64  /* of what only foretells an op that has no bound itself */

/* Standard descriptors on /dev/null, these two where they are expected, nothing else. */
static int
settle_descriptors(int result, int go, fault_t *fault)
{
    int high_result = fcntl(result, F_DUPFD, 16), high_go = fcntl(go, F_DUPFD, 16);
    int null = open("/dev/null", O_RDWR);
    if (high_result < 0 || high_go < 0 || null < 0)
        return fault_errno(fault, "descriptors");
    for (int fd = 0; fd < 3; fd++)
        if (null != fd && dup2(null, fd) < 0)
            return fault_errno(fault, "descriptors");
    if (dup2(high_result, RESULT_FD) < 0 || dup2(high_go, GO_FD) < 0 ||
        close_range(GO_FD + 1, ~0U, 0))
        return fault_errno(fault, "descriptors");
    return 0;
}

static int
set_limits(const op_row_t *row, const op_t *op, fault_t *fault)
{
    const struct {
        unsigned what;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_FSIZE, row->file_bytes},
        {RLIMIT_NOFILE, 256},
        {RLIMIT_CPU, op->timeout_s + 1},
#ifndef TOCSIN_SANITIZED
        {RLIMIT_AS, (rlim_t)(op->memory_mib ? op->memory_mib : MEMORY_MIB) << 20},
#endif
    };
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct rlimit limit = {limits[i].most, limits[i].most};
        if (setrlimit(limits[i].what, &limit))
            return fault_errno(fault, "limits");
    }
    return 0;
}

/* What a program that it starts keeps: those that are inheritable, which the bounding set must
 * still hold when they become so. */
static int
let_inherit(uint64_t keep, fault_t *fault)
{
    for (int cap = 0; cap < 64; cap++)
        if (keep & 1ULL << cap && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
            return fault_errno(fault, "capabilities");
    return 0;
}

static int
drop_bounds(fault_t *fault)
{
    int held;
    for (int cap = 0; (held = prctl(PR_CAPBSET_READ, cap)) >= 0; cap++)
        if (held && prctl(PR_CAPBSET_DROP, cap))
            return fault_errno(fault, "capabilities");
    return 0;
}

/* The bounding set goes first, then the uid with what is permitted kept, then all but the row's. Of
 * these the effector may lack some: it is the op's own call that fails then, if it comes to that.
 */
static int
shed_privileges(const op_row_t *row, fault_t *fault)
{
    uid_t user = row->root ? 0 : NOBODY;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &header, data))
        return fault_errno(fault, "capabilities");
    uint64_t has = data[0].permitted | (uint64_t)data[1].permitted << 32;
    uint64_t keep = row->capabilities & has;
    for (int word = 0; word < 2; word++)
        data[word].inheritable = row->executes ? (uint32_t)(keep >> (32 * word)) : 0;
    if (syscall(SYS_capset, &header, data))
        return fault_errno(fault, "capabilities");
    if (drop_bounds(fault))
        return -1;
    for (int word = 0; word < 2; word++)
        data[word].permitted = data[word].effective = (uint32_t)(keep >> (32 * word));
    if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(user, user, user) ||
        setresuid(user, user, user) || syscall(SYS_capset, &header, data) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return fault_errno(fault, "privileges");
    return row->executes ? let_inherit(keep, fault) : 0;
}

/* Namespaces with nothing in them. One for each child would cost more than all the rest of it. */
enum { NETWORK, QUEUES, SPACES };
static const struct {
    int kind;
    const char *own;
} spaces[SPACES] = {
    [NETWORK] = {CLONE_NEWNET, "/proc/self/ns/net"},
    [QUEUES] = {CLONE_NEWIPC, "/proc/self/ns/ipc"},
};

/* What every child uses and only the first one makes: the spaces, and the filter of system calls.
 * The one mutable variable of this file. */
static struct {
    int space[SPACES];                        /* open as long as the process lives */
    struct sock_filter filter[2][FILTER_MAX]; /* of rows that execute nothing, and that do */
    struct sock_fprog program[2];             /* empty until all are made */
    bool settled;                             /* by op_cell_settle, here or in who made this */
} mould = {.space = {-1, -1}};

/* Going back needs no more rights than leaving did. */
static int
make_space(int which, fault_t *fault)
{
    const char *own = spaces[which].own;
    CLEANUP(descriptor_close) int ours = open(own, O_RDONLY | O_CLOEXEC);
    if (ours < 0 || unshare(spaces[which].kind))
        return fault_errno(fault, "'%s': no other is to be had", own);
    int empty = open(own, O_RDONLY | O_CLOEXEC);
    int away = setns(ours, spaces[which].kind);
    assert(!away);
    mould.space[which] = empty;
    return empty < 0 ? fault_errno(fault, "'%s'", own) : 0;
}

/* Without calls that no op has a use for, whatever a flaw in it might want. */
static int
add_rules(scmp_filter_ctx filter, bool executes, unsigned allowed)
{
    static const int foreign[] = {
        SCMP_SYS(execve), /* and the next one: unless the row executes */
        SCMP_SYS(execveat),
        SCMP_SYS(ptrace),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(move_mount),
        SCMP_SYS(open_tree),
        SCMP_SYS(fsopen),
        SCMP_SYS(fsmount),
        SCMP_SYS(fsconfig),
        SCMP_SYS(fspick),
        SCMP_SYS(mount_setattr),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(unshare),
        SCMP_SYS(setns),
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(keyctl),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(swapoff),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(pidfd_getfd),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(settimeofday),
        SCMP_SYS(clock_settime),
        SCMP_SYS(shmget), /* what would outlive the child in the space that all share */
        SCMP_SYS(semget),
        SCMP_SYS(msgget),
        SCMP_SYS(mq_open),
    };
    int wrong = fence_refuse_spaces(filter, allowed);
    for (size_t i = executes ? 2 : 0; !wrong && i < ARRAY_SIZE(foreign); i++)
        wrong = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), foreign[i], 0);
    return wrong;
}

/* libseccomp writes its program to a descriptor; a file in memory gives it back. A tree, as the
 * kernel goes through it for every call there is when a child loads it. */
static int
make_filter(bool executes, unsigned allowed, fault_t *fault)
{
    struct sock_filter *out = mould.filter[executes];
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    CLEANUP(descriptor_close) int memory = memfd_create("filter", MFD_CLOEXEC);
    ssize_t got = -1;
    if (filter && memory >= 0 && !add_rules(filter, executes, allowed) &&
        !seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) &&
        !seccomp_export_bpf(filter, memory))
        got = pread(memory, out, sizeof mould.filter[0], 0);
    seccomp_release(filter);
    if (got <= 0 || (size_t)got >= sizeof mould.filter[0])
        return fault_set(fault, FAULT_IO, "the filter of system calls cannot be made");
    mould.program[executes] =
        (struct sock_fprog){.len = (unsigned short)((size_t)got / sizeof out[0]), .filter = out};
    return 0;
}

int
op_cell_prepare(fault_t *fault)
{
    for (int i = 0; i < SPACES; i++)
        if (mould.space[i] < 0 && make_space(i, fault))
            return -1;
    for (int i = 0; i < 2; i++)
        if (!mould.program[i].len && make_filter(i, 0, fault))
            return -1;
    return 0;
}

static int
filter_calls(bool executes, fault_t *fault)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &mould.program[executes]))
        return fault_set(fault, FAULT_IO, "the filter of system calls cannot be loaded");
    return 0;
}

pid_t
op_cell_clone(const op_row_t *row, unsigned long more)
{
    unsigned long flags = SIGCHLD | more;
    if (!row->whole)
        flags |= CLONE_NEWUTS | (row->signals ? 0 : CLONE_NEWPID);
    return (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

static void
reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The arguments, once the parent gives them; NULL when it is gone. Its death comes as SIGKILL,
 * which is set last, because changed credentials clear it; a parent that died before that closed
 * its end of the pipe. */
static value_t *
await_go(fault_t *fault)
{
    static uint8_t words[OP_CELL_WORDS_MAX];
    size_t size = 0;
    ssize_t got = prctl(PR_SET_PDEATHSIG, SIGKILL) ? -1 : 1;
    while (got > 0 && size < sizeof words) {
        got = read(GO_FD, words + size, sizeof words - size);
        size += got > 0 ? (size_t)got : 0;
    }
    close(GO_FD);
    if (got < 0 || !size) {
        fault_set(fault, FAULT_IO, "the effector is gone");
        return NULL;
    }
    return value_decode(slice_of(words, size), fault);
}

/* What is the effector's habit and nobody's right. */
static int
leave_habits(fault_t *fault)
{
    static char *no_environment[] = {NULL};
    environ = no_environment;
    umask(077);
    reset_signals();
    return chdir("/") ? fault_errno(fault, "the root folder") : 0;
}

/* Only what must be done while the effector's namespaces are at hand. */
static int
enter_spaces(bool network, bool queues, fault_t *fault)
{
    if ((!network && setns(mould.space[NETWORK], CLONE_NEWNET)) ||
        (!queues && setns(mould.space[QUEUES], CLONE_NEWIPC)))
        return fault_errno(fault, "the empty namespaces");
    return 0;
}

static int
leave_machine(const op_row_t *row, int result, int go, fault_t *fault)
{
    if (!mould.settled && (leave_habits(fault) || enter_spaces(row->network, row->whole, fault)))
        return -1;
    if ((row->whole || row->signals) && prctl(PR_SET_CHILD_SUBREAPER, 1))
        return fault_errno(fault, "a reaper of what it starts");
    return settle_descriptors(result, go, fault);
}

static int
confine(const op_row_t *row, const op_t *op, fault_t *fault)
{
    if (!row->whole && (set_limits(row, op, fault) || shed_privileges(row, fault) ||
                        (!mould.settled && filter_calls(row->executes, fault))))
        return -1;
    return 0;
}

/* The filter lets the cells' own namespaces be made, which takes CAP_SYS_ADMIN: no cell has it. */
int
op_cell_settle(bool network, int *link, fault_t *fault)
{
    if (leave_habits(fault) || enter_spaces(network, false, fault) || drop_bounds(fault) ||
        settle_descriptors(*link, *link, fault) ||
        make_filter(false, CLONE_NEWPID | CLONE_NEWUTS, fault) || filter_calls(false, fault))
        return -1;
    *link = RESULT_FD;
    close(GO_FD);
    mould.settled = true;
    return prctl(PR_SET_PDEATHSIG, SIGKILL) ? fault_errno(fault, "the effector's end") : 0;
}

bool
op_cell_can_settle(const op_row_t *row)
{
    return row->body && !row->whole && !row->executes &&
           !(row->capabilities & 1ULL << CAP_SYS_ADMIN);
}

/* A name of a stranger's may stand in it, or one that was cut amid a character: what is neither
 * text nor whole is shown as '?', so that the rest counts. */
static void
show_text(const char *text, bytes_t *out)
{
    while (*text) {
        size_t size = 1, most = strnlen(text, 4);
        while (size <= most && !text_is_free(slice_of(text, size)))
            size++;
        bytes_add(out, size <= most ? text : "?", size <= most ? size : 1);
        text += size <= most ? size : 1;
    }
}

_Noreturn static void
finish(value_t *result, const fault_t *fault)
{
    bytes_t *out = bytes_new();
    if (result) {
        bytes_add_text(out, "v");
        value_encode(result, out);
    } else {
        bytes_addf(out, "f%s\n", fault_word(fault->code));
        show_text(fault->text, out);
    }
    int failed = file_write_all(RESULT_FD, bytes_slice(out), NULL);
    close(RESULT_FD); /* said before the kernel takes all the rest of it apart */
    _exit(failed ? 1 : 0);
}

/* What does not have the shape that the table promises is not given to a playbook. */
static value_t *
keep_shape(const op_row_t *row, const op_t *op, value_t *result, fault_t *fault)
{
    fault_t why = {0};
    if (!result || !(row->foretells ? foresight_check(op, result, &why)
                     : op->result   ? shape_check(op->result, result, &why)
                                    : 0))
        return result;
    fault_set(fault, FAULT_FAILED, "%s: its result is not what the op table says: %s", op->name,
              why.text);
    value_destroy(&result);
    return NULL;
}

_Noreturn static void
act(const op_row_t *row, const op_t *op, op_body_t *body, const op_world_t *world)
{
    fault_t fault = {0};
    value_t *result = NULL, *arguments = confine(row, op, &fault) ? NULL : await_go(&fault);
    if (arguments)
        result = keep_shape(row, op, body(arguments, world, &fault), &fault);
    finish(result, &fault);
}

_Noreturn void
op_cell_enter(const op_row_t *row, const op_t *op, const op_world_t *world, int result, int go)
{
    fault_t fault = {0};
    char path[PATH_MAX];
    if (leave_machine(row, result, go, &fault))
        finish(NULL, &fault);
    if (row->body)
        act(row, op, row->body, world);
    char *const words[] = {(char *)(uintptr_t)row->program, (char *)(uintptr_t)row->name,
                           (char *)(uintptr_t)world->root, NULL};
    snprintf(path, sizeof path, "%s/%s", world->programs, row->program);
    execve(path, words, environ);
    fault_errno(&fault, "'%.160s', which %s needs, cannot be started", path, op->name);
    finish(NULL, &fault);
}

/* Changed credentials clear what comes of the effector's death: it is set again, and whether
 * nobody reads our result is looked at then. */
int
op_cell_become(uid_t user, gid_t group, fault_t *fault)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    struct pollfd reader = {.fd = RESULT_FD};
    assert(user);
    if (setgroups(0, NULL) || setresgid(group, group, group) || setresuid(user, user, user) ||
        syscall(SYS_capset, &header, none) || prctl(PR_SET_PDEATHSIG, SIGKILL))
        return fault_errno(fault, "user %u", (unsigned)user);
    if (poll(&reader, 1, 0) < 0 || (reader.revents & POLLERR))
        return fault_set(fault, FAULT_IO, "the effector is gone");
    return 0;
}

int
op_cell_main(int argc, char **argv, const op_act_t *acts, size_t count)
{
    const op_world_t world = {.root = argc == 3 ? argv[2] : NULL};
    fault_t fault = {0};
    for (size_t i = 0; argc >= 2 && i < count; i++) {
        const op_t *op = strcmp(acts[i].name, argv[1]) ? NULL : op_find(argv[1]);
        if (!op)
            continue;
        if (make_filter(op_row(op->name)->executes, 0, &fault))
            finish(NULL, &fault);
        act(op_row(op->name), op, acts[i].body, &world);
    }
    return 2;
}
