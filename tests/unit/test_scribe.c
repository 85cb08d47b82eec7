/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/site_fixture.h"
#include "wire/message.h"
#include "worker/scribe.h"

typedef struct {
    site_t *site;
    ledger_t *ledger;
    outbox_t *outbox;
    scribe_t *scribe;
    size_t count; /* messages that left */
    frames_t *sent[16];
} bench_t;

static void
new_scribe(bench_t *self)
{
    fault_t fault = {0};
    scribe_destroy(&self->scribe);
    self->scribe = scribe_new("w1", &self->site->id, site_key(self->site, "w1"), self->ledger,
                              self->outbox, &fault);
    assert_non_null(self->scribe);
}

static int
bench_new(void **state)
{
    bench_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    self->ledger = ledger_memory();
    self->outbox = outbox_new();
    new_scribe(self);
    *state = self;
    return 0;
}

static int
bench_destroy(void **state)
{
    bench_t *self = *state;
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->sent[i]);
    scribe_destroy(&self->scribe);
    outbox_destroy(&self->outbox);
    ledger_destroy(&self->ledger);
    site_destroy(&self->site);
    free(self);
    return 0;
}

static int
deliver(void *context, destination_t to, uint64_t runner, const frames_t *frames, fault_t *fault)
{
    bench_t *self = context;
    (void)fault;
    assert_int_equal(to, TO_LINK);
    assert_int_equal(runner, 0);
    assert_true(self->count < ARRAY_SIZE(self->sent));
    frames_t *copy = self->sent[self->count++] = frames_new();
    for (size_t i = 0; i < frames->count; i++)
        frames_add(copy, frames_at(frames, i));
    return 0;
}

static void
flush(bench_t *self)
{
    fault_t fault = {0};
    assert_int_equal(outbox_flush(self->outbox, self->ledger, deliver, self, &fault), 0);
}

static void
write_one(bench_t *self, const char *run, const char *output)
{
    fault_t fault = {0};
    receipt_t *receipt = site_receipt(self->site);
    CLEANUP(bytes_destroy) bytes_t *bytes = output ? bytes_copy(slice_text(output)) : NULL;
    receipt->run = hash_of(slice_text(run));
    receipt->worker[0] = '\0'; /* the scribe's own to fill in */
    receipt->sequence = 99;
    assert_int_equal(scribe_write(self->scribe, receipt, bytes, &fault), 0);
    receipt_destroy(&receipt);
}

static receipt_t *
read_sent(const bench_t *self, size_t index)
{
    fault_t fault = {0};
    assert_true(index < self->count);
    const frames_t *frames = self->sent[index];
    const pubkey_t *key = machinekey_public(site_key(self->site, "w1"));
    assert_int_equal(receipt_check(frames_at(frames, 1), frames_at(frames, 2), key, &fault), 0);
    receipt_t *receipt = receipt_decode(frames_at(frames, 1), &fault);
    if (!receipt)
        fail_msg("%s", fault.text);
    return receipt;
}

static void
each_receipt_names_the_hash_of_the_one_before(void **state)
{
    bench_t *bench = *state;
    write_one(bench, "run", NULL);
    write_one(bench, "run", NULL);
    assert_int_equal(bench->count, 0); /* nothing leaves before the flush */
    flush(bench);
    CLEANUP(receipt_destroy) receipt_t *first = read_sent(bench, 0);
    CLEANUP(receipt_destroy) receipt_t *second = read_sent(bench, 1);
    hash_t hash = hash_of(frames_at(bench->sent[0], 1));
    assert_int_equal(first->sequence, 1);
    assert_true(hash_equal(&first->previous, &HASH_ZERO));
    assert_int_equal(second->sequence, 2);
    assert_true(hash_equal(&second->previous, &hash));
    assert_string_equal(first->worker, "w1");
    assert_string_equal(first->target, "w1");
    assert_int_equal(scribe_sequence(bench->scribe), 2);
}

static void
the_chain_goes_on_in_another_process(void **state)
{
    bench_t *bench = *state;
    write_one(bench, "run", NULL);
    flush(bench);
    hash_t head = *scribe_head(bench->scribe);
    new_scribe(bench);
    assert_int_equal(scribe_sequence(bench->scribe), 1);
    write_one(bench, "run", NULL);
    flush(bench);
    CLEANUP(receipt_destroy) receipt_t *second = read_sent(bench, 1);
    assert_int_equal(second->sequence, 2);
    assert_true(hash_equal(&second->previous, &head));
}

static void
an_output_goes_beside_its_hash(void **state)
{
    bench_t *bench = *state;
    write_one(bench, "run", "i91;");
    flush(bench);
    CLEANUP(receipt_destroy) receipt_t *receipt = read_sent(bench, 0);
    hash_t hash = hash_of(slice_text("i91;"));
    assert_true(hash_equal(&receipt->output, &hash));
    assert_int_equal(receipt->output_bytes, 4);
    assert_true(slice_is(frames_at(bench->sent[0], 3), "i91;"));
}

static void
repeats_a_run_or_what_no_broker_has(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t run = hash_of(slice_text("run"));
    write_one(bench, "run", NULL);
    write_one(bench, "other", NULL);
    flush(bench);
    hash_t first = hash_of(frames_at(bench->sent[0], 1));
    assert_int_equal(ledger_acknowledge(bench->ledger, 1, &first, &fault), 0);
    uint64_t oldest;
    assert_int_equal(scribe_oldest(bench->scribe, &oldest, &fault), 0);
    assert_int_equal(oldest, 2);
    assert_int_equal(scribe_repeat(bench->scribe, &run, &fault), 0);
    assert_int_equal(scribe_repeat(bench->scribe, NULL, &fault), 0);
    flush(bench);
    assert_int_equal(bench->count, 4);
    CLEANUP(receipt_destroy) receipt_t *of_run = read_sent(bench, 2);
    CLEANUP(receipt_destroy) receipt_t *unacknowledged = read_sent(bench, 3);
    assert_int_equal(of_run->sequence, 1);
    assert_int_equal(unacknowledged->sequence, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_receipt_names_the_hash_of_the_one_before),
        TEST(the_chain_goes_on_in_another_process),
        TEST(an_output_goes_beside_its_hash),
        TEST(repeats_a_run_or_what_no_broker_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
