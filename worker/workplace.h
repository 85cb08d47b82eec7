/* SPDX-License-Identifier: Apache-2.0 */
/* workplace - what the judge's parts share and borrow; all of it outlives every part. */
#ifndef TOCSIN_WORKPLACE_H
#define TOCSIN_WORKPLACE_H

#include "keys/curve.h"
#include "keys/freshness.h"
#include "keys/trust.h"
#include "worker/runners.h"
#include "worker/scribe.h"

typedef struct {
    trust_t *trust;
    scribe_t *scribe;
    ledger_t *ledger;
    outbox_t *outbox;
    const char *worker;
    const char *region;
    const char *labels;
    const curvepair_t *sealing; /* by which orders are sealed to this worker; NULL: none can be */
    hash_t head;                /* of the effector's journal, as last heard */
    size_t open;                /* parts that are */
    runners_t runners;
    uint64_t attempts; /* number of the attempt begun last */
    freshness_t *freshness;
    mono_t clock;  /* when what is decided now came in */
    unsigned link; /* whose message is decided on, as outbox counts links; 0 for none */
    size_t held;   /* accepted runs that wait for a beacon before they go on after a restart */
} workplace_t;

#endif
