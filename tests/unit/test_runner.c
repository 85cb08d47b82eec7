/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lua/runner.h"
#include "lua/sandbox.h"

#define USES "uses = { 'disk.usage' }, "

/* A playbook with one step whose fields are these. */
static char *
playbook_of(const char *fields)
{
    size_t size = strlen(fields) + 200;
    char *text = memory_new(size, 1);
    snprintf(text, size,
             "return playbook { name = 'probe', summary = 'probe',\n step 'one' { %s } }", fields);
    return text;
}

static value_t *
usage_of_a_disk(void *self, const char *op, const value_t *arguments, fault_t *fault)
{
    int *asked = self;
    if (asked)
        ++*asked;
    if (!strcmp(value_get_text(arguments, "path"), "/gone")) {
        fault_set(fault, FAULT_NOT_FOUND, "no such path");
        return NULL;
    }
    value_t *result = value_map();
    value_set_text(result, "op", op);
    value_set(result, "path", value_copy(value_get(arguments, "path")));
    value_set_integer(result, "used_percent", 91);
    value_set(result, "load", value_decimal("1.5", NULL));
    value_set(result, "list", value_list());
    return result;
}

static int
run_step(const char *fields, int timeout_ms, task_result_t *result, int *asked, fault_t *fault)
{
    CLEANUP(memory_free) char *text = playbook_of(fields);
    CLEANUP(value_destroy) value_t *context = value_map();
    value_t *inputs = value_map();
    value_set_text(inputs, "mount", "/srv");
    value_set_integer(inputs, "goal", 80);
    value_set(context, "inputs", inputs);
    task_t task = {"step", slice_text(text), "one", context, timeout_ms, NULL};
    *result = (task_result_t){0};
    return runner_run(&task, usage_of_a_disk, asked, result, fault);
}

static void
ends(const char *fields, outcome_t outcome, fault_code_t code, const char *text)
{
    task_result_t result;
    fault_t fault = {0};
    int wrong = run_step(fields, 10000, &result, NULL, &fault);
    if (wrong)
        fail_msg("%s: %s", fields, fault.text);
    if (result.outcome != outcome || result.fault.code != code || !strstr(result.fault.text, text))
        fail_msg("%s: outcome %d, %s: %s", fields, result.outcome, fault_word(result.fault.code),
                 result.fault.text);
    value_destroy(&result.output);
}

static void
gives(const char *fields, const char *encoded)
{
    task_result_t result;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    if (run_step(fields, 10000, &result, NULL, &fault))
        fail_msg("%s: %s", fields, fault.text);
    value_encode(result.output, bytes);
    if (result.outcome != OUTCOME_OK)
        fail_msg("%s: %s", fields, result.fault.text);
    assert_string_equal(bytes_text(bytes), encoded);
    value_destroy(&result.output);
}

static void
a_step_runs_and_its_output_is_canonical(void **state)
{
    (void)state;
    gives("run = function(ctx) return ctx.inputs.goal end", "i80;");
    gives("run = function(ctx) return { 1, 'two', true, 1.5, 4.0, {} } end",
          "li1;s3:twotr1.5;i4;mee");
    gives("run = function() return { b = 1, a = { c = false } } end", "ms1:ams1:cfes1:bi1;e");
    gives("run = function() end", "n");
    gives("run = function() local t = {} for k, v in pairs { z = 1, y = 2, [2] = 3, [1] = 4 } do"
          " t[#t + 1] = tostring(k) end return t end",
          "ls1:1s1:2s1:ys1:ze");
    gives("run = function() local t = { 3, 1, 2 } table.sort(t) return t end", "li1;i2;i3;e");
}

