/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/receipts.h"
#include "tests/unit/core_fixture.h"

#define OBSERVE                                                                            \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Look\nclass observe\nrollout 1 2 30 " \
    "0\nlimits 0 0\ncooldown 0\n"                                                          \
    "input mount path\nstep usage run 30 -\nuse usage disk.usage observe\nend\n"

typedef struct {
    const char *target;
    part_row_t *found;
} parts_t;

static bool
take_part(void *context, const row_t *row)
{
    const parts_t *parts = context;
    if (!strcmp(row->part.target, parts->target))
        *parts->found = row->part;
    return true;
}

/* Instead of the usual release, one of a playbook that only looks. */
static void
observe_only(house_t *self)
{
    sealed_done(&self->release);
    self->manifest = OBSERVE;
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(OBSERVE), slice_text(SITE_PLAYBOOK));
    release->highest = CLASS_OBSERVE;
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    self->release_hash = hash_of(bytes_slice(self->release.document));
}

/* Orders -------------------------------------------------------------------------------------- */

static void
an_order_offers_its_first_wave_only(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2") + sent(self, MESSAGE_OFFER, "s1"), 0);
    assert_string_equal(run_now(self).who, "pat");
}

static void
the_next_wave_waits_for_the_soak_and_carries_proof(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    later(self, 29);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    later(self, 1);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 1);
    CLEANUP(value_destroy)
    value_t *proof = value_decode(frames_at(offer_to(self, "s1"), OFFER_RECEIPTS), &self->fault);
    assert_int_equal(value_count(proof), 1);
    const value_t *receipt = value_at(proof, 0);
    assert_int_equal(receipts_check(value_slice(value_get(receipt, "document")),
                                    value_slice(value_get(receipt, "armor")),
                                    machinekey_public(site_key(self->site, "w1")), NULL,
                                    &self->fault),
                     0);
    worker_tells(self, "s1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 1);
    worker_tells(self, "w2", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
}

static void
a_failed_wave_stops_the_run(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    assert_int_equal(run_now(self).state, RUN_FAILED);
    later(self, 60);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
}

static void
max_failures_lets_a_wave_pass(void **state)
{
    house_t *self = *state;
    start_order(self, 1);
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    later(self, 30);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0); /* one failure is spent */
}

static part_row_t
part_of(house_t *self, const char *target)
{
    part_row_t found = {0};
    query_t query = {.what = FIND_PARTS, .hash = run_now(self).id};
    parts_t parts = {target, &found};
    assert_int_equal(self->store->find(self->store->self, &query, take_part, &parts, &self->fault),
                     0);
    return found;
}

/* All three workers in one wave. */
static void
start_wide(house_t *self, unsigned max_failures)
{
    put_in_service(self);
    order_t *order = make_order(self, max_failures);
    order->target_count = 0;
    site_add_target(order, 1, "s1");
    site_add_target(order, 1, "w1");
    site_add_target(order, 1, "w2");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    submit(self, &sealed);
}

static void
no_more_is_in_flight_than_may_fail_and_one(void **state)
{
    house_t *self = *state;
    start_wide(self, 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1") + sent(self, MESSAGE_OFFER, "w1"), 2);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    worker_accepts(self, "s1");
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    worker_tells(self, "s1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 1);
}

static void
the_failure_too_many_ends_what_waits_as_never(void **state)
{
    house_t *self = *state;
    start_wide(self, 0);
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "s1",
                         .hash = run_now(self).id,
                         .code = "policy",
                         .text = "not here"});
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1") + sent(self, MESSAGE_OFFER, "w2"), 0);
    assert_int_equal(part_of(self, "w1").state, PART_NEVER);
    assert_string_equal(part_of(self, "w2").code, "proof");
    assert_int_equal(run_now(self).state, RUN_FAILED);
}

static void
the_budget_is_the_same_after_a_restart(void **state)
{
    house_t *self = *state;
    start_wide(self, 1);
    worker_accepts(self, "s1");
    restart(self);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    worker_tells(self, "s1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 1);
}

/* Of w1 alone; each with another nonce. */
static hash_t
order_w1(house_t *self, char nonce)
{
    order_t *order = make_order(self, 0);
    order->target_count = 1;
    order->nonce[0] = nonce;
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    submit(self, &sealed);
    return hash_of(bytes_slice(sealed.document));
}

static void
one_run_of_a_playbook_is_on_a_target_at_a_time(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    hash_t first = order_w1(self, 'a');
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    later(self, 1);
    hash_t second = order_w1(self, 'b');
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_string_equal(part_of(self, "w1").code, "conflict");
    later(self, 1);
    hash_t third = order_w1(self, 'c');
    restart(self);
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = first,
                         .code = "policy",
                         .text = "not here"});
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    char text[HASH_TEXT];
    assert_string_equal(frames_text(offer_to(self, "w1"), OFFER_RUN), hash_write(&second, text));
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = second,
                         .code = "policy",
                         .text = "not here"});
    assert_string_equal(frames_text(offer_to(self, "w1"), OFFER_RUN), hash_write(&third, text));
}

