/* SPDX-License-Identifier: Apache-2.0 */
/* signature_private - what signature.c lends cosignature.c; nobody else includes it: who signs
 * bytes as they are must know that they can be nothing else. */
#ifndef TOCSIN_SIGNATURE_PRIVATE_H
#define TOCSIN_SIGNATURE_PRIVATE_H

#include "keys/signature.h"

/* Ed25519 (RFC 8032) over the message itself. */
void machinekey_sign_bytes(const machinekey_t *self, slice_t message,
                           uint8_t made[static SIGNATURE_BYTES]);

#endif
