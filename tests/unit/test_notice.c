/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: what the core puts there, and when it is tried. */
#include "tests/unit/core_fixture.h"

#include "broker/core/state.h"
#include "wire/sealed.h"

static sinks_t sinks; /* of the test under way */

static void
add_sink(const char *name, uint32_t events)
{
    sink_t *sink = &sinks.sinks[sinks.count++];
    *sink = (sink_t){.kind = SINK_GENERIC, .events = events};
    text_copy(sink->name, sizeof sink->name, name);
}

static int
begin_with_sinks(void **state)
{
    int result = begin(state);
    sinks.count = 0;
    add_sink("all", UINT32_MAX);
    add_sink("waiting", 1u << NOTICE_INCIDENT_WAITING);
    add_sink("none", 0);
    core_sinks(((house_t *)*state)->core, &sinks);
    return result;
}

static void
restart_with_sinks(house_t *self)
{
    core_destroy(&self->core);
    self->core = core_new(self->charter, "instance2", self->store);
    core_sinks(self->core, &sinks);
    if (core_load(self->core, &self->fault))
        fail_msg("%s", self->fault.text);
}

static row_t *
take(house_t *self)
{
    fault_t fault = {0};
    row_t *row = core_notice(self->core, core_mark(self->core).notices, self->site->now, &fault);
    assert_int_equal(fault.code, FAULT_NONE);
    return row;
}

/* The notice that is due next is this one; its number. */
static uint64_t
due(house_t *self, const char *sink, const char *kind)
{
    CLEANUP(row_destroy) row_t *row = take(self);
    if (!row || strcmp(row->notice.sink, sink) != 0 || strcmp(row->notice.kind, kind) != 0)
        fail_msg("%s for %s was due, not %s for %s", row ? row->notice.kind : "nothing",
                 row ? row->notice.sink : "anyone", kind, sink);
    return row->notice.number;
}

static void
nothing_is_due(house_t *self)
{
    CLEANUP(row_destroy) row_t *row = take(self);
    if (row)
        fail_msg("%s is due for %s", row->notice.kind, row->notice.sink);
}

static void
noticed(house_t *self, uint64_t number, const char *code)
{
    must(self,
         (event_t){.kind = EVENT_NOTICED, .number = number, .code = code, .text = "it answers"});
}

static notice_row_t
notice_at(house_t *self, uint64_t number)
{
    query_t query = {.what = FIND_NOTICE, .number = number};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    assert_non_null(row);
    return row->notice;
}

/* As a handler would say it. */
static void
playbook_says(house_t *self, const char *sink, const char *text)
{
    actions_clear(self->actions);
    self->core->actions = self->actions;
    self->core->now = self->site->now;
    core_notify(self->core, sink, text, 3, NULL);
    self->core->actions = NULL;
    for (size_t i = 0; i < self->actions->row_count; i++)
        assert_int_equal(self->store->put(self->store->self, self->actions->rows[i], &self->fault),
                         0);
}

static void
a_waiting_incident_is_told_to_who_hears_of_it(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    CLEANUP(row_destroy) row_t *row = take(self);
    assert_string_equal(row->notice.sink, "all");
    assert_string_equal(row->notice.kind, "incident.waiting");
    assert_string_equal(row->notice.host, "web1.example");
    assert_string_equal(row->notice.severity, "high");
    assert_int_equal(row->notice.incident, 1);
    assert_non_null(strstr(row->notice.text, "incident 1 'disk is full' on web1.example is "
                                             "waiting: "));
    due(self, "waiting", "incident.waiting");
    nothing_is_due(self);
}

static void
a_notice_is_in_the_step_that_made_it_true(void **state)
{
    house_t *self = *state;
    size_t notices = 0, incidents = 0;
    alarm_rings(self);
    for (size_t i = 0; i < self->actions->row_count; i++) {
        notices += self->actions->rows[i]->kind == ROW_NOTICE;
        incidents += self->actions->rows[i]->kind == ROW_INCIDENT;
    }
    assert_int_equal(notices, 2);
    assert_true(incidents > 0);
}

static void
a_site_without_sinks_puts_nothing_there(void **state)
{
    house_t *self = *state;
    sinks.count = 0;
    core_sinks(self->core, &sinks);
    alarm_rings(self);
    assert_int_equal(count_rows(self, FIND_NOTICE_NEWEST), 0);
    nothing_is_due(self);
}

