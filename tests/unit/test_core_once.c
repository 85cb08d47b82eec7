/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in which a step runs once for all targets: which orders are taken, and what the last wave is
 * offered with. */
#include "tests/unit/core_fixture.h"

#define ONCE                                                                                  \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Tell\nclass change\nrollout 1 2 30 0\n"  \
    "limits 0 0\ncooldown 0\nstep free run 60 -\nstep last run 60 once\nstep more run 60 -\n" \
    "needs last free\nneeds more free\nuse free file.remove change\nend\n"

static int
begin_once(void **state)
{
    begin(state);
    house_t *self = *state;
    sealed_done(&self->release);
    self->manifest = ONCE;
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(ONCE), slice_text(SITE_PLAYBOOK));
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    self->release_hash = hash_of(bytes_slice(self->release.document));
    put_in_service(self);
    return 0;
}

/* w1 and s1, then w2 by itself; one may fail. */
static order_t *
order_of_three(house_t *self)
{
    order_t *order = site_order(self->site, &self->release_hash);
    order->max_failures = 1;
    order->target_count = 0;
    site_add_target(order, 1, "s1");
    site_add_target(order, 1, "w1");
    site_add_target(order, 2, "w2");
    return order;
}

static void
start(house_t *self)
{
    sealed_t order CLEANUP(sealed_done) = site_seal_order(self->site, order_of_three(self), "pat");
    submit(self, &order);
}

/* A receipt with an output of so many bytes, of which another comes where it is given. */
static void
gives_other(house_t *self, const char *worker, const char *step_name, size_t size, outcome_t part,
            slice_t other)
{
    size_t number = worker_number(worker);
    CLEANUP(bytes_destroy) bytes_t *much = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    for (size_t i = 0; i < size; i++)
        bytes_add_text(much, "x");
    CLEANUP(value_destroy) value_t *output = value_bytes(bytes_slice(much));
    value_encode(output, encoded);
    sealed_t bare CLEANUP(sealed_done) = receipt_of(self, worker, step_name, OUTCOME_OK, part);
    receipt_t *receipt = receipt_decode(bytes_slice(bare.document), &self->fault);
    receipt->output = hash_of(bytes_slice(encoded));
    receipt->output_bytes = encoded->size;
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(self->site, receipt, worker);
    must(self, (event_t){.kind = EVENT_RECEIPT,
                         .worker = worker,
                         .document = bytes_slice(sealed.document),
                         .armors = bytes_slice(sealed.armors),
                         .output = other.size ? other : bytes_slice(encoded)});
    self->head[number] = hash_of(bytes_slice(sealed.document));
    self->sequence[number]++;
}

static void
gives(house_t *self, const char *worker, const char *step_name, size_t size, outcome_t part)
{
    gives_other(self, worker, step_name, size, part, slice_of(NULL, 0));
}

/* "s1/free+ s1/more w1/free": whose receipts the offer to w2 has, with a plus where an output is
 * there. */
static void
is_offered_with(house_t *self, const char *wanted)
{
    char text[256] = "";
    size_t used = 0;
    CLEANUP(value_destroy)
    value_t *list = value_decode(frames_at(offer_to(self, "w2"), OFFER_RECEIPTS), &self->fault);
    for (size_t i = 0; i < value_count(list); i++) {
        const value_t *item = value_at(list, i);
        CLEANUP(receipt_destroy)
        receipt_t *receipt = receipt_decode(value_slice(value_get(item, "document")), &self->fault);
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s/%s%s", i ? " " : "",
                             receipt->worker, receipt->step, value_get(item, "output") ? "+" : "");
    }
    assert_string_equal(text, wanted);
}

static void
is_not_taken(house_t *self, order_t *order, const char *words)
{
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    refuses_order(self, &sealed, FAULT_TARGET);
    assert_non_null(strstr(self->fault.text, words));
}

static void
an_order_of_another_shape_is_not_taken(void **state)
{
    house_t *self = *state;
    order_t *order = order_of_three(self);
    order->targets[2].wave = 1;
    is_not_taken(self, order, "wave 1, the last, has more than the one");
    order = order_of_three(self);
    order->continues = hash_of(slice_text("an earlier run"));
    is_not_taken(self, order, "continues no other");
}

static void
what_has_a_step_that_runs_once_is_not_called(void **state)
{
    house_t *self = *state;
    static const char other[] =
        "tocsin-manifest v1\nplaybook other\nsummary Tell\nclass observe\nrollout 1 2 30 0\n"
        "limits 0 0\ncooldown 0\nstep a run 60 once\nend\n";
    CLEANUP(sealed_done) sealed_t usual = self->release;
    release_t *release =
        site_release_of(self->site, "other", slice_text(other), slice_text(SITE_PLAYBOOK));
    release->highest = CLASS_OBSERVE;
    self->manifest = other;
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    put_in_service(self);
    order_t *order = order_of_three(self);
    order->release_count = 2;
    order->releases[1].hash = hash_of(bytes_slice(self->release.document));
    text_copy(order->releases[1].playbook, TEXT_NAME_MAX + 1, "other");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    refuses_order(self, &sealed, FAULT_DENIED);
}

