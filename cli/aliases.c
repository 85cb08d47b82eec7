/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/aliases.h"

#include "wire/ops.h"

#define MEANING_TOKENS_MAX 3 /* FAMILY.VERB */

bool
aliases_is_family(slice_t word)
{
    for (size_t i = 0; i < op_count(); i++) {
        const char *name = op_at(i)->name;
        if (word.size == strcspn(name, ".") && !memcmp(word.data, name, word.size))
            return true;
    }
    return false;
}

bool
aliases_is_op(const tokens_t *tokens, size_t i)
{
    char name[OP_NAME_MAX + 1];
    return tokens_dotted(tokens, i, name, sizeof name) && op_find(name);
}

static bool
is_library(const tokens_t *tokens, size_t i)
{
    static const char *const names[] = {"os", "io", "math", "string", "debug", "coroutine"};
    for (size_t k = 0; k < ARRAY_SIZE(names); k++)
        if (tokens_word(tokens, i, names[k]))
            return true;
    return tokens->at[i].kind == TOKEN_WORD && aliases_is_family(tokens->at[i].text);
}

/* Puts these tokens in the place of count others. */
static void
replace(tokens_t *tokens, size_t at, size_t count, const token_t *with, size_t with_count)
{
    while (tokens->count + with_count > tokens->capacity)
        tokens->at =
            memory_grow(tokens->at, tokens->capacity, &tokens->capacity, sizeof *tokens->at);
    memmove(tokens->at + at + with_count, tokens->at + at + count,
            (tokens->count - at - count) * sizeof *tokens->at);
    for (size_t i = 0; i < with_count; i++)
        tokens->at[at + i] = with[i];
    tokens->count += with_count - count;
}

/* _G.NAME, _ENV.NAME. */
static void
drop_environments(tokens_t *tokens)
{
    for (size_t i = 0; i + 2 < tokens->count; i++)
        if ((tokens_word(tokens, i, "_G") || tokens_word(tokens, i, "_ENV")) &&
            tokens_mark(tokens, i + 1, '.') && tokens_alone(tokens, i))
            replace(tokens, i, 2, NULL, 0);
}

/* NAME["FIELD"]. */
static void
write_fields(tokens_t *tokens)
{
    for (size_t i = 1; i + 2 < tokens->count; i++) {
        if (!tokens_mark(tokens, i, '[') || tokens->at[i + 1].kind != TOKEN_STRING ||
            !tokens_mark(tokens, i + 2, ']') || tokens->at[i - 1].kind != TOKEN_WORD)
            continue;
        const token_t field[] = {{TOKEN_MARK, slice_text("."), tokens->at[i].line},
                                 {TOKEN_WORD, tokens->at[i + 1].text, tokens->at[i + 1].line}};
        replace(tokens, i, 3, field, ARRAY_SIZE(field));
    }
}

/* How many tokens from i on are a library, or a field of one, and all of an expression. */
static size_t
meaning_at(const tokens_t *tokens, size_t i)
{
    if (i >= tokens->count || !is_library(tokens, i))
        return 0;
    size_t count = tokens_mark(tokens, i + 1, '.') ? MEANING_TOKENS_MAX : 1, next = i + count;
    bool ends = next >= tokens->count || tokens_mark(tokens, next, ';') ||
                (tokens->at[next].kind == TOKEN_WORD && !tokens_word(tokens, next, "or") &&
                 !tokens_word(tokens, next, "and"));
    return ends && next <= tokens->count ? count : 0;
}

static bool
is_made_once(const tokens_t *tokens, slice_t name)
{
    size_t count = 0;
    for (size_t i = 0; i < tokens->count; i++)
        count += tokens->at[i].kind == TOKEN_WORD && slice_equal(tokens->at[i].text, name) &&
                 tokens_made(tokens, i);
    return count == 1;
}

/* local NAME = LIBRARY, local NAME = LIBRARY.FIELD, at i. */
static void
resolve_local(tokens_t *tokens, size_t i)
{
    size_t count = tokens_word(tokens, i, "local") && tokens_mark(tokens, i + 2, '=')
                       ? meaning_at(tokens, i + 3)
                       : 0;
    if (!count || tokens->at[i + 1].kind != TOKEN_WORD ||
        !is_made_once(tokens, tokens->at[i + 1].text))
        return;
    token_t meaning[MEANING_TOKENS_MAX];
    slice_t name = tokens->at[i + 1].text;
    memcpy(meaning, tokens->at + i + 3, count * sizeof *meaning);
    for (size_t at = i + 3 + count; at < tokens->count; at++) {
        bool key = tokens_mark(tokens, at + 1, '=') && !tokens_mark(tokens, at + 2, '=');
        if (tokens->at[at].kind != TOKEN_WORD || !slice_equal(tokens->at[at].text, name) ||
            !tokens_alone(tokens, at) || key)
            continue;
        for (size_t k = 0; k < count; k++)
            meaning[k].line = tokens->at[at].line;
        replace(tokens, at, 1, meaning, count);
        at += count - 1;
    }
}

void
aliases_resolve(tokens_t *tokens)
{
    drop_environments(tokens);
    write_fields(tokens);
    drop_environments(tokens);
    for (size_t i = 0; i < tokens->count; i++)
        resolve_local(tokens, i);
}
