/* SPDX-License-Identifier: Apache-2.0 */
/* maker - documents by chance: made along the oracle's tables so that most are good, then damaged
 * line by line and byte by byte. The same seed and number, the same document. */
#ifndef TOCSIN_TESTS_MAKER_H
#define TOCSIN_TESTS_MAKER_H

#include "tests/grammar/oracle.h"

typedef struct maker maker_t;

/* Keys are drawn until one is a point. */
maker_t *maker_new(uint64_t seed, oracle_point_t is_point);
void maker_destroy(maker_t **self_p);

/* Document number so-and-so and its type; valid until the next call. */
const char *maker_make(maker_t *self, uint64_t number, const oracle_type_t **type, size_t *size);

#endif
