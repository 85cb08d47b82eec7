/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's watch over beacons: which nonces it has drawn, what it takes and shows the effector,
 * and what does not begin without. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/timekeeper_fixture.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f"
#define OTHERS "ff0102030405060708090a0b0c0d0e0f"

static void
name_timekeeper(bench_t *bench)
{
    sealed_t root CLEANUP(sealed_done) = tick_root(bench->site);
    bring_document(bench, &root);
}

/* Root names a timekeeper, and a broker is there. */
static int
watch_new(void **state)
{
    bench_new(state);
    name_timekeeper(*state);
    meet(*state);
    return 0;
}

/* The effector is asked for a nonce, and draws this one: the link hears of it. */
static void
draws(bench_t *bench, const char *digits)
{
    hears(bench, TO_EFFECTOR, "NONCE");
    by_effector(bench, message("NONCE", "beacon", digits, NULL));
    assert_string_equal(frames_text(hears(bench, TO_LINK, "NONCE"), 1), digits);
}

static frames_t *
frames_of(const sealed_t *beacon, const bytes_t *place)
{
    frames_t *frames = message("BEACON", NULL);
    frames_add(frames, bytes_slice(beacon->document));
    frames_add(frames, bytes_slice(beacon->armors));
    frames_add(frames, place ? bytes_slice(place) : slice_of(NULL, 0));
    return frames;
}

/* Takes over beacon, which the broker hands on with where this nonce stands in it; NULL for none.
 */
static void
brings_made(bench_t *bench, beacon_t *beacon, const char *digits)
{
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    if (digits)
        tick_answers(beacon, digits, place);
    sealed_t sealed CLEANUP(sealed_done) = tick_seal(bench->site, beacon, "tick");
    by_link(bench, frames_of(&sealed, place));
}

static void
brings(bench_t *bench, uint64_t sequence, int64_t after_s, const char *digits)
{
    brings_made(bench, tick_beacon(bench->site, bench->trust, sequence, after_s), digits);
}

static void
shows(bench_t *bench)
{
    assert_string_equal(frames_text(hears(bench, TO_EFFECTOR, "BEACON"), 1), "beacon");
}

/* A nonce is drawn and answered at once. */
static void
is_anchored(bench_t *bench)
{
    tick(bench, 0);
    draws(bench, DIGITS);
    brings(bench, 1, 0, DIGITS);
    shows(bench);
}

/* ---- nonces ------------------------------------------------------------------------------ */

