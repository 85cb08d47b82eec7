/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint - the broker's signed word on its log: how many leaves, and their tree head
 * (docs/PROTOCOL.md 3.10). Who holds two that do not agree can prove that the log was forked. */
#ifndef TOCSIN_CHECKPOINT_H
#define TOCSIN_CHECKPOINT_H

#include "common/moment.h"
#include "common/text.h"
#include "keys/signature.h"
#include "wire/merkle.h"

typedef struct {
    hash_t site;
    char broker[TEXT_NAME_MAX + 1];
    uint64_t size; /* leaves */
    hash_t head;   /* of the tree over all of them */
    wall_t made;
} checkpoint_t;

/* FAULT_FORMAT, FAULT_LIMIT; whoever signed it is not looked at. */
int checkpoint_decode(checkpoint_t *self, slice_t document, fault_t *fault) MUST_CHECK;

/* The same of a log as it stands. */
checkpoint_t checkpoint_of(const hash_t *site, const char *broker, const merkle_t *log, wall_t now);

/* Writes document and armor anew. */
void checkpoint_sign(const checkpoint_t *self, const machinekey_t *key, bytes_t *document,
                     bytes_t *armor);

/* Appends what witnesses sign of it: a C2SP tlog-checkpoint's text, of origin "tocsin/SITE/BROKER",
 * size and head. When it was made is not in it. */
void checkpoint_body(const checkpoint_t *self, bytes_t *out);

#endif
