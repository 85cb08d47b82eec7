/* SPDX-License-Identifier: Apache-2.0 */
/* hostile [--count N] [--seed S] - attacks a runner from inside with N playbooks that a generator
 * writes, and as many runs of native code as a flaw in Lua might reach. It begins where an attacker
 * already is: the text was approved. Prints TAP.
 *
 * A hostile playbook is some of the fragments below, each with drawn numbers, wrapped in what may
 * hide it. It must end by itself or be ended; leave no process and no descriptor; ask for nothing
 * but the op that its step declares, with arguments of that op's schema. Between any two of them an
 * honest playbook runs: it must give the same output each time, for the same processor time. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/moment.h"
#include "lua/runner.h"
#include "lua/sandbox.h"
#include "wire/ops.h"

#define BOMB_MS   40 /* then it is killed */
#define HONEST_MS 60000
#define EVERY     50 /* an honest playbook between so many hostile ones */
#define DRAWN     (-1)
#define SLOWER    1.5 /* at most so many times what it took before */
#define CALLS     4   /* native system calls of one try */

typedef struct {
    uint64_t state;
    int number; /* of the test that was printed last */
    bool failed;
    size_t asked, undeclared; /* ops */
    size_t ended[FAULT_CODES], done;
} hostile_t;

/* splitmix64 */
static uint64_t
draw(hostile_t *self, uint64_t below)
{
    uint64_t number = self->state += 0x9e3779b97f4a7c15;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return (number ^ number >> 31) % below;
}

/* Where an @ stands, a number is drawn. */
static const char *const fragments[] = {
    "while true do end",
    "for i = 1, @ * 1000000000 do end",
    "local s = 'x' while #s < @ * 100000000 do s = s .. s end",
    "local t = {} for i = 1, @ * 10000000 do t[i] = { i } end",
    "return ('x'):rep(@ * 1000000)",
    "return ('x'):rep(@ * 1000000, ('y'):rep(1000))",
    "local function f(n) return 1 + f(n + 1) end return f(@)",
    "return (('a'):rep(@ + 20)):find(('.-'):rep(@ + 10) .. 'b')",
    "return (('a'):rep(@ * 1000)):gsub('.', function(c) return c:rep(@ * 100) end)",
    "for i = 1, @ * 1000 do say(('z'):rep(@ * 100)) end",
    "for i = 1, @ * 100 do disk.usage { path = '/' } end",
    "disk.usage { path = ('/'):rep(@) .. '..' }",
    "disk.usage { path = '/etc/passwd\\0' }",
    "disk.usage { path = '/', [@] = @ }",
    "file.remove { path = '/etc/passwd' }",
    "service.restart { service = 'web' }",
    "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) return t[@]",
    "return setmetatable({}, { __tostring = function() while true do end end })",
    "local t = {} for i = 1, @ do t = { t } end return t",
    "local t = {} t[1] = t return t",
    "return table.concat(table.pack(string.byte(('x'):rep(@ * 1000), 1, -1)), ',')",
    "return select(@ * 1000000, table.unpack({}, 1, @ * 100000))",
    "return string.format('%' .. @ .. 's', 'x')",
    "return string.pack('!16 i16', @):rep(@ * 100000)",
    "table.sort({ 3, 1, 2, 5, 4 }, function() return true end)",
    "string.gsub(('x'):rep(@), '.', function() error({}) end)",
    "error(setmetatable({}, { __tostring = function() error('again') end }))",
    "return io.open('/etc/shadow')",
    "return os.execute('id')",
    "return require('socket')",
    "return package.loadlib('libc.so.6', 'system')",
    "return debug.setmetatable('', { __index = @ })",
    "return load(('\\27Lua'):rep(@))",
    "return string.dump(function() end)",
    "getmetatable('').__index = function() return @ end",
    "_G.pairs, _G.disk, _G.playbook = nil, nil, nil",
    "ctx.inputs = nil ctx.here = setmetatable({}, { __index = error })",
    "collectgarbage('stop')",
    "return coroutine.wrap(function() while true do coroutine.yield() end end)()",
    "goto again ::again:: goto again",
    "return utf8.char(@ * 100000)",
    "return math.tointeger(2^53) << @",
};

/* What may hide one. */
static const struct {
    const char *front, *back;
} wraps[] = {
    {"", ""},
    {"pcall(function() ", " end)"},
    {"xpcall(function() ", " end, function(e) return e .. e end)"},
    {"repeat local ok = pcall(function() ", " end) until not ok"},
    {"local t <close> = setmetatable({}, { __close = function() ", " end })"},
    {"string.gsub('abc', '.', function() ", " end)"},
    {"setmetatable({}, { __index = function() ", " end }).x = nil"},
    {"local _ = setmetatable({}, { __lt = function() ", " end }) < {}"},
    {"table.sort({ 2, 1 }, function() ", " end)"},
    {"for _ in function() ", " end do break end"},
};

