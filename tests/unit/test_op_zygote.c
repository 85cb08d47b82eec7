/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "worker/proc.h"

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest destructive\n");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

/* The one of this process that is none of the old. */
static pid_t
child_beside(const pid_t *old, size_t count)
{
    pid_t found = 0;
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t size = proc_all(&all, NULL);
    for (size_t i = 0; i < size; i++) {
        bool known = all[i].parent != getpid();
        for (size_t j = 0; j < count; j++)
            known = known || all[i].pid == old[j];
        if (known)
            continue;
        assert_int_equal(found, 0);
        found = all[i].pid;
    }
    assert_int_not_equal(found, 0);
    return found;
}

static void
add_link(pid_t pid, const char *what, bytes_t *out)
{
    char path[64], target[256];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    ssize_t size = readlink(path, target, sizeof target - 1);
    bytes_addf(out, "%s %.*s\n", what, (int)(size < 0 ? 0 : size), target);
}

/* What the kernel says of its rights, limits, descriptors and spaces, but for what no two processes
 * have in common: the lines of its status that are about these, and where each link points. */
static bytes_t *
rights(pid_t pid)
{
    static const char *const told[] = {
        "Uid",    "Gid",    "Groups", "SigBlk",     "SigIgn", "SigCgt",  "CapInh",         "CapPrm",
        "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Umask",  "Seccomp", "Seccomp_filters"};
    static const char *const links[] = {"cwd",    "root",   "fd/0",   "fd/1",    "fd/2",
                                        "ns/net", "ns/ipc", "ns/mnt", "ns/user", "ns/cgroup"};
    char path[64];
    fault_t fault = {0};
    bytes_t *out = bytes_new();
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    CLEANUP(bytes_destroy) bytes_t *status = file_read(path, 16384, &fault);
    assert_non_null(status);
    char *rest = NULL, *text = strdup(bytes_text(status));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        for (size_t i = 0; i < ARRAY_SIZE(told); i++)
            if (!strncmp(line, told[i], strlen(told[i])) && line[strlen(told[i])] == ':')
                bytes_addf(out, "%s\n", line);
    free(text);
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    CLEANUP(bytes_destroy) bytes_t *limits = file_read(path, 16384, &fault);
    assert_non_null(limits);
    bytes_add_text(out, bytes_text(limits));
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        add_link(pid, links[i], out);
    return out;
}

static size_t
descriptors(pid_t pid)
{
    char path[64];
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        count += faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    }
    return count;
}

/* It has done all that it does before it reads what it waits for, at 4. */
static void
await_confined(pid_t pid, op_child_t *child)
{
    char path[64];
    fault_t fault = {0};
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    for (;;) {
        struct pollfd said = {.fd = op_child_fd(child), .events = POLLIN};
        CLEANUP(bytes_destroy) bytes_t *text = file_read(path, 256, &fault);
        if (text && !strncmp(bytes_text(text), "0 0x4 ", 6))
            return;
        if (poll(&said, 1, 1) == 0)
            continue;
        while (!op_child_read(child))
            ;
        CLEANUP(value_destroy) value_t *result = op_child_result(child, &fault);
        fail_msg("%s", fault.text);
    }
}

static bool
shares(pid_t pid, const char *space)
{
    CLEANUP(bytes_destroy) bytes_t *ours = bytes_new(), *theirs = bytes_new();
    add_link(getpid(), space, ours);
    add_link(pid, space, theirs);
    return !strcmp(bytes_text(ours), bytes_text(theirs));
}

/* Of an op's process that waits for its arguments. */
static bytes_t *
rights_of(const op_t *op, op_zygote_t *zygote, const pid_t zygotes[2])
{
    fault_t fault = {0};
    CLEANUP(op_child_destroy)
    op_child_t *child = op_child_prepare(op_row(op->name), op, &bench, zygote, &fault);
    if (!child)
        fail_msg("%s: %s", op->name, fault.text);
    pid_t pid = child_beside(zygotes, 2);
    await_confined(pid, child);
    assert_int_equal(descriptors(pid), 5);
    bytes_t *out = rights(pid);
    bytes_addf(out, "own uts %d pid %d\n", !shares(pid, "ns/uts"), !shares(pid, "ns/pid"));
    return out;
}

