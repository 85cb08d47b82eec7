/* SPDX-License-Identifier: Apache-2.0 */
/* draft - a document that is still being written: lines put where the grammar wants them
 * (docs/PROTOCOL.md 1), so that a person's edit and a command's give the same bytes. */
#ifndef TOCSIN_DRAFT_H
#define TOCSIN_DRAFT_H

#include "common/bytes.h"
#include "common/fault.h"
#include "common/moment.h"

typedef struct draft draft_t;

/* keys is the type's fixed order, ends with NULL, and must outlive the draft. */
draft_t *draft_new(const char *type, const char *const *keys);

/* From a document's bytes. FAULT_FORMAT where a line has none of the keys. */
draft_t *draft_read(slice_t text, const char *type, const char *const *keys, fault_t *fault);
void draft_destroy(draft_t **self_p);

/* One more line of a repeated key, in its place; the same line again is fine. */
void draft_add(draft_t *self, const char *key, const char *format, ...) PRINTF(3, 4);

/* The only line of its key. */
void draft_set(draft_t *self, const char *key, const char *format, ...) PRINTF(3, 4);
void draft_set_time(draft_t *self, const char *key, wall_t at);

/* The value of the first line of its key, "" where there is none; valid until the next change. */
const char *draft_get(const draft_t *self, const char *key);

/* Drops the lines of key whose first fields are front and whose last fields are back, "" for any;
 * how many. */
size_t draft_drop(draft_t *self, const char *key, const char *front, const char *back);

void draft_write(const draft_t *self, bytes_t *out);

#endif
