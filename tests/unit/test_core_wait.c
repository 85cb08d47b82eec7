/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

#define ASKING                                                                   \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 900\ninput mount path\n"             \
    "step free run 60 -\nstep go approve 60 -\nstep which ask 60 -\n"            \
    "needs free go\nneeds go which\nperson go responder 3600\n"                  \
    "person which responder 3600\ntext go May%20it?\ntext which Which?\n"        \
    "answer which choice\noption which blue\noption which red\n"                 \
    "use free file.remove change\nend\n"

/* An order of w1 whose playbook asks; its worker has begun. */
static void
begin_asking(house_t *self)
{
    sealed_done(&self->release);
    self->manifest = ASKING;
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(ASKING), slice_text(SITE_PLAYBOOK));
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    self->release_hash = hash_of(bytes_slice(self->release.document));
    put_in_service(self);
    order_t *order = make_order(self, 0);
    order->target_count = 1;
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    submit(self, &sealed);
    worker_accepts(self, "w1");
}

static int
waits(house_t *self, const char *worker, const char *step_name, const hash_t *receipt)
{
    return step(self, (event_t){.kind = EVENT_WAITING,
                                .worker = worker,
                                .hash = run_now(self).id,
                                .step = step_name,
                                .receipt = *receipt,
                                .number = (uint64_t)self->site->now.ms + 3600000});
}

static void
must_wait(house_t *self, const char *step_name, const hash_t *receipt)
{
    if (waits(self, "w1", step_name, receipt))
        fail_msg("%s", self->fault.text);
}

static sealed_t
consent_of(house_t *self, const hash_t *receipt, const char *by)
{
    hash_t run = run_now(self).id;
    return site_seal_consent(self->site, site_consent(self->site, &run, receipt), by);
}

static int
submit_consent(house_t *self, const sealed_t *consent)
{
    return step(self, (event_t){.kind = EVENT_CONSENT,
                                .document = bytes_slice(consent->document),
                                .armors = bytes_slice(consent->armors)});
}

static wait_row_t
wait_now(house_t *self)
{
    query_t query = {.what = FIND_WAITS_OPEN};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    return row ? row->wait : (wait_row_t){0};
}

static void
a_step_that_waits_is_told_once_and_kept(void **state)
{
    house_t *self = *state;
    begin_asking(self);
    hash_t receipt = hash_of(slice_text("which")), later_one = hash_of(slice_text("beside"));
    must_wait(self, "go", &receipt);
    assert_true(told(self, "person"));
    must_wait(self, "go", &later_one);
    assert_false(told(self, "person"));
    assert_string_equal(wait_now(self).step, "go");
    wait_row_t wait = wait_now(self);
    assert_true(hash_equal(&wait.receipt, &later_one));
}

static void
a_consent_goes_to_the_worker_it_names(void **state)
{
    house_t *self = *state;
    begin_asking(self);
    hash_t receipt = hash_of(slice_text("which"));
    must_wait(self, "go", &receipt);
    sealed_t consent CLEANUP(sealed_done) = consent_of(self, &receipt, "pia");
    assert_int_equal(submit_consent(self, &consent), 0);
    assert_int_equal(sent(self, MESSAGE_CONSENT, "w1"), 1);
    assert_true(told(self, "consent"));
}

static void
what_was_lost_on_its_way_is_sent_again_after_a_restart(void **state)
{
    house_t *self = *state;
    begin_asking(self);
    hash_t receipt = hash_of(slice_text("which"));
    must_wait(self, "go", &receipt);
    sealed_t consent CLEANUP(sealed_done) = consent_of(self, &receipt, "pia");
    assert_int_equal(submit_consent(self, &consent), 0);
    restart(self);
    must_wait(self, "go", &receipt);
    assert_int_equal(sent(self, MESSAGE_CONSENT, "w1"), 1);
    must(self, (event_t){.kind = EVENT_DECLINE,
                         .worker = "w1",
                         .hash = run_now(self).id,
                         .step = "go",
                         .receipt = hash_of(bytes_slice(consent.document)),
                         .code = "stale",
                         .text = "another receipt is the last"});
    assert_true(told(self, "decline"));
    must_wait(self, "go", &receipt);
    assert_int_equal(sent(self, MESSAGE_CONSENT, "w1"), 0);
}

