/* SPDX-License-Identifier: Apache-2.0 */
/* consent - what a person signs in the middle of a run (docs/PROTOCOL.md 3.11): a consent to what
 * comes next, or an answer to what a step asks. Both say what was shown: each target's last
 * receipt. keys/trust.h says whether one counts. */
#ifndef TOCSIN_CONSENT_H
#define TOCSIN_CONSENT_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/order.h"
#include "keys/receipt.h"

#define CONSENT_MAX_S (24 * 3600) /* from created to expires */

typedef struct {
    char target[2 * TEXT_NAME_MAX + 2]; /* WORKER or WORKER/HOST */
    hash_t receipt; /* the last of the run there that was shown; zero where there was none */
} consent_target_t;

typedef struct {
    bool answer; /* else a consent: the document's type */
    hash_t site;
    hash_t run;
    char step[STEP_PATH_MAX];
    char value[ORDER_VALUE_MAX + 1]; /* of a consent "yes" or "no"; of an answer, its text */
    char reason[ORDER_REASON_MAX + 1];
    wall_t created, expires;
    size_t target_count;
    consent_target_t *targets; /* ascending, each once, at least one; as many as a document holds */
} consent_t;

/* Either type. NULL with FAULT_FORMAT or FAULT_LIMIT. Nothing is verified. */
consent_t *consent_decode(slice_t document, fault_t *fault);
void consent_encode(const consent_t *self, bytes_t *out);
void consent_destroy(consent_t **self_p);

/* NULL where it does not name this very target. */
const consent_target_t *consent_target(const consent_t *self, const char *target);

/* A consent that says yes; an answer has no such thing. */
bool consent_is_yes(const consent_t *self);

#endif
