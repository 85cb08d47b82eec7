/* SPDX-License-Identifier: Apache-2.0 */
/* record - the broker's log as a stranger reads it (docs/PROTOCOL.md 3.10, 10): a signed
 * checkpoint, then leaves, from the broker or from an export. Nothing read here is believed by
 * itself. */
#ifndef TOCSIN_RECORD_H
#define TOCSIN_RECORD_H

#include "cli/client.h"
#include "wire/checkpoint.h"

#define RECORD_EXPORT_MAX   (INT64_C(4) << 30) /* bytes of an export */
#define RECORD_EXPORT_HEAD  "tocsin-export v1\n"
#define RECORD_EXTRACT_HEAD "tocsin-extract v1\n"
#define RECORD_PAST         "past\n"

typedef struct record record_t;

/* Through the broker: leaves are asked for as they are read. client must outlive it. */
record_t *record_ask(client_t *client, fault_t *fault);

/* From an export, or from an extract (cli/extract.h). FAULT_FORMAT names the leaf. */
record_t *record_load(const char *path, fault_t *fault);
void record_close(record_t **self_p);

const checkpoint_t *record_checkpoint(const record_t *self);
slice_t record_document(const record_t *self); /* the checkpoint's bytes */
slice_t record_armor(const record_t *self);

/* What witnesses said of the record (wire/testimony.h); empty where there is nothing. */
slice_t record_testimony(const record_t *self);

/* What an export and an extract bring along of a site's folder: its documents, and those that were
 * replaced. */
int record_add_site(const char *folder, bytes_t *out, fault_t *fault) MUST_CHECK;

/* Some leaves of the record, each with its proof, and not all of them. */
bool record_is_extract(const record_t *self);

/* The site's documents that a file brought along (wire/dossier.h); empty where there are none. */
slice_t record_dossier(const record_t *self);

/* Those that were replaced before, likewise. */
slice_t record_past(const record_t *self);

/* The index of the leaf that record_next gave last. */
uint64_t record_index(const record_t *self);

/* The next leaf of those that the checkpoint counts, or that are in the extract; valid until the
 * next call. 1, 0 after the last, -1 with a fault: FAULT_PROOF where an extract's leaf is not in
 * the tree whose head was signed. */
int record_next(record_t *self, slice_t *leaf, fault_t *fault) MUST_CHECK;

#endif
