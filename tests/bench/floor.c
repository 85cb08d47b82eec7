/* SPDX-License-Identifier: Apache-2.0 */
/* floor - what one process can make of alerts without HTTP, rules or anybody to answer: JSON read,
 * the rows written that the broker writes for an alert that waits for people, their leaves hashed.
 *
 *     floor FOLDER COUNT BATCH
 *
 * FOLDER receives a broker's database; BATCH alerts are in one transaction, as many as the broker
 * may find waiting. Prints alerts a second. */
#include <jansson.h>
#include <sqlite3.h>

#include "wire/merkle.h"
#include "broker/store.h"
#include "common/text.h"
#include "tests/bench/bench.h"

#define EVENT_TEXT "no grant covers it"

typedef enum { LEAF, INCIDENT, ALERT, EVENT, POSITION, TABLES } table_t;

static const char *const inserts[TABLES] = {
    [LEAF] = "INSERT INTO leaf (number, kind, bytes, hash) VALUES (?, ?, ?, ?)",
    [INCIDENT] =
        "INSERT INTO incident (id, source, fingerprint, name, state, severity, title, host,"
        " region, worker, starts, first, last, count, firing, leaf, playbooks, run, acted,"
        " reason) VALUES (?, 'demo', ?, 'BenchIngest', 'waiting', 'critical',"
        " ?, 'north-1.example', 'north', 'north-1', ?, ?, ?, 1, 1, ?, '', ?, 0, "
        "'" EVENT_TEXT "')",
    [ALERT] = "INSERT INTO alert VALUES (?, ?, 1, ?)",
    [EVENT] = "INSERT INTO event VALUES (?, ?, ?, 'waiting', '" EVENT_TEXT "', '', '', '', '', '')",
    [POSITION] = "INSERT OR REPLACE INTO position VALUES (?, ?, ?, x'', 1)",
};

typedef struct {
    sqlite3 *database;
    sqlite3_stmt *insert[TABLES];
    merkle_t log;
    uint64_t incidents;
} floor_t;

static void
need(const floor_t *self, bool good)
{
    if (good)
        return;
    fprintf(stderr, "bench: database: %s\n", sqlite3_errmsg(self->database));
    exit(EXIT_FAILURE);
}

