/* SPDX-License-Identifier: Apache-2.0 */
/* scribe - writes, signs and chains this worker's receipts (docs/PROTOCOL.md 3.8): those that one
 * commit of the ledger keeps, by one signature. */
#ifndef TOCSIN_SCRIBE_H
#define TOCSIN_SCRIBE_H

#include "keys/receipt.h"
#include "keys/receipts.h"
#include "worker/outbox.h"
#include "worker/settings.h"

typedef struct scribe scribe_t;

/* Borrows key, ledger and outbox, which must outlive it, and signs before each commit of the
 * ledger; goes on where the ledger's chain ends. */
scribe_t *scribe_new(const char *worker, const hash_t *site, const machinekey_t *key,
                     ledger_t *ledger, outbox_t *outbox, fault_t *fault);
void scribe_destroy(scribe_t **self_p);

/* A receipt to fill in, in which nothing is said yet and no op is counted: for scribe_write. The
 * scribe's, until it is asked for the next one. */
receipt_t *scribe_blank(scribe_t *self);

/* Fills in site, worker, target, sequence and previous; writes to the ledger; queues RECEIPT behind
 * the next commit, before which it is signed. output may be NULL. */
int scribe_write(scribe_t *self, receipt_t *receipt, const bytes_t *output,
                 fault_t *fault) MUST_CHECK;

/* Queues again the receipts of a run for one link (as outbox counts them), as many as the outbox
 * has room for: the rest comes when they are asked for again. */
int scribe_repeat(scribe_t *self, unsigned link, const hash_t *run, fault_t *fault) MUST_CHECK;

/* Queues again for one link what is behind the last receipt that its broker has, and before that
 * what none acknowledged: oldest first, so many as the outbox has room for, and the next of them
 * with each acknowledgement of the last of those (scribe_acknowledge). */
int scribe_repeat_behind(scribe_t *self, unsigned link, uint64_t last, fault_t *fault) MUST_CHECK;

/* The broker behind the link has this receipt, by the hash of its document; any other hash changes
 * nothing. */
int scribe_acknowledge(scribe_t *self, unsigned link, uint64_t sequence, const hash_t *hash,
                       fault_t *fault) MUST_CHECK;

/* The number of the oldest receipt that is still kept; of the next one, where there is none. */
int scribe_oldest(const scribe_t *self, uint64_t *oldest, fault_t *fault) MUST_CHECK;

uint64_t scribe_sequence(const scribe_t *self);
const hash_t *scribe_head(const scribe_t *self);

#endif
