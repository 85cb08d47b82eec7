/* SPDX-License-Identifier: Apache-2.0 */
/* rejection - a reviewer's signed no to a release, with its reason (docs/PROTOCOL.md 3.15). It
 * keeps nothing from happening by itself: who reviews after them reads it, and it stays in the
 * record. */
#ifndef TOCSIN_REJECTION_H
#define TOCSIN_REJECTION_H

#include "keys/trust.h"

typedef struct {
    hash_t site, release;
    char reason[ORDER_REASON_MAX + 1];
    wall_t created;
} rejection_t;

/* FAULT_FORMAT, FAULT_LIMIT. Nothing is verified. */
int rejection_decode(rejection_t *self, slice_t document, fault_t *fault) MUST_CHECK;
void rejection_encode(const rejection_t *self, bytes_t *out);

/* Of this site, with one signature in reject@, by a key of a reviewer, whose name goes into who.
 * FAULT_SITE, FAULT_SIGNATURE and its kin, FAULT_KEY, FAULT_ROLE, FAULT_NOT_FOUND (no people). */
int rejection_check(rejection_t *self, const trust_t *trust, slice_t document, slice_t armors,
                    char who[static TEXT_NAME_MAX + 1], fault_t *fault) MUST_CHECK;

#endif
