/* SPDX-License-Identifier: Apache-2.0 */
/* stops - how a stop or revoke that is kept is told to people: a row of what the verb `stops`
 * answers, at a broker and at the timekeeper (docs/PROTOCOL.md 6.1 and 6.4). */
#ifndef TOCSIN_STOPS_H
#define TOCSIN_STOPS_H

#include "keys/trust.h"
#include "wire/value.h"

/* The map {hash, what, name, reason, who, created, lifted?} of a line of trust's that is no resume;
 * the caller's. */
value_t *stops_row(const trust_t *trust, const halt_line_t *line);

#endif
