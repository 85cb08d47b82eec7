/* SPDX-License-Identifier: Apache-2.0 */
/* hub - the broker's core as broker/broker.c drives it: what has arrived is one transaction, and
 * leaves behind its commit; without sockets, over a store in memory. */
#ifndef TOCSIN_SIM_HUB_H
#define TOCSIN_SIM_HUB_H

#include "tests/sim/world.h"

typedef enum {
    ERRAND_RELEASE,
    ERRAND_GRANT,
    ERRAND_ORDER,
    ERRAND_ALERT,
    ERRAND_HALT,
    ERRANDS
} errand_t;

hub_t *hub_new(world_t *world);
void hub_destroy(hub_t **self_p);

/* From the wire; takes over frames. A PING has none. */
void hub_receive(hub_t *self, int machine, frames_t *frames);

/* Something of the estate or of the plan, by its index; posted again until it is acknowledged. */
void hub_post(hub_t *self, errand_t errand, uint64_t index);

/* Another site folder stands there: people of version 2. */
void hub_use_next(hub_t *self);

void hub_kill(hub_t *self);
void hub_stop(hub_t *self, int64_t until);
bool hub_is_up(const hub_t *self);

/* What its record has. A part's state in a word; NULL where there is none such. */
bool hub_has_run(const hub_t *self, const hash_t *run, bool *active);
size_t hub_active_runs(const hub_t *self);
const char *hub_part(const hub_t *self, const hash_t *run, int machine, bool *ended);
size_t hub_part_count(const hub_t *self, const hash_t *run);
bool hub_has_receipt(const hub_t *self, int machine, uint64_t sequence, hash_t *hash);
bool hub_has_alert(const hub_t *self, uint64_t index);
bool hub_log_is_whole(const hub_t *self);
bool hub_tells(const hub_t *self, const char *kind); /* an event of this kind */

#endif
