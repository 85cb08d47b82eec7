/* SPDX-License-Identifier: Apache-2.0 */
/* transcript - what a part says of itself as it goes (docs/PROTOCOL.md 6, OUTPUT): lines of text,
 * "STEP: TEXT" each. They wait for a commit that is made anyway, and leave behind it.
 *
 * A step that was cut off says the same again when it runs over what was recorded; what the ledger
 * has of it is not said twice. */
#ifndef TOCSIN_TRANSCRIPT_H
#define TOCSIN_TRANSCRIPT_H

#include "keys/seal.h"
#include "worker/outbox.h"

#define TRANSCRIPT_BYTES_MAX (256 * 1024) /* of a part; what is beyond is left out, and said */
#define TRANSCRIPT_LINE_MAX  512          /* of a text */

typedef struct transcript transcript_t;

/* Borrows both. Goes on behind what the ledger has of this run. NULL with the ledger's fault. */
transcript_t *transcript_new(const hash_t *run, ledger_t *ledger, outbox_t *outbox, fault_t *fault);
void transcript_destroy(transcript_t **self_p);

/* From now on the texts of its lines are sealed (wire/sealed.h), and their labels are not. All is
 * borrowed. */
void transcript_seal(transcript_t *self, const sealkey_t *key, const hash_t *site,
                     const char *target);

/* How many lines of this label the ledger had when the transcript was made. */
size_t transcript_count(const transcript_t *self, const char *label);

/* A line of this label; what is no text in it becomes '?'. */
void transcript_say(transcript_t *self, const char *label, const char *text);

/* Writes what was said since to the ledger and queues it as OUTPUT; the caller sees to the commit.
 * closed: the part says no more. */
int transcript_flush(transcript_t *self, bool closed, fault_t *fault) MUST_CHECK;

/* Answers the MORE of this link: what the ledger has of a run from this offset on. */
int transcript_repeat(const hash_t *run, uint64_t offset, bool closed, ledger_t *ledger,
                      unsigned link, outbox_t *outbox, fault_t *fault) MUST_CHECK;

#endif
