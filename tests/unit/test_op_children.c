/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "common/file.h"
#include "worker/op_child.h"
#include "worker/op_group.h"

static char folder[64]; /* of the test's own; spool/ below it */
static policy_t *policy;
static op_world_t world;

static const char *
in_folder(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
    fault_t fault = {0};
    if (file_write(in_folder(name), slice_text(text), mode, &fault))
        fail_msg("%s", fault.text);
}

static void
wait_until_over(op_child_t *child)
{
    for (;;) {
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        int64_t left = op_child_deadline(child).ms - mono_now().ms;
        if (left <= 0 || (poll(&ready, 1, (int)left) == 1 && op_child_read(child)))
            return;
    }
}

static value_t *
run_row(const op_row_t *row, const op_t *op, const value_t *arguments, fault_t *fault)
{
    op_child_t *child = op_child_start(row, op, arguments, &world, NULL, fault);
    if (!child)
        return NULL;
    wait_until_over(child);
    return op_child_finish(&child, fault);
}

/* With one text argument. */
static value_t *
run_op(const char *name, const char *key, const char *text, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, key, text);
    return run_row(op_row(name), op_find(name), arguments, fault);
}

/* What it would do. */
static value_t *
foresee(const char *name, const char *key, const char *text, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, key, text);
    return run_row(op_foresight(name), op_find(name), arguments, fault);
}

static value_t *
run_body(op_body_t *body, uint64_t capabilities, fault_t *fault)
{
    static const op_t op = {
        .name = "test.op", .timeout_s = 60, .memory_mib = 256, .result_bytes_max = 1000};
    op_row_t row = {.name = "test.op", .body = body, .capabilities = capabilities};
    CLEANUP(value_destroy) value_t *arguments = value_map();
    return run_row(&row, &op, arguments, fault);
}

static void
refuses(value_t *result, const fault_t *fault, fault_code_t code)
{
    if (result || fault->code != code)
        fail_msg("%s: %s", fault_word(fault->code), fault->text);
}

static size_t
count_named(const char *name)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all, NULL), found = 0;
    for (size_t i = 0; i < count; i++)
        found += !strcmp(all[i].name, name) && all[i].state != 'Z';
    return found;
}

/* Of this run of the tests only: another may run beside it. */
static char survivor[16];

static value_t *
hide_and_wait(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            close_range(0, ~0U, 0); /* the way of its result too, as a program that is executed */
            prctl(PR_SET_NAME, survivor);
            for (;;)
                pause();
        }
        _exit(0);
    }
    for (;;)
        pause();
}

typedef enum { BY_DEADLINE, BY_CUT, BY_DEATH } survivor_end_t;

/* What takes its name by itself, and what ends by itself, does so in its own time. */
static void
await_survivors(size_t count)
{
    for (int i = 0; i < 3000 && count_named(survivor) != count; i++)
        poll(NULL, 0, 10);
    assert_int_equal(count_named(survivor), count);
}

/* What it hid is gone once it ran out of time, was cut off, or died without a word. */
static void
survives_nothing(op_row_t row, survivor_end_t by)
{
    fault_t fault = {0};
    const op_t op = {.name = "test.op",
                     .timeout_s = by == BY_DEADLINE ? 1 : 600,
                     .memory_mib = 256,
                     .result_bytes_max = 1000};
    row.name = "test.op";
    row.body = hide_and_wait;
    CLEANUP(value_destroy) value_t *arguments = value_map();
    op_child_t *child = op_child_start(&row, &op, arguments, &world, in_folder("tree"), &fault);
    proc_t noted;
    assert_non_null(child);
    await_survivors(1);
    assert_true(proc_noted(in_folder("tree"), &noted));
    if (by == BY_CUT)
        op_child_cut(child);
    if (by == BY_DEATH)
        assert_int_equal(kill(noted.pid, SIGKILL), 0);
    wait_until_over(child);
    refuses(op_child_finish(&child, &fault), &fault,
            by == BY_DEATH ? FAULT_UNKNOWN : FAULT_TIMEOUT);
    assert_int_equal(count_named(survivor), 0);
}

static void
nothing_survives_the_deadline__eff_double_fork_survivor(void **state)
{
    (void)state;
    survives_nothing((op_row_t){0}, BY_DEADLINE);
    survives_nothing((op_row_t){0}, BY_CUT);
    survives_nothing((op_row_t){0}, BY_DEATH);
}

