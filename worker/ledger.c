/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "worker/ledger_private.h"

/* Pages of the log that are copied into the database when nobody waits, and whoever waits. */
#define LOG_LONG 400
#define LOG_MAX  2000

#define CHECK_WHOLE_PAGES 4096 /* 16 MiB; of a larger one, what starting needs */

/* What makes version N + 1 of version N. */
static const char *const schemas[] = {
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
    "CREATE INDEX receipt_unacked ON receipt (sequence) WHERE acked = 0;",

    /* Stops and resumes come behind fleets. */
    "UPDATE document SET rank = rank - 3 WHERE rank >= 2147483646;"
    "ALTER TABLE effect RENAME TO effect_1;"
    "CREATE TABLE effect (run BLOB NOT NULL, step TEXT NOT NULL, phase INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, ix INTEGER NOT NULL, op TEXT NOT NULL, arguments BLOB NOT NULL,"
    " head BLOB NOT NULL, done INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,"
    " result BLOB NOT NULL, PRIMARY KEY (run, step, phase, attempt, ix)) STRICT, WITHOUT ROWID;"
    "INSERT INTO effect SELECT run, step, 0, attempt, ix, op, arguments, head, done, code, text,"
    " result FROM effect_1;"
    "DROP TABLE effect_1;"
    "CREATE TABLE wait (run BLOB NOT NULL, step TEXT NOT NULL, asked INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, armors BLOB NOT NULL, PRIMARY KEY (run, step)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE output (run BLOB NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (run, start)) STRICT;",

    "CREATE TABLE log (broker TEXT PRIMARY KEY, key BLOB NOT NULL, size INTEGER NOT NULL,"
    " head BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    "CREATE TABLE beacon (one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL) STRICT;",
    "ALTER TABLE log ADD COLUMN restarted INTEGER NOT NULL DEFAULT 0;",

    /* What belongs to a run bears its part's number: what comes one after another is written and
     * found side by side, and hashes are scattered over as many pages as there are. */
    "CREATE TABLE part_5 (number INTEGER PRIMARY KEY, run BLOB NOT NULL UNIQUE,"
    " authority BLOB NOT NULL, release BLOB NOT NULL, by_grant INTEGER NOT NULL,"
    " accepted INTEGER NOT NULL, closed INTEGER NOT NULL, offer BLOB NOT NULL,"
    " evidence BLOB NOT NULL) STRICT;"
    "INSERT INTO part_5 SELECT NULL, run, authority, release, by_grant, accepted, closed, offer,"
    " evidence FROM part ORDER BY accepted, rowid;"
    "CREATE TABLE effect_5 (number INTEGER NOT NULL, step TEXT NOT NULL, phase INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, ix INTEGER NOT NULL, op TEXT NOT NULL, arguments BLOB NOT NULL,"
    " head BLOB NOT NULL, done INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,"
    " result BLOB NOT NULL, PRIMARY KEY (number, step, phase, attempt, ix)) STRICT, WITHOUT ROWID;"
    "INSERT INTO effect_5 SELECT number, step, phase, attempt, ix, op, arguments, head, done, code,"
    " text, result FROM effect JOIN part_5 USING (run);"
    "CREATE TABLE output_5 (number INTEGER NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (number, start)) STRICT;"
    "INSERT INTO output_5 SELECT number, start, bytes FROM output JOIN part_5 USING (run);"
    "CREATE TABLE receipt_5 (sequence INTEGER PRIMARY KEY, number INTEGER NOT NULL," /* 0: none */
    " run BLOB NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL, armor BLOB NOT NULL,"
    " output BLOB NOT NULL, acked INTEGER NOT NULL) STRICT;"
    "INSERT INTO receipt_5 SELECT sequence, coalesce(number, 0), receipt.run, hash, bytes, armor,"
    " output, acked FROM receipt LEFT JOIN part_5 USING (run);"
    "DROP TABLE part; DROP TABLE effect; DROP TABLE output; DROP TABLE receipt;"
    "ALTER TABLE part_5 RENAME TO part; ALTER TABLE effect_5 RENAME TO effect;"
    "ALTER TABLE output_5 RENAME TO output; ALTER TABLE receipt_5 RENAME TO receipt;"
    "CREATE INDEX part_open ON part (accepted) WHERE closed = 0;"
    "CREATE INDEX part_grant ON part (authority, accepted) WHERE by_grant = 1;"
    "CREATE INDEX receipt_run ON receipt (number) WHERE number != 0;"
    "CREATE INDEX receipt_stray ON receipt (run) WHERE number = 0;"
    "CREATE INDEX receipt_unacked ON receipt (sequence) WHERE acked = 0;",
};

#define SCHEMA_VERSION ((int)ARRAY_SIZE(schemas))

