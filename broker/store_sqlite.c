/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store_private.h"
#include "common/file.h"
#include "common/text.h"

#define CHECKPOINT_PAGES  "4096" /* a page that many batches touch is carried over once */
#define CHECK_WHOLE_BYTES (16 * 1024 * 1024) /* of a larger one, what starting needs */

typedef struct {
    sqlite3 *database;
    sqlite3_stmt *put[ROW_KINDS], *find[FIND_COUNT],
        *drop[FIND_COUNT]; /* prepared when first used */
    sqlite3_stmt *begin, *commit;
    sqlite3_file *log; /* the database's write-ahead log, which it keeps open */
} sqlite_t;

typedef struct {
    row_kind_t kind;
    const char *tail; /* after "SELECT ... FROM table" */
} find_sql_t;

static const find_sql_t finds[FIND_COUNT] = {
    [FIND_INCIDENT] = {ROW_INCIDENT, "WHERE id = :number"},
    [FIND_INCIDENT_KEY] = {ROW_INCIDENT, "WHERE source = :text AND fingerprint = :other"
                                         " ORDER BY id DESC"},
    [FIND_INCIDENTS] = {ROW_INCIDENT, "ORDER BY id DESC"},
    [FIND_INCIDENTS_IN] = {ROW_INCIDENT, "WHERE state = :text ORDER BY id DESC"},
    [FIND_CHILDREN] = {ROW_INCIDENT, "WHERE parent = :number AND parent != 0 ORDER BY id DESC"},
    [FIND_DECISIONS] = {ROW_DECISION, "WHERE incident = :number ORDER BY rowid"},
    [FIND_RUN] = {ROW_RUN, "WHERE id = :hash"},
    [FIND_RUN_BEGUN] = {ROW_RUN, "WHERE worker = :text AND playbook = :other AND worker != ''"
                                 " ORDER BY created DESC"},
    [FIND_RUNS] = {ROW_RUN, "ORDER BY created DESC"},
    [FIND_RUNS_BEGUN] = {ROW_RUN, "WHERE by_grant = 1 AND created > :number"
                                  " ORDER BY created DESC"},
    [FIND_BRAKES] = {ROW_BRAKE, ""},
    [FIND_ALLOWANCE] = {ROW_ALLOWANCE, "WHERE worker = :text"},
    [FIND_DRAINS] = {ROW_DRAIN, ""},
    [FIND_RUNS_ACTIVE] = {ROW_RUN, "WHERE state = 'active' ORDER BY created"},
    [FIND_RUNS_OF] = {ROW_RUN, "WHERE incident = :number ORDER BY created DESC"},
    [FIND_PARTS] = {ROW_PART, "WHERE number = (SELECT number FROM run WHERE id = :hash)"
                              " ORDER BY wave, target"},
    [FIND_DOCUMENT] = {ROW_DOCUMENT, "WHERE hash = :hash"},
    [FIND_DOCUMENTS_LIVE] = {ROW_DOCUMENT, "WHERE live = 1"},
    [FIND_DOCUMENTS_OF] = {ROW_DOCUMENT, "WHERE kind = :text AND live = 1"},
    [FIND_KEPT] = {ROW_KEPT, "WHERE halt = :hash"},
    [FIND_WAITS] = {ROW_WAIT, "WHERE run = :hash AND open = 1 ORDER BY step, target"},
    [FIND_WAITS_OPEN] = {ROW_WAIT, "WHERE open = 1 ORDER BY run, step, target"},
    [FIND_SAID] = {ROW_SAID, "WHERE run = :hash AND target = :text ORDER BY start"},
    [FIND_SAID_LAST] = {ROW_SAID, "WHERE run = :hash AND target = :text ORDER BY start DESC"},
    [FIND_RECEIPT] = {ROW_RECEIPT, "WHERE worker = :text AND sequence = :number"},
    [FIND_RECEIPTS] = {ROW_RECEIPT, /* some were here before their run */
                       "WHERE run = :hash AND rowid IN (SELECT rowid FROM receipt WHERE number != 0"
                       " AND number = (SELECT number FROM run WHERE id = :hash)"
                       " UNION ALL SELECT rowid FROM receipt WHERE number = 0 AND run = :hash)"
                       " ORDER BY worker, sequence"},
    [FIND_STRAYS] = {ROW_RECEIPT, "WHERE number = 0 AND run = :hash ORDER BY worker, sequence"},
    [FIND_OUTPUT] = {ROW_OUTPUT, "WHERE hash = :hash"},
    [FIND_LEAVES] = {ROW_LEAF, "WHERE number >= :number ORDER BY number"},
    [FIND_EVENT] = {ROW_EVENT, "WHERE number = :number AND kind = 'event'"},
    [FIND_EVENTS_OF] = {ROW_EVENT, "WHERE incident = :number AND incident != 0 AND kind = 'event'"
                                   " ORDER BY number"},
    [FIND_EVENTS_RUN] =
        {ROW_EVENT, /* an incident's event is found by that: runs are scattered, numbers are not */
         "WHERE run = :hash AND number IN"
         " (SELECT number FROM leaf WHERE run = :hash AND kind = 'event' AND incident = 0"
         " UNION ALL SELECT number FROM leaf WHERE kind = 'event' AND incident != 0 AND incident ="
         " (SELECT incident FROM run WHERE id = :hash)) ORDER BY number"},
    [FIND_WORKERS] = {ROW_WORKER, ""},
    [FIND_ISLANDS] = {ROW_ISLAND, ""},
    [FIND_POSITION] = {ROW_POSITION, ""},
    [FIND_CHECKPOINT] = {ROW_CHECKPOINT, "ORDER BY size DESC"},
    [FIND_TILES] = {ROW_TILE, "ORDER BY number"},
    [FIND_TESTIMONIES] = {ROW_TESTIMONY, ""},
    [FIND_NOTICE] = {ROW_NOTICE, "WHERE number = :number"},
    [FIND_NOTICE_NEWEST] = {ROW_NOTICE, "ORDER BY number DESC"},
    [FIND_NOTICES_TO] = {ROW_NOTICE, "WHERE state = 'waiting' AND sink = :text ORDER BY number"},
    [FIND_NOTICES_BEFORE] = {ROW_NOTICE, "WHERE made < :number"},
};

