/* SPDX-License-Identifier: Apache-2.0 */
/* store_copy - a broker's record as one file: taken while the record goes on being written, and put
 * back. Source: SQLite's online backup API, sqlite.org/backup.html; what the source's own
 * connection writes meanwhile is in the copy too. */
#ifndef TOCSIN_STORE_COPY_H
#define TOCSIN_STORE_COPY_H

#include <sys/types.h>

#include "broker/store.h"
#include "wire/merkle.h"

#define STORE_COPY_PAGES 256 /* 1 MiB, at a time: the broker's loop waits for it */

typedef struct store_copy store_copy_t;

/* Begins a copy of a store_sqlite, which must outlive it, to the file path: another one there is
 * deleted. */
store_copy_t *store_copy_new(const store_t *store, const char *path, fault_t *fault);

/* Copies some, where no transaction is open; 1 more is left, 0 all is in the file, which is not
 * synced, -1 fault: begin another. */
int store_copy_go_on(store_copy_t *self, fault_t *fault) MUST_CHECK;
void store_copy_destroy(store_copy_t **self_p);

/* All of a copy is sound; *log is that of its record. FAULT_FORMAT. */
int store_copy_check(const char *path, merkle_t *log, fault_t *fault) MUST_CHECK;

/* Everything of source's file from its beginning on, in a new file of 0600 on the disk under path,
 * checked. Never over another: FAULT_CONFLICT. It is written as PATH.partial. */
int store_copy_keep(int source, const char *path, merkle_t *log, fault_t *fault) MUST_CHECK;

/* Makes the copy at path the record in FOLDER, owner's where that is not 0. What is there is moved
 * aside, under a name with the time. FAULT_CONFLICT where a broker has it open. Whatever fails, the
 * copy stays as it was, and it may be tried again. */
int store_copy_restore(const char *path, const char *folder, uid_t owner, merkle_t *log,
                       fault_t *fault) MUST_CHECK;

#endif
