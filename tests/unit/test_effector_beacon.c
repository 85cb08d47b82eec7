/* SPDX-License-Identifier: Apache-2.0 */
/* The effector takes beacons for itself: nonces of its own, and no effect without a beacon that is
 * young enough and names nothing that lacks, between two ops as at the first. */
#include "tests/unit/effector_fixture.h"
#include "tests/unit/timekeeper_fixture.h"

static void
passes(bench_t *bench, int64_t seconds)
{
    bench->now = site_after(bench->now, seconds);
    bench->clock.ms += seconds * 1000;
}

/* Valid until the next message. */
static const char *
draws(bench_t *bench)
{
    send(bench, message_of("NONCE", "n1"));
    answers(bench, "NONCE", "");
    assert_string_equal(frames_text(bench->answer, 1), "n1");
    return frames_text(bench->answer, 2);
}

/* Takes over beacon; digits: of the nonce that it answers, NULL for none. */
static void
shows_by(bench_t *bench, beacon_t *beacon, const char *digits, const char *who)
{
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    if (digits)
        tick_answers(beacon, digits, place);
    sealed_t sealed CLEANUP(sealed_done) = tick_seal(bench->site, beacon, who);
    frames_t *message = message_of("BEACON", "b1");
    frames_add(message, bytes_slice(sealed.document));
    frames_add(message, bytes_slice(sealed.armors));
    frames_add(message, bytes_slice(place));
    send(bench, message);
    assert_string_equal(frames_text(bench->answer, 1), "b1");
}

static void
shows(bench_t *bench, uint64_t sequence, int64_t after_s, const char *digits)
{
    shows_by(bench, tick_beacon(bench->site, bench->trust, sequence, after_s), digits, "tick");
}

static void
is_anchored(bench_t *bench)
{
    shows(bench, 1, 0, draws(bench));
    answers(bench, "KEPT", "");
}

/* Root names a timekeeper; nothing was heard of it. */
static int
set_up_watch(void **state)
{
    set_up(state);
    bench_t *bench = *state;
    sealed_t root CLEANUP(sealed_done) = tick_root(bench->site);
    send_documents(bench);
    send_document(bench, &root);
    answers(bench, "KEPT", "");
    return 0;
}

