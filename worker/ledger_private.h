/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_private - what ledger.c (the database itself, documents and releases) and ledger_run.c
 * (what is kept of runs) share; nobody else includes it. */
#ifndef TOCSIN_LEDGER_PRIVATE_H
#define TOCSIN_LEDGER_PRIVATE_H

#include <sqlite3.h>

#include "worker/ledger.h"

typedef enum {
    BEGIN,
    COMMIT,
    PUT_DOCUMENT,
    DROP_DOCUMENT,
    EACH_DOCUMENT,
    PUT_LOG,
    EACH_LOG,
    PUT_RELEASE,
    GET_RELEASE,
    PUT_PART,
    CLOSE_PART,
    EACH_PART,
    GET_PART,
    FIND_PART,
    COUNT_GRANT,
    PUT_EFFECT,
    EACH_EFFECT,
    HAS_INTENT,
    HAS_BEGUN,
    PUT_WAIT,
    EACH_WAIT,
    PUT_OUTPUT,
    GET_OUTPUT,
    PUT_RECEIPT,
    PUT_ARMOR,
    ACKNOWLEDGE,
    LAST_RECEIPT,
    OLDEST_RECEIPTS,
    OLD_RECEIPT,
    FORGET_RECEIPT,
    EACH_RECEIPT_OF,
    EACH_RECEIPT_FROM,
    PUT_BEACON,
    GET_BEACON
} statement_t;

struct ledger {
    sqlite3 *database;
    int log;          /* SQLite's write-ahead log, to make room in; -1 where there is none */
    int64_t log_size; /* when room was looked for last */
    int64_t reserved; /* room is made up to this offset */
    int log_pages;    /* in it, as of the last commit, that may not be in the database yet */
    bool awaiting;    /* a receipt was written since one was acknowledged last */
    struct {
        bool known; /* nothing, before a count */
        hash_t grant;
        wall_t since;
        uint64_t count;
    } counted;           /* runs of the grant that was asked about last, kept up to date since */
    ledger_last_t *last; /* done before each commit; NULL where there is none */
    void *last_context;
    bool open;                /* a transaction is */
    sqlite3_stmt *cached[40]; /* by statement_t; prepared when first used */
};

/* A statement of the table, made when it is first used. NULL with a fault. */
sqlite3_stmt *ledger_prepare(ledger_t *self, statement_t which, fault_t *fault);

/* A writing one inside the open transaction, which starts here if there is none. */
sqlite3_stmt *ledger_writing(ledger_t *self, statement_t which, fault_t *fault);

/* Runs a statement that returns no row. */
int ledger_finish(ledger_t *self, sqlite3_stmt *statement, fault_t *fault) MUST_CHECK;

/* 1 a row, 0 none left (reset), -1 a fault (reset). */
int ledger_next_row(ledger_t *self, sqlite3_stmt *statement, fault_t *fault) MUST_CHECK;

static inline void
bind_slice(sqlite3_stmt *statement, int at, slice_t slice)
{
    sqlite3_bind_blob64(statement, at, slice.size ? (const void *)slice.data : "", slice.size,
                        SQLITE_STATIC);
}

static inline void
bind_hash(sqlite3_stmt *statement, int at, const hash_t *hash)
{
    bind_slice(statement, at, hash_slice(hash));
}

static inline void
bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static inline slice_t
column_slice(sqlite3_stmt *statement, int at)
{
    const void *data = sqlite3_column_blob(statement, at);
    return slice_of(data, (size_t)sqlite3_column_bytes(statement, at));
}

static inline hash_t
column_hash(sqlite3_stmt *statement, int at)
{
    hash_t hash = {0};
    slice_t slice = column_slice(statement, at);
    if (slice.size == sizeof hash.bytes)
        memcpy(hash.bytes, slice.data, slice.size);
    return hash;
}

#endif
