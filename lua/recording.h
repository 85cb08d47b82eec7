/* SPDX-License-Identifier: Apache-2.0 */
/* recording - what a playbook's test says ops answer (lua/rehearsal.h): in the order of asking,
 * until one is made to fail; from then on whatever was recorded for the same op, or stands in
 * `answers`. */
#ifndef TOCSIN_RECORDING_H
#define TOCSIN_RECORDING_H

#include "wire/value.h"

typedef struct recording recording_t;

/* Borrows the test's map, of which it reads ops, inject and answers. fail_at: the op, from 1 in the
 * order of asking, that fails, its fault drawn by seed; 0 for none. */
recording_t *recording_new(const value_t *test, size_t fail_at, uint64_t seed);
void recording_destroy(recording_t **self_p);

/* NULL with the fault that the script gets. What is not in the test is FAULT_FAILED, too, as is a
 * result that has a field which the op table does not know, or of another kind; recording_wrong
 * says so. */
value_t *recording_answer(recording_t *self, const char *step, const char *op,
                          const value_t *arguments, fault_t *fault);

/* How many ops were asked for. */
size_t recording_asked(const recording_t *self);

/* The word of the fault that fail_at drew. */
const char *recording_drawn(const recording_t *self);

/* -1 where an op came otherwise than recorded. */
int recording_wrong(const recording_t *self, fault_t *fault) MUST_CHECK;

/* -1 where an op that was recorded, or a failure to inject, was never reached. */
int recording_finish(const recording_t *self, fault_t *fault) MUST_CHECK;

#endif
