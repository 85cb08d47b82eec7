/* SPDX-License-Identifier: Apache-2.0 */
/* op_bench - what tests of ops share: a folder of their own, a policy, a world, and ops that run in
 * their cells as the effector runs them. A .c of its own would be linked into no test: each takes
 * what it needs of these. */
#ifndef TOCSIN_OP_BENCH_H
#define TOCSIN_OP_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/program.h"
#include "worker/op_child.h"

#define USED __attribute__((unused))

static char bench_folder[64];
static char bench_programs[PATH_MAX];
static op_world_t bench;

/* In the test's folder; valid for eight calls more. */
USED static const char *
here(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", bench_folder, name);
    return path;
}

USED static void
put_file(const char *name, const char *text, mode_t mode)
{
    fault_t fault = {0};
    char folder[256];
    snprintf(folder, sizeof folder, "%s", here(name));
    *strrchr(folder, '/') = '\0';
    if (folder_make(folder, 0755, &fault) ||
        file_write(here(name), slice_text(text), mode, &fault) || chmod(here(name), mode))
        fail_msg("%s", fault.text);
}

/* In an empty folder of the test's, which bench_end removes, with a policy of these lines. */
USED static void
bench_begin_in(const char *folder, const char *policy)
{
    fault_t fault = {0};
    snprintf(bench_folder, sizeof bench_folder, "%s", folder);
    assert_int_equal(chmod(bench_folder, 0755), 0);
    put_file("policy", policy, 0600);
    bench = (op_world_t){.policy = policy_load(here("policy"), &fault)};
    if (!bench.policy || program_folder(bench_programs, &fault))
        fail_msg("%s", fault.text);
    char *tests = strstr(bench_programs, "/tests/");
    if (tests)
        snprintf(tests, sizeof bench_programs - (size_t)(tests - bench_programs),
                 "/libexec/tocsin");
    bench.programs = bench_programs;
}

USED static void
bench_begin(const char *policy)
{
    char folder[64] = "/tmp/tocsin-ops-XXXXXX";
    assert_non_null(mkdtemp(folder));
    bench_begin_in(folder, policy);
}

USED static void
bench_end(void)
{
    char command[128];
    policy_t *policy = (policy_t *)(uintptr_t)bench.policy;
    policy_destroy(&policy);
    snprintf(command, sizeof command, "rm -rf '%s'", bench_folder);
    assert_int_equal(system(command), 0);
}

/* The world's files lie below the test's folder from now on, or are the machine's own again. */
USED static void
bench_root(bool own)
{
    bench.root = own ? NULL : bench_folder;
}

/* NULL where none was started. */
USED static value_t *
await_op(op_child_t *child, fault_t *fault)
{
    while (child) {
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        int64_t left = op_child_deadline(child).ms - mono_now().ms;
        if (left <= 0 || (poll(&ready, 1, (int)left) == 1 && op_child_read(child)))
            break;
    }
    return child ? op_child_finish(&child, fault) : NULL;
}

USED static value_t *
run_within(const char *name, value_t *arguments, unsigned timeout_s, fault_t *fault)
{
    op_t op = *op_find(name);
    op.timeout_s = timeout_s ? timeout_s : op.timeout_s;
    *fault = (fault_t){0};
    value_t *owned = arguments;
    op_child_t *child = op_check(&op, arguments, fault)
                            ? NULL
                            : op_child_start(op_row(name), &op, arguments, &bench, NULL, fault);
    value_destroy(&owned);
    return await_op(child, fault);
}

/* Takes over the arguments. */
USED static value_t *
gives(const char *name, value_t *arguments)
{
    fault_t fault;
    value_t *result = run_within(name, arguments, 0, &fault);
    if (!result)
        fail_msg("%s: %s (%s)", name, fault.text, fault_word(fault.code));
    return result;
}

/* Of one op twice at once; takes over the arguments of both. */
USED static void
give_both(const char *name, value_t *arguments[2], value_t *results[2])
{
    fault_t fault = {0};
    op_child_t *first =
        op_child_start(op_row(name), op_find(name), arguments[0], &bench, NULL, &fault);
    value_destroy(&arguments[0]);
    results[1] = gives(name, arguments[1]);
    results[0] = await_op(first, &fault);
    if (!results[0])
        fail_msg("%s: %s (%s)", name, fault.text, fault_word(fault.code));
}

/* Takes over the arguments; words stand in the fault's text. */
USED static void
refused(const char *name, value_t *arguments, fault_code_t code, const char *words)
{
    fault_t fault;
    CLEANUP(value_destroy) value_t *result = run_within(name, arguments, 0, &fault);
    if (result || fault.code != code || !strstr(fault.text, words))
        fail_msg("%s: %s (%s)", name, fault.text, fault_word(fault.code));
}

/* A map of key, text, ... to NULL; integers and bools are set by the caller. */
USED static value_t *
texts(const char *key, ...)
{
    va_list args;
    value_t *map = value_map();
    va_start(args, key);
    for (const char *at = key; at; at = va_arg(args, const char *))
        value_set_text(map, at, va_arg(args, const char *));
    va_end(args);
    return map;
}

USED static value_t *
and_integer(value_t *map, const char *key, int64_t number)
{
    value_set_integer(map, key, number);
    return map;
}

USED static value_t *
and_true(value_t *map, const char *key)
{
    value_set_bool(map, key, true);
    return map;
}

/* The first map of a list in which key is the text; NULL. */
USED static const value_t *
entry_of(const value_t *list, const char *key, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_get_text(value_at(list, i), key), text))
            return value_at(list, i);
    return NULL;
}

#endif
