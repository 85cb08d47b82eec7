/* SPDX-License-Identifier: Apache-2.0 */
/* shape - what a value looks like, as a line that people read and programs check:
 *
 *     shape = "text" / "integer" / "number" / "bool" / "any"
 *           / "list of " shape / "{" field *(", " field) "}"
 *     field = name ["?"] ": " shape [" (" words ")"]          "?": may be absent
 *
 * A number is an integer or a decimal. Words are a unit or a hint. Fields stand in any order in the
 * value; others may not. */
#ifndef TOCSIN_SHAPE_H
#define TOCSIN_SHAPE_H

#include "wire/value.h"

/* Whether the line is one of this grammar. */
bool shape_is_good(const char *shape);

/* FAULT_FORMAT says which field is not what the shape, a good one, says. */
int shape_check(const char *shape, const value_t *value, fault_t *fault) MUST_CHECK;

/* The same for what stands for a part of it, as tests of playbooks write: any field may be absent,
 * and a map without entries is an empty list too, as Lua has one table for both. */
int shape_check_part(const char *shape, const value_t *value, fault_t *fault) MUST_CHECK;

#endif
