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
    frames_t *sent[80];
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
    assert_true(runner <= 1);
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
    assert_int_equal(receipts_check(frames_at(frames, 1), frames_at(frames, 2), key, NULL, &fault),
                     0);
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
sent_is(const bench_t *self, size_t index, uint64_t sequence)
{
    CLEANUP(receipt_destroy) receipt_t *receipt = read_sent(self, index);
    assert_int_equal(receipt->sequence, sequence);
}

/* Where the SSH signature beside a receipt begins. */
static const char *
signature_of(const bench_t *self, size_t index)
{
    return strstr(frames_text(self->sent[index], 2), "-----BEGIN");
}

static void
what_one_commit_keeps_is_signed_at_once(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    for (size_t i = 0; i < 3; i++)
        write_one(bench, i ? "run" : "other", i == 1 ? "i91;" : NULL);
    flush(bench);
    write_one(bench, "run", NULL);
    flush(bench);
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(receipt_destroy) receipt_t *receipt = read_sent(bench, i);
        assert_int_equal(receipt->sequence, i + 1);
        assert_int_equal(!strcmp(signature_of(bench, i), signature_of(bench, 0)), i < 3);
    }
    assert_true(slice_is(frames_at(bench->sent[1], 3), "i91;"));
    assert_ptr_equal(signature_of(bench, 3), frames_text(bench->sent[3], 2)); /* alone */
    hash_t run = hash_of(slice_text("run"));
    new_scribe(bench);
    assert_int_equal(scribe_repeat(bench->scribe, 1, &run, &fault), 0);
    flush(bench);
    assert_int_equal(bench->count, 7);
    for (size_t i = 4; i < 7; i++)
        assert_string_equal(frames_text(bench->sent[i], 2), frames_text(bench->sent[i - 3], 2));
}

/* A commit that something else asked for does not leave a receipt without its signature. */
static void
any_commit_has_its_receipts_signed(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t run = hash_of(slice_text("run"));
    write_one(bench, "run", NULL);
    assert_int_equal(ledger_commit(bench->ledger, &fault), 0);
    outbox_destroy(&bench->outbox); /* the process ends here */
    bench->outbox = outbox_new();
    new_scribe(bench);
    assert_int_equal(scribe_repeat(bench->scribe, 1, &run, &fault), 0);
    flush(bench);
    sent_is(bench, 0, 1);
}

static void
more_than_have_room_are_signed_in_turn(void **state)
{
    bench_t *bench = *state;
    for (size_t i = 0; i < RECEIPTS_MAX + 2; i++)
        write_one(bench, "run", NULL);
    flush(bench);
    assert_int_equal(bench->count, RECEIPTS_MAX + 2);
    for (size_t i = 0; i < bench->count; i++) {
        sent_is(bench, i, i + 1);
        assert_int_equal(!strcmp(signature_of(bench, i), signature_of(bench, 0)), i < RECEIPTS_MAX);
    }
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
acknowledge(bench_t *self, uint64_t sequence, size_t sent)
{
    fault_t fault = {0};
    hash_t hash = hash_of(frames_at(self->sent[sent], 1));
    assert_int_equal(scribe_acknowledge(self->scribe, 1, sequence, &hash, &fault), 0);
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
    acknowledge(bench, 1, 0);
    assert_int_equal(scribe_repeat(bench->scribe, 1, &run, &fault), 0);
    assert_int_equal(scribe_repeat_behind(bench->scribe, 1, 7, &fault), 0);
    flush(bench);
    assert_int_equal(bench->count, 4);
    sent_is(bench, 2, 1);
    sent_is(bench, 3, 2);
}

static void
repeats_what_a_broker_lost_though_it_acknowledged_it(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    for (size_t i = 0; i < 3; i++)
        write_one(bench, "run", NULL);
    flush(bench);
    for (size_t i = 0; i < 3; i++)
        acknowledge(bench, i + 1, i);
    assert_int_equal(scribe_repeat_behind(bench->scribe, 1, 3, &fault), 0);
    flush(bench);
    assert_int_equal(bench->count, 3);
    assert_int_equal(scribe_repeat_behind(bench->scribe, 1, 1, &fault), 0);
    flush(bench);
    assert_int_equal(bench->count, 5);
    sent_is(bench, 3, 2);
    sent_is(bench, 4, 3);
}

/* Counts without keeping: more leave than the bench has room for. */
static int
count_sent(void *context, destination_t to, uint64_t runner, const frames_t *frames, fault_t *fault)
{
    (void)to, (void)runner, (void)frames, (void)fault;
    ++*(size_t *)context;
    return 0;
}

static void
the_next_leave_once_the_last_of_those_before_is_acknowledged(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    size_t sent = 0;
    hash_t other = hash_of(slice_text("other"));
    for (size_t i = 0; i < LEDGER_RECEIPTS_AT_ONCE + 2; i++)
        write_one(bench, "run", NULL);
    assert_int_equal(outbox_flush(bench->outbox, bench->ledger, count_sent, &sent, &fault), 0);
    sent = 0;
    assert_int_equal(scribe_repeat_behind(bench->scribe, 1, 0, &fault), 0);
    assert_int_equal(outbox_flush(bench->outbox, bench->ledger, count_sent, &sent, &fault), 0);
    assert_int_equal(sent, LEDGER_RECEIPTS_AT_ONCE);
    assert_int_equal(scribe_acknowledge(bench->scribe, 1, 1, &other, &fault), 0);
    assert_int_equal(outbox_flush(bench->outbox, bench->ledger, count_sent, &sent, &fault), 0);
    assert_int_equal(sent, LEDGER_RECEIPTS_AT_ONCE);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(
            scribe_acknowledge(bench->scribe, 1, LEDGER_RECEIPTS_AT_ONCE, &other, &fault), 0);
        assert_int_equal(outbox_flush(bench->outbox, bench->ledger, count_sent, &sent, &fault), 0);
        assert_int_equal(sent, LEDGER_RECEIPTS_AT_ONCE + 2);
    }
}