static void
add_fragment(hostile_t *self, bytes_t *out)
{
    const char *fragment = fragments[draw(self, ARRAY_SIZE(fragments))];
    size_t wrap = draw(self, ARRAY_SIZE(wraps));
    bytes_addf(out, " do %s", wraps[wrap].front);
    for (const char *at = fragment; *at; at++)
        if (*at == '@')
            bytes_addf(out, "%d", (int)draw(self, 60) + 1);
        else
            bytes_add(out, at, 1);
    bytes_addf(out, "%s end", wraps[wrap].back);
}

static bytes_t *
write_playbook(hostile_t *self)
{
    bytes_t *text = bytes_new();
    bytes_add_text(text, "return playbook { name = 'x', summary = 'x', step 'a' { uses = { "
                         "'disk.usage' }, run = function(ctx)");
    for (size_t i = 1 + draw(self, 4); i; i--)
        add_fragment(self, text);
    bytes_add_text(text, " end } }");
    return text;
}

/* What the judge would be asked for. */
static value_t *
on_op(void *given, const char *op, const value_t *arguments, fault_t *fault)
{
    hostile_t *self = given;
    self->asked++;
    self->undeclared += strcmp(op, "disk.usage") != 0;
    if (op_check(op_find("disk.usage"), arguments, fault))
        return NULL;
    value_t *result = value_map();
    value_set_integer(result, "used_percent", 42);
    return result;
}

static value_t *
context(void)
{
    value_t *map = value_map();
    value_set(map, "inputs", value_map());
    value_set(map, "incident", value_map());
    value_set(map, "target", value_map());
    value_set(map, "here", value_map());
    value_set_integer(map, "attempt", 1);
    return map;
}

static int
play(hostile_t *self, slice_t text, int timeout_ms, task_result_t *result, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *with = context();
    task_t task = {
        .mode = "step", .playbook = text, .step = "a", .context = with, .timeout_ms = timeout_ms};
    return runner_run(&task, on_op, self, result, fault);
}

static void
tell(hostile_t *self, bool good, const char *words)
{
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++self->number, words);
    self->failed = self->failed || !good;
}

/* ---- what must be as before -------------------------------------------------------------- */

static size_t
descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static bool
has_children(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static double
children_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* The processor time of an honest playbook; below 0 where it did not give what it should. */
static double
honest(hostile_t *self)
{
    static const char text[] =
        "return playbook { name = 'x', summary = 'x', step 'a' { uses = { 'disk.usage' }, "
        "run = function() local sum = 0 for i = 1, 300000 do sum = sum + i % 7 end "
        "return { sum = sum, used = disk.usage { path = '/' }.used_percent } end } }";
    task_result_t result = {0};
    fault_t fault = {0};
    double before = children_ms();
    if (play(self, slice_text(text), HONEST_MS, &result, &fault))
        return -1;
    bool same = result.outcome == OUTCOME_OK && value_get_integer(result.output, "used") == 42 &&
                value_get_integer(result.output, "sum") == 899998;
    value_destroy(&result.output);
    return same ? children_ms() - before : -1;
}

static int
by_size(const void *left, const void *right)
{
    double one = *(const double *)left, other = *(const double *)right;
    return (one > other) - (one < other);
}

static double
median(double *times, size_t count)
{
    qsort(times, count, sizeof *times, by_size);
    return times[count / 2];
}

/* ---- the attacks ------------------------------------------------------------------------- */

static void
attack_by_playbooks(hostile_t *self, size_t count)
{
    size_t rounds = count / EVERY + 1, open_before = descriptors(), orphans = 0, broken = 0;
    double *before = memory_new(rounds, sizeof *before), *after = memory_new(rounds, sizeof *after);
    for (size_t i = 0; i < rounds; i++)
        before[i] = honest(self);
    self->asked = self->undeclared = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(bytes_destroy) bytes_t *text = write_playbook(self);
        task_result_t result = {0};
        fault_t fault = {0};
        if (play(self, bytes_slice(text), BOMB_MS, &result, &fault))
            self->ended[fault.code]++;
        else if (result.outcome == OUTCOME_FAILED)
            self->ended[result.fault.code]++;
        else
            self->done++;
        value_destroy(&result.output);
        orphans += has_children();
        if (i % EVERY == 0) {
            after[i / EVERY] = honest(self);
            broken += after[i / EVERY] < 0;
        }
    }
    size_t measured = (count + EVERY - 1) / EVERY;
    double ratio = median(after, measured) / median(before, rounds);
    printf("# %zu hostile playbooks: %zu did nothing of note", count, self->done);
    for (int code = 0; code < FAULT_CODES; code++)
        if (self->ended[code])
            printf(", %zu %s", self->ended[code], fault_word((fault_code_t)code));
    printf("; %zu ops asked for; an honest playbook takes %.2f times the processor time\n",
           self->asked, ratio);
    tell(self, !orphans && descriptors() == open_before,
         "hostile playbooks leave no process and no descriptor");
    tell(self, !self->undeclared && !self->ended[FAULT_DENIED],
         "hostile playbooks ask for no op that is not declared, and make no system call");
    tell(self, !broken, "an honest playbook between them gives what it gave before");
    tell(self, ratio <= SLOWER, "hostile playbooks do not make the next one slower");
    free(before);
    free(after);
}

