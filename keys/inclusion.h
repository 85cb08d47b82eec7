/* SPDX-License-Identifier: Apache-2.0 */
/* inclusion - where a target stands in a wave that its order does not list (docs/PROTOCOL.md 3.5):
 * an RFC 6962 tree over (nonce, wave, index, target), whose head and size the order names, and the
 * place in it that comes with an offer and that the worker holds against the order. */
#ifndef TOCSIN_INCLUSION_H
#define TOCSIN_INCLUSION_H

#include "keys/order.h"

#define INCLUSION_PATH_MAX 17 /* 2^17 leaves and fewer */
#define PLACE_LINE_MAX     160
#define PLACE_BYTES_MAX    (PLACE_LINE_MAX + INCLUSION_PATH_MAX * HASH_BYTES)

_Static_assert(1 << INCLUSION_PATH_MAX >= ORDER_WAVE_TARGETS_MAX, "a path reaches every leaf");

/* ---- the tree, for those who have the whole list ------------------------------------------- */

/* Keeps no target's name. */
typedef struct inclusion inclusion_t;

/* Of a wave's targets, ascending as bytes; in O(n). FAULT_LIMIT for fewer than ORDER_WAVE_MAX + 1
 * or more than ORDER_WAVE_TARGETS_MAX, FAULT_FORMAT for what is no target or does not ascend. */
inclusion_t *inclusion_new(const char *nonce, unsigned wave, const char *const *targets,
                           size_t count, fault_t *fault);
void inclusion_destroy(inclusion_t **self_p);

/* The order's "wave NUMBER COUNT ROOT". */
wave_line_t inclusion_line(inclusion_t *self);

/* Whether the order names this very tree. FAULT_HASH. */
int inclusion_check(inclusion_t *self, const order_t *order, fault_t *fault) MUST_CHECK;

/* Appends the bytes of a place: of targets[index] as it was given to inclusion_new. */
void inclusion_add_place(inclusion_t *self, size_t index, const char *target, bytes_t *out);

/* ---- a place, for those who have the order ------------------------------------------------- */

typedef struct {
    unsigned wave;
    uint64_t index;                     /* from 0 */
    char target[2 * TEXT_NAME_MAX + 2]; /* WORKER or WORKER/HOST */
    size_t path_count;
    hash_t path[INCLUSION_PATH_MAX]; /* from the leaf upwards */
} place_t;

/* Decoding and checking fail with FAULT_PROOF: a place is brought by whoever makes the offer. */
int place_decode(place_t *self, slice_t bytes, fault_t *fault) MUST_CHECK;
void place_encode(const place_t *self, bytes_t *out);

/* It leads to the root that the order names for its wave, and its target is this worker or a host
 * that it reaches. */
int place_check(const place_t *self, const order_t *order, const char *worker,
                fault_t *fault) MUST_CHECK;

#endif
