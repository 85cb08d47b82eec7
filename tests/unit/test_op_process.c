/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"
#include "op_foretold.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "worker/proc.h"

typedef struct {
    pid_t pid, child;
    char id[PROC_ID_MAX];
} pair_t;

/* As ops are, with few files. */
static void
become_nobody(void)
{
    static const struct rlimit few = {64, 128};
    if (setrlimit(RLIMIT_NOFILE, &few) || setresgid(65534, 65534, 65534) ||
        setresuid(65534, 65534, 65534))
        _exit(1);
}

/* A process that calls itself so, with a child; both wait for ever. */
static pair_t
begin_pair_as(const char *name, bool nobody)
{
    int ready[2];
    pair_t pair = {0};
    proc_t process;
    assert_int_equal(pipe(ready), 0);
    pair.pid = fork();
    if (pair.pid == 0) {
        if (setpriority(PRIO_PROCESS, 0, 0)) /* whatever the tests were given */
            _exit(1);
        if (nobody)
            become_nobody();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, name);
        signal(SIGHUP, SIG_IGN);
        int null = open("/dev/null", O_WRONLY); /* frozen for good, it holds no reader up */
        if (dup2(null, 1) < 0 || dup2(null, 2) < 0)
            _exit(1);
        pid_t child = fork();
        if (child == 0)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        else if (write(ready[1], &child, sizeof child) != sizeof child)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &pair.child, sizeof pair.child), sizeof pair.child);
    close(ready[0]);
    close(ready[1]);
    assert_true(proc_read(pair.pid, &process));
    assert_int_equal(proc_write_id(&process, pair.id, NULL), 0);
    return pair;
}

static pair_t
begin_pair(const char *name)
{
    return begin_pair_as(name, false);
}

static void
end_pair(const pair_t *pair)
{
    kill(pair->pid, SIGKILL);
    kill(pair->child, SIGKILL);
    waitpid(pair->pid, NULL, 0);
}

static bool
lives(pid_t pid)
{
    proc_t found;
    return proc_read(pid, &found) && found.state != 'Z' && found.state != 'X';
}

static value_t *
for_pair(const pair_t *pair, const char *name)
{
    return texts("process", pair->id, "name", name, NULL);
}

static value_t *
of_pid(pid_t pid)
{
    return and_integer(value_map(), "pid", pid);
}

static void
a_tree_tells_who_descends_from_whom(void **state)
{
    (void)state;
    pair_t pair = begin_pair("tree\tof\x01us");
    CLEANUP(value_destroy) value_t *tree = gives("process.tree", of_pid(getpid()));
    const value_t *list = value_get(tree, "processes");
    assert_int_equal(value_get_integer(value_at(list, 0), "pid"), getpid());
    const value_t *found = entry_of(list, "id", pair.id);
    assert_string_equal(value_get_text(found, "name"), "tree?of?us");
    assert_int_equal(value_get_integer(found, "depth"), 1);
    assert_int_equal(value_get_integer(found, "parent"), getpid());
    CLEANUP(value_destroy) value_t *all = gives("process.tree", value_map());
    assert_true(value_count(value_get(all, "processes")) >= value_count(list));
    end_pair(&pair);
    refused("process.tree", of_pid(pair.pid), FAULT_NOT_FOUND, "no process");
}

