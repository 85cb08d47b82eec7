/* SPDX-License-Identifier: Apache-2.0 */
/* consistency - proof that a log of more leaves begins with one of fewer (RFC 6962 2.1.2): for
 * whoever has the two heads and not the leaves. A plain value. */
#ifndef TOCSIN_CONSISTENCY_H
#define TOCSIN_CONSISTENCY_H

#include "common/fault.h"
#include "keys/hash.h"

#define CONSISTENCY_MAX 64

typedef struct {
    size_t count;
    hash_t path[CONSISTENCY_MAX]; /* as RFC 6962 orders them */
} consistency_t;

/* The head over the leaves from first up to, without, end: as many as a power of two that divides
 * first, or fewer where end is the log's. -1 with a fault of its own. */
typedef int(consistency_head_t)(void *context, uint64_t first, uint64_t end, hash_t *head,
                                fault_t *fault);

/* size is at most longer; of nothing, and of the same size, the proof is empty. -1 with what
 * head_of says. */
int consistency_make(consistency_t *self, uint64_t size, uint64_t longer,
                     consistency_head_t *head_of, void *context, fault_t *fault) MUST_CHECK;

/* Whether a log of longer leaves with longer_head begins with one of size leaves with head. */
bool consistency_holds(const consistency_t *self, uint64_t size, const hash_t *head,
                       uint64_t longer, const hash_t *longer_head) MUST_CHECK;

/* The hashes one after another, as messages carry them; false where that is no such list. */
slice_t consistency_slice(const consistency_t *self);
bool consistency_read(consistency_t *self, slice_t hashes) MUST_CHECK;

#endif
