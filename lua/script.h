/* SPDX-License-Identifier: Apache-2.0 */
/* script - the Lua inside a runner: a state with the prelude, waiting for one TASK on its port. */
#ifndef TOCSIN_SCRIPT_H
#define TOCSIN_SCRIPT_H

#include "lua/arena.h"
#include "lua/port.h"

typedef struct script script_t;

/* A state that lives in the arena and speaks over port; both must outlive it. It may be made before
 * a fork and served after it. NULL where the arena is too small. Nothing destroys it: a finaliser
 * of a playbook must never run, so it ends with its process or its arena. */
script_t *script_new(arena_t *arena, port_t *port);

/* Takes one TASK, answers with one DONE. Whatever a playbook does returns from here, or never does;
 * the process ends next. -1 when the other end is gone. */
int script_serve(script_t *self) MUST_CHECK;

#endif