/* It forked twice and made a session of its own: no child of the op's any more. */
static void
nothing_survives_an_op_that_keeps_the_machines_pid_namespace(void **state)
{
    const op_row_t rows[] = {{.whole = true, .network = true}, {.signals = true, .root = true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        survives_nothing(rows[i], BY_DEADLINE);
        survives_nothing(rows[i], BY_CUT);
    }
}

/* Control groups, of this process's mounts. */
static bool
has_groups(void)
{
    proc_t self;
    fault_t fault = {0};
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    bool made = proc_read(child, &self) && op_group_make(&self);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(op_group_end(&self, 5000, &fault), 0);
    return made;
}

static void
nor_one_that_dies_without_a_word_where_the_machine_has_control_groups(void **state)
{
    (void)state;
    if (!has_groups())
        skip();
    survives_nothing((op_row_t){.whole = true, .network = true}, BY_DEATH);
}

static void
what_a_machine_without_control_groups_has_to_end_is_adopted_and_found(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    assert_int_equal(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL), 0);
    bool any = has_groups();
    survives_nothing((op_row_t){.whole = true, .network = true}, BY_DEADLINE);
    survives_nothing((op_row_t){.whole = true, .network = true}, BY_CUT);
    assert_int_equal(setns(mounts, CLONE_NEWNS), 0);
    assert_false(any);
}

/* Whether the process ends with its group, which is its own then. */
static bool
ends_with_its_group(void)
{
    proc_t self;
    fault_t fault = {0};
    bool ended = false;
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    if (proc_read(child, &self) && op_group_make(&self)) {
        assert_int_equal(op_group_end(&self, 5000, &fault), 0);
        assert_int_equal(proc_has_ended(&self, &ended, &fault), 0);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return ended;
}

/* Nothing of the group of another, made before, is taken for its own. */
static void
each_op_has_a_group_of_its_own_where_v2_alone_is_there(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    bool there = !mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL) && has_groups();
    bool first = there && ends_with_its_group(), second = there && ends_with_its_group();
    assert_int_equal(setns(mounts, CLONE_NEWNS), 0);
    if (!there)
        skip();
    assert_true(first && second);
}

static value_t *
hide_and_end(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            close_range(0, ~0U, 0);
            prctl(PR_SET_NAME, survivor);
            for (;;)
                pause();
        }
        _exit(0);
    }
    wait(NULL);
    return value_map();
}

/* As a command of the site's that starts a daemon; its group is not in the way of the next. */
static void
what_an_op_that_is_done_left_goes_on(void **state)
{
    static const op_t op = {
        .name = "test.op", .timeout_s = 60, .memory_mib = 256, .result_bytes_max = 1000};
    const op_row_t row = {.name = "test.op", .body = hide_and_end, .whole = true, .network = true};
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *arguments = value_map();
    CLEANUP(value_destroy) value_t *result = run_row(&row, &op, arguments, &fault);
    if (!result)
        fail_msg("%s", fault.text);
    await_survivors(1);
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all, NULL);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        if (strcmp(all[i].name, survivor) != 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/cgroup", (int)all[i].pid);
        CLEANUP(bytes_destroy) bytes_t *groups = file_read(path, 65536, &fault);
        assert_null(strstr(bytes_text(groups), "tocsin-op-"));
        assert_int_equal(proc_end(&all[i], 5000, &fault), 0);
    }
}

static void
a_child_dies_with_the_effector(void **state)
{
    (void)state;
    pid_t effector = fork();
    if (effector == 0) {
        fault_t fault;
        static const op_t op = {
            .name = "test.op", .timeout_s = 60, .memory_mib = 256, .result_bytes_max = 1000};
        op_row_t row = {.name = "test.op", .body = hide_and_wait};
        value_t *arguments = value_map();
        op_child_start(&row, &op, arguments, &world, NULL, &fault);
        for (;;)
            pause();
    }
    await_survivors(1);
    kill(effector, SIGKILL);
    waitpid(effector, NULL, 0);
    await_survivors(0);
}

static int segment; /* of shared memory that anybody may read */

