/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons and nonces on their way through the broker: what is handed to whom, and when. */
#include "tests/unit/core_fixture.h"
#include "tests/unit/timekeeper_fixture.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f"
#define OTHERS "ff0102030405060708090a0b0c0d0e0f"

static void
take_document(house_t *self, const sealed_t *sealed)
{
    fault_t fault = {0};
    if (charter_add(self->charter, bytes_slice(sealed->document), bytes_slice(sealed->armors),
                    &fault) != 1)
        fail_msg("%s", fault.text);
}

/* Root names a timekeeper. */
static int
begin_with(void **state)
{
    begin(state);
    house_t *self = *state;
    sealed_t root CLEANUP(sealed_done) = tick_root(self->site);
    take_document(self, &root);
    return 0;
}

static const frames_t *
sent_at(const house_t *self, size_t index, const char *to, const char *word)
{
    assert_true(index < self->actions->send_count);
    const send_t *send = &self->actions->sends[index];
    if (strcmp(send->worker, to) != 0 || !slice_is(frames_at(send->frames, 0), word))
        fail_msg("%s to %s, and not %s to %s", frames_text(send->frames, 0), send->worker, word,
                 to);
    return send->frames;
}

static void
sends_nothing(const house_t *self)
{
    assert_int_equal(self->actions->send_count, 0);
}

static void
draws(house_t *self, const char *worker, const char *digits)
{
    must(self, (event_t){.kind = EVENT_NONCE, .worker = worker, .text = digits});
}

static void
timekeeper_comes(house_t *self)
{
    must(self, (event_t){.kind = EVENT_TIMEKEEPER, .who = "hub"});
}

static beacon_t *
beacon_of(house_t *self, uint64_t sequence)
{
    return tick_beacon(self->site, self->charter->trust, sequence, (int64_t)sequence);
}

/* Takes over beacon, which the timekeeper signs; leaves as it hands them. */
static int
comes_by(house_t *self, beacon_t *beacon, const hash_t *leaves, size_t count, const char *who)
{
    sealed_t sealed CLEANUP(sealed_done) = tick_seal(self->site, beacon, who);
    return step(self, (event_t){.kind = EVENT_BEACON,
                                .document = bytes_slice(sealed.document),
                                .armors = bytes_slice(sealed.armors),
                                .output = slice_of(leaves, count * sizeof *leaves)});
}

static void
comes(house_t *self, beacon_t *beacon)
{
    if (comes_by(self, beacon, NULL, 0, "tick"))
        fail_msg("%s", self->fault.text);
}

static hash_t
leaf_of(const char *worker, const char *digits)
{
    nonce_t nonce;
    assert_true(nonce_read(digits, &nonce));
    return beacon_leaf(worker, &nonce);
}

/* ---- to the timekeeper ------------------------------------------------------------------- */

static void
a_workers_nonce_goes_to_the_timekeeper_with_its_name(void **state)
{
    house_t *self = *state;
    draws(self, "w1", DIGITS);
    const frames_t *nonce = sent_at(self, 0, ACTIONS_TIMEKEEPER, "NONCE");
    assert_int_equal(nonce->count, 3);
    assert_string_equal(frames_text(nonce, 1), "w1");
    assert_string_equal(frames_text(nonce, 2), DIGITS);
    assert_int_equal(self->actions->send_count, 1);
}

