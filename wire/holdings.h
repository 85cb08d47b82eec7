/* SPDX-License-Identifier: Apache-2.0 */
/* holdings - which of a site's documents someone has, as HELLO says it (docs/PROTOCOL.md 6). */
#ifndef TOCSIN_HOLDINGS_H
#define TOCSIN_HOLDINGS_H

#include "keys/trust.h"
#include "wire/value.h"

/* Puts into the map `state` the versions of `root`, `people` and each `fleet.REGION` that trust
 * has. */
void holdings_versions(const trust_t *trust, value_t *state);

/* Puts into the map `state` these versions, and `halts`: the hashes of its stops, revokes and
 * resumes. */
void holdings_say(const trust_t *trust, value_t *state);

#endif
