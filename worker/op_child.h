/* SPDX-License-Identifier: Apache-2.0 */
/* op_child - the process made for one op (worker/op_cell.h says what it can do), seen by the
 * effector: started, watched, ended. */
#ifndef TOCSIN_OP_CHILD_H
#define TOCSIN_OP_CHILD_H

#include "worker/op_zygote.h"
#include "worker/proc.h"

typedef struct op_child op_child_t;

/* Makes the child, confined and waiting for its arguments: what it costs can be spent ahead of
 * need. By the zygote, which serves the row and has this world, where that is not NULL. row, op and
 * world must outlive it. FAULT_IO. */
op_child_t *op_child_prepare(const op_row_t *row, const op_t *op, const op_world_t *world,
                             op_zygote_t *zygote, fault_t *fault);

/* Lets it act, once; what it may take from now on (time, bytes of result) is the op's. Where note
 * is not NULL, it is written (proc_note) before the body begins. FAULT_IO, FAULT_LIMIT. */
int op_child_go(op_child_t *self, const value_t *arguments, const char *note,
                fault_t *fault) MUST_CHECK;

/* Both at once, by nobody's help. */
op_child_t *op_child_start(const op_row_t *row, const op_t *op, const value_t *arguments,
                           const op_world_t *world, const char *note, fault_t *fault);

/* Ends what still runs. */
void op_child_destroy(op_child_t **self_p);

/* Readable when op_child_read has something to do. */
int op_child_fd(const op_child_t *self);
mono_t op_child_deadline(const op_child_t *self);

/* Its deadline is now. */
void op_child_cut(op_child_t *self);

/* Takes what the child wrote; whether it is done: closed its pipe, or wrote too much. */
bool op_child_read(op_child_t *self);

/* Its result, while it may still be ending: NULL with the body's own fault, FAULT_LIMIT (wrote too
 * much), FAULT_UNKNOWN (died), or FAULT_TIMEOUT where it was not done. */
value_t *op_child_result(const op_child_t *self, fault_t *fault);

/* Ends the child and everything that it started, but for services and their keepers, and gives its
 * result. */
value_t *op_child_finish(op_child_t **self_p, fault_t *fault);

#endif
