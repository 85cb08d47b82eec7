/* SPDX-License-Identifier: Apache-2.0 */
/* crypto - the linker sends these calls of keys/ here (tests/sim/crypto.c), as -Wl,--wrap asks. */
#ifndef TOCSIN_SIM_CRYPTO_H
#define TOCSIN_SIM_CRYPTO_H

#include <nettle/sha2.h>
#include <sodium.h>

#include "keys/curve.h"

/* From now on libsodium draws from this seed: nonces are the same in the same world. */
void crypto_draw_from(uint64_t seed);

/* The pair that all who read what is sealed here have. */
const curvepair_t *crypto_sealing(void);

int __real_crypto_sign_seed_keypair(unsigned char *public, unsigned char *secret,
                                    const unsigned char *seed);
int __real_crypto_core_ed25519_is_valid_point(const unsigned char *point);

void __wrap_nettle_sha256_init(struct sha256_ctx *state);
void __wrap_nettle_sha256_update(struct sha256_ctx *state, size_t size, const uint8_t *data);
void __wrap_nettle_sha256_digest(struct sha256_ctx *state, size_t size, uint8_t *out);
int __wrap_crypto_hash_sha512(unsigned char *out, const unsigned char *data,
                              unsigned long long size);
int __wrap_sodium_memcmp(const void *left, const void *right, size_t size);
int __wrap_crypto_sign_seed_keypair(unsigned char *public, unsigned char *secret,
                                    const unsigned char *seed);
int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *signature_size,
                                const unsigned char *message, unsigned long long size,
                                const unsigned char *secret);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public);
int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *point);

#endif
