/* SPDX-License-Identifier: Apache-2.0 */
/* What an op's cell takes away, each for itself: a cell that lacks one of its walls fails here. The
 * bodies stand in for one that a stranger took over: they try, and tell. */
#include "op_bench.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FIRST_EXECUTES 2 /* of the calls, those that a row which executes may make */

static value_t *
run_row(const op_row_t *row)
{
    static const op_t op = {
        .name = "test.op", .timeout_s = 7, .memory_mib = 256, .result_bytes_max = 16000};
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_t *result = await_op(op_child_start(row, &op, arguments, &bench, NULL, &fault), &fault);
    if (!result)
        fail_msg("%s", fault.text);
    return result;
}

/* What the machine allows at all. */
static uint64_t
own_capabilities(void)
{
    uint64_t own = 0;
    for (int cap = 0; cap < 64; cap++)
        own |= prctl(PR_CAPBSET_READ, cap) == 1 ? 1ULL << cap : 0;
    return own;
}

/* ---- calls --------------------------------------------------------------------------------- */

/* With nothing but ones for arguments, each is refused by the kernel too, in other words than the
 * filter's: by what it asks for, not for want of a right. */
static const struct {
    const char *name;
    long number;
} calls[] = {
    {"execve", SYS_execve},
    {"execveat", SYS_execveat},
    {"ptrace", SYS_ptrace},
    {"mount", SYS_mount},
    {"umount2", SYS_umount2},
    {"move_mount", SYS_move_mount},
    {"open_tree", SYS_open_tree},
    {"fsopen", SYS_fsopen},
    {"fsmount", SYS_fsmount},
    {"fsconfig", SYS_fsconfig},
    {"fspick", SYS_fspick},
    {"mount_setattr", SYS_mount_setattr},
    {"pivot_root", SYS_pivot_root},
    {"chroot", SYS_chroot},
    {"unshare", SYS_unshare},
    {"setns", SYS_setns},
    {"bpf", SYS_bpf},
    {"perf_event_open", SYS_perf_event_open},
    {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key},
    {"request_key", SYS_request_key},
    {"init_module", SYS_init_module},
    {"finit_module", SYS_finit_module},
    {"delete_module", SYS_delete_module},
    {"kexec_load", SYS_kexec_load},
    {"kexec_file_load", SYS_kexec_file_load},
    {"reboot", SYS_reboot},
    {"swapon", SYS_swapon},
    {"swapoff", SYS_swapoff},
    {"userfaultfd", SYS_userfaultfd},
    {"io_uring_setup", SYS_io_uring_setup},
    {"pidfd_getfd", SYS_pidfd_getfd},
    {"process_vm_readv", SYS_process_vm_readv},
    {"process_vm_writev", SYS_process_vm_writev},
    {"open_by_handle_at", SYS_open_by_handle_at},
    {"settimeofday", SYS_settimeofday},
    {"clock_settime", SYS_clock_settime},
    {"shmget", SYS_shmget},
    {"semget", SYS_semget},
    {"msgget", SYS_msgget},
    {"mq_open", SYS_mq_open},
};

static value_t *
try_calls(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        value_set_integer(result, calls[i].name,
                          syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0);
    return result;
}

static void
refuses_calls_from(size_t first, const op_row_t *row)
{
    CLEANUP(value_destroy) value_t *wrong = run_row(row);
    for (size_t i = first; i < ARRAY_SIZE(calls); i++)
        if (value_get_integer(wrong, calls[i].name) != EPERM)
            fail_msg("%s reaches the kernel, which says: %s", calls[i].name,
                     strerror((int)value_get_integer(wrong, calls[i].name)));
}

static void
a_call_that_no_op_has_a_use_for_never_reaches_the_kernel(void **state)
{
    op_row_t row = {.name = "test.op", .body = try_calls, .capabilities = own_capabilities()};
    (void)state;
    refuses_calls_from(0, &row);
    row.executes = true;
    refuses_calls_from(FIRST_EXECUTES, &row);
    row.root = true;
    refuses_calls_from(FIRST_EXECUTES, &row);
}

/* By the call that fork makes, as it can ask for them too. */
static value_t *
clone_away(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    static const struct {
        const char *name;
        unsigned long flag;
    } kinds[] = {
        {"user", CLONE_NEWUSER},     {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
        {"net", CLONE_NEWNET},       {"ipc", CLONE_NEWIPC},  {"uts", CLONE_NEWUTS},
        {"cgroup", CLONE_NEWCGROUP},
    };
    (void)arguments, (void)given, (void)fault;
    value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        long child = syscall(SYS_clone, SIGCHLD | kinds[i].flag, 0, 0, 0, 0);
        if (child == 0)
            _exit(0);
        value_set_integer(result, kinds[i].name, child < 0 ? errno : 0);
    }
    value_set_integer(result, "clone3", syscall(SYS_clone3, -1L, -1L) < 0 ? errno : 0);
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    value_set_integer(result, "fork", child < 0 ? errno : 0);
    return result;
}