static void
a_root_without_a_timekeeper_asks_for_no_nonce(void **state)
{
    bench_t *bench = *state;
    meet(bench);
    tick(bench, 60);
    hears_nothing(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
    name_timekeeper(bench);
    tick(bench, 0);
    hears(bench, TO_EFFECTOR, "NONCE");
}

static void
a_nonce_waits_for_a_broker_and_goes_out_as_the_effector_drew_it(void **state)
{
    bench_t *bench = *state;
    name_timekeeper(bench);
    tick(bench, 0);
    hears_nothing(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
    meet(bench);
    assert_int_not_equal(judge_deadline(bench->judge).ms, 0);
    tick(bench, 0);
    const frames_t *asked = hears(bench, TO_EFFECTOR, "NONCE");
    assert_string_equal(frames_text(asked, 1), "beacon");
    tick(bench, 120);
    hears_nothing(bench);
    by_effector(bench, message("NONCE", "beacon", DIGITS, NULL));
    assert_string_equal(frames_text(hears(bench, TO_LINK, "NONCE"), 1), DIGITS);
}

static void
a_nonce_that_nobody_asked_for_or_that_is_none_ends_the_judge(void **state)
{
    bench_t *bench = *state;
    static const char *const given[] = {DIGITS, "0001"};
    for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
        fault_t fault = {0};
        CLEANUP(frames_destroy) frames_t *frames = message("NONCE", "beacon", given[i], NULL);
        assert_int_equal(judge_on_effector(bench->judge, frames, bench->now, bench->clock, &fault),
                         -1);
        assert_int_equal(fault.code, FAULT_FORMAT);
        tick(bench, 0);
    }
}

static void
a_nonce_follows_each_minute_until_one_is_answered_then_hourly(void **state)
{
    bench_t *bench = *state;
    tick(bench, 0);
    draws(bench, OTHERS);
    tick(bench, 59);
    hears_nothing(bench);
    tick(bench, 1);
    draws(bench, DIGITS);
    brings(bench, 1, 60, DIGITS);
    shows(bench);
    tick(bench, 3599);
    hears_nothing(bench);
    tick(bench, 1);
    hears(bench, TO_EFFECTOR, "NONCE");
}

static void
a_beacon_without_an_answer_brings_another_nonce_forward_once(void **state)
{
    bench_t *bench = *state;
    tick(bench, 0);
    draws(bench, OTHERS);
    tick(bench, 15);
    brings(bench, 1, 15, NULL);
    shows(bench);
    tick(bench, 1);
    hears_nothing(bench);
    brings(bench, 2, 16, NULL);
    shows(bench);
    tick(bench, 0);
    draws(bench, DIGITS);
    tick(bench, 20);
    brings(bench, 3, 36, NULL);
    shows(bench);
    tick(bench, 0);
    hears_nothing(bench);
    brings(bench, 4, 37, DIGITS);
    shows(bench);
    tick(bench, 60);
    draws(bench, OTHERS);
    tick(bench, 16);
    brings(bench, 5, 113, NULL);
    shows(bench);
    tick(bench, 0);
    hears(bench, TO_EFFECTOR, "NONCE");
}

static void
a_nonce_that_was_answered_late_is_followed_by_another_after_a_minute(void **state)
{
    bench_t *bench = *state;
    tick(bench, 0);
    draws(bench, OTHERS);
    tick(bench, 5);
    brings(bench, 1, 5, OTHERS);
    shows(bench);
    tick(bench, 60);
    hears_nothing(bench);
    tick(bench, 3600);
    draws(bench, DIGITS);
    tick(bench, 6);
    brings(bench, 2, 3671, DIGITS);
    shows(bench);
    tick(bench, 53);
    hears_nothing(bench);
    tick(bench, 1);
    hears(bench, TO_EFFECTOR, "NONCE");
}

static void
a_nonce_that_no_beacon_answered_is_followed_by_another_at_the_next_welcome(void **state)
{
    bench_t *bench = *state;
    tick(bench, 0);
    draws(bench, OTHERS);
    by_link(bench, message("OFFLINE", NULL));
    tick(bench, 10);
    hears_nothing(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
    meet(bench);
    tick(bench, 0);
    draws(bench, DIGITS);
    brings(bench, 1, 10, DIGITS);
    shows(bench);
    meet(bench);
    tick(bench, 0);
    hears_nothing(bench);
    by_link(bench, message("OFFLINE", NULL));
    tick(bench, 3600);
    hears_nothing(bench);
}

static void
a_beacon_is_no_younger_than_the_moment_at_which_its_nonce_was_asked_for(void **state)
{
    bench_t *bench = *state;
    tick(bench, 0);
    hears(bench, TO_EFFECTOR, "NONCE");
    tick(bench, 30);
    by_effector(bench, message("NONCE", "beacon", DIGITS, NULL));
    hears(bench, TO_LINK, "NONCE");
    brings(bench, 1, 30, DIGITS);
    shows(bench);
    by_link(bench, message("OFFLINE", NULL));
    tick(bench, TICK_OFFLINE_S - 30);
    begin_run(bench);
    tick(bench, 1);
    give_another_order(bench, 2);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears_refuse(bench, FAULT_BEACON);
}

/* ---- beacons ----------------------------------------------------------------------------- */

static void
a_new_beacon_is_shown_to_the_effector_as_it_came_and_once(void **state)
{
    bench_t *bench = *state;
    sealed_t beacon CLEANUP(sealed_done) =
        tick_seal(bench->site, tick_beacon(bench->site, bench->trust, 2, 1), "tick");
    is_anchored(bench);
    by_link(bench, frames_of(&beacon, NULL));
    const frames_t *shown = hears(bench, TO_EFFECTOR, "BEACON");
    assert_string_equal(frames_text(shown, 1), "beacon");
    assert_int_equal(shown->count, 5);
    assert_true(slice_equal(frames_at(shown, 2), bytes_slice(beacon.document)));
    assert_true(slice_equal(frames_at(shown, 3), bytes_slice(beacon.armors)));
    assert_int_equal(frames_at(shown, 4).size, 0);
    by_link(bench, frames_of(&beacon, NULL));
    hears_nothing(bench);
}

static void
the_same_beacon_is_shown_again_with_its_place_and_after_a_restart(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    beacon_t *made = tick_beacon(bench->site, bench->trust, 1, 0);
    tick_answers(made, DIGITS, place);
    sealed_t beacon CLEANUP(sealed_done) = tick_seal(bench->site, made, "tick");
    tick(bench, 0);
    draws(bench, DIGITS);
    by_link(bench, frames_of(&beacon, NULL));
    shows(bench);
    by_link(bench, frames_of(&beacon, place));
    assert_true(slice_equal(frames_at(hears(bench, TO_EFFECTOR, "BEACON"), 4), bytes_slice(place)));
    by_link(bench, frames_of(&beacon, place));
    hears_nothing(bench);
    restart(bench);
    by_link(bench, frames_of(&beacon, NULL));
    shows(bench);
}

static void
a_beacon_of_anybody_else_or_an_older_one_is_nothing__byz_beacon_rollback(void **state)
{
    bench_t *bench = *state;
    static const char *const strangers[] = {"w1", "hana", ""};
    is_anchored(bench);
    brings(bench, 5, 50, NULL);
    shows(bench);
    for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
        sealed_t forged CLEANUP(sealed_done) =
            tick_seal(bench->site, tick_beacon(bench->site, bench->trust, 6, 86400), strangers[i]);
        by_link(bench, frames_of(&forged, NULL));
        hears_nothing(bench);
    }
    brings(bench, 4, 60, NULL);
    brings(bench, 5, 60, NULL);
    brings(bench, 6, 50, NULL);
    hears_nothing(bench);
    restart(bench);
    brings(bench, 4, 60, NULL);
    brings(bench, 6, 50, NULL);
    hears_nothing(bench);
    brings(bench, 6, 51, NULL);
    shows(bench);
}

static void
what_a_beacon_names_and_is_not_here_the_broker_is_asked_for_once_a_minute(void **state)
{
    bench_t *bench = *state;
    hash_t stop = hash_of(slice_text("a stop that the broker withholds"));
    static const struct {
        int wait_s;
        bool withheld, asks;
    } steps[] = {{0, false, false}, {1, true, true}, {59, true, false}, {1, true, true},
                 {1, false, false}, {1, true, true}, {59, true, false}, {1, true, true}};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        bench->clock.ms += (int64_t)steps[i].wait_s * 1000;
        beacon_t *beacon = tick_beacon(bench->site, bench->trust, i + 1, (int64_t)i);
        brings_made(bench, steps[i].withheld ? tick_names_halt(beacon, &stop) : beacon, NULL);
        shows(bench);
        if (steps[i].asks) {
            hears(bench, TO_LINK, "HELLO");
            by_link(bench, message("WELCOME", "1", "instance", "9", NULL));
        }
        hears_nothing(bench);
    }
}