static value_t *
look_around(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    value_t *result = value_map();
    int open_fds = 0, variables = 0;
    for (int fd = 0; fd < 1024; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    for (char **at = environ; *at; at++)
        variables++;
    struct sockaddr_in loopback = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int wrong = connect(fd, (struct sockaddr *)&loopback, sizeof loopback) ? errno : 0;
    char *const command[] = {NULL};
    value_set_integer(result, "connect", wrong);
    value_set_integer(result, "exec", execve("/bin/true", command, command) ? errno : 0);
    value_set_integer(result, "ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0) ? errno : 0);
    value_set_integer(result, "fds", open_fds);
    value_set_integer(result, "variables", variables);
    value_set_integer(result, "pid", getpid());
    value_set_integer(result, "uid", getuid());
    value_set_integer(result, "setuid", setuid(0) ? errno : 0);
    value_set_integer(result, "shadow", open("/etc/shadow", O_RDONLY) < 0 ? errno : 0);
    value_set_integer(result, "attached",
                      shmat(segment, NULL, SHM_RDONLY) == (void *)-1 ? errno : 0);
    value_set_integer(result, "shared", shmget(IPC_PRIVATE, 4096, 0600) < 0 ? errno : 0);
    return result;
}

static void
a_child_has_nothing_but_its_result__eff_env_injection(void **state)
{
    fault_t fault = {0};
    (void)state;
    setenv("LD_PRELOAD", "/tmp/evil.so", 1);
    segment = shmget(IPC_PRIVATE, 4096, 0644);
    assert_true(segment >= 0);
    CLEANUP(value_destroy) value_t *result = run_body(look_around, 0, &fault);
    unsetenv("LD_PRELOAD");
    shmctl(segment, IPC_RMID, NULL);
    if (!result)
        fail_msg("%s", fault.text);
    assert_int_equal(value_get_integer(result, "variables"), 0);
    assert_int_equal(value_get_integer(result, "fds"), 4);
    assert_int_equal(value_get_integer(result, "connect"), ENETUNREACH);
    assert_int_equal(value_get_integer(result, "exec"), EPERM);
    assert_int_equal(value_get_integer(result, "ptrace"), EPERM);
    assert_int_equal(value_get_integer(result, "setuid"), EPERM);
    assert_int_equal(value_get_integer(result, "attached"), EINVAL);
    assert_int_equal(value_get_integer(result, "shared"), EPERM);
    assert_int_equal(value_get_integer(result, "shadow"), EACCES);
    assert_int_equal(value_get_integer(result, "uid"), 65534);
    assert_int_equal(value_get_integer(result, "pid"), 1);
}

static void
a_child_keeps_the_capabilities_of_its_row(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = run_body(look_around, 1ULL << CAP_DAC_READ_SEARCH, &fault);
    assert_non_null(result);
    assert_int_equal(value_get_integer(result, "shadow"), 0);
    assert_int_equal(value_get_integer(result, "uid"), 65534);
}

/* What a program that it starts says of itself. */
static value_t *
start_program(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    static char text[8192];
    int ends[2];
    (void)arguments, (void)given, (void)fault;
    static const char *const command[] = {"/usr/bin/cat", "/proc/self/status", NULL};
    char *const none[] = {NULL};
    if (pipe2(ends, O_CLOEXEC))
        return NULL;
    if (fork() == 0) {
        dup2(ends[1], 1);
        execve(command[0], (char *const *)(uintptr_t)command, none);
        _exit(127);
    }
    close(ends[1]);
    for (ssize_t got, size = 0; (got = read(ends[0], text + size, sizeof text - 1 - size)) > 0;)
        size += got;
    return value_text(text);
}

static void
what_a_child_starts_has_its_capabilities_and_no_way_to_more(void **state)
{
    fault_t fault = {0};
    static const op_t op = {
        .name = "test.op", .timeout_s = 60, .memory_mib = 256, .result_bytes_max = 16000};
    op_row_t row = {.name = "test.op",
                    .body = start_program,
                    .capabilities = 1ULL << CAP_NET_ADMIN,
                    .executes = true};
    (void)state;
    CLEANUP(value_destroy) value_t *arguments = value_map();
    CLEANUP(value_destroy) value_t *result = run_row(&row, &op, arguments, &fault);
    if (!result)
        fail_msg("%s", fault.text);
    const char *said = value_string(result);
    assert_non_null(strstr(said, "\nUid:\t65534\t65534\t65534\t65534\n"));
    assert_non_null(strstr(said, "\nCapPrm:\t0000000000001000\nCapEff:\t0000000000001000\n"
                                 "CapBnd:\t0000000000000000\n"));
    assert_non_null(strstr(said, "\nNoNewPrivs:\t1\nSeccomp:\t2\n"));
    row.executes = false;
    CLEANUP(value_destroy) value_t *none = run_row(&row, &op, arguments, &fault);
    assert_string_equal(value_string(none), "");
}

static value_t *
say_too_much(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    static char text[100000];
    (void)arguments, (void)given, (void)fault;
    memset(text, 'a', sizeof text - 1);
    return value_text(text);
}

static value_t *
die(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given, (void)fault;
    _exit(3);
}

static value_t *
fail_as_ever(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given;
    fault_set(fault, FAULT_STALE, "too old");
    return NULL;
}

static value_t *
fail_with_a_strangers_name(const value_t *arguments, const op_world_t *given, fault_t *fault)
{
    (void)arguments, (void)given;
    fault_set(fault, FAULT_CONFLICT, "'\x1b[2J\xff' in '/srv/\xc4\x91\xc3'; done: 3 files");
    return NULL;
}

/* Each byte of a path may be any, and a path that is too long is cut anywhere. */
static void
a_fault_that_names_what_is_no_text_says_the_rest(void **state)
{
    fault_t fault = {0};
    char path[200], many[160];
    (void)state;
    refuses(run_body(fail_with_a_strangers_name, 0, &fault), &fault, FAULT_CONFLICT);
    assert_string_equal(fault.text, "'?[2J?' in '/srv/\xc4\x91?'; done: 3 files");
    memset(many, 'a', sizeof many);
    snprintf(path, sizeof path, "/%.158s\xc4\x91", many);
    refuses(run_op("disk.usage", "path", path, &fault), &fault, FAULT_NOT_FOUND);
    assert_non_null(strstr(fault.text, "a?' cannot be opened: No such file or directory"));
}

static void
a_result_is_bounded_and_a_death_is_a_failure(void **state)
{
    fault_t fault = {0};
    (void)state;
    refuses(run_body(say_too_much, 0, &fault), &fault, FAULT_LIMIT);
    refuses(run_body(die, 0, &fault), &fault, FAULT_UNKNOWN);
    refuses(run_body(fail_as_ever, 0, &fault), &fault, FAULT_STALE);
    assert_string_equal(fault.text, "too old");
}

static void
a_child_made_ahead_waits_for_its_arguments_and_acts_once(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "path", "/");
    op_child_t *child =
        op_child_prepare(op_row("disk.usage"), op_find("disk.usage"), &world, NULL, &fault);
    assert_non_null(child);
    struct pollfd waiting = {.fd = op_child_fd(child), .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, 50), 0);
    assert_int_equal(op_child_go(child, arguments, NULL, &fault), 0);
    wait_until_over(child);
    CLEANUP(value_destroy) value_t *result = op_child_finish(&child, &fault);
    assert_non_null(result);
    assert_string_equal(value_get_text(result, "path"), "/");
}

