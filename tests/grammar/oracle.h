/* SPDX-License-Identifier: Apache-2.0 */
/* oracle - a second reader of docs/PROTOCOL.md's documents, which shares nothing with the first.
 *
 * It was written from sections 1 to 3 alone and is built otherwise: one table of lines and kinds of
 * fields for all types, and a rule or two a type over the lines that were read. Whether 32 bytes
 * are a point that Ed25519 takes is no question of grammar: the caller answers it. Nothing here is
 * meant to be fast or to say well what is wrong; it is meant to agree with keys/ and wire/, or to
 * show where one of them, or the page, is mistaken. */
#ifndef TOCSIN_TESTS_ORACLE_H
#define TOCSIN_TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORACLE_FIELDS    8
#define ORACLE_ROWS      32
#define ORACLE_BYTES_MAX 262144
#define ORACLE_LINES_MAX 8192
#define ORACLE_LINE_MAX  1024

/* A kind of field: its word, its bounds, and for KIND_WORDS what it may be. */
typedef struct {
    const char *word;
    uint64_t min, max;
    const char *words;
} oracle_kind_t;

/* A line that a type has. */
typedef struct {
    char key[24];
    char mark;   /* '?', '*', '+' (at least one), or 0 */
    size_t most; /* lines with it */
    size_t fields;
    oracle_kind_t field[ORACLE_FIELDS];
} oracle_row_t;

typedef struct {
    const char *type;
    size_t rows;
    oracle_row_t row[ORACLE_ROWS];
} oracle_type_t;

typedef struct {
    const oracle_row_t *row;
    const char *field[ORACLE_FIELDS];
} oracle_line_t;

typedef struct oracle oracle_t;
typedef bool (*oracle_point_t)(const uint8_t point[32]);

oracle_t *oracle_new(oracle_point_t is_point);
void oracle_destroy(oracle_t **self_p);

/* Whether bytes are a document of that type. What was read is then oracle_line's, and written again
 * by oracle_write, from what each field means. */
bool oracle_read(oracle_t *self, const char *type, const void *bytes, size_t size);

/* Of the bytes read last: why they were refused, its lines (NULL behind the last), its bytes again.
 */
const char *oracle_why(const oracle_t *self);
const oracle_line_t *oracle_line(const oracle_t *self, size_t index);
const char *oracle_write(const oracle_t *self, size_t *size);

/* The table of a type; NULL where there is none. Index of types from 0. */
const oracle_type_t *oracle_type(const char *type);
const oracle_type_t *oracle_type_at(size_t index);

/* The order of two values: field by field, digits alone as numbers, others as bytes. */
int oracle_compare(const char *left, const char *right);

#endif
