/* SPDX-License-Identifier: Apache-2.0 */
/* ledger - the worker's own durable record: what it accepted, what it is about to do, what came of
 * it, what it signed. SQLite, WAL, synchronous=FULL, one exclusive connection.
 *
 * Every put joins the open transaction; nothing is durable, and nothing may leave the process,
 * before ledger_commit. After a failed commit the process ends and recovers. Slices that callbacks
 * receive are valid during the call only. */
#ifndef TOCSIN_LEDGER_H
#define TOCSIN_LEDGER_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/receipt.h"

#define LEDGER_RESERVE \
    (2 * 1024 * 1024) /* bytes allocated ahead: one run can finish on a full disk */

#define LEDGER_RECEIPTS_MAX     200000 /* kept for a broker that was put back to an older record */
#define LEDGER_RECEIPTS_AT_ONCE 256

typedef struct ledger ledger_t;

/* Makes what is not there; checks what is (quick_check). FAULT_IO, FAULT_FULL, FAULT_VERSION
 * (written by a newer program). */
ledger_t *ledger_open(const char *path, fault_t *fault);
void ledger_destroy(ledger_t **self_p);

/* Its twin for simulation and tests: the same tables and statements, in memory. A crash leaves of
 * it what a power cut leaves of the other, what was committed; wiping leaves nothing, as new. */
ledger_t *ledger_memory(void);
void ledger_crash(ledger_t *self);
void ledger_wipe(ledger_t *self);

/* What is committed in one such becomes what is in the other, neither inside a transaction: as an
 * older copy is put back. */
void ledger_copy(ledger_t *to, ledger_t *from);

/* What is done once more in each transaction before it ends, whose fault fails the commit;
 * borrowed, NULL for nothing. */
typedef int(ledger_last_t)(void *context, fault_t *fault);
void ledger_do_last(ledger_t *self, ledger_last_t *last, void *context);

/* Ends the open transaction, synced; nothing to do where there is none. FAULT_FULL, FAULT_IO. */
int ledger_commit(ledger_t *self, fault_t *fault) MUST_CHECK;

/* For a moment when nobody waits: what SQLite's log holds is copied into the database where that is
 * worth it and no receipt waits for its acknowledgement, so that no commit has to. Commits. */
int ledger_rest(ledger_t *self, fault_t *fault) MUST_CHECK;

/* Lets go of what it keeps in memory of the database, a quarter of a MiB at most. */
void ledger_shrink(ledger_t *self);

/* Root, people, fleets, stops and resumes by name (wire/site_folder.h): the newest proved. */
int ledger_put_document(ledger_t *self, const char *name, slice_t document, slice_t armors,
                        fault_t *fault) MUST_CHECK;
int ledger_drop_document(ledger_t *self, const char *name, fault_t *fault) MUST_CHECK;

/* In the order in which a chain is built: roots ascending, people, fleets, stops, resumes. */
typedef int(ledger_document_t)(void *context, slice_t document, slice_t armors, fault_t *fault);
int ledger_each_document(ledger_t *self, ledger_document_t *each, void *context,
                         fault_t *fault) MUST_CHECK;

/* What is known of a broker's log: who signs its checkpoints, the last one that was cosigned, and
 * the newest restart that it needs no more. */
typedef struct {
    const char *broker; /* its name */
    hash_t key;         /* of the key's blob */
    uint64_t size;      /* leaves */
    hash_t head;
    wall_t restarted; /* when that restart was made; ms 0 where there is none */
} log_row_t;

/* In place of what was known of this broker's. */
int ledger_put_log(ledger_t *self, const log_row_t *log, fault_t *fault) MUST_CHECK;

typedef int(ledger_log_t)(void *context, const log_row_t *log, fault_t *fault);
int ledger_each_log(ledger_t *self, ledger_log_t *each, void *context, fault_t *fault) MUST_CHECK;

/* What is known of beacons (keys/freshness.h): in place of what stood there. Calls each where there
 * is any. */
typedef int(ledger_beacon_t)(void *context, slice_t state, fault_t *fault);
int ledger_put_beacon(ledger_t *self, slice_t state, fault_t *fault) MUST_CHECK;
int ledger_get_beacon(ledger_t *self, ledger_beacon_t *each, void *context,
                      fault_t *fault) MUST_CHECK;

/* A release that was proved, with its files (an encoded map of path to bytes). */
int ledger_put_release(ledger_t *self, const hash_t *hash, slice_t document, slice_t armors,
                       slice_t files, fault_t *fault) MUST_CHECK;

typedef struct {
    bytes_t *document, *armors, *files; /* ours; all NULL where the release is not kept */
} kept_release_t;

int ledger_get_release(ledger_t *self, const hash_t *hash, kept_release_t *out,
                       fault_t *fault) MUST_CHECK;
void kept_release_clear(kept_release_t *self);

/* One accepted run: the offer as it came, and when. */
typedef struct {
    hash_t run, authority, release;
    bool by_grant;
    wall_t accepted;
    bool closed;      /* its last receipt is written */
    slice_t offer;    /* the OFFER's frames, encoded */
    slice_t evidence; /* the bytes that must be the same when the run is offered again */
} part_row_t;

int ledger_put_part(ledger_t *self, const part_row_t *part, fault_t *fault) MUST_CHECK;
int ledger_close_part(ledger_t *self, const hash_t *run, fault_t *fault) MUST_CHECK;

typedef int(ledger_part_t)(void *context, const part_row_t *part, fault_t *fault);
int ledger_each_open_part(ledger_t *self, ledger_part_t *each, void *context,
                          fault_t *fault) MUST_CHECK;

