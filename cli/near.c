/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/near.h"

#include <string.h>

#define NEAR_MAX 2 /* letters by which a word may be wrong */

/* How many letters are to be put in, taken out or changed (Levenshtein). */
static size_t
distance(const char *from, const char *to)
{
    size_t row[NEAR_WORD_MAX + 1], size = strlen(to);
    if (size > NEAR_WORD_MAX || strlen(from) > NEAR_WORD_MAX)
        return NEAR_WORD_MAX;
    for (size_t j = 0; j <= size; j++)
        row[j] = j;
    for (size_t i = 1; from[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= size; j++) {
            size_t changed = corner + (from[i - 1] != to[j - 1]);
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            corner = row[j];
            row[j] = changed < least ? changed : least;
        }
    }
    return row[size];
}

near_t
near_of(const char *word)
{
    return (near_t){word, NULL, NEAR_MAX + 1};
}

void
near_try(near_t *self, const char *known)
{
    size_t letters = distance(self->word, known);
    if (letters >= self->distance)
        return;
    self->distance = letters;
    self->found = known;
}
