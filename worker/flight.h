/* SPDX-License-Identifier: Apache-2.0 */
/* flight - one op of the effector's from the judge's OP to its answer: what stands against it, its
 * BEGIN, the process that acts (effector_io_t), its END; and of a fix that was cut off, what
 * looking for it says (docs/PROTOCOL.md 7.3). An effector owns as many as may run at once; of an
 * ended one its place is free. Private to the effector. */
#ifndef TOCSIN_FLIGHT_H
#define TOCSIN_FLIGHT_H

#include "worker/effector.h"

#define FLIGHT_ID_MAX 128

typedef struct {
    bool used;
    bool fix;      /* has a key, and BEGIN stands in the journal */
    bool foreseen; /* a fix of a dry run: only looked for */
    const op_t *op;
    hash_t key;
    char id[FLIGHT_ID_MAX]; /* the judge's */

    /* Of a fix that can be looked for: */
    frames_t *asked; /* the judge's OP; ours */
    bool looks;      /* it was cut off, and is looked for */
    wall_t begun;    /* when its last try was, as far as anybody knows */
    fault_t cut;     /* how that ended; code 0 where the effector ended with it */
} flight_t;

void flights_clear(flight_t flights[static EFFECTOR_FLIGHTS_MAX]);

/* OP: it is begun, or *answer says why not; *answer and -1 as of effector_receive. */
int flight_on_op(effector_t *self, const frames_t *message, frames_t **answer,
                 fault_t *fault) MUST_CHECK;

/* END: its step's time is over. What it did so far is for effector_ended to tell. */
int flight_on_end(effector_t *self, const frames_t *message, frames_t **answer,
                  fault_t *fault) MUST_CHECK;

#endif
