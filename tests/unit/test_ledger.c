/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ledger.h"

typedef struct {
    char folder[64], path[96];
    ledger_t *ledger;
} bench_t;

static const wall_t NOON = {1795316645000};

static hash_t
named(const char *name)
{
    return hash_of(slice_text(name));
}

static void
holds(int failed, const fault_t *fault)
{
    if (failed)
        fail_msg("%s", fault->text);
}

static void
open_ledger(bench_t *self)
{
    fault_t fault = {0};
    self->ledger = ledger_open(self->path, &fault);
    holds(!self->ledger, &fault);
}

static void
reopen(bench_t *self)
{
    ledger_destroy(&self->ledger);
    open_ledger(self);
}

static void
commit(bench_t *self)
{
    fault_t fault = {0};
    holds(ledger_commit(self->ledger, &fault), &fault);
}

static int
bench_new(void **state)
{
    bench_t *self = memory_new(1, sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/tocsin-ledger-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->path, sizeof self->path, "%s/ledger.db", self->folder);
    open_ledger(self);
    *state = self;
    return 0;
}

static int
bench_destroy(void **state)
{
    bench_t *self = *state;
    ledger_destroy(&self->ledger);
    unlink(self->path);
    assert_int_equal(rmdir(self->folder), 0); /* and no -wal beside it */
    free(self);
    return 0;
}

/* ---- rows to put ------------------------------------------------------------------------- */

static void
put_part(bench_t *self, const char *run, const char *evidence, wall_t accepted, bool by_grant)
{
    fault_t fault = {0};
    part_row_t row = {.run = named(run),
                      .authority = named("authority"),
                      .release = named("release"),
                      .by_grant = by_grant,
                      .accepted = accepted,
                      .offer = slice_text("offer"),
                      .evidence = slice_text(evidence)};
    holds(ledger_put_part(self->ledger, &row, &fault), &fault);
}

static part_known_t
find(bench_t *self, const char *run, const char *evidence, bool *closed)
{
    fault_t fault = {0};
    hash_t hash = named(run);
    part_known_t known = PART_OTHER;
    holds(ledger_find_part(self->ledger, &hash, slice_text(evidence), &known, closed, &fault),
          &fault);
    return known;
}

static attempt_key_t
attempt(void)
{
    return (attempt_key_t){named("run"), "clean", PHASE_RUN, 1};
}

static void
put_effect(bench_t *self, uint64_t index, bool done)
{
    fault_t fault = {0};
    effect_row_t row = {.of = attempt(),
                        .index = index,
                        .op = "file.remove",
                        .arguments = named("arguments"),
                        .head = named("head"),
                        .done = done,
                        .code = done ? "ok" : "",
                        .text = "",
                        .result = done ? slice_text("n") : slice_of(NULL, 0)};
    holds(ledger_put_effect(self->ledger, &row, &fault), &fault);
}

static void
put_receipt(bench_t *self, uint64_t sequence, const char *run, const char *document)
{
    fault_t fault = {0};
    hash_t hash = named(run);
    holds(ledger_put_receipt(self->ledger, sequence, &hash, slice_text(document), slice_text("n"),
                             &fault),
          &fault);
    holds(ledger_sign_receipt(self->ledger, sequence, slice_text("armor"), &fault), &fault);
}

/* ---- callbacks: each adds what it is given to a text -------------------------------------- */

static int
add_document(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    (void)fault;
    bytes_add_slice(context, document);
    bytes_add_text(context, "/");
    bytes_add_slice(context, armors);
    bytes_add_text(context, " ");
    return 0;
}

static int
add_part(void *context, const part_row_t *part, fault_t *fault)
{
    (void)fault;
    assert_false(part->closed);
    assert_true(slice_is(part->offer, "offer"));
    bytes_addf(context, "%.*s ", (int)part->evidence.size, part->evidence.data);
    return 0;
}

static int
add_effect(void *context, const effect_row_t *effect, fault_t *fault)
{
    (void)fault;
    hash_t head = named("head"), arguments = named("arguments");
    assert_true(hash_equal(&effect->head, &head) && hash_equal(&effect->arguments, &arguments));
    bytes_addf(context, "%d%s%s%.*s ", (int)effect->index, effect->op, effect->code,
               (int)effect->result.size, effect->result.data);
    return 0;
}

