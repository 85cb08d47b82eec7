/* SPDX-License-Identifier: Apache-2.0 */
/* past - who had which key once: people and fleets of a site that were replaced, as its folder
 * keeps them in past/ and an export of the record brings them along. What was signed under them
 * holds. */
#ifndef TOCSIN_PAST_H
#define TOCSIN_PAST_H

#include "keys/trust.h"

typedef struct past past_t;

/* Appends people and fleets of the site folder's past/, those of them, newest first, that list what
 * none behind them does: a key, or an officer of a region. Without armors one is left out.
 * FAULT_LIMIT beyond DOSSIER_BYTES_MAX. */
int past_read(const char *folder, bytes_t *out, fault_t *fault) MUST_CHECK;

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
