/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/outbox.h"

/* An outbox and a ledger in a file; deliver notes what it gets, and what is in the file by then. */
typedef struct {
    char folder[64], path[96];
    ledger_t *ledger;
    outbox_t *outbox;
    bytes_t *seen;
    int64_t durable;     /* bytes in the ledger's write-ahead log when something left */
    const char *refuses; /* a word that cannot be delivered */
} bench_t;

static int64_t
durable_bytes(const bench_t *self)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s-wal", self->path);
    return stat(path, &status) ? 0 : status.st_size;
}

static int
bench_new(void **state)
{
    fault_t fault = {0};
    bench_t *self = memory_new(1, sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/tocsin-outbox-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->path, sizeof self->path, "%s/ledger.db", self->folder);
    self->ledger = ledger_open(self->path, &fault);
    assert_non_null(self->ledger);
    self->outbox = outbox_new();
    self->seen = bytes_new();
    *state = self;
    return 0;
}

static int
bench_destroy(void **state)
{
    bench_t *self = *state;
    outbox_destroy(&self->outbox);
    ledger_destroy(&self->ledger);
    bytes_destroy(&self->seen);
    unlink(self->path);
    assert_int_equal(rmdir(self->folder), 0);
    free(self);
    return 0;
}

static int
deliver(void *context, destination_t to, uint64_t runner, const frames_t *frames, fault_t *fault)
{
    bench_t *self = context;
    const char *word = frames_text(frames, 0);
    if (self->refuses && !strcmp(word, self->refuses))
        return fault_set(fault, FAULT_UNREACHABLE, "gone");
    self->durable = durable_bytes(self);
    bytes_addf(self->seen, "%s>%d.%d ", word, to, (int)runner);
    return 0;
}

static void
add(bench_t *self, destination_t to, uint64_t runner, const char *word)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, word);
    outbox_add(self->outbox, to, runner, frames);
}

static int
flush(bench_t *self, fault_t *fault)
{
    return outbox_flush(self->outbox, self->ledger, deliver, self, fault);
}

static void
put(bench_t *self)
{
    fault_t fault = {0};
    assert_int_equal(
        ledger_put_document(self->ledger, "people", slice_text("p"), slice_text("a"), &fault), 0);
}

static void
delivers_in_order_and_once(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    add(bench, TO_LINK, 0, "one");
    add(bench, TO_RUNNER, 7, "two");
    add(bench, TO_EFFECTOR, 0, "three");
    assert_string_equal(bytes_text(bench->seen), "");
    assert_int_equal(flush(bench, &fault), 0);
    assert_int_equal(flush(bench, &fault), 0);
    assert_string_equal(bytes_text(bench->seen), "one>0.0 two>3.7 three>1.0 ");
}

static void
keeps_more_than_it_had_room_for(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    for (int i = 0; i < 100; i++)
        add(bench, TO_LINK, 0, "x");
    assert_int_equal(flush(bench, &fault), 0);
    assert_int_equal(bench->seen->size, 600);
}

static void
what_must_be_durable_is_so_before_anything_leaves(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    put(bench);
    int64_t before = durable_bytes(bench);
    add(bench, TO_LINK, 0, "PONG");
    assert_int_equal(flush(bench, &fault), 0); /* nothing of it asked for a commit */
    assert_int_equal(bench->durable, before);
    add(bench, TO_LINK, 0, "ACCEPT");
    outbox_need_commit(bench->outbox);
    assert_int_equal(flush(bench, &fault), 0);
    assert_true(bench->durable > before);
}

static void
what_may_leave_early_does_so_alone_and_once(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    put(bench);
    int64_t before = durable_bytes(bench);
    add(bench, TO_LINK, 0, "ACCEPT");
    outbox_need_commit(bench->outbox);
    frames_t *task = frames_new();
    frames_add_text(task, "TASK");
    outbox_add_early(bench->outbox, TO_RUNNER, 3, task);
    assert_true(outbox_waits(bench->outbox));
    for (int i = 0; i < 2; i++)
        assert_int_equal(outbox_flush_early(bench->outbox, deliver, bench, &fault), 0);
    assert_string_equal(bytes_text(bench->seen), "TASK>3.3 ");
    assert_int_equal(bench->durable, before);
    assert_true(outbox_waits(bench->outbox));
    assert_int_equal(flush(bench, &fault), 0);
    assert_string_equal(bytes_text(bench->seen), "TASK>3.3 ACCEPT>0.0 ");
    assert_true(bench->durable > before);
    assert_false(outbox_waits(bench->outbox));
}

static void
crash_enospc(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    struct rlimit usual, none;
    put(bench);
    add(bench, TO_LINK, 0, "ACCEPT");
    outbox_need_commit(bench->outbox);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    none = (struct rlimit){0, usual.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int failed = flush(bench, &fault);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_int_equal(failed, -1);
    assert_true(fault.code == FAULT_FULL || fault.code == FAULT_IO);
    assert_string_equal(bytes_text(bench->seen), "");
}

static void
what_cannot_be_delivered_ends_the_flush(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    bench->refuses = "two";
    add(bench, TO_LINK, 0, "one");
    add(bench, TO_LINK, 0, "two");
    add(bench, TO_LINK, 0, "three");
    assert_int_equal(flush(bench, &fault), -1);
    assert_int_equal(fault.code, FAULT_UNREACHABLE);
    assert_string_equal(bytes_text(bench->seen), "one>0.0 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delivers_in_order_and_once),
        TEST(keeps_more_than_it_had_room_for),
        TEST(what_must_be_durable_is_so_before_anything_leaves),
        TEST(what_may_leave_early_does_so_alone_and_once),
        TEST(crash_enospc),
        TEST(what_cannot_be_delivered_ends_the_flush),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
