/* SPDX-License-Identifier: Apache-2.0 */
/* charter - the site folder as the broker read it last: what it trusts, and the documents' own
 * bytes, which it hands on to workers that have older ones (docs/PROTOCOL.md 6, DOCUMENT, and 11).
 */
#ifndef TOCSIN_CHARTER_H
#define TOCSIN_CHARTER_H

#include "keys/trust.h"
#include "wire/value.h"

typedef struct {
    char name[TEXT_NAME_MAX + 8]; /* "root", "people", "fleet.REGION" */
    uint64_t version;
    bytes_t *document, *armors;
} charter_document_t;

typedef struct {
    trust_t *trust;
    size_t count;
    charter_document_t *documents; /* roots ascending, people, fleets */
} charter_t;

/* Everything in FOLDER, verified from the id in FOLDER/id. */
charter_t *charter_load(const char *folder, fault_t *fault);

/* Takes over *trust and holds no documents: for tests. */
charter_t *charter_over(trust_t **trust);
void charter_destroy(charter_t **self_p);

/* A document that came by another way than the folder: 1 where it is newer than what is here, 0
 * where it is known, -1 where it does not hold. */
int charter_add(charter_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* All that another charter has and this one lacks, in so far as it holds here. */
void charter_inherit(charter_t *self, const charter_t *from);

/* The next document, from *at on, which a worker of this region lacks by the versions that it told
 * of (map of name to version), or another broker where region is NULL; NULL when there is none
 * left. Borrowed. */
const charter_document_t *charter_lacks(const charter_t *self, const char *region,
                                        const value_t *versions, size_t *at);

#endif
