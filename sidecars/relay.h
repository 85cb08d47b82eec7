/* SPDX-License-Identifier: Apache-2.0 */
/* relay - what monitoring posted, as signed alerts in every broker's spool: one webhook body at a
 * time, which is durable when this returns. */
#ifndef TOCSIN_RELAY_H
#define TOCSIN_RELAY_H

#include "sidecars/sealer.h"
#include "sidecars/spool.h"

typedef struct relay relay_t;

/* All of it borrowed. spools: of source s for broker b, at s * RELAY_BROKERS_MAX + b. */
relay_t *relay_new(const relay_settings_t *settings, sealer_t *sealer, spool_t *const *spools);
void relay_destroy(relay_t **self_p);

/* FAULT_FORMAT, FAULT_LIMIT: what is wrong with the body. FAULT_FULL where a broker's spool has no
 * room (the others have it), FAULT_IO, and what sealer_sign says: it is to be posted again. */
int relay_take(relay_t *self, const relay_source_t *source, slice_t body, wall_t now,
               fault_t *fault) MUST_CHECK;

#endif