static void
run_sql(const floor_t *self, const char *sql)
{
    need(self, sqlite3_exec(self->database, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static void
put(const floor_t *self, table_t table)
{
    need(self, sqlite3_step(self->insert[table]) == SQLITE_DONE);
    sqlite3_reset(self->insert[table]);
}

static void
bind_text(const floor_t *self, table_t table, int at, const char *text)
{
    sqlite3_bind_text(self->insert[table], at, text, -1, SQLITE_STATIC);
}

/* The store's own schema and settings. */
static void
open_database(floor_t *self, const char *folder)
{
    char path[4096];
    fault_t fault = {0};
    CLEANUP(store_destroy) store_t *store = store_sqlite(folder, false, &fault);
    if (!store)
        bench_die(&fault);
    store_destroy(&store);
    snprintf(path, sizeof path, "%s/broker.db", folder);
    need(self, sqlite3_open_v2(path, &self->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               NULL) == SQLITE_OK);
    run_sql(self,
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384");
    for (size_t i = 0; i < TABLES; i++)
        need(self, sqlite3_prepare_v3(self->database, inserts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &self->insert[i], NULL) == SQLITE_OK);
}

static uint64_t
put_leaf(floor_t *self, const char *kind, slice_t bytes)
{
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    uint64_t number = self->log.size;
    bytes_addf(leaf, "%s\n", kind);
    bytes_add_slice(leaf, bytes);
    hash_t hash = hash_leaf(bytes_slice(leaf));
    merkle_append(&self->log, &hash);
    sqlite3_bind_int64(self->insert[LEAF], 1, (sqlite3_int64)number);
    bind_text(self, LEAF, 2, kind);
    sqlite3_bind_blob64(self->insert[LEAF], 3, bytes.data, bytes.size, SQLITE_STATIC);
    sqlite3_bind_blob(self->insert[LEAF], 4, hash.bytes, HASH_BYTES, SQLITE_STATIC);
    put(self, LEAF);
    return number;
}

static void
put_incident(floor_t *self, const char *fingerprint, const char *title, wall_t now, uint64_t leaf)
{
    sqlite3_stmt *incident = self->insert[INCIDENT], *alert = self->insert[ALERT];
    sqlite3_bind_int64(incident, 1, (sqlite3_int64)++self->incidents);
    bind_text(self, INCIDENT, 2, fingerprint);
    bind_text(self, INCIDENT, 3, title);
    for (int at = 4; at <= 6; at++)
        sqlite3_bind_int64(incident, at, now.ms);
    sqlite3_bind_int64(incident, 7, (sqlite3_int64)leaf);
    sqlite3_bind_blob(incident, 8, HASH_ZERO.bytes, HASH_BYTES, SQLITE_STATIC);
    put(self, INCIDENT);
    sqlite3_bind_int64(alert, 1, (sqlite3_int64)self->incidents);
    sqlite3_bind_int64(alert, 2, now.ms);
    sqlite3_bind_int64(alert, 3, (sqlite3_int64)leaf);
    put(self, ALERT);
}

static void
put_event(floor_t *self, wall_t now)
{
    char line[128], moment[MOMENT_TEXT_MAX];
    sqlite3_stmt *event = self->insert[EVENT];
    wall_write_instant(now, moment);
    snprintf(line, sizeof line, "%s %llu waiting " EVENT_TEXT, moment,
             (unsigned long long)self->incidents);
    put_leaf(self, "event", slice_text(line));
    sqlite3_bind_int64(event, 1, now.ms);
    sqlite3_bind_int64(event, 2, (sqlite3_int64)self->incidents);
    sqlite3_bind_blob(event, 3, HASH_ZERO.bytes, HASH_BYTES, SQLITE_STATIC);
    put(self, EVENT);
}

static void
take(floor_t *self, const bytes_t *body)
{
    json_error_t error;
    wall_t now = wall_now();
    json_t *json = json_loadb((const char *)body->data, body->size, JSON_REJECT_DUPLICATES, &error);
    json_t *item = json_array_get(json_object_get(json, "alerts"), 0);
    const char *title =
        json_string_value(json_object_get(json_object_get(item, "annotations"), "summary"));
    const char *fingerprint = json_string_value(json_object_get(item, "fingerprint"));
    bench_need(title && fingerprint, error.text);
    uint64_t leaf = put_leaf(self, "alert", bytes_slice(body));
    put_incident(self, fingerprint, title, now, leaf);
    put_event(self, now);
    json_decref(json);
}

static void
commit(floor_t *self)
{
    sqlite3_bind_int64(self->insert[POSITION], 1, (sqlite3_int64)self->log.size);
    sqlite3_bind_blob(self->insert[POSITION], 2, HASH_ZERO.bytes, HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(self->insert[POSITION], 3, (sqlite3_int64)self->incidents);
    put(self, POSITION);
    run_sql(self, "COMMIT");
}

int
main(int argc, char **argv)
{
    uint64_t count, batch;
    floor_t self = {0};
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    if (argc != 4 || !text_read_u64(argv[2], 1, INT32_MAX, &count) ||
        !text_read_u64(argv[3], 1, INT32_MAX, &batch)) {
        fprintf(stderr, "usage: floor FOLDER COUNT BATCH\n");
        return EXIT_FAILURE;
    }
    open_database(&self, argv[1]);
    double spent = 0;
    for (uint64_t i = 0; i < count; i++) {
        bytes_clear(body);
        bench_alert(body, BENCH_HOST, "BenchIngest", "/", i);
        double start = bench_us();
        if (i % batch == 0)
            run_sql(&self, "BEGIN IMMEDIATE");
        take(&self, body);
        if (i % batch == batch - 1 || i == count - 1)
            commit(&self);
        spent += bench_us() - start;
    }
    bench_say("floor_per_second", (double)count * 1e6 / spent);
    for (size_t i = 0; i < TABLES; i++)
        sqlite3_finalize(self.insert[i]);
    sqlite3_close(self.database);
    return EXIT_SUCCESS;
}