static void
a_child_made_ahead_that_died_cannot_go(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *arguments = value_map();
    signal(SIGPIPE, SIG_IGN);
    CLEANUP(op_child_destroy)
    op_child_t *child =
        op_child_prepare(op_row("disk.usage"), op_find("disk.usage"), &world, NULL, &fault);
    assert_non_null(child);
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all, NULL);
    for (size_t i = 0; i < count; i++)
        if (all[i].parent == getpid()) {
            kill(all[i].pid, SIGKILL); /* its descriptors close one by one: all are when it ended */
            assert_int_equal(waitid(P_PID, (id_t)all[i].pid, NULL, WEXITED | WNOWAIT), 0);
        }
    while (!op_child_read(child))
        ;
    assert_int_equal(op_child_go(child, arguments, NULL, &fault), -1);
}

static void
a_disk_tells_its_usage(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *result = run_op("disk.usage", "path", folder, &fault);
    if (!result)
        fail_msg("%s", fault.text);
    assert_true(value_get_integer(result, "total_bytes") > 0);
    assert_in_range(value_get_integer(result, "used_percent"), 0, 100);
    refuses(run_op("disk.usage", "path", in_folder("missing"), &fault), &fault, FAULT_NOT_FOUND);
}

static void
the_largest_files_come_first_and_links_are_not_walked(void **state)
{
    fault_t fault = {0};
    static char text[20000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    mkdir(in_folder("spool/deep"), 0700);
    write_file("spool/deep/big.log.1", text, 0600);
    write_file("spool/small.log.2.gz", "small", 0600);
    write_file("spool/live.log", text, 0600);
    assert_int_equal(symlink("/etc", in_folder("spool/etc")), 0);
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "path", in_folder("spool"));
    value_set_integer(arguments, "count", 10);
    value_set_bool(arguments, "rotated", true);
    CLEANUP(value_destroy)
    value_t *two = run_row(op_row("disk.largest"), op_find("disk.largest"), arguments, &fault);
    assert_int_equal(value_count(two), 2);
    assert_string_equal(value_get_text(value_at(two, 0), "path"),
                        in_folder("spool/deep/big.log.1"));
    assert_true(value_get_integer(value_at(two, 0), "bytes") >= 19999);
    value_set_bool(arguments, "rotated", false);
    value_set_integer(arguments, "count", 1);
    CLEANUP(value_destroy)
    value_t *one = run_row(op_row("disk.largest"), op_find("disk.largest"), arguments, &fault);
    assert_int_equal(value_count(one), 1);
    unlink(in_folder("spool/etc"));
}