static void
removes(bench_t *bench, const char *index)
{
    remove_log(bench, index);
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static void
a_nonce_is_drawn_anew_each_time(void **state)
{
    bench_t *bench = *state;
    char first[NONCE_TEXT];
    nonce_t nonce;
    text_copy(first, sizeof first, draws(bench));
    assert_true(nonce_read(first, &nonce));
    const char *second = draws(bench);
    assert_true(nonce_read(second, &nonce));
    assert_string_not_equal(first, second);
}

static void
a_beacon_of_anybody_else_or_an_older_one_is_refused__byz_beacon_rollback(void **state)
{
    bench_t *bench = *state;
    static const struct {
        uint64_t sequence;
        int64_t after_s;
        const char *who, *word, *code;
    } given[] = {
        {9, 86400, "w1", "REFUSED", "key"},    {9, 86400, "", "REFUSED", "signature"},
        {5, 50, "tick", "KEPT", ""},           {5, 50, "tick", "KEPT", ""},
        {5, 51, "tick", "REFUSED", "replay"},  {4, 60, "tick", "REFUSED", "version"},
        {6, 50, "tick", "REFUSED", "version"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
        beacon_t *beacon =
            tick_beacon(bench->site, bench->trust, given[i].sequence, given[i].after_s);
        shows_by(bench, beacon, NULL, given[i].who);
        answers(bench, given[i].word, given[i].code);
    }
    open_effector(bench);
    shows(bench, 4, 60, NULL);
    answers(bench, "REFUSED", "version");
    shows(bench, 6, 51, NULL);
    answers(bench, "KEPT", "");
}

static void
there_is_no_warrant_before_a_nonce_of_its_own_was_answered(void **state)
{
    bench_t *bench = *state;
    char drawn[NONCE_TEXT];
    send_warrant(bench);
    answers(bench, "REFUSED", "beacon");
    shows(bench, 1, 0, "000102030405060708090a0b0c0d0e0f");
    answers(bench, "KEPT", "");
    send_warrant(bench);
    answers(bench, "REFUSED", "beacon");
    text_copy(drawn, sizeof drawn, draws(bench));
    shows(bench, 2, 1, drawn);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
}

static void
an_op_is_refused_between_two_ops_once_the_beacon_is_too_old(void **state)
{
    bench_t *bench = *state;
    is_anchored(bench);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    passes(bench, TICK_OFFLINE_S);
    removes(bench, "1");
    passes(bench, 1);
    hash_t head = *journal_head(bench->journal);
    remove_log(bench, "2");
    answers(bench, "FAULT", "beacon");
    says_the_head(bench);
    assert_true(hash_equal(journal_head(bench->journal), &head));
    assert_int_equal(bench->started, 1);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_int_equal(bench->started, 2); /* looking goes on */
    finish(bench, FAULT_NONE);
    shows(bench, 2, TICK_OFFLINE_S + 1, NULL);
    answers(bench, "KEPT", "");
    removes(bench, "2");
}

static void
what_the_machine_calls_a_change_asks_for_a_beacon_like_one(void **state)
{
    bench_t *bench = *state;
    open_with(bench, "class disk.usage change\n");
    is_anchored(bench);
    send_warrant(bench);
    passes(bench, TICK_OFFLINE_S + 1);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    answers(bench, "FAULT", "beacon");
}

static void
an_op_is_refused_while_a_stop_that_a_beacon_names_is_missing__byz_withhold_stop_deadman(
    void **state)
{
    bench_t *bench = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_PLAYBOOK, "another"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    is_anchored(bench);
    send_warrant(bench);
    removes(bench, "1");
    shows_by(bench, tick_names_halt(tick_beacon(bench->site, bench->trust, 2, 1), &hash), NULL,
             "tick");
    remove_log(bench, "2");
    answers(bench, "FAULT", "beacon");
    assert_int_equal(bench->started, 1);
    send_document(bench, &stop);
    answers(bench, "KEPT", "");
    removes(bench, "2");
}

static void
an_op_is_refused_while_people_that_a_beacon_names_are_missing__byz_withhold_new_people(void **state)
{
    bench_t *bench = *state;
    people_t *newer = site_people(bench->site);
    newer->version = 2;
    sealed_t people CLEANUP(sealed_done) = site_seal_people(bench->site, newer, "hana,hugo");
    is_anchored(bench);
    send_warrant(bench);
    removes(bench, "1");
    beacon_t *beacon = tick_beacon(bench->site, bench->trust, 2, 1);
    beacon->people = (newest_t){.version = 2, .hash = hash_of(bytes_slice(people.document))};
    shows_by(bench, beacon, NULL, "tick");
    remove_log(bench, "2");
    answers(bench, "FAULT", "beacon");
    send_document(bench, &people);
    answers(bench, "KEPT", "");
    removes(bench, "2");
}

static void
a_restart_keeps_what_a_beacon_said_and_another_boot_waits_for_a_nonce(void **state)
{
    bench_t *bench = *state;
    is_anchored(bench);
    open_effector(bench);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    bench->boot = "second";
    open_effector(bench);
    send_warrant(bench);
    answers(bench, "REFUSED", "beacon");
}

static void
it_is_never_earlier_than_the_newest_beacon_says(void **state)
{
    bench_t *bench = *state;
    send_warrant(bench);
    shows(bench, 1, 2 * 86400, draws(bench));
    send_warrant(bench);
    answers(bench, "REFUSED", "expired");
}

static void
what_it_kept_of_beacons_is_read_or_it_does_not_start(void **state)
{
    bench_t *bench = *state;
    char path[128];
    fault_t fault = {0};
    is_anchored(bench);
    snprintf(path, sizeof path, "%s/beacon", bench->kept);
    CLEANUP(bytes_destroy) bytes_t *kept = file_read(path, FRESHNESS_BYTES_MAX, &fault);
    assert_non_null(kept);
    slice_t half = slice_of(kept->data, kept->size / 2);
    assert_int_equal(file_write(path, half, 0600, &fault), 0);
    effector_place_t place = {.worker = "w1",
                              .boot = "first",
                              .folder = bench->kept,
                              .trust = bench->trust,
                              .policy = bench->policy};
    assert_null(effector_new(&place, &fault));
    assert_int_equal(fault.code, FAULT_FORMAT);
    assert_non_null(strstr(fault.text, "beacon"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_watch, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_nonce_is_drawn_anew_each_time),
        TEST(a_beacon_of_anybody_else_or_an_older_one_is_refused__byz_beacon_rollback),
        TEST(there_is_no_warrant_before_a_nonce_of_its_own_was_answered),
        TEST(an_op_is_refused_between_two_ops_once_the_beacon_is_too_old),
        TEST(what_the_machine_calls_a_change_asks_for_a_beacon_like_one),
        TEST(
            an_op_is_refused_while_a_stop_that_a_beacon_names_is_missing__byz_withhold_stop_deadman),
        TEST(
            an_op_is_refused_while_people_that_a_beacon_names_are_missing__byz_withhold_new_people),
        TEST(a_restart_keeps_what_a_beacon_said_and_another_boot_waits_for_a_nonce),
        TEST(it_is_never_earlier_than_the_newest_beacon_says),
        TEST(what_it_kept_of_beacons_is_read_or_it_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
