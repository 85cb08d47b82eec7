/* SPDX-License-Identifier: Apache-2.0 */
/* away - workers that the broker says are offline, and how that is said to people. workers is the
 * broker's answer to `workers`, NULL where nobody asked. */
#ifndef TOCSIN_AWAY_H
#define TOCSIN_AWAY_H

#include "cli/command.h"

#define AWAY_WORDS_MAX 96

/* Its row where it is away; NULL, and where the broker does not list it. */
const value_t *away_find(const value_t *workers, const char *worker);

/* "seen last 2026-11-23 11:07:02, 4 min ago" of a row, into out. */
const char *away_words(const options_t *options, const value_t *row,
                       char out[static AWAY_WORDS_MAX]);

/* Regions of two workers or more, the revoked left out, of which none is online: a list of {region,
 * workers: how many}; the caller's. */
value_t *away_regions(const value_t *workers);

#endif