sqlite3 *
store_database(const store_t *self)
{
    return ((const sqlite_t *)self->self)->database;
}

int
store_database_fault(sqlite3 *database, fault_t *fault, const char *what)
{
    fault_code_t code = sqlite3_errcode(database) == SQLITE_FULL ? FAULT_FULL : FAULT_IO;
    return fault_set(fault, code, "database: %s: %s", what, sqlite3_errmsg(database));
}

static int
run_sql(sqlite3 *database, const char *sql, fault_t *fault)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_database_fault(database, fault, sql);
    return 0;
}

static sqlite3_stmt *
prepare(sqlite3 *database, sqlite3_stmt **slot, const char *sql, fault_t *fault)
{
    if (!*slot &&
        sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
        store_database_fault(database, fault, sql);
        return NULL;
    }
    return *slot;
}

/* What the rows of a kind have in a column that is none of theirs. What belongs to a run bears its
 * number beside its hash: what comes one after another is written and found side by side, and
 * hashes are scattered over as many pages as there are. */
static const struct {
    const char *column, *value;
    const char *for_key; /* in the place of this key column; "" as another one */
} fixed[ROW_KINDS] = {
    [ROW_POSITION] = {"one", "1", ""},
    [ROW_EVENT] = {"kind", "'" LEAF_EVENT "'", NULL},
    [ROW_PART] = {"number", "(SELECT number FROM run WHERE id = ?1)", "run"},
    [ROW_RECEIPT] = {"number", "coalesce((SELECT number FROM run WHERE id = ?4), 0)", NULL},
};