#define NUMBER_OF_RUN "(SELECT number FROM part WHERE run = ?1)"

static const char *const statements[] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    /* The same bytes keep the armors that held over them: nobody looks at others again. */
    [PUT_DOCUMENT] = "INSERT INTO document VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                     " rank = excluded.rank, bytes = excluded.bytes, armors = excluded.armors"
                     " WHERE document.bytes <> excluded.bytes",
    [DROP_DOCUMENT] = "DELETE FROM document WHERE name = ?",
    [EACH_DOCUMENT] = "SELECT bytes, armors FROM document ORDER BY rank, name",
    [PUT_LOG] = "INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?, ?)",
    [EACH_LOG] = "SELECT broker, key, size, head, restarted FROM log ORDER BY broker",
    [PUT_RELEASE] = "INSERT OR REPLACE INTO release VALUES (?, ?, ?, ?)",
    [GET_RELEASE] = "SELECT bytes, armors, files FROM release WHERE hash = ?",
    [PUT_PART] = "INSERT INTO part VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
    [CLOSE_PART] = "UPDATE part SET closed = 1 WHERE run = ?",
    [EACH_PART] = "SELECT run, authority, release, by_grant, accepted, closed, offer, evidence"
                  " FROM part WHERE closed = 0 ORDER BY accepted",
    [GET_PART] = "SELECT run, authority, release, by_grant, accepted, closed, offer, evidence"
                 " FROM part WHERE run = ?",
    [FIND_PART] = "SELECT evidence, closed FROM part WHERE run = ?",
    [COUNT_GRANT] = "SELECT count(*) FROM part WHERE authority = ? AND accepted >= ?"
                    " AND accepted < ? AND by_grant = 1",
    [PUT_EFFECT] =
        "INSERT OR REPLACE INTO effect VALUES (" NUMBER_OF_RUN ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [EACH_EFFECT] =
        "SELECT ix, op, arguments, head, done, code, text, result FROM effect"
        " WHERE number = " NUMBER_OF_RUN " AND step = ? AND phase = ? AND attempt = ? ORDER BY ix",
    [HAS_INTENT] = "SELECT count(*) FROM effect WHERE number = " NUMBER_OF_RUN " AND done = 0",
    [HAS_BEGUN] = "SELECT EXISTS (SELECT 1 FROM effect WHERE number = " NUMBER_OF_RUN ")"
                  " OR EXISTS (SELECT 1 FROM receipt WHERE number != 0"
                  " AND number = " NUMBER_OF_RUN ")"
                  " OR EXISTS (SELECT 1 FROM receipt WHERE number = 0 AND run = ?1)",
    [PUT_WAIT] = "INSERT OR REPLACE INTO wait VALUES (?, ?, ?, ?, ?)",
    [EACH_WAIT] = "SELECT step, asked, bytes, armors FROM wait WHERE run = ? ORDER BY asked, step",
    [PUT_OUTPUT] = "INSERT INTO output VALUES (" NUMBER_OF_RUN ", ?, ?)",
    [GET_OUTPUT] = "SELECT bytes FROM output WHERE number = " NUMBER_OF_RUN " ORDER BY start",
    [PUT_RECEIPT] = "INSERT INTO receipt VALUES (?2, coalesce(" NUMBER_OF_RUN ", 0), ?1, ?, ?,"
                    " x'', ?, 0)",
    [PUT_ARMOR] = "UPDATE receipt SET armor = ?2 WHERE sequence = ?1",
    [ACKNOWLEDGE] = "UPDATE receipt SET acked = 1 WHERE sequence = ? AND hash = ?",
    [LAST_RECEIPT] = "SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1",
    [EACH_RECEIPT_OF] = /* some were here before the run's part */
    "SELECT sequence, bytes, armor, output FROM receipt WHERE sequence IN"
    " (SELECT sequence FROM receipt WHERE number != 0 AND number = " NUMBER_OF_RUN
    " UNION ALL SELECT sequence FROM receipt WHERE number = 0 AND run = ?1) ORDER BY sequence",
    [OLDEST_RECEIPTS] = "SELECT (SELECT min(sequence) FROM receipt),"
                        " (SELECT min(sequence) FROM receipt WHERE acked = 0),"
                        " (SELECT max(sequence) FROM receipt)",
    [OLD_RECEIPT] = "SELECT sequence, bytes FROM receipt WHERE acked = 1 AND sequence ="
                    " (SELECT min(sequence) FROM receipt)"
                    " AND sequence < (SELECT max(sequence) FROM receipt)",
    [FORGET_RECEIPT] = "DELETE FROM receipt WHERE sequence = ?",
    [EACH_RECEIPT_FROM] = "SELECT sequence, bytes, armor, output FROM receipt WHERE sequence >= ?"
                          " ORDER BY sequence LIMIT ?",
    [PUT_BEACON] = "INSERT OR REPLACE INTO beacon VALUES (1, ?)",
    [GET_BEACON] = "SELECT state FROM beacon",
};