static void
an_op_gives_its_result_or_nil_text_and_code(void **state)
{
    (void)state;
    gives(USES "run = function(ctx) return disk.usage { path = ctx.inputs.mount } end",
          "ms4:listmes4:loadr1.5;s2:ops10:disk.usages4:paths4:/srvs12:used_percenti91;e");
    gives(USES "run = function() local a, b, c = disk.usage { path = '/gone' }"
               " return { a == nil, b, c } end",
          "lts12:no such paths9:not-founde");
    ends(USES "run = function() return disk.usage { path = '/gone' } end", OUTCOME_FAILED,
         FAULT_NOT_FOUND, "no such path");
}

static void
when_and_verify_decide(void **state)
{
    (void)state;
    ends("when = function() return false end, run = function() error 'no' end", OUTCOME_SKIPPED,
         FAULT_NONE, "");
    ends("run = function() return 1 end, verify = function(ctx, output) return output == 1 end",
         OUTCOME_OK, FAULT_NONE, "");
    ends("run = function() return 1 end, verify = function() return false end", OUTCOME_FAILED,
         FAULT_FAILED, "verify did not hold");
    ends("run = function() return nil, 'too hot' end", OUTCOME_FAILED, FAULT_FAILED, "too hot");
}

static void
an_error_says_file_line_and_text(void **state)
{
    (void)state;
    ends("run = function() local x = nil; return x.y end", OUTCOME_FAILED, FAULT_SCRIPT,
         "playbook.lua:2: attempt to index a nil value");
    ends("run = function() disk.usage { path = '/' } end", OUTCOME_FAILED, FAULT_SCRIPT,
         "playbook.lua:2: op 'disk.usage' is not declared in uses of step 'one'");
    ends("run = function()\n error { odd = true } end", OUTCOME_FAILED, FAULT_SCRIPT,
         "playbook.lua:3: an error that is no text");
    ends("run = 1", OUTCOME_FAILED, FAULT_SCRIPT,
         "playbook.lua:2: step 'one': 'run' wants a function, not a number");
    ends("run = function() return print end", OUTCOME_OK, FAULT_NONE, "");
    ends("run = function() return ipairs end", OUTCOME_FAILED, FAULT_SCRIPT,
         "a function is no value");
    ends("run = function() return 0 / 0 end", OUTCOME_FAILED, FAULT_SCRIPT, "no decimal notation");
    ends("run = function( return 1 end", OUTCOME_FAILED, FAULT_SCRIPT, "playbook.lua:2:");
    ends("run = function() error {} end", OUTCOME_FAILED, FAULT_SCRIPT, "no text");
}

/* The step 'one' of a whole file. */
static void
file_fails(const char *text, const char *words)
{
    CLEANUP(value_destroy) value_t *context = value_map();
    task_t task = {"step", slice_text(text), "one", context, 10000, NULL};
    task_result_t result = {0};
    assert_int_equal(runner_run(&task, NULL, NULL, &result, NULL), 0);
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_int_equal(result.fault.code, FAULT_SCRIPT);
    assert_string_equal(result.fault.text, words);
    value_destroy(&result.output);
}

static void
a_file_is_run_once(void **state)
{
    (void)state;
    file_fails("if not tried then tried = true error 'the first time' end\n"
               "return playbook { name = 'x', summary = 's', step 'one' { run = function() end } }",
               "playbook.lua:1: the first time");
    file_fails("local book = playbook { name = 'x', summary = 's',\n"
               "step 'one' { run = function() end } }\nbook.no.such = 1",
               "playbook.lua:3: attempt to index a nil value (field 'no')");
}

static void
what_no_line_of_the_playbook_says_names_none(void **state)
{
    (void)state;
    file_fails("\nreturn playbook { name = 'x' }", "playbook.lua: playbook 'x' has no summary");
    file_fails("\nreturn 1", "playbook.lua: the file does not return playbook { ... }");
}

