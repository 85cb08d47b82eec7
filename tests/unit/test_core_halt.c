/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"
#include "tests/unit/halt_wraps.h"

static size_t compared; /* hashes */

bool
__wrap_hash_equal(const hash_t *left, const hash_t *right)
{
    compared++;
    return __real_hash_equal(left, right);
}

int
__wrap_hash_compare(const hash_t *left, const hash_t *right)
{
    compared++;
    return __real_hash_compare(left, right);
}

static sealed_t
stop_of(house_t *self, halt_what_t what, const char *name, const char *by)
{
    stop_t *stop = memory_new(1, sizeof *stop);
    stop->site = self->site->id;
    stop->what = what;
    stop->created = self->site->now;
    text_copy(stop->name, sizeof stop->name, name);
    text_copy(stop->reason, sizeof stop->reason, "it made things worse");
    text_copy(stop->nonce, sizeof stop->nonce, "00112233445566778899aabbccddeeff");
    return site_seal_stop(self->site, stop, by);
}

static sealed_t
resume_of(house_t *self, const sealed_t *stop, const char *by)
{
    resume_t *resume = memory_new(1, sizeof *resume);
    resume->site = self->site->id;
    resume->stop = hash_of(bytes_slice(stop->document));
    resume->created = self->site->now;
    text_copy(resume->reason, sizeof resume->reason, "it is mended");
    return site_seal_resume(self->site, resume, by);
}

static int
submit_halt(house_t *self, const sealed_t *halt)
{
    return step(self, (event_t){.kind = EVENT_HALT,
                                .document = bytes_slice(halt->document),
                                .armors = bytes_slice(halt->armors)});
}

static void
halt(house_t *self, const sealed_t *sealed)
{
    if (submit_halt(self, sealed))
        fail_msg("%s", self->fault.text);
}

/* Keeps these documents, as far as there are any. */
static void
hello_with(house_t *self, const char *worker, const sealed_t *one, const sealed_t *other)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    value_t *halts = value_list();
    const sealed_t *all[] = {one, other};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        char text[HASH_TEXT];
        hash_t hash = all[i] ? hash_of(bytes_slice(all[i]->document)) : HASH_ZERO;
        if (all[i])
            value_append(halts, value_text(hash_write(&hash, text)));
    }
    value_set(state, "halts", halts);
    must(self, (event_t){.kind = EVENT_HELLO, .worker = worker, .state = state});
}

static bool
take_text(void *text, const row_t *row)
{
    if (!strcmp(row->event.kind, "stop"))
        text_copy(text, sizeof row->event.text, row->event.text);
    return true;
}

static void
of_a_stopped_run_people_are_told_by_the_digits_that_they_know(void **state)
{
    house_t *self = *state;
    char run[HASH_TEXT], told[sizeof((event_row_t *)0)->text] = "", wanted[FAULT_TEXT_MAX];
    start_order(self, 0);
    query_t query = {.what = FIND_EVENTS_RUN, .hash = run_now(self).id};
    sealed_t stop CLEANUP(sealed_done) =
        stop_of(self, HALT_RUN, hash_write(&query.hash, run), "pat");
    halt(self, &stop);
    assert_int_equal(self->store->find(self->store->self, &query, take_text, told, &self->fault),
                     0);
    snprintf(wanted, sizeof wanted, "pat stopped the run %.12s: it made things worse", run);
    assert_string_equal(told, wanted);
}

static void
a_stopped_run_offers_nothing_further(void **state)
{
    house_t *self = *state;
    char text[HASH_TEXT];
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    hash_t run = run_now(self).id;
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_RUN, hash_write(&run, text), "pat");
    halt(self, &stop);
    assert_true(told(self, "stop"));
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 1);
    assert_int_equal(run_now(self).state, RUN_STOPPED);
    later(self, 60);
    tick(self);
    assert_int_equal(self->actions->send_count, 0);
}

static void
what_is_offered_waits_for_the_workers_word(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_SITE, "-", "olaf");
    halt(self, &stop);
    assert_int_equal(run_now(self).state, RUN_ACTIVE);
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = run_now(self).id,
                         .code = "stopped",
                         .text = "the site is stopped"});
    assert_int_equal(run_now(self).state, RUN_STOPPED);
}