static int
fail(const ledger_t *self, fault_t *fault)
{
    bool full = sqlite3_errcode(self->database) == SQLITE_FULL;
    return fault_set(fault, full ? FAULT_FULL : FAULT_IO, "ledger: %s",
                     sqlite3_errmsg(self->database));
}

sqlite3_stmt *
ledger_prepare(ledger_t *self, statement_t which, fault_t *fault)
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

int
ledger_finish(ledger_t *self, sqlite3_stmt *statement, fault_t *fault)
{
    int result = sqlite3_step(statement);
    int failed = result == SQLITE_DONE ? 0 : fail(self, fault);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return failed;
}

int
ledger_next_row(ledger_t *self, sqlite3_stmt *statement, fault_t *fault)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return 1;
    int failed = result == SQLITE_DONE ? 0 : fail(self, fault);
    sqlite3_reset(statement);
    return failed;
}

sqlite3_stmt *
ledger_writing(ledger_t *self, statement_t which, fault_t *fault)
{
    if (!self->open) {
        sqlite3_stmt *begin = ledger_prepare(self, BEGIN, fault);
        if (!begin || ledger_finish(self, begin, fault))
            return NULL;
        self->open = true;
    }
    return ledger_prepare(self, which, fault);
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
    char now[40];
    if (read_number(self, "PRAGMA user_version", &version, fault))
        return -1;
    if (version > SCHEMA_VERSION)
        return fault_set(fault, FAULT_VERSION,
                         "the ledger was written by a newer tocsin-worker (schema %lld, ours %d)",
                         (long long)version, SCHEMA_VERSION);
    if (version == SCHEMA_VERSION)
        return check(self, fault);
    if (execute(self, "BEGIN", fault))
        return -1;
    for (int next = (int)version; next < SCHEMA_VERSION; next++)
        if (execute(self, schemas[next], fault))
            return -1;
    snprintf(now, sizeof now, "PRAGMA user_version = %d", SCHEMA_VERSION);
    return execute(self, now, fault) || execute(self, "COMMIT", fault) ? -1 : 0;
}

/* Keeps allocated room ahead of the log's end, which is all that a commit needs; the log shrinks
 * when it was copied into the database. Where no room can be made, the commit that needs it says
 * so. */
static void
reserve(ledger_t *self)
{
    struct stat facts;
    if (self->log < 0 || fstat(self->log, &facts))
        return;
    if (facts.st_size < self->log_size)
        self->reserved = 0;
    self->log_size = facts.st_size;
    if (self->reserved < self->log_size + LEDGER_RESERVE / 2 &&
        !fallocate(self->log, FALLOC_FL_KEEP_SIZE, self->log_size, LEDGER_RESERVE))
        self->reserved = self->log_size + LEDGER_RESERVE;
}

/* The log is there once the database was read. SQLite locks the database alone: another descriptor
 * of the log, closed, takes no lock away. */
