/* SPDX-License-Identifier: Apache-2.0 */
/* table - what a command prints: a table for people (libsmartcols), JSON for programs. */
#ifndef TOCSIN_TABLE_H
#define TOCSIN_TABLE_H

#include <stdio.h>

#include "cli/command.h"

typedef struct table table_t;

/* Whether out wants colour: a terminal without NO_COLOR, or CLICOLOR_FORCE. */
bool show_colour(FILE *out);

/* headings ends with NULL. In colour where show_colour says so. */
table_t *table_new(const char *const *headings);
void table_destroy(table_t **self_p);
void table_row(table_t *self, const char *const *cells);
void table_print(const table_t *self);

/* {"tocsin": 1, "NAME": body} on standard output, keys sorted; bytes that are not UTF-8 as
 * {"base64": ...}. */
void json_print(const char *name, const value_t *body);

/* A value as JSON on one line; the caller's, to be freed. */
char *show_value(const value_t *value);

/* Milliseconds since 1970 in the person's zone, or UTC; "-" for 0. */
const char *show_time(const options_t *options, int64_t ms, char *out, size_t size);

/* Replaces control characters of strangers by '?', so that no terminal obeys an alert. */
const char *show_text(const char *text, char *out, size_t size);

/* A copy of what a broker answered in which every text can be printed, by show_text; the caller's.
 * Left as they came are documents, alerts, armors, files, leaves and outputs, which are checked and
 * never printed as they stand, and maps of labels and annotations, for show_text. */
value_t *show_answer(const value_t *answer);

#endif