static void
a_run_is_told_with_how_it_ended(void **state)
{
    house_t *self = *state;
    authorise(self);
    noticed(self, due(self, "all", "incident.authorised"), "none");
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    CLEANUP(row_destroy) row_t *row = take(self);
    assert_string_equal(row->notice.kind, "run.failed");
    assert_string_equal(row->notice.playbook, "disk-full");
    assert_string_equal(row->notice.host, "web1.example");
    assert_non_null(strstr(row->notice.text, "the run of 'disk-full' is failed: 'w1' is failed"));
    noticed(self, row->notice.number, "none");
    due(self, "all", "incident.failed");
}

static void
breaking_glass_is_told_aloud(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    put_in_service(self);
    order_t *order = make_order(self, 0);
    text_copy(order->break_glass, sizeof order->break_glass, "the south is dark");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "uma");
    refuses_order(self, &sealed, FAULT_QUORUM);
    site_sign(self->site, SIGN_COSIGN, bytes_slice(sealed.document), "pat", sealed.armors);
    submit(self, &sealed);
    assert_true(told(self, "break-glass"));
    CLEANUP(row_destroy) row_t *notice = take(self);
    assert_string_equal(notice->notice.kind, "break-glass");
    assert_string_equal(notice->notice.text,
                        "BREAK-GLASS: 'disk-full' runs outside scope and windows, cosigned by pat: "
                        "the south is dark");
    query_t query = {.what = FIND_RUN, .hash = hash_of(bytes_slice(sealed.document))};
    CLEANUP(row_destroy) row_t *run = store_first(self->store, &query, &fault);
    assert_string_equal(run->run.glass, "the south is dark");
    assert_string_equal(run->run.who, "pat uma");
    noticed(self, notice->notice.number, "none");
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    CLEANUP(row_destroy) row_t *ended = take(self);
    assert_string_equal(ended->notice.kind, "run.failed");
    assert_non_null(strstr(ended->notice.text, "BREAK-GLASS: the run of 'disk-full' is failed"));
}

static void
a_gap_is_told(void **state)
{
    house_t *self = *state;
    authorise(self);
    noticed(self, due(self, "all", "incident.authorised"), "none");
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    hello(self, "w1", 0);
    due(self, "all", "gap");
}

static void
one_is_under_way_for_a_sink_and_the_others_do_not_wait_for_it(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    uint64_t first = due(self, "all", "incident.waiting");
    uint64_t other = due(self, "waiting", "incident.waiting");
    playbook_says(self, "all", "second");
    playbook_says(self, "none", "to another");
    due(self, "none", "notify");
    nothing_is_due(self);
    noticed(self, other, "failed");
    nothing_is_due(self);
    noticed(self, first, "none");
    assert_int_equal(due(self, "all", "notify"), other + 1);
    assert_int_equal(notice_at(self, first).state, NOTICE_SENT);
}

static void
a_sink_that_is_down_is_tried_after_5_s_and_then_twice_as_late_each_time(void **state)
{
    static const int64_t waits[] = {5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};
    house_t *self = *state;
    playbook_says(self, "none", "text");
    for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
        uint64_t number = due(self, "none", "notify");
        noticed(self, number, "unreachable");
        assert_int_equal(notice_at(self, number).tries, i + 1);
        later(self, waits[i] - 1);
        nothing_is_due(self);
        later(self, 1);
    }
    due(self, "none", "notify");
}

static void
after_24_hours_it_is_given_up_and_an_event_says_so(void **state)
{
    house_t *self = *state;
    playbook_says(self, "none", "first");
    later(self, 24 * 3600 - 1);
    playbook_says(self, "none", "second");
    uint64_t first = due(self, "none", "notify");
    noticed(self, first, "failed");
    assert_false(told(self, "notice"));
    later(self, 5);
    assert_int_equal(due(self, "none", "notify"), first);
    noticed(self, first, "failed");
    assert_true(told(self, "notice"));
    assert_int_equal(notice_at(self, first).state, NOTICE_GIVEN_UP);
    assert_string_equal(notice_at(self, first).reason, "it answers");
    assert_int_equal(due(self, "none", "notify"), first + 1);
}