static void
a_worker_that_cannot_date_a_beacon_and_lacks_nothing_says_no_hello(void **state)
{
    bench_t *bench = *state;
    brings(bench, 1, 0, NULL);
    shows(bench);
    hears_nothing(bench);
    tick(bench, 0);
    draws(bench, DIGITS);
    brings(bench, 2, 1, DIGITS);
    shows(bench);
    bench->clock.ms += (int64_t)365 * 86400 * 1000;
    brings(bench, 3, 2, NULL);
    shows(bench);
    hears_nothing(bench);
}

/* ---- what begins ------------------------------------------------------------------------- */

static void
without_a_beacon_an_offer_is_refused_unsigned_and_taken_when_it_comes_again(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears_refuse(bench, FAULT_BEACON);
    hears_nothing(bench);
    assert_int_equal(bench->overs, 1);
    is_anchored(bench);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    works_on(bench, "usage");
}

static void
an_offer_that_the_effector_refuses_for_want_of_a_beacon_may_come_again(void **state)
{
    bench_t *bench = *state;
    is_anchored(bench);
    offer_and_give(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "beacon"));
    hears_refuse(bench, FAULT_BEACON);
    hears_nothing(bench);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
}

static void
nothing_begins_while_a_stop_that_a_beacon_names_is_missing__byz_withhold_stop_deadman(void **state)
{
    bench_t *bench = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_PLAYBOOK, "another"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    is_anchored(bench);
    brings_made(bench, tick_names_halt(tick_beacon(bench->site, bench->trust, 2, 1), &hash), NULL);
    shows(bench);
    hears(bench, TO_LINK, "HELLO");
    offer_and_give(bench);
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears_refuse(bench, FAULT_BEACON);
    bring_document(bench, &stop);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    while (is_next(bench, TO_LINK, "KEPT"))
        hears(bench, TO_LINK, "KEPT");
    hears(bench, TO_LINK, "ACCEPT");
}

