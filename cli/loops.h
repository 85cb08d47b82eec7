/* SPDX-License-Identifier: Apache-2.0 */
/* loops - where a playbook's text goes round without an end: loops, jumps back, functions that call
 * themselves. Read off its tokens; nothing is run, so what is found is certain but for a value that
 * changes in a way that no token shows, and much that has no end is not found. */
#ifndef TOCSIN_LOOPS_H
#define TOCSIN_LOOPS_H

#include "cli/tokens.h"

#define LOOPS_MAX 64 /* of a text; what is beyond is not told */

typedef struct {
    unsigned line;
    bool asks;        /* it ends, when it does, by what ops answer: nothing counts its turns */
    const char *what; /* that never ends, where it is not that */
} loop_t;

/* In no order; how many. Of tokens that went through aliases_resolve. */
size_t loops_find(const tokens_t *tokens, loop_t out[static LOOPS_MAX]);

#endif