static void
what_a_sink_refuses_for_good_is_given_up_at_once(void **state)
{
    house_t *self = *state;
    playbook_says(self, "none", "first");
    playbook_says(self, "none", "second");
    uint64_t first = due(self, "none", "notify");
    noticed(self, first, "denied");
    assert_true(told(self, "notice"));
    assert_int_equal(notice_at(self, first).state, NOTICE_GIVEN_UP);
    assert_int_equal(due(self, "none", "notify"), first + 1);
}

static void
what_waited_goes_out_again_after_a_restart_with_the_same_number(void **state)
{
    house_t *self = *state;
    playbook_says(self, "none", "first");
    playbook_says(self, "none", "second");
    uint64_t first = due(self, "none", "notify");
    restart_with_sinks(self);
    assert_int_equal(due(self, "none", "notify"), first);
    noticed(self, first, "failed");
    restart_with_sinks(self);
    nothing_is_due(self);
    later(self, 5);
    assert_int_equal(due(self, "none", "notify"), first);
    noticed(self, first, "none");
    assert_int_equal(due(self, "none", "notify"), first + 1);
    playbook_says(self, "all", "third");
    assert_int_equal(due(self, "all", "notify"), first + 2);
}

static void
a_clock_that_was_set_back_keeps_nobody_waiting_for_days(void **state)
{
    house_t *self = *state;
    playbook_says(self, "none", "text");
    noticed(self, due(self, "none", "notify"), "failed");
    later(self, -7 * 24 * 3600);
    due(self, "none", "notify");
}

static void
an_answer_to_what_is_not_under_way_is_refused(void **state)
{
    house_t *self = *state;
    playbook_says(self, "none", "text");
    assert_int_equal(step(self, (event_t){.kind = EVENT_NOTICED, .number = 1, .code = "none"}), -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
    noticed(self, due(self, "none", "notify"), "none");
    assert_int_equal(step(self, (event_t){.kind = EVENT_NOTICED, .number = 1, .code = "none"}), -1);
    assert_int_equal(step(self, (event_t){.kind = EVENT_NOTICED, .number = 9, .code = "none"}), -1);
}

static void
a_sink_that_is_not_there_is_said(void **state)
{
    house_t *self = *state;
    playbook_says(self, "nobody", "text");
    assert_true(told(self, "notice"));
    nothing_is_due(self);
}

#define TELLING                                                                  \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 900\ninput mount path\n"             \
    "step free run 60 -\nstep tell notify 60 -\nneeds tell free\n"               \
    "notify tell none\nuse free file.remove change\nend\n"

/* Sealed to pat and to w1. */
static void
seal_order(order_t *order)
{
    order->seal_count = 2;
    order->seals = memory_new(2, sizeof *order->seals);
    text_copy(order->seals[0].name, TEXT_NAME_MAX + 1, "pat");
    text_copy(order->seals[1].name, TEXT_NAME_MAX + 1, "w1");
    order->seals[1].worker = true;
}

static void
begin_telling(house_t *self, bool dry, bool sealed_too)
{
    sealed_done(&self->release);
    self->manifest = TELLING;
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(TELLING), slice_text(SITE_PLAYBOOK));
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    self->release_hash = hash_of(bytes_slice(self->release.document));
    put_in_service(self);
    order_t *order = make_order(self, 0);
    order->target_count = 1;
    order->dry = dry;
    if (sealed_too)
        seal_order(order);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    submit(self, &sealed);
    worker_accepts(self, "w1");
}

/* The receipt of step `tell`, handed in as often as that. */
static void
worker_says(house_t *self, const char *text, unsigned times)
{
    CLEANUP(bytes_destroy) bytes_t *output = bytes_new();
    CLEANUP(value_destroy) value_t *value = value_text(text);
    value_encode(value, output);
    receipt_t *receipt = site_receipt(self->site);
    text_copy(receipt->step, sizeof receipt->step, "tell");
    receipt->run = run_now(self).id;
    receipt->release = self->release_hash;
    receipt->output = hash_of(bytes_slice(output));
    receipt->output_bytes = bytes_slice(output).size;
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(self->site, receipt, "w1");
    for (unsigned i = 0; i < times; i++)
        must(self, (event_t){.kind = EVENT_RECEIPT,
                             .worker = "w1",
                             .document = bytes_slice(sealed.document),
                             .armors = bytes_slice(sealed.armors),
                             .output = bytes_slice(output)});
}

