/* SPDX-License-Identifier: Apache-2.0 */
/* receipts - how a receipt is signed: alone, or with others of its worker by one signature over the
 * root of their tree, as what costs most is a signature (docs/PROTOCOL.md 3.8). What goes beside a
 * receipt is called its armor either way: an SSH signature's armor; or the receipt's place in the
 * tree, a line, and behind it the armor that all of them have in common. */
#ifndef TOCSIN_RECEIPTS_H
#define TOCSIN_RECEIPTS_H

#include "keys/hash.h"
#include "keys/pubkey.h"
#include "keys/signature.h"

#define RECEIPTS_MAX      64 /* signed together */
#define RECEIPTS_PATH_MAX 6
#define RECEIPTS_HELD     64 /* roots that are known to be signed */

_Static_assert(1 << RECEIPTS_PATH_MAX >= RECEIPTS_MAX, "a path reaches every leaf");

/* Appends to each armor what goes beside that receipt; 1 to RECEIPTS_MAX of them. */
void receipts_sign(const machinekey_t *key, const slice_t *documents, bytes_t *const *armors,
                   size_t count);

/* Roots whose signature held already, each by hash of key, root and signature: the others of its
 * tree then cost hashes alone. A plain value; zeroed it knows none. One thread's. */
typedef struct {
    hash_t held[RECEIPTS_HELD];
} receipts_held_t;

/* Signed by this worker's key, in receipt@. held may be NULL. FAULT_SIGNATURE, FAULT_NAMESPACE,
 * FAULT_KEY. */
int receipts_check(slice_t document, slice_t armor, const pubkey_t *worker, receipts_held_t *held,
                   fault_t *fault) MUST_CHECK;

/* What such a signature is over: the text that names a tree of count receipts by its root. */
void receipts_encode(uint64_t count, const hash_t *root, bytes_t *out);

#endif
