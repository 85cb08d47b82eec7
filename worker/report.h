/* SPDX-License-Identifier: Apache-2.0 */
/* report - what this machine allows, for people who plan: the effector says it once, the judge
 * signs it and tells it to each broker that welcomes the worker (wire/allowance.h). */
#ifndef TOCSIN_REPORT_H
#define TOCSIN_REPORT_H

#include "keys/trust.h"
#include "worker/outbox.h"

/* All zero before the effector has said anything. */
typedef struct {
    bytes_t *document, *armor; /* ours */
    bool welcomed;             /* a broker listens */
} report_t;

void report_clear(report_t *self);

/* Asks the effector. */
void report_ask(outbox_t *outbox);

/* Its answer, which is of this worker and site (FAULT_FORMAT, FAULT_SITE where it is not: the
 * effector has gone mad): signed, and told if a broker listens. The people whom the machine asks
 * for are asked for by the judge's trust too from now on, so that it fetches a release that was
 * approved again since. */
int report_take(report_t *self, slice_t document, const char *worker, trust_t *trust,
                const machinekey_t *key, outbox_t *outbox, fault_t *fault) MUST_CHECK;

/* The broker behind this link listens from here on. */
void report_welcome(report_t *self, unsigned link, outbox_t *outbox);

#endif
