/* SPDX-License-Identifier: Apache-2.0 */
/* tower - the timekeeper of a world: takes nonces and halts, and signs beacons for the hubs to hand
 * on. Its clock is the true one. */
#ifndef TOCSIN_SIM_TOWER_H
#define TOCSIN_SIM_TOWER_H

#include "tests/sim/world.h"

#define TOWER_AT_ONCE_MS 1000 /* from a nonce to the beacon that answers it */

tower_t *tower_new(world_t *world);
void tower_destroy(tower_t **self_p);

/* From a hub. */
void tower_hear(tower_t *self, const frames_t *frames);

/* Whether a beacon with answers for workers was lost on its way to a hub. */
bool tower_was_silent(const tower_t *self);

/* From officers: a halt, or newer people. */
void tower_take(tower_t *self, const sealed_t *sealed);

#endif
