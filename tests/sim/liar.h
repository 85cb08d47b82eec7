/* SPDX-License-Identifier: Apache-2.0 */
/* liar - a broker that lies, where the seed says so: it keeps a list of everything that it ever
 * saw, and says whatever it likes but for what only people's keys and workers' could make. */
#ifndef TOCSIN_SIM_LIAR_H
#define TOCSIN_SIM_LIAR_H

#include "tests/sim/world.h"

liar_t *liar_new(world_t *world);
void liar_destroy(liar_t **self_p);

/* What goes over a wire is remembered; an offer may be another by then. */
void liar_pass(liar_t *self, bool to_hub, int machine, frames_t *frames);

/* It says something, of its own accord. */
void liar_speak(liar_t *self);

#endif
