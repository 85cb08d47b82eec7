/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that run once for all targets, at the judge: what they are shown of the others, and what it
 * asks for before it believes a broker. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "wire/sealed.h"

#define ONCE                                                                                    \
    PLAYBOOK("disk-full", "step look run 30 when\nstep report run 60 once\nneeds report look\n" \
                          "use look disk.usage observe\nuse report file.remove change\n")

/* For w1 in the last wave, behind s1 and w2; one of them may fail. */
static order_t *
order_of_three(bench_t *bench)
{
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->max_failures = 1;
    order->target_count = 0;
    site_add_target(order, 1, "s1");
    site_add_target(order, 1, "w2");
    site_add_target(order, 2, "w1");
    return order;
}

static void
give_once(bench_t *bench)
{
    give_playbook(bench, ONCE);
    give_order(bench, order_of_three(bench), "pat");
}

/* What a worker would sign of a step that it ended so, its part with it. */
static receipt_t *
word_of(bench_t *bench, const char *worker, const char *step, outcome_t outcome, outcome_t part)
{
    receipt_t *receipt = proof(bench);
    text_copy(receipt->worker, sizeof receipt->worker, worker);
    text_copy(receipt->target, sizeof receipt->target, worker);
    text_copy(receipt->step, sizeof receipt->step, step);
    receipt->outcome = outcome;
    receipt->part = part;
    if (outcome == OUTCOME_FAILED)
        text_copy(receipt->code, sizeof receipt->code, "failed");
    return receipt;
}

/* Takes over receipt, and output (NULL for none), which it has the hash of and is given with. */
static void
add_word(bench_t *bench, receipt_t *receipt, value_t *output, const char *signer)
{
    CLEANUP(value_destroy) value_t *given = output;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    if (given) {
        value_encode(given, encoded);
        receipt->output = hash_of(bytes_slice(encoded));
        receipt->output_bytes = encoded->size;
    }
    add_proof(bench, receipt, signer);
    value_t *item = value_copy(value_at(bench->receipts, value_count(bench->receipts) - 1));
    if (given)
        value_set(item, "output", value_bytes(bytes_slice(encoded)));
    value_t *list = value_list();
    for (size_t i = 0; i + 1 < value_count(bench->receipts); i++)
        value_append(list, value_copy(value_at(bench->receipts, i)));
    value_append(list, item);
    value_destroy(&bench->receipts);
    bench->receipts = list;
}

static void
gave(bench_t *bench, const char *worker, value_t *output)
{
    add_word(bench, word_of(bench, worker, "look", OUTCOME_OK, OUTCOME_OK), output, worker);
}

static void
is_refused(bench_t *bench, const char *words)
{
    offer_and_give(bench);
    const frames_t *refuse = hears(bench, TO_LINK, "REFUSE");
    if (strcmp(frames_text(refuse, 2), "proof") != 0 || !strstr(frames_text(refuse, 3), words))
        fail_msg("%s: %s, and not: %s", frames_text(refuse, 2), frames_text(refuse, 3), words);
    hears_nothing(bench);
}

/* Accepted, and its own look gave 5; the context of the step that runs once. */
static value_t *
comes_to_report(bench_t *bench)
{
    begin_run(bench);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "look");
    assert_null(value_get(context, "all"));
    says_done(bench, 5);
    hears_step(bench, "look", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    return hears_task(bench, "step", "report");
}

/* "s1=3 w1=5": what the step sees. */
static void
sees(const value_t *context, const char *wanted)
{
    char text[256] = "";
    size_t used = 0;
    const value_t *look = value_get(value_get(context, "all"), "look");
    for (size_t i = 0; i < value_count(look); i++) {
        slice_t key = value_key(look, i);
        const value_t *item = value_at(look, i);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s=%lld", i ? " " : "",
                                 (int)key.size, (const char *)key.data,
                                 value_truth(item) ? -1 : (long long)value_number(item));
    }
    assert_string_equal(text, wanted);
}

/* ---- what it sees ------------------------------------------------------------------------ */

static void
it_sees_what_every_target_gave_after_a_restart_too(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "s1", value_integer(3));
    gave(bench, "w2", value_integer(4));
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "s1=3 w1=5 w2=4");
    restart_run(bench);
    CLEANUP(value_destroy) value_t *again = hears_task(bench, "step", "report");
    assert_true(value_equal(context, again));
    says_done(bench, 0);
    hears_step(bench, "report", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
}

static void
what_somebody_else_made_up_counts_after_a_restart_no_more_than_before(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    add_word(bench, word_of(bench, "s1", "look", OUTCOME_OK, OUTCOME_OK), value_integer(9), "w2");
    gave(bench, "s1", value_integer(3));
    gave(bench, "w2", value_integer(4));
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "s1=3 w1=5 w2=4");
    restart_run(bench);
    CLEANUP(value_destroy) value_t *again = hears_task(bench, "step", "report");
    sees(again, "s1=3 w1=5 w2=4");
}

