/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "wire/allowance.h"

/* ---- one run ----------------------------------------------------------------------------- */

static void
says_hello_with_what_it_knows_when_a_broker_is_there(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    by_link(bench, message("ONLINE", "instance", NULL));
    const frames_t *hello = hears(bench, TO_LINK, "HELLO");
    assert_string_equal(frames_text(hello, 2), "w1");
    CLEANUP(value_destroy) value_t *known = value_decode(frames_at(hello, 3), &fault);
    assert_int_equal(value_get_integer(known, "sequence"), 0);
    assert_int_equal(value_get_integer(known, "people"), 1);
    assert_int_equal(value_get_integer(known, "fleet.north"), 1);
    hears_nothing(bench);
}

static void
walks_a_run_from_its_offer_to_its_receipts(void **state)
{
    bench_t *bench = *state;
    char run[HASH_TEXT];
    hash_write(&bench->run, run);
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    const frames_t *asked = hears(bench, TO_EFFECTOR, "OP");
    assert_string_equal(frames_text(asked, 2), run);
    assert_string_equal(frames_text(asked, 3), "usage");
    assert_string_equal(frames_text(asked, 4), "run");
    assert_string_equal(frames_text(asked, 6), "0");
    assert_string_equal(frames_text(asked, 9), HEAD_1);
    by_effector(bench, result(bench, 91, HEAD_1));
    assert_string_equal(frames_text(hears(bench, TO_RUNNER, "RESULT"), 1), "i91;");
    by_runner(bench, done("ok", 91));
    CLEANUP(receipt_destroy) receipt_t *first = hears_receipt(bench);
    assert_string_equal(first->step, "usage");
    assert_int_equal(first->part, OUTCOME_OPEN);
    assert_int_equal(first->op_count, 1);
    hears_run(bench);
    runner_comes(bench);
    hears(bench, TO_RUNNER, "TASK");
    use(bench, "file.remove", 1, HEAD_2);
    by_runner(bench, done("ok", 1));
    CLEANUP(receipt_destroy) receipt_t *second = hears_receipt(bench);
    assert_string_equal(second->step, "clean");
    assert_int_equal(second->part, OUTCOME_OK);
    assert_string_equal(second->ops[0].op, "file.remove");
    assert_string_equal(second->authority, "order");
    hears_nothing(bench);
    assert_int_equal(bench->overs, 1);
}

static void
gives_a_step_its_inputs_and_what_it_needs(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin_clean(bench);
    const frames_t *task = bench->letters[bench->heard - 1].frames;
    assert_string_equal(frames_text(task, 2), LUA);
    assert_string_equal(frames_text(task, 3), "clean");
    CLEANUP(value_destroy) value_t *context = value_decode(frames_at(task, 4), &fault);
    assert_string_equal(value_get_text(value_get(context, "inputs"), "mount"), "/var/log");
    assert_string_equal(value_get_text(value_get(context, "target"), "region"), "north");
    assert_int_equal(value_get_integer(value_get(context, "here"), "usage"), 91);
}

static void
the_intent_of_a_fix_is_durable_before_the_effector_is_asked(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    assert_int_equal(bench->durable_intents, 1);
}

static void
crash_after_accept(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    hears_run(bench);
    restart_and_go_on(bench);
    use(bench, "disk.usage", 91, HEAD_2);
}

static void
an_offer_that_was_not_accepted_is_forgotten_by_a_crash(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    restart(bench);
    hears_nothing(bench);
    begin(bench);
}

static void
skips_what_a_script_skips(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, done("skipped", 0));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->outcome, OUTCOME_SKIPPED);
    assert_int_equal(receipt->part, OUTCOME_OK);
}

static void
a_failed_step_ends_the_part_with_the_scripts_words_on_one_line(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("DONE", "failed", "n", "script", "playbook.lua:3: no\nway", NULL));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_FAILED);
    assert_string_equal(receipt->code, "script");
    assert_string_equal(receipt->reason, "playbook.lua:3: no way");
    hears_nothing(bench);
}

static void
a_script_cannot_claim_an_outcome_that_is_none_of_its_own(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("DONE", "unknown", "n", "", "", NULL));
    hears_end(bench, OUTCOME_FAILED, "script");
}

static void
an_output_that_is_no_value_fails_the_step(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("DONE", "ok", "i007;", "none", "", NULL));
    hears_end(bench, OUTCOME_FAILED, "format");
}

/* ---- documents --------------------------------------------------------------------------- */

static void
a_document_that_does_not_hold_changes_nothing(void **state)
{
    bench_t *bench = *state;
    by_link(bench, message("DOCUMENT", "tocsin-people v1\nend\n", "", NULL));
    by_link(bench, message("DOCUMENT", "hello", "", NULL));
    hears_nothing(bench);
    begin(bench);
}

