/* SPDX-License-Identifier: Apache-2.0 */
/* receipt - what a worker signs (receipts.h) about one step, chained to its previous one
 * (docs/PROTOCOL.md 3.8). */
#ifndef TOCSIN_RECEIPT_H
#define TOCSIN_RECEIPT_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/order.h"

#define RECEIPT_OPS_MAX 256
#define STEP_DEPTH_MAX  4 /* the steps that called, and the step */
#define STEP_PATH_MAX   (STEP_DEPTH_MAX * (TEXT_NAME_MAX + 1)) /* terminated */

/* One to STEP_DEPTH_MAX names with "/" between them: the steps that called, then the step. */
bool step_path_valid(const char *path);

/* The last name of a path: the step itself, in its own playbook. A view. */
const char *step_path_name(const char *path);

#define OUTCOMES(X)               \
    X(OUTCOME_OK, "ok")           \
    X(OUTCOME_FAILED, "failed")   \
    X(OUTCOME_REFUSED, "refused") \
    X(OUTCOME_SKIPPED, "skipped") \
    X(OUTCOME_UNKNOWN, "unknown") \
    X(OUTCOME_STOPPED, "stopped") \
    X(OUTCOME_OPEN, "open") /* of a part only: more steps follow */

typedef enum {
#define X(outcome, word) outcome,
    OUTCOMES(X)
#undef X
        OUTCOME_COUNT
} outcome_t;

const char *outcome_word(outcome_t self);
bool outcome_read(const char *word, outcome_t *out);

typedef enum { PHASE_RUN, PHASE_UNDO } phase_t;

const char *phase_word(phase_t self);
bool phase_read(const char *word, phase_t *out);

typedef struct {
    char op[TEXT_NAME_MAX + 1];
    hash_t arguments, result; /* of their canonical values; result zero on failure */
    char code[16];            /* "ok", or the fault's word */
} receipt_op_t;

typedef struct {
    hash_t site;
    char worker[TEXT_NAME_MAX + 1];
    uint64_t sequence; /* from 1, without gap */
    hash_t previous;   /* of receipt sequence-1's document; zero in the first */
    hash_t run;
    char authority[8]; /* "order", "glass" (order that breaks glass), "grant" (signed alert),
                          "token" (grant on the broker's word) */
    hash_t release;
    char target[2 * TEXT_NAME_MAX + 2];
    char step[STEP_PATH_MAX];          /* its path; "-" where no step was reached */
    phase_t phase;                     /* run with step "-" */
    uint64_t attempt;                  /* from 1; 0 with step "-" */
    outcome_t outcome;                 /* of the step */
    outcome_t part;                    /* of this worker's whole part, after this step */
    char code[16];                     /* fault word for failed, refused, unknown; else "none" */
    char reason[ORDER_REASON_MAX + 1]; /* "-" where there is nothing to say */
    wall_t started, ended;
    hash_t consent; /* of the consent or answer that the step waited for; zero where none */
    hash_t output;  /* of the output's canonical value */
    uint64_t output_bytes;
    size_t op_count;
    receipt_op_t ops[RECEIPT_OPS_MAX]; /* in the order they were asked: "op INDEX NAME ..." */
} receipt_t;

receipt_t *receipt_decode(slice_t document, fault_t *fault);
void receipt_encode(const receipt_t *self, bytes_t *out);
void receipt_destroy(receipt_t **self_p);

#endif
