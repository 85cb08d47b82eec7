/* SPDX-License-Identifier: Apache-2.0 */
/* intake - offers on their way to acceptance: each waits for its releases, is examined, and waits
 * for the effector's word. The effector is asked first where the release is at hand, so that both
 * verify at the same time; what it says of an offer that the judge refuses is of no account. Runs
 * that the ledger knows are answered from it; what does not hold is refused, by a receipt where
 * somebody's valid order stands behind it. */
#ifndef TOCSIN_INTAKE_H
#define TOCSIN_INTAKE_H

#include "worker/offer.h"

#define INTAKE_MAX 64 /* waiting, and open parts, together; an offer above that is `limit` */

/* Unsigned refusals that are said within a span; what a broker can provoke more of is dropped. */
#define REFUSALS_MAX 100
#define REFUSALS_MS  10000

typedef struct intake intake_t;

/* Borrows place, which must outlive it. */
intake_t *intake_new(workplace_t *place);
void intake_destroy(intake_t **self_p);

/* An OFFER, and a GIVE. What a broker got wrong is answered; a fault is the ledger's. */
int intake_on_offer(intake_t *self, const frames_t *frames, wall_t now, fault_t *fault) MUST_CHECK;
int intake_on_give(intake_t *self, const frames_t *frames, wall_t now, fault_t *fault) MUST_CHECK;

/* A run that was open when the judge ended. One that no longer proves ends with a receipt. */
int intake_resume(intake_t *self, const part_row_t *row, wall_t now, fault_t *fault) MUST_CHECK;

/* The effector's word: GRANTED, KEPT of a callee, or REFUSED of either. FAULT_FORMAT for what it
 * was not asked. */
int intake_on_granted(intake_t *self, const hash_t *run, fault_t *fault) MUST_CHECK;
void intake_on_callee(intake_t *self, const hash_t *run);
int intake_on_refused(intake_t *self, const hash_t *run, bool callee, const fault_t *why,
                      wall_t now, fault_t *fault) MUST_CHECK;

/* An offer of which the judge and the effector think well; NULL where there is none. Valid until
 * anything else is taken in or dropped. */
offer_t *intake_ready(intake_t *self);

/* Says no to a ready one; does not drop it. */
int intake_refuse(intake_t *self, const offer_t *offer, const fault_t *why, wall_t now,
                  fault_t *fault) MUST_CHECK;
void intake_drop(intake_t *self, offer_t *offer);

/* Drops a ready one that was accepted before a restart, and lacks a beacon: counted in place, to be
 * resumed later. */
void intake_hold(intake_t *self, offer_t *offer);

/* Whether an offer of this run is on its way. */
bool intake_has(const intake_t *self, const hash_t *run);

/* Offers that are neither accepted nor refused yet. */
size_t intake_count(const intake_t *self);

/* Drops what waits for a release from this link: a broker that is told HELLO offers it again. */
void intake_forget_wanted(intake_t *self, unsigned link);

#endif
