/* SPDX-License-Identifier: Apache-2.0 */
/* sealed - what stands sealed in the documents of a run whose order has `seal` lines
 * (docs/PROTOCOL.md 12), as both ends make and open it. Under seal a receipt's output is a value of
 * bytes: the sealed value of what the step gave, or of why it did not. */
#ifndef TOCSIN_SEALED_H
#define TOCSIN_SEALED_H

#include "keys/order.h"
#include "keys/receipt.h"
#include "keys/seal.h"
#include "wire/value.h"

#define SEALED_REASON     "sealed: its output says why"      /* of a receipt, in place of its own */
#define SEALED_LAST_WORD  "tocsin: what follows is left out" /* of what a part says; not sealed */
#define SEALED_NOT_YOURS  "sealed: not for you"
#define SEALED_NOTICE     "sealed: only the readers of the order can read what it says"
#define SEALED_OUTPUT_MAX (VALUE_BYTES_MAX - 64) /* of a value that is to be sealed */

/* The key of an order, by the pair of one of its readers: a worker by its name, a person by trying.
 * FAULT_KEY where it is none of them. */
int sealed_key(const order_t *order, const char *worker, const curvepair_t *pair, sealkey_t *key,
               fault_t *fault) MUST_CHECK;

/* An input of the order, a text of at most ORDER_SECRET_MAX bytes, into out and terminated. No
 * fault tells anything of what it is: FAULT_KEY, FAULT_INPUT. */
int sealed_secret(const order_t *order, const secret_line_t *line, const sealkey_t *key,
                  char out[static ORDER_SECRET_MAX + 1], fault_t *fault) MUST_CHECK;

/* Seals it in the place of order_frame. */
void sealed_set_secret(secret_line_t *line, const hash_t *frame, const sealkey_t *key,
                       const char *text);

/* Where a receipt's output stands: its site, run, target, step, phase, attempt and outcome, all of
 * which must be filled in. */
hash_t sealed_place(const receipt_t *receipt);

/* The encoded value that a receipt has as its output, in place of this one. */
void sealed_output(const sealkey_t *key, const hash_t *place, slice_t value, bytes_t *out);

/* What an output that came with a receipt says; key NULL where nothing is sealed. The caller's;
 * NULL with FAULT_KEY, or what value_decode says. */
value_t *sealed_read(const sealkey_t *key, const hash_t *place, slice_t output, fault_t *fault);

/* Replaces the hashes of a receipt's ops by keyed ones. */
void sealed_ops(const sealkey_t *key, receipt_t *receipt);

/* Of a line that a part says: from where in what it says the line begins. */
typedef struct {
    const hash_t *site, *run;
    const char *target, *label;
    uint64_t offset;
} sealed_line_t;

/* Base64 of the sealed text, into out; and back: false where it is none. */
void sealed_line(const sealkey_t *key, const sealed_line_t *line, const char *text, bytes_t *out);
bool sealed_line_open(const sealkey_t *key, const sealed_line_t *line, slice_t text, bytes_t *out);

/* What a part said, "LABEL: BASE64" a line, as people read it; key NULL for who cannot. A line that
 * does not open, because a broker put it there, is shown as such. at is the first byte's place; its
 * label is not looked at. Whole lines only: how many bytes they are. */
size_t sealed_lines(const sealkey_t *key, const sealed_line_t *at, slice_t said, bytes_t *out);

#endif