static void
open_log(ledger_t *self, const char *path)
{
    CLEANUP(bytes_destroy) bytes_t *log = bytes_new();
    bytes_addf(log, "%s-wal", path);
    self->log = open(bytes_text(log), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    reserve(self);
}

static int
on_commit(void *ledger, sqlite3 *database, const char *name, int pages)
{
    ledger_t *self = ledger;
    self->log_pages = pages;
    if (pages >= LOG_MAX)
        sqlite3_wal_checkpoint(database, name);
    return SQLITE_OK;
}

ledger_t *
ledger_open(const char *path, fault_t *fault)
{
    static const char settings[] =
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA cache_size = -1024;"
        "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 8388608";
    CLEANUP(ledger_destroy) ledger_t *self = memory_new(1, sizeof *self);
    self->log = -1;
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* counts under a lock what nobody asks for */
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
    open_log(self, path);
    sqlite3_wal_hook(self->database, on_commit, self);
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
    self->open = self->counted.known = false;
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
ledger_copy(ledger_t *to, ledger_t *from)
{
    assert(!to->open && !from->open);
    sqlite3_backup *copy = sqlite3_backup_init(to->database, "main", from->database, "main");
    assert(copy);
    int copied = sqlite3_backup_step(copy, -1);
    int failed = sqlite3_backup_finish(copy);
    assert(copied == SQLITE_DONE && !failed);
    to->counted.known = false;
}

void
ledger_destroy(ledger_t **self_p)
{
    ledger_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(self->cached); i++)
        sqlite3_finalize(self->cached[i]);
    descriptor_close(&self->log);
    sqlite3_close(self->database);
    free(self);
    *self_p = NULL;
}

void
ledger_do_last(ledger_t *self, ledger_last_t *last, void *context)
{
    self->last = last;
    self->last_context = context;
}

int
ledger_commit(ledger_t *self, fault_t *fault)
{
    if (!self->open)
        return 0;
    if (self->last && self->last(self->last_context, fault))
        return -1;
    sqlite3_stmt *commit = ledger_prepare(self, COMMIT, fault);
    if (!commit || ledger_finish(self, commit, fault))
        return -1;
    self->open = false;
    reserve(self);
    return 0;
}

int
ledger_rest(ledger_t *self, fault_t *fault)
{
    if (self->awaiting || self->log_pages < LOG_LONG)
        return 0;
    if (ledger_commit(self, fault))
        return -1;
    sqlite3_wal_checkpoint(self->database, NULL);
    self->log_pages = 0;
    return 0;
}

void
ledger_shrink(ledger_t *self)
{
    sqlite3_db_release_memory(self->database);
}

static int
rank_of(const char *name)
{
    static const char *const behind[] = {"people", "fleet.", "stop.", "resume."};
    uint64_t version;
    if (!strncmp(name, "root.", 5))
        return text_read_u64(name + 5, 1, INT32_MAX / 2, &version) ? (int)version : 0;
    for (int i = 0; i < (int)ARRAY_SIZE(behind); i++)
        if (!strncmp(name, behind[i], strlen(behind[i])))
            return INT32_MAX - 4 + i;
    return INT32_MAX;
}

int
ledger_put_document(ledger_t *self, const char *name, slice_t document, slice_t armors,
                    fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_DOCUMENT, fault);
    if (!put)
        return -1;
    bind_text(put, 1, name);
    sqlite3_bind_int(put, 2, rank_of(name));
    bind_slice(put, 3, document);
    bind_slice(put, 4, armors);
    return ledger_finish(self, put, fault);
}

int
ledger_drop_document(ledger_t *self, const char *name, fault_t *fault)
{
    sqlite3_stmt *drop = ledger_writing(self, DROP_DOCUMENT, fault);
    if (!drop)
        return -1;
    bind_text(drop, 1, name);
    return ledger_finish(self, drop, fault);
}

int
ledger_each_document(ledger_t *self, ledger_document_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_DOCUMENT, fault);
    int more;
    if (!rows)
        return -1;
    while ((more = ledger_next_row(self, rows, fault)) > 0) {
        if (each(context, column_slice(rows, 0), column_slice(rows, 1), fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_put_log(ledger_t *self, const log_row_t *log, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_LOG, fault);
    if (!put)
        return -1;
    bind_text(put, 1, log->broker);
    bind_hash(put, 2, &log->key);
    sqlite3_bind_int64(put, 3, (sqlite3_int64)log->size);
    bind_hash(put, 4, &log->head);
    sqlite3_bind_int64(put, 5, log->restarted.ms);
    return ledger_finish(self, put, fault);
}

int
ledger_each_log(ledger_t *self, ledger_log_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_LOG, fault);
    int more;
    if (!rows)
        return -1;
    while ((more = ledger_next_row(self, rows, fault)) > 0) {
        log_row_t row = {.broker = (const char *)sqlite3_column_text(rows, 0),
                         .key = column_hash(rows, 1),
                         .size = (uint64_t)sqlite3_column_int64(rows, 2),
                         .head = column_hash(rows, 3),
                         .restarted = {sqlite3_column_int64(rows, 4)}};
        if (each(context, &row, fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_put_beacon(ledger_t *self, slice_t state, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_BEACON, fault);
    if (!put)
        return -1;
    bind_slice(put, 1, state);
    return ledger_finish(self, put, fault);
}

int
ledger_get_beacon(ledger_t *self, ledger_beacon_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *get = ledger_prepare(self, GET_BEACON, fault);
    if (!get)
        return -1;
    int found = ledger_next_row(self, get, fault);
    if (found <= 0)
        return found;
    int failed = each(context, column_slice(get, 0), fault);
    sqlite3_reset(get);
    return failed;
}

int
ledger_put_release(ledger_t *self, const hash_t *hash, slice_t document, slice_t armors,
                   slice_t files, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_RELEASE, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, hash);
    bind_slice(put, 2, document);
    bind_slice(put, 3, armors);
    bind_slice(put, 4, files);
    return ledger_finish(self, put, fault);
}

int
ledger_get_release(ledger_t *self, const hash_t *hash, kept_release_t *out, fault_t *fault)
{
    sqlite3_stmt *get = ledger_prepare(self, GET_RELEASE, fault);
    if (!get)
        return -1;
    bind_hash(get, 1, hash);
    int found = ledger_next_row(self, get, fault);
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