/* A user who has a thousand makes it no fault: those with most memory stand first. */
static void
of_a_crowd_the_heaviest_are_listed_and_the_rest_is_counted(void **state)
{
    static pid_t crowd[520];
    static const size_t heavy = 510, size = 8U << 20;
    int ready[2];
    char byte = 0;
    (void)state;
    assert_int_equal(pipe(ready), 0);
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        crowd[i] = fork();
        if (crowd[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            prctl(PR_SET_NAME, "crowd");
            int mapped = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
            if (i == heavy && mmap(NULL, size, PROT_READ | PROT_WRITE, mapped, -1, 0) == MAP_FAILED)
                _exit(1);
            if (write(ready[1], &byte, 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
        assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    CLEANUP(value_destroy) value_t *told = gives("process.list", texts("name", "crowd", NULL));
    const value_t *list = value_get(told, "processes"), *first = value_at(list, 0);
    assert_int_equal(value_count(list), 500);
    assert_int_equal(value_get_integer(told, "left_out"), 20);
    assert_int_equal(value_get_integer(first, "pid"), crowd[heavy]);
    assert_true(value_get_integer(first, "memory_bytes") >= (int64_t)size);
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        kill(crowd[i], SIGKILL);
        waitpid(crowd[i], NULL, 0);
    }
}

static void
a_view_tells_program_limits_and_hash(void **state)
{
    char hash[HASH_TEXT], exe[PATH_MAX];
    fault_t fault;
    (void)state;
    CLEANUP(value_destroy) value_t *own = gives("process.view", and_true(of_pid(getpid()), "hash"));
    ssize_t size = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[size > 0 ? size : 0] = '\0';
    CLEANUP(bytes_destroy) bytes_t *bytes = file_read(exe, 1U << 30, &fault);
    hash_t expected = hash_of(bytes_slice(bytes));
    assert_string_equal(value_get_text(own, "program_sha256"), hash_write(&expected, hash));
    assert_string_equal(value_get_text(own, "program"), exe);
    assert_string_equal(value_get_text(own, "user"), "root");
    assert_true(value_get_integer(own, "memory_bytes") > 0);
    assert_true(value_get_integer(own, "open_files") >= 3);
    assert_int_equal(value_get_integer(own, "threads"), 1);
    assert_true(llabs(value_get_integer(own, "started") - wall_now().ms) < 60000);
    refused("process.view", of_pid(4194304), FAULT_NOT_FOUND, "no process");
}

static void
a_deleted_file_is_found_by_who_holds_it(void **state)
{
    (void)state;
    put_file("held.log", "", 0600);
    int fd = open(here("held.log"), O_RDWR);
    assert_int_equal(posix_fallocate(fd, 0, 1 << 20), 0);
    CLEANUP(value_destroy) value_t *before = gives("process.files", of_pid(getpid()));
    const value_t *file = entry_of(value_get(before, "files"), "path", here("held.log"));
    assert_int_equal(value_get_integer(file, "fd"), fd);
    assert_false(value_get_bool(file, "deleted"));
    unlink(here("held.log"));
    CLEANUP(value_destroy)
    value_t *after = gives("process.files", and_true(value_map(), "deleted"));
    char name[300];
    snprintf(name, sizeof name, "%s (deleted)", here("held.log"));
    file = entry_of(value_get(after, "files"), "path", name);
    assert_non_null(file);
    assert_true(value_get_integer(file, "bytes") >= 1 << 20);
    assert_true(value_get_integer(after, "deleted_bytes") >= 1 << 20);
    close(fd);
    refused("process.files", value_map(), FAULT_ARGUMENT, "needs 'pid'");
}

static void
a_listening_socket_is_found_with_its_process(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    (void)state;
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(tcp, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(tcp, 1), 0);
    getsockname(tcp, (struct sockaddr *)&address, &size);
    assert_int_equal(bind(udp, (struct sockaddr *)&address, size), 0);
    CLEANUP(value_destroy)
    value_t *told =
        gives("process.sockets", and_integer(value_map(), "port", ntohs(address.sin_port)));
    const value_t *list = value_get(told, "sockets");
    assert_int_equal(value_count(list), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(value_get_integer(value_at(list, i), "pid"), getpid());
        assert_string_equal(value_get_text(value_at(list, i), "address"), "127.0.0.1");
    }
    assert_non_null(entry_of(list, "protocol", "udp"));
    close(tcp);
    close(udp);
}

static value_t *
signal_of(const pair_t *pair, const char *name, const char *number)
{
    value_t *map = for_pair(pair, name);
    value_set_text(map, "signal", number);
    return map;
}

/* Of a dry run: these lines, in which the numbers are processes of the pair; nobody is touched.
 * Takes over the arguments. */
static value_t *
would(const char *op, const pair_t *pair, value_t *arguments, const char *format, ...)
{
    char lines[512];
    va_list args;
    va_start(args, format);
    vsnprintf(lines, sizeof lines, format, args);
    va_end(args);
    value_t *result = foretells(op, arguments, &bench, lines);
    assert_true(lives(pair->pid) && lives(pair->child));
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pair->pid), 0);
    return result;
}

static void
a_signal_reaches_the_process_that_is_meant(void **state)
{
    (void)state;
    pair_t pair = begin_pair("signalled");
    CLEANUP(value_destroy)
    value_t *said = would("process.signal", &pair, signal_of(&pair, "signalled", "HUP"),
                          "+ SIGHUP to process %d: signalled\n", (int)pair.pid);
    CLEANUP(value_destroy)
    value_t *ends = would("process.signal", &pair, signal_of(&pair, "signalled", "TERM"),
                          "- process %d: signalled\n", (int)pair.pid);
    assert_true(!value_get_bool(said, "ended") && value_get_bool(ends, "ended"));
    CLEANUP(value_destroy)
    value_t *hup = gives("process.signal", signal_of(&pair, "signalled", "HUP"));
    assert_false(value_get_bool(hup, "ended"));
    CLEANUP(value_destroy)
    value_t *term = gives("process.signal",
                          and_integer(signal_of(&pair, "signalled", "TERM"), "wait_ms", 20000));
    assert_true(value_get_bool(term, "ended"));
    assert_false(lives(pair.pid));
    CLEANUP(value_destroy)
    value_t *again = gives("process.signal", signal_of(&pair, "signalled", "TERM"));
    assert_true(value_get_bool(again, "ended"));
    refused("process.signal", signal_of(&pair, "signalled", "HUP"), FAULT_NOT_FOUND, "is gone");
    CLEANUP(value_destroy)
    value_t *gone = foretells("process.signal", signal_of(&pair, "signalled", "TERM"), &bench, "");
    assert_true(value_equal(gone, again));
    foresees_refusal("process.signal", signal_of(&pair, "signalled", "HUP"), &bench,
                     FAULT_NOT_FOUND, "is gone");
    end_pair(&pair);
}

static void
who_waits_too_long_for_an_end_is_cut_off(void **state)
{
    fault_t fault;
    (void)state;
    pair_t pair = begin_pair("patient");
    value_t *arguments = and_integer(signal_of(&pair, "patient", "CONT"), "wait_ms", 30000);
    assert_null(run_within("process.signal", arguments, 1, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
    CLEANUP(memory_free) pid_t *left = NULL;
    size_t count = 0;
    assert_int_equal(proc_tree(getpid(), &left, &count, &fault), 0);
    assert_int_equal(count, 3); /* we and the pair: nothing of the op */
    assert_true(lives(pair.pid));
    end_pair(&pair);
}

static void
a_pid_of_another_time_or_name_is_not_signalled(void **state)
{
    proc_t own;
    (void)state;
    pair_t pair = begin_pair("signalled");
    refused("process.signal", signal_of(&pair, "other", "KILL"), FAULT_CONFLICT, "is no 'other'");
    refused("process.signal", signal_of(&pair, "signalled", "USR1"), FAULT_ARGUMENT, "choices");
    pair_t stale = pair;
    const char *boot = strchr(strchr(pair.id, '-') + 1, '-');
    snprintf(stale.id, sizeof stale.id, "%d-1%s", (int)pair.pid, boot);
    refused("process.signal", signal_of(&stale, "signalled", "HUP"), FAULT_NOT_FOUND, "is gone");
    snprintf(stale.id, sizeof stale.id, "%.*s-another-boot", (int)(boot - pair.id), pair.id);
    refused("process.signal", signal_of(&stale, "signalled", "HUP"), FAULT_NOT_FOUND, "is gone");
    snprintf(stale.id, sizeof stale.id, "7");
    refused("process.signal", signal_of(&stale, "signalled", "HUP"), FAULT_ARGUMENT,
            "no process's");
    assert_true(proc_read(getpid(), &own));
    assert_int_equal(proc_write_id(&own, stale.id, NULL), 0);
    refused("process.signal", signal_of(&stale, own.name, "TERM"), FAULT_POLICY, "tocsin's own");
    assert_true(lives(pair.pid));
    end_pair(&pair);
}

/* A copy of sleep(1), executed as this user. */
static pid_t
begin_program(const char *path, uid_t user)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NAME, "program");
        if (setresuid(user, user, user))
            _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(path, "program", "1000", NULL);
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    return pid;
}

static void
signal_program(const char *path, uid_t user, const char *name, bool spared)
{
    pair_t program = {.pid = begin_program(path, user)};
    proc_t process;
    assert_true(proc_read(program.pid, &process));
    assert_int_equal(proc_write_id(&process, program.id, NULL), 0);
    if (spared) {
        refused("process.signal", signal_of(&program, name, "KILL"), FAULT_POLICY, "tocsin's own");
        kill(program.pid, SIGKILL);
    } else {
        CLEANUP(value_destroy)
        value_t *killed = gives("process.signal", signal_of(&program, name, "KILL"));
        assert_string_equal(value_get_text(killed, "signal"), "KILL");
    }
    waitpid(program.pid, NULL, 0);
}

/* Who preloads a library of his own into one of our programs is none of us. */
static void
our_programs_are_ours_only_as_our_users(void **state)
{
    static const settings_t settings = {.judge_uid = 54323};
    char command[700], folder[300], judge[320];
    (void)state;
    snprintf(folder, sizeof folder, "%s", here("programs"));
    snprintf(judge, sizeof judge, "%s/judge", folder);
    snprintf(command, sizeof command, "mkdir '%s' && cp /bin/sleep '%s'", folder, judge);
    assert_int_equal(system(command), 0);
    bench.programs = folder;
    bench.settings = &settings;
    signal_program(judge, 0, "judge", true);
    signal_program(judge, 54323, "judge", true);
    signal_program(judge, 54321, "judge", false);
    bench.programs = bench_programs;
    bench.settings = NULL;
}

static void
a_program_is_deleted_where_the_kernel_says_so_at_the_end(void **state)
{
    char command[600], path[300];
    (void)state;
    snprintf(path, sizeof path, "%s", here("a (deleted) b"));
    snprintf(command, sizeof command, "cp /bin/sleep '%s'", path);
    assert_int_equal(system(command), 0);
    pid_t pid = begin_program(path, 0);
    CLEANUP(value_destroy) value_t *there = gives("process.view", of_pid(pid));
    unlink(path);
    CLEANUP(value_destroy) value_t *gone = gives("process.view", of_pid(pid));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_false(value_get_bool(there, "program_deleted"));
    assert_true(value_get_bool(gone, "program_deleted"));
    assert_string_equal(value_get_text(there, "program"), path);
    assert_string_equal(value_get_text(gone, "program"), path);
}

static void
a_process_becomes_modest_and_what_it_was_is_told(void **state)
{
    (void)state;
    pair_t pair = begin_pair("busy");
    CLEANUP(value_destroy)
    value_t *foretold =
        would("process.renice", &pair, and_integer(for_pair(&pair, "busy"), "nice", 12),
              "- process %d, busy, nice: 0\n+ process %d, busy, nice: 12\n", (int)pair.pid,
              (int)pair.pid);
    CLEANUP(value_destroy)
    value_t *nice = gives("process.renice", and_integer(for_pair(&pair, "busy"), "nice", 12));
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pair.pid), 12);
    assert_int_equal(value_get_integer(nice, "previous"), 0);
    assert_true(value_equal(foretold, nice));
    CLEANUP(value_destroy)
    value_t *back = gives("process.renice", and_integer(for_pair(&pair, "busy"), "nice", 0));
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pair.pid), 0);
    assert_int_equal(value_get_integer(back, "previous"), 12);
    end_pair(&pair);
}

