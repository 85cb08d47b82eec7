/* SPDX-License-Identifier: Apache-2.0 */
/* restarts - the restarts that stand in a log that is being read (docs/PROTOCOL.md 3.18): each held
 * against the leaves that were read before it. */
#ifndef TOCSIN_RESTARTS_H
#define TOCSIN_RESTARTS_H

#include "keys/trust.h"
#include "wire/value.h"

#define RESTARTS_MAX 64 /* of one log */

typedef struct restarts restarts_t;

restarts_t *restarts_new(void);
void restarts_destroy(restarts_t **self_p);

/* Each leaf of the log, in order. */
void restarts_leaf(restarts_t *self, const hash_t *leaf);

/* The leaf read last is a restart; it holds for this broker's log where its officers signed, and
 * the leaves make its head. The same one again is fine. FAULT_LIMIT, FAULT_TARGET, FAULT_PROOF, and
 * what trust_check_restart says. */
int restarts_add(restarts_t *self, const trust_t *trust, const char *broker, slice_t document,
                 slice_t armors, fault_t *fault) MUST_CHECK;

size_t restarts_count(const restarts_t *self);
const hash_t *restarts_hash(const restarts_t *self, size_t index);

/* One of those that are not in known, behind whose leaves a head of so many lies: it explains once
 * that this head is not continued. NULL where none does. */
const restart_t *restarts_explain(const restarts_t *self, uint64_t size, const hash_t *known,
                                  size_t known_count);

/* Whether a leaf lies behind a restart: what it is about may have been lost. */
bool restarts_precede(const restarts_t *self, uint64_t leaf);

/* One loud line each. */
void restarts_say(const restarts_t *self);

/* A list of maps, for JSON; the caller's. */
value_t *restarts_value(const restarts_t *self);

#endif