static void
no_namespace_is_made_by_the_call_that_makes_processes(void **state)
{
    const op_row_t row = {
        .name = "test.op", .body = clone_away, .capabilities = own_capabilities()};
    (void)state;
    CLEANUP(value_destroy) value_t *wrong = run_row(&row);
    static const char *const kinds[] = {"user", "mount", "pid", "net", "ipc", "uts", "cgroup"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (value_get_integer(wrong, kinds[i]) != EPERM)
            fail_msg("a %s namespace: %s", kinds[i],
                     strerror((int)value_get_integer(wrong, kinds[i])));
    assert_int_equal(value_get_integer(wrong, "clone3"), ENOSYS); /* libc goes on with clone */
    assert_int_equal(value_get_integer(wrong, "fork"), 0);
}

#ifdef __x86_64__
/* Behind which x32's numbers begin: the machine's own filter knows none of them. */
#define X32 0x40000000L

static value_t *
call_by_x32(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    static const long numbers[] = {
        0, 1, SYS_getpid, SYS_mount, 520 /* execve */, 545 /* execveat */, 600};
    (void)arguments, (void)given, (void)fault;
    value_t *result = value_list();
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0)
            _exit(syscall(X32 | numbers[i], -1L, -1L, -1L, -1L, -1L, -1L) < 0);
        waitpid(child, &status, 0);
        value_append(result, value_integer(WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    }
    return result;
}

static void
the_numbers_of_another_architecture_end_who_uses_them(void **state)
{
    (void)state;
    for (int executes = 0; executes < 2; executes++) {
        op_row_t row = {.name = "test.op", .body = call_by_x32, .executes = executes};
        CLEANUP(value_destroy) value_t *ends = run_row(&row);
        for (size_t i = 0; i < value_count(ends); i++)
            assert_int_equal(value_number(value_at(ends, i)), SIGSYS);
    }
}
#endif

/* ---- limits -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    __rlimit_resource_t what;
} limits[] = {
    {"core", RLIMIT_CORE},   {"file", RLIMIT_FSIZE}, {"descriptors", RLIMIT_NOFILE},
    {"seconds", RLIMIT_CPU}, {"memory", RLIMIT_AS},
};

/* Each as long as it cannot be raised again. */
static value_t *
tell_limits(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct rlimit limit;
        if (!getrlimit(limits[i].what, &limit) && limit.rlim_cur == limit.rlim_max)
            value_set_integer(result, limits[i].name, (int64_t)limit.rlim_max);
    }
    return result;
}

static void
a_cell_has_the_limits_of_its_op_and_cannot_raise_them(void **state)
{
    const op_row_t row = {.name = "test.op", .body = tell_limits, .file_bytes = 12345};
    (void)state;
    CLEANUP(value_destroy) value_t *told = run_row(&row);
    assert_non_null(value_get(told, "core"));
    assert_int_equal(value_get_integer(told, "core"), 0);
    assert_int_equal(value_get_integer(told, "file"), 12345);
    assert_int_equal(value_get_integer(told, "descriptors"), 256);
    assert_int_equal(value_get_integer(told, "seconds"), 8);
#ifndef TOCSIN_SANITIZED
    assert_int_equal(value_get_integer(told, "memory"), 256 << 20);
#endif
}

/* ---- who it is ------------------------------------------------------------------------------ */

static value_t *
tell_itself(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    char path[PATH_MAX], space[64];
    struct sigaction action;
    sigset_t blocked;
    (void)arguments, (void)given;
    CLEANUP(bytes_destroy) bytes_t *status = file_read("/proc/self/status", 16000, fault);
    if (!status)
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "status", bytes_text(status));
    value_set_text(result, "folder", getcwd(path, sizeof path) ? path : "");
    value_set_integer(result, "mask", umask(0));
    value_set_integer(result, "number", getpid());
    int signals = 0;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < SIGRTMIN; number++)
        signals += sigismember(&blocked, number) == 1 ||
                   (!sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN);
    value_set_integer(result, "signals", signals);
    for (const char *const *at = (const char *const[]){"uts", "ipc", "net", "pid", NULL}; *at;
         at++) {
        snprintf(path, sizeof path, "/proc/self/ns/%s", *at);
        ssize_t size = readlink(path, space, sizeof space - 1);
        space[size < 0 ? 0 : size] = '\0';
        value_set_text(result, *at, space);
    }
    return result;
}

