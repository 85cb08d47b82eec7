/* SPDX-License-Identifier: Apache-2.0 */
/* wires - the network between the hub and each machine, both ways. */
#ifndef TOCSIN_SIM_WIRES_H
#define TOCSIN_SIM_WIRES_H

#include "tests/sim/world.h"

wires_t *wires_new(world_t *world);
void wires_destroy(wires_t **self_p);

/* Takes over frames. One end is a hub: of two, only that to which the machine speaks hears. */
void wires_send(wires_t *self, int from, int to, frames_t *frames);

/* PING and PONG, without frames: number is the hub's instance, 0 of a PING. */
void wires_ping(wires_t *self, int from, int to, uint64_t number);

/* A machine speaks to the other hub from now on. */
void wires_switch(wires_t *self, int machine);

/* Cuts a machine off until then: what it says, what it hears, or both. */
void wires_cut(wires_t *self, int machine, bool says, bool hears, int64_t until);

/* To a machine, from whoever says that it is its hub; takes over frames. */
void wires_whisper(wires_t *self, int machine, frames_t *frames);

#endif
