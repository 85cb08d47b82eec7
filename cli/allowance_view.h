/* SPDX-License-Identifier: Apache-2.0 */
/* allowance_view - what a machine allows, as its judge signed it, for people and for programs: the
 * op table by what becomes of each op there, and why. */
#ifndef TOCSIN_ALLOWANCE_VIEW_H
#define TOCSIN_ALLOWANCE_VIEW_H

#include "cli/command.h"
#include "wire/allowance.h"

/* The ops by reason and class, wrapped; of families that are refused as a whole the family alone.
 * all: one a line, with why not. allowance is NULL where nobody knows it. */
void allowance_print(const options_t *options, const char *worker, const allowance_t *allowance,
                     bool all);

/* What becomes of one op there. */
void allowance_print_op(const char *worker, const allowance_t *allowance, const op_t *op);

/* All of it, with `refuses`: a list of {op, class, reason}; the caller's. */
value_t *allowance_value(const allowance_t *allowance);

#endif
