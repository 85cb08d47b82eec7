/* SPDX-License-Identifier: Apache-2.0 */
/* op_foretold - what a dry run would be told of an op, found out as the effector does. All of these
 * take over the arguments. */
#ifndef TOCSIN_OP_FORETOLD_H
#define TOCSIN_OP_FORETOLD_H

#include <poll.h>
#include <stdio.h>

#include "worker/op_child.h"

static inline value_t *
run_foretelling(const op_row_t *row, const char *name, const value_t *arguments,
                const op_world_t *world, fault_t *fault)
{
    op_child_t *child = op_child_start(row, op_find(name), arguments, world, NULL, fault);
    for (bool over = !child; !over;) {
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        int64_t left = op_child_deadline(child).ms - mono_now().ms;
        over = left <= 0 || (poll(&ready, 1, (int)left) == 1 && op_child_read(child));
    }
    return child ? op_child_finish(&child, fault) : NULL;
}

/* The foresight, or NULL with the fault. */
static inline value_t *
foretold_or(const char *name, value_t *arguments, const op_world_t *world, fault_t *fault)
{
    op_world_t knows = *world;
    CLEANUP(value_destroy) value_t *owned = arguments;
    CLEANUP(value_destroy) value_t *seen = NULL;
    const op_row_t *row = op_foresight(name);
    *fault = (fault_t){0};
    if (op_check(op_find(name), arguments, fault))
        return NULL;
    if (row->looks) {
        CLEANUP(value_destroy)
        value_t *given = op_shared_arguments(op_find(row->looks), arguments);
        seen = run_foretelling(op_row(row->looks), row->looks, given, world, fault);
        if (!seen)
            return NULL;
    }
    knows.seen = seen;
    return run_foretelling(row, name, arguments, &knows, fault);
}

/* Of "for 59 s more" nobody knows how much it is by now: N. */
static inline void
add_timeless(bytes_t *out, const char *line)
{
    const char *more = strstr(line, " s more"), *from = more;
    while (more && from > line && from[-1] >= '0' && from[-1] <= '9')
        from--;
    if (more)
        bytes_addf(out, "%.*sN%s\n", (int)(from - line), line, more);
    else
        bytes_addf(out, "%s\n", line);
}

/* Its changes are these lines, each with its end; the result that it would give. */
static inline value_t *
foretells(const char *name, value_t *arguments, const op_world_t *world, const char *lines)
{
    fault_t fault;
    CLEANUP(value_destroy) value_t *would = foretold_or(name, arguments, world, &fault);
    CLEANUP(bytes_destroy) bytes_t *told = bytes_new();
    const value_t *changes = value_get(would, "changes");
    for (size_t i = 0; i < value_count(changes); i++)
        add_timeless(told, value_string(value_at(changes, i)));
    if (!would)
        fail_msg("%s: %s (%s)", name, fault.text, fault_word(fault.code));
    assert_string_equal(bytes_text(told), lines);
    return value_copy(value_get(would, "result"));
}

/* It is refused as the op is. */
static inline void
foresees_refusal(const char *name, value_t *arguments, const op_world_t *world, fault_code_t code,
                 const char *words)
{
    fault_t fault;
    CLEANUP(value_destroy) value_t *would = foretold_or(name, arguments, world, &fault);
    if (would || fault.code != code || !strstr(fault.text, words))
        fail_msg("%s: %s (%s)", name, would ? "a foresight" : fault.text, fault_word(fault.code));
}

#endif