static value_t *
limits(const pair_t *pair, int64_t open_files, int64_t hard)
{
    value_t *map = and_integer(for_pair(pair, "hoarder"), "open_files", open_files);
    return hard ? and_integer(map, "hard", hard) : map;
}

static void
has_limits(const pair_t *pair, int64_t soft, int64_t hard)
{
    CLEANUP(value_destroy) value_t *view = gives("process.view", of_pid(pair->pid));
    assert_int_equal(value_get_integer(view, "open_files_max"), soft);
    assert_int_equal(value_get_integer(view, "open_files_hard"), hard);
}

/* The process is of the user that ops have: another's, and a higher hard limit, need
 * CAP_SYS_RESOURCE, which a container may not give. */
static void
a_process_may_have_more_files_open_and_as_many_as_before(void **state)
{
    (void)state;
    pair_t pair = begin_pair_as("hoarder", true);
    CLEANUP(value_destroy)
    value_t *foretold = would("process.set_limit", &pair, limits(&pair, 100, 0),
                              "- process %d, hoarder, open files: 64 of 128\n"
                              "+ process %d, hoarder, open files: 100 of 128\n",
                              (int)pair.pid, (int)pair.pid);
    has_limits(&pair, 64, 128);
    CLEANUP(value_destroy) value_t *more = gives("process.set_limit", limits(&pair, 100, 0));
    has_limits(&pair, 100, 128);
    assert_true(value_equal(foretold, more));
    assert_int_equal(value_get_integer(more, "previous"), 64);
    assert_int_equal(value_get_integer(more, "previous_hard"), 128);
    CLEANUP(value_destroy) value_t *few = gives("process.set_limit", limits(&pair, 3, 100));
    has_limits(&pair, 3, 100);
    assert_int_equal(value_get_integer(few, "open_files"), 3);
    CLEANUP(value_destroy) value_t *back = gives("process.set_limit", limits(&pair, 64, 100));
    has_limits(&pair, 64, 100);
    assert_int_equal(value_get_integer(back, "hard"), 100);
    end_pair(&pair);
}