static void
files_are_emptied_and_removed(void **state)
{
    fault_t fault = {0};
    struct stat status;
    (void)state;
    write_file("spool/app.log", "some text", 0600);
    write_file("spool/app.log.1", "some text", 0600);
    CLEANUP(value_destroy)
    value_t *emptied = run_op("file.truncate", "path", in_folder("spool/app.log"), &fault);
    if (!emptied)
        fail_msg("%s", fault.text);
    assert_true(value_get_integer(emptied, "freed_bytes") > 0);
    assert_int_equal(stat(in_folder("spool/app.log"), &status), 0);
    assert_int_equal(status.st_size, 0);
    CLEANUP(value_destroy)
    value_t *would = foresee("file.remove", "path", in_folder("spool/app.log.1"), &fault);
    assert_int_equal(access(in_folder("spool/app.log.1"), F_OK), 0);
    CLEANUP(value_destroy)
    value_t *removed = run_op("file.remove", "path", in_folder("spool/app.log.1"), &fault);
    assert_true(value_equal(value_get(would, "result"), removed));
    CLEANUP(value_destroy)
    value_t *again = run_op("file.remove", "path", in_folder("spool/app.log.1"), &fault);
    assert_true(value_get_integer(removed, "freed_bytes") > 0);
    assert_int_equal(value_get_integer(again, "freed_bytes"), 0);
    assert_int_equal(access(in_folder("spool/app.log.1"), F_OK), -1);
}

/* A folder on the way, the file itself, a second name: none leads out of the spool folder. */
static void
no_link_leads_out_of_the_spool__eff_toctou_symlink(void **state)
{
    fault_t fault = {0};
    struct stat status;
    (void)state;
    mkdir(in_folder("outside"), 0755);
    write_file("outside/victim.log.1", "precious", 0644);
    assert_int_equal(symlink(in_folder("outside"), in_folder("spool/way")), 0);
    assert_int_equal(symlink(in_folder("outside/victim.log.1"), in_folder("spool/it.log.1")), 0);
    assert_int_equal(link(in_folder("outside/victim.log.1"), in_folder("spool/hard.log.1")), 0);
    const char *names[] = {"spool/way/victim.log.1", "spool/it.log.1", "spool/hard.log.1"};
    for (size_t i = 0; i < 3; i++)
        refuses(run_op("file.truncate", "path", in_folder(names[i]), &fault), &fault, FAULT_POLICY);
    for (size_t i = 0; i < 2; i++)
        refuses(run_op("file.remove", "path", in_folder(names[i]), &fault), &fault, FAULT_POLICY);
    refuses(run_op("disk.usage", "path", in_folder("spool/way"), &fault), &fault, FAULT_POLICY);
    assert_int_equal(stat(in_folder("outside/victim.log.1"), &status), 0);
    assert_int_equal(status.st_size, 8);
}

static void
a_port_is_open_or_it_is_said_why_not(void **state)
{
    fault_t fault = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "address", "127.0.0.1");
    value_set_integer(arguments, "port", ntohs(address.sin_port));
    CLEANUP(value_destroy)
    value_t *open = run_row(op_row("net.tcp"), op_find("net.tcp"), arguments, &fault);
    close(listener);
    CLEANUP(value_destroy)
    value_t *closed = run_row(op_row("net.tcp"), op_find("net.tcp"), arguments, &fault);
    assert_true(value_get_bool(open, "connected"));
    assert_false(value_get_bool(closed, "connected"));
    assert_string_equal(value_get_text(closed, "error"), "Connection refused");
}

