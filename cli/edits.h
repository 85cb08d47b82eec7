/* SPDX-License-Identifier: Apache-2.0 */
/* edits - what a root, people or fleet document changes against the one before it, in words: a
 * person who signs sees more than two long texts. The bytes are what counts; these only help to
 * read them. */
#ifndef TOCSIN_EDITS_H
#define TOCSIN_EDITS_H

#include <stdio.h>

#include "wire/value.h"

/* A list of sentences, in the order of the documents' keys; what each new version changes by itself
 * (version, previous, issued) or none may (site) is left out. Keys stand as fingerprints. before
 * may be empty. The caller's. */
value_t *edits_of(slice_t before, slice_t after);

/* A line each, indented; "changes nothing but its dates" where there is none. */
void edits_print(const value_t *edits, FILE *out);

#endif