static bool
is_key(row_kind_t kind, const column_t *column)
{
    const char *other = fixed[kind].for_key;
    return column->constancy == IS_KEY && !(other && !strcmp(other, column->name));
}

static sqlite3_stmt *
put_statement(sqlite_t *self, row_kind_t kind, fault_t *fault)
{
    if (self->put[kind])
        return self->put[kind];
    CLEANUP(bytes_destroy) bytes_t *sql = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *marks = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *sets = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *keys = bytes_new();
    bytes_addf(sql, "INSERT INTO %s (", row_table(kind));
    for (const column_t *column = row_columns(kind); column->name; column++) {
        bytes_addf(sql, "%s%s", marks->size ? ", " : "", column->name);
        bytes_addf(marks, "%s?", marks->size ? ", " : "");
        if (is_key(kind, column))
            bytes_addf(keys, keys->size ? ", %s" : "%s", column->name);
        else if (column->constancy == CHANGES)
            bytes_addf(sets, "%s%s = excluded.%s", sets->size ? ", " : "", column->name,
                       column->name);
    }
    if (fixed[kind].column) {
        bytes_addf(sql, ", %s", fixed[kind].column);
        bytes_addf(marks, ", %s", fixed[kind].value);
    }
    if (fixed[kind].for_key)
        bytes_addf(keys, keys->size ? ", %s" : "%s", fixed[kind].column);
    bytes_addf(sql, ") VALUES (%s)", bytes_text(marks));
    if (keys->size) /* what stays is not set: each index of it would be written again */
        bytes_addf(sql, " ON CONFLICT (%s) DO %s%s", bytes_text(keys),
                   sets->size ? "UPDATE SET " : "NOTHING", bytes_text(sets));
    return prepare(self->database, &self->put[kind], bytes_text(sql), fault);
}

static sqlite3_stmt *
find_statement(sqlite_t *self, find_t what, fault_t *fault)
{
    if (self->find[what])
        return self->find[what];
    CLEANUP(bytes_destroy) bytes_t *sql = bytes_new();
    row_kind_t kind = finds[what].kind;
    for (const column_t *column = row_columns(kind); column->name; column++)
        bytes_addf(sql, "%s%s", sql->size ? ", " : "SELECT ", column->name);
    bytes_addf(sql, " FROM %s %s LIMIT :limit", row_table(kind), finds[what].tail);
    return prepare(self->database, &self->find[what], bytes_text(sql), fault);
}

/* The word of an enum's column. */
static const char *
word_of(row_kind_t kind, unsigned number)
{
    return kind == ROW_INCIDENT    ? incident_word(number)
           : kind == ROW_RUN       ? run_word(number)
           : kind == ROW_NOTICE    ? notice_word(number)
           : kind == ROW_TESTIMONY ? testimony_word(number)
                                   : part_word(number);
}

