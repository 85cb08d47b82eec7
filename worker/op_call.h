/* SPDX-License-Identifier: Apache-2.0 */
/* op_call - an op that the judge asks the effector for: an OP of docs/PROTOCOL.md 7.3, read. */
#ifndef TOCSIN_OP_CALL_H
#define TOCSIN_OP_CALL_H

#include "worker/effector.h"
#include "worker/mandate.h"

/* Texts are the message's. */
typedef struct {
    const frames_t *message; /* the judge's OP */
    const char *id;          /* its id */
    mandate_t *mandate;      /* of its run; the effector's */
    act_t act;
    uint64_t index;
    value_t *arguments; /* ours */
    hash_t arguments_hash;
    hash_t head, key; /* of a fix-op */
} op_call_t;

/* All that stands in the message but for id and mandate, which are there. Whether it is allowed is
 * not looked at. FAULT_FORMAT, FAULT_LIMIT, FAULT_OP. */
int op_call_read(op_call_t *self, const effector_place_t *place, const frames_t *message,
                 fault_t *fault) MUST_CHECK;
void op_call_clear(op_call_t *self);

/* It changes something: it has a key, and BEGIN and END in the journal. */
bool op_call_is_fix(const op_call_t *self);

#endif
