/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint - the broker's signed word on its log: how many leaves, and their tree head
 * (docs/PROTOCOL.md 3.10). Who holds two that do not agree can prove that the log was forked. */
#ifndef TOCSIN_CHECKPOINT_H
#define TOCSIN_CHECKPOINT_H

#include "broker/merkle.h"
#include "common/moment.h"
#include "keys/signature.h"

/* Writes document and armor anew. */
void checkpoint_make(const hash_t *site, const char *broker, const merkle_t *log, wall_t now,
                     const machinekey_t *key, bytes_t *document, bytes_t *armor);

#endif
