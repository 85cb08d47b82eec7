/* SPDX-License-Identifier: Apache-2.0 */
/* merkle - the right edge of an RFC 6962 tree: all that appending a leaf and telling the head need,
 * however many leaves there are (docs/PROTOCOL.md 10). A plain value; zeroed, the empty tree. */
#ifndef TOCSIN_MERKLE_H
#define TOCSIN_MERKLE_H

#include "keys/hash.h"

#define MERKLE_EDGE_MAX 64

typedef struct {
    uint64_t size;                /* leaves */
    hash_t edge[MERKLE_EDGE_MAX]; /* heads of the full subtrees, the largest first: one for each
                                     bit set in size */
} merkle_t;

/* leaf is hash_leaf of the leaf's bytes. */
void merkle_append(merkle_t *self, const hash_t *leaf);

/* SHA-256 of nothing for the empty tree. */
hash_t merkle_head(const merkle_t *self);

/* The edge's hashes one after another, as the store keeps them beside size. */
slice_t merkle_edge(const merkle_t *self);

/* False where edge does not have the length that size asks for. */
bool merkle_restore(merkle_t *self, uint64_t size, slice_t edge);

#endif
