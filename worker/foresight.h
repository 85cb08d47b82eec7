/* SPDX-License-Identifier: Apache-2.0 */
/* foresight - what a fix-op of a dry run would do, as whoever looks tells it and the judge hears it
 * (docs/PROTOCOL.md 7.3): a map of `result`, what the op would give; `changes`, a text a line, "- "
 * before what would go and "+ " before what would come; and `left_out`, how many lines did not fit.
 * Where nothing would change there are no lines. */
#ifndef TOCSIN_FORESIGHT_H
#define TOCSIN_FORESIGHT_H

#include "wire/ops.h"

#define FORESIGHT_LINES_MAX 24
#define FORESIGHT_LINE_MAX  200        /* bytes; longer ones are cut */
#define FORESIGHT_BYTES_MAX (6 * 1024) /* of all that stands beside the result, encoded */

/* Of no change yet; the caller's, who owes it a result. */
value_t *foresight_new(void);

/* Something goes, or comes, in these words. */
void foresight_goes(value_t *self, const char *format, ...) PRINTF(2, 3);
void foresight_comes(value_t *self, const char *format, ...) PRINTF(2, 3);

/* What is "NAME: FROM" becomes "NAME: TO"; nothing where both are the same. */
void foresight_turns(value_t *self, const char *name, const char *from, const char *to);

/* Takes over the result. Gives self. */
value_t *foresight_give(value_t *self, value_t *result);

/* Whether it is one of this op: its result has the op's shape. FAULT_FORMAT. */
int foresight_check(const op_t *op, const value_t *self, fault_t *fault) MUST_CHECK;

#endif
