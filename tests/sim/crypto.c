/* SPDX-License-Identifier: Apache-2.0 */
/* What stands under keys/ in the simulator in place of libsodium and nettle (the linker wraps these
 * calls): a fast 256-bit hash, and signatures that are a hash keyed by the signer's secret. Only
 * who holds the machinekey can make one, as the secret never leaves this table; so a broker that
 * lies cannot forge here either. */
#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "tests/sim/chance.h"
#include "tests/sim/crypto.h"

#define LANES     4
#define BLOCK     (LANES * 8)
#define PAIRS_MAX 128

typedef struct {
    uint64_t lane[LANES];
    uint64_t size;
    uint8_t rest[BLOCK];
} state_t;

_Static_assert(sizeof(state_t) <= sizeof(struct sha256_ctx), "it fits in nettle's");

/* The keys that were made in this process; a seed is the secret of its public key. */
static struct {
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    uint8_t seed[crypto_sign_SEEDBYTES];
} pairs[PAIRS_MAX];
static size_t pair_count;

static const uint64_t odd[LANES] = {0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu, 0xd6e8feb86659fd93u,
                                    0xa0761d6478bd642fu};

/* Each step is a bijection of its lane: different bytes never fall together before the end. */
static inline void
take_block(uint64_t lane[static LANES], const uint8_t *block)
{
    uint64_t word[LANES];
    memcpy(word, block, sizeof word);
    for (size_t i = 0; i < LANES; i++) {
        lane[i] = (lane[i] ^ word[i]) * odd[i];
        lane[i] ^= lane[i] >> 29;
    }
}

static void
stir(uint64_t lane[static LANES])
{
    for (int round = 0; round < 4; round++)
        for (size_t i = 0; i < LANES; i++) {
            uint64_t next = lane[(i + 1) % LANES];
            lane[i] = (lane[i] + ((next << 23) | (next >> 41))) * odd[i];
            lane[i] ^= lane[i] >> 31;
        }
}

static void
take(state_t *self, const uint8_t *data, size_t size)
{
    size_t held = self->size % BLOCK;
    self->size += size;
    if (held) {
        size_t part = size < BLOCK - held ? size : BLOCK - held;
        memcpy(self->rest + held, data, part);
        data += part;
        size -= part;
        if (held + part < BLOCK)
            return;
        take_block(self->lane, self->rest);
    }
    for (; size >= BLOCK; data += BLOCK, size -= BLOCK)
        take_block(self->lane, data);
    if (size)
        memcpy(self->rest, data, size);
}

static void
finish(state_t *self, uint8_t out[static BLOCK])
{
    uint64_t size = self->size;
    memset(self->rest + size % BLOCK, 0, BLOCK - size % BLOCK);
    take_block(self->lane, self->rest);
    self->lane[0] += size;
    stir(self->lane);
    memcpy(out, self->lane, BLOCK);
}

static void
keyed(uint8_t out[static BLOCK], const uint8_t *key, size_t key_size, const uint8_t *data,
      size_t size)
{
    state_t state = {.lane = {1, 2, 3, 4}};
    take(&state, key, key_size);
    take(&state, data, size);
    finish(&state, out);
}

void
__wrap_nettle_sha256_init(struct sha256_ctx *state)
{
    state_t fresh = {.lane = {1, 2, 3, 4}};
    memcpy(state, &fresh, sizeof fresh);
}

void
__wrap_nettle_sha256_update(struct sha256_ctx *state, size_t size, const uint8_t *data)
{
    take((state_t *)(void *)state, data, size);
}

void
__wrap_nettle_sha256_digest(struct sha256_ctx *state, size_t size, uint8_t *out)
{
    assert(size == BLOCK);
    finish((state_t *)(void *)state, out);
}

int
__wrap_crypto_hash_sha512(unsigned char *out, const unsigned char *data, unsigned long long size)
{
    keyed(out, NULL, 0, data, size);
    keyed(out + BLOCK, out, BLOCK, NULL, 0);
    return 0;
}

int
__wrap_sodium_memcmp(const void *left, const void *right, size_t size)
{
    return memcmp(left, right, size) ? -1 : 0;
}

static const uint8_t *
seed_of(const unsigned char *public)
{
    for (size_t i = 0; i < pair_count; i++)
        if (!memcmp(pairs[i].public, public, sizeof pairs[i].public))
            return pairs[i].seed;
    return NULL;
}

int
__wrap_crypto_sign_seed_keypair(unsigned char *public, unsigned char *secret,
                                const unsigned char *seed)
{
    int failed = __real_crypto_sign_seed_keypair(public, secret, seed);
    if (!failed && !seed_of(public)) {
        assert(pair_count < PAIRS_MAX);
        memcpy(pairs[pair_count].public, public, crypto_sign_PUBLICKEYBYTES);
        memcpy(pairs[pair_count++].seed, seed, crypto_sign_SEEDBYTES);
    }
    return failed;
}

/* A secret starts with its seed. */
int
__wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *signature_size,
                            const unsigned char *message, unsigned long long size,
                            const unsigned char *secret)
{
    (void)signature_size;
    keyed(signature, secret, crypto_sign_SEEDBYTES, message, size);
    memset(signature + BLOCK, 0, crypto_sign_BYTES - BLOCK);
    return 0;
}

int
__wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                   unsigned long long size, const unsigned char *public)
{
    unsigned char made[crypto_sign_BYTES];
    const uint8_t *seed = seed_of(public);
    if (!seed)
        return -1;
    __wrap_crypto_sign_detached(made, NULL, message, size, seed);
    return memcmp(made, signature, sizeof made) ? -1 : 0;
}

int
__wrap_crypto_core_ed25519_is_valid_point(const unsigned char *point)
{
    return seed_of(point) ? 1 : __real_crypto_core_ed25519_is_valid_point(point);
}

/* ---- what is drawn ------------------------------------------------------------------------ */

static chance_t luck;

static const char *
luck_name(void)
{
    return "a seed";
}

static uint32_t
luck_random(void)
{
    return (uint32_t)chance_draw(&luck);
}

static void
luck_fill(void *out, size_t size)
{
    uint8_t *at = out;
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)chance_draw(&luck);
}

void
crypto_draw_from(uint64_t seed)
{
    static randombytes_implementation source = {
        .implementation_name = luck_name, .random = luck_random, .buf = luck_fill};
    luck = chance_of(seed);
    randombytes_set_implementation(&source);
}

const curvepair_t *
crypto_sealing(void)
{
    static curvepair_t pair;
    if (pair.secret[0])
        return &pair;
    memset(pair.secret, 7, sizeof pair.secret);
    int failed = crypto_scalarmult_base(pair.public_key.bytes, pair.secret);
    assert(!failed);
    return &pair;
}
