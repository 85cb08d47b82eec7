/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "worker/ops/bodies.h"

#define NOBODY     65534
#define RESULT_FD  3 /* in the child, and GO_FD: all that it keeps */
#define GO_FD      4
#define FILTER_MAX 512 /* instructions */
#define MEMORY_MAX (512UL * 1024 * 1024)
#define DYING_MS   2000        /* a killed child is gone by then, or hangs in the kernel */
#define WORDS_MAX  (32 * 1024) /* bytes of arguments: what a pipe takes at once */
#define CAP(name)  (1ULL << CAP_##name)

struct op_child {
    pid_t pid;  /* 0 once reaped */
    bool whole; /* has no pid namespace that ends with it */
    int fd;     /* read end of the result pipe */
    int go;     /* write end of the go pipe; -1 once it went */
    const op_t *op;
    bool done;        /* nothing more will come */
    size_t bytes_max; /* of the result */
    mono_t deadline;  /* none before it goes */
    bytes_t *result;  /* 'v' and a value, or 'f', a fault's word, LF and its text */
};

static const op_row_t rows[] = {
    {"disk.largest", disk_largest, CAP(DAC_READ_SEARCH), false, false},
    {"disk.usage", disk_usage, CAP(DAC_READ_SEARCH), false, false},
    {"file.remove", file_remove, CAP(DAC_OVERRIDE) | CAP(FOWNER), false, false},
    {"file.truncate", file_truncate, CAP(DAC_OVERRIDE), false, false},
    {"net.tcp", net_tcp, 0, true, false},
    {"process.list", process_list, 0, false, false},
    {"service.restart", service_restart, 0, true, true},
    {"service.start", service_start, 0, true, true},
    {"service.status", service_status, CAP(DAC_READ_SEARCH) | CAP(SYS_PTRACE), false, false},
};

const op_row_t *
op_row(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (!strcmp(rows[i].name, name))
            return &rows[i];
    return NULL;
}

/* Standard descriptors on /dev/null, the two pipes where the child expects them, nothing else. */
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
set_limits(unsigned timeout_s, fault_t *fault)
{
    const struct {
        unsigned what;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CORE, 0},        {RLIMIT_FSIZE, 0}, /* no op makes a file grow */
        {RLIMIT_NOFILE, 256},    {RLIMIT_CPU, timeout_s + 1},
#ifndef TOCSIN_SANITIZED
        {RLIMIT_AS, MEMORY_MAX},
#endif
    };
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct rlimit limit = {limits[i].most, limits[i].most};
        if (setrlimit(limits[i].what, &limit))
            return fault_errno(fault, "limits");
    }
    return 0;
}

/* The bounding set goes first, then the uid with what is permitted kept, then all but the row's. */
static int
shed_privileges(uint64_t keep, fault_t *fault)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap))
            return fault_errno(fault, "capabilities");
    for (int word = 0; word < 2; word++)
        data[word].permitted = data[word].effective = (uint32_t)(keep >> (32 * word));
    if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
        setresuid(NOBODY, NOBODY, NOBODY) || syscall(SYS_capset, &header, data) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return fault_errno(fault, "privileges");
    return 0;
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
    int space[SPACES]; /* open as long as the process lives */
    struct sock_filter filter[FILTER_MAX];
    struct sock_fprog program; /* empty until both are made */
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
add_rules(scmp_filter_ctx filter)
{
    static const int foreign[] = {
        SCMP_SYS(execve),
        SCMP_SYS(execveat),
        SCMP_SYS(ptrace),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(move_mount),
        SCMP_SYS(open_tree),
        SCMP_SYS(fsopen),
        SCMP_SYS(fsmount),
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
    int wrong = 0;
    for (size_t i = 0; !wrong && i < ARRAY_SIZE(foreign); i++)
        wrong = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), foreign[i], 0);
    return wrong;
}

/* libseccomp writes its program to a descriptor; a file in memory gives it back. */
static int
make_filter(fault_t *fault)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    CLEANUP(descriptor_close) int memory = memfd_create("filter", MFD_CLOEXEC);
    ssize_t got = -1;
    if (filter && memory >= 0 && !add_rules(filter) && !seccomp_export_bpf(filter, memory))
        got = pread(memory, mould.filter, sizeof mould.filter, 0);
    seccomp_release(filter);
    if (got <= 0 || (size_t)got >= sizeof mould.filter)
        return fault_set(fault, FAULT_IO, "the filter of system calls cannot be made");
    mould.program.len = (unsigned short)((size_t)got / sizeof mould.filter[0]);
    mould.program.filter = mould.filter;
    return 0;
}

