/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/script.h"

#include <assert.h>

static const char *
line_end(const char *at)
{
    const char *end = strchr(at, '\n');
    return end ? end + 1 : at + strlen(at);
}

/* The next word of a line; "" behind its last. */
static const char *
take_word(const char *at, char *out, size_t room)
{
    at += *at == ' ';
    size_t size = strcspn(at, " \n");
    assert(size < room);
    memcpy(out, at, size);
    out[size] = '\0';
    return at + size;
}

static const char *
find_step(const char *script, const char *mode, const char *step)
{
    char word[16], name[64];
    for (const char *at = script; *at; at = line_end(at)) {
        take_word(take_word(at, word, sizeof word), name, sizeof name);
        if (!strcmp(word, mode) && !strcmp(name, step))
            return line_end(at);
    }
    return "";
}

bool
script_line(const char *script, const char *mode, const char *step, size_t at, script_line_t *line)
{
    const char *from = find_step(script, mode, step);
    *line = (script_line_t){0};
    for (; *from; from = line_end(from)) {
        if (!strncmp(from, "step ", 5) || !strncmp(from, "when ", 5) || !strncmp(from, "undo ", 5))
            return false;
        if (!at--) {
            from = take_word(from, line->word, sizeof line->word);
            from = take_word(from, line->op, sizeof line->op);
            take_word(from, line->argument, sizeof line->argument);
            return true;
        }
    }
    return false;
}

value_t *
script_arguments(const script_line_t *line)
{
    value_t *arguments = value_map();
    value_set_text(arguments, line->argument[0] == '/' ? "path" : "service", line->argument);
    return arguments;
}

hash_t
script_arguments_hash(const script_line_t *line)
{
    CLEANUP(value_destroy) value_t *arguments = script_arguments(line);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(arguments, encoded);
    return hash_of(bytes_slice(encoded));
}
