/* SPDX-License-Identifier: Apache-2.0 */
/* machine - one worker: link, judge, spawner and effector around the product's judge and effector,
 * its disk, its clock, its runners and the children of its ops. */
#ifndef TOCSIN_SIM_MACHINE_H
#define TOCSIN_SIM_MACHINE_H

#include "tests/sim/world.h"

machine_t *machine_new(world_t *world, int number);
void machine_destroy(machine_t **self_p);

/* From the wire; takes over frames. */
void machine_receive(machine_t *self, frames_t *frames);
void machine_pong(machine_t *self, uint64_t instance);

/* One of its processes is killed (they all start anew), or the power goes. */
void machine_kill_judge(machine_t *self);
void machine_kill_effector(machine_t *self);
void machine_cut_power(machine_t *self);

/* Stops it, and copies its ledger and its journal; or puts one of them back, then or as soon as a
 * fix has acted. */
void machine_copy(machine_t *self, rollback_t what);
void machine_put_back(machine_t *self, rollback_t what);

void machine_stop(machine_t *self, int64_t until);
void machine_fill_disk(machine_t *self, bool full);

/* A new connection: what was said on the old one is gone. */
void machine_reconnect(machine_t *self);

bool machine_is_idle(const machine_t *self); /* up, and no part is open */

#endif
