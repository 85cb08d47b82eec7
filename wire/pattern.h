/* SPDX-License-Identifier: Apache-2.0 */
/* pattern - what the text of an input must look like (docs/PROTOCOL.md 3.9): a sequence of
 * characters and classes, each with how often, that the whole text matches. No groups, no
 * alternatives, no way back: a match costs the pattern's length times the text's, whatever a
 * stranger writes. */
#ifndef TOCSIN_PATTERN_H
#define TOCSIN_PATTERN_H

#include "common/fault.h"
#include "common/text.h"

#define PATTERN_MAX       200 /* bytes of a pattern */
#define PATTERN_ITEMS_MAX 64
#define PATTERN_TEXT_MAX  800 /* bytes of a text; a longer one does not match */

/* FAULT_FORMAT says what is wrong with the pattern, and where. */
int pattern_check(const char *pattern, fault_t *fault) MUST_CHECK;

/* Whether the whole text matches; false for a pattern that pattern_check refuses. */
bool pattern_matches(const char *pattern, const char *text);

#endif
