/* SPDX-License-Identifier: Apache-2.0 */
/* past - who had which key once: people and fleets of a site that were replaced, as its folder
 * keeps them in past/ and an export of the record brings them along. What was signed under them
 * holds. */
#ifndef TOCSIN_PAST_H
#define TOCSIN_PAST_H

#include "keys/trust.h"

typedef struct past past_t;

/* Of the documents in `replaced`, those that were in force: people that the quorum of their own
 * root signed, fleets of an officer whom such people, or those of now, delegate. The rest proves
 * nothing and is left out. `now` has the site's roots and people; both are texts as in
 * wire/dossier.h, and nothing of either is borrowed. Never NULL. */
past_t *past_of(const hash_t *site, slice_t now, slice_t replaced);
void past_destroy(past_t **self_p);

/* Each as it was then: some people, and at most one fleet. Borrowed. */
size_t past_count(const past_t *self);
trust_t *past_at(const past_t *self, size_t index);

#endif
