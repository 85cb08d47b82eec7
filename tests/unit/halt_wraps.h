/* SPDX-License-Identifier: Apache-2.0 */
/* halt_wraps - the calls that the linker sends to tests/unit/test_core_halt.c (-Wl,--wrap), where
 * they are counted. */
#ifndef TOCSIN_HALT_WRAPS_H
#define TOCSIN_HALT_WRAPS_H

#include "keys/hash.h"

bool __real_hash_equal(const hash_t *left, const hash_t *right);
int __real_hash_compare(const hash_t *left, const hash_t *right);

bool __wrap_hash_equal(const hash_t *left, const hash_t *right);
int __wrap_hash_compare(const hash_t *left, const hash_t *right);

#endif
