/* SPDX-License-Identifier: Apache-2.0 */
/* pace - how often a machine lets itself be changed: lines of its policy, counted from the
 * effector's journal, so that a restart forgets nothing.
 *
 *     rate OP COUNT SECONDS            so many of this op begin within so long
 *     runs PLAYBOOK|* COUNT SECONDS    so many runs of it, or of any, change something
 *     exceed PERSON                    neither holds back an order that this person signed
 *
 * A grant is no order: what it lets begin by itself is held back, whoever signed it. A run that
 * began goes on whatever a runs line says; each of its ops is one more for a rate. What undoes a
 * step that began here is counted and never held back: a half of a fix is worse than one too many.
 */
#ifndef TOCSIN_PACE_H
#define TOCSIN_PACE_H

#include "keys/trust.h"
#include "wire/ops.h"
#include "worker/journal.h"

#define PACE_LINES_MAX  256
#define PACE_PEOPLE_MAX 64

typedef struct {
    const op_t *op;       /* of a rate; NULL of a runs line */
    const char *playbook; /* of a runs line; NULL for any */
    uint64_t count, seconds;
} pace_line_t;

/* Texts are borrowed from the policy. */
typedef struct {
    size_t line_count, person_count;
    pace_line_t lines[PACE_LINES_MAX];
    const char *people[PACE_PEOPLE_MAX];
} pace_t;

/* Takes one of the lines above, its words with the key. FAULT_CONFIG says what is wrong with it. */
int pace_take(pace_t *self, const char *const *words, fault_t *fault) MUST_CHECK;

/* What is to begin: an op of a run. All of it is borrowed. */
typedef struct {
    const op_t *op;
    const char *playbook; /* the run's */
    const hash_t *run;
    const signers_t *orderers; /* who signed its order; nobody under a grant */
    const char *undoes;        /* the step (its path) that it takes back; NULL of any other */
} pace_act_t;

/* Whether it may begin now. FAULT_RATE. */
int pace_check(const pace_t *self, const pace_act_t *act, const journal_t *journal, wall_t now,
               fault_t *fault) MUST_CHECK;

#endif