static void
what_gave_nothing_is_true_there(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "s1", value_nil());
    gave(bench, "w2", value_integer(4));
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "s1=-1 w1=5 w2=4");
}

static void
a_target_that_failed_or_skipped_the_step_is_absent(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    add_word(bench, word_of(bench, "s1", "look", OUTCOME_OK, OUTCOME_OPEN), value_integer(3), "s1");
    add_word(bench, word_of(bench, "s1", "more", OUTCOME_FAILED, OUTCOME_FAILED), NULL, "s1");
    add_word(bench, word_of(bench, "w2", "look", OUTCOME_SKIPPED, OUTCOME_OK), NULL, "w2");
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "w1=5");
}

static void
under_a_grant_it_runs_and_sees_this_target(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench,
                  PLAYBOOK("disk-full", "input mount path\nfrom mount labels.mountpoint\n"
                                        "step look run 30 -\nstep report run 60 once\nneeds report "
                                        "look\nuse look disk.usage observe\nuse report file.remove "
                                        "change\n"));
    give_grant(bench, "fingerprint");
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "w1=5");
}

static void
on_a_target_of_another_wave_it_is_no_part_of_the_walk(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, ONCE);
    order_t *order = site_order(bench->site, &bench->release_hash);
    site_add_target(order, 2, "w2");
    give_order(bench, order, "pat");
    begin_run(bench);
    works_on(bench, "look");
    says_done(bench, 5);
    hears_step(bench, "look", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
}

/* ---- what is asked for ------------------------------------------------------------------- */

static void
a_target_that_is_left_out_is_refused_until_it_is_there(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    is_refused(bench, "no receipt of 's1' says how its part ended");
    gave(bench, "s1", value_integer(3));
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "s1=3 w1=5 w2=4");
}

static void
a_part_that_is_open_has_not_ended(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    add_word(bench, word_of(bench, "s1", "look", OUTCOME_OK, OUTCOME_OPEN), value_integer(3), "s1");
    is_refused(bench, "no receipt of 's1' says how its part ended");
}

static void
a_step_of_a_part_that_ended_well_is_not_left_out(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    add_word(bench, word_of(bench, "s1", "more", OUTCOME_OK, OUTCOME_OK), NULL, "s1");
    is_refused(bench, "no receipt of 's1' says how its step 'look' ended");
}

static void
nobody_signs_for_another(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    add_word(bench, word_of(bench, "s1", "look", OUTCOME_OK, OUTCOME_OK), value_integer(3), "w2");
    is_refused(bench, "no receipt of 's1' says how its part ended");
}

static void
a_revoked_worker_has_said_nothing(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    gave(bench, "s1", value_integer(3));
    CLEANUP(sealed_done)
    sealed_t revoke =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_WORKER, "s1"), "olaf");
    bring_document(bench, &revoke);
    is_refused(bench, "no receipt of 's1' says how its part ended");
}

static void
a_receipt_of_another_run_proves_nothing(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    receipt_t *other = word_of(bench, "s1", "look", OUTCOME_OK, OUTCOME_OK);
    other->run = hash_of(slice_text("another run"));
    add_word(bench, other, value_integer(3), "s1");
    is_refused(bench, "no receipt of 's1' says how its part ended");
}

/* Takes away or replaces what was given with the last receipt. */
static void
change_output(bench_t *bench, const char *bytes)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(bench->receipts); i++)
        value_append(list, value_copy(value_at(bench->receipts, i)));
    value_set((value_t *)value_at(list, value_count(list) - 1), "output",
              value_bytes(slice_text(bytes)));
    value_destroy(&bench->receipts);
    bench->receipts = list;
}

static void
an_output_is_what_its_receipt_says(void **state)
{
    bench_t *bench = *state;
    give_once(bench);
    gave(bench, "w2", value_integer(4));
    gave(bench, "s1", value_integer(3));
    change_output(bench, "i9;");
    is_refused(bench, "what step 'look' gave on 's1' is not what its receipt says");
    change_output(bench, "");
    is_refused(bench, "what step 'look' gave on 's1' is not what its receipt says");
}

static void
outputs_are_bounded_together(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *much = bytes_new();
    give_once(bench);
    for (size_t i = 0; i < ONCE_OUTPUTS_MAX / 2; i++)
        bytes_add_text(much, "x");
    gave(bench, "s1", value_bytes(bytes_slice(much)));
    gave(bench, "w2", value_bytes(bytes_slice(much)));
    is_refused(bench, "what the targets gave takes over 262144 bytes");
}

/* ---- orders ------------------------------------------------------------------------------ */

static void
is_refused_for_good(bench_t *bench, order_t *order)
{
    give_order(bench, order, "pat");
    offer_and_give(bench);
    hears_end(bench, OUTCOME_REFUSED, "target");
}

