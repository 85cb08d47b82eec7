/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ledger.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "common/text.h"

#define SCHEMA_VERSION    1
#define CHECK_WHOLE_PAGES 4096 /* 16 MiB; of a larger one, what starting needs */

struct ledger {
    sqlite3 *database;
    bool open;                /* a transaction is */
    sqlite3_stmt *cached[24]; /* by statement_t; prepared when first used */
};

static const char schema[] =
    "CREATE TABLE document (name TEXT PRIMARY KEY, rank INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " armors BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE release (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL, armors BLOB NOT NULL,"
    " files BLOB NOT NULL) STRICT;"
    "CREATE TABLE part (run BLOB PRIMARY KEY, authority BLOB NOT NULL, release BLOB NOT NULL,"
    " by_grant INTEGER NOT NULL, accepted INTEGER NOT NULL, closed INTEGER NOT NULL,"
    " offer BLOB NOT NULL, evidence BLOB NOT NULL) STRICT;"
    "CREATE INDEX part_open ON part (accepted) WHERE closed = 0;"
    "CREATE INDEX part_grant ON part (authority, accepted) WHERE by_grant = 1;"
    "CREATE TABLE effect (run BLOB NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL,"
    " ix INTEGER NOT NULL, op TEXT NOT NULL, arguments BLOB NOT NULL, head BLOB NOT NULL,"
    " done INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, result BLOB NOT NULL,"
    " PRIMARY KEY (run, step, attempt, ix)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE receipt (sequence INTEGER PRIMARY KEY, run BLOB NOT NULL, hash BLOB NOT NULL,"
    " bytes BLOB NOT NULL, armor BLOB NOT NULL, output BLOB NOT NULL, acked INTEGER NOT NULL)"
    " STRICT;"
    "CREATE INDEX receipt_run ON receipt (run);"
    "CREATE INDEX receipt_unacked ON receipt (sequence) WHERE acked = 0;";

typedef enum {
    BEGIN,
    COMMIT,
    PUT_DOCUMENT,
    EACH_DOCUMENT,
    PUT_RELEASE,
    GET_RELEASE,
    PUT_PART,
    CLOSE_PART,
    EACH_PART,
    FIND_PART,
    COUNT_GRANT,
    PUT_EFFECT,
    EACH_EFFECT,
    HAS_INTENT,
    PUT_RECEIPT,
    ACKNOWLEDGE,
    LAST_RECEIPT,
    EACH_RECEIPT_OF,
    EACH_RECEIPT_UNACKED
} statement_t;

static const char *const statements[] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    /* The same bytes keep the armors that held over them: nobody looks at others again. */
    [PUT_DOCUMENT] = "INSERT INTO document VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                     " rank = excluded.rank, bytes = excluded.bytes, armors = excluded.armors"
                     " WHERE document.bytes <> excluded.bytes",
    [EACH_DOCUMENT] = "SELECT bytes, armors FROM document ORDER BY rank, name",
    [PUT_RELEASE] = "INSERT OR REPLACE INTO release VALUES (?, ?, ?, ?)",
    [GET_RELEASE] = "SELECT bytes, armors, files FROM release WHERE hash = ?",
    [PUT_PART] = "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [CLOSE_PART] = "UPDATE part SET closed = 1 WHERE run = ?",
    [EACH_PART] = "SELECT run, authority, release, by_grant, accepted, closed, offer, evidence"
                  " FROM part WHERE closed = 0 ORDER BY accepted",
    [FIND_PART] = "SELECT evidence, closed FROM part WHERE run = ?",
    [COUNT_GRANT] = "SELECT count(*) FROM part WHERE authority = ? AND accepted >= ?"
                    " AND by_grant = 1",
    [PUT_EFFECT] = "INSERT OR REPLACE INTO effect VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [EACH_EFFECT] = "SELECT ix, op, arguments, head, done, code, text, result FROM effect"
                    " WHERE run = ? AND step = ? AND attempt = ? ORDER BY ix",
    [HAS_INTENT] = "SELECT count(*) FROM effect WHERE run = ? AND done = 0",
    [PUT_RECEIPT] = "INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, 0)",
    [ACKNOWLEDGE] = "UPDATE receipt SET acked = 1 WHERE sequence = ? AND hash = ?",
    [LAST_RECEIPT] = "SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1",
    [EACH_RECEIPT_OF] = "SELECT sequence, bytes, armor, output FROM receipt WHERE run = ?"
                        " ORDER BY sequence",
    [EACH_RECEIPT_UNACKED] = "SELECT sequence, bytes, armor, output FROM receipt WHERE acked = 0"
                             " ORDER BY sequence",
};

