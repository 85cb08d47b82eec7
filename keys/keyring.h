/* SPDX-License-Identifier: Apache-2.0 */
/* keyring - all keys of a fleet's workers in order, so that one which stands twice is found in the
 * logarithm of how many there are. A CURVE key and a sealing key are both X25519 keys: one of them
 * is never the other (keys/seal.h). Borrows the fleet. */
#ifndef TOCSIN_KEYRING_H
#define TOCSIN_KEYRING_H

#include "keys/fleet.h"

typedef struct keyring keyring_t;

keyring_t *keyring_new(const fleet_t *fleet);
void keyring_destroy(keyring_t **self_p);

/* Two of the fleet's workers that share a key; the same one twice, where it seals with its CURVE
 * key. False where all differ. */
bool keyring_doubled(const keyring_t *self, const worker_line_t **one, const worker_line_t **other);

/* The fleet's worker that has a key of this one, of another fleet; NULL where none has. */
const worker_line_t *keyring_shares(const keyring_t *self, const worker_line_t *worker);

#endif
