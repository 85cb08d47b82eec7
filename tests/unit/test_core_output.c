/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

static int
says(house_t *self, const char *worker, uint64_t offset, const char *text, const char *code)
{
    return step(self, (event_t){.kind = EVENT_OUTPUT,
                                .worker = worker,
                                .hash = run_now(self).id,
                                .number = offset,
                                .output = slice_text(text),
                                .code = code});
}

static bool
take_said(void *context, const row_t *row)
{
    bytes_add_slice(context, row->said.bytes);
    if (row->said.closed)
        bytes_add_text(context, ".");
    return true;
}

/* All of it, and "." where it is closed. */
static void
kept_is(house_t *self, const char *expected)
{
    query_t query = {.what = FIND_SAID, .hash = run_now(self).id, .text = "w1"};
    CLEANUP(bytes_destroy) bytes_t *kept = bytes_new();
    assert_int_equal(self->store->find(self->store->self, &query, take_said, kept, &self->fault),
                     0);
    assert_string_equal(bytes_text(kept), expected);
}

static void
what_joins_on_is_kept_once(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    assert_int_equal(says(self, "w1", 0, "one ", "open"), 0);
    assert_int_equal(says(self, "w1", 0, "one ", "open"), 0);
    assert_int_equal(says(self, "w1", 2, "e two ", "open"), 0);
    restart(self);
    assert_int_equal(says(self, "w1", 8, "three", "closed"), 0);
    kept_is(self, "one two three.");
}

static void
a_gap_is_asked_for(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    assert_int_equal(says(self, "w1", 0, "one ", "open"), 0);
    assert_int_equal(says(self, "w1", 8, "three", "closed"), 0);
    assert_int_equal(sent(self, MESSAGE_MORE, "w1"), 1);
    kept_is(self, "one ");
    hello(self, "w1", 0);
    assert_int_equal(sent(self, MESSAGE_MORE, "w1"), 1);
    assert_int_equal(says(self, "w1", 4, "two three", "closed"), 0);
    kept_is(self, "one two three.");
}

static void
what_is_too_much_is_left_out(void **state)
{
    house_t *self = *state;
    CLEANUP(memory_free) char *much = memory_new(1, CORE_OUTPUT_MAX + 8);
    authorise(self);
    worker_accepts(self, "w1");
    memset(much, 'x', CORE_OUTPUT_MAX + 7);
    assert_int_equal(says(self, "w1", 0, much, "open"), 0);
    assert_int_equal(says(self, "w1", CORE_OUTPUT_MAX, "more", "closed"), 0);
    memcpy(much + CORE_OUTPUT_MAX, ".", 2);
    kept_is(self, much);
}

static void
output_of_nobodys_part_is_not_taken(void **state)
{
    house_t *self = *state;
    authorise(self);
    assert_int_equal(says(self, "w2", 0, "one", "open"), -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
    kept_is(self, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_joins_on_is_kept_once),
        CASE(a_gap_is_asked_for),
        CASE(what_is_too_much_is_left_out),
        CASE(output_of_nobodys_part_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
