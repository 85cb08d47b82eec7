/* SPDX-License-Identifier: Apache-2.0 */
/* tree - all of an RFC 6962 tree (2.1), for whoever proves that a leaf stands in it; and the proof,
 * for whoever has the head alone. merkle.h tells the head with less. */
#ifndef TOCSIN_TREE_H
#define TOCSIN_TREE_H

#include "keys/hash.h"

#define TREE_PATH_MAX 64

typedef struct tree tree_t;

tree_t *tree_new(void);
void tree_destroy(tree_t **self_p);

/* leaf is hash_leaf of the leaf's bytes. */
void tree_append(tree_t *self, const hash_t *leaf);

/* Leaves. */
size_t tree_size(const tree_t *self);

/* Of at least one leaf. */
hash_t tree_root(tree_t *self);

/* The audit path of leaf index, which is there: from the leaf upwards; how many. */
size_t tree_path(tree_t *self, uint64_t index, hash_t path[static TREE_PATH_MAX]);

/* The head that leaf number index of size makes with this path; false where the path does not have
 * the length that these ask for. */
bool tree_head(const hash_t *leaf, uint64_t index, uint64_t size, const hash_t *path, size_t count,
               hash_t *head) MUST_CHECK;

#endif