static void
a_hard_limit_rises_as_far_as_is_asked_where_the_machine_lets_us(void **state)
{
    (void)state;
    pair_t pair = begin_pair_as("hoarder", true);
    CLEANUP(value_destroy)
    value_t *foretold = would("process.set_limit", &pair, limits(&pair, 256, 0),
                              "- process %d, hoarder, open files: 64 of 128\n"
                              "+ process %d, hoarder, open files: 256 of 256\n",
                              (int)pair.pid, (int)pair.pid);
    if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1) {
        CLEANUP(value_destroy) value_t *more = gives("process.set_limit", limits(&pair, 256, 0));
        assert_true(value_equal(foretold, more));
        has_limits(&pair, 256, 256);
        CLEANUP(value_destroy) value_t *back = gives("process.set_limit", limits(&pair, 64, 128));
        assert_int_equal(value_get_integer(back, "previous_hard"), 256);
    } else {
        refused("process.set_limit", limits(&pair, 256, 0), FAULT_IO, "CAP_SYS_RESOURCE");
    }
    has_limits(&pair, 64, 128);
    end_pair(&pair);
}

static void
a_limit_is_set_no_higher_than_is_named_and_of_nobody_else(void **state)
{
    (void)state;
    pair_t pair = begin_pair_as("hoarder", true);
    refused("process.set_limit", limits(&pair, 64, 129), FAULT_ARGUMENT, "64 to 128, not 129");
    refused("process.set_limit", limits(&pair, 64, 63), FAULT_ARGUMENT, "64 to 128, not 63");
    refused("process.set_limit", limits(&pair, 200, 128), FAULT_ARGUMENT, "200 to 200, not 128");
    refused("process.set_limit", limits(&pair, 1073741816, 0), FAULT_LIMIT, "fs.nr_open");
    foresees_refusal("process.set_limit", limits(&pair, 64, 129), &bench, FAULT_ARGUMENT,
                     "64 to 128");
    refused("process.set_limit",
            and_integer(texts("process", pair.id, "name", "another", NULL), "open_files", 100),
            FAULT_CONFLICT, "no 'another'");
    has_limits(&pair, 64, 128);
    end_pair(&pair);
    refused("process.set_limit", limits(&pair, 100, 0), FAULT_NOT_FOUND, "gone");
}

