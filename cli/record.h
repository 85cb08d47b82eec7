/* SPDX-License-Identifier: Apache-2.0 */
/* record - the broker's log as a stranger reads it (docs/PROTOCOL.md 3.10, 10): a signed
 * checkpoint, then leaves, from the broker or from an export. Nothing read here is believed by
 * itself. */
#ifndef TOCSIN_RECORD_H
#define TOCSIN_RECORD_H

#include "cli/client.h"
#include "wire/checkpoint.h"

#define RECORD_EXPORT_MAX (INT64_C(4) << 30) /* bytes of an export */

typedef struct record record_t;

/* Through the broker: leaves are asked for as they are read. client must outlive it. */
record_t *record_ask(client_t *client, fault_t *fault);

/* From an export. FAULT_FORMAT names the leaf. */
record_t *record_load(const char *path, fault_t *fault);
void record_close(record_t **self_p);

const checkpoint_t *record_checkpoint(const record_t *self);
slice_t record_document(const record_t *self); /* the checkpoint's bytes */
slice_t record_armor(const record_t *self);

/* The next leaf of those that the checkpoint counts; valid until the next call. 1, 0 after the
 * last, -1 with a fault. */
int record_next(record_t *self, slice_t *leaf, fault_t *fault) MUST_CHECK;

#endif
