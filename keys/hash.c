/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/hash.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <stdlib.h>

_Static_assert(HASH_BYTES == SHA256_DIGEST_SIZE, "a hash is SHA-256");

const hash_t HASH_ZERO = {{0}};

hash_t
hash_of(slice_t bytes)
{
    hash_t hash;
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, bytes.size, bytes.data);
    sha256_digest(&state, sizeof hash.bytes, hash.bytes);
    return hash;
}

hash_t
hash_of_parts(const slice_t *parts, size_t count)
{
    hash_t hash;
    struct sha256_ctx state;
    sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        size_t size = parts[i].size;
        uint8_t length[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                             (uint8_t)size};
        sha256_update(&state, sizeof length, length);
        sha256_update(&state, size, parts[i].data);
    }
    sha256_digest(&state, sizeof hash.bytes, hash.bytes);
    return hash;
}

hash_t
hash_leaf(slice_t leaf)
{
    static const uint8_t prefix = 0x00;
    hash_t hash;
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, 1, &prefix);
    sha256_update(&state, leaf.size, leaf.data);
    sha256_digest(&state, sizeof hash.bytes, hash.bytes);
    return hash;
}

hash_t
hash_node(const hash_t *left, const hash_t *right)
{
    uint8_t both[1 + 2 * HASH_BYTES] = {0x01};
    memcpy(both + 1, left->bytes, HASH_BYTES);
    memcpy(both + 1 + HASH_BYTES, right->bytes, HASH_BYTES);
    return hash_of(slice_of(both, sizeof both));
}

struct hashing {
    struct sha256_ctx state;
};

hashing_t *
hashing_new(void)
{
    hashing_t *self = memory_new(1, sizeof *self);
    sha256_init(&self->state);
    return self;
}

void
hashing_destroy(hashing_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

void
hashing_add(hashing_t *self, slice_t piece)
{
    sha256_update(&self->state, piece.size, piece.data);
}

hash_t
hashing_end(hashing_t **self_p)
{
    hash_t hash;
    sha256_digest(&(*self_p)->state, sizeof hash.bytes, hash.bytes);
    hashing_destroy(self_p);
    return hash;
}

bool
hash_equal(const hash_t *left, const hash_t *right)
{
    return !memcmp(left->bytes, right->bytes, HASH_BYTES);
}

int
hash_compare(const hash_t *left, const hash_t *right)
{
    return memcmp(left->bytes, right->bytes, HASH_BYTES);
}

int
hash_order(const void *left, const void *right)
{
    return hash_compare(left, right);
}

slice_t
hash_slice(const hash_t *self)
{
    return slice_of(self->bytes, HASH_BYTES);
}

bool
slice_same_secret(slice_t left, slice_t right)
{
    hash_t one = hash_of(left), other = hash_of(right);
    return sodium_memcmp(one.bytes, other.bytes, HASH_BYTES) == 0;
}

const char *
hash_write(const hash_t *self, char out[static HASH_TEXT])
{
    hex_encode(hash_slice(self), out);
    return out;
}

bool
hash_read(const char *text, hash_t *out)
{
    return hex_decode(text, out->bytes, HASH_BYTES);
}