static void
freeze_and_thaw(const char *name, bool survives)
{
    pair_t pair = begin_pair(name);
    CLEANUP(value_destroy)
    value_t *would_freeze = would("process.freeze", &pair, for_pair(&pair, name),
                                  "+ process %d, %s: frozen\n+ process %d, %s: frozen\n",
                                  (int)pair.pid, name, (int)pair.child, name);
    CLEANUP(value_destroy)
    value_t *no_need = would("process.thaw", &pair, for_pair(&pair, name), "");
    CLEANUP(value_destroy) value_t *frozen = gives("process.freeze", for_pair(&pair, name));
    assert_true(value_equal(would_freeze, frozen));
    assert_true(value_get_bool(frozen, "frozen"));
    assert_int_equal(value_get_integer(no_need, "processes"), 0);
    CLEANUP(value_destroy)
    value_t *stand = would("process.freeze", &pair, for_pair(&pair, name), "");
    assert_true(value_equal(stand, frozen));
    CLEANUP(value_destroy)
    value_t *would_thaw = would("process.thaw", &pair, for_pair(&pair, name),
                                "- process %d, %s: frozen\n- process %d, %s: frozen\n",
                                (int)pair.pid, name, (int)pair.child, name);
    assert_int_equal(value_get_integer(frozen, "processes"), 2);
    CLEANUP(value_destroy) value_t *again = gives("process.freeze", for_pair(&pair, name));
    assert_int_equal(value_get_integer(again, "processes"), 2);
    if (survives) {
        kill(pair.pid, SIGTERM);
        poll(NULL, 0, 50);
        assert_true(lives(pair.pid));
    }
    CLEANUP(value_destroy) value_t *thawed = gives("process.thaw", for_pair(&pair, name));
    assert_false(value_get_bool(thawed, "frozen"));
    assert_true(value_equal(would_thaw, thawed));
    kill(pair.pid, SIGTERM);
    assert_int_equal(waitpid(pair.pid, NULL, 0), pair.pid);
    refused("process.thaw", for_pair(&pair, name), FAULT_NOT_FOUND, "is gone");
    end_pair(&pair);
}

