/* SPDX-License-Identifier: Apache-2.0 */
/* enrolment - how a worker asks to be let in (docs/PROTOCOL.md 3.14): its name and its public
 * keys, in a document that nobody signs. It is worth what its fingerprint is worth, which the
 * worker's operator reads to the officer by another way than the file came. */
#ifndef TOCSIN_ENROLMENT_H
#define TOCSIN_ENROLMENT_H

#include "keys/fleet.h"

#define ENROLMENT_BYTES_MAX        4096
#define ENROLMENT_FINGERPRINT_TEXT 40

typedef struct {
    hash_t site;
    char worker[TEXT_NAME_MAX + 1];
    curvekey_t curve;   /* the link's */
    pubkey_t key;       /* the judge's; plain Ed25519 */
    curvekey_t sealing; /* the judge's, for what only this worker and others are to read */
} enrolment_t;

/* FAULT_FORMAT, FAULT_LIMIT, FAULT_KEY. */
int enrolment_decode(enrolment_t *self, slice_t document, fault_t *fault) MUST_CHECK;
void enrolment_encode(const enrolment_t *self, bytes_t *out);

/* 128 bits of the document's hash, as people read them aloud: "0a1b-2c3d-..." (eight groups). */
const char *enrolment_fingerprint(const enrolment_t *self,
                                  char out[static ENROLMENT_FINGERPRINT_TEXT]);

#endif
