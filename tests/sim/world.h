/* SPDX-License-Identifier: Apache-2.0 */
/* world - one simulated site: virtual time, a queue of what happens next, the processes, the wires
 * between them, what people and monitoring do, and the facts that invariants are checked against.
 * Everything follows from the seed. The world owns all of it. */
#ifndef TOCSIN_SIM_WORLD_H
#define TOCSIN_SIM_WORLD_H

#include "common/fault.h"
#include "common/frames.h"
#include "common/moment.h"
#include "tests/sim/chance.h"
#include "tests/sim/plan.h"

typedef struct world world_t;
typedef struct due due_t;
typedef struct hub hub_t;
typedef struct desk desk_t;
typedef struct machine machine_t;
typedef struct wires wires_t;
typedef struct liar liar_t;
typedef struct facts facts_t;
typedef struct tower tower_t;

/* Something that will happen; acts once, and its frames are freed behind it. */
struct due {
    int64_t at;     /* ms since the start */
    uint64_t order; /* of those at one moment, the first that was queued */
    void (*act)(world_t *world, due_t *due);
    int who;         /* a machine, or HUB */
    uint64_t epoch;  /* of the process that it is meant for; 0 for any */
    uint64_t number; /* act's own */
    frames_t *frames;
};

struct world {
    uint64_t seed;
    bool trace;
    chance_t chance;
    int64_t now;
    uint64_t events, faults, order; /* faults: how often something went wrong */
    size_t count, capacity;
    due_t *queue; /* a heap */
    plan_t plan;
    int64_t clock_off[NODES_MAX]; /* each node's wall clock, off the true one */
    hub_t *hub, *second;          /* second: NULL in most worlds */
    tower_t *tower;               /* NULL where root names no timekeeper */
    desk_t *desk;
    machine_t *machines[MACHINES_MAX];
    wires_t *wires;
    liar_t *liar; /* NULL where the broker does not lie */
    facts_t *facts;
    bool healed;
    const char *broken; /* the invariant; NULL while all hold */
    char why[512];
};

world_t *world_new(uint64_t seed, bool trace);
void world_destroy(world_t **self_p);

/* Lives the seed's story to its end; whether every invariant held. */
bool world_run(world_t *self);

/* Queues a copy of event, whose frames it takes over, for so much later. */
void world_after(world_t *self, int64_t delay_ms, due_t due);

/* Whether bad luck strikes, so many times in a million; never once the world is healed. */
bool world_strikes(world_t *self, unsigned ppm);

wall_t world_wall(const world_t *self, int who);

/* An invariant is broken: the first time counts. */
void world_break(world_t *self, const char *invariant, const char *format, ...) PRINTF(3, 4);

/* One line of the story, for who reads it. */
void world_say(const world_t *self, const char *format, ...) PRINTF(2, 3);
#define SAY(world, ...) ((world)->trace ? world_say(world, __VA_ARGS__) : (void)0)

/* "w1" to "w5", "hub", "second". */
const char *node_name(int who);
int node_find(const char *name); /* -1 for nobody */

frames_t *frames_copy(const frames_t *from);

#endif