static int
bind_cell(sqlite3_stmt *statement, int at, row_kind_t kind, const column_t *column,
          const row_t *row)
{
    const void *cell = (const char *)row + column->offset;
    const slice_t *bytes = cell;
    switch (column->type) {
    case COLUMN_NUMBER:
        return sqlite3_bind_int64(statement, at, (sqlite3_int64) * (const uint64_t *)cell);
    case COLUMN_WALL:
        return sqlite3_bind_int64(statement, at, ((const wall_t *)cell)->ms);
    case COLUMN_WORD:
        return sqlite3_bind_text(statement, at, word_of(kind, *(const unsigned *)cell), -1,
                                 SQLITE_STATIC);
    case COLUMN_BOOL:
        return sqlite3_bind_int(statement, at, *(const bool *)cell);
    case COLUMN_TEXT:
        return sqlite3_bind_text(statement, at, cell, -1, SQLITE_STATIC);
    case COLUMN_HASH:
        return sqlite3_bind_blob(statement, at, cell, HASH_BYTES, SQLITE_STATIC);
    case COLUMN_BYTES:
        return sqlite3_bind_blob64(statement, at, bytes->size ? (const void *)bytes->data : "",
                                   bytes->size, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static bool
load_word(unsigned *number, row_kind_t kind, const column_t *column, const char *word)
{
    for (unsigned i = 0; i < column->size; i++)
        if (!strcmp(word, word_of(kind, i))) {
            *number = i;
            return true;
        }
    return false;
}

/* False where the database holds what we never wrote. */
static bool
load_cell(sqlite3_stmt *statement, int at, const column_t *column, row_t *row)
{
    void *cell = (char *)row + column->offset;
    const char *text;
    switch (column->type) {
    case COLUMN_NUMBER:
        *(uint64_t *)cell = (uint64_t)sqlite3_column_int64(statement, at);
        return true;
    case COLUMN_WALL:
        ((wall_t *)cell)->ms = sqlite3_column_int64(statement, at);
        return true;
    case COLUMN_BOOL:
        *(bool *)cell = sqlite3_column_int(statement, at) != 0;
        return true;
    case COLUMN_WORD:
        text = (const char *)sqlite3_column_text(statement, at);
        return text && load_word(cell, row->kind, column, text);
    case COLUMN_TEXT:
        text = (const char *)sqlite3_column_text(statement, at);
        return text && text_copy(cell, column->size, text);
    case COLUMN_HASH:
        if (sqlite3_column_bytes(statement, at) != HASH_BYTES)
            return false;
        memcpy(cell, sqlite3_column_blob(statement, at), HASH_BYTES);
        return true;
    case COLUMN_BYTES:
        *(slice_t *)cell = slice_of(sqlite3_column_blob(statement, at),
                                    (size_t)sqlite3_column_bytes(statement, at));
        return true;
    }
    return false;
}

static int
step_once(sqlite_t *self, sqlite3_stmt *statement, const char *what, fault_t *fault)
{
    int status = sqlite3_step(statement);
    if (status != SQLITE_DONE)
        store_database_fault(self->database, fault, what);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? 0 : -1;
}

static int
sqlite_begin(void *self_, fault_t *fault)
{
    sqlite_t *self = self_;
    sqlite3_stmt *statement = prepare(self->database, &self->begin, "BEGIN IMMEDIATE", fault);
    return statement ? step_once(self, statement, "begin", fault) : -1;
}

static int
sqlite_commit(void *self_, fault_t *fault)
{
    sqlite_t *self = self_;
    sqlite3_stmt *statement = prepare(self->database, &self->commit, "COMMIT", fault);
    return statement ? step_once(self, statement, "commit", fault) : -1;
}

/* The database syncs its log by itself before it carries anything over (synchronous NORMAL); what
 * it leaves out is one sync behind each commit (FULL), and that is this one. A disk that gives room
 * late (a quota, one behind a network) says only here that it has none. */
static int
sqlite_sync(void *self_, fault_t *fault)
{
    sqlite_t *self = self_;
    const sqlite3_io_methods *methods = self->log->pMethods;
    int error = 0;
    if (methods->xSync(self->log, SQLITE_SYNC_NORMAL) == SQLITE_OK)
        return 0;
    methods->xFileControl(self->log, SQLITE_FCNTL_LAST_ERRNO, &error);
    return fault_set(fault, error == ENOSPC || error == EDQUOT ? FAULT_FULL : FAULT_IO,
                     "database: sync: %s", strerror(error));
}

static int
sqlite_put(void *self_, const row_t *row, fault_t *fault)
{
    sqlite_t *self = self_;
    sqlite3_stmt *statement = put_statement(self, row->kind, fault);
    int at = 1;
    if (!statement)
        return -1;
    for (const column_t *column = row_columns(row->kind); column->name; column++)
        if (bind_cell(statement, at++, row->kind, column, row) != SQLITE_OK)
            return store_database_fault(self->database, fault, column->name);
    return step_once(self, statement, row_table(row->kind), fault);
}

static int
bind_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    return at ? sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) : SQLITE_OK;
}

static int
bind_number(sqlite3_stmt *statement, const char *name, int64_t number)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    return at ? sqlite3_bind_int64(statement, at, number) : SQLITE_OK;
}

