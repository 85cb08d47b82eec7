/* SPDX-License-Identifier: Apache-2.0 */
/* restart - the word of two officers that a broker's log goes on behind an earlier end, because its
 * record was put back from a backup (docs/PROTOCOL.md 3.18). keys/trust.h says who may sign it. */
#ifndef TOCSIN_RESTART_H
#define TOCSIN_RESTART_H

#include "common/moment.h"
#include "common/text.h"
#include "keys/hash.h"
#include "keys/order.h"

typedef struct {
    hash_t site;
    char broker[TEXT_NAME_MAX + 1];
    uint64_t size; /* leaves of the log that stay, from its beginning on */
    hash_t head;   /* RFC 6962 tree head of those */
    char reason[ORDER_REASON_MAX + 1];
    wall_t created;
} restart_t;

restart_t *restart_decode(slice_t document, fault_t *fault);
void restart_encode(const restart_t *self, bytes_t *out);
void restart_destroy(restart_t **self_p);

/* Whether this is the broker's log it speaks of, and where that goes on: for whoever kept a head
 * that the log does not continue. FAULT_TARGET another broker, FAULT_PROOF another size or head. */
int restart_check(const restart_t *self, const char *broker, uint64_t size, const hash_t *head,
                  fault_t *fault) MUST_CHECK;

#endif