#ifdef __x86_64__
/* As 32-bit code asks the kernel: another table of numbers. */
static void
call_as_32_bit(uint32_t number)
{
    __asm__ volatile("int $0x80" : : "a"(number), "b"(0), "c"(0), "d"(0) : "memory");
}
#else
static void
call_as_32_bit(uint32_t number)
{
    (void)number;
}
#endif

/* uretprobe and uprobe go past every filter (Linux 6.14, kernel/seccomp.c): outside a probe's
 * trampoline they fail, and do nothing else. */
static bool
is_permitted(long number)
{
    static const long permitted[] = {SYS_read, SYS_write, SYS_exit, SYS_exit_group,
#ifdef __x86_64__
                                     335,      336
#endif
    };
    for (size_t i = 0; i < ARRAY_SIZE(permitted); i++)
        if (number == permitted[i])
            return true;
    return false;
}

/* 7 says that one came back. */
_Noreturn static void
try_calls(hostile_t *self)
{
    for (;;) {
        bool old = draw(self, 8) == 0, other = draw(self, 8) == 0;
        long number = (long)draw(self, 480);
        if (is_permitted(number))
            continue;
        if (old)
            call_as_32_bit((uint32_t)number);
        else
            syscall(number | (other ? 0x40000000 : 0), draw(self, 64), draw(self, UINT64_MAX),
                    draw(self, 4096), draw(self, 8), 0, 0);
        _exit(7);
    }
}

/* As a playbook that took its interpreter over would ask the kernel: 7 says that it was answered.
 */
_Noreturn static void
try_call(long number)
{
    syscall(number, 0, 0, 0, 0, 0, 0);
    _exit(7);
}

/* number is DRAWN for any that is not permitted. */
static bool
dies_of_a_call(hostile_t *self, const sandbox_t *sandbox, long number)
{
    int ends[2], status = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return false;
    pid_t parent = getpid(), pid = fork();
    if (!pid) {
        if (sandbox_enter(sandbox, ends[1], parent))
            _exit(9);
        if (number != DRAWN)
            try_call(number);
        try_calls(self);
    }
    close(ends[0]);
    close(ends[1]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    draw(self, 2); /* the child drew from a copy */
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void
attack_by_calls(hostile_t *self, size_t count)
{
    static const struct {
        const char *words;
        long number;
    } named[] = {
        {"lua_syscall_open: openat", SYS_openat},
        {"lua_syscall_open: openat2", SYS_openat2},
        {"lua_syscall_open: open_by_handle_at", SYS_open_by_handle_at},
        {"lua_syscall_socket", SYS_socket},
        {"lua_syscall_execve", SYS_execve},
        {"lua_syscall_execve: execveat", SYS_execveat},
        {"lua_syscall_execve: clone", SYS_clone},
        {"lua_syscall_iouring", SYS_io_uring_setup},
        {"lua_syscall_iouring: one that is there already", SYS_io_uring_enter},
        {"lua_syscall_ptrace", SYS_ptrace},
        {"lua_syscall_mprotect", SYS_mprotect},
    };
    fault_t fault = {0};
    CLEANUP(sandbox_destroy) sandbox_t *sandbox = sandbox_new(RUNNER_CPU_MAX_S, &fault);
    size_t escaped = 0;
    for (size_t i = 0; i < ARRAY_SIZE(named); i++)
        tell(self, sandbox && dies_of_a_call(self, sandbox, named[i].number), named[i].words);
    for (size_t i = 0; sandbox && i < count; i++)
        escaped += !dies_of_a_call(self, sandbox, DRAWN);
    printf("# %zu tries of native system calls: %zu came back\n", count, escaped);
    tell(self, sandbox && !escaped, "native code in a runner dies of its first system call");
}

int
main(int argc, char **argv)
{
    uint64_t count = 10000;
    hostile_t self = {.state = 1};
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t *out = !strcmp(argv[i], "--count") ? &count : &self.state;
        if (!text_read_u64(argv[i + 1], 1, 10000000, out))
            return 64;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    attack_by_playbooks(&self, count);
    attack_by_calls(&self, count);
    printf("1..%d\n", self.number);
    return self.failed;
}
