/* SPDX-License-Identifier: Apache-2.0 */
/* document - the one grammar of everything that carries authority (docs/PROTOCOL.md, 1).
 *
 *     tocsin-TYPE v1
 *     KEY VALUE            one space; keys in the type's fixed order; repeated keys ascending
 *     end
 *
 * A reader walks the lines in that order and spoils itself at the first that does not fit, so that
 * a decoder reads like the format and checks once, at the end. A decoder then writes what it read
 * and compares (document_same): what has two spellings is refused. */
#ifndef TOCSIN_DOCUMENT_H
#define TOCSIN_DOCUMENT_H

#include "common/bytes.h"
#include "common/fault.h"
#include "common/moment.h"

#define DOCUMENT_VERSION    1 /* the one that is written and read here */
#define DOCUMENT_BYTES_MAX  (256 * 1024)
#define DOCUMENT_LINES_MAX  8192
#define DOCUMENT_LINE_MAX   1024
#define DOCUMENT_FIELDS_MAX 8

typedef struct {
    slice_t rest;                       /* lines not read yet */
    const char *type;                   /* "order" */
    unsigned line;                      /* of the line read last, from 1 */
    bool spoiled;                       /* said in *fault */
    fault_t *fault;                     /* the caller's; must outlive the reader */
    char key[DOCUMENT_LINE_MAX + 1];    /* of the line read last */
    char value[DOCUMENT_LINE_MAX + 1];  /* of the line read last, as it stands */
    char fields[DOCUMENT_LINE_MAX + 1]; /* the same, cut at its spaces */
    char *row[DOCUMENT_FIELDS_MAX];     /* its fields */
} document_reader_t;

/* text must outlive the reader. Checks size, first line, last line; FAULT_FORMAT or FAULT_LIMIT. */
void document_open(document_reader_t *self, slice_t text, const char *type, fault_t *fault);

/* Whether the next line has this key; false once spoiled. Loop on it for a repeated key. */
bool document_has(document_reader_t *self, const char *key);

/* Each takes the next line, which must have this key. What they return is valid until the next
 * line is taken; once spoiled: "", 0, an empty row. */
const char *document_text(document_reader_t *self, const char *key); /* printable ASCII */
const char *document_free(document_reader_t *self, const char *key); /* text_is_free */
const char *document_name(document_reader_t *self, const char *key); /* text_is_name */
uint64_t document_number(document_reader_t *self, const char *key, uint64_t min, uint64_t max);
wall_t document_time(document_reader_t *self, const char *key);
wall_t document_instant(document_reader_t *self, const char *key);
void document_hex(document_reader_t *self, const char *key, uint8_t *out, size_t size);

/* Exactly count fields, separated by single spaces, none of them empty. */
char **document_row(document_reader_t *self, const char *key, size_t count);

/* For a decoder's own checks of the line read last: spoils, with the line's number in front. */
void document_spoil(document_reader_t *self, fault_code_t code, const char *format, ...)
    PRINTF(3, 4);

/* 0 if every line was read, "end" came last, and nothing was wrong. */
int document_close(document_reader_t *self, fault_t *fault) MUST_CHECK;

/* Writing: begin, lines, end. Values come in their one spelling from the caller; one that is empty
 * or makes the line too long is the caller's bug. */
void document_begin(bytes_t *out, const char *type);
void document_add(bytes_t *out, const char *key, const char *format, ...) PRINTF(3, 4);
void document_add_text(bytes_t *out, const char *key, const char *value);
void document_add_time(bytes_t *out, const char *key, wall_t at);
void document_add_instant(bytes_t *out, const char *key, wall_t at);
void document_add_hex(bytes_t *out, const char *key, slice_t bytes);
void document_end(bytes_t *out);

/* The order of two lines' values: field by field, numbers as numbers, others as bytes. */
int document_compare(const char *left, const char *right);

/* The proof that a document is canonical: FAULT_FORMAT with the first line that differs. */
int document_same(slice_t text, slice_t written, fault_t *fault) MUST_CHECK;

/* A document and what follows it (its armors), as records keep them: views into both. False where
 * no line 'end' stands in it. Nothing more is checked. */
bool document_split(slice_t both, slice_t *document, slice_t *rest);

/* The TYPE of the first line into out ("" where there is none); looks at nothing else. */
void document_type(slice_t text, char *out, size_t size);

#endif