static void
an_order_without_a_last_target_is_refused(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, ONCE);
    order_t *order = order_of_three(bench);
    order->targets[1].wave = order->targets[2].wave = 1;
    text_copy(order->targets[1].target, sizeof order->targets[1].target, "w1");
    text_copy(order->targets[2].target, sizeof order->targets[2].target, "w2");
    is_refused_for_good(bench, order);
}

static void
an_order_that_continues_another_is_refused(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, ONCE);
    order_t *order = order_of_three(bench);
    order->continues = hash_of(slice_text("an earlier run"));
    is_refused_for_good(bench, order);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

/* ---- under seal --------------------------------------------------------------------------- */

/* The same order, sealed under key to pat and to all three; judge opens it with w1's pair. */
static void
give_once_sealed(bench_t *bench, curvepair_t *w1, sealkey_t *key)
{
    static const char *const readers[] = {"pat", "s1", "w1", "w2"};
    curve_random(w1);
    sealkey_random(key);
    bench->sealing = w1;
    judge_open_with(bench->judge, w1);
    give_playbook(bench, ONCE);
    order_t *order = order_of_three(bench);
    order->seals = memory_new(ARRAY_SIZE(readers), sizeof *order->seals);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        seal_line_t *line = &order->seals[order->seal_count++];
        line->worker = i;
        text_copy(line->name, sizeof line->name, readers[i]);
        assert_int_equal(sealkey_box(key, &w1->public_key, line->box, NULL), 0);
    }
    give_order(bench, order, "pat");
}

/* What worker gave, sealed where `as` stands. */
static void
gave_sealed(bench_t *bench, const char *worker, const char *as, const sealkey_t *key,
            const char *encoded)
{
    receipt_t *receipt = word_of(bench, as, "look", OUTCOME_OK, OUTCOME_OK);
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    const hash_t place = sealed_place(receipt);
    text_copy(receipt->worker, sizeof receipt->worker, worker);
    text_copy(receipt->target, sizeof receipt->target, worker);
    sealed_output(key, &place, slice_text(encoded), sealed);
    add_word(bench, receipt, value_decode(bytes_slice(sealed), NULL), worker);
}

static void
what_others_sealed_it_sees_after_a_restart_too(void **state)
{
    bench_t *bench = *state;
    curvepair_t w1;
    sealkey_t key;
    give_once_sealed(bench, &w1, &key);
    gave_sealed(bench, "s1", "s1", &key, "i3;");
    gave_sealed(bench, "w2", "w2", &key, "i4;");
    CLEANUP(value_destroy) value_t *context = comes_to_report(bench);
    sees(context, "s1=3 w1=5 w2=4");
    restart_run(bench);
    CLEANUP(value_destroy) value_t *again = hears_task(bench, "step", "report");
    assert_true(value_equal(context, again));
}

static void
what_was_sealed_for_another_target_is_refused(void **state)
{
    bench_t *bench = *state;
    curvepair_t w1;
    sealkey_t key, other;
    give_once_sealed(bench, &w1, &key);
    gave_sealed(bench, "s1", "s1", &key, "i3;");
    gave_sealed(bench, "w2", "s1", &key, "i3;");
    is_refused(bench, "what step 'look' gave on 'w2'");
    sealkey_random(&other);
    value_destroy(&bench->receipts);
    bench->receipts = value_list();
    gave_sealed(bench, "s1", "s1", &other, "i3;");
    gave_sealed(bench, "w2", "w2", &key, "i4;");
    is_refused(bench, "what step 'look' gave on 's1'");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_sees_what_every_target_gave_after_a_restart_too),
        TEST(what_somebody_else_made_up_counts_after_a_restart_no_more_than_before),
        TEST(what_gave_nothing_is_true_there),
        TEST(a_target_that_failed_or_skipped_the_step_is_absent),
        TEST(under_a_grant_it_runs_and_sees_this_target),
        TEST(on_a_target_of_another_wave_it_is_no_part_of_the_walk),
        TEST(a_target_that_is_left_out_is_refused_until_it_is_there),
        TEST(a_part_that_is_open_has_not_ended),
        TEST(a_step_of_a_part_that_ended_well_is_not_left_out),
        TEST(nobody_signs_for_another),
        TEST(a_revoked_worker_has_said_nothing),
        TEST(a_receipt_of_another_run_proves_nothing),
        TEST(an_output_is_what_its_receipt_says),
        TEST(outputs_are_bounded_together),
        TEST(an_order_without_a_last_target_is_refused),
        TEST(an_order_that_continues_another_is_refused),
        TEST(what_others_sealed_it_sees_after_a_restart_too),
        TEST(what_was_sealed_for_another_target_is_refused),
    };
    log_open("test_gather", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