static void
an_op_that_killed_a_step_is_named_with_its_text_and_code(void **state)
{
    (void)state;
    ends(USES "run = function()\n return disk.usage { path = '/gone' }.used_percent end",
         OUTCOME_FAILED, FAULT_NOT_FOUND, "playbook.lua:3: disk.usage: no such path (attempt to");
    ends(USES "run = function()\n return assert(disk.usage { path = '/gone' }) end", OUTCOME_FAILED,
         FAULT_NOT_FOUND, "playbook.lua:3: disk.usage: no such path");
    ends(USES "run = function() disk.usage { path = '/gone' } disk.usage { path = '/' }"
              " local x; return x.y end",
         OUTCOME_FAILED, FAULT_SCRIPT, "playbook.lua:2: attempt to index a nil value");
}

static void
a_step_runs_for_each_item_until_one_fails(void **state)
{
    (void)state;
    gives("for_each = function(ctx) return { 'a', 'b' } end, max = 2,"
          " run = function(ctx, item, index) return item .. index .. ctx.inputs.goal end",
          "ls4:a180s4:b280e");
    gives("for_each = function() return { 1, 2 } end, max = 2, run = function() end", "ltte");
    gives("for_each = function() return {} end, max = 2, run = function() error 'no' end", "me");
    ends("for_each = function() return { 'a', 'b', 'c' } end, max = 3,"
         " run = function(ctx, item) return item end,"
         " verify = function(ctx, output, item, index) return index < 2, output end",
         OUTCOME_FAILED, FAULT_FAILED, "item 2 (b): verify did not hold: b");
    ends("for_each = function() return { 1, 2, 3 } end, max = 2, run = function() end",
         OUTCOME_FAILED, FAULT_LIMIT, "for_each gives 3 items, and max is 2");
    ends("for_each = 'inputs.goal', run = function() end", OUTCOME_FAILED, FAULT_SCRIPT,
         "gives a number, not a list");
}

static int
run_mode(const char *mode, const char *fields, task_result_t *result, value_t *said)
{
    CLEANUP(memory_free) char *text = playbook_of(fields);
    CLEANUP(value_destroy) value_t *context = value_map();
    value_set_integer(context, "output", 7);
    value_set_integer(context, "attempt", 2);
    task_t task = {mode, slice_text(text), "one", context, 5000, said};
    *result = (task_result_t){0};
    return runner_run(&task, NULL, NULL, result, NULL);
}

static void
when_and_undo_run_alone(void **state)
{
    (void)state;
    task_result_t result;
    const char *fields = "approve = { text = 'go on?' }, when = function(ctx)"
                         " return ctx.attempt == 3 end";
    assert_int_equal(run_mode("when", fields, &result, NULL), 0);
    assert_int_equal(result.outcome, OUTCOME_SKIPPED);
    value_destroy(&result.output);
    assert_int_equal(run_mode("step", fields, &result, NULL), 0);
    assert_non_null(strstr(result.fault.text, "of kind approve and runs nothing"));
    value_destroy(&result.output);
    fields = "run = function() error 'no' end, undo = function(ctx) return ctx.output + 1 end";
    assert_int_equal(run_mode("undo", fields, &result, NULL), 0);
    assert_int_equal(value_number(result.output), 8);
    value_destroy(&result.output);
    assert_int_equal(run_mode("undo", "run = function() end", &result, NULL), 0);
    assert_non_null(strstr(result.fault.text, "step 'one' has no undo"));
    value_destroy(&result.output);
}

static void
what_a_step_says_is_bounded(void **state)
{
    (void)state;
    task_result_t result;
    CLEANUP(value_destroy) value_t *said = value_list();
    assert_int_equal(run_mode("step",
                              "run = function() say 'a\\nb' say(('x'):rep(499) .. '\xc3\xa9')"
                              " for i = 1, 1000 do say(i) end end",
                              &result, said),
                     0);
    assert_int_equal(result.outcome, OUTCOME_OK);
    assert_int_equal(value_count(said), RUNNER_SAY_MAX + 1);
    assert_string_equal(value_string(value_at(said, 0)), "a b");
    assert_int_equal(value_slice(value_at(said, 1)).size, 499);
    assert_string_equal(value_string(value_at(said, RUNNER_SAY_MAX)),
                        "more is left out: a step says at most 200 lines");
    value_destroy(&result.output);
}

