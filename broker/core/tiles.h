/* SPDX-License-Identifier: Apache-2.0 */
/* tiles - the heads of each 256 leaves of the log, one after another: what a proof about a long log
 * is made from without reading all of it. Made of the leaves once they are there, and kept: a
 * record that has none yet gets them over a while. */
#ifndef TOCSIN_TILES_H
#define TOCSIN_TILES_H

#include "broker/core/actions.h"
#include "broker/store.h"
#include "wire/consistency.h"

#define TILE_LEAVES 256
#define TILES_GROW  32 /* at most so many at a time */

typedef struct {
    const store_t *past; /* has the leaves; borrowed */
    size_t count, capacity;
    hash_t *heads; /* ours */
} tiles_t;

void tiles_clear(tiles_t *self);

/* What the past has of them. FAULT_FORMAT where one is missing. */
int tiles_load(tiles_t *self, fault_t *fault) MUST_CHECK;

/* Those that a log of size leaves has and are not here yet; their rows go into actions. The past
 * has all these leaves. 1 none is left, 0 some are, -1 the store's fault. */
int tiles_grow(tiles_t *self, uint64_t size, actions_t *actions, fault_t *fault);

/* The proof that the log of so many leaves begins with that of size; the past has all of them. */
int tiles_prove(const tiles_t *self, uint64_t size, uint64_t longer, consistency_t *proof,
                fault_t *fault) MUST_CHECK;

#endif