static bool
has_freezer(const char *folder)
{
    return !access(folder, W_OK);
}

static void
a_tree_stands_still_until_it_is_thawed(void **state)
{
    (void)state;
    if (!has_freezer("/sys/fs/cgroup/freezer/cgroup.procs") &&
        !has_freezer("/sys/fs/cgroup/cgroup.procs"))
        skip();
    freeze_and_thaw("frozen", has_freezer("/sys/fs/cgroup/freezer/cgroup.procs"));
}

/* Where cgroup v2 stands beside v1, it is made to look as if it were alone. What v2 froze dies of a
 * signal that ends it; in v1 it waits. */
static void
the_unified_freezer_does_it_too(void **state)
{
    (void)state;
    if (!has_freezer("/sys/fs/cgroup/unified/cgroup.procs"))
        skip();
    assert_int_equal(symlink("/proc", here("proc")), 0);
    assert_int_equal(mkdir(here("sys"), 0755) || mkdir(here("sys/fs"), 0755), 0);
    assert_int_equal(symlink("/sys/fs/cgroup/unified", here("sys/fs/cgroup")), 0);
    bench_root(false);
    freeze_and_thaw("unified", false);
    bench_root(true);
}

/* Its child is in another group, or the machine has none. */
static void
a_tree_that_cannot_be_frozen_whole_is_not_frozen(void **state)
{
    char bare[96], group[96], child[16], file[128];
    (void)state;
    bool first = has_freezer("/sys/fs/cgroup/freezer/cgroup.procs");
    if (!first && !has_freezer("/sys/fs/cgroup/cgroup.procs"))
        skip();
    pair_t pair = begin_pair("parted");
    snprintf(bare, sizeof bare, "%s/bare", bench_folder);
    assert_int_equal(mkdir(bare, 0755) || symlink("/proc", here("bare/proc")), 0);
    bench.root = bare;
    refused("process.freeze", for_pair(&pair, "parted"), FAULT_NOT_FOUND,
            "no freezer of control groups");
    bench_root(true);
    snprintf(group, sizeof group, "/sys/fs/cgroup/%stest-parted-%d", first ? "freezer/" : "",
             (int)getpid());
    snprintf(file, sizeof file, "%s/cgroup.procs", group);
    snprintf(child, sizeof child, "%d", (int)pair.child);
    CLEANUP(descriptor_close)
    int procs = mkdir(group, 0755) ? -1 : open(file, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(procs, child, strlen(child)), (ssize_t)strlen(child));
    refused("process.freeze", for_pair(&pair, "parted"), FAULT_CONFLICT,
            "is in another control group");
    kill(pair.pid, SIGTERM);
    assert_int_equal(waitpid(pair.pid, NULL, 0), pair.pid); /* as one that is frozen would not */
    for (int i = 0; i < 200 && rmdir(group); i++)
        poll(NULL, 0, 10);
    assert_int_not_equal(access(group, F_OK), 0);
}

static value_t *
with_hash(const pair_t *pair, const char *hash)
{
    return texts("process", pair->id, "sha256", hash, NULL);
}