static void
is_killed(const char *fields)
{
    task_result_t result;
    fault_t fault = {0};
    assert_int_equal(run_step(fields, 300, &result, NULL, &fault), -1);
    assert_int_equal(fault.code, FAULT_TIMEOUT);
}

static void
lua_pcall_swallow(void **state)
{
    (void)state;
    is_killed("run = function() while true do pcall(function() while true do end end) end end");
}

static void
lua_pattern_backtrack(void **state)
{
    (void)state;
    is_killed("run = function() return (('a'):rep(100)):find(('.-'):rep(20) .. 'b') end");
}

static void
lua_gc_finalizer_spin(void **state)
{
    (void)state;
    ends("run = function() setmetatable({}, { __gc = function() while true do end end }) end",
         OUTCOME_FAILED, FAULT_SCRIPT, "no __gc");
}

static void
lua_close_finalizer(void **state)
{
    (void)state;
    gives("run = function() local meta = {} local t = setmetatable({}, meta)"
          " meta.__gc = function() while true do end end return 1 end",
          "i1;");
}

static void
lua_string_rep_bomb(void **state)
{
    (void)state;
    ends("run = function() return ('x'):rep(1 << 30) end", OUTCOME_FAILED, FAULT_LIMIT, "memory");
    ends("run = function() return ('x'):rep(1 << 62, 'yy') end", OUTCOME_FAILED, FAULT_SCRIPT,
         "too large");
}

static void
lua_table_concat_bomb(void **state)
{
    (void)state;
    ends("run = function() local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100000) end"
         " return table.concat(t) end",
         OUTCOME_FAILED, FAULT_LIMIT, "memory");
    ends("run = function() local s = 'x' while true do s = s .. s end end", OUTCOME_FAILED,
         FAULT_LIMIT, "memory");
    ends("run = function() local t = {} while true do t[#t + 1] = {} end end", OUTCOME_FAILED,
         FAULT_LIMIT, "memory");
}

static void
lua_deep_recursion(void **state)
{
    (void)state;
    ends("run = function() local function f() return 1 + f() end return f() end", OUTCOME_FAILED,
         FAULT_LIMIT, "memory");
    ends("run = function() local s = ('x'):rep(300) local f = s.gsub"
         " local function g(x) return f(x, '.', g) end return g(s) end",
         OUTCOME_FAILED, FAULT_SCRIPT, "overflow");
    ends("run = function() local t = {} for i = 1, 100 do t = { t } end return t end",
         OUTCOME_FAILED, FAULT_SCRIPT, "nested deeper");
    ends("run = function() local t = {} t.t = t return t end", OUTCOME_FAILED, FAULT_SCRIPT,
         "nested deeper");
}

static void
lua_what_could_escape_is_absent(void **state)
{
    (void)state;
    gives(
        "run = function() return { coroutine == nil, debug == nil, load == nil, loadstring == nil,"
        " dofile == nil, loadfile == nil, require == nil, io == nil, os == nil, package.loadlib == "
        "nil and package.path == nil and package.loaded == nil,"
        " collectgarbage == nil, string.dump == nil, math.random == nil, print == nil } end",
        "ltttttttttttttte");
}

static void
lua_bytecode_load(void **state)
{
    (void)state;
    task_result_t result = {0};
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *context = value_map();
    task_t task = {"step", slice_of("\x1bLua\x54\x00\x19\x93", 8), "one", context, 5000, NULL};
    assert_int_equal(runner_run(&task, NULL, NULL, &result, &fault), 0);
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(result.fault.text, "attempt to load a binary chunk"));
    value_destroy(&result.output);
}

