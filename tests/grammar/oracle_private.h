/* SPDX-License-Identifier: Apache-2.0 */
/* What the oracle's files share: kinds.c reads one field, rules.c looks at all lines together. */
#ifndef TOCSIN_TESTS_ORACLE_PRIVATE_H
#define TOCSIN_TESTS_ORACLE_PRIVATE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/grammar/oracle.h"

struct oracle {
    oracle_point_t is_point;
    const oracle_type_t *type;
    char *text;                           /* what is read, cut at its ends of lines and spaces */
    oracle_line_t line[ORACLE_LINES_MAX]; /* as read */
    size_t lines;                         /* how many of them */
    char again[ORACLE_BYTES_MAX + 4096];  /* written again */
    size_t size;                          /* of again */
    char why[256];
};

/* Whether a field is of its kind; its meaning, spelled, into again (ORACLE_LINE_MAX + 1 bytes).
 * A base64 field is a key of the type that the field before it names. */
bool oracle_spell(const oracle_t *self, const oracle_line_t *line, size_t at, char *again);

/* The kind that a word of the table names, with its bounds. */
oracle_kind_t oracle_kind(const char *word);

/* What a type says of its lines together. False with self->why. */
bool oracle_rules(oracle_t *self);

bool oracle_refuse(oracle_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