static void
the_last_wave_is_offered_with_what_all_others_gave(void **state)
{
    house_t *self = *state;
    start(self);
    const hash_t run = run_now(self).id;
    assert_string_equal(core_once_on(self->core, &run), "w2");
    gives(self, "s1", "free", 4, OUTCOME_OPEN);
    gives(self, "s1", "more", 9, OUTCOME_OK);
    gives(self, "w1", "free", 4, OUTCOME_OPEN);
    gives(self, "w1", "more", 9, OUTCOME_OK);
    is_offered_with(self, "s1/free+ s1/more w1/free+ w1/more");
}

static void
the_last_wave_is_offered_so_after_a_restart_too(void **state)
{
    house_t *self = *state;
    start(self);
    gives(self, "s1", "free", 4, OUTCOME_OPEN);
    gives(self, "s1", "more", 9, OUTCOME_OK);
    gives(self, "w1", "free", 4, OUTCOME_OPEN);
    restart(self);
    gives(self, "w1", "more", 9, OUTCOME_OK);
    is_offered_with(self, "s1/free+ s1/more w1/free+ w1/more");
}

static void
one_that_failed_gives_its_end_only(void **state)
{
    house_t *self = *state;
    start(self);
    gives(self, "s1", "free", ONCE_OUTPUTS_MAX / 2, OUTCOME_OPEN);
    worker_tells(self, "s1", "more", OUTCOME_FAILED, OUTCOME_FAILED);
    gives(self, "w1", "more", 4, OUTCOME_OPEN);
    gives(self, "w1", "free", ONCE_OUTPUTS_MAX / 2, OUTCOME_OK);
    is_offered_with(self, "s1/more w1/free+");
}

static bool
take_text(void *context, const row_t *row)
{
    if (!strcmp(row->part.target, "w2"))
        snprintf(context, 512, "%s %s", part_word(row->part.state), row->part.text);
    return true;
}

/* The last wave ends so. */
static void
ends_as(house_t *self, const char *words)
{
    char text[512] = "";
    query_t query = {.what = FIND_PARTS, .hash = run_now(self).id};
    assert_int_equal(self->store->find(self->store->self, &query, take_text, text, &self->fault),
                     0);
    if (!strstr(text, words))
        fail_msg("%s, and not: %s", text, words);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    assert_int_not_equal(run_now(self).state, RUN_ACTIVE);
}

static void
without_a_signed_end_of_each_the_last_wave_never_begins(void **state)
{
    house_t *self = *state;
    start(self);
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "s1",
                         .hash = run_now(self).id,
                         .code = "proof",
                         .text = "it was badly offered"});
    gives(self, "w1", "free", 4, OUTCOME_OK);
    ends_as(self, "never no receipt says how 's1' ended");
}

static void
what_a_revoked_worker_gave_is_shown_to_nobody(void **state)
{
    house_t *self = *state;
    start(self);
    gives(self, "s1", "free", 4, OUTCOME_OK);
    sealed_t revoke CLEANUP(sealed_done) =
        site_seal_stop(self->site, site_stop(self->site, HALT_WORKER, "s1"), "olaf");
    must(self, (event_t){.kind = EVENT_HALT,
                         .document = bytes_slice(revoke.document),
                         .armors = bytes_slice(revoke.armors)});
    gives(self, "w1", "free", 4, OUTCOME_OK);
    ends_as(self, "never what 's1' gave counts no more: worker 's1' was revoked by olaf");
}

static void
more_than_can_be_shown_ends_the_last_wave(void **state)
{
    house_t *self = *state;
    start(self);
    gives(self, "s1", "free", ONCE_OUTPUTS_MAX / 2, OUTCOME_OK);
    gives(self, "w1", "free", ONCE_OUTPUTS_MAX / 2, OUTCOME_OK);
    ends_as(self, "never what the targets gave takes 2621");
}

static void
an_output_that_is_not_its_receipts_is_not_held(void **state)
{
    house_t *self = *state;
    start(self);
    gives_other(self, "s1", "free", 4, OUTCOME_OPEN, slice_text("s5:other"));
    gives(self, "s1", "more", 4, OUTCOME_OK);
    gives(self, "w1", "free", 4, OUTCOME_OK);
    is_offered_with(self, "s1/free s1/more w1/free+");
}

static void
receipts_without_end_end_the_last_wave(void **state)
{
    house_t *self = *state;
    start(self);
    for (size_t i = 0; i < VALUE_BYTES_MAX / 512; i++)
        gives(self, "s1", "free", 0, OUTCOME_OPEN);
    gives(self, "s1", "more", 4, OUTCOME_OK);
    gives(self, "w1", "free", 4, OUTCOME_OK);
    ends_as(self, "never the receipts of all targets take");
}

#define ONCE_CASE(test)                    \
    {                                      \
#test, test, begin_once, end, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ONCE_CASE(an_order_of_another_shape_is_not_taken),
        ONCE_CASE(what_has_a_step_that_runs_once_is_not_called),
        ONCE_CASE(the_last_wave_is_offered_with_what_all_others_gave),
        ONCE_CASE(the_last_wave_is_offered_so_after_a_restart_too),
        ONCE_CASE(one_that_failed_gives_its_end_only),
        ONCE_CASE(without_a_signed_end_of_each_the_last_wave_never_begins),
        ONCE_CASE(what_a_revoked_worker_gave_is_shown_to_nobody),
        ONCE_CASE(more_than_can_be_shown_ends_the_last_wave),
        ONCE_CASE(an_output_that_is_not_its_receipts_is_not_held),
        ONCE_CASE(receipts_without_end_end_the_last_wave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
