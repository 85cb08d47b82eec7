/* SPDX-License-Identifier: Apache-2.0 */
/* fates - what a cancel came to, target by target. */
#ifndef TOCSIN_FATES_H
#define TOCSIN_FATES_H

#include "wire/value.h"

/* Prints the parts of the broker's answer on a run, and how many it does not hold. Of stops, its
 * answer on those, the one of this hash tells who has confirmed, as far as it names them. */
void fates_print(const value_t *run, const value_t *stops, const char *hash);

#endif