static void
a_region_that_is_stopped_ends_its_own_parts_only(void **state)
{
    house_t *self = *state;
    start_order(self, 2);
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_REGION, "south", "olaf");
    halt(self, &stop);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    restart(self);
    later(self, 30);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 0);
}

static void
nothing_automatic_begins_under_a_stop_also_after_a_restart(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_PLAYBOOK, "disk-full", "olaf");
    halt(self, &stop);
    restart(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "is stopped by olaf");
    sealed_t resume CLEANUP(sealed_done) = resume_of(self, &stop, "olaf,zoe");
    halt(self, &resume);
    restart(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

static void
a_worker_is_told_what_it_lacks(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_PLAYBOOK, "disk-full", "olaf");
    sealed_t resume CLEANUP(sealed_done) = resume_of(self, &stop, "olaf,zoe");
    halt(self, &stop);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 0); /* it never spoke */
    hello_with(self, "w1", NULL, NULL);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 1);
    hello_with(self, "w1", &stop, NULL);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 0);
    halt(self, &resume);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 1);
    restart(self);
    hello_with(self, "w1", &stop, NULL);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 1);
    hello_with(self, "w2", NULL, NULL); /* neither, so neither is needed */
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w2"), 0);
}

static void
pings(house_t *self)
{
    must(self, (event_t){.kind = EVENT_PING, .worker = "w1", .document = slice_text("1")});
}

static void
a_worker_that_slept_on_its_connection_is_asked_where_it_stands(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    hello_with(self, "w1", NULL, NULL);
    pings(self);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 0);
    later(self, CORE_ONLINE_MS / 1000);
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_PLAYBOOK, "disk-full", "olaf");
    halt(self, &stop);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 0); /* nobody knows whether it is there */
    pings(self);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 0); /* its HELLO may be on its way */
    pings(self);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 1);
    hello_with(self, "w1", NULL, NULL);
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 1);
    pings(self);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 0);
}

static void
a_worker_that_connects_again_is_welcomed_once(void **state)
{
    house_t *self = *state;
    hello_with(self, "w1", NULL, NULL);
    later(self, CORE_ONLINE_MS / 1000);
    pings(self);
    hello_with(self, "w1", NULL, NULL);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 1);
    pings(self);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 0);
}

/* How many hashes are compared for a HELLO that keeps all there is. */
static size_t
compared_for_hello(house_t *self, const value_t *halts)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    value_set(state, "halts", value_copy(halts));
    size_t before = compared;
    must(self, (event_t){.kind = EVENT_HELLO, .worker = "w1", .state = state});
    assert_int_equal(sent(self, MESSAGE_DOCUMENT, "w1"), 0);
    return compared - before;
}

/* Stops of so many runs, more than there are in halts, which gets them. */
static void
stop_runs(house_t *self, size_t count, value_t *halts)
{
    for (size_t i = value_count(halts); i < count; i++) {
        char name[HASH_TEXT], text[HASH_TEXT];
        hash_t run = hash_of(slice_of(&i, sizeof i));
        sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_RUN, hash_write(&run, name), "pat");
        hash_t hash = hash_of(bytes_slice(stop.document));
        halt(self, &stop);
        value_append(halts, value_text(hash_write(&hash, text)));
    }
}

/* Not as the square of them, as where each was looked for among all. */
static void
a_hello_takes_as_long_as_there_are_stops(void **state)
{
    house_t *self = *state;
    CLEANUP(value_destroy) value_t *halts = value_list();
    put_in_service(self);
    stop_runs(self, 100, halts);
    size_t few = compared_for_hello(self, halts);
    stop_runs(self, 800, halts);
    size_t many = compared_for_hello(self, halts);
    if (many > 10 * few)
        fail_msg("%zu hashes with 800 stops, %zu with 100", many, few);
}

