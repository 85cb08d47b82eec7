/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/seal.h"

#include <assert.h>
#include <sodium.h>

#define CONTEXT     "tocsin-s" /* of crypto_kdf */
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SEALKEY_BYTES == crypto_kdf_KEYBYTES, "subkeys are derived from a key");
_Static_assert(SEALKEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a subkey seals");
_Static_assert(SEALKEY_BYTES == crypto_generichash_KEYBYTES, "a subkey keys a hash");
_Static_assert(SEALKEY_BOX_BYTES == SEALKEY_BYTES + crypto_box_SEALBYTES, "a sealed key");
_Static_assert(SEAL_EXTRA_BYTES == NONCE_BYTES + TAG_BYTES, "nonce and tag");
_Static_assert(HASH_BYTES == crypto_generichash_BYTES, "a keyed hash is as long as a hash");
_Static_assert(sizeof CONTEXT == crypto_kdf_CONTEXTBYTES + 1, "a context");

void
sealkey_random(sealkey_t *self)
{
    randombytes_buf(self->bytes, sizeof self->bytes);
}

void
sealkey_forget(sealkey_t *self)
{
    sodium_memzero(self, sizeof *self);
}

int
sealkey_box(const sealkey_t *self, const curvekey_t *reader, uint8_t out[static SEALKEY_BOX_BYTES],
            fault_t *fault)
{
    if (crypto_box_seal(out, self->bytes, sizeof self->bytes, reader->bytes))
        return fault_set(fault, FAULT_KEY, "a sealing key that seals nothing");
    return 0;
}

int
sealkey_unbox(sealkey_t *self, const uint8_t box[static SEALKEY_BOX_BYTES],
              const curvepair_t *reader, fault_t *fault)
{
    if (crypto_box_seal_open(self->bytes, box, SEALKEY_BOX_BYTES, reader->public_key.bytes,
                             reader->secret))
        return fault_set(fault, FAULT_KEY, "the order's key was sealed to another key");
    return 0;
}

static void
derive(const sealkey_t *key, seal_use_t use, uint8_t out[static SEALKEY_BYTES])
{
    int failed = crypto_kdf_derive_from_key(out, SEALKEY_BYTES, use, CONTEXT, key->bytes);
    assert(!failed);
}

void
seal_close(const sealkey_t *key, seal_use_t use, const hash_t *place, slice_t plain, bytes_t *out)
{
    uint8_t subkey[SEALKEY_BYTES], nonce[NONCE_BYTES];
    CLEANUP(memory_free) uint8_t *sealed = memory_new(plain.size + TAG_BYTES, 1);
    derive(key, use, subkey);
    randombytes_buf(nonce, sizeof nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, plain.data, plain.size, place->bytes,
                                               HASH_BYTES, NULL, nonce, subkey);
    sodium_memzero(subkey, sizeof subkey);
    bytes_add(out, nonce, sizeof nonce);
    bytes_add(out, sealed, plain.size + TAG_BYTES);
}

int
seal_open(const sealkey_t *key, seal_use_t use, const hash_t *place, slice_t sealed, bytes_t *out,
          fault_t *fault)
{
    uint8_t subkey[SEALKEY_BYTES];
    if (sealed.size < SEAL_EXTRA_BYTES)
        return fault_set(fault, FAULT_KEY, "too short for anything that was sealed");
    size_t size = sealed.size - SEAL_EXTRA_BYTES;
    CLEANUP(memory_free) uint8_t *plain = memory_new(size + 1, 1);
    derive(key, use, subkey);
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, NULL, NULL, sealed.data + NONCE_BYTES, sealed.size - NONCE_BYTES, place->bytes,
        HASH_BYTES, sealed.data, subkey);
    sodium_memzero(subkey, sizeof subkey);
    if (failed)
        return fault_set(fault, FAULT_KEY,
                         "it does not open: sealed under another key or in another place, or "
                         "changed");
    bytes_add(out, plain, size);
    sodium_memzero(plain, size);
    return 0;
}

hash_t
seal_hash(const sealkey_t *key, const hash_t *place, const hash_t *hash)
{
    hash_t out;
    uint8_t subkey[SEALKEY_BYTES], both[2 * HASH_BYTES];
    derive(key, SEAL_OP, subkey);
    memcpy(both, place->bytes, HASH_BYTES);
    memcpy(both + HASH_BYTES, hash->bytes, HASH_BYTES);
    crypto_generichash(out.bytes, HASH_BYTES, both, sizeof both, subkey, sizeof subkey);
    sodium_memzero(subkey, sizeof subkey);
    return out;
}
