/* SPDX-License-Identifier: Apache-2.0 */
/* courier - brings each broker what is in its spool: oldest first, one request at a time a broker,
 * at least once. What a broker refuses for good (400, 413, 422), and what is older than settings'
 * fresh, is given up, and said; after any other failure it is tried again with a back-off that
 * doubles. TLS certificates are verified, no redirect is followed. */
#ifndef TOCSIN_COURIER_H
#define TOCSIN_COURIER_H

#include "sidecars/relay_settings.h"
#include "sidecars/spool.h"

#define COURIER_CONNECT_MS     5000
#define COURIER_TIMEOUT_MS     20000
#define COURIER_ANSWER_MAX     (64 * 1024)
#define COURIER_BACKOFF_MIN_MS 500
#define COURIER_BACKOFF_MAX_MS 30000

typedef struct courier courier_t;

/* spools as relay.h has them; both are borrowed. */
courier_t *courier_new(const relay_settings_t *settings, spool_t *const *spools, fault_t *fault);
void courier_destroy(courier_t **self_p);

/* Begins what can begin, then waits until one of its requests or fd has something, or until another
 * try is due; goes on with its own. FAULT_IO where a spool cannot be read or emptied. */
int courier_turn(courier_t *self, int fd, fault_t *fault) MUST_CHECK;

#endif
