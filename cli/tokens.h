/* SPDX-License-Identifier: Apache-2.0 */
/* tokens - a Lua text cut into words, strings, numbers and marks, each with its line: what lint
 * reads without running it. Comments are left out. */
#ifndef TOCSIN_TOKENS_H
#define TOCSIN_TOKENS_H

#include "common/bytes.h"

typedef enum { TOKEN_WORD, TOKEN_STRING, TOKEN_NUMBER, TOKEN_MARK } token_kind_t;

typedef struct {
    token_kind_t kind;
    slice_t text; /* a view; of a string what stands between its quotes, of a mark one character */
    unsigned line;
} token_t;

typedef struct {
    token_t *at;
    size_t count, capacity;
} tokens_t;

/* text must outlive them. Never fails: what is no Lua gives tokens as well. */
void tokens_of(slice_t text, tokens_t *out);
void tokens_clear(tokens_t *self);

/* Whether token i is this word, or this mark; false past the last. */
bool tokens_word(const tokens_t *self, size_t i, const char *word);
bool tokens_mark(const tokens_t *self, size_t i, char mark);

/* Whether the name at i stands by itself: it is no field of something. */
bool tokens_alone(const tokens_t *self, size_t i);

/* LIBRARY.NAME at i, in out; false where there is none. */
bool tokens_dotted(const tokens_t *self, size_t i, char *out, size_t size);

/* Whether the word at i is made here: behind "local" or "for", or among a function's arguments. */
bool tokens_made(const tokens_t *self, size_t i);

/* The first token behind the bracket that closes the one at i, or behind the "end" (or "until") of
 * the block whose first token is i; count where none does. */
size_t tokens_behind_bracket(const tokens_t *self, size_t i);
size_t tokens_behind_block(const tokens_t *self, size_t i);

#endif
