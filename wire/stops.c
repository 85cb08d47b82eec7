/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stops.h"

#include <assert.h>

/* NULL of one that is in force, and of a revoke, which people pardon. */
static const halt_line_t *
resume_of(const trust_t *trust, const halt_line_t *stop)
{
    const halt_line_t *line = NULL;
    for (size_t i = 0; (line = trust_halt(trust, i)); i++)
        if (line->resume && hash_equal(&line->stop, &stop->hash))
            break;
    return line;
}

value_t *
stops_row(const trust_t *trust, const halt_line_t *line)
{
    char text[HASH_TEXT];
    value_t *row = value_map(), *who = value_list();
    const halt_line_t *resume = line->lifted ? resume_of(trust, line) : NULL;
    assert(!line->resume);
    for (size_t i = 0; i < line->who.count; i++)
        value_append(who, value_text(line->who.person[i]));
    value_set_text(row, "hash", hash_write(&line->hash, text));
    value_set_text(row, "what", halt_word(line->what));
    value_set_text(row, "name", line->name);
    value_set_text(row, "reason", line->reason);
    value_set(row, "who", who);
    value_set_integer(row, "created", line->created.ms);
    if (line->lifted)
        value_set_integer(row, "lifted", resume ? resume->created.ms : line->created.ms);
    return row;
}
