/* SPDX-License-Identifier: Apache-2.0 */
/* backup - how a copy of the record leaves a running broker: who connects to STATE/control, a Unix
 * socket of the broker's user alone, is sent DONE and the descriptor of a whole copy, or FAULT code
 * text. One at a time; the copy has no name any more by then, so nothing stays behind. */
#ifndef TOCSIN_BACKUP_H
#define TOCSIN_BACKUP_H

#include "broker/store_copy.h"

#define BACKUP_EVERY_MS 5 /* between two bites of a copy */

typedef struct backup backup_t;

/* The broker's end. Listens; store is borrowed. */
backup_t *backup_new(const char *state, const store_t *store, fault_t *fault);
void backup_destroy(backup_t **self_p);
int backup_fd(const backup_t *self);

/* Takes in who connected; true where a copy begins, and backup_go_on is to be called. */
bool backup_accept(backup_t *self);

/* Copies some, between two transactions; false once it is over, and who asked was answered. */
bool backup_go_on(backup_t *self);

/* The operator's end: the broker's record in a new file, on the disk and checked. *log is that of
 * its record. FAULT_UNREACHABLE where no broker runs with this state folder; FAULT_CONFLICT where
 * the file is there already, or another copy is being made. */
int backup_take(const char *state, const char *file, merkle_t *log, fault_t *fault) MUST_CHECK;

#endif
