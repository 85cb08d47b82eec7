/* SPDX-License-Identifier: Apache-2.0 */
/* pair - a document that two officers sign one after the other: what the first leaves in a file,
 * its signatures in FILE.sigs, the second finds. */
#ifndef TOCSIN_PAIR_H
#define TOCSIN_PAIR_H

#include "cli/session.h"
#include "cli/state.h"

typedef struct {
    char path[STATE_PATH_MAX], signatures[STATE_PATH_MAX + 8];
    bytes_t *document, *armors; /* ours */
} pair_t;

/* Takes over *document, which nobody signed yet; it is to stand in FOLDER of what the command line
 * keeps, under its hash. */
int pair_new(pair_t *self, const char *folder, bytes_t **document, fault_t *fault) MUST_CHECK;

/* What the first left. */
int pair_load(pair_t *self, const char *path, fault_t *fault) MUST_CHECK;
void pair_clear(pair_t *self);

/* Shows it, signs it, and keeps it until pair_done. The exit status: 0 where both have signed and
 * it may be handed in, EXIT_WAITING where another must (said on standard error, with the command to
 * do so), or a fault's. */
int pair_sign(pair_t *self, const options_t *options, purpose_t purpose, const char *kind,
              const char *command);

/* It has arrived, and is kept no longer. */
void pair_done(const pair_t *self);

#endif
