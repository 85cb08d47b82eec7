/* SPDX-License-Identifier: Apache-2.0 */
/* seal - what an order's readers can read, and no broker that carries it (docs/PROTOCOL.md 12): a
 * random key of one order, itself sealed to the X25519 key of each reader (libsodium's
 * crypto_box_seal), and bytes that are sealed under it (XChaCha20-Poly1305, each use under a key of
 * its own that crypto_kdf derives). It hides; it authorises nothing, and says nothing of who
 * sealed.
 */
#ifndef TOCSIN_SEAL_H
#define TOCSIN_SEAL_H

#include "keys/curve.h"
#include "keys/hash.h"

#define SEALKEY_BYTES     32
#define SEALKEY_BOX_BYTES 80 /* of a key that is sealed to one reader */
#define SEAL_EXTRA_BYTES  40 /* by which sealed bytes are longer: nonce and tag */

typedef struct {
    uint8_t bytes[SEALKEY_BYTES];
} sealkey_t;

/* What a key is used for; each has a subkey of that number. */
typedef enum {
    SEAL_OUTPUT = 1, /* what a step gave, or why it failed */
    SEAL_LINE,       /* of what a part says as it goes */
    SEAL_SECRET,     /* an input */
    SEAL_OP,         /* hashes of an op's arguments and result */
} seal_use_t;

void sealkey_random(sealkey_t *self);
void sealkey_forget(sealkey_t *self);

/* To one reader. FAULT_KEY for a public key that is no point of large order. */
int sealkey_box(const sealkey_t *self, const curvekey_t *reader,
                uint8_t out[static SEALKEY_BOX_BYTES], fault_t *fault) MUST_CHECK;

/* By the reader's own pair. FAULT_KEY where it was sealed to another, or changed. */
int sealkey_unbox(sealkey_t *self, const uint8_t box[static SEALKEY_BOX_BYTES],
                  const curvepair_t *reader, fault_t *fault) MUST_CHECK;

/* Appends nonce and sealed bytes to out. They open with the same key, use and place alone; place is
 * a hash of where they stand. */
void seal_close(const sealkey_t *key, seal_use_t use, const hash_t *place, slice_t plain,
                bytes_t *out);

/* Appends what was sealed to out. FAULT_KEY where it is another key's, use's or place's, or was
 * changed; out is then as it was. */
int seal_open(const sealkey_t *key, seal_use_t use, const hash_t *place, slice_t sealed,
              bytes_t *out, fault_t *fault) MUST_CHECK;

/* In place of a hash from which short values could be guessed: BLAKE2b of both, keyed. */
hash_t seal_hash(const sealkey_t *key, const hash_t *place, const hash_t *hash);

#endif
