/* SPDX-License-Identifier: Apache-2.0 */
/* aliases - what a playbook's text calls ops and libraries in other words, put back into the ones
 * that they have: `_G.os` is os, `disk["usage"]` is disk.usage, and behind `local look =
 * disk.usage` so is look. Nothing is run: a name that is worked out stays as it is. */
#ifndef TOCSIN_ALIASES_H
#define TOCSIN_ALIASES_H

#include "cli/tokens.h"

/* In place; each token keeps its line. A name that the text makes twice is nobody's alias. */
void aliases_resolve(tokens_t *tokens);

/* Whether ops begin with this word, as `disk` of disk.usage. */
bool aliases_is_family(slice_t word);

/* Whether an op's name begins at i. */
bool aliases_is_op(const tokens_t *tokens, size_t i);

#endif
