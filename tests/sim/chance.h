/* SPDX-License-Identifier: Apache-2.0 */
/* chance - everything that a simulation leaves to luck, drawn from one seed: the same seed, the
 * same world. xoroshiro128+, seeded by splitmix64 (Blackman and Vigna). */
#ifndef TOCSIN_SIM_CHANCE_H
#define TOCSIN_SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t a, b;
} chance_t;

static inline uint64_t
chance_mix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline chance_t
chance_of(uint64_t seed)
{
    uint64_t a = chance_mix(&seed), b = chance_mix(&seed);
    return (chance_t){a, b};
}

static inline uint64_t
chance_draw(chance_t *self)
{
    uint64_t a = self->a, b = self->b ^ a, drawn = a + self->b;
    self->a = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    self->b = (b << 37) | (b >> 27);
    return drawn;
}

/* 0 to below - 1. */
static inline uint64_t
chance_below(chance_t *self, uint64_t below)
{
    return (uint64_t)(((unsigned __int128)chance_draw(self) * below) >> 64);
}

/* Both bounds included. */
static inline int64_t
chance_from(chance_t *self, int64_t least, int64_t most)
{
    return least + (int64_t)chance_below(self, (uint64_t)(most - least) + 1);
}

/* True so many times in a million. */
static inline bool
chance_ppm(chance_t *self, unsigned ppm)
{
    return ppm && chance_below(self, 1000000) < ppm;
}

static inline bool
chance_percent(chance_t *self, unsigned percent)
{
    return chance_ppm(self, percent * 10000);
}

#endif