static void
each_broker_is_sent_what_it_lacks(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    size_t sent = 0;
    hash_t other = hash_of(slice_text("other"));
    for (size_t i = 0; i < LEDGER_RECEIPTS_AT_ONCE + 2; i++)
        write_one(bench, "run", NULL);
    assert_int_equal(scribe_repeat_behind(bench->scribe, 1, 0, &fault), 0);
    assert_int_equal(scribe_repeat_behind(bench->scribe, 2, 0, &fault), 0);
    assert_int_equal(outbox_flush(bench->outbox, bench->ledger, count_sent, &sent, &fault), 0);
    sent = 0;
    for (unsigned link = 1; link <= 2; link++)
        assert_int_equal(
            scribe_acknowledge(bench->scribe, link, LEDGER_RECEIPTS_AT_ONCE, &other, &fault), 0);
    assert_int_equal(outbox_flush(bench->outbox, bench->ledger, count_sent, &sent, &fault), 0);
    assert_int_equal(sent, 4);
}

static void
what_is_old_and_acknowledged_is_forgotten(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    uint64_t oldest;
    for (size_t i = 0; i < 4; i++)
        write_one(bench, "run", NULL);
    flush(bench);
    acknowledge(bench, 1, 0);
    acknowledge(bench, 3, 2);
    CLEANUP(receipt_destroy) receipt_t *first = read_sent(bench, 0);
    assert_int_equal(ledger_forget_receipts(bench->ledger, first->ended, &fault), 0);
    assert_int_equal(scribe_oldest(bench->scribe, &oldest, &fault), 0);
    assert_int_equal(oldest, 1);
    wall_t later = {first->ended.ms + 1};
    assert_int_equal(ledger_forget_receipts(bench->ledger, later, &fault), 0);
    assert_int_equal(scribe_oldest(bench->scribe, &oldest, &fault), 0);
    assert_int_equal(oldest, 2);
    acknowledge(bench, 2, 1);
    acknowledge(bench, 4, 3);
    assert_int_equal(ledger_forget_receipts(bench->ledger, later, &fault), 0);
    assert_int_equal(scribe_oldest(bench->scribe, &oldest, &fault), 0);
    assert_int_equal(oldest, 4); /* the chain goes on from it */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_receipt_names_the_hash_of_the_one_before),
        TEST(what_one_commit_keeps_is_signed_at_once),
        TEST(any_commit_has_its_receipts_signed),
        TEST(more_than_have_room_are_signed_in_turn),
        TEST(the_chain_goes_on_in_another_process),
        TEST(an_output_goes_beside_its_hash),
        TEST(repeats_a_run_or_what_no_broker_has),
        TEST(repeats_what_a_broker_lost_though_it_acknowledged_it),
        TEST(the_next_leave_once_the_last_of_those_before_is_acknowledged),
        TEST(each_broker_is_sent_what_it_lacks),
        TEST(what_is_old_and_acknowledged_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