static void
no_automatic_run_begins_beside_an_order(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    order_w1(self, 'a');
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "is open on worker 'w1'");
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
}

static void
a_paused_run_offers_nothing_further(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    event_t pause = {.kind = EVENT_PAUSE, .who = "pat", .hash = run_now(self).id, .number = 1};
    must(self, pause);
    assert_true(told(self, "pause"));
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    restart(self);
    later(self, 30);
    tick(self);
    assert_int_equal(self->actions->send_count, 0);
    assert_true(run_now(self).paused);
    pause.number = 0;
    must(self, pause);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 1);
}

static void
a_failed_run_that_undid_what_it_had_done_is_undone(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    order_w1(self, 'a');
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_OPEN);
    assert_string_equal(part_of(self, "w1").undo, "");
    worker_tells_in(self, "w1", "free", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    assert_string_equal(part_of(self, "w1").undo, "undoing");
    worker_tells_in(self, "w1", "usage", PHASE_UNDO, OUTCOME_OK, OUTCOME_FAILED);
    assert_string_equal(part_of(self, "w1").undo, "undone");
    assert_int_equal(run_now(self).state, RUN_UNDONE);
}

static void
a_part_says_why_it_failed_whatever_came_after_it(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    order_w1(self, 'a');
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_OPEN);
    restart(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_FAILED);
    assert_string_equal(part_of(self, "w1").text, "because");
    assert_string_equal(part_of(self, "w1").code, "failed");
}

static void
an_undo_that_failed_is_said_whatever_came_after_it(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    order_w1(self, 'a');
    worker_tells_in(self, "w1", "free", PHASE_UNDO, OUTCOME_FAILED, OUTCOME_OPEN);
    restart(self);
    worker_tells_in(self, "w1", "usage", PHASE_UNDO, OUTCOME_OK, OUTCOME_FAILED);
    assert_string_equal(part_of(self, "w1").undo, "undo failed");
    assert_int_equal(run_now(self).state, RUN_UNDO_FAILED);
}

static void
an_order_that_may_call_what_is_not_here_is_refused(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    order_t *order = make_order(self, 0);
    order->release_count = 2;
    order->releases[1].hash = hash_of(slice_text("another"));
    text_copy(order->releases[1].playbook, TEXT_NAME_MAX + 1, "other");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    refuses_order(self, &sealed, FAULT_NOT_FOUND);
    assert_non_null(strstr(self->fault.text, "may call"));
}

static void
a_run_that_only_observes_goes_at_once(void **state)
{
    house_t *self = *state;
    observe_only(self);
    start_wide(self, 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1") + sent(self, MESSAGE_OFFER, "w1") +
                         sent(self, MESSAGE_OFFER, "w2"),
                     3);
}

static void
a_closed_window_leaves_later_waves_never_reached(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    later(self, 3601 + CORE_LATE_MS / 1000);
    tick(self);
    assert_int_equal(run_now(self).state, RUN_EXPIRED);
    assert_int_equal(core_active_runs(self->core), 0);
}

static void
a_late_acceptance_counts_more_than_never(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    later(self, 3601 + CORE_LATE_MS / 1000);
    tick(self);
    worker_accepts(self, "w1");
    assert_int_equal(run_now(self).state, RUN_ACTIVE);
    worker_tells(self, "w1", "free", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN);
    assert_int_equal(run_now(self).state, RUN_UNKNOWN);
}

static void
an_order_is_taken_once(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    sealed_t order CLEANUP(sealed_done) = order_of(self, 0);
    submit(self, &order);
    submit(self, &order);
    assert_int_equal(self->actions->row_count, 0);
    restart(self);
    submit(self, &order);
    assert_int_equal(self->actions->row_count, 0);
}

static void
an_order_by_the_wrong_people_or_for_nobody_is_refused(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    order_t *order = site_order(self->site, &self->release_hash);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "rob");
    event_t event = {.kind = EVENT_ORDER,
                     .document = bytes_slice(sealed.document),
                     .armors = bytes_slice(sealed.armors)};
    assert_int_equal(step(self, event), -1);
    assert_int_equal(self->actions->row_count, 0);
    order = site_order(self->site, &self->release_hash);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "nobody");
    sealed_t other CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    event.document = bytes_slice(other.document);
    event.armors = bytes_slice(other.armors);
    assert_int_equal(step(self, event), -1);
    assert_int_equal(self->fault.code, FAULT_TARGET);
}