static void
what_a_notify_step_gives_goes_to_its_sink_once(void **state)
{
    house_t *self = *state;
    begin_telling(self, false, false);
    worker_says(self, "12 files are gone", 2);
    noticed(self, due(self, "all", "run.succeeded"), "none");
    CLEANUP(row_destroy) row_t *row = take(self);
    assert_non_null(row);
    assert_string_equal(row->notice.sink, "none");
    assert_string_equal(row->notice.text, "12 files are gone");
    noticed(self, row->notice.number, "none");
    nothing_is_due(self);
}

static void
a_dry_run_tells_nobody_what_its_steps_say(void **state)
{
    house_t *self = *state;
    begin_telling(self, true, false);
    worker_says(self, "12 files are gone", 1);
    noticed(self, due(self, "all", "run.succeeded"), "none");
    nothing_is_due(self);
}

static void
a_sealed_run_tells_that_there_is_something_to_read(void **state)
{
    house_t *self = *state;
    begin_telling(self, false, true);
    worker_says(self, "what no broker can read", 1);
    noticed(self, due(self, "all", "run.succeeded"), "none");
    CLEANUP(row_destroy) row_t *row = take(self);
    assert_string_equal(row->notice.text, SEALED_NOTICE);
    noticed(self, row->notice.number, "none");
    nothing_is_due(self);
}

static void
text_is_cut_between_characters(void **state)
{
    house_t *self = *state;
    char text[NOTICE_TEXT_MAX + 64];
    memset(text, 'x', sizeof text);
    memcpy(text + NOTICE_TEXT_MAX - 2, "ァ", 3);
    text[sizeof text - 1] = '\0';
    playbook_says(self, "none", text);
    CLEANUP(row_destroy) row_t *row = take(self);
    assert_int_equal(strlen(row->notice.text), NOTICE_TEXT_MAX - 2);
    assert_true(text_is_free(slice_text(row->notice.text)));
}

static void
a_sink_keeps_a_bounded_number_waiting_and_says_so_once(void **state)
{
    house_t *self = *state;
    self->core->outlets[2].waiting = CORE_NOTICES_MAX;
    playbook_says(self, "none", "too much");
    assert_true(told(self, "notice"));
    assert_int_equal(count_rows(self, FIND_NOTICE_NEWEST), 0);
    playbook_says(self, "none", "too much again");
    assert_false(told(self, "notice"));
    playbook_says(self, "all", "to another");
    due(self, "all", "notify");
}

#define WITH_SINKS(test) cmocka_unit_test_setup_teardown(test, begin_with_sinks, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SINKS(a_waiting_incident_is_told_to_who_hears_of_it),
        WITH_SINKS(a_notice_is_in_the_step_that_made_it_true),
        WITH_SINKS(a_site_without_sinks_puts_nothing_there),
        WITH_SINKS(a_run_is_told_with_how_it_ended),
        WITH_SINKS(breaking_glass_is_told_aloud),
        WITH_SINKS(a_gap_is_told),
        WITH_SINKS(one_is_under_way_for_a_sink_and_the_others_do_not_wait_for_it),
        WITH_SINKS(a_sink_that_is_down_is_tried_after_5_s_and_then_twice_as_late_each_time),
        WITH_SINKS(after_24_hours_it_is_given_up_and_an_event_says_so),
        WITH_SINKS(what_a_sink_refuses_for_good_is_given_up_at_once),
        WITH_SINKS(what_waited_goes_out_again_after_a_restart_with_the_same_number),
        WITH_SINKS(a_clock_that_was_set_back_keeps_nobody_waiting_for_days),
        WITH_SINKS(an_answer_to_what_is_not_under_way_is_refused),
        WITH_SINKS(a_sink_that_is_not_there_is_said),
        WITH_SINKS(what_a_notify_step_gives_goes_to_its_sink_once),
        WITH_SINKS(a_dry_run_tells_nobody_what_its_steps_say),
        WITH_SINKS(a_sealed_run_tells_that_there_is_something_to_read),
        WITH_SINKS(text_is_cut_between_characters),
        WITH_SINKS(a_sink_keeps_a_bounded_number_waiting_and_says_so_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
