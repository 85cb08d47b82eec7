/* SPDX-License-Identifier: Apache-2.0 */
/* extract - what the record says of one incident, in one file that proves itself offline
 * (docs/PROTOCOL.md 10): the signed checkpoint, the site's documents, and each leaf with its audit
 * path. That nothing was left out it does not prove; `tocsin audit export` has everything. */
#ifndef TOCSIN_EXTRACT_H
#define TOCSIN_EXTRACT_H

#include "cli/record.h"

#define EXTRACT_LEAVES_MAX 65536

typedef struct extract extract_t;

/* Of an incident as the broker tells it (docs/PROTOCOL.md 6.1). */
extract_t *extract_new(const value_t *incident);
void extract_destroy(extract_t **self_p);

/* One of its runs, likewise: its order or grant, its release, and all that names the run. */
void extract_add_run(extract_t *self, const value_t *run);

/* Whether a leaf is about the incident. */
bool extract_wants(const extract_t *self, slice_t leaf);

/* Reads the whole record and appends the file's text. folder is the site's. FAULT_LIMIT; FAULT_HASH
 * where the leaves do not make the head that was signed. *count receives how many leaves are in
 * it. */
int extract_write(const extract_t *self, record_t *record, const char *folder, bytes_t *out,
                  size_t *count, fault_t *fault) MUST_CHECK;

#endif
