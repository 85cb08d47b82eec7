/* SPDX-License-Identifier: Apache-2.0 */
/* reckoning_private - what reckoning.c, which proves a record as a whole, and reckoning_leaf.c,
 * which looks at each of its leaves, share. */
#ifndef TOCSIN_RECKONING_PRIVATE_H
#define TOCSIN_RECKONING_PRIVATE_H

#include <czmq.h>

#include "cli/reckoning.h"
#include "cli/restarts.h"
#include "keys/receipt.h"
#include "keys/receipts.h"
#include "wire/merkle.h"
#include "wire/testimony.h"

/* The last receipt seen of one worker. */
typedef struct {
    uint64_t sequence;
    hash_t hash;
} chain_t;

/* A receipt in front of whose leaf no order of its run is. */
typedef struct {
    char worker[TEXT_NAME_MAX + 1], run[HASH_TEXT], authority[8];
    uint64_t sequence, leaf;
} orphan_t;

typedef struct {
    trust_t *trust;
    past_t *past;
    const record_t *record;
    bool say;           /* sentences as they come; else they are only kept */
    merkle_t log;       /* over the leaves that were read */
    hash_t pinned_head; /* the log's when it had the pin's size */
    uint64_t receipts, signatures, counted;
    uint64_t former;    /* signatures that hold by what was replaced since */
    uint64_t witnessed; /* leaves that witnesses cosigned */
    cosigners_t cosigners;
    zhashx_t *chains; /* worker id to chain_t */
    zhashx_t *orders; /* run ids of orders seen, as text, to what receipts call their authority */
    restarts_t *restarts;
    receipts_held_t held;
    size_t orphan_count, orphan_capacity;
    orphan_t *orphans;
    value_t *glass;    /* orders that broke it: list of {run, playbook, reason, who, cosigners} */
    value_t *problems; /* list of sentences */
} reckoning_t;

/* Something does not hold; said where sentences are. */
void reckoning_problem(reckoning_t *self, const char *format, ...) PRINTF(2, 3);

/* The leaf that the record gave last: its document, who signed it, and what it must follow. */
void reckoning_check_leaf(reckoning_t *self, slice_t leaf);

/* Behind the last leaf: receipts whose orders came nowhere. */
void reckoning_check_orphans(reckoning_t *self);

#endif
