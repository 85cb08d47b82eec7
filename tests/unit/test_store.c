/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/store.h"
#include "tests/unit/broker_1.h"

/* Both twins go through the same cases. */
typedef struct {
    store_t *store;
    char folder[64]; /* "" in memory */
} house_t;

static const char *const files[] = {"broker.db", "broker.db-wal", "broker.db-shm", "initialised"};

static int
begin_memory(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    self->store = store_memory();
    *state = self;
    return 0;
}

static int
begin_sqlite(void **state)
{
    fault_t fault = {0};
    house_t *self = memory_new(1, sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/tocsin-store-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    self->store = store_sqlite(self->folder, false, &fault);
    if (!self->store)
        fail_msg("%s", fault.text);
    *state = self;
    return 0;
}

static int
end(void **state)
{
    char command[256];
    house_t *self = *state;
    store_destroy(&self->store);
    if (self->folder[0]) {
        snprintf(command, sizeof command, "rm -r '%s'", self->folder);
        assert_int_equal(system(command), 0);
    }
    free(self);
    return 0;
}

static void
put(house_t *self, const row_t *row)
{
    fault_t fault = {0};
    if (self->store->begin(self->store->self, &fault) ||
        self->store->put(self->store->self, row, &fault) ||
        self->store->commit(self->store->self, &fault) ||
        self->store->sync(self->store->self, &fault))
        fail_msg("%s", fault.text);
}

static void
reopen(house_t *self)
{
    fault_t fault = {0};
    if (!self->folder[0])
        return;
    store_destroy(&self->store);
    self->store = store_sqlite(self->folder, false, &fault);
    if (!self->store)
        fail_msg("%s", fault.text);
}

typedef struct {
    size_t count;
    char text[256]; /* what was found, in order */
} seen_t;

static bool
see(void *context, const row_t *row)
{
    seen_t *self = context;
    size_t used = strlen(self->text);
    self->count++;
    if (row->kind == ROW_INCIDENT)
        snprintf(self->text + used, sizeof self->text - used, "%llu ",
                 (unsigned long long)row->incident.id);
    else if (row->kind == ROW_PART)
        snprintf(self->text + used, sizeof self->text - used, "%s ", row->part.target);
    else if (row->kind == ROW_LEAF)
        snprintf(self->text + used, sizeof self->text - used, "%.*s ", (int)row->leaf.bytes.size,
                 (const char *)row->leaf.bytes.data);
    else if (row->kind == ROW_EVENT)
        snprintf(self->text + used, sizeof self->text - used, "%s/%s ", row->event.text,
                 row->event.worker);
    else if (row->kind == ROW_RUN)
        snprintf(self->text + used, sizeof self->text - used, "%s ", row->run.playbook);
    else if (row->kind == ROW_RECEIPT)
        snprintf(self->text + used, sizeof self->text - used, "%llu ",
                 (unsigned long long)row->receipt.sequence);
    else if (row->kind == ROW_NOTICE)
        snprintf(self->text + used, sizeof self->text - used, "%llu ",
                 (unsigned long long)row->notice.number);
    return true;
}

static void
finds(house_t *self, query_t query, const char *expected)
{
    fault_t fault = {0};
    seen_t seen = {0};
    if (self->store->find(self->store->self, &query, see, &seen, &fault))
        fail_msg("%s", fault.text);
    assert_string_equal(seen.text, expected);
}

static void
put_incident(house_t *self, uint64_t id, incident_state_t state, const char *fingerprint)
{
    row_t row = {.kind = ROW_INCIDENT, .incident = {.id = id, .state = state, .count = 3}};
    snprintf(row.incident.source, sizeof row.incident.source, "demo");
    snprintf(row.incident.fingerprint, sizeof row.incident.fingerprint, "%s", fingerprint);
    snprintf(row.incident.title, sizeof row.incident.title, "a 'title' with データ");
    put(self, &row);
}

static void
keeps_incidents_and_finds_them_by_number_key_and_state(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    put_incident(self, 1, INCIDENT_WAITING, "aa");
    put_incident(self, 2, INCIDENT_RESOLVED, "aa");
    put_incident(self, 3, INCIDENT_WAITING, "bb");
    put_incident(self, 1, INCIDENT_FAILED, "aa");
    reopen(self);
    finds(self, (query_t){.what = FIND_INCIDENTS}, "3 2 1 ");
    finds(self, (query_t){.what = FIND_INCIDENTS, .limit = 2}, "3 2 ");
    finds(self, (query_t){.what = FIND_INCIDENTS_IN, .number = INCIDENT_FAILED}, "1 ");
    query_t key = {.what = FIND_INCIDENT_KEY, .text = "demo", .other = "aa"};
    CLEANUP(row_destroy) row_t *newest = store_first(self->store, &key, &fault);
    assert_int_equal(newest->incident.id, 2);
    assert_int_equal(newest->incident.state, INCIDENT_RESOLVED);
    assert_string_equal(newest->incident.title, "a 'title' with データ");
    key.other = "cc";
    assert_null(store_first(self->store, &key, &fault));
    assert_int_equal(fault.code, FAULT_NONE);
}

static void
put_run(house_t *self, const char *playbook, run_state_t state, int64_t created)
{
    row_t row = {.kind = ROW_RUN,
                 .run = {.id = hash_of(slice_text(playbook)),
                         .state = state,
                         .created = {created},
                         .incident = 7}};
    snprintf(row.run.playbook, sizeof row.run.playbook, "%s", playbook);
    put(self, &row);
}

static void
put_part(house_t *self, const char *playbook, const char *target, uint64_t wave)
{
    row_t row = {.kind = ROW_PART,
                 .part = {.run = hash_of(slice_text(playbook)),
                          .wave = wave,
                          .state = PART_ACCEPTED,
                          .verified = true}};
    snprintf(row.part.target, sizeof row.part.target, "%s", target);
    put(self, &row);
}

static void
keeps_runs_and_their_parts_in_order(void **state)
{
    house_t *self = *state;
    put_run(self, "first", RUN_SUCCEEDED, 10);
    put_run(self, "second", RUN_ACTIVE, 20);
    put_part(self, "second", "w2", 1);
    put_part(self, "second", "w1", 2);
    put_part(self, "second", "w1/host", 1);
    put_part(self, "first", "w9", 1);
    reopen(self);
    hash_t second = hash_of(slice_text("second"));
    finds(self, (query_t){.what = FIND_RUNS}, "second first ");
    finds(self, (query_t){.what = FIND_RUNS_ACTIVE}, "second ");
    finds(self, (query_t){.what = FIND_RUNS_OF, .number = 7}, "second first ");
    finds(self, (query_t){.what = FIND_RUN, .hash = second}, "second ");
    finds(self, (query_t){.what = FIND_PARTS, .hash = second}, "w1/host w2 w1 ");
}

static void
keeps_bytes_as_they_are(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    static const uint8_t odd[] = {0, 255, '\'', 0};
    hash_t hash = hash_of(slice_text("x"));
    row_t row = {
        .kind = ROW_DOCUMENT,
        .document = {
            hash, "release", true, slice_of(odd, sizeof odd), {NULL, 0}, slice_text("mE")}};
    put(self, &row);
    reopen(self);
    query_t query = {.what = FIND_DOCUMENTS_LIVE};
    CLEANUP(row_destroy) row_t *found = store_first(self->store, &query, &fault);
    assert_non_null(found);
    assert_int_equal(found->document.bytes.size, sizeof odd);
    assert_memory_equal(found->document.bytes.data, odd, sizeof odd);
    assert_int_equal(found->document.armors.size, 0);
    assert_true(hash_equal(&found->document.hash, &hash));
}

static void
keeps_the_log_and_one_position(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    for (uint64_t i = 0; i < 12; i++) {
        char text[8];
        snprintf(text, sizeof text, "%llu", (unsigned long long)i);
        row_t leaf = {.kind = ROW_LEAF, .leaf = {i, "alert", slice_text(text), HASH_ZERO, 0}};
        row_t position = {.kind = ROW_POSITION,
                          .position = {i + 1, slice_text(text), 5, slice_text("")}};
        put(self, &leaf);
        put(self, &position);
    }
    reopen(self);
    finds(self, (query_t){.what = FIND_LEAVES, .number = 9}, "9 10 11 ");
    finds(self, (query_t){.what = FIND_LEAVES, .number = 3, .limit = 2}, "3 4 ");
    query_t query = {.what = FIND_POSITION};
    CLEANUP(row_destroy) row_t *found = store_first(self->store, &query, &fault);
    assert_int_equal(found->position.size, 12);
    assert_true(slice_is(found->position.edge, "11"));
}

static void
put_event(house_t *self, uint64_t number, uint64_t incident, const char *run, const char *text)
{
    row_t row = {
        .kind = ROW_EVENT,
        .event = {.number = number, .at = {1700000000123}, .incident = incident, .run = HASH_ZERO}};
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    if (run)
        row.event.run = hash_of(slice_text(run));
    snprintf(row.event.kind, sizeof row.event.kind, "part");
    snprintf(row.event.text, sizeof row.event.text, "%s", text);
    snprintf(row.event.worker, sizeof row.event.worker, "w1");
    event_write(&row.event, line);
    row.event.bytes = bytes_slice(line);
    put(self, &row);
}

static void
keeps_an_event_as_a_leaf_and_finds_it_by_what_it_is_about(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    row_t alert = {.kind = ROW_LEAF,
                   .leaf = {.number = 0, .kind = "alert", .bytes = slice_text("a"), .incident = 7}};
    put(self, &alert);
    put_run(self, "of-7", RUN_ACTIVE, 10);
    put_event(self, 1, 7, NULL, "about 7");
    put_event(self, 2, 8, NULL, "about 8");
    put_event(self, 3, 7, "of-7", "7 and its run");
    put_event(self, 4, 0, "of-7", "its run only");
    put_event(self, 5, 0, "by-order", "another's");
    put_event(self, 6, 0, NULL, "");
    reopen(self);
    hash_t run = hash_of(slice_text("of-7")), order = hash_of(slice_text("by-order"));
    finds(self, (query_t){.what = FIND_EVENTS_OF, .number = 7}, "about 7/w1 7 and its run/w1 ");
    finds(self, (query_t){.what = FIND_EVENTS_OF, .number = 0}, "");
    finds(self, (query_t){.what = FIND_EVENTS_RUN, .hash = run},
          "7 and its run/w1 its run only/w1 ");
    finds(self, (query_t){.what = FIND_EVENTS_RUN, .hash = order}, "another's/w1 ");
    finds(self, (query_t){.what = FIND_LEAVES, .number = 6}, "2023-11-14T22:13:20.123Z - part  ");
    query_t query = {.what = FIND_EVENTS_RUN, .hash = run};
    CLEANUP(row_destroy) row_t *found = store_first(self->store, &query, &fault);
    assert_int_equal(found->event.number, 3);
    assert_int_equal(found->event.at.ms, 1700000000123);
    assert_string_equal(found->event.kind, "part");
    query = (query_t){.what = FIND_LEAVES, .number = 3};
    CLEANUP(row_destroy) row_t *leaf = store_first(self->store, &query, &fault);
    assert_string_equal(leaf->leaf.kind, LEAF_EVENT);
    assert_true(slice_is(leaf->leaf.bytes, "2023-11-14T22:13:20.123Z 7 part 7 and its run"));
}

static void
put_receipt(house_t *self, const char *worker, uint64_t sequence, const char *bytes)
{
    row_t row = {.kind = ROW_RECEIPT,
                 .receipt = {.sequence = sequence,
                             .hash = hash_of(slice_text(bytes)),
                             .run = hash_of(slice_text("run"))}};
    snprintf(row.receipt.worker, sizeof row.receipt.worker, "%s", worker);
    put(self, &row);
}

static void
keeps_both_of_two_receipts_with_one_number(void **state)
{
    house_t *self = *state;
    seen_t seen = {0};
    fault_t fault = {0};
    put_receipt(self, "w1", 1, "one");
    put_receipt(self, "w1", 1, "one");
    put_receipt(self, "w1", 1, "other");
    put_receipt(self, "w2", 1, "one");
    reopen(self);
    query_t query = {.what = FIND_RECEIPTS, .hash = hash_of(slice_text("run"))};
    assert_int_equal(self->store->find(self->store->self, &query, see, &seen, &fault), 0);
    assert_int_equal(seen.count, 3);
}

static void
finds_receipts_that_were_here_before_their_run(void **state)
{
    house_t *self = *state;
    put_receipt(self, "w1", 3, "three");
    put_receipt(self, "w1", 1, "one");
    query_t query = {.what = FIND_STRAYS, .hash = hash_of(slice_text("run"))};
    finds(self, query, "1 3 ");
    put_run(self, "run", RUN_ACTIVE, 10);
    put_run(self, "other", RUN_ACTIVE, 20);
    put_receipt(self, "w1", 1, "one");
    put_receipt(self, "w1", 2, "two");
    reopen(self);
    query.what = FIND_RECEIPTS;
    finds(self, query, "1 2 3 ");
}

static void
put_notice(house_t *self, uint64_t number, const char *sink, notice_state_t state)
{
    row_t row = {.kind = ROW_NOTICE,
                 .notice = {.number = number, .made = {(int64_t)number}, .state = state}};
    snprintf(row.notice.sink, sizeof row.notice.sink, "%s", sink);
    put(self, &row);
}

static void
keeps_notices_until_they_are_dropped(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    query_t old = {.what = FIND_NOTICES_BEFORE, .number = 3};
    put_notice(self, 1, "ops", NOTICE_SENT);
    put_notice(self, 2, "ops", NOTICE_WAITING);
    put_notice(self, 3, "ops", NOTICE_WAITING);
    put_notice(self, 4, "desk", NOTICE_WAITING);
    reopen(self);
    finds(self, (query_t){.what = FIND_NOTICES_TO, .text = "ops"}, "2 3 ");
    finds(self, old, "1 2 ");
    if (self->store->begin(self->store->self, &fault) ||
        self->store->drop(self->store->self, &old, &fault) ||
        self->store->commit(self->store->self, &fault) ||
        self->store->sync(self->store->self, &fault))
        fail_msg("%s", fault.text);
    reopen(self);
    finds(self, (query_t){.what = FIND_NOTICES_TO, .text = "ops"}, "3 ");
    finds(self, (query_t){.what = FIND_NOTICE, .number = 2}, "");
    finds(self, (query_t){.what = FIND_NOTICE_NEWEST, .limit = 1}, "4 ");
}

static void
says_that_a_database_was_lost(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    store_destroy(&self->store);
    for (size_t i = 0; i + 1 < ARRAY_SIZE(files); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", self->folder, files[i]);
        unlink(path);
    }
    assert_null(store_sqlite(self->folder, false, &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
    assert_non_null(strstr(fault.text, "--new"));
    self->store = store_sqlite(self->folder, true, &fault);
    assert_non_null(self->store);
}

static void
starts_anew_beside_what_was_there(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    put_incident(self, 1, INCIDENT_WAITING, "aa");
    store_destroy(&self->store);
    self->store = store_sqlite(self->folder, true, &fault);
    assert_non_null(self->store);
    finds(self, (query_t){.what = FIND_INCIDENTS}, "");
}

static void
refuses_a_damaged_database(void **state)
{
    house_t *self = *state;
    char path[128], junk[8192];
    fault_t fault = {0};
    store_destroy(&self->store);
    memset(junk, 'x', sizeof junk);
    snprintf(path, sizeof path, "%s/broker.db", self->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(junk, 1, sizeof junk, file), sizeof junk);
    fclose(file);
    assert_null(store_sqlite(self->folder, false, &fault));
    assert_int_not_equal(fault.code, FAULT_NONE);
    unlink(path);
    self->store = store_memory();
}

static int disk_error; /* what the disk says when it is asked to keep something; 0: that it does */

int
fdatasync(int file)
{
    errno = disk_error;
    return disk_error ? -1 : (int)syscall(SYS_fdatasync, file);
}

static void
says_why_the_disk_keeps_nothing(void **state)
{
    static const struct {
        int error;
        fault_code_t code;
    } ways[] = {{ENOSPC, FAULT_FULL}, {EDQUOT, FAULT_FULL}, {EIO, FAULT_IO}};
    house_t *self = *state;
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        fault_t fault = {0};
        disk_error = ways[i].error;
        int failed = self->store->sync(self->store->self, &fault);
        disk_error = 0;
        assert_int_equal(failed, -1);
        assert_int_equal(fault.code, ways[i].code);
        assert_non_null(strstr(fault.text, strerror(ways[i].error)));
    }
}

static sqlite3 *opened; /* by the store, last */

static int
note_database(sqlite3 *database, char **message, const struct sqlite3_api_routines *api)
{
    (void)message, (void)api;
    opened = database;
    return SQLITE_OK;
}

/* Whether a line of a plan takes longer the more has happened. */
static bool
grows(const char *sql, const char *line)
{
    if (!strncmp(line, "USE TEMP B-TREE", 15))
        return !strstr(sql, " FROM part ") && !strstr(sql, " FROM receipt WHERE run ");
    return !strncmp(line, "SCAN", 4) && strstr(sql, " WHERE ") && !strstr(line, " USING ");
}

static void
check_plan(const char *sql)
{
    char explain[4096];
    sqlite3_stmt *plan = NULL;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(opened, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW)
        if (grows(sql, (const char *)sqlite3_column_text(plan, 3)))
            fail_msg("%s: %s", sql, (const char *)sqlite3_column_text(plan, 3));
    sqlite3_finalize(plan);
}

static bool
look_no_further(void *context, const row_t *row)
{
    (void)context, (void)row;
    return false;
}

/* What walks a whole table (newest first, until its limit) has no WHERE; the parts and
 * receipts of one run may be sorted. */
static void
finds_by_an_index_whatever_it_looks_for(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    size_t seen = 0;
    store_destroy(&self->store);
    sqlite3_auto_extension((void (*)(void))note_database);
    self->store = store_sqlite(self->folder, false, &fault);
    sqlite3_reset_auto_extension();
    assert_non_null(self->store);
    for (find_t what = 0; what < FIND_COUNT; what++) {
        query_t query = {.what = what, .text = "new", .other = "", .limit = 1};
        assert_int_equal(
            self->store->find(self->store->self, &query, look_no_further, NULL, &fault), 0);
    }
    for (sqlite3_stmt *at = sqlite3_next_stmt(opened, NULL); at;
         at = sqlite3_next_stmt(opened, at), seen++)
        check_plan(sqlite3_sql(at));
    assert_int_equal(seen, FIND_COUNT);
}

static void
opens_the_first_brokers_database(void **state)
{
    house_t *self = *state;
    char path[128];
    fault_t fault = {0};
    sqlite3 *database = NULL;
    store_destroy(&self->store);
    snprintf(path, sizeof path, "%s/broker.db", self->folder);
    unlink(path);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, broker_1, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    reopen(self);
    finds(self, (query_t){.what = FIND_INCIDENT, .number = 7}, "7 ");
    finds(self, (query_t){.what = FIND_RUNS_ACTIVE}, "disk-full ");
    finds(self, (query_t){.what = FIND_PARTS}, "w1 ");
    finds(self, (query_t){.what = FIND_RECEIPTS}, "2 ");
    finds(self, (query_t){.what = FIND_EVENTS_OF, .number = 7}, "r/ runs on w1/w1 ");
    finds(self, (query_t){.what = FIND_EVENTS_RUN}, "r/ runs on w1/w1 begins/ ");
    query_t query = {.what = FIND_LEAVES};
    CLEANUP(row_destroy) row_t *alert = store_first(self->store, &query, &fault);
    assert_int_equal(alert->leaf.incident, 7);
}

#define IN_BOTH(test)                                     \
    {#test " in memory", test, begin_memory, end, NULL},  \
    {                                                     \
#test " in SQLite", test, begin_sqlite, end, NULL \
    }
#define IN_SQLITE(test)                      \
    {                                        \
#test, test, begin_sqlite, end, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(keeps_incidents_and_finds_them_by_number_key_and_state),
        IN_BOTH(keeps_runs_and_their_parts_in_order),
        IN_BOTH(keeps_bytes_as_they_are),
        IN_BOTH(keeps_the_log_and_one_position),
        IN_BOTH(keeps_an_event_as_a_leaf_and_finds_it_by_what_it_is_about),
        IN_BOTH(keeps_both_of_two_receipts_with_one_number),
        IN_BOTH(finds_receipts_that_were_here_before_their_run),
        IN_BOTH(keeps_notices_until_they_are_dropped),
        IN_SQLITE(says_that_a_database_was_lost),
        IN_SQLITE(starts_anew_beside_what_was_there),
        IN_SQLITE(refuses_a_damaged_database),
        IN_SQLITE(says_why_the_disk_keeps_nothing),
        IN_SQLITE(opens_the_first_brokers_database),
        IN_SQLITE(finds_by_an_index_whatever_it_looks_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