static int
bind_query(sqlite3_stmt *statement, const query_t *query)
{
    int at = sqlite3_bind_parameter_index(statement, ":hash");
    const char *text = query->what == FIND_INCIDENTS_IN
                           ? incident_word((incident_state_t)query->number)
                           : query->text;
    if (at && sqlite3_bind_blob(statement, at, &query->hash, HASH_BYTES, SQLITE_STATIC))
        return -1;
    return bind_text(statement, ":text", text) || bind_text(statement, ":other", query->other) ||
                   bind_number(statement, ":number", (int64_t)query->number) ||
                   bind_number(statement, ":limit", query->limit ? (int64_t)query->limit : -1)
               ? -1
               : 0;
}

static int
each_row(sqlite_t *self, sqlite3_stmt *statement, row_kind_t kind, on_row_t on_row, void *context,
         fault_t *fault)
{
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        row_t row = {.kind = kind};
        int at = 0;
        for (const column_t *column = row_columns(kind); column->name; column++)
            if (!load_cell(statement, at++, column, &row))
                return fault_set(fault, FAULT_FORMAT,
                                 "database: %s.%s holds what the broker never wrote; restore it",
                                 row_table(kind), column->name);
        if (kind == ROW_EVENT && !event_read(&row.event))
            return fault_set(fault, FAULT_FORMAT,
                             "database: leaf %llu is no event; restore the database",
                             (unsigned long long)row.event.number);
        if (!on_row(context, &row))
            return 0;
    }
    return status == SQLITE_DONE ? 0 : store_database_fault(self->database, fault, row_table(kind));
}

/* A find within a find of the same kind would reset the outer one: visitors do not nest them. */
static int
sqlite_find(void *self_, const query_t *query, on_row_t on_row, void *context, fault_t *fault)
{
    sqlite_t *self = self_;
    sqlite3_stmt *statement = find_statement(self, query->what, fault);
    if (!statement)
        return -1;
    assert(!sqlite3_stmt_busy(statement));
    if (bind_query(statement, query))
        return store_database_fault(self->database, fault, "bind");
    int result = each_row(self, statement, finds[query->what].kind, on_row, context, fault);
    sqlite3_reset(statement);
    return result;
}

static int
sqlite_drop(void *self_, const query_t *query, fault_t *fault)
{
    sqlite_t *self = self_;
    const find_sql_t *find = &finds[query->what];
    CLEANUP(bytes_destroy) bytes_t *sql = bytes_new();
    bytes_addf(sql, "DELETE FROM %s %s", row_table(find->kind), find->tail);
    sqlite3_stmt *statement =
        prepare(self->database, &self->drop[query->what], bytes_text(sql), fault);
    if (!statement)
        return -1;
    if (bind_query(statement, query))
        return store_database_fault(self->database, fault, "bind");
    return step_once(self, statement, row_table(find->kind), fault);
}

static void
sqlite_destroy(void **self_p)
{
    sqlite_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < ROW_KINDS; i++)
        sqlite3_finalize(self->put[i]);
    for (size_t i = 0; i < FIND_COUNT; i++)
        sqlite3_finalize(self->find[i]), sqlite3_finalize(self->drop[i]);
    sqlite3_finalize(self->begin);
    sqlite3_finalize(self->commit);
    sqlite3_close(self->database);
    free(self);
    *self_p = NULL;
}

static int
read_word(void *word, int count, char **cells, char **names)
{
    (void)names;
    if (count == 1 && cells[0])
        snprintf(word, 64, "%s", cells[0]);
    return 0;
}

