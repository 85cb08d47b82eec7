/* SPDX-License-Identifier: Apache-2.0 */
/* hash - SHA-256 (FIPS 180-4), the one name of every document, file and run. By nettle, which uses
 * the processor's own instructions where it has them; libsodium's is six times as slow there. */
#ifndef TOCSIN_HASH_H
#define TOCSIN_HASH_H

#include "common/bytes.h"

#define HASH_BYTES 32
#define HASH_TEXT  65 /* hexadecimal, terminated */

typedef struct {
    uint8_t bytes[HASH_BYTES];
} hash_t;

extern const hash_t HASH_ZERO;

hash_t hash_of(slice_t bytes);

/* Over the concatenation of 32-bit big-endian length and bytes of each part: no two lists of parts
 * have the same input. */
hash_t hash_of_parts(const slice_t *parts, size_t count);

/* RFC 6962 2.1: SHA-256 (0x00 | leaf) and SHA-256 (0x01 | left | right). */
hash_t hash_leaf(slice_t leaf);
hash_t hash_node(const hash_t *left, const hash_t *right);

bool hash_equal(const hash_t *left, const hash_t *right);
int hash_compare(const hash_t *left, const hash_t *right);
int hash_order(const void *left, const void *right); /* likewise, for qsort and bsearch */
slice_t hash_slice(const hash_t *self);

/* SHA-256 of what comes in pieces. hashing_end gives it and destroys. */
typedef struct hashing hashing_t;
hashing_t *hashing_new(void);
void hashing_destroy(hashing_t **self_p);
void hashing_add(hashing_t *self, slice_t piece);
hash_t hashing_end(hashing_t **self_p);

/* Whether two secrets are the same, in a time that tells nothing of where they differ. */
bool slice_same_secret(slice_t left, slice_t right);

/* 64 lower-case hexadecimal digits. */
const char *hash_write(const hash_t *self, char out[static HASH_TEXT]);
bool hash_read(const char *text, hash_t *out);

#endif