static void
an_order_of_a_release_that_is_not_here_is_refused(void **state)
{
    house_t *self = *state;
    sealed_t order CLEANUP(sealed_done) = order_of(self, 0);
    refuses_order(self, &order, FAULT_NOT_FOUND);
}

static void
remembers_the_proof_of_a_wave_after_a_restart(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    restart(self);
    later(self, 30);
    tick(self);
    CLEANUP(value_destroy)
    value_t *proof = value_decode(frames_at(offer_to(self, "s1"), OFFER_RECEIPTS), &self->fault);
    assert_int_equal(value_count(proof), 1);
}

/* Two brokers --------------------------------------------------------------------------------- */

/* What w1 did of the order, before this broker had heard of it. */
static sealed_t
word_on(house_t *self, const sealed_t *order)
{
    receipt_t *receipt = site_receipt(self->site);
    receipt->run = hash_of(bytes_slice(order->document));
    receipt->release = self->release_hash;
    text_copy(receipt->step, sizeof receipt->step, "free");
    return site_seal_receipt(self->site, receipt, "w1");
}

static void
what_a_worker_said_before_its_run_came_here_counts(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    sealed_t order CLEANUP(sealed_done) = order_of(self, 0);
    sealed_t word CLEANUP(sealed_done) = word_on(self, &order);
    assert_int_equal(send_receipt(self, "w1", &word), 0);
    submit(self, &order);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(part_of(self, "w1").state, PART_DONE);
    later(self, 30);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 1);
}

/* One more step of the batch whose actions are there. */
static void
goes_on_with(house_t *self, event_t event)
{
    size_t written = self->actions->row_count;
    assert_int_equal(core_step(self->core, &event, self->site->now, self->actions, &self->fault),
                     0);
    for (size_t i = written; i < self->actions->row_count; i++)
        assert_int_equal(self->store->put(self->store->self, self->actions->rows[i], &self->fault),
                         0);
}

static size_t
parts_told(const house_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->actions->row_count; i++)
        count += self->actions->rows[i]->kind == ROW_EVENT &&
                 !strcmp(self->actions->rows[i]->event.kind, "part");
    return count;
}

static void
what_a_worker_said_in_the_batch_of_its_run_counts_once(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    sealed_t order CLEANUP(sealed_done) = order_of(self, 0);
    sealed_t word CLEANUP(sealed_done) = word_on(self, &order);
    actions_clear(self->actions);
    goes_on_with(self, (event_t){.kind = EVENT_RECEIPT,
                                 .worker = "w1",
                                 .document = bytes_slice(word.document),
                                 .armors = bytes_slice(word.armors)});
    goes_on_with(self, (event_t){.kind = EVENT_ORDER,
                                 .document = bytes_slice(order.document),
                                 .armors = bytes_slice(order.armors)});
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(parts_told(self), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_order_offers_its_first_wave_only),
        CASE(the_next_wave_waits_for_the_soak_and_carries_proof),
        CASE(a_failed_wave_stops_the_run),
        CASE(max_failures_lets_a_wave_pass),
        CASE(no_more_is_in_flight_than_may_fail_and_one),
        CASE(the_failure_too_many_ends_what_waits_as_never),
        CASE(the_budget_is_the_same_after_a_restart),
        CASE(one_run_of_a_playbook_is_on_a_target_at_a_time),
        CASE(no_automatic_run_begins_beside_an_order),
        CASE(a_paused_run_offers_nothing_further),
        CASE(a_failed_run_that_undid_what_it_had_done_is_undone),
        CASE(a_part_says_why_it_failed_whatever_came_after_it),
        CASE(an_undo_that_failed_is_said_whatever_came_after_it),
        CASE(an_order_that_may_call_what_is_not_here_is_refused),
        CASE(a_run_that_only_observes_goes_at_once),
        CASE(a_closed_window_leaves_later_waves_never_reached),
        CASE(a_late_acceptance_counts_more_than_never),
        CASE(an_order_is_taken_once),
        CASE(an_order_by_the_wrong_people_or_for_nobody_is_refused),
        CASE(an_order_of_a_release_that_is_not_here_is_refused),
        CASE(remembers_the_proof_of_a_wave_after_a_restart),
        CASE(what_a_worker_said_before_its_run_came_here_counts),
        CASE(what_a_worker_said_in_the_batch_of_its_run_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
