/* SPDX-License-Identifier: Apache-2.0 */
/* fields - the kinds of values that keys' documents share, each in its one spelling. What does not
 * fit spoils the reader, with the line's number; outputs are then of no use. */
#ifndef TOCSIN_FIELDS_H
#define TOCSIN_FIELDS_H

#include "common/document.h"
#include "common/text.h"
#include "keys/hash.h"
#include "keys/pubkey.h"
#include "keys/receipt.h"
#include "keys/roles.h"

#define FIELDS_NUMBER_MAX INT64_MAX /* of sequences, versions and counts: what a database keeps */

/* Each reads one field of the line read last. */
void fields_copy(document_reader_t *in, const char *text, char *out, size_t size);
void fields_name(document_reader_t *in, const char *text, char out[static TEXT_NAME_MAX + 1]);

/* A region: a name that does not end like the files beside its fleet's, .sigs and .new. */
void fields_region(document_reader_t *in, const char *text, char out[static TEXT_NAME_MAX + 1]);

void fields_hash(document_reader_t *in, const char *text, hash_t *out);
void fields_class(document_reader_t *in, const char *text, class_t *out);
void fields_scope(document_reader_t *in, const char *text, char out[static LABELS_TEXT_MAX + 1]);
void fields_pubkey(document_reader_t *in, const char *type, const char *base64, pubkey_t *out);
void fields_curve(document_reader_t *in, const char *text, curvekey_t *out);
uint64_t fields_number(document_reader_t *in, const char *text, uint64_t min, uint64_t max);

/* What a percent-encoded field stands for; terminated, so without NUL. */
void fields_unescape(document_reader_t *in, const char *text, char *out, size_t size);

/* Printable, without space, not empty, not "-". */
void fields_word(document_reader_t *in, const char *text, char *out, size_t size);

/* "WORKER" or "WORKER/HOST". */
void fields_target(document_reader_t *in, const char *text, char out[static 2 * TEXT_NAME_MAX + 2]);

/* A step's path: step_path_valid. */
void fields_step(document_reader_t *in, const char *text, char out[static STEP_PATH_MAX]);

/* Each takes whole lines. */
void fields_take_name(document_reader_t *in, const char *key, char out[static TEXT_NAME_MAX + 1]);
void fields_take_hash(document_reader_t *in, const char *key, hash_t *out);
void fields_take_span(document_reader_t *in, wall_t *issued, wall_t *expires);

/* False, and spoiled with FAULT_LIMIT, where count has reached max. */
bool fields_room(document_reader_t *in, size_t count, size_t max);

/* Room for one line more than count, doubled as it grows; what is behind the others is zeroed. */
void *fields_grow(void *lines, size_t count, size_t size);

/* The decoded struct at *self_p, handed over, where it was written again to the same bytes; else
 * NULL, and it stays its owner's. */
void *fields_proved(void *self_p, slice_t document, const bytes_t *again, fault_t *fault);

/* The escaped spelling, in scratch and valid until its next use. */
const char *fields_escape(bytes_t *scratch, const char *value);
void fields_add_hash(bytes_t *out, const char *key, const hash_t *hash);
void fields_add_pubkey(bytes_t *out, const char *key, const char *front, const pubkey_t *pubkey);

#endif
