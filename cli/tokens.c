/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tokens.h"

#include <stdio.h>
#include <stdlib.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
static const char space[] = " \t\r\n\v\f";

typedef struct {
    const uint8_t *at, *end;
    unsigned line;
} scanner_t;

static char
peek(const scanner_t *self, size_t ahead)
{
    return (size_t)(self->end - self->at) > ahead ? (char)self->at[ahead] : '\0';
}

static void
skip(scanner_t *self, size_t count)
{
    for (; count && self->at < self->end; count--)
        self->line += *self->at++ == '\n';
}

static bool
is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* "[", any number of "=", "[": how many "=", or -1 where no long string begins here. */
static int
long_level(const scanner_t *self)
{
    size_t level = 1;
    while (peek(self, level) == '=')
        level++;
    return peek(self, 0) == '[' && peek(self, level) == '[' ? (int)level - 1 : -1;
}

/* What stands between the brackets. */
static slice_t
take_long(scanner_t *self, size_t level)
{
    skip(self, level + 2);
    const uint8_t *from = self->at;
    for (; self->at < self->end; skip(self, 1)) {
        size_t same = 0;
        while (peek(self, 0) == ']' && same < level && peek(self, same + 1) == '=')
            same++;
        if (peek(self, 0) == ']' && same == level && peek(self, level + 1) == ']')
            break;
    }
    slice_t text = slice_of(from, (size_t)(self->at - from));
    skip(self, level + 2);
    return text;
}

static slice_t
take_quoted(scanner_t *self)
{
    char quote = peek(self, 0);
    skip(self, 1);
    const uint8_t *from = self->at;
    while (self->at < self->end && peek(self, 0) != quote && peek(self, 0) != '\n')
        skip(self, peek(self, 0) == '\\' ? 2 : 1);
    slice_t text = slice_of(from, (size_t)(self->at - from));
    skip(self, 1);
    return text;
}

static slice_t
take_while(scanner_t *self, const char *set)
{
    const uint8_t *from = self->at;
    while (is_one_of(peek(self, 0), set))
        skip(self, 1);
    return slice_of(from, (size_t)(self->at - from));
}

static void
skip_comment(scanner_t *self)
{
    skip(self, 2);
    int level = long_level(self);
    if (level >= 0)
        take_long(self, (size_t)level);
    while (level < 0 && self->at < self->end && peek(self, 0) != '\n')
        skip(self, 1);
}

static token_t
take_token(scanner_t *self)
{
    token_t token = {.line = self->line};
    char c = peek(self, 0);
    int level = long_level(self);
    if (level >= 0 || c == '"' || c == '\'') {
        token.kind = TOKEN_STRING;
        token.text = level >= 0 ? take_long(self, (size_t)level) : take_quoted(self);
    } else if (is_one_of(c, letters)) {
        token.kind = c >= '0' && c <= '9' ? TOKEN_NUMBER : TOKEN_WORD;
        token.text = take_while(self, letters);
    } else {
        token.kind = TOKEN_MARK;
        token.text = slice_of(self->at, 1);
        skip(self, 1);
    }
    return token;
}

void
tokens_of(slice_t text, tokens_t *out)
{
    scanner_t scanner = {text.data, text.data + text.size, 1};
    for (;;) {
        take_while(&scanner, space);
        if (scanner.at == scanner.end)
            return;
        if (peek(&scanner, 0) == '-' && peek(&scanner, 1) == '-') {
            skip_comment(&scanner);
            continue;
        }
        out->at = memory_grow(out->at, out->count, &out->capacity, sizeof *out->at);
        out->at[out->count++] = take_token(&scanner);
    }
}

void
tokens_clear(tokens_t *self)
{
    free(self->at);
    *self = (tokens_t){0};
}

bool
tokens_word(const tokens_t *self, size_t i, const char *word)
{
    return i < self->count && self->at[i].kind == TOKEN_WORD && slice_is(self->at[i].text, word);
}

bool
tokens_mark(const tokens_t *self, size_t i, char mark)
{
    return i < self->count && self->at[i].kind == TOKEN_MARK &&
           self->at[i].text.data[0] == (uint8_t)mark;
}

bool
tokens_alone(const tokens_t *self, size_t i)
{
    return !i || (!tokens_mark(self, i - 1, '.') && !tokens_mark(self, i - 1, ':'));
}

bool
tokens_made(const tokens_t *self, size_t i)
{
    while (i >= 2 && tokens_mark(self, i - 1, ',') && self->at[i - 2].kind == TOKEN_WORD)
        i -= 2;
    if (i && tokens_mark(self, i - 1, '('))
        return (i >= 2 && tokens_word(self, i - 2, "function")) ||
               (i >= 3 && tokens_word(self, i - 3, "function"));
    return i && (tokens_word(self, i - 1, "local") || tokens_word(self, i - 1, "for") ||
                 tokens_word(self, i - 1, "function"));
}

bool
tokens_dotted(const tokens_t *self, size_t i, char *out, size_t size)
{
    if (i + 2 >= self->count || self->at[i].kind != TOKEN_WORD ||
        self->at[i + 2].kind != TOKEN_WORD || !tokens_mark(self, i + 1, '.') ||
        !tokens_alone(self, i))
        return false;
    snprintf(out, size, "%.*s.%.*s", (int)self->at[i].text.size,
             (const char *)self->at[i].text.data, (int)self->at[i + 2].text.size,
             (const char *)self->at[i + 2].text.data);
    return true;
}

size_t
tokens_behind_bracket(const tokens_t *self, size_t i)
{
    for (size_t depth = 0; i < self->count; i++) {
        char c = self->at[i].kind == TOKEN_MARK ? (char)self->at[i].text.data[0] : ' ';
        depth += is_one_of(c, "({[");
        depth -= is_one_of(c, ")}]") && depth;
        if (!depth)
            return i + 1;
    }
    return self->count;
}

size_t
tokens_behind_block(const tokens_t *self, size_t i)
{
    static const char *const openers[] = {"function", "if", "do", "repeat"};
    for (size_t depth = 1; i < self->count; i++) {
        for (size_t k = 0; k < ARRAY_SIZE(openers); k++)
            depth += tokens_word(self, i, openers[k]);
        depth -= tokens_word(self, i, "end") || tokens_word(self, i, "until");
        if (!depth)
            return i + 1;
    }
    return self->count;
}