/* As where an older copy of the ledger was put back. */
static void
an_effector_that_keeps_a_newer_document_is_no_end(void **state)
{
    bench_t *bench = *state;
    by_effector(bench, message("REFUSED", "document", "version", "people 1 is older", NULL));
    hears_nothing(bench);
    begin(bench);
}

static void
a_worker_that_the_fleet_no_longer_lists_ends(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    fleet_t *fleet = site_fleet(bench->site, "north");
    fleet->version = 2;
    fleet->host_count = 0;
    fleet->workers[0] = fleet->workers[1];
    fleet->worker_count = 1;
    CLEANUP(sealed_done) sealed_t sealed = site_seal_fleet(bench->site, fleet, "olaf");
    CLEANUP(frames_destroy) frames_t *frames = document_of(&sealed);
    assert_int_equal(judge_on_link(bench->judge, 0, frames, bench->now, bench->clock, &fault), -1);
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
    flush(bench);
}

static void
people_who_lost_their_quorum_do_not_keep_the_judge_from_starting(void **state)
{
    bench_t *bench = *state;
    root_t *root = site_root_next(bench->site);
    text_copy(root->holders[1].person, sizeof root->holders[1].person, "nora");
    root->holders[1].key = *machinekey_public(site_key(bench->site, "nora"));
    CLEANUP(sealed_done) sealed_t sealed = site_seal_root(bench->site, root, "hana,hugo,nora");
    bring_document(bench, &sealed);
    restart(bench);
    assert_int_equal(trust_root(bench->trust)->version, 2);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_QUORUM);
}

static void
another_key_than_the_fleet_lists_does_not_start(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    CLEANUP(judge_destroy)
    judge_t *judge = judge_new("w1", "first", bench->trust, site_key(bench->site, "w2"),
                               bench->ledger, bench->outbox, &fault);
    assert_int_equal(judge_start(judge, bench->now, bench->clock, &fault), -1);
    assert_int_equal(fault.code, FAULT_KEY);
}

/* What the effector says of w1's policy, as one message. */
static frames_t *
allowance_of(const bench_t *bench, const char *worker)
{
    allowance_t allowance = {.site = bench->site->id, .made = bench->now, .highest = CLASS_CHANGE};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    text_copy(allowance.worker, sizeof allowance.worker, worker);
    allowance_encode(&allowance, text);
    return message("ALLOWANCE", "allowance", bytes_text(text), NULL);
}

static void
brokers_hear_what_the_machine_allows_signed(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    allowance_t said;
    assert_int_equal(bench->policy_asked, 1);
    by_effector(bench, allowance_of(bench, "w1"));
    hears_nothing(bench);
    by_link(bench, message("ONLINE", "instance", NULL));
    hears(bench, TO_LINK, "HELLO");
    by_link(bench, message("WELCOME", "1", "instance", "0", NULL));
    const frames_t *told = hears(bench, TO_LINK, "ALLOWANCE");
    assert_int_equal(
        allowance_check(&said, bench->trust, frames_at(told, 1), frames_at(told, 2), &fault), 0);
    assert_int_equal(said.highest, CLASS_CHANGE);
    by_effector(bench, allowance_of(bench, "w1"));
    hears(bench, TO_LINK, "ALLOWANCE");
    CLEANUP(frames_destroy) frames_t *anothers = allowance_of(bench, "w2");
    assert_int_equal(judge_on_effector(bench->judge, anothers, bench->now, bench->clock, &fault),
                     -1);
    assert_int_equal(fault.code, FAULT_SITE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(says_hello_with_what_it_knows_when_a_broker_is_there),
    TEST(walks_a_run_from_its_offer_to_its_receipts),
    TEST(gives_a_step_its_inputs_and_what_it_needs),
    TEST(the_intent_of_a_fix_is_durable_before_the_effector_is_asked),
    TEST(crash_after_accept),
    TEST(an_offer_that_was_not_accepted_is_forgotten_by_a_crash),
    TEST(skips_what_a_script_skips),
    TEST(a_failed_step_ends_the_part_with_the_scripts_words_on_one_line),
    TEST(a_script_cannot_claim_an_outcome_that_is_none_of_its_own),
    TEST(an_output_that_is_no_value_fails_the_step),
    TEST(a_document_that_does_not_hold_changes_nothing),
    TEST(an_effector_that_keeps_a_newer_document_is_no_end),
    TEST(a_worker_that_the_fleet_no_longer_lists_ends),
    TEST(people_who_lost_their_quorum_do_not_keep_the_judge_from_starting),
    TEST(brokers_hear_what_the_machine_allows_signed),
    TEST(another_key_than_the_fleet_lists_does_not_start),
};

int
main(void)
{
    log_open("test_judge", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
