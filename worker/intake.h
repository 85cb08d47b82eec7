/* SPDX-License-Identifier: Apache-2.0 */
/* intake - offers on their way to acceptance: each waits for its release, is examined, then waits
 * for the effector's word. Runs that the ledger knows are answered from it; what does not hold is
 * refused, by a receipt where somebody's valid order stands behind it. */
#ifndef TOCSIN_INTAKE_H
#define TOCSIN_INTAKE_H

#include "worker/offer.h"

#define INTAKE_MAX 64 /* waiting, and open parts, together; an offer above that is `limit` */

/* Unsigned refusals that are said within a span; what a broker can provoke more of is dropped. */
#define REFUSALS_MAX 100
#define REFUSALS_MS  10000

typedef struct intake intake_t;

/* Borrows both, which must outlive it. */
intake_t *intake_new(const workplace_t *place, trust_t *trust);
void intake_destroy(intake_t **self_p);

/* An OFFER, and a GIVE. What a broker got wrong is answered; a fault is the ledger's. */
int intake_on_offer(intake_t *self, const frames_t *frames, wall_t now, fault_t *fault) MUST_CHECK;
int intake_on_give(intake_t *self, const frames_t *frames, wall_t now, fault_t *fault) MUST_CHECK;

/* A run that was open when the judge ended. One that no longer proves ends with a receipt. */
int intake_resume(intake_t *self, const part_row_t *row, wall_t now, fault_t *fault) MUST_CHECK;

/* The offer of this run that the effector was asked about; NULL where there is none. Valid until
 * anything else is taken in or dropped. */
offer_t *intake_find(intake_t *self, const hash_t *run);

/* Says no to a found one; does not drop it. */
int intake_refuse(intake_t *self, const offer_t *offer, const fault_t *why, wall_t now,
                  fault_t *fault) MUST_CHECK;
void intake_drop(intake_t *self, offer_t *offer);

/* Drops what waits for a release: a broker that is told HELLO offers it again. */
void intake_forget_wanted(intake_t *self);

#endif
