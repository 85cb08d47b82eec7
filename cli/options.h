/* SPDX-License-Identifier: Apache-2.0 */
/* options - a command's options as rows: what each is called and where its value goes. */
#ifndef TOCSIN_OPTIONS_H
#define TOCSIN_OPTIONS_H

#include "cli/command.h"

#define OPTION_MANY_MAX 1024

/* What an option that may repeat collects; the texts are argv's. */
typedef struct {
    size_t count;
    const char *at[OPTION_MANY_MAX];
} many_t;

typedef enum {
    OPTION_FLAG,    /* bool: no value */
    OPTION_COUNT,   /* int: counts how often it stands there */
    OPTION_TEXT,    /* const char * */
    OPTION_MANY,    /* many_t */
    OPTION_NUMBER,  /* uint64_t */
    OPTION_SECONDS, /* int64_t: "90s", "15m", "2h", "30d" */
} option_kind_t;

typedef struct {
    const char *name; /* "--reason" or "-q"; NULL ends the rows */
    option_kind_t kind;
    void *to;
} option_t;

/* Takes the options of rows out of argv from argv[from], as "--name VALUE" or "--name=VALUE", and
 * closes the gaps; what stands behind "--" is left alone. strict: any other word that starts with
 * '-' and no digit is FAULT_USAGE, and "--" itself is taken; else both stay where they are. */
int options_take(const option_t *rows, int from, int *argc, char **argv, bool strict,
                 fault_t *fault) MUST_CHECK;

/* What people are told of a word that begins like an option and is none. */
#define OPTIONS_NONE       "there is no option '%s' here%s"
#define OPTIONS_TEXT(word) (strchr(word, ' ') ? ": a text that begins so stands behind --" : "")

#define OPTIONS_LIMIT_MAX 500 /* rows that a broker lists of incidents and runs */

/* FAULT_USAGE where --limit is none of 1 to OPTIONS_LIMIT_MAX. */
int options_check_limit(uint64_t limit, fault_t *fault) MUST_CHECK;

/* Words that go on the record: one line of free text (common/text.h) of 1 to bytes_max bytes; what
 * is "the note". FAULT_USAGE. */
int options_check_words(const char *what, const char *text, size_t bytes_max,
                        fault_t *fault) MUST_CHECK;

/* The text of a --reason, into a document's. FAULT_USAGE where it is no line of free text of 1 to
 * size - 1 bytes. */
int options_reason(const char *text, char *to, size_t size, fault_t *fault) MUST_CHECK;

/* "NAME=VALUE" at its first '='; false where there is none, the name is empty or does not fit. */
bool options_pair(const char *text, char *name, size_t size, const char **value);

#endif
