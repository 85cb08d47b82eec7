/* SPDX-License-Identifier: Apache-2.0 */
/* spool - what one broker has not taken yet of one source: posts of signed alerts, a file each,
 * oldest first. A post that is for several brokers is written and synced once, and linked into the
 * spool of each; so after any crash a spool has it whole or not at all. What was taken and stands
 * there again after a power loss is sent again, which changes nothing at a broker. */
#ifndef TOCSIN_SPOOL_H
#define TOCSIN_SPOOL_H

#include "common/bytes.h"
#include "common/fault.h"
#include "common/moment.h"

#define SPOOL_POSTS_MAX 2000
#define SPOOL_NAME_MAX  32

typedef struct spool spool_t;

/* The folder is made; posts that stand in it are in the spool. */
spool_t *spool_open(const char *folder, fault_t *fault);
void spool_destroy(spool_t **self_p);

/* Writes a post and puts it into each spool. folder is on the same filesystem as theirs. FAULT_FULL
 * where one of them has no room: the others have it all the same. After any other fault some may.
 */
int spool_put(const char *folder, spool_t *const *spools, size_t count, wall_t received,
              slice_t post, fault_t *fault) MUST_CHECK;

size_t spool_count(const spool_t *self);

/* Of the oldest, which there must be; the bytes are the caller's. */
wall_t spool_received(const spool_t *self);
bytes_t *spool_read(const spool_t *self, fault_t *fault);
int spool_drop(spool_t *self, fault_t *fault) MUST_CHECK;

#endif