static int
make_mould(fault_t *fault)
{
    for (int i = 0; i < SPACES; i++)
        if (mould.space[i] < 0 && make_space(i, fault))
            return -1;
    return mould.program.len ? 0 : make_filter(fault);
}

static int
filter_calls(fault_t *fault)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &mould.program))
        return fault_set(fault, FAULT_IO, "the filter of system calls cannot be loaded");
    return 0;
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
    static uint8_t words[WORDS_MAX];
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

static int
confine(const op_row_t *row, const op_t *op, int result, int go, fault_t *fault)
{
    static char *no_environment[] = {NULL};
    environ = no_environment;
    umask(077);
    reset_signals();
    if ((!row->network && setns(mould.space[NETWORK], CLONE_NEWNET)) ||
        (!row->whole && setns(mould.space[QUEUES], CLONE_NEWIPC)))
        return fault_errno(fault, "the empty namespaces");
    if (settle_descriptors(result, go, fault))
        return -1;
    if (chdir("/"))
        return fault_errno(fault, "the root folder");
    if (!row->whole && (set_limits(op->timeout_s, fault) ||
                        shed_privileges(row->capabilities, fault) || filter_calls(fault)))
        return -1;
    return 0;
}

_Noreturn static void
child_main(const op_row_t *row, const op_t *op, const op_world_t *world, int result_fd, int go)
{
    fault_t fault = {0};
    value_t *result = NULL;
    bytes_t *out = bytes_new();
    value_t *arguments = confine(row, op, result_fd, go, &fault) ? NULL : await_go(&fault);
    if (arguments)
        result = row->body(arguments, world, &fault);
    if (result) {
        bytes_add_text(out, "v");
        value_encode(result, out);
    } else {
        bytes_addf(out, "f%s\n%s", fault_word(fault.code), fault.text);
    }
    int failed = file_write_all(RESULT_FD, bytes_slice(out), NULL);
    close(RESULT_FD); /* said before the kernel takes all the rest of it apart */
    _exit(failed ? 1 : 0);
}