static bool
is_in(const char *space, const value_t *told)
{
    char path[64], ours[64] = "";
    snprintf(path, sizeof path, "/proc/self/ns/%s", space);
    return readlink(path, ours, sizeof ours - 1) > 0 && !strcmp(ours, value_get_text(told, space));
}

static void
says(const value_t *told, const char *line)
{
    if (!strstr(value_get_text(told, "status"), line))
        fail_msg("no '%s' in %s", line, value_get_text(told, "status"));
}

#define NO_RIGHTS                                                      \
    "\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"         \
    "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0" \
    "000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"

static void
a_cell_of_no_rights_is_nobody_nowhere(void **state)
{
    const op_row_t row = {.name = "test.op", .body = tell_itself};
    (void)state;
    CLEANUP(value_destroy) value_t *told = run_row(&row);
    says(told, "\nUid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\n");
    says(told, "\nGroups:\t \n");
    says(told, NO_RIGHTS);
    assert_string_equal(value_get_text(told, "folder"), "/");
    assert_int_equal(value_get_integer(told, "mask"), 077);
    assert_int_equal(value_get_integer(told, "signals"), 0);
    assert_int_equal(value_get_integer(told, "number"), 1);
    assert_false(is_in("uts", told) || is_in("ipc", told) || is_in("net", told) ||
                 is_in("pid", told));
}

static void
a_row_keeps_what_it_names_and_nothing_beside_it(void **state)
{
    op_row_t row = {.name = "test.op", .body = tell_itself, .network = true};
    (void)state;
    CLEANUP(value_destroy) value_t *networked = run_row(&row);
    says(networked, NO_RIGHTS);
    assert_true(is_in("net", networked));
    assert_false(is_in("uts", networked) || is_in("ipc", networked) || is_in("pid", networked));
    row.network = false;
    row.signals = true;
    CLEANUP(value_destroy) value_t *signalling = run_row(&row);
    says(signalling, NO_RIGHTS);
    assert_true(is_in("pid", signalling));
    assert_false(is_in("uts", signalling) || is_in("ipc", signalling) || is_in("net", signalling));
    row.root = true;
    CLEANUP(value_destroy) value_t *rooted = run_row(&row);
    says(rooted, "\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
    says(rooted, "\nGroups:\t \n");
    says(rooted, NO_RIGHTS);
}

/* ---- what it gives -------------------------------------------------------------------------- */

static value_t *
give_anything(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    value_t *result = value_map();
    value_set_text(result, "text", "as promised");
    value_set_text(result, "more", "not as promised");
    return result;
}

static void
a_result_that_the_op_table_does_not_promise_is_given_to_nobody(void **state)
{
    const op_row_t row = {.name = "test.op", .body = give_anything};
    op_t op = {.name = "test.op",
               .timeout_s = 5,
               .memory_mib = 256,
               .result_bytes_max = 1000,
               .result = "{text: text, more: text}"};
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *arguments = value_map();
    CLEANUP(value_destroy)
    value_t *good = await_op(op_child_start(&row, &op, arguments, &bench, NULL, &fault), &fault);
    assert_non_null(good);
    for (const char *const *at = (const char *const[]){"{text: text}", "{text: text, more: bool}",
                                                       "list of text", NULL};
         *at; at++) {
        op.result = *at;
        CLEANUP(value_destroy)
        value_t *bad = await_op(op_child_start(&row, &op, arguments, &bench, NULL, &fault), &fault);
        assert_null(bad);
        assert_int_equal(fault.code, FAULT_FAILED);
        assert_non_null(strstr(fault.text, "is not what the op table says"));
    }
}

/* ------------------------------------------------------------------------------------------- */

static int
begin(void **state)
{
    const gid_t groups[] = {1, 2};
    (void)state;
    bench_begin("class highest change\n");
    umask(022);
    return chdir(bench_folder) || setgroups(2, groups) || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
           signal(SIGUSR1, SIG_IGN) == SIG_ERR;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return chdir("/");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_no_op_has_a_use_for_never_reaches_the_kernel),
#ifdef __x86_64__
        cmocka_unit_test(the_numbers_of_another_architecture_end_who_uses_them),
#endif
        cmocka_unit_test(no_namespace_is_made_by_the_call_that_makes_processes),
        cmocka_unit_test(a_cell_has_the_limits_of_its_op_and_cannot_raise_them),
        cmocka_unit_test(a_cell_of_no_rights_is_nobody_nowhere),
        cmocka_unit_test(a_row_keeps_what_it_names_and_nothing_beside_it),
        cmocka_unit_test(a_result_that_the_op_table_does_not_promise_is_given_to_nobody),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