static void
what_a_zygote_makes_has_the_rights_of_what_is_made_without_one(void **state)
{
    size_t served = 0;
    fault_t fault = {0};
    (void)state;
    op_zygote_t *zygotes[2];
    pid_t pids[2] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(zygotes); i++) {
        zygotes[i] = op_zygote_new(i, &bench, &fault);
        pids[i] = child_beside(pids, i);
    }
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        op_zygote_t *zygote = zygotes[op_row(op->name)->network];
        assert_non_null(zygote);
        assert_true(op_zygote_lives(zygote));
        if (!op_zygote_serves(zygote, op_row(op->name)))
            continue;
        CLEANUP(bytes_destroy) bytes_t *without = rights_of(op, NULL, pids);
        CLEANUP(bytes_destroy) bytes_t *with = rights_of(op, zygote, pids);
        if (strcmp(bytes_text(with), bytes_text(without)) != 0)
            fail_msg("%s:\n%s\nand without:\n%s", op->name, bytes_text(with), bytes_text(without));
        served++;
    }
    assert_true(served > 50);
    for (size_t i = 0; i < ARRAY_SIZE(zygotes); i++)
        op_zygote_destroy(&zygotes[i]);
}

static void
it_serves_no_row_that_keeps_what_it_gave_up(void **state)
{
    fault_t fault = {0};
    (void)state;
    op_row_t own = *op_row("disk.usage"), strong = own;
    strong.capabilities = 1ULL << CAP_SYS_ADMIN;
    CLEANUP(op_zygote_destroy) op_zygote_t *alone = op_zygote_new(false, &bench, &fault);
    CLEANUP(op_zygote_destroy) op_zygote_t *linked = op_zygote_new(true, &bench, &fault);
    assert_true(op_zygote_serves(alone, op_row("disk.usage")));
    assert_true(op_zygote_serves(linked, op_row("net.tcp")));
    assert_false(op_zygote_serves(alone, op_row("net.tcp")));
    assert_false(op_zygote_serves(linked, op_row("service.restart"))); /* whole */
    assert_false(op_zygote_serves(alone, op_row("package.updates")));  /* executes */
    assert_false(op_zygote_serves(linked, op_row("net.ping")));        /* a program */
    assert_false(op_zygote_serves(alone, op_foresight("file.truncate")));
    assert_false(op_zygote_serves(alone, &own));
    assert_false(op_cell_can_settle(&strong));
}

static void
it_ends_with_who_made_it(void **state)
{
    int told[2], status;
    (void)state;
    assert_int_equal(pipe(told), 0);
    pid_t maker = fork();
    if (maker == 0) {
        fault_t fault = {0};
        op_zygote_t *zygote = op_zygote_new(false, &bench, &fault);
        pid_t pid = zygote ? child_beside(NULL, 0) : 0;
        _exit(write(told[1], &pid, sizeof pid) == sizeof pid ? 0 : 1);
    }
    pid_t zygote = 0;
    assert_int_equal(read(told[0], &zygote, sizeof zygote), sizeof zygote);
    assert_true(zygote);
    CLEANUP(descriptor_close) int handle = pidfd_open(zygote, 0);
    struct pollfd gone = {.fd = handle, .events = POLLIN};
    assert_int_equal(waitpid(maker, &status, 0), maker);
    assert_true(handle < 0 || poll(&gone, 1, 10000) == 1);
    close(told[0]);
    close(told[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_zygote_makes_has_the_rights_of_what_is_made_without_one),
        cmocka_unit_test(it_serves_no_row_that_keeps_what_it_gave_up),
        cmocka_unit_test(it_ends_with_who_made_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
