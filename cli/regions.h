/* SPDX-License-Identifier: Apache-2.0 */
/* regions - where in a playbook's text its steps and helper functions stand, and which helpers a
 * step's functions come to. Read off its tokens; nothing is run. */
#ifndef TOCSIN_REGIONS_H
#define TOCSIN_REGIONS_H

#include "cli/tokens.h"
#include "common/text.h"

#define REGIONS_MAX 256 /* of a text; what is beyond is not looked at */

/* A step's table, or a helper function: from its first token to behind its last. */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    bool step;
    size_t from, to;
    unsigned line;
} region_t;

/* In the order of the text. */
typedef struct {
    size_t count;
    region_t at[REGIONS_MAX];
} regions_t;

void regions_find(regions_t *self, const tokens_t *tokens);

/* The step of this name; NULL where none is. */
const region_t *regions_step(const regions_t *self, const char *step);

/* Which regions the functions of at[step] come to, over any number of helpers: itself too. */
void regions_reach(const regions_t *self, const tokens_t *tokens, size_t step,
                   bool reached[static REGIONS_MAX]);

#endif