static int
check_with(sqlite3 *database, const char *pragma, fault_t *fault)
{
    char word[64] = "";
    if (sqlite3_exec(database, pragma, read_word, word, NULL) != SQLITE_OK)
        return store_database_fault(database, fault, "quick_check");
    if (strcmp(word, "ok") != 0)
        return fault_set(fault, FAULT_FORMAT, "the database is damaged (%s): restore it", word);
    return 0;
}

int
store_check_whole(sqlite3 *database, fault_t *fault)
{
    return check_with(database, "PRAGMA quick_check(1)", fault);
}

/* Starting must not take longer the more has happened: history is checked while it is small. */
static int
check_database(sqlite3 *database, const char *path, fault_t *fault)
{
    struct stat facts;
    if (stat(path, &facts) || facts.st_size <= CHECK_WHOLE_BYTES)
        return store_check_whole(database, fault);
    return check_with(database, "PRAGMA quick_check('position')", fault) ||
                   check_with(database, "PRAGMA quick_check('worker')", fault)
               ? -1
               : 0;
}

static int
prepare_database(sqlite3 *database, const char *path, fault_t *fault)
{
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (run_sql(database,
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;"
                "PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES,
                fault))
        return -1;
    return check_database(database, path, fault) ? -1 : store_migrate(database, fault);
}

/* Synced here once, so that its name is in the folder. */
static int
find_log(sqlite_t *self, fault_t *fault)
{
    int status = sqlite3_file_control(self->database, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                      (void *)&self->log);
    if (status != SQLITE_OK || !self->log || !self->log->pMethods)
        return fault_set(fault, FAULT_IO, "the database has no write-ahead log");
    return sqlite_sync(self, fault);
}

int
store_set_aside(const char *path, fault_t *fault)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char moment[MOMENT_TEXT_MAX];
    wall_write_time(wall_now(), moment);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        char from[4096], to[4096 + 64];
        snprintf(from, sizeof from, "%s%s", path, ends[i]);
        snprintf(to, sizeof to, "%s.before-%s%s", path, moment, ends[i]);
        if (rename(from, to) && errno != ENOENT)
            return fault_errno(fault, "cannot move '%s' aside", from);
    }
    return 0;
}

int
store_check_lost(const char *folder, fault_t *fault)
{
    char path[4000], marker[4000];
    snprintf(path, sizeof path, "%s/" STORE_DATABASE, folder);
    snprintf(marker, sizeof marker, "%s/" STORE_MARKER, folder);
    if (access(marker, F_OK) || !access(path, F_OK))
        return 0;
    return fault_set(fault, FAULT_NOT_FOUND,
                     "'%s' is lost: restore it, or start another record with --new", path);
}

store_t *
store_sqlite(const char *folder, bool anew, fault_t *fault)
{
    char path[4000], marker[4000];
    snprintf(path, sizeof path, "%s/" STORE_DATABASE, folder);
    snprintf(marker, sizeof marker, "%s/" STORE_MARKER, folder);
    if (folder_make(folder, 0700, fault) ||
        (anew ? store_set_aside(path, fault) : store_check_lost(folder, fault)))
        return NULL;
    void *self_ = memory_new(1, sizeof(sqlite_t));
    CLEANUP(sqlite_destroy) void *guard = self_;
    sqlite_t *self = self_;
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* counts under a lock what nobody asks for */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &self->database, flags, NULL) != SQLITE_OK) {
        store_database_fault(self->database, fault, path);
        return NULL;
    }
    if (prepare_database(self->database, path, fault) || find_log(self, fault) ||
        file_write(marker, slice_text(STORE_DATABASE "\n"), 0600, fault)) {
        fault_wrap(fault, "'%s'", path);
        return NULL;
    }
    store_t *store = memory_new(1, sizeof *store);
    *store = (store_t){MOVE(guard), sqlite_begin, sqlite_put,  sqlite_commit,
                       sqlite_sync, sqlite_find,  sqlite_drop, sqlite_destroy};
    return store;
}