static void
where_root_names_no_timekeeper_a_nonce_stays_here(void **state)
{
    house_t *self = *state;
    draws(self, "w1", DIGITS);
    sends_nothing(self);
    assert_int_equal(step(self, (event_t){.kind = EVENT_NONCE, .worker = "w1", .text = "0001"}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
}

static void
a_timekeeper_that_comes_is_told_what_is_here_and_the_newest_nonce_of_each_worker(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    draws(self, "w1", OTHERS);
    draws(self, "w1", DIGITS);
    draws(self, "s1", OTHERS);
    timekeeper_comes(self);
    const frames_t *hello = sent_at(self, 0, ACTIONS_TIMEKEEPER, "HELLO");
    assert_string_equal(frames_text(hello, 2), "hub");
    CLEANUP(value_destroy) value_t *known = value_decode(frames_at(hello, 3), &fault);
    assert_int_equal(value_get_integer(known, "root"), 2);
    assert_int_equal(value_get_integer(known, "people"), 1);
    assert_int_equal(value_get_integer(known, "fleet.south"), 1);
    assert_int_equal(value_count(value_get(known, "halts")), 0);
    assert_int_equal(self->actions->send_count, 3);
    for (size_t i = 1; i < 3; i++) {
        const frames_t *nonce = sent_at(self, i, ACTIONS_TIMEKEEPER, "NONCE");
        bool first = !strcmp(frames_text(nonce, 1), "w1");
        assert_string_equal(frames_text(nonce, 1), first ? "w1" : "s1");
        assert_string_equal(frames_text(nonce, 2), first ? DIGITS : OTHERS);
    }
    assert_string_not_equal(frames_text(self->actions->sends[1].frames, 1),
                            frames_text(self->actions->sends[2].frames, 1));
}

static void
one_nonce_of_a_worker_is_on_its_way_at_a_time(void **state)
{
    house_t *self = *state;
    hash_t leaf = leaf_of("w1", DIGITS);
    draws(self, "w1", DIGITS);
    sent_at(self, 0, ACTIONS_TIMEKEEPER, "NONCE");
    for (size_t i = 0; i < 3; i++) {
        draws(self, "w1", OTHERS);
        sends_nothing(self);
    }
    beacon_t *beacon = beacon_of(self, 1);
    tick_answers_all(beacon, &leaf, 1);
    assert_int_equal(comes_by(self, beacon, &leaf, 1, "tick"), 0);
    assert_string_equal(frames_text(sent_at(self, 0, ACTIONS_TIMEKEEPER, "NONCE"), 2), OTHERS);
    draws(self, "s1", DIGITS);
    sent_at(self, 0, ACTIONS_TIMEKEEPER, "NONCE");
    comes(self, beacon_of(self, 2)); /* what was on its way is lost, or comes too late */
    assert_int_equal(self->actions->send_count, 1);
    draws(self, "w1", DIGITS);
    sent_at(self, 0, ACTIONS_TIMEKEEPER, "NONCE");
}

static void
halt(house_t *self, const sealed_t *sealed)
{
    must(self, (event_t){.kind = EVENT_HALT,
                         .document = bytes_slice(sealed->document),
                         .armors = bytes_slice(sealed->armors)});
}

/* So many documents went to the timekeeper, all of them this one. */
static void
tells(const house_t *self, size_t times, const sealed_t *sealed)
{
    size_t count = 0;
    for (size_t i = 0; i < self->actions->send_count; i++) {
        const send_t *send = &self->actions->sends[i];
        if (strcmp(send->worker, ACTIONS_TIMEKEEPER) != 0 ||
            !slice_is(frames_at(send->frames, 0), "DOCUMENT"))
            continue;
        count++;
        assert_true(slice_equal(frames_at(send->frames, 1), bytes_slice(sealed->document)));
        assert_true(slice_equal(frames_at(send->frames, 2), bytes_slice(sealed->armors)));
    }
    assert_int_equal(count, times);
}

static beacon_t *
without_halts(beacon_t *beacon)
{
    beacon->halt_count = 0;
    return beacon;
}

static void
a_stop_goes_to_the_timekeeper_once_and_again_when_it_comes_back_without_it(void **state)
{
    house_t *self = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(self->site, site_stop(self->site, HALT_PLAYBOOK, "x"), "olaf");
    halt(self, &stop);
    tells(self, 1, &stop);
    comes(self, without_halts(beacon_of(self, 1)));
    tells(self, 0, &stop);
    timekeeper_comes(self);
    tells(self, 0, &stop);
    comes(self, without_halts(beacon_of(self, 2)));
    tells(self, 1, &stop);
    comes(self, without_halts(beacon_of(self, 3)));
    tells(self, 0, &stop);
    timekeeper_comes(self);
    comes(self, beacon_of(self, 4));
    tells(self, 0, &stop);
}

static void
a_resume_goes_where_a_beacon_still_names_the_stop(void **state)
{
    house_t *self = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(self->site, site_stop(self->site, HALT_PLAYBOOK, "x"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    sealed_t resume CLEANUP(sealed_done) =
        site_seal_resume(self->site, site_resume(self->site, &hash), "olaf,zoe");
    halt(self, &stop);
    halt(self, &resume);
    tells(self, 1, &resume);
    timekeeper_comes(self);
    comes(self, without_halts(beacon_of(self, 1)));
    tells(self, 0, &resume);
    comes(self, tick_names_halt(beacon_of(self, 2), &hash));
    tells(self, 1, &resume);
}

static void
documents_that_a_beacon_names_older_go_to_the_timekeeper(void **state)
{
    house_t *self = *state;
    people_t *newer = site_people(self->site);
    newer->version = 2;
    sealed_t people CLEANUP(sealed_done) = site_seal_people(self->site, newer, "hana,hugo");
    beacon_t *before = beacon_of(self, 1);
    take_document(self, &people);
    comes(self, before);
    tells(self, 1, &people);
    comes(self, beacon_of(self, 2));
    tells(self, 0, &people);
}

/* ---- to workers -------------------------------------------------------------------------- */

static void
a_beacon_goes_out_once_for_all_and_to_each_worker_that_it_answers_with_its_place(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    hash_t leaves[] = {leaf_of("w1", DIGITS), leaf_of("s1", OTHERS), leaf_of("stranger", DIGITS)};
    draws(self, "w1", DIGITS);
    draws(self, "s1", OTHERS);
    draws(self, "w2", OTHERS);
    beacon_t *beacon = beacon_of(self, 1);
    tick_answers_all(beacon, leaves, ARRAY_SIZE(leaves));
    assert_int_equal(comes_by(self, beacon, leaves, ARRAY_SIZE(leaves), "tick"), 0);
    assert_int_equal(self->actions->send_count, 3);
    const frames_t *all = sent_at(self, 2, ACTIONS_ALL, "BEACON");
    assert_int_equal(frames_at(all, 3).size, 0);
    CLEANUP(beacon_destroy) beacon_t *read = beacon_decode(frames_at(all, 1), &fault);
    for (size_t i = 0; i < 2; i++) {
        const send_t *send = &self->actions->sends[i];
        nonce_t nonce;
        bool first = !strcmp(send->worker, "w1");
        const frames_t *frames = sent_at(self, i, first ? "w1" : "s1", "BEACON");
        assert_true(nonce_read(first ? DIGITS : OTHERS, &nonce));
        assert_true(beacon_answers(read, send->worker, &nonce, frames_at(frames, 3)));
        assert_true(slice_equal(frames_at(frames, 1), frames_at(all, 1)));
        assert_true(slice_equal(frames_at(frames, 2), frames_at(all, 2)));
    }
    assert_string_not_equal(self->actions->sends[0].worker, self->actions->sends[1].worker);
    timekeeper_comes(self); /* whose nonce was answered need not be asked for again */
    assert_int_equal(self->actions->send_count, 2);
    assert_string_equal(frames_text(sent_at(self, 1, ACTIONS_TIMEKEEPER, "NONCE"), 1), "w2");
}

static void
a_worker_that_says_hello_gets_the_newest_behind_its_welcome(void **state)
{
    house_t *self = *state;
    hello(self, "w1", 0);
    assert_int_equal(sent(self, MESSAGE_BEACON, "w1"), 0);
    comes(self, beacon_of(self, 1));
    comes(self, beacon_of(self, 2));
    const frames_t *newest = sent_at(self, 0, ACTIONS_ALL, "BEACON");
    CLEANUP(bytes_destroy) bytes_t *document = bytes_copy(frames_at(newest, 1));
    hello(self, "w1", 0);
    sent_at(self, 0, "w1", "WELCOME");
    assert_int_equal(sent(self, MESSAGE_BEACON, "w1"), 1);
    const frames_t *last = sent_at(self, self->actions->send_count - 1, "w1", "BEACON");
    assert_true(slice_equal(frames_at(last, 1), bytes_slice(document)));
    assert_int_equal(frames_at(last, 3).size, 0);
}

static void
a_beacon_that_does_not_hold_goes_to_nobody(void **state)
{
    house_t *self = *state;
    wall_t came;
    hash_t leaves[] = {leaf_of("w1", DIGITS), leaf_of("s1", OTHERS)};
    assert_int_equal(comes_by(self, beacon_of(self, 1), NULL, 0, "olaf"), -1);
    assert_int_equal(self->fault.code, FAULT_KEY);
    sends_nothing(self);
    assert_int_equal(comes_by(self, beacon_of(self, 1), leaves, 1, "tick"), -1);
    assert_int_equal(self->fault.code, FAULT_PROOF);
    sends_nothing(self);
    for (size_t given = 0; given < 3; given++) {
        beacon_t *beacon = beacon_of(self, 1);
        tick_answers_all(beacon, leaves, 2);
        hash_t swapped[] = {leaves[1], leaves[0]};
        assert_int_equal(comes_by(self, beacon, given < 2 ? leaves : swapped, given, "tick"), -1);
        assert_int_equal(self->fault.code, FAULT_PROOF);
        sends_nothing(self);
    }
    assert_null(core_beacon(self->core, &came));
}

static void
an_older_beacon_or_the_same_again_goes_to_nobody(void **state)
{
    house_t *self = *state;
    wall_t came;
    comes(self, beacon_of(self, 5));
    later(self, 10);
    for (uint64_t sequence = 4; sequence <= 5; sequence++) {
        comes(self, beacon_of(self, sequence));
        sends_nothing(self);
    }
    const beacon_t *newest = core_beacon(self->core, &came);
    assert_int_equal(newest->sequence, 5);
    assert_int_equal(self->site->now.ms - came.ms, 10000);
    comes(self, beacon_of(self, 6));
    sent_at(self, 0, ACTIONS_ALL, "BEACON");
}

static void
answers_w1(house_t *self, uint64_t sequence)
{
    hash_t leaf = leaf_of("w1", DIGITS);
    beacon_t *beacon = beacon_of(self, sequence);
    draws(self, "w1", DIGITS);
    tick_answers_all(beacon, &leaf, 1);
    assert_int_equal(comes_by(self, beacon, &leaf, 1, "tick"), 0);
}

/* As where each second some worker asks: how many go to all in so many of them. */
static size_t
casts_in(house_t *self, uint64_t seconds)
{
    hash_t leaf = leaf_of("w1", DIGITS);
    size_t casts = 0;
    for (uint64_t second = 1; second <= seconds; second++) {
        beacon_t *beacon = beacon_of(self, second);
        tick_answers_all(beacon, &leaf, 1);
        draws(self, "w1", DIGITS);
        assert_int_equal(comes_by(self, beacon, &leaf, 1, "tick"), 0);
        assert_int_equal(sent(self, MESSAGE_BEACON, "w1"), 1);
        casts += sent(self, MESSAGE_BEACON, ACTIONS_ALL);
        later(self, 1);
    }
    return casts;
}

static void
a_beacon_that_only_answers_goes_to_all_now_and_then(void **state)
{
    assert_int_equal(casts_in(*state, 2 * CORE_CAST_MS / 1000), 2);
}

static void
where_a_worker_may_not_go_long_without_one_a_beacon_goes_to_all_more_often(void **state)
{
    house_t *self = *state;
    sealed_t root CLEANUP(sealed_done) = tick_root_within(self->site, 8);
    take_document(self, &root);
    assert_int_equal(casts_in(self, 20), 10);
}

static void
a_beacon_that_names_something_new_goes_to_all_at_once(void **state)
{
    house_t *self = *state;
    hash_t leaf = leaf_of("w1", DIGITS);
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(self->site, site_stop(self->site, HALT_PLAYBOOK, "x"), "olaf");
    answers_w1(self, 1);
    answers_w1(self, 2);
    assert_int_equal(sent(self, MESSAGE_BEACON, ACTIONS_ALL), 0);
    halt(self, &stop);
    beacon_t *beacon = beacon_of(self, 3);
    tick_answers_all(beacon, &leaf, 1);
    assert_int_equal(comes_by(self, beacon, &leaf, 1, "tick"), 0);
    assert_int_equal(sent(self, MESSAGE_BEACON, ACTIONS_ALL), 1);
    comes(self, beacon_of(self, 4)); /* a minute's own */
    assert_int_equal(sent(self, MESSAGE_BEACON, ACTIONS_ALL), 1);
}

/* w1 is asked again in 5 s at the earliest. */
static void
refuses(house_t *self, const char *code)
{
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = run_now(self).id,
                         .code = code,
                         .text = code});
    sends_nothing(self);
}

static void
what_was_refused_for_want_of_an_answer_is_offered_again_behind_it(void **state)
{
    house_t *self = *state;
    authorise(self);
    refuses(self, "beacon");
    comes(self, beacon_of(self, 1));
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    answers_w1(self, 2);
    sent_at(self, 0, "w1", "BEACON");
    sent_at(self, 1, "w1", "OFFER");
    answers_w1(self, 3);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    later(self, 5);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    refuses(self, "rate");
    answers_w1(self, 4);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
}

static void
a_run_that_is_paused_waits_behind_an_answer_too(void **state)
{
    house_t *self = *state;
    authorise(self);
    refuses(self, "beacon");
    must(self,
         (event_t){.kind = EVENT_PAUSE, .who = "pat", .hash = run_now(self).id, .number = true});
    answers_w1(self, 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    must(self,
         (event_t){.kind = EVENT_PAUSE, .who = "pat", .hash = run_now(self).id, .number = false});
    later(self, 5);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
}

#define WITH(test)                         \
    {                                      \
#test, test, begin_with, end, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_workers_nonce_goes_to_the_timekeeper_with_its_name),
        CASE(where_root_names_no_timekeeper_a_nonce_stays_here),
        WITH(a_timekeeper_that_comes_is_told_what_is_here_and_the_newest_nonce_of_each_worker),
        WITH(one_nonce_of_a_worker_is_on_its_way_at_a_time),
        WITH(a_stop_goes_to_the_timekeeper_once_and_again_when_it_comes_back_without_it),
        WITH(a_resume_goes_where_a_beacon_still_names_the_stop),
        WITH(documents_that_a_beacon_names_older_go_to_the_timekeeper),
        WITH(a_beacon_goes_out_once_for_all_and_to_each_worker_that_it_answers_with_its_place),
        WITH(a_worker_that_says_hello_gets_the_newest_behind_its_welcome),
        WITH(a_beacon_that_only_answers_goes_to_all_now_and_then),
        CASE(where_a_worker_may_not_go_long_without_one_a_beacon_goes_to_all_more_often),
        WITH(a_beacon_that_names_something_new_goes_to_all_at_once),
        WITH(what_was_refused_for_want_of_an_answer_is_offered_again_behind_it),
        WITH(a_run_that_is_paused_waits_behind_an_answer_too),
        WITH(a_beacon_that_does_not_hold_goes_to_nobody),
        WITH(an_older_beacon_or_the_same_again_goes_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
