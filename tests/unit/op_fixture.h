/* SPDX-License-Identifier: Apache-2.0 */
/* op_fixture - one op, in the child that the effector would make for it. */
#ifndef TOCSIN_OP_FIXTURE_H
#define TOCSIN_OP_FIXTURE_H

#include <limits.h>
#include <poll.h>
#include <stdarg.h>

#include "common/program.h"
#include "worker/op_child.h"

/* Arguments from "key", kind, value ... NULL; kind 's' (text), 'i' (int64_t) or 'b' (int). */
static inline value_t *
given(const char *key, ...)
{
    value_t *map = value_map();
    va_list more;
    va_start(more, key);
    for (; key; key = va_arg(more, const char *)) {
        int kind = va_arg(more, int);
        if (kind == 's')
            value_set_text(map, key, va_arg(more, const char *));
        else if (kind == 'i')
            value_set_integer(map, key, va_arg(more, int64_t));
        else
            value_set_bool(map, key, va_arg(more, int));
    }
    va_end(more);
    return map;
}

/* The folder of the ops' programs in the build that this test is of; -1 where that is not known. */
static inline int
op_programs(char out[static PATH_MAX])
{
    fault_t fault = {0};
    char own[PATH_MAX];
    if (program_folder(own, &fault))
        return -1;
    snprintf(out, PATH_MAX, "%.4000s/../../libexec/tocsin", own);
    return 0;
}

/* Starts it; takes over the arguments, which pass op_check. */
static inline op_child_t *
start_op(const char *name, value_t *arguments, const op_world_t *world, fault_t *fault)
{
    op_child_t *child = NULL;
    if (!op_check(op_find(name), arguments, fault))
        child = op_child_start(op_row(name), op_find(name), arguments, world, NULL, fault);
    value_destroy(&arguments);
    return child;
}

/* The result, or NULL with the fault. */
static inline value_t *
run_op(const char *name, value_t *arguments, const op_world_t *world, fault_t *fault)
{
    op_child_t *child = start_op(name, arguments, world, fault);
    for (bool over = !child; !over;) {
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        int64_t left = op_child_deadline(child).ms - mono_now().ms;
        over = left <= 0 || (poll(&ready, 1, (int)left) == 1 && op_child_read(child));
    }
    return child ? op_child_finish(&child, fault) : NULL;
}

/* As run_op, and the test fails with the fault's text where there is no result. */
static inline value_t *
must_run(const char *name, value_t *arguments, const op_world_t *world)
{
    fault_t fault = {0};
    value_t *result = run_op(name, arguments, world, &fault);
    if (!result)
        fail_msg("%s: %s (%s)", name, fault.text, fault_word(fault.code));
    return result;
}

/* The op ends with this fault; words stand in its text. */
static inline void
must_fail(const char *name, value_t *arguments, const op_world_t *world, fault_code_t code,
          const char *words)
{
    fault_t fault = {0};
    value_t *result = run_op(name, arguments, world, &fault);
    if (result || fault.code != code || !strstr(fault.text, words))
        fail_msg("%s: %s (%s), not %s", name, result ? "a result" : fault.text,
                 fault_word(fault.code), words);
}

#endif