static void
who_keeps_a_stop_is_remembered(void **state)
{
    house_t *self = *state;
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_SITE, "-", "olaf");
    halt(self, &stop);
    hash_t hash = hash_of(bytes_slice(stop.document)), other = hash_of(slice_text("other"));
    must(self, (event_t){.kind = EVENT_KEPT, .worker = "w1", .hash = hash});
    assert_int_equal(step(self, (event_t){.kind = EVENT_KEPT, .worker = "w1", .hash = other}), -1);
    hello_with(self, "w2", &stop, NULL);
    restart(self);
    assert_true(core_halt_kept(self->core, &hash, "w1"));
    assert_true(core_halt_kept(self->core, &hash, "w2"));
    assert_false(core_halt_kept(self->core, &hash, "s1"));
}

static void
a_stop_by_nobody_in_charge_or_of_another_type_is_refused(void **state)
{
    house_t *self = *state;
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_SITE, "-", "pat");
    assert_int_equal(submit_halt(self, &stop), -1);
    assert_int_equal(self->fault.code, FAULT_ROLE);
    assert_int_equal(submit_halt(self, &self->site->north), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
    assert_int_equal(self->actions->row_count, 0);
}

static void
the_same_stop_again_changes_nothing(void **state)
{
    house_t *self = *state;
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_SITE, "-", "olaf");
    halt(self, &stop);
    halt(self, &stop);
    assert_int_equal(self->actions->row_count, 0);
}

static void
the_stop_of_a_run_is_forgotten_when_nothing_of_it_can_begin(void **state)
{
    house_t *self = *state;
    char text[HASH_TEXT];
    start_order(self, 0);
    hash_t run = run_now(self).id;
    sealed_t stop CLEANUP(sealed_done) = stop_of(self, HALT_RUN, hash_write(&run, text), "pat");
    halt(self, &stop);
    later(self, 3601 + CORE_LATE_MS / 1000);
    tick(self);
    assert_int_equal(trust_halt_count(self->charter->trust), 1);
    later(self, CORE_HALT_MS / 1000);
    tick(self);
    assert_int_equal(trust_halt_count(self->charter->trust), 0);
    restart(self);
    assert_int_equal(trust_halt_count(self->charter->trust), 0);
}

static void
a_revoked_worker_is_offered_nothing_and_shut_out(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    uint64_t before = core_mark(self->core).revokes;
    sealed_t revoke CLEANUP(sealed_done) = stop_of(self, HALT_WORKER, "s1", "olaf");
    halt(self, &revoke);
    assert_true(told(self, "revoke"));
    assert_int_equal(core_mark(self->core).revokes, before + 1);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    later(self, 30);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 0);
}

static void
a_revoked_release_and_grant_begin_nothing_also_after_a_restart(void **state)
{
    house_t *self = *state;
    char text[HASH_TEXT];
    put_in_service(self);
    take_grant(self);
    sealed_t revoke CLEANUP(sealed_done) =
        stop_of(self, HALT_RELEASE, hash_write(&self->release_hash, text), "olaf");
    halt(self, &revoke);
    restart(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "was revoked by olaf");
    assert_string_equal(halt_line_type(trust_halt(self->charter->trust, 0)), "revoke");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(of_a_stopped_run_people_are_told_by_the_digits_that_they_know),
        CASE(a_stopped_run_offers_nothing_further),
        CASE(what_is_offered_waits_for_the_workers_word),
        CASE(a_region_that_is_stopped_ends_its_own_parts_only),
        CASE(nothing_automatic_begins_under_a_stop_also_after_a_restart),
        CASE(a_worker_is_told_what_it_lacks),
        CASE(a_worker_that_slept_on_its_connection_is_asked_where_it_stands),
        CASE(a_worker_that_connects_again_is_welcomed_once),
        CASE(a_hello_takes_as_long_as_there_are_stops),
        CASE(who_keeps_a_stop_is_remembered),
        CASE(a_stop_by_nobody_in_charge_or_of_another_type_is_refused),
        CASE(the_same_stop_again_changes_nothing),
        CASE(the_stop_of_a_run_is_forgotten_when_nothing_of_it_can_begin),
        CASE(a_revoked_worker_is_offered_nothing_and_shut_out),
        CASE(a_revoked_release_and_grant_begin_nothing_also_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
