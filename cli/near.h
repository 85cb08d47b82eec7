/* SPDX-License-Identifier: Apache-2.0 */
/* near - which of the words that there are may have been meant by one that is none of them. */
#ifndef TOCSIN_NEAR_H
#define TOCSIN_NEAR_H

#include <stddef.h>

#define NEAR_WORD_MAX 63 /* longer words are near to nothing */

/* Plain data; what it points to is the caller's. */
typedef struct {
    const char *word;  /* as it was typed */
    const char *found; /* the nearest so far; NULL where none is near */
    size_t distance;   /* of that one, in letters put in, taken out or changed; 0: it is the word */
} near_t;

near_t near_of(const char *word);

/* One of the words that there are; of equally near ones the first stays. */
void near_try(near_t *self, const char *known);

#endif
