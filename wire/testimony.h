/* SPDX-License-Identifier: Apache-2.0 */
/* testimony - what witnesses said of a log, and the proof that a checkpoint of the same log goes on
 * from there (docs/PROTOCOL.md 10). Its text begins with a C2SP signed-note, whose body is a C2SP
 * tlog-checkpoint and whose lines are cosignatures (keys/cosignature.h); then a line "consistent
 * HASH" for each hash of the proof. */
#ifndef TOCSIN_TESTIMONY_H
#define TOCSIN_TESTIMONY_H

#include "keys/cosignature.h"
#include "keys/trust.h"
#include "wire/checkpoint.h"
#include "wire/consistency.h"

#define TESTIMONY_LINES_MAX (ROOT_WITNESSES_MAX * COSIGNATURE_LINE_MAX) /* bytes of all of them */

typedef struct {
    slice_t body;  /* of the text that it was cut off */
    uint64_t size; /* leaves that the cosignatures are about */
    hash_t head;   /* of the tree over them */
    slice_t lines; /* cosignatures; of that text */
    consistency_t proof;
} testimony_t;

/* Which of root's witnesses signed. */
typedef struct {
    size_t count;
    bool cosigned[ROOT_WITNESSES_MAX]; /* as root lists them */
    wall_t newest;                     /* ms 0 where nobody did */
} cosigners_t;

/* of: site, broker, size and head of what was cosigned. */
void testimony_write(const checkpoint_t *of, slice_t lines, const consistency_t *proof,
                     bytes_t *out);

/* Takes one off the front of *text. 1; 0 where none begins there; -1 FAULT_FORMAT. Nothing is
 * verified. */
int testimony_cut(testimony_t *self, slice_t *text, fault_t *fault);

/* Who signed this body. A line that does not hold, or is by nobody whom root lists or by one that
 * was revoked, is nothing; so is all behind one that is malformed. */
cosigners_t cosigners_of(slice_t lines, slice_t body, const trust_t *trust);

/* Likewise, where the testimony is about the log whose checkpoint is shown, and that goes on from
 * it: else FAULT_FORMAT, FAULT_PROOF. */
int testimony_check(const testimony_t *self, const checkpoint_t *shown, const trust_t *trust,
                    cosigners_t *out, fault_t *fault) MUST_CHECK;

#endif
