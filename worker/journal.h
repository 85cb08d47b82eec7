/* SPDX-License-Identifier: Apache-2.0 */
/* journal - the effector's own record of what it began and what came of it (docs/PROTOCOL.md 7.4).
 *
 * One file of chained records, each synced before its call returns. A BEGIN stands before every
 * effect and an END behind it; so after a crash nobody has to guess. A torn last record is cut off
 * when the journal is opened; any other break is a fault that ends the effector, because a journal
 * that lost records could let a fix run twice. One process at a time holds it (flock).
 *
 * Room for END is reserved ahead (fallocate), and a BEGIN that would eat into it is FAULT_FULL:
 * what began can finish on a full disk. All of it is kept in memory too: about 500 bytes an op. */
#ifndef TOCSIN_JOURNAL_H
#define TOCSIN_JOURNAL_H

#include "common/moment.h"
#include "common/text.h"
#include "keys/receipt.h"

#define JOURNAL_OPS_MAX     1000000       /* BEGINs; then FAULT_FULL */
#define JOURNAL_RESERVE     (1024 * 1024) /* bytes allocated ahead of the end */
#define JOURNAL_RESERVE_MIN (64 * 1024)   /* left for ENDs alone */
#define JOURNAL_RESULT_MAX  1000          /* of a result, escaped: it stands in one line */

typedef struct journal journal_t;

/* One op that began. */
typedef struct {
    hash_t key;
    hash_t run, release;
    hash_t authority;                 /* the order's or grant's */
    char playbook[TEXT_NAME_MAX + 1]; /* the run's; "" in records of before it was written */
    char step[STEP_PATH_MAX];         /* its path */
    char op[TEXT_NAME_MAX + 1];
    hash_t arguments; /* of their canonical value */
    wall_t begun;
    bool ended;      /* the rest is set only then */
    char code[16];   /* "ok" or a fault's word */
    bytes_t *result; /* canonical value; of a fault its text */
} journal_entry_t;

/* Opens or makes the file (mode 0600). NULL with FAULT_IO, FAULT_FULL, FAULT_CONFLICT (another
 * process holds it), FAULT_FORMAT or FAULT_HASH (it is broken: where, and what it means). */
journal_t *journal_open(const char *path, fault_t *fault);
void journal_destroy(journal_t **self_p);

/* The hash of the last record; zeroes while there is none. */
const hash_t *journal_head(const journal_t *self);

/* The newest moment that any record names: by its own word it has been at least that. ms 0 while
 * there is none. */
wall_t journal_seen(const journal_t *self);

/* Writes that this moment came. FAULT_FULL where only the room for ENDs is left, and nothing is
 * recorded; FAULT_IO, after which the journal is broken. */
int journal_see(journal_t *self, wall_t at, fault_t *fault) MUST_CHECK;

/* Whether this was the head at any time. */
bool journal_reaches(const journal_t *self, const hash_t *head);

/* NULL where the key never began. Valid until the next journal_begin. */
const journal_entry_t *journal_find(const journal_t *self, const hash_t *key);

/* The first op of this run that began; NULL where none did. Valid until the next journal_begin. */
const journal_entry_t *journal_first(const journal_t *self, const hash_t *run);

/* This run's ops in the order in which they began: the one behind that, the first behind NULL. NULL
 * behind the last. Valid until the next journal_begin. */
const journal_entry_t *journal_next(const journal_t *self, const hash_t *run,
                                    const journal_entry_t *behind);

/* How many runs under this authority began at since or later. */
size_t journal_count_runs(const journal_t *self, const hash_t *authority, wall_t since);

/* How many ops of this name began at since or later. */
size_t journal_count(const journal_t *self, const char *op, wall_t since);

/* How many other runs of this playbook, NULL for any, began at since or later. */
size_t journal_count_playbook(const journal_t *self, const char *playbook, const hash_t *other_than,
                              wall_t since);

/* Writes BEGIN of key, run, release, authority, playbook, step, op, arguments and begun; the key
 * must be new (asserted). On a fault nothing is recorded and nothing may run. FAULT_FULL; FAULT_IO,
 * after which the journal is broken. */
int journal_begin(journal_t *self, const journal_entry_t *entry, fault_t *fault) MUST_CHECK;

/* Writes END of a key that began and did not end (asserted). FAULT_LIMIT over JOURNAL_RESULT_MAX;
 * FAULT_IO or FAULT_FULL, after which the journal is broken. */
int journal_end(journal_t *self, const hash_t *key, const char *code, slice_t result, wall_t at,
                fault_t *fault) MUST_CHECK;

/* A write or sync failed and nobody knows what is on the disk: the process must end and start
 * again from the file. */
bool journal_is_broken(const journal_t *self);

#endif
