/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/foresight.h"

#include <stdio.h>

#include "wire/shape.h"

_Static_assert(FORESIGHT_LINES_MAX *(FORESIGHT_LINE_MAX + 8) + 256 <= FORESIGHT_BYTES_MAX,
               "what a foresight may say fits");

value_t *
foresight_new(void)
{
    value_t *self = value_map();
    value_set(self, "changes", value_list());
    value_set_integer(self, "left_out", 0);
    return self;
}

static void PRINTF(3, 0) add_line(value_t *self, char sign, const char *format, va_list args)
{
    char line[FORESIGHT_LINE_MAX + 1] = {sign, ' '};
    value_t *changes = (value_t *)(uintptr_t)value_get(self, "changes");
    if (value_count(changes) == FORESIGHT_LINES_MAX) {
        value_set_integer(self, "left_out", value_get_integer(self, "left_out") + 1);
        return;
    }
    vsnprintf(line + 2, sizeof line - 2, format, args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
            *at = '?';
    value_append(changes, value_text(line));
}

void
foresight_goes(value_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(self, '-', format, args);
    va_end(args);
}

void
foresight_comes(value_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(self, '+', format, args);
    va_end(args);
}

void
foresight_turns(value_t *self, const char *name, const char *from, const char *to)
{
    if (!strcmp(from, to))
        return;
    foresight_goes(self, "%s: %s", name, from);
    foresight_comes(self, "%s: %s", name, to);
}

value_t *
foresight_give(value_t *self, value_t *result)
{
    value_set(self, "result", result);
    return self;
}

int
foresight_check(const op_t *op, const value_t *self, fault_t *fault)
{
    static const char shape[] = "{result: any, changes: list of text, left_out: integer}";
    if (shape_check(shape, self, fault))
        return -1;
    return op->result ? shape_check(op->result, value_get(self, "result"), fault) : 0;
}