static void
lua_string_metatable_tamper(void **state)
{
    (void)state;
    gives("run = function() return getmetatable('') end", "s30:strings have no metatable here");
    ends("run = function() getmetatable('').__index = nil end", OUTCOME_FAILED, FAULT_SCRIPT,
         "attempt to index");
    ends("run = function() setmetatable('', {}) end", OUTCOME_FAILED, FAULT_SCRIPT,
         "table expected");
}

static void
lua_nondeterministic_replay(void **state)
{
    (void)state;
    static const char fields[] =
        "run = function() local t, out = {}, {} for i = 1, 100 do t['k' .. i * 7919 % 101] = i end"
        " for k, v in pairs(t) do out[#out + 1] = k .. v end"
        " out[#out + 1] = tostring({}) .. tostring(ipairs) .. string.format('%s', {})"
        " return table.concat(out) end";
    task_result_t first, second;
    fault_t fault = {0};
    assert_int_equal(run_step(fields, 5000, &first, NULL, &fault), 0);
    assert_int_equal(run_step(fields, 5000, &second, NULL, &fault), 0);
    assert_int_equal(first.outcome, OUTCOME_OK);
    assert_true(value_equal(first.output, second.output));
    assert_null(strstr(value_string(first.output), "0x"));
    value_destroy(&first.output);
    value_destroy(&second.output);
    ends("run = function() return string.format('%p', {}) end", OUTCOME_FAILED, FAULT_SCRIPT,
         "addresses differ");
    gives("run = function() local t = {} for i = 1, 2000 do t[i] = i % 2 * i end"
          " table.sort(t, function(a, b) return true end) return #t end",
          "i2000;");
}

static void
lua_output_flood(void **state)
{
    (void)state;
    task_result_t result;
    fault_t fault = {0};
    int asked = 0;
    ends("run = function() return ('x'):rep(300000) end", OUTCOME_FAILED, FAULT_LIMIT,
         "over 262144 bytes");
    ends("run = function() return string.format('%99.99f', -1e308):rep(600) end", OUTCOME_OK,
         FAULT_NONE, "");
    ends(USES "run = function() disk.usage { path = ('x'):rep(300000) } end", OUTCOME_FAILED,
         FAULT_SCRIPT, "arguments of over");
    assert_int_equal(run_step(USES
                              "run = function() while true do disk.usage { path = '/' } end end",
                              5000, &result, &asked, &fault),
                     0);
    assert_int_equal(asked, RUNNER_OPS_MAX);
    assert_non_null(strstr(result.fault.text, "over 256 ops"));
    value_destroy(&result.output);
}

static void
large_outputs_come_out_whole(void **state)
{
    (void)state;
    task_result_t result;
    fault_t fault = {0};
    assert_int_equal(run_step("run = function() local t = {} for i = 1, 10000 do"
                              " t['key' .. i] = { i, ('v'):rep(5) } end return t end",
                              5000, &result, NULL, &fault),
                     0);
    assert_string_equal(result.fault.text, "");
    assert_int_equal(value_count(result.output), 10000);
    assert_int_equal(value_number(value_at(value_get(result.output, "key77"), 0)), 77);
    value_destroy(&result.output);
}

