/* SPDX-License-Identifier: Apache-2.0 */
/* seeds - that found something once; `make check` lives through them each time. */
#ifndef TOCSIN_SIM_SEEDS_H
#define TOCSIN_SIM_SEEDS_H

#include <stdint.h>

static const struct {
    uint64_t seed;
    const char *name;
} known_seeds[] = {
    {1, "the first one"},
};

#endif
