/* SPDX-License-Identifier: Apache-2.0 */
/* desk - responders who look what waits for a word, and sign one or do not: yes or no, left or
 * right; now and then who should not, or later than it counts. What they signed is known to the
 * facts, and nobody else could have signed it. */
#ifndef TOCSIN_SIM_DESK_H
#define TOCSIN_SIM_DESK_H

#include "tests/sim/hub.h"

#define WORDS_MAX 32

typedef struct {
    bool answer; /* else a consent */
    hash_t run, hash;
    char step[STEP_PATH_MAX], value[8];
    const char *who;
    bool named[MACHINES_MAX];
    hash_t shown[MACHINES_MAX]; /* the last receipt of each that is named */
    sealed_t sealed;            /* ours */
} word_t;

desk_t *desk_new(world_t *world);
void desk_destroy(desk_t **self_p);

/* They look from time to time, where something may wait for them. */
void desk_begin(desk_t *self);

/* Whether a step that waits asks for an answer, not for a consent. */
bool desk_asks(const desk_t *self, const hub_wait_t *wait);

/* In the order in which they were signed. */
size_t desk_count(const desk_t *self);
const word_t *desk_word(const desk_t *self, size_t index);

/* The word whose document this is; NULL where nobody signed that. */
const word_t *desk_find(const desk_t *self, const hash_t *document);

#endif