/* Like fork: the child goes on with a copy of everything. */
static pid_t
clone_for(const op_row_t *row)
{
    unsigned long flags = SIGCHLD;
    if (!row->whole)
        flags |= CLONE_NEWPID | CLONE_NEWUTS;
    return (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

op_child_t *
op_child_prepare(const op_row_t *row, const op_t *op, const op_world_t *world, fault_t *fault)
{
    int result[2] = {-1, -1}, go[2] = {-1, -1};
    if (make_mould(fault))
        return NULL;
    if (pipe2(result, O_CLOEXEC)) {
        fault_errno(fault, "pipe");
        return NULL;
    }
    CLEANUP(op_child_destroy) op_child_t *self = memory_new(1, sizeof *self);
    CLEANUP(descriptor_close) int write_end = result[1];
    self->fd = result[0];
    self->go = -1;
    self->result = bytes_new();
    self->op = op;
    self->whole = row->whole;
    self->bytes_max = op->result_bytes_max;
    if (pipe2(go, O_CLOEXEC)) {
        fault_errno(fault, "pipe");
        return NULL;
    }
    CLEANUP(descriptor_close) int go_read = go[0];
    self->go = go[1];
    self->pid = clone_for(row);
    if (self->pid < 0) {
        fault_errno(fault, "no process can be made for %s", op->name);
        return NULL;
    }
    if (self->pid == 0) {
        close(self->go);
        child_main(row, op, world, write_end, go_read);
    }
    return MOVE(self);
}

int
op_child_go(op_child_t *self, const value_t *arguments, const char *note, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *words = bytes_new();
    CLEANUP(descriptor_close) int go = self->go;
    assert(go >= 0);
    self->go = -1;
    self->deadline.ms = mono_now().ms + (int64_t)self->op->timeout_s * 1000;
    value_encode(arguments, words);
    if (words->size >= WORDS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d bytes of arguments for %s", WORDS_MAX,
                         self->op->name);
    if (note && proc_note(note, self->pid, fault))
        return -1;
    return file_write_all(go, bytes_slice(words), fault)
               ? fault_set(fault, FAULT_IO, "the op's process is gone")
               : 0;
}

op_child_t *
op_child_start(const op_row_t *row, const op_t *op, const value_t *arguments,
               const op_world_t *world, const char *note, fault_t *fault)
{
    CLEANUP(op_child_destroy) op_child_t *self = op_child_prepare(row, op, world, fault);
    if (!self || op_child_go(self, arguments, note, fault))
        return NULL;
    return MOVE(self);
}

/* SIGKILL to the init of a pid namespace is one to all in it, and it is reaped only after them;
 * what an op without one started, a stop command for instance, is looked for if it was cut off. */
static void
end(op_child_t *self)
{
    proc_t child;
    fault_t ignored;
    if (self->pid <= 0)
        return;
    if (self->whole && !self->done && proc_read(self->pid, &child) &&
        proc_end_tree(&child, DYING_MS, &ignored))
        log_fault(self->op->name, &ignored);
    CLEANUP(descriptor_close) int handle = pidfd_open(self->pid, 0);
    struct pollfd waiting = {.fd = handle, .events = POLLIN};
    kill(self->pid, SIGKILL);
    poll(&waiting, 1, DYING_MS);
    waitpid(self->pid, NULL, WNOHANG);
    self->pid = 0;
}

void
op_child_destroy(op_child_t **self_p)
{
    op_child_t *self = *self_p;
    if (!self)
        return;
    end(self);
    descriptor_close(&self->fd);
    descriptor_close(&self->go);
    bytes_destroy(&self->result);
    free(self);
    *self_p = NULL;
}

int
op_child_fd(const op_child_t *self)
{
    return self->fd;
}

mono_t
op_child_deadline(const op_child_t *self)
{
    return self->deadline;
}

void
op_child_cut(op_child_t *self)
{
    self->deadline = mono_now();
}

bool
op_child_read(op_child_t *self)
{
    uint8_t chunk[16384];
    ssize_t got = read(self->fd, chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (got > 0)
        bytes_add(self->result, chunk, (size_t)got);
    self->done = got <= 0 || self->result->size > self->bytes_max + FAULT_TEXT_MAX;
    return self->done;
}

/* The child's words are a stranger's: they count if its code and text are what a fault's can be. */
static void
read_fault(const op_child_t *self, fault_t *fault)
{
    const char *word = bytes_text(self->result) + 1, *text = strchr(word, '\n');
    char code[16] = "";
    if (text && (size_t)(text - word) < sizeof code)
        memcpy(code, word, (size_t)(text - word));
    fault_code_t number = fault_of(code);
    if (!text || number == FAULT_CODES || number == FAULT_NONE ||
        !text_is_free(slice_text(text + 1)))
        fault_set(fault, FAULT_FAILED, "%s failed and does not say how", self->op->name);
    else
        fault_set(fault, number, "%s", text + 1);
}

static value_t *
read_value(const op_child_t *self, slice_t encoded, fault_t *fault)
{
    fault_t why = {0};
    value_t *value = value_decode(encoded, &why);
    if (!value)
        fault_set(fault, FAULT_UNKNOWN, "%s died amid its result: %s", self->op->name, why.text);
    return value;
}

value_t *
op_child_result(const op_child_t *self, fault_t *fault)
{
    slice_t all = bytes_slice(self->result);
    if (!self->done)
        fault_set(fault, FAULT_TIMEOUT, "%s was not done by its deadline and was ended",
                  self->op->name);
    else if (!all.size)
        fault_set(fault, FAULT_UNKNOWN, "%s died without a result", self->op->name);
    else if (all.data[0] == 'f')
        read_fault(self, fault);
    else if (all.size - 1 > self->bytes_max)
        fault_set(fault, FAULT_LIMIT, "%s: a result over %zu bytes", self->op->name,
                  self->bytes_max);
    else
        return read_value(self, slice_of(all.data + 1, all.size - 1), fault);
    return NULL;
}

value_t *
op_child_finish(op_child_t **self_p, fault_t *fault)
{
    end(*self_p);
    value_t *result = op_child_result(*self_p, fault);
    op_child_destroy(self_p);
    return result;
}