static int
fail(const ledger_t *self, fault_t *fault)
{
    bool full = sqlite3_errcode(self->database) == SQLITE_FULL;
    return fault_set(fault, full ? FAULT_FULL : FAULT_IO, "ledger: %s",
                     sqlite3_errmsg(self->database));
}

static sqlite3_stmt *
prepare(ledger_t *self, statement_t which, fault_t *fault)
{
    _Static_assert(ARRAY_SIZE(statements) <= ARRAY_SIZE(self->cached), "room for every statement");
    if (!self->cached[which] &&
        sqlite3_prepare_v3(self->database, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
                           &self->cached[which], NULL) != SQLITE_OK) {
        fail(self, fault);
        return NULL;
    }
    return self->cached[which];
}

static void
bind_slice(sqlite3_stmt *statement, int at, slice_t slice)
{
    sqlite3_bind_blob64(statement, at, slice.size ? (const void *)slice.data : "", slice.size,
                        SQLITE_STATIC);
}

static void
bind_hash(sqlite3_stmt *statement, int at, const hash_t *hash)
{
    bind_slice(statement, at, hash_slice(hash));
}

static void
bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static slice_t
column_slice(sqlite3_stmt *statement, int at)
{
    const void *data = sqlite3_column_blob(statement, at);
    return slice_of(data, (size_t)sqlite3_column_bytes(statement, at));
}

static hash_t
column_hash(sqlite3_stmt *statement, int at)
{
    hash_t hash = {0};
    slice_t slice = column_slice(statement, at);
    if (slice.size == sizeof hash.bytes)
        memcpy(hash.bytes, slice.data, slice.size);
    return hash;
}

/* Runs a statement that returns no row. */
static int
finish(ledger_t *self, sqlite3_stmt *statement, fault_t *fault)
{
    int result = sqlite3_step(statement);
    int failed = result == SQLITE_DONE ? 0 : fail(self, fault);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return failed;
}

/* 1 a row, 0 none left (reset), -1 a fault (reset). */
static int
next_row(ledger_t *self, sqlite3_stmt *statement, fault_t *fault)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return 1;
    int failed = result == SQLITE_DONE ? 0 : fail(self, fault);
    sqlite3_reset(statement);
    return failed;
}

/* A writing statement inside the open transaction, which starts here if there is none. */
static sqlite3_stmt *
writing(ledger_t *self, statement_t which, fault_t *fault)
{
    if (!self->open) {
        sqlite3_stmt *begin = prepare(self, BEGIN, fault);
        if (!begin || finish(self, begin, fault))
            return NULL;
        self->open = true;
    }
    return prepare(self, which, fault);
}

