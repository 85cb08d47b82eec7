/* SPDX-License-Identifier: Apache-2.0 */
/* fates - what a cancel came to, target by target. */
#ifndef TOCSIN_FATES_H
#define TOCSIN_FATES_H

#include "wire/value.h"

/* Prints the parts of the broker's answer on a run, and how many it does not hold. stop is
 * the broker's answer on the run's: who has confirmed it, as far as it names them. */
void fates_print(const value_t *run, const value_t *stop);

#endif
