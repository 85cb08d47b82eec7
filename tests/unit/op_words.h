/* SPDX-License-Identifier: Apache-2.0 */
/* op_words - an op's arguments as a line: NAME=VALUE with a blank between two, kinds as the op
 * table says. In it, and in a shell's words that lay a machine out, `@` is the test's folder and
 * `%` what words_percent says, such as the id of a process. */
#ifndef TOCSIN_OP_WORDS_H
#define TOCSIN_OP_WORDS_H

#include "op_bench.h"

static const char *words_percent = "";

USED static void
expand(const char *text, bytes_t *out)
{
    for (; *text; text++) {
        if (*text == '@')
            bytes_add_text(out, bench_folder);
        else if (*text == '%')
            bytes_add_text(out, words_percent);
        else
            bytes_add(out, text, 1);
    }
}

USED static void
set_given(value_t *map, const op_t *op, char *word)
{
    char *value = strchr(word, '=');
    assert_non_null(value);
    *value++ = '\0';
    const op_argument_t *at = op_argument(op, slice_text(word));
    assert_non_null(at);
    if (at->kind == ARGUMENT_INTEGER)
        value_set_integer(map, word, strtoll(value, NULL, 10));
    else if (at->kind == ARGUMENT_BOOL)
        value_set_bool(map, word, !strcmp(value, "true"));
    else
        value_set_text(map, word, value);
}

/* Unchecked; the caller's. */
USED static value_t *
in_words(const char *name, const char *line)
{
    value_t *map = value_map();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    expand(line, text);
    CLEANUP(memory_free) char *words = memory_text(bytes_text(text));
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        set_given(map, op_find(name), word);
    return map;
}

/* A shell's status, of no interest where a thing may not be there. */
USED static int
lay_out_by(const char *words)
{
    CLEANUP(bytes_destroy) bytes_t *all = bytes_new();
    bytes_add_text(all, "{ ");
    expand(words, all);
    bytes_add_text(all, "; } >/dev/null 2>&1");
    return system(bytes_text(all));
}

#endif