static void
a_tree_is_ended_by_the_hash_of_its_program(void **state)
{
    (void)state;
    pair_t pair = begin_pair("miner");
    CLEANUP(value_destroy)
    value_t *view = gives("process.view", and_true(of_pid(pair.pid), "hash"));
    char hash[HASH_TEXT];
    snprintf(hash, sizeof hash, "%s", value_get_text(view, "program_sha256"));
    hash[0] = hash[0] == 'a' ? 'b' : 'a';
    refused("process.end_tree", with_hash(&pair, hash), FAULT_HASH, "another program");
    assert_true(lives(pair.pid));
    foresees_refusal("process.end_tree", with_hash(&pair, hash), &bench, FAULT_HASH,
                     "another program");
    CLEANUP(value_destroy)
    value_t *foretold =
        would("process.end_tree", &pair, with_hash(&pair, value_get_text(view, "program_sha256")),
              "- process %d: miner\n- process %d: miner\n", (int)pair.pid, (int)pair.child);
    assert_true(value_get_bool(foretold, "found"));
    if (has_freezer("/sys/fs/cgroup/freezer/cgroup.procs")) {
        CLEANUP(value_destroy) value_t *frozen = gives("process.freeze", for_pair(&pair, "miner"));
        assert_true(value_get_bool(frozen, "frozen"));
    }
    CLEANUP(value_destroy)
    value_t *ended =
        gives("process.end_tree", with_hash(&pair, value_get_text(view, "program_sha256")));
    assert_true(value_get_bool(ended, "found"));
    assert_false(lives(pair.pid));
    for (int i = 0; i < 200 && lives(pair.child); i++)
        poll(NULL, 0, 10);
    assert_false(lives(pair.child));
    CLEANUP(value_destroy)
    value_t *again =
        gives("process.end_tree", with_hash(&pair, value_get_text(view, "program_sha256")));
    assert_false(value_get_bool(again, "found"));
    end_pair(&pair);
}

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

#define LINKS   80
#define LINK_US 400
#define LAST_US 20000000
#define TREES   20
#define TREE_OF (LINKS * LINK_US / TREES)

/* Each of them lives for a moment, and leaves a child behind that does the same; the last stays. */
_Noreturn static void
be_a_chain(void)
{
    for (int i = 0; i < LINKS; i++) {
        usleep(LINK_US);
        if (fork() > 0)
            _exit(0);
    }
    usleep(LAST_US);
    _exit(0);
}

/* Who keeps a chain, as the keeper of a service does; all of it holds held. */
static pid_t
keep_a_chain(int held)
{
    pid_t keeper = fork();
    if (keeper)
        return keeper;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fork() == 0)
        be_a_chain();
    pause();
    _exit(held);
}

/* One is born while its parent is looked at, which has died when that one would be. */
static void
nobody_slips_away_while_a_tree_ends(void **state)
{
    (void)state;
    for (int i = 0; i < TREES; i++) {
        int ends[2];
        proc_t keeper;
        fault_t fault = {0};
        assert_int_equal(pipe(ends), 0);
        pid_t pid = keep_a_chain(ends[1]);
        close(ends[1]);
        usleep((useconds_t)(i * TREE_OF));
        assert_true(proc_read(pid, &keeper));
        int failed = proc_end_tree(&keeper, 5000, &fault);
        waitpid(pid, NULL, 0);
        struct pollfd left = {.fd = ends[0]};
        assert_int_equal(failed, 0);
        assert_int_equal(poll(&left, 1, 1000), 1); /* nobody holds its other end */
        close(ends[0]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_tells_who_descends_from_whom),
        cmocka_unit_test(nobody_slips_away_while_a_tree_ends),
        cmocka_unit_test(of_a_crowd_the_heaviest_are_listed_and_the_rest_is_counted),
        cmocka_unit_test(a_view_tells_program_limits_and_hash),
        cmocka_unit_test(a_deleted_file_is_found_by_who_holds_it),
        cmocka_unit_test(a_listening_socket_is_found_with_its_process),
        cmocka_unit_test(a_signal_reaches_the_process_that_is_meant),
        cmocka_unit_test(who_waits_too_long_for_an_end_is_cut_off),
        cmocka_unit_test(a_pid_of_another_time_or_name_is_not_signalled),
        cmocka_unit_test(our_programs_are_ours_only_as_our_users),
        cmocka_unit_test(a_program_is_deleted_where_the_kernel_says_so_at_the_end),
        cmocka_unit_test(a_process_becomes_modest_and_what_it_was_is_told),
        cmocka_unit_test(a_process_may_have_more_files_open_and_as_many_as_before),
        cmocka_unit_test(a_hard_limit_rises_as_far_as_is_asked_where_the_machine_lets_us),
        cmocka_unit_test(a_limit_is_set_no_higher_than_is_named_and_of_nobody_else),
        cmocka_unit_test(a_tree_stands_still_until_it_is_thawed),
        cmocka_unit_test(the_unified_freezer_does_it_too),
        cmocka_unit_test(a_tree_that_cannot_be_frozen_whole_is_not_frozen),
        cmocka_unit_test(a_tree_is_ended_by_the_hash_of_its_program),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
