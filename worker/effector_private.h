/* SPDX-License-Identifier: Apache-2.0 */
/* effector_private - what effector.c (documents, beacons, warrants) and flight.c (ops) share;
 * nobody else includes it. */
#ifndef TOCSIN_EFFECTOR_PRIVATE_H
#define TOCSIN_EFFECTOR_PRIVATE_H

#include "worker/flight.h"
#include "worker/mandate.h"

struct effector {
    effector_place_t place;
    freshness_t *freshness;
    uint64_t documents; /* that came */
    size_t mandate_count;
    mandate_t *mandates[EFFECTOR_WARRANTS_MAX]; /* in the order in which they came */
    flight_t flights[EFFECTOR_FLIGHTS_MAX];
};

/* It is never earlier than the newest beacon says. */
wall_t effector_now(const effector_t *self);

/* What a mandate is verified against now. */
lawbook_t effector_lawbook(const effector_t *self);

/* Whether a beacon lets that be begun. FAULT_BEACON. */
int effector_check_beacon(const effector_t *self, const mandate_t *mandate, class_t highest,
                          fault_t *fault) MUST_CHECK;

/* The run's, named by the text of its hash. NULL with FAULT_DENIED. */
mandate_t *effector_mandate(effector_t *self, const char *run, fault_t *fault);

/* An answer to what the judge sent under this id; the caller's. */
frames_t *effector_answer(const char *word, const char *id);
void effector_add_fault(frames_t *answer, const fault_t *why);

/* The same answer, with the journal's head behind. */
frames_t *effector_with_head(const effector_t *self, frames_t *answer);

#endif
