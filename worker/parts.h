/* SPDX-License-Identifier: Apache-2.0 */
/* parts - the judge's open parts of runs: which of them something is for, and what concerns all of
 * them: stops, time, and what others waited for. */
#ifndef TOCSIN_PARTS_H
#define TOCSIN_PARTS_H

#include "worker/intake.h"

#define PARTS_MAX INTAKE_MAX /* open at once */

/* A plain value; zeroed but for place, which is borrowed and counts them. */
typedef struct {
    workplace_t *place;
    part_t *at[PARTS_MAX]; /* place->open of them; ours */
} parts_t;

/* Takes over part. There is room: intake sees to it. */
void parts_add(parts_t *self, part_t *part);
void parts_clear(parts_t *self);

/* The part of a run, the one whose runner this is, and the one that asked the effector under this
 * number; NULL where there is none. */
part_t *parts_of(const parts_t *self, const hash_t *run);
part_t *parts_with(const parts_t *self, uint64_t runner);
part_t *parts_asked(const parts_t *self, uint64_t number);

/* Why nothing of this run may begin; code 0 where nothing of it was stopped or revoked. */
fault_t parts_stop_of(const parts_t *self, const warrant_t *warrant, const manifest_t *manifest);

/* Says, to the link at hand, what its steps wait for. */
void parts_say_waiting(const parts_t *self);

/* A stop or revoke came: what it covers ends. Then parts_settle. */
int parts_stop(parts_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* When the first is to go on by itself, ms 0 for never; and those whose time has come do. Then
 * parts_settle. */
mono_t parts_deadline(const parts_t *self);
int parts_tick(parts_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* What every event may have left: parts that are over, and runners that others waited for. */
int parts_settle(parts_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

#endif
