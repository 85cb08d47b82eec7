/* SPDX-License-Identifier: Apache-2.0 */
/* paper - a document of a site's folder on its way into force: its text, the signatures that hold,
 * and what trust says of them. */
#ifndef TOCSIN_PAPER_H
#define TOCSIN_PAPER_H

#include <stdio.h>

#include "cli/keys.h"

typedef struct {
    const char *folder; /* the site's; the caller's */
    char name[KEYS_NAME_MAX];
    bool draft; /* else root.1, in place */
    char path[KEYS_PATH_MAX];
    char signatures[KEYS_PATH_MAX + 8];
    bytes_t *text;
    bytes_t *armors; /* those that hold over the text */
    purpose_t purpose;
    bool waits; /* as paper_settle found: it is kept, and others must sign it too */
} paper_t;

/* The draft of NAME in folder (keys_name). FAULT_NOT_FOUND, FAULT_FORMAT. */
int paper_open(paper_t *self, const char *folder, const char *name, fault_t *fault) MUST_CHECK;

/* The document in FILE with FILE.sigs beside it, from another's folder, as it would stand in this
 * one. Where the draft here is the same text, its signatures are in armors too. */
int paper_take(paper_t *self, const char *folder, const char *file, fault_t *fault) MUST_CHECK;
void paper_clear(paper_t *self);

/* Each armor that holds over the text and whose key has not signed it yet joins the others; how
 * many. */
size_t paper_add(paper_t *self, slice_t armors);

/* What trust says, and what follows: the document takes its place in the folder where its quorum
 * holds; where people are still missing it is kept as a draft, with its signatures; anything else
 * is a fault, and nothing is kept. Says on standard output what came of it. */
int paper_settle(paper_t *self, fault_t *fault) MUST_CHECK;

/* What the document changes, in words, to out. */
void paper_print_edits(const paper_t *self, FILE *out);

/* A worker that is new in the fleet must have an id and keys that no fleet of this folder ever had,
 * those under past/ included: FAULT_CONFLICT. 0 for other documents. */
int paper_check_ids(const paper_t *self, fault_t *fault) MUST_CHECK;

/* Shows the document and what it changes, asks, signs with options->key, and settles it.
 * FAULT_DENIED where nobody says yes. */
int paper_sign(paper_t *self, const options_t *options, fault_t *fault) MUST_CHECK;

/* Hands a document that is in force on to the timekeeper, where the options name one; it says so,
 * or that it was not reached. The exit status. */
int paper_hand_on(const paper_t *self, const options_t *options);

#endif