/* What becomes of a child that locks itself in and then does this. */
static int
status_after(long (*act)(void))
{
    int ends_[2];
    CLEANUP(sandbox_destroy) sandbox_t *sandbox = sandbox_new(5, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
    pid_t parent = getpid(), pid = fork();
    if (!pid) {
        if (sandbox_enter(sandbox, ends_[1], parent))
            _exit(1);
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    close(ends_[0]);
    close(ends_[1]);
    return status;
}

static long
do_nothing(void)
{
    return 0;
}

static long
do_open(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/etc/hostname", O_RDONLY);
}

static long
do_socket(void)
{
    return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long
do_execve(void)
{
    char *const none[] = {NULL};
    return syscall(SYS_execve, "/bin/true", none, none);
}

static long
do_io_uring(void)
{
    struct io_uring_params parameters = {0};
    return syscall(SYS_io_uring_setup, 1, &parameters);
}

static long
do_fork(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long
do_write_elsewhere(void)
{
    return syscall(SYS_write, 1, "x", 1);
}

static long
do_map(void)
{
    return syscall(SYS_mmap, NULL, 4096, 0, 0x22, -1, 0);
}

static void
dies_of_sigsys(long (*act)(void))
{
    int status = status_after(act);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
a_locked_in_child_may_exit(void **state)
{
    (void)state;
    assert_int_equal(status_after(do_nothing), 0);
}

static void
lua_syscall_open(void **state)
{
    (void)state;
    dies_of_sigsys(do_open);
}

static void
lua_syscall_socket(void **state)
{
    (void)state;
    dies_of_sigsys(do_socket);
}

static void
lua_syscall_execve(void **state)
{
    (void)state;
    dies_of_sigsys(do_execve);
    dies_of_sigsys(do_fork);
}

static void
lua_syscall_iouring(void **state)
{
    (void)state;
    dies_of_sigsys(do_io_uring);
}

/* A pipe's reader sees the end once nobody holds the other side any more. */
static void
lua_fd_inheritance(void **state)
{
    (void)state;
    int fd = -1, status, ends_[2];
    fault_t fault = {0};
    assert_int_equal(pipe(ends_), 0);
    pid_t pid = runner_fork(&fd, &fault);
    assert_true(pid > 0);
    close(ends_[1]);
    struct pollfd waiting = {.fd = ends_[0], .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, 10000), 1);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    dies_of_sigsys(do_write_elsewhere);
    close(ends_[0]);
    close(fd);
    waitpid(pid, &status, 0);
}

static void
lua_heap_is_locked(void **state)
{
    (void)state;
#ifndef TOCSIN_SANITIZED
    dies_of_sigsys(do_map);
#else
    assert_int_equal(status_after(do_map), 0);
#endif
}

static void
a_runner_ends_when_its_owner_closes(void **state)
{
    (void)state;
    int fd = -1, status;
    pid_t pid = runner_fork(&fd, NULL);
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_runs_and_its_output_is_canonical),
        cmocka_unit_test(an_op_gives_its_result_or_nil_text_and_code),
        cmocka_unit_test(when_and_verify_decide),
        cmocka_unit_test(an_error_says_file_line_and_text),
        cmocka_unit_test(a_file_is_run_once),
        cmocka_unit_test(what_no_line_of_the_playbook_says_names_none),
        cmocka_unit_test(an_op_that_killed_a_step_is_named_with_its_text_and_code),
        cmocka_unit_test(a_step_runs_for_each_item_until_one_fails),
        cmocka_unit_test(when_and_undo_run_alone),
        cmocka_unit_test(what_a_step_says_is_bounded),
        cmocka_unit_test(lua_pcall_swallow),
        cmocka_unit_test(lua_pattern_backtrack),
        cmocka_unit_test(lua_gc_finalizer_spin),
        cmocka_unit_test(lua_close_finalizer),
        cmocka_unit_test(lua_string_rep_bomb),
        cmocka_unit_test(lua_table_concat_bomb),
        cmocka_unit_test(lua_deep_recursion),
        cmocka_unit_test(lua_what_could_escape_is_absent),
        cmocka_unit_test(lua_bytecode_load),
        cmocka_unit_test(lua_string_metatable_tamper),
        cmocka_unit_test(lua_nondeterministic_replay),
        cmocka_unit_test(lua_output_flood),
        cmocka_unit_test(large_outputs_come_out_whole),
        cmocka_unit_test(a_locked_in_child_may_exit),
        cmocka_unit_test(lua_syscall_open),
        cmocka_unit_test(lua_syscall_socket),
        cmocka_unit_test(lua_syscall_execve),
        cmocka_unit_test(lua_syscall_iouring),
        cmocka_unit_test(lua_fd_inheritance),
        cmocka_unit_test(lua_heap_is_locked),
        cmocka_unit_test(a_runner_ends_when_its_owner_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