static int
add_receipt(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
            fault_t *fault)
{
    (void)fault;
    assert_true(slice_is(armor, "armor") && slice_is(output, "n"));
    bytes_addf(context, "%d%.*s ", (int)sequence, (int)document.size, document.data);
    return 0;
}

static int
fail_document(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    (void)document;
    (void)armors;
    ++*(int *)context;
    return fault_set(fault, FAULT_KEY, "no");
}

static void
effects_are(bench_t *self, const char *expected)
{
    fault_t fault = {0};
    attempt_key_t of = attempt();
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    holds(ledger_each_effect(self->ledger, &of, add_effect, seen, &fault), &fault);
    assert_string_equal(bytes_text(seen), expected);
}

static void
receipts_of(bench_t *self, const hash_t *run, const char *expected)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    int failed = run ? ledger_each_receipt(self->ledger, run, add_receipt, seen, &fault)
                     : ledger_each_receipt_from(self->ledger, 0, add_receipt, seen, &fault);
    holds(failed, &fault);
    assert_string_equal(bytes_text(seen), expected);
}

static void
receipts_are(bench_t *self, const char *run, const char *expected)
{
    hash_t hash = named(run ? run : "");
    receipts_of(self, run ? &hash : NULL, expected);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void
what_is_committed_is_there_after_a_restart(void **state)
{
    bench_t *bench = *state;
    bool closed = true;
    put_part(bench, "run", "order", NOON, false);
    commit(bench);
    commit(bench); /* nothing to do */
    reopen(bench);
    assert_int_equal(find(bench, "run", "order", &closed), PART_SAME);
    assert_false(closed);
}

static void
what_is_not_committed_is_lost_as_a_whole(void **state)
{
    bench_t *bench = *state;
    bool closed = false;
    put_part(bench, "run", "order", NOON, false);
    put_effect(bench, 0, false);
    put_receipt(bench, 1, "run", "one");
    assert_int_equal(find(bench, "run", "order", &closed), PART_SAME); /* seen by its writer */
    reopen(bench);
    assert_int_equal(find(bench, "run", "order", &closed), PART_UNSEEN);
    effects_are(bench, "");
    receipts_are(bench, NULL, "");
}

static void
only_one_process_has_it(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    assert_null(ledger_open(bench->path, &fault));
    assert_int_equal(fault.code, FAULT_IO);
    assert_non_null(strstr(fault.text, "locked"));
}

static void
a_newer_schema_is_left_alone(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    sqlite3 *database = NULL;
    ledger_destroy(&bench->ledger);
    assert_int_equal(sqlite3_open(bench->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 9", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);
    assert_null(ledger_open(bench->path, &fault));
    assert_int_equal(fault.code, FAULT_VERSION);
    assert_non_null(strstr(fault.text, "schema 9"));
}

static void
a_file_that_is_no_ledger_is_refused(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    ledger_destroy(&bench->ledger);
    FILE *file = fopen(bench->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    assert_null(ledger_open(bench->path, &fault));
    assert_int_equal(fault.code, FAULT_IO);
    fault = (fault_t){0};
    assert_null(ledger_open("/nowhere/ledger.db", &fault));
    assert_non_null(strstr(fault.text, "'/nowhere/ledger.db'"));
}

static void
documents_come_in_the_order_of_the_chain(void **state)
{
    static const char *const names[] = {"resume.a", "fleet.south", "root.10",     "people",
                                        "stop.b",   "root.2",      "fleet.north", "root.1"};
    bench_t *bench = *state;
    fault_t fault = {0};
    int calls = 0;
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        holds(ledger_put_document(bench->ledger, names[i], slice_text(names[i]), slice_text("a"),
                                  &fault),
              &fault);
    holds(ledger_put_document(bench->ledger, "people", slice_text("people"), slice_text("forged"),
                              &fault),
          &fault);
    holds(ledger_put_document(bench->ledger, "fleet.south", slice_text("newer"), slice_text("b"),
                              &fault),
          &fault);
    holds(ledger_each_document(bench->ledger, add_document, seen, &fault), &fault);
    assert_string_equal(
        bytes_text(seen),
        "root.1/a root.2/a root.10/a people/a fleet.north/a newer/b stop.b/a resume.a/a ");
    holds(ledger_drop_document(bench->ledger, "stop.b", &fault), &fault);
    bytes_clear(seen);
    holds(ledger_each_document(bench->ledger, add_document, seen, &fault), &fault);
    assert_null(strstr(bytes_text(seen), "stop.b"));
    assert_int_equal(ledger_each_document(bench->ledger, fail_document, &calls, &fault), -1);
    assert_int_equal(fault.code, FAULT_KEY);
    assert_int_equal(calls, 1);
}

static void
a_release_is_kept_by_its_hash(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t hash = named("release"), other = named("other");
    CLEANUP(kept_release_clear) kept_release_t none = {0};
    CLEANUP(kept_release_clear) kept_release_t kept = {0};
    holds(ledger_put_release(bench->ledger, &hash, slice_text("document"), slice_text("armors"),
                             slice_of("m\0e", 3), &fault),
          &fault);
    commit(bench);
    reopen(bench);
    holds(ledger_get_release(bench->ledger, &other, &none, &fault), &fault);
    assert_null(none.document);
    holds(ledger_get_release(bench->ledger, &hash, &kept, &fault), &fault);
    assert_string_equal(bytes_text(kept.document), "document");
    assert_string_equal(bytes_text(kept.armors), "armors");
    assert_true(slice_equal(bytes_slice(kept.files), slice_of("m\0e", 3)));
}

static void
a_run_is_known_by_its_bytes(void **state)
{
    bench_t *bench = *state;
    bool closed = false;
    put_part(bench, "run", "order", NOON, false);
    assert_int_equal(find(bench, "run", "order", &closed), PART_SAME);
    assert_int_equal(find(bench, "run", "ordeR", &closed), PART_OTHER);
    assert_int_equal(find(bench, "another", "order", &closed), PART_UNSEEN);
    assert_false(closed);
}

static void
a_run_is_accepted_once(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    part_row_t row = {.run = named("run"), .offer = slice_text("offer")};
    put_part(bench, "run", "order", NOON, false);
    assert_int_equal(ledger_put_part(bench->ledger, &row, &fault), -1);
    assert_int_equal(fault.code, FAULT_IO);
}

static void
open_parts_come_in_the_order_of_acceptance(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t second = named("second");
    bool closed = false;
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    put_part(bench, "third", "c", (wall_t){NOON.ms + 3}, false);
    put_part(bench, "first", "a", (wall_t){NOON.ms + 1}, false);
    put_part(bench, "second", "b", (wall_t){NOON.ms + 2}, false);
    holds(ledger_close_part(bench->ledger, &second, &fault), &fault);
    commit(bench);
    reopen(bench);
    holds(ledger_each_open_part(bench->ledger, add_part, seen, &fault), &fault);
    assert_string_equal(bytes_text(seen), "a c ");
    assert_int_equal(find(bench, "second", "b", &closed), PART_SAME);
    assert_true(closed);
}

static void
a_grants_runs_are_counted_within_their_span(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    uint64_t count = 0;
    hash_t grant = named("authority"), other = named("another grant");
    put_part(bench, "1", "a", NOON, true);
    put_part(bench, "2", "b", (wall_t){NOON.ms + 1000}, true);
    put_part(bench, "3", "c", (wall_t){NOON.ms + 2000}, true);
    put_part(bench, "4", "d", (wall_t){NOON.ms + 2000}, false);
    holds(ledger_count_grant(bench->ledger, &grant, NOON, &count, &fault), &fault);
    assert_int_equal(count, 3);
    holds(ledger_count_grant(bench->ledger, &grant, (wall_t){NOON.ms + 1}, &count, &fault), &fault);
    assert_int_equal(count, 2);
    holds(ledger_count_grant(bench->ledger, &other, NOON, &count, &fault), &fault);
    assert_int_equal(count, 0);
}

static uint64_t
count_since(const bench_t *self, int64_t after_noon_ms)
{
    fault_t fault = {0};
    uint64_t count = 0;
    hash_t grant = named("authority");
    wall_t since = {NOON.ms + after_noon_ms};
    holds(ledger_count_grant(self->ledger, &grant, since, &count, &fault), &fault);
    return count;
}

static void
a_span_that_moves_on_loses_old_runs_and_gains_new_ones(void **state)
{
    bench_t *bench = *state;
    put_part(bench, "1", "a", NOON, true);
    put_part(bench, "2", "b", (wall_t){NOON.ms + 1000}, true);
    assert_int_equal(count_since(bench, 0), 2);
    put_part(bench, "3", "c", (wall_t){NOON.ms + 2000}, true);
    put_part(bench, "4", "d", (wall_t){NOON.ms + 2000}, false);
    assert_int_equal(count_since(bench, 0), 3);
    assert_int_equal(count_since(bench, 1000), 2);
    put_part(bench, "5", "e", (wall_t){NOON.ms + 500}, true); /* by a clock that went back */
    assert_int_equal(count_since(bench, 1001), 1);
    assert_int_equal(count_since(bench, 500), 3);
    assert_int_equal(count_since(bench, 0), 4);
}

static void
an_intent_is_completed_by_what_came_of_it(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t run = named("run"), other = named("another");
    bool intent = true, begun = true;
    holds(ledger_has_intent(bench->ledger, &run, &intent, &fault), &fault);
    assert_false(intent);
    holds(ledger_has_begun(bench->ledger, &run, &begun, &fault), &fault);
    assert_false(begun);
    put_part(bench, "run", "order", NOON, false);
    put_part(bench, "another", "order", NOON, false);
    put_effect(bench, 1, false);
    put_effect(bench, 0, true);
    effects_are(bench, "0file.removeokn 1file.remove ");
    holds(ledger_has_intent(bench->ledger, &run, &intent, &fault), &fault);
    assert_true(intent);
    holds(ledger_has_intent(bench->ledger, &other, &intent, &fault), &fault);
    assert_false(intent);
    put_effect(bench, 1, true);
    effects_are(bench, "0file.removeokn 1file.removeokn ");
    holds(ledger_has_begun(bench->ledger, &run, &begun, &fault), &fault);
    assert_true(begun);
    holds(ledger_has_intent(bench->ledger, &run, &intent, &fault), &fault);
    assert_false(intent);
}

static void
an_undo_and_another_attempt_have_effects_of_their_own(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    attempt_key_t undo = attempt(), again = attempt();
    undo.phase = PHASE_UNDO;
    again.attempt = 2;
    put_part(bench, "run", "order", NOON, false);
    put_effect(bench, 0, true);
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    holds(ledger_each_effect(bench->ledger, &undo, add_effect, seen, &fault), &fault);
    holds(ledger_each_effect(bench->ledger, &again, add_effect, seen, &fault), &fault);
    assert_string_equal(bytes_text(seen), "");
}

static int
add_wait(void *context, const wait_row_t *wait, fault_t *fault)
{
    (void)fault;
    bytes_addf(context, "%s %lld %.*s ", wait->step, (long long)(wait->asked.ms - NOON.ms),
               (int)wait->document.size, wait->document.data);
    return 0;
}

static void
a_wait_remembers_since_when_and_what_came(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    wait_row_t row = {.run = named("run"), .step = "call/sure", .asked = NOON};
    holds(ledger_put_wait(bench->ledger, &row, &fault), &fault);
    row.document = slice_text("yes");
    holds(ledger_put_wait(bench->ledger, &row, &fault), &fault);
    row.step = "a";
    row.asked.ms++;
    holds(ledger_put_wait(bench->ledger, &row, &fault), &fault);
    commit(bench);
    reopen(bench);
    holds(ledger_each_wait(bench->ledger, &row.run, add_wait, seen, &fault), &fault);
    assert_string_equal(bytes_text(seen), "call/sure 0 yes a 1 yes ");
}

static void
output_is_one_text_however_it_came(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t run = named("run"), other = named("other");
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    put_part(bench, "run", "order", NOON, false);
    put_part(bench, "other", "order", NOON, false);
    holds(ledger_put_output(bench->ledger, &run, 0, slice_text("one\n"), &fault), &fault);
    holds(ledger_put_output(bench->ledger, &other, 0, slice_text("other\n"), &fault), &fault);
    holds(ledger_put_output(bench->ledger, &run, 4, slice_text("two\n"), &fault), &fault);
    holds(ledger_get_output(bench->ledger, &run, out, &fault), &fault);
    assert_string_equal(bytes_text(out), "one\ntwo\n");
}

static void
nothing_is_kept_of_a_run_without_its_part(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    effect_row_t effect = {
        .of = attempt(), .op = "file.remove", .code = "", .text = "", .result = slice_text("")};
    assert_int_equal(ledger_put_effect(bench->ledger, &effect, &fault), -1);
    assert_int_equal(fault.code, FAULT_IO);
    fault = (fault_t){0};
    assert_int_equal(ledger_put_output(bench->ledger, &effect.of.run, 0, slice_text("one"), &fault),
                     -1);
    assert_int_equal(fault.code, FAULT_IO);
    effects_are(bench, "");
}

/* What a worker before stops, undo and people wrote: a part with an effect and a receipt, and the
 * receipt of a run that was refused. */
static void
an_older_ledger_is_carried_over(void **state)
{
    static const char older[] =
        "DROP TABLE wait; DROP TABLE output; DROP TABLE beacon; DROP TABLE log; DROP TABLE effect;"
        "DROP TABLE part; DROP TABLE receipt;"
        "CREATE TABLE part (run BLOB PRIMARY KEY, authority BLOB NOT NULL, release BLOB NOT NULL,"
        " by_grant INTEGER NOT NULL, accepted INTEGER NOT NULL, closed INTEGER NOT NULL,"
        " offer BLOB NOT NULL, evidence BLOB NOT NULL) STRICT;"
        "CREATE INDEX part_open ON part (accepted) WHERE closed = 0;"
        "CREATE INDEX part_grant ON part (authority, accepted) WHERE by_grant = 1;"
        "INSERT INTO part VALUES (zeroblob(32), zeroblob(32), zeroblob(32), 1, 5, 0, x'', x'');"
        "CREATE TABLE receipt (sequence INTEGER PRIMARY KEY, run BLOB NOT NULL, hash BLOB NOT NULL,"
        " bytes BLOB NOT NULL, armor BLOB NOT NULL, output BLOB NOT NULL, acked INTEGER NOT NULL)"
        " STRICT;"
        "CREATE INDEX receipt_run ON receipt (run);"
        "CREATE INDEX receipt_unacked ON receipt (sequence) WHERE acked = 0;"
        "INSERT INTO receipt VALUES (1, CAST('refused, refused, refused, again' AS BLOB),"
        " zeroblob(32), CAST('no' AS BLOB), CAST('armor' AS BLOB), CAST('n' AS BLOB), 1),"
        " (2, zeroblob(32), zeroblob(32), CAST('one' AS BLOB), CAST('armor' AS BLOB), CAST('n' AS "
        "BLOB), 0);"
        "CREATE TABLE effect (run BLOB NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL,"
        " ix INTEGER NOT NULL, op TEXT NOT NULL, arguments BLOB NOT NULL, head BLOB NOT NULL,"
        " done INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, result BLOB NOT NULL,"
        " PRIMARY KEY (run, step, attempt, ix)) STRICT, WITHOUT ROWID;"
        "INSERT INTO effect VALUES (zeroblob(32), 'clean', 1, 0, 'file.remove', zeroblob(32),"
        " zeroblob(32), 0, '', '', x'');"
        "UPDATE document SET rank = 2147483646; PRAGMA user_version = 1";
    bench_t *bench = *state;
    fault_t fault = {0};
    sqlite3 *database = NULL;
    bool intent = false;
    uint64_t count = 0;
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    holds(
        ledger_put_document(bench->ledger, "people", slice_text("people"), slice_text("a"), &fault),
        &fault);
    commit(bench);
    ledger_destroy(&bench->ledger);
    assert_int_equal(sqlite3_open(bench->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, older, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    open_ledger(bench);
    holds(ledger_has_intent(bench->ledger, &HASH_ZERO, &intent, &fault), &fault);
    assert_true(intent);
    hash_t run = HASH_ZERO, refused;
    memcpy(refused.bytes, "refused, refused, refused, again", sizeof refused.bytes);
    receipts_of(bench, &run, "2one ");
    receipts_of(bench, &refused, "1no ");
    holds(ledger_count_grant(bench->ledger, &HASH_ZERO, (wall_t){0}, &count, &fault), &fault);
    assert_int_equal(count, 1);
    holds(ledger_close_part(bench->ledger, &run, &fault), &fault);
    holds(ledger_put_document(bench->ledger, "stop.a", slice_text("stop"), slice_text("a"), &fault),
          &fault);
    holds(ledger_each_document(bench->ledger, add_document, seen, &fault), &fault);
    assert_string_equal(bytes_text(seen), "people/a stop/a ");
}

static void
a_part_is_found_by_its_run(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t one = named("1"), other = named("other");
    CLEANUP(bytes_destroy) bytes_t *seen = bytes_new();
    put_part(bench, "1", "a", NOON, false);
    put_part(bench, "2", "b", NOON, false);
    holds(ledger_get_part(bench->ledger, &one, add_part, seen, &fault), &fault);
    holds(ledger_get_part(bench->ledger, &other, add_part, seen, &fault), &fault);
    assert_string_equal(bytes_text(seen), "a ");
}

static void
a_refusal_is_found_by_a_run_that_was_accepted_later(void **state)
{
    bench_t *bench = *state;
    put_receipt(bench, 1, "run", "refused");
    put_receipt(bench, 2, "other", "two");
    put_part(bench, "run", "order", NOON, false);
    receipts_are(bench, "run", "1refused ");
    put_receipt(bench, 3, "run", "three");
    receipts_are(bench, "run", "1refused 3three ");
    receipts_are(bench, "other", "2two ");
}

static void
receipts_are_found_by_run_and_from_a_sequence_on(void **state)
{
    uint64_t kept, unacknowledged;
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t one = named("one"), two = named("two");
    put_receipt(bench, 1, "run", "one");
    put_receipt(bench, 2, "other", "two");
    put_receipt(bench, 3, "run", "three");
    receipts_are(bench, "run", "1one 3three ");
    receipts_are(bench, NULL, "1one 2two 3three ");
    holds(ledger_acknowledge(bench->ledger, 1, &one, &fault), &fault);
    holds(ledger_acknowledge(bench->ledger, 3, &two, &fault), &fault); /* another document */
    holds(ledger_acknowledge(bench->ledger, 9, &two, &fault), &fault); /* nobody's */
    receipts_are(bench, NULL, "1one 2two 3three ");
    holds(ledger_oldest_receipts(bench->ledger, &kept, &unacknowledged, &fault), &fault);
    assert_int_equal(kept, 1);
    assert_int_equal(unacknowledged, 2);
}

static void
the_chain_goes_on_where_it_ended(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    uint64_t sequence = 7;
    hash_t head = named("x"), expected = named("two");
    holds(ledger_last_receipt(bench->ledger, &sequence, &head, &fault), &fault);
    assert_int_equal(sequence, 0);
    assert_true(hash_equal(&head, &HASH_ZERO));
    put_receipt(bench, 1, "run", "one");
    put_receipt(bench, 2, "run", "two");
    commit(bench);
    put_receipt(bench, 3, "run", "three");
    reopen(bench);
    holds(ledger_last_receipt(bench->ledger, &sequence, &head, &fault), &fault);
    assert_int_equal(sequence, 2);
    assert_true(hash_equal(&head, &expected));
}

static void
a_sequence_is_written_once(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t run = named("run");
    put_receipt(bench, 1, "run", "one");
    assert_int_equal(
        ledger_put_receipt(bench->ledger, 1, &run, slice_text("other"), slice_text("n"), &fault),
        -1);
    assert_int_equal(fault.code, FAULT_IO);
    receipts_are(bench, "run", "1one ");
}

static void
has_room(const bench_t *self)
{
    char log[112];
    struct stat facts;
    snprintf(log, sizeof log, "%s-wal", self->path);
    assert_int_equal(stat(log, &facts), 0);
    assert_true(facts.st_blocks * 512 >= facts.st_size + LEDGER_RESERVE / 2);
}

/* Also behind a checkpoint, which writes all into the database and then shortens the log. */
static void
room_is_kept_ahead_of_the_log(void **state)
{
    bench_t *self = *state;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    while (files->size < 1024 * 1024)
        bytes_add_text(files, "a release of four hundred pages ");
    has_room(self);
    for (int i = 0; i < 9; i++) {
        hash_t hash = named("release");
        hash.bytes[0] = (uint8_t)i;
        holds(ledger_put_release(self->ledger, &hash, slice_text("release"), slice_text("armors"),
                                 bytes_slice(files), &fault),
              &fault);
        commit(self);
        has_room(self);
    }
    reopen(self);
    has_room(self);
}

/* Whether the database has it without its log. */
static bool
is_copied(const bench_t *self, const hash_t *release)
{
    char path[112];
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *database = file_read(self->path, 64 * 1024 * 1024, &fault);
    snprintf(path, sizeof path, "%s-copy", self->path);
    assert_non_null(database);
    holds(file_write(path, bytes_slice(database), 0600, &fault), &fault);
    CLEANUP(ledger_destroy) ledger_t *copy = ledger_open(path, &fault);
    CLEANUP(kept_release_clear) kept_release_t kept = {0};
    bool has = copy && !ledger_get_release(copy, release, &kept, &fault) && kept.document;
    ledger_destroy(&copy);
    unlink(path);
    return has;
}

static void
a_long_log_is_copied_at_rest_and_not_while_a_receipt_waits(void **state)
{
    bench_t *self = *state;
    fault_t fault = {0};
    hash_t release = named("release"), one = hash_of(slice_text("one"));
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    while (files->size < 2 * 1024 * 1024)
        bytes_add_text(files, "a release of five hundred pages ");
    holds(ledger_rest(self->ledger, &fault), &fault);
    holds(ledger_put_release(self->ledger, &release, slice_text("release"), slice_text("armors"),
                             bytes_slice(files), &fault),
          &fault);
    put_receipt(self, 1, "run", "one");
    commit(self);
    holds(ledger_rest(self->ledger, &fault), &fault);
    assert_false(is_copied(self, &release));
    holds(ledger_acknowledge(self->ledger, 1, &one, &fault), &fault);
    holds(ledger_rest(self->ledger, &fault), &fault);
    assert_true(is_copied(self, &release));
}

static void
in_memory_a_crash_leaves_what_was_committed(void **state)
{
    fault_t fault = {0};
    bench_t bench = {.ledger = ledger_memory()};
    (void)state;
    put_receipt(&bench, 1, "run", "one");
    commit(&bench);
    put_receipt(&bench, 2, "run", "two");
    receipts_are(&bench, "run", "1one 2two ");
    ledger_crash(bench.ledger);
    receipts_are(&bench, "run", "1one ");
    put_receipt(&bench, 2, "run", "again");
    holds(ledger_commit(bench.ledger, &fault), &fault);
    ledger_wipe(bench.ledger);
    receipts_are(&bench, "run", "");
    ledger_destroy(&bench.ledger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_committed_is_there_after_a_restart),
        TEST(what_is_not_committed_is_lost_as_a_whole),
        TEST(only_one_process_has_it),
        TEST(an_undo_and_another_attempt_have_effects_of_their_own),
        TEST(a_wait_remembers_since_when_and_what_came),
        TEST(output_is_one_text_however_it_came),
        TEST(nothing_is_kept_of_a_run_without_its_part),
        TEST(an_older_ledger_is_carried_over),
        TEST(a_part_is_found_by_its_run),
        TEST(a_newer_schema_is_left_alone),
        TEST(a_file_that_is_no_ledger_is_refused),
        TEST(documents_come_in_the_order_of_the_chain),
        TEST(a_release_is_kept_by_its_hash),
        TEST(a_run_is_known_by_its_bytes),
        TEST(a_run_is_accepted_once),
        TEST(open_parts_come_in_the_order_of_acceptance),
        TEST(a_grants_runs_are_counted_within_their_span),
        TEST(a_span_that_moves_on_loses_old_runs_and_gains_new_ones),
        TEST(an_intent_is_completed_by_what_came_of_it),
        TEST(a_refusal_is_found_by_a_run_that_was_accepted_later),
        TEST(receipts_are_found_by_run_and_from_a_sequence_on),
        TEST(the_chain_goes_on_where_it_ended),
        TEST(a_sequence_is_written_once),
        TEST(room_is_kept_ahead_of_the_log),
        TEST(a_long_log_is_copied_at_rest_and_not_while_a_receipt_waits),
        cmocka_unit_test(in_memory_a_crash_leaves_what_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
