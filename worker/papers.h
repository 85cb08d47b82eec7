/* SPDX-License-Identifier: Apache-2.0 */
/* papers - what the judge was shown and keeps: root, people, fleets, stops and resumes, in trust,
 * in the ledger and at the effector. Of a stop or resume the broker hears KEPT once all have it. */
#ifndef TOCSIN_PAPERS_H
#define TOCSIN_PAPERS_H

#include "worker/workplace.h"

/* A plain value; zeroed but for place, which is borrowed. */
typedef struct {
    const workplace_t *place;
    uint64_t number; /* of the last DOCUMENT to the effector */
} papers_t;

/* What the ledger has, into trust. */
int papers_restore(const papers_t *self, fault_t *fault) MUST_CHECK;

/* A document for trust and the ledger; one that does not hold is *why, and changes nothing. */
int papers_add(papers_t *self, slice_t document, slice_t armors, wall_t now, fault_t *why,
               fault_t *fault) MUST_CHECK;

/* Stops of runs that are over here, or whose time is. */
int papers_forget(const papers_t *self, wall_t now, fault_t *fault) MUST_CHECK;

/* Queues one document, or all that the ledger has, for the effector. */
void papers_show(papers_t *self, slice_t document, slice_t armors);
int papers_show_all(papers_t *self, fault_t *fault) MUST_CHECK;

/* The effector has what it was shown under this id: KEPT to the broker for a stop or resume. */
void papers_on_kept(const papers_t *self, const char *id);

#endif