static void
consents_that_cannot_count_are_refused_at_once(void **state)
{
    house_t *self = *state;
    static const struct {
        const char *by;
        fault_code_t code;
    } cases[] = {{"pat", FAULT_ROLE}, {"rob", FAULT_ROLE}, {"pia,ana", FAULT_QUORUM}};
    begin_asking(self);
    hash_t receipt = hash_of(slice_text("which")), other = hash_of(slice_text("beside"));
    must_wait(self, "go", &receipt);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        sealed_t consent CLEANUP(sealed_done) = consent_of(self, &receipt, cases[i].by);
        assert_int_equal(submit_consent(self, &consent), -1);
        assert_int_equal(self->fault.code, cases[i].code);
        assert_int_equal(self->actions->row_count, 0);
    }
    sealed_t stale CLEANUP(sealed_done) = consent_of(self, &other, "pia");
    assert_int_equal(submit_consent(self, &stale), -1);
    assert_int_equal(self->fault.code, FAULT_STALE);
    worker_tells(self, "w1", "go", OUTCOME_OK, OUTCOME_OPEN);
    sealed_t late CLEANUP(sealed_done) = consent_of(self, &receipt, "pia");
    assert_int_equal(submit_consent(self, &late), -1);
    assert_int_equal(self->fault.code, FAULT_CONFLICT);
}

static void
an_answer_is_held_against_what_is_asked(void **state)
{
    house_t *self = *state;
    static const struct {
        const char *value;
        int result;
    } cases[] = {{"green", -1}, {"red", 0}};
    begin_asking(self);
    must_wait(self, "which", &HASH_ZERO);
    hash_t run = run_now(self).id;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        consent_t *answer = site_consent(self->site, &run, &HASH_ZERO);
        answer->answer = true;
        text_copy(answer->step, sizeof answer->step, "which");
        text_copy(answer->value, sizeof answer->value, cases[i].value);
        sealed_t sealed CLEANUP(sealed_done) = site_seal_consent(self->site, answer, "pat");
        assert_int_equal(submit_consent(self, &sealed), cases[i].result);
    }
    assert_int_equal(sent(self, MESSAGE_CONSENT, "w1"), 1);
}

static void
a_wait_ends_with_its_step_and_with_its_part(void **state)
{
    house_t *self = *state;
    begin_asking(self);
    must_wait(self, "which", &HASH_ZERO);
    worker_tells(self, "w1", "which", OUTCOME_OK, OUTCOME_OPEN);
    assert_false(wait_now(self).open);
    must_wait(self, "go", &HASH_ZERO);
    restart(self);
    worker_tells(self, "w1", "free", OUTCOME_STOPPED, OUTCOME_STOPPED);
    assert_false(wait_now(self).open);
    must_wait(self, "go", &HASH_ZERO);
    assert_false(wait_now(self).open);
}

static void
nobody_waits_at_a_step_that_is_not_there(void **state)
{
    house_t *self = *state;
    begin_asking(self);
    assert_int_equal(waits(self, "w1", "nothing", &HASH_ZERO), -1);
    assert_int_equal(waits(self, "w1", "free/go", &HASH_ZERO), -1);
    assert_int_equal(waits(self, "w1", "", &HASH_ZERO), -1);
    assert_int_equal(waits(self, "w2", "go", &HASH_ZERO), -1);
    assert_false(wait_now(self).open);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_step_that_waits_is_told_once_and_kept),
        CASE(a_consent_goes_to_the_worker_it_names),
        CASE(what_was_lost_on_its_way_is_sent_again_after_a_restart),
        CASE(consents_that_cannot_count_are_refused_at_once),
        CASE(an_answer_is_held_against_what_is_asked),
        CASE(a_wait_ends_with_its_step_and_with_its_part),
        CASE(nobody_waits_at_a_step_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
