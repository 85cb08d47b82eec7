/* SPDX-License-Identifier: Apache-2.0 */
/* twins - the least that could stand where a worker's parts stand, in microseconds: an op that is a
 * process of coreutils, with what a journal must have on the disk around a fix, and a step that is
 * a process with a fresh Lua behind a system call filter.
 *
 *     twins FOLDER COUNT
 *
 * FOLDER is on the filesystem that is to be measured. */
#include <fcntl.h>
#include <lauxlib.h>
#include <linux/filter.h>
#include <lualib.h>
#include <seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/text.h"
#include "tests/bench/bench.h"

#define COUNT_MAX   100000
#define RECORD_SIZE 300 /* of BEGIN and of END */
#define FILTER_MAX  256 /* instructions */

extern char **environ;

/* ---- ops --------------------------------------------------------------------------------- */

/* Its whole output is read, and it must succeed. */
static void
run_program(const char *const *words)
{
    char said[4096];
    int ends[2], status;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    bench_need(!pipe2(ends, O_CLOEXEC), "pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    bench_need(!posix_spawn(&pid, words[0], &actions, NULL, (char *const *)words, environ),
               words[0]);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (read(ends[0], said, sizeof said) > 0)
        ;
    close(ends[0]);
    bench_need(waitpid(pid, &status, 0) == pid && status == 0, words[0]);
}

static void
note(int journal)
{
    static const char record[RECORD_SIZE];
    bench_need(write(journal, record, sizeof record) == sizeof record && !fdatasync(journal),
               "the journal");
}

/* disk.usage, and file.truncate between a BEGIN and an END. */
static void
measure_ops(const char *folder, double *samples, size_t count)
{
    char journal_path[4096], path[4096];
    snprintf(journal_path, sizeof journal_path, "%s/twin.journal", folder);
    snprintf(path, sizeof path, "%s/twin.log", folder);
    const char *const see[] = {"/usr/bin/stat", "-f", path, NULL};
    const char *const fix[] = {"/usr/bin/truncate", "-s", "0", path, NULL};
    CLEANUP(descriptor_close)
    int journal = open(journal_path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    bench_need(journal >= 0, journal_path);
    run_program(fix);
    for (size_t i = 0; i < count; i++) {
        double start = bench_us();
        run_program(see);
        samples[i] = bench_us() - start;
    }
    bench_say_samples("see_twin", samples, count);
    for (size_t i = 0; i < count; i++) {
        double start = bench_us();
        note(journal);
        run_program(fix);
        note(journal);
        samples[i] = bench_us() - start;
    }
    bench_say_samples("fix_twin", samples, count);
    unlink(journal_path);
    unlink(path);
}

/* ---- steps ------------------------------------------------------------------------------- */

/* The step of limits.c, and enough of a library for it. */
#define STEP_TEXT                                                                             \
    "local function playbook(t) return t[1].run() end"                                        \
    " local function step() return function(t) return t end end local disk = { usage = ask }" \
    " return playbook { name = 'noop', summary = 'noop', step 'usage' { timeout = '10s',"     \
    " uses = { ['disk.usage'] = {} }, run = function() return disk.usage { path = '/' } end } }"

static int child_fd; /* in a step */

/* ask (arguments): a question and its answer. */
static int
ask(lua_State *lua)
{
    char answer[64];
    luaL_checktype(lua, 1, LUA_TTABLE);
    if (write(child_fd, "OP", 2) != 2 || read(child_fd, answer, sizeof answer) <= 0)
        return luaL_error(lua, "nobody answers");
    lua_pushstring(lua, answer);
    return 1;
}

/* What a step may call, compiled once. */
static struct sock_fprog
make_filter(void)
{
    static struct sock_filter program[FILTER_MAX];
    static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit_group),
                                SCMP_SYS(brk),  SCMP_SYS(mmap),  SCMP_SYS(munmap)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    CLEANUP(descriptor_close) int fd = memfd_create("filter", MFD_CLOEXEC);
    bench_need(filter && fd >= 0, "a filter");
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        bench_need(!seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0), "a filter's rule");
    bench_need(!seccomp_export_bpf(filter, fd), "a filter");
    seccomp_release(filter);
    ssize_t size = pread(fd, program, sizeof program, 0);
    bench_need(size > 0 && (size_t)size < sizeof program, "a filter");
    return (struct sock_fprog){(unsigned short)((size_t)size / sizeof *program), program};
}

_Noreturn static void
run_step(int fd, const struct sock_fprog *filter)
{
    char text[4096];
    child_fd = fd;
    lua_State *lua = luaL_newstate();
    luaL_openlibs(lua);
    lua_register(lua, "ask", ask);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, filter))
        _exit(2);
    ssize_t size = read(fd, text, sizeof text);
    if (size <= 0 || luaL_loadbufferx(lua, text, (size_t)size, "=step", "t") ||
        lua_pcall(lua, 0, 1, 0) || write(fd, "DONE", 4) != 4)
        _exit(1);
    _exit(0);
}

static void
need_word(int fd, const char *word)
{
    char said[16] = "";
    bench_need(read(fd, said, sizeof said - 1) > 0 && !strcmp(said, word), word);
}

static void
walk_step(const struct sock_fprog *filter)
{
    int ends[2], status;
    bench_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    pid_t pid = fork();
    if (!pid)
        run_step(ends[1], filter);
    close(ends[1]);
    bench_need(pid > 0 && write(ends[0], STEP_TEXT, sizeof STEP_TEXT - 1) > 0, "a step");
    need_word(ends[0], "OP");
    bench_need(write(ends[0], "n", 2) == 2, "a step");
    need_word(ends[0], "DONE");
    bench_need(waitpid(pid, &status, 0) == pid && status == 0, "a step");
    close(ends[0]);
}

static double
processor_us(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void
measure_steps(double *samples, size_t count)
{
    struct sock_fprog filter = make_filter();
    double before = processor_us(RUSAGE_SELF) + processor_us(RUSAGE_CHILDREN);
    for (size_t i = 0; i < count; i++) {
        double start = bench_us();
        walk_step(&filter);
        samples[i] = bench_us() - start;
    }
    double spent = processor_us(RUSAGE_SELF) + processor_us(RUSAGE_CHILDREN) - before;
    bench_say("step_twin_processor", spent / (double)count);
    bench_say_samples("step_twin", samples, count);
}

int
main(int argc, char **argv)
{
    uint64_t count;
    if (argc != 3 || !text_read_u64(argv[2], 1, COUNT_MAX, &count)) {
        fprintf(stderr, "usage: twins FOLDER COUNT\n");
        return EXIT_FAILURE;
    }
    CLEANUP(memory_free) double *samples = memory_new(count, sizeof *samples);
    signal(SIGPIPE, SIG_IGN);
    measure_ops(argv[1], samples, count);
    measure_steps(samples, count);
    return EXIT_SUCCESS;
}
