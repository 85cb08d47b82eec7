/* SPDX-License-Identifier: Apache-2.0 */
/* pin - what was seen here of a broker's log before: its key, and a head that must stay a part of
 * it. $XDG_STATE_HOME/tocsin/log.pin/SITE.BROKER, a file of this person's. */
#ifndef TOCSIN_PIN_H
#define TOCSIN_PIN_H

#include "cli/restarts.h"
#include "keys/pubkey.h"
#include "wire/checkpoint.h"

typedef struct {
    bool known; /* else all is zero: nothing was seen yet */
    pubkey_t key;
    uint64_t size;
    hash_t head;
    size_t restart_count; /* that the log had: none of them explains anything again */
    hash_t restarts[RESTARTS_MAX];
} pin_t;

/* Of the log that a checkpoint is of. FAULT_FORMAT, FAULT_IO. */
int pin_load(pin_t *self, const checkpoint_t *checkpoint, fault_t *fault) MUST_CHECK;

/* What was found to hold takes the place of what was known: the checkpoint by this key, and the
 * restarts that stand in its log. FAULT_IO, FAULT_FULL. */
int pin_keep(const checkpoint_t *checkpoint, const pubkey_t *key, const restarts_t *restarts,
             fault_t *fault) MUST_CHECK;

#endif