/* Calls each for the part of this run, where there is one. */
int ledger_get_part(ledger_t *self, const hash_t *run, ledger_part_t *each, void *context,
                    fault_t *fault) MUST_CHECK;

/* Whether the run's part is closed; *closed stays as it was where there is none. */
int ledger_is_closed(ledger_t *self, const hash_t *run, bool *closed, fault_t *fault) MUST_CHECK;

typedef enum { PART_UNSEEN, PART_SAME, PART_OTHER } part_known_t;

/* Whether this run is known, and by the same bytes; *closed where it is. -1 with a fault. */
int ledger_find_part(ledger_t *self, const hash_t *run, slice_t evidence, part_known_t *known,
                     bool *closed, fault_t *fault) MUST_CHECK;

/* Runs accepted under a grant since then: its budget. */
int ledger_count_grant(ledger_t *self, const hash_t *grant, wall_t since, uint64_t *count,
                       fault_t *fault) MUST_CHECK;

/* One attempt of one step. */
typedef struct {
    hash_t run;
    const char *step; /* its path */
    phase_t phase;
    uint64_t attempt;
} attempt_key_t;

/* One op of one attempt: written as an intent before a fix, completed by what came of it. */
typedef struct {
    attempt_key_t of;
    uint64_t index;
    const char *op;
    hash_t arguments;
    hash_t head; /* the effector's journal when the intent was written */
    bool done;
    const char *code; /* "ok" or a fault's word; "" while not done */
    const char *text;
    slice_t result; /* canonical value; empty unless ok */
} effect_row_t;

/* Of a run whose part was put; FAULT_IO where it was not. */
int ledger_put_effect(ledger_t *self, const effect_row_t *effect, fault_t *fault) MUST_CHECK;

/* By index. */
typedef int(ledger_effect_t)(void *context, const effect_row_t *effect, fault_t *fault);
int ledger_each_effect(ledger_t *self, const attempt_key_t *of, ledger_effect_t *each,
                       void *context, fault_t *fault) MUST_CHECK;

/* Whether an op of this run was begun and nobody said yet what came of it. */
int ledger_has_intent(ledger_t *self, const hash_t *run, bool *intent, fault_t *fault) MUST_CHECK;

/* Whether anything of this run was done: an op is recorded, or a receipt signed. */
int ledger_has_begun(ledger_t *self, const hash_t *run, bool *begun, fault_t *fault) MUST_CHECK;

/* A step that waits for a person: since when, and the word that counted. */
typedef struct {
    hash_t run;
    const char *step; /* its path */
    wall_t asked;
    slice_t document, armors; /* of the consent or answer; empty while none came */
} wait_row_t;

/* In place of what stood there of this step. */
int ledger_put_wait(ledger_t *self, const wait_row_t *wait, fault_t *fault) MUST_CHECK;

typedef int(ledger_wait_t)(void *context, const wait_row_t *wait, fault_t *fault);
int ledger_each_wait(ledger_t *self, const hash_t *run, ledger_wait_t *each, void *context,
                     fault_t *fault) MUST_CHECK;

/* What a part that was put said of itself as it went: bytes from offset on, which is where the last
 * ended (FAULT_IO where it was not put); and all of it, appended to out. */
int ledger_put_output(ledger_t *self, const hash_t *run, uint64_t offset, slice_t bytes,
                      fault_t *fault) MUST_CHECK;
int ledger_get_output(ledger_t *self, const hash_t *run, bytes_t *out, fault_t *fault) MUST_CHECK;

/* A receipt, whose sequence is last + 1; and before the commit its signature. */
int ledger_put_receipt(ledger_t *self, uint64_t sequence, const hash_t *run, slice_t document,
                       slice_t output, fault_t *fault) MUST_CHECK;
int ledger_sign_receipt(ledger_t *self, uint64_t sequence, slice_t armor,
                        fault_t *fault) MUST_CHECK;
int ledger_acknowledge(ledger_t *self, uint64_t sequence, const hash_t *document,
                       fault_t *fault) MUST_CHECK;

/* The newest sequence (0 where there is none) and the hash of its document. */
int ledger_last_receipt(ledger_t *self, uint64_t *sequence, hash_t *head,
                        fault_t *fault) MUST_CHECK;

/* The oldest sequence that is still kept, and the oldest that no broker acknowledged; the next one
 * where there is none. */
int ledger_oldest_receipts(ledger_t *self, uint64_t *kept, uint64_t *unacknowledged,
                           fault_t *fault) MUST_CHECK;

/* Ascending: those of one run; and from a sequence on, at most LEDGER_RECEIPTS_AT_ONCE. */
typedef int(ledger_receipt_t)(void *context, uint64_t sequence, slice_t document, slice_t armor,
                              slice_t output, fault_t *fault);
int ledger_each_receipt(ledger_t *self, const hash_t *run, ledger_receipt_t *each, void *context,
                        fault_t *fault) MUST_CHECK;
int ledger_each_receipt_from(ledger_t *self, uint64_t sequence, ledger_receipt_t *each,
                             void *context, fault_t *fault) MUST_CHECK;

/* Forgets receipts that a broker acknowledged, the oldest first: those that ended before, and more
 * where over LEDGER_RECEIPTS_MAX are kept; never the last one, nor one behind one that no broker
 * acknowledged. At most LEDGER_RECEIPTS_AT_ONCE, so that nobody waits for it. */
int ledger_forget_receipts(ledger_t *self, wall_t before, fault_t *fault) MUST_CHECK;

#endif