static int
execute(ledger_t *self, const char *sql, fault_t *fault)
{
    return sqlite3_exec(self->database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(self, fault);
}

static int
read_number(ledger_t *self, const char *sql, int64_t *out, fault_t *fault)
{
    sqlite3_stmt *statement = NULL;
    int failed = -1;
    if (sqlite3_prepare_v2(self->database, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        fail(self, fault);
    } else {
        *out = sqlite3_column_int64(statement, 0);
        failed = 0;
    }
    sqlite3_finalize(statement);
    return failed;
}

static int
check_with(ledger_t *self, const char *pragma, fault_t *fault)
{
    sqlite3_stmt *statement = NULL;
    int failed = 0;
    if (sqlite3_prepare_v2(self->database, pragma, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        failed = fail(self, fault);
    else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        failed = fault_set(fault, FAULT_IO, "ledger is damaged: %.150s",
                           (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return failed;
}

/* Starting must not take longer the more has happened: history is checked while it is small. */
static int
check(ledger_t *self, fault_t *fault)
{
    int64_t pages;
    if (read_number(self, "PRAGMA page_count", &pages, fault))
        return -1;
    return check_with(self,
                      pages > CHECK_WHOLE_PAGES ? "PRAGMA quick_check('document')"
                                                : "PRAGMA quick_check(1)",
                      fault);
}

static int
migrate(ledger_t *self, fault_t *fault)
{
    int64_t version;
    if (read_number(self, "PRAGMA user_version", &version, fault))
        return -1;
    if (version > SCHEMA_VERSION)
        return fault_set(fault, FAULT_VERSION,
                         "the ledger was written by a newer tocsin-worker (schema %lld, ours %d)",
                         (long long)version, SCHEMA_VERSION);
    if (version == SCHEMA_VERSION)
        return check(self, fault);
    if (execute(self, "BEGIN", fault) || execute(self, schema, fault) ||
        execute(self, "PRAGMA user_version = 1", fault) || execute(self, "COMMIT", fault))
        return -1;
    return 0;
}

ledger_t *
ledger_open(const char *path, fault_t *fault)
{
    static const char settings[] =
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA cache_size = -512;"
        "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 1048576";
    CLEANUP(ledger_destroy) ledger_t *self = memory_new(1, sizeof *self);
    if (sqlite3_open_v2(path, &self->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_NOFOLLOW,
                        NULL) != SQLITE_OK) {
        fail(self, fault);
        fault_wrap(fault, "'%s' cannot be opened", path);
        return NULL;
    }
    sqlite3_db_config(self->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (execute(self, settings, fault) || migrate(self, fault)) {
        fault_wrap(fault, "'%s'", path);
        return NULL;
    }
    return MOVE(self);
}

ledger_t *
ledger_memory(void)
{
    ledger_t *self = ledger_open(":memory:", NULL);
    assert(self);
    return self;
}

void
ledger_crash(ledger_t *self)
{
    int failed = self->open ? execute(self, "ROLLBACK", NULL) : 0;
    assert(!failed);
    self->open = false;
}

void
ledger_wipe(ledger_t *self)
{
    static const char tables[] = "SELECT 'DELETE FROM ' || name FROM sqlite_schema"
                                 " WHERE type = 'table'";
    sqlite3_stmt *rows = NULL;
    ledger_crash(self);
    int failed = sqlite3_prepare_v2(self->database, tables, -1, &rows, NULL);
    while (!failed && sqlite3_step(rows) == SQLITE_ROW)
        failed = execute(self, (const char *)sqlite3_column_text(rows, 0), NULL);
    assert(!failed);
    sqlite3_finalize(rows);
}

void
ledger_destroy(ledger_t **self_p)
{
    ledger_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(self->cached); i++)
        sqlite3_finalize(self->cached[i]);
    sqlite3_close(self->database);
    free(self);
    *self_p = NULL;
}

int
ledger_commit(ledger_t *self, fault_t *fault)
{
    if (!self->open)
        return 0;
    sqlite3_stmt *commit = prepare(self, COMMIT, fault);
    if (!commit || finish(self, commit, fault))
        return -1;
    self->open = false;
    return 0;
}

static int
rank_of(const char *name)
{
    uint64_t version;
    if (!strncmp(name, "root.", 5))
        return text_read_u64(name + 5, 1, INT32_MAX / 2, &version) ? (int)version : 0;
    return !strcmp(name, "people") ? INT32_MAX - 1 : INT32_MAX;
}

int
ledger_put_document(ledger_t *self, const char *name, slice_t document, slice_t armors,
                    fault_t *fault)
{
    sqlite3_stmt *put = writing(self, PUT_DOCUMENT, fault);
    if (!put)
        return -1;
    bind_text(put, 1, name);
    sqlite3_bind_int(put, 2, rank_of(name));
    bind_slice(put, 3, document);
    bind_slice(put, 4, armors);
    return finish(self, put, fault);
}

int
ledger_each_document(ledger_t *self, ledger_document_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *rows = prepare(self, EACH_DOCUMENT, fault);
    int more;
    if (!rows)
        return -1;
    while ((more = next_row(self, rows, fault)) > 0) {
        if (each(context, column_slice(rows, 0), column_slice(rows, 1), fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_put_release(ledger_t *self, const hash_t *hash, slice_t document, slice_t armors,
                   slice_t files, fault_t *fault)
{
    sqlite3_stmt *put = writing(self, PUT_RELEASE, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, hash);
    bind_slice(put, 2, document);
    bind_slice(put, 3, armors);
    bind_slice(put, 4, files);
    return finish(self, put, fault);
}

int
ledger_get_release(ledger_t *self, const hash_t *hash, kept_release_t *out, fault_t *fault)
{
    sqlite3_stmt *get = prepare(self, GET_RELEASE, fault);
    if (!get)
        return -1;
    bind_hash(get, 1, hash);
    int found = next_row(self, get, fault);
    if (found > 0) {
        out->document = bytes_copy(column_slice(get, 0));
        out->armors = bytes_copy(column_slice(get, 1));
        out->files = bytes_copy(column_slice(get, 2));
        sqlite3_reset(get);
    }
    return found < 0 ? -1 : 0;
}

void
kept_release_clear(kept_release_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    bytes_destroy(&self->files);
}

int
ledger_put_part(ledger_t *self, const part_row_t *part, fault_t *fault)
{
    sqlite3_stmt *put = writing(self, PUT_PART, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, &part->run);
    bind_hash(put, 2, &part->authority);
    bind_hash(put, 3, &part->release);
    sqlite3_bind_int(put, 4, part->by_grant);
    sqlite3_bind_int64(put, 5, part->accepted.ms);
    sqlite3_bind_int(put, 6, part->closed);
    bind_slice(put, 7, part->offer);
    bind_slice(put, 8, part->evidence);
    return finish(self, put, fault);
}

int
ledger_close_part(ledger_t *self, const hash_t *run, fault_t *fault)
{
    sqlite3_stmt *close = writing(self, CLOSE_PART, fault);
    if (!close)
        return -1;
    bind_hash(close, 1, run);
    return finish(self, close, fault);
}

int
ledger_each_open_part(ledger_t *self, ledger_part_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *rows = prepare(self, EACH_PART, fault);
    int more;
    if (!rows)
        return -1;
    while ((more = next_row(self, rows, fault)) > 0) {
        part_row_t part = {
            .run = column_hash(rows, 0),
            .authority = column_hash(rows, 1),
            .release = column_hash(rows, 2),
            .by_grant = sqlite3_column_int(rows, 3),
            .accepted = {sqlite3_column_int64(rows, 4)},
            .closed = sqlite3_column_int(rows, 5),
            .offer = column_slice(rows, 6),
            .evidence = column_slice(rows, 7),
        };
        if (each(context, &part, fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_find_part(ledger_t *self, const hash_t *run, slice_t evidence, part_known_t *known,
                 bool *closed, fault_t *fault)
{
    sqlite3_stmt *find = prepare(self, FIND_PART, fault);
    if (!find)
        return -1;
    bind_hash(find, 1, run);
    int found = next_row(self, find, fault);
    if (found < 0)
        return -1;
    *known = PART_UNSEEN;
    if (found) {
        *known = slice_equal(column_slice(find, 0), evidence) ? PART_SAME : PART_OTHER;
        *closed = sqlite3_column_int(find, 1);
        sqlite3_reset(find);
    }
    return 0;
}

int
ledger_count_grant(ledger_t *self, const hash_t *grant, wall_t since, uint64_t *count,
                   fault_t *fault)
{
    sqlite3_stmt *counting = prepare(self, COUNT_GRANT, fault);
    if (!counting)
        return -1;
    bind_hash(counting, 1, grant);
    sqlite3_bind_int64(counting, 2, since.ms);
    if (next_row(self, counting, fault) != 1)
        return -1;
    *count = (uint64_t)sqlite3_column_int64(counting, 0);
    sqlite3_reset(counting);
    return 0;
}

int
ledger_put_effect(ledger_t *self, const effect_row_t *effect, fault_t *fault)
{
    sqlite3_stmt *put = writing(self, PUT_EFFECT, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, &effect->run);
    bind_text(put, 2, effect->step);
    sqlite3_bind_int64(put, 3, (int64_t)effect->attempt);
    sqlite3_bind_int64(put, 4, (int64_t)effect->index);
    bind_text(put, 5, effect->op);
    bind_hash(put, 6, &effect->arguments);
    bind_hash(put, 7, &effect->head);
    sqlite3_bind_int(put, 8, effect->done);
    bind_text(put, 9, effect->code);
    bind_text(put, 10, effect->text);
    bind_slice(put, 11, effect->result);
    return finish(self, put, fault);
}

int
ledger_each_effect(ledger_t *self, const hash_t *run, const char *step, uint64_t attempt,
                   ledger_effect_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *rows = prepare(self, EACH_EFFECT, fault);
    int more;
    if (!rows)
        return -1;
    bind_hash(rows, 1, run);
    bind_text(rows, 2, step);
    sqlite3_bind_int64(rows, 3, (int64_t)attempt);
    while ((more = next_row(self, rows, fault)) > 0) {
        effect_row_t effect = {
            .run = *run,
            .step = step,
            .attempt = attempt,
            .index = (uint64_t)sqlite3_column_int64(rows, 0),
            .op = (const char *)sqlite3_column_text(rows, 1),
            .arguments = column_hash(rows, 2),
            .head = column_hash(rows, 3),
            .done = sqlite3_column_int(rows, 4),
            .code = (const char *)sqlite3_column_text(rows, 5),
            .text = (const char *)sqlite3_column_text(rows, 6),
            .result = column_slice(rows, 7),
        };
        if (each(context, &effect, fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_has_intent(ledger_t *self, const hash_t *run, bool *intent, fault_t *fault)
{
    sqlite3_stmt *counting = prepare(self, HAS_INTENT, fault);
    if (!counting)
        return -1;
    bind_hash(counting, 1, run);
    if (next_row(self, counting, fault) != 1)
        return -1;
    *intent = sqlite3_column_int64(counting, 0) > 0;
    sqlite3_reset(counting);
    return 0;
}

int
ledger_put_receipt(ledger_t *self, uint64_t sequence, const hash_t *run, slice_t document,
                   slice_t armor, slice_t output, fault_t *fault)
{
    sqlite3_stmt *put = writing(self, PUT_RECEIPT, fault);
    if (!put)
        return -1;
    hash_t hash = hash_of(document);
    sqlite3_bind_int64(put, 1, (int64_t)sequence);
    bind_hash(put, 2, run);
    bind_hash(put, 3, &hash);
    bind_slice(put, 4, document);
    bind_slice(put, 5, armor);
    bind_slice(put, 6, output);
    return finish(self, put, fault);
}

int
ledger_acknowledge(ledger_t *self, uint64_t sequence, const hash_t *document, fault_t *fault)
{
    sqlite3_stmt *mark = writing(self, ACKNOWLEDGE, fault);
    if (!mark)
        return -1;
    sqlite3_bind_int64(mark, 1, (int64_t)sequence);
    bind_hash(mark, 2, document);
    return finish(self, mark, fault);
}

int
ledger_last_receipt(ledger_t *self, uint64_t *sequence, hash_t *head, fault_t *fault)
{
    sqlite3_stmt *last = prepare(self, LAST_RECEIPT, fault);
    if (!last)
        return -1;
    int found = next_row(self, last, fault);
    if (found < 0)
        return -1;
    *sequence = 0;
    *head = HASH_ZERO;
    if (found) {
        *sequence = (uint64_t)sqlite3_column_int64(last, 0);
        *head = column_hash(last, 1);
        sqlite3_reset(last);
    }
    return 0;
}

int
ledger_each_receipt(ledger_t *self, const hash_t *run, ledger_receipt_t *each, void *context,
                    fault_t *fault)
{
    sqlite3_stmt *rows = prepare(self, run ? EACH_RECEIPT_OF : EACH_RECEIPT_UNACKED, fault);
    int more;
    if (!rows)
        return -1;
    if (run)
        bind_hash(rows, 1, run);
    while ((more = next_row(self, rows, fault)) > 0) {
        if (each(context, (uint64_t)sqlite3_column_int64(rows, 0), column_slice(rows, 1),
                 column_slice(rows, 2), column_slice(rows, 3), fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}