static void
an_accepted_run_waits_after_another_boot_until_a_nonce_is_answered(void **state)
{
    bench_t *bench = *state;
    is_anchored(bench);
    begin(bench);
    bench->boot = "second";
    restart_run(bench);
    hears_nothing(bench);
    meet(bench);
    tick(bench, 0);
    draws(bench, OTHERS);
    brings(bench, 2, 1, OTHERS);
    shows(bench);
    hears_nothing(bench);
    by_effector(bench, message("KEPT", "beacon", NULL));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_2));
    works_on(bench, "usage");
}

static void
a_restart_within_one_boot_goes_on_by_the_beacon_that_was_kept(void **state)
{
    bench_t *bench = *state;
    is_anchored(bench);
    begin(bench);
    assert_non_null(restart_and_go_on(bench));
}

static void
it_is_never_earlier_than_the_newest_beacon_says(void **state)
{
    bench_t *bench = *state;
    tick(bench, 0);
    draws(bench, DIGITS);
    brings(bench, 1, 2 * 86400, DIGITS);
    shows(bench);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_EXPIRED);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)
#define WATCH(name) cmocka_unit_test_setup_teardown(name, watch_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(a_root_without_a_timekeeper_asks_for_no_nonce),
    TEST(a_nonce_waits_for_a_broker_and_goes_out_as_the_effector_drew_it),
    WATCH(a_nonce_that_nobody_asked_for_or_that_is_none_ends_the_judge),
    WATCH(a_nonce_follows_each_minute_until_one_is_answered_then_hourly),
    WATCH(a_beacon_without_an_answer_brings_another_nonce_forward_once),
    WATCH(a_nonce_that_was_answered_late_is_followed_by_another_after_a_minute),
    WATCH(a_nonce_that_no_beacon_answered_is_followed_by_another_at_the_next_welcome),
    WATCH(a_beacon_is_no_younger_than_the_moment_at_which_its_nonce_was_asked_for),
    WATCH(a_new_beacon_is_shown_to_the_effector_as_it_came_and_once),
    WATCH(the_same_beacon_is_shown_again_with_its_place_and_after_a_restart),
    WATCH(a_beacon_of_anybody_else_or_an_older_one_is_nothing__byz_beacon_rollback),
    WATCH(what_a_beacon_names_and_is_not_here_the_broker_is_asked_for_once_a_minute),
    WATCH(a_worker_that_cannot_date_a_beacon_and_lacks_nothing_says_no_hello),
    WATCH(without_a_beacon_an_offer_is_refused_unsigned_and_taken_when_it_comes_again),
    WATCH(an_offer_that_the_effector_refuses_for_want_of_a_beacon_may_come_again),
    WATCH(nothing_begins_while_a_stop_that_a_beacon_names_is_missing__byz_withhold_stop_deadman),
    WATCH(an_accepted_run_waits_after_another_boot_until_a_nonce_is_answered),
    WATCH(a_restart_within_one_boot_goes_on_by_the_beacon_that_was_kept),
    WATCH(it_is_never_earlier_than_the_newest_beacon_says),
};

int
main(void)
{
    log_open("test_vigil", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
