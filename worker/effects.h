/* SPDX-License-Identifier: Apache-2.0 */
/* effects - the ops of one attempt as the ledger has them, and the one in flight at the effector
 * (docs/PROTOCOL.md 7.3). A script that runs again is answered from the record to the first op that
 * is not in it; a fix is recorded, durably, before the effector is asked. */
#ifndef TOCSIN_EFFECTS_H
#define TOCSIN_EFFECTS_H

#include "lua/runner.h"
#include "wire/ops.h"
#include "worker/workplace.h"

typedef struct {
    char op[OP_NAME_MAX + 1];
    hash_t arguments;
    hash_t head; /* of the effector's journal when it was asked first */
    bool done;
    char code[16];
    char text[FAULT_TEXT_MAX];
    bytes_t *result; /* canonical value, NULL unless code is ok or dry: then a foresight */
} effect_t;

typedef struct effects effects_t;

/* Borrows place and warrant; of's step must outlive it. number names the attempt to the effector.
 * Under a dry order a fix is not recorded ahead: the effector does not do it, and its end has the
 * code `dry` and what it would give, or NULL where nobody can tell. */
effects_t *effects_new(workplace_t *place, const attempt_key_t *of, const warrant_t *warrant,
                       uint64_t number);
void effects_destroy(effects_t **self_p);

/* What the ledger has; once, before anything else. FAULT_IO where it has a gap. */
int effects_load(effects_t *self, fault_t *fault) MUST_CHECK;

size_t effects_count(const effects_t *self);

/* Whether the effector was asked and has not answered yet. */
bool effects_waiting(const effects_t *self);

/* Has the effector end what is in flight, once: its answer then tells what is known. */
void effects_cut(effects_t *self);

/* Whether a fix of it was only foretold. */
bool effects_foretold(const effects_t *self);

/* Whether an op was begun and nobody said what came of it. */
bool effects_unsettled(const effects_t *self);

/* The first recorded op that the script has not asked for (again); NULL where there is none. */
const effect_t *effects_unasked(const effects_t *self);

/* The script asks for its next op: *known is its recorded end, which for a fix that lacks a beacon
 * is `beacon` at once, or NULL where the effector is asked now. *why has a code where it is another
 * op than the recorded one, and nothing happens. */
int effects_ask(effects_t *self, const op_t *op, slice_t arguments, const effect_t **known,
                fault_t *why, fault_t *fault) MUST_CHECK;

/* The effector's RESULT, FAULT or WOULD to what is in flight; NULL with a fault of the ledger's, or
 * where its code is none. */
const effect_t *effects_answer(effects_t *self, const frames_t *frames, fault_t *fault);

/* All of them, as a receipt lists them. */
void effects_list(const effects_t *self, receipt_t *receipt);

#endif
