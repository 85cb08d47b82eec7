/* SPDX-License-Identifier: Apache-2.0 */
/* op_zygote - a process that makes the processes of ops for the effector: as confined from the
 * start as all of them are (worker/op_cell.h), with nothing in it that changes, so that neither it
 * nor the effector pays with copied pages for each. What it makes are the effector's children, not
 * its own, and it knows nothing but which op is asked for. It ends when the effector does. */
#ifndef TOCSIN_OP_ZYGOTE_H
#define TOCSIN_OP_ZYGOTE_H

#include "worker/op_cell.h"

typedef struct op_zygote op_zygote_t;

/* A copy of who calls, for ops that keep the machine's network or for those that do not. world must
 * outlive it, and is as it is now. FAULT_IO. */
op_zygote_t *op_zygote_new(bool network, const op_world_t *world, fault_t *fault);

/* Ends it; what it made goes on. */
void op_zygote_destroy(op_zygote_t **self_p);

/* Whether it can make those of a row: one of the op table, with as much network, that can settle
 * (worker/op_cell.h). */
bool op_zygote_serves(const op_zygote_t *self, const op_row_t *row);

/* False once it could not be asked, or did not answer in time. */
bool op_zygote_lives(const op_zygote_t *self);

/* The process of an op that it serves, in op_cell_enter, and the caller's child. result and go stay
 * the caller's. -1 with FAULT_IO: none was made. */
pid_t op_zygote_fork(op_zygote_t *self, const op_row_t *row, int result, int go, fault_t *fault);

#endif
