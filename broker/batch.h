/* SPDX-License-Identifier: Apache-2.0 */
/* batch - what is decided together: steps of the core, one transaction with the rows that follow
 * from them, and what is sent and answered once it is on the disk. While a thread waits for the
 * disk, the next batch is decided already: it stands behind the one before, and nothing of it goes
 * out earlier. What stands in memory is ahead of the disk: a record that cannot be written ends the
 * process with BATCH_EXIT, and the next start goes on from what the disk has. */
#ifndef TOCSIN_BATCH_H
#define TOCSIN_BATCH_H

#include <czmq.h>

#include "broker/core/core.h"
#include "broker/desk.h"
#include "broker/envoy.h"
#include "wire/gate.h"

#define BATCH_EXIT  2
#define BATCH_ASIDE 8 /* steps, from which on the disk is waited for beside the loop */

typedef struct batch batch_t;

/* All three are borrowed. */
batch_t *batch_new(core_t *core, store_t *store, gate_t *gate);

/* Waits for the disk. What it was not given is forgotten: nobody was told of it. */
void batch_destroy(batch_t **self_p);

/* Who is told of its events and output, borrowed; before the first step. */
void batch_tell(batch_t *self, desk_t *desk);

/* Who brings the timekeeper what is for it, borrowed; without one it is dropped. */
void batch_send_by(batch_t *self, envoy_t *envoy);

/* One step of the core (desk_house_t's step; context is the batch). -1 with the fault where the
 * core refuses. */
int batch_step(void *context, event_t *event, fault_t *fault);

/* Takes over *frames, which go to the caller behind the commit (desk_house_t's answer). */
void batch_answer(void *context, const caller_t *caller, frames_t **frames);

/* Has the core go by this charter from now on; borrowed. */
void batch_use(batch_t *self, const charter_t *charter);

/* A row that no step asked for, and rows that go. */
void batch_write(batch_t *self, const row_t *row);
void batch_drop(batch_t *self, const query_t *query);

/* Somebody waits for the commit who is neither answered nor sent anything by the batch. */
void batch_owe(batch_t *self);

/* Whether somebody waits for the commit; and whether there is anything to commit. */
bool batch_is_awaited(const batch_t *self);
bool batch_is_begun(const batch_t *self);

/* Commits what was decided and has it brought to the disk. False, and nothing changes, until
 * batch_done told of the one before. */
bool batch_close(batch_t *self);

/* For the loop: readable when a closed batch may be on the disk. */
zsock_t *batch_socket(const batch_t *self);

/* Once the closed batch is on the disk: sends and answers what waited for that. What was done is
 * the caller's; NULL where the disk is still at work (unless told to wait for it), or nothing is
 * closed. */
actions_t *batch_done(batch_t *self, bool wait);

/* The record cannot be written, or what has to be written cannot be decided. */
_Noreturn void batch_end(const fault_t *fault);

#endif