static void
processes_are_listed_by_name(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy)
    value_t *told = run_op("process.list", "name", "test_op_childre", &fault);
    if (!told)
        fail_msg("%s", fault.text);
    const value_t *list = value_get(told, "processes");
    size_t own = 0;
    while (value_get_integer(value_at(list, own), "pid") != getpid())
        assert_true(++own < value_count(list));
    assert_string_equal(value_get_text(value_at(list, own), "user"), "root");
    CLEANUP(value_destroy) value_t *none = run_op("process.list", "name", "no such name", &fault);
    assert_int_equal(value_count(value_get(none, "processes")), 0);
}

static void
a_note_of_another_boot_or_start_means_nobody(void **state)
{
    fault_t fault = {0};
    proc_t self, found;
    char text[128];
    (void)state;
    assert_true(proc_read(getpid(), &self));
    assert_int_equal(proc_note(in_folder("note"), getpid(), &fault), 0);
    assert_true(proc_noted(in_folder("note"), &found));
    assert_int_equal(found.pid, getpid());
    snprintf(text, sizeof text, "%d %llu 00000000-0000-0000-0000-000000000000", (int)getpid(),
             (unsigned long long)self.start_ticks);
    assert_int_equal(unlink(in_folder("note")) || symlink(text, in_folder("note")), 0);
    assert_false(proc_noted(in_folder("note"), &found));
    self.start_ticks++;
    assert_int_equal(proc_end(&self, 100, &fault), 0); /* another one's pid: nobody is ended */
}

/* ------------------------------------------------------------------------------------------- */

static int
set_up(void **state)
{
    char text[256];
    fault_t fault = {0};
    (void)state;
    if (geteuid() != 0) {
        print_message("needs root\n");
        exit(77);
    }
    snprintf(folder, sizeof folder, "/tmp/test_op_children.XXXXXX");
    assert_non_null(mkdtemp(folder));
    chmod(folder, 0755);
    mkdir(in_folder("spool"), 0700);
    snprintf(text, sizeof text, "class highest change\nread /\nspool %s/spool\n", folder);
    write_file("policy", text, 0600);
    policy = policy_load(in_folder("policy"), &fault);
    if (!policy)
        fail_msg("%s", fault.text);
    world = (op_world_t){.policy = policy};
    return 0;
}

static int
tear_down(void **state)
{
    char command[128];
    (void)state;
    policy_destroy(&policy);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int
main(void)
{
    snprintf(survivor, sizeof survivor, "left-%d", getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_survives_the_deadline__eff_double_fork_survivor),
        cmocka_unit_test(nothing_survives_an_op_that_keeps_the_machines_pid_namespace),
        cmocka_unit_test(nor_one_that_dies_without_a_word_where_the_machine_has_control_groups),
        cmocka_unit_test(what_a_machine_without_control_groups_has_to_end_is_adopted_and_found),
        cmocka_unit_test(each_op_has_a_group_of_its_own_where_v2_alone_is_there),
        cmocka_unit_test(what_an_op_that_is_done_left_goes_on),
        cmocka_unit_test(a_child_dies_with_the_effector),
        cmocka_unit_test(a_child_has_nothing_but_its_result__eff_env_injection),
        cmocka_unit_test(a_child_keeps_the_capabilities_of_its_row),
        cmocka_unit_test(what_a_child_starts_has_its_capabilities_and_no_way_to_more),
        cmocka_unit_test(a_fault_that_names_what_is_no_text_says_the_rest),
        cmocka_unit_test(a_result_is_bounded_and_a_death_is_a_failure),
        cmocka_unit_test(a_child_made_ahead_waits_for_its_arguments_and_acts_once),
        cmocka_unit_test(a_child_made_ahead_that_died_cannot_go),
        cmocka_unit_test(a_disk_tells_its_usage),
        cmocka_unit_test(the_largest_files_come_first_and_links_are_not_walked),
        cmocka_unit_test(files_are_emptied_and_removed),
        cmocka_unit_test(no_link_leads_out_of_the_spool__eff_toctou_symlink),
        cmocka_unit_test(a_port_is_open_or_it_is_said_why_not),
        cmocka_unit_test(processes_are_listed_by_name),
        cmocka_unit_test(a_note_of_another_boot_or_start_means_nobody),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
