/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

static void
a_known_receipt_is_acknowledged_again(void **state)
{
    house_t *self = *state;
    authorise(self);
    sealed_t receipt CLEANUP(sealed_done) =
        receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_int_equal(send_receipt(self, "w1", &receipt), 0);
    uint64_t leaves = core_log(self->core)->size;
    assert_int_equal(send_receipt(self, "w1", &receipt), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    assert_int_equal(core_log(self->core)->size, leaves);
}

static void
a_receipt_of_another_worker_or_with_a_bad_signature_is_not_taken(void **state)
{
    house_t *self = *state;
    authorise(self);
    sealed_t receipt CLEANUP(sealed_done) =
        receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_int_equal(send_receipt(self, "w2", &receipt), -1);
    receipt.document->data[receipt.document->size - 6] ^= 1;
    assert_int_equal(send_receipt(self, "w1", &receipt), -1);
    assert_int_equal(self->fault.code, FAULT_SIGNATURE);
    assert_int_equal(self->actions->row_count, 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 0);
}

static void
a_gap_in_the_receipts_is_told(void **state)
{
    house_t *self = *state;
    authorise(self);
    hello(self, "w1", 4);
    self->sequence[0] = 4;
    self->head[0] = hash_of(slice_text("a receipt that never came"));
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_true(told(self, "gap"));
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_false(told(self, "gap"));
}

/* Its broker was killed with the first under way; the second waited in a socket for the next one.
 */
static void
a_receipt_before_an_older_one_is_not_taken(void **state)
{
    house_t *self = *state;
    authorise(self);
    sealed_t first CLEANUP(sealed_done) = receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    self->head[0] = hash_of(bytes_slice(first.document));
    self->sequence[0] = 1;
    sealed_t second CLEANUP(sealed_done) = receipt_of(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(send_receipt(self, "w1", &second), 0);
    assert_int_equal(self->actions->row_count, 0);
    assert_int_equal(self->actions->send_count, 0);
    hello_from(self, "w1", 2, 1);
    assert_int_equal(send_receipt(self, "w1", &second), 0);
    assert_int_equal(self->actions->row_count, 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 0);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 1);
    assert_int_equal(send_receipt(self, "w1", &second), 0); /* asked once is enough */
    assert_int_equal(self->actions->send_count, 0);
    hello_from(self, "w1", 2, 1);
    assert_int_equal(send_receipt(self, "w1", &first), 0);
    assert_int_equal(send_receipt(self, "w1", &second), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    assert_false(told(self, "gap"));
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
}

/* Another broker acknowledged the first of three; answers to offers bring the third in front. */
static void
the_oldest_that_a_worker_still_has_is_taken_whatever_came_before_it(void **state)
{
    house_t *self = *state;
    sealed_t second = {0}, third = {0};
    authorise(self);
    self->head[0] = hash_of(slice_text("the first"));
    self->sequence[0] = 1;
    second = receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    self->head[0] = hash_of(bytes_slice(second.document));
    self->sequence[0] = 2;
    third = receipt_of(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    hello_from(self, "w1", 3, 2);
    assert_int_equal(send_receipt(self, "w1", &third), 0);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 1);
    assert_int_equal(send_receipt(self, "w1", &second), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    assert_true(told(self, "gap"));
    assert_int_equal(send_receipt(self, "w1", &third), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
    sealed_done(&second);
    sealed_done(&third);
}

static void
a_gap_of_a_worker_that_does_not_say_what_it_keeps_is_told_and_not_jumped_over(void **state)
{
    house_t *self = *state;
    authorise(self);
    CLEANUP(value_destroy) value_t *said = value_map();
    value_set_integer(said, "sequence", 4);
    must(self, (event_t){.kind = EVENT_HELLO, .worker = "w1", .state = said});
    self->sequence[0] = 4;
    self->head[0] = hash_of(slice_text("a receipt that an enemy acknowledged"));
    sealed_t receipt CLEANUP(sealed_done) =
        receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_int_equal(send_receipt(self, "w1", &receipt), 0);
    assert_true(told(self, "gap"));
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 0);
    assert_int_equal(send_receipt(self, "w1", &receipt), 0); /* told once is enough */
    assert_false(told(self, "gap"));
    hello_from(self, "w1", 5, 5);
    assert_int_equal(send_receipt(self, "w1", &receipt), 0);
    assert_true(told(self, "gap"));
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
}

static void
a_second_receipt_with_the_same_number_is_told(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    self->sequence[0] = 0;
    self->head[0] = HASH_ZERO;
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    assert_true(told(self, "gap"));
}

static void
a_second_receipt_with_the_same_number_is_known_from_then_on(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    self->sequence[0] = 0;
    self->head[0] = HASH_ZERO;
    sealed_t other CLEANUP(sealed_done) =
        receipt_of(self, "w1", "free", OUTCOME_FAILED, OUTCOME_OPEN);
    assert_int_equal(send_receipt(self, "w1", &other), 0);
    uint64_t leaves = core_log(self->core)->size;
    assert_int_equal(send_receipt(self, "w1", &other), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    assert_int_equal(core_log(self->core)->size, leaves);
}

/* Another broker acknowledged the first of two; it comes here all the same, behind the second. */
static void
a_receipt_that_comes_behind_its_parts_end_does_not_open_it_again(void **state)
{
    house_t *self = *state;
    authorise(self);
    sealed_t first CLEANUP(sealed_done) = receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    self->head[0] = hash_of(bytes_slice(first.document));
    self->sequence[0]++;
    hello_from(self, "w1", 2, 2);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
    assert_int_equal(send_receipt(self, "w1", &first), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    later(self, 1);
    tick(self);
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
}

static void
a_receipt_of_an_unknown_run_is_kept_and_acknowledged(void **state)
{
    house_t *self = *state;
    authorise(self);
    receipt_t *receipt = site_receipt(self->site);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(self->site, receipt, "w1");
    assert_int_equal(send_receipt(self, "w1", &sealed), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_known_receipt_is_acknowledged_again),
        CASE(a_receipt_of_another_worker_or_with_a_bad_signature_is_not_taken),
        CASE(a_gap_in_the_receipts_is_told),
        CASE(a_receipt_before_an_older_one_is_not_taken),
        CASE(the_oldest_that_a_worker_still_has_is_taken_whatever_came_before_it),
        CASE(a_gap_of_a_worker_that_does_not_say_what_it_keeps_is_told_and_not_jumped_over),
        CASE(a_second_receipt_with_the_same_number_is_told),
        CASE(a_second_receipt_with_the_same_number_is_known_from_then_on),
        CASE(a_receipt_that_comes_behind_its_parts_end_does_not_open_it_again),
        CASE(a_receipt_of_an_unknown_run_is_kept_and_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
