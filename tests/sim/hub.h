/* SPDX-License-Identifier: Apache-2.0 */
/* hub - the broker's core as broker/broker.c drives it: what has arrived is one transaction, and
 * leaves behind its commit; without sockets, over a store in memory. Some worlds have a second one,
 * that people and monitoring tell the same, and that knows nothing of the first. */
#ifndef TOCSIN_SIM_HUB_H
#define TOCSIN_SIM_HUB_H

#include "keys/receipt.h"
#include "tests/sim/world.h"

typedef enum {
    ERRAND_RELEASE,
    ERRAND_GRANT,
    ERRAND_ORDER,
    ERRAND_ALERT,
    ERRAND_HALT,       /* 0: the stop, 1: its resume */
    ERRAND_WORD,       /* of a person, to a step that waits */
    ERRAND_BEACON,     /* by hub_bring */
    ERRAND_TIMEKEEPER, /* likewise: it is there */
    ERRANDS
} errand_t;

/* who: HUB or OTHER_HUB. */
hub_t *hub_new(world_t *world, int who);
void hub_destroy(hub_t **self_p);

/* From the wire; takes over frames. A PING has none. */
void hub_receive(hub_t *self, int machine, frames_t *frames);

/* Something of the estate or of the plan, by its index; posted again until it is acknowledged. */
void hub_post(hub_t *self, errand_t errand, uint64_t index);

/* The same to every hub that there is; where there are two, one of them hears later. */
void hub_post_all(world_t *world, errand_t errand, uint64_t index);

/* The one of this node; NULL where there is none. */
hub_t *hub_of(const world_t *world, int who);

/* What the timekeeper says; takes over frames. */
void hub_bring(hub_t *self, errand_t errand, frames_t *frames);

/* Another site folder stands there: people of version 2. */
void hub_use_next(hub_t *self);

void hub_kill(hub_t *self);
void hub_stop(hub_t *self, int64_t until);
bool hub_is_up(const hub_t *self);

/* What its record has. A part's state in a word; NULL where there is none such. */
bool hub_has_run(const hub_t *self, const hash_t *run, bool *active);
size_t hub_active_runs(const hub_t *self);
const char *hub_part(const hub_t *self, const hash_t *run, int machine, bool *ended);
bool hub_says(const hub_t *self, const hash_t *run, int machine, const char *code); /* of a part */
size_t hub_part_count(const hub_t *self, const hash_t *run);
bool hub_has_receipt(const hub_t *self, int machine, uint64_t sequence, hash_t *hash);
bool hub_has_alert(const hub_t *self, uint64_t index);
bool hub_log_is_whole(const hub_t *self);
#define HUB_WAITS_MAX 16

/* A step of a machine that waits for a person, and the last receipt of its part. */
typedef struct {
    hash_t run, receipt;
    int machine;
    char step[STEP_PATH_MAX];
} hub_wait_t;

/* As many as there is room for; how many. */
size_t hub_waits(const hub_t *self, hub_wait_t out[static HUB_WAITS_MAX]);
bool hub_tells(const hub_t *self, const char *kind); /* an event of this kind */

#endif
