/* SPDX-License-Identifier: Apache-2.0 */
/* cosignature - a witness's word that a checkpoint is of the one history that it knows.
 *
 * Source: C2SP tlog-cosignature, "Format": an Ed25519 cosignature/v1, as a line of a C2SP
 * signed-note: "— NAME BASE64" LF, of the key's id (4 bytes), the time (8) and the signature (64)
 * over "cosignature/v1" LF "time SECONDS" LF and the body: the checkpoint's text (C2SP
 * tlog-checkpoint, "Note text").
 *
 * A machine signs these with the key of its receipts, and neither can serve as the other: what an
 * SSHSIG signs begins with "SSHSIG" (signature.h makes all of that itself), and this with "cosig",
 * whatever the body is. */
#ifndef TOCSIN_COSIGNATURE_H
#define TOCSIN_COSIGNATURE_H

#include "common/moment.h"
#include "common/text.h"
#include "keys/signature.h"

#define COSIGNATURE_LINE_MAX 256 /* bytes of a line, LF included */

typedef struct {
    char name[TEXT_NAME_MAX + 1]; /* of the witness */
    uint8_t id[4];                /* of its key, name included */
    wall_t at;                    /* whole seconds */
    uint8_t bytes[SIGNATURE_BYTES];
} cosignature_t;

/* Appends the line. at is after 1970. */
void cosignature_make(const machinekey_t *key, const char *name, wall_t at, slice_t body,
                      bytes_t *line);

/* Takes the next line off *lines. 1 taken; 0 where none is left, or what comes next is no signature
 * line; -1 FAULT_SIGNATURE for one that is malformed. Nothing is verified yet. */
int cosignature_next(cosignature_t *self, slice_t *lines, fault_t *fault);

/* Holds over body, by this key under its own name. FAULT_KEY for another key or name,
 * FAULT_SIGNATURE. */
int cosignature_check(const cosignature_t *self, slice_t body, const pubkey_t *key,
                      fault_t *fault) MUST_CHECK;

#endif
