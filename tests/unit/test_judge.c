/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "worker/intake.h"

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

/* ---- offers again ------------------------------------------------------------------------ */

static void
a_repeated_offer_of_an_open_part_is_accepted_again(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "ACCEPT");
    hears_nothing(bench);
}

static void
ord_replayed_same_worker(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    hears_end(bench, OUTCOME_FAILED, "failed");
    by_link(bench, offer(bench));
    const frames_t *again = hears(bench, TO_LINK, "RECEIPT");
    hash_t hash = hash_of(frames_at(again, 1));
    assert_true(hash_equal(&hash, &bench->previous));
    hears_nothing(bench);
    restart(bench);
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "RECEIPT");
    hears_nothing(bench);
}

static void
ord_inputs_swapped(void **state)
{
    bench_t *bench = *state;
    hash_t run = bench->run;
    begin(bench);
    give_another_order(bench, 7);
    bench->run = run; /* the known run, by other bytes */
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_REPLAY);
}

static void
an_offer_that_comes_again_while_the_effector_thinks_is_left_alone(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    by_link(bench, offer(bench));
    hears_nothing(bench);
}

static void
an_offer_whose_release_never_came_asks_for_it_again(void **state)
{
    bench_t *bench = *state;
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "WANT");
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "WANT");
    by_link(bench, give(bench));
    hears_warrant(bench);
    hears_nothing(bench);
}

static void
a_release_is_asked_for_once(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    give_another_order(bench, 7);
    by_link(bench, offer(bench));
    hears_warrant(bench);
}

static void
meet(bench_t *bench)
{
    by_link(bench, message("ONLINE", "instance", NULL));
    hears(bench, TO_LINK, "HELLO");
    by_link(bench, message("WELCOME", "1", "instance", NULL));
}

static void
a_welcome_that_nobody_asked_for_is_answered_with_hello(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_link(bench, message("WELCOME", "1", "instance", NULL));
    hears(bench, TO_LINK, "HELLO");
    hears_nothing(bench);
    by_link(bench, message("WELCOME", "1", "instance", NULL));
    hears(bench, TO_LINK, "RECEIPT");
}

static void
receipts_are_sent_again_until_they_are_acknowledged(void **state)
{
    bench_t *bench = *state;
    char hash[HASH_TEXT];
    begin_clean(bench);
    meet(bench);
    hears(bench, TO_LINK, "RECEIPT");
    by_link(bench, message("ACK", "1", HEAD_1, NULL)); /* of another document */
    meet(bench);
    hears(bench, TO_LINK, "RECEIPT");
    by_link(bench, message("ACK", "1", hash_write(&bench->previous, hash), NULL));
    meet(bench);
    hears_nothing(bench);
}

/* ---- refusals ---------------------------------------------------------------------------- */

static void
rel_below_quorum(void **state)
{
    bench_t *bench = *state;
    give_release(bench,
                 site_release_of(bench->site, "disk-full", slice_text(MANIFEST), slice_text(LUA)),
                 "rita");
    offer_and_give(bench);
    hears_refuse(bench, FAULT_QUORUM);
    hears_nothing(bench);
}

static void
refuses_by_receipt(bench_t *bench, fault_code_t code)
{
    offer_and_give(bench);
    hears_end(bench, OUTCOME_REFUSED, fault_word(code));
    hears_nothing(bench);
    by_link(bench, offer(bench)); /* it stays refused */
    hears(bench, TO_LINK, "RECEIPT");
    hears_nothing(bench);
}

static void
no_broker_makes_a_worker_talk_without_end(void **state)
{
    bench_t *bench = *state;
    for (int i = 0; i < REFUSALS_MAX; i++) {
        by_link(bench, message("OFFER", "", "", "", "", "", "", "", "", "", NULL));
        hears_refuse(bench, FAULT_FORMAT);
    }
    by_link(bench, message("OFFER", "", "", "", "", "", "", "", "", "", NULL));
    hears_nothing(bench);
    bench->now.ms += REFUSALS_MS;
    by_link(bench, message("OFFER", "", "", "", "", "", "", "", "", "", NULL));
    hears_refuse(bench, FAULT_FORMAT);
}

/* What the broker brought along was not good enough: nothing is kept, the run can still be had. */
static void
refuses_for_now(bench_t *bench, fault_code_t code)
{
    offer_and_give(bench);
    hears_refuse(bench, code);
    hears_nothing(bench);
}

static void
a_run_that_was_offered_badly_can_be_offered_well(void **state)
{
    bench_t *bench = *state;
    value_t *files = value_copy(bench->files);
    value_set_text(bench->files, "playbook.lua", "return playbook {}\n");
    refuses_for_now(bench, FAULT_HASH);
    value_destroy(&bench->files);
    bench->files = files;
    begin(bench);
}

static void
a_kept_release_that_lacks_signatures_today_is_asked_for_again(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    fault_t fault = {0};
    value_encode(bench->files, files);
    assert_int_equal(ledger_put_release(bench->ledger, &bench->release_hash,
                                        bytes_slice(bench->release.document), slice_of(NULL, 0),
                                        bytes_slice(files), &fault),
                     0);
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "WANT");
    by_link(bench, give(bench));
    hears_warrant(bench);
}

static void
rel_mix_and_match_manifest(void **state)
{
    bench_t *bench = *state;
    value_set_text(bench->files, "manifest", SITE_MANIFEST);
    refuses_for_now(bench, FAULT_HASH);
}

static void
rel_extra_file(void **state)
{
    bench_t *bench = *state;
    value_set_text(bench->files, "more.lua", "return 1\n");
    refuses_for_now(bench, FAULT_HASH);
}

static void
rel_file_truncated(void **state)
{
    bench_t *bench = *state;
    value_set(bench->files, "playbook.lua", value_bytes(slice_of(LUA, strlen(LUA) - 1)));
    refuses_for_now(bench, FAULT_HASH);
}

static void
one_changed_byte_is_another_file(void **state)
{
    bench_t *bench = *state;
    value_set_text(bench->files, "playbook.lua", "Return playbook { name = \"disk-full\" }\n");
    refuses_for_now(bench, FAULT_HASH);
}

static void
a_file_that_is_missing_is_not_made_up_for_by_another(void **state)
{
    bench_t *bench = *state;
    value_destroy(&bench->files);
    bench->files = value_map();
    value_set_text(bench->files, "manifest", MANIFEST);
    value_set_text(bench->files, "other.lua", LUA);
    refuses_for_now(bench, FAULT_HASH);
}

static void
another_release_than_the_one_that_was_wanted_is_refused(void **state)
{
    bench_t *bench = *state;
    char wanted[HASH_TEXT];
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "WANT");
    hash_write(&bench->release_hash, wanted);
    frames_t *other = message("GIVE", wanted, "tocsin-release v1\nend\n", "", "me", NULL);
    by_link(bench, other);
    hears_refuse(bench, FAULT_HASH);
    begin(bench);
}

static void
a_release_that_nobody_wants_is_let_go(void **state)
{
    bench_t *bench = *state;
    by_link(bench, give(bench));
    hears_nothing(bench);
}

static void
ord_replayed_other_worker(void **state)
{
    bench_t *bench = *state;
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w2");
    give_order(bench, order, "pat");
    refuses_by_receipt(bench, FAULT_TARGET);
}

static void
ord_not_yet_valid(void **state)
{
    bench_t *bench = *state;
    bench->now = site_after(bench->site->now, -5);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_WINDOW);
    bench->now = bench->site->now;
    begin(bench); /* its time comes */
}

static void
ord_expired(void **state)
{
    bench_t *bench = *state;
    bench->now = site_after(bench->site->now, 3601);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_EXPIRED);
}

static void
an_offer_whose_run_is_not_the_hash_of_its_order_is_refused(void **state)
{
    bench_t *bench = *state;
    bench->run = hash_of(slice_text("another"));
    offer_and_give(bench);
    hears_refuse(bench, FAULT_FORMAT);
}

static void
an_offer_without_form_is_refused(void **state)
{
    bench_t *bench = *state;
    by_link(bench, message("OFFER", "run", "order", "", "", "", "", HEAD_1, "le", "", NULL));
    hears_refuse(bench, FAULT_FORMAT);
    by_link(bench, message("OFFER", HEAD_1, "wish", "", "", "", "", HEAD_1, "le", "", NULL));
    hears_refuse(bench, FAULT_FORMAT);
    by_link(bench, message("OFFER", HEAD_1, NULL));
    by_link(bench, message("PLEASE", NULL));
    by_link(bench, message("ACK", "many", "x", NULL));
    hears_nothing(bench);
}

static void
an_order_with_an_unknown_input_is_refused(void **state)
{
    bench_t *bench = *state;
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->input_count = 1;
    order->inputs[0] = (input_text_t){"colour", "red"};
    give_order(bench, order, "pat");
    refuses_by_receipt(bench, FAULT_INPUT);
}

static void
the_effectors_no_is_a_refusal_by_receipt(void **state)
{
    bench_t *bench = *state;
    char run[HASH_TEXT] = "";
    for (unsigned i = 0; run[0] != 'd'; i++) { /* a run that could be taken for a document's id */
        give_another_order(bench, i);
        hash_write(&bench->run, run);
    }
    offer_and_give(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_REFUSED, "policy");
    hears_nothing(bench);
}

static void
more_runs_than_there_is_room_for_are_refused(void **state)
{
    bench_t *bench = *state;
    unsigned orders[JUDGE_PARTS_MAX];
    begin(bench);
    for (unsigned i = 1; i < JUDGE_PARTS_MAX; i++) {
        give_another_order(bench, orders[i] = i);
        by_link(bench, offer(bench));
        hears_warrant(bench);
    }
    give_another_order(bench, JUDGE_PARTS_MAX);
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_LIMIT);
    for (unsigned i = 1; i < JUDGE_PARTS_MAX; i++) {
        give_another_order(bench, orders[i]);
        by_effector(bench, granted(bench, HEAD_1));
        hears(bench, TO_LINK, "ACCEPT");
        hears_run(bench);
    }
    give_another_order(bench, JUDGE_PARTS_MAX);
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_LIMIT);
    runner_ends(bench, SIGKILL); /* of the run accepted last */
    give_another_order(bench, JUDGE_PARTS_MAX - 1);
    hears_end(bench, OUTCOME_FAILED, "limit");
    give_another_order(bench, JUDGE_PARTS_MAX);
    by_link(bench, offer(bench));
    hears_warrant(bench);
}

static void
releases_that_a_broker_never_gives_do_not_stop_the_next_broker(void **state)
{
    bench_t *bench = *state;
    for (unsigned i = 0; i < JUDGE_PARTS_MAX; i++) {
        give_another_order(bench, i);
        by_link(bench, offer(bench));
        hears(bench, TO_LINK, "WANT");
    }
    give_another_order(bench, JUDGE_PARTS_MAX);
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_LIMIT);
    by_link(bench, message("ONLINE", "another", NULL));
    hears(bench, TO_LINK, "HELLO");
    begin(bench);
}

/* ---- grants ------------------------------------------------------------------------------ */

static void
a_grant_runs_on_the_alert_that_it_matches(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    give_grant(bench, "one");
    begin(bench);
    const frames_t *task = bench->letters[bench->heard - 1].frames;
    CLEANUP(value_destroy) value_t *context = value_decode(frames_at(task, 4), &fault);
    assert_string_equal(value_get_text(value_get(context, "inputs"), "mount"), "/var");
    assert_string_equal(value_get_text(value_get(context, "incident"), "host"), "web1.example");
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->authority, "token");
}

static void
grant_alert_replayed(void **state)
{
    bench_t *bench = *state;
    give_grant(bench, "one");
    begin(bench);
    by_link(bench, offer(bench)); /* the same evidence is the same run */
    hears(bench, TO_LINK, "ACCEPT");
    bench->now = site_after(bench->now, 1);
    give_grant(bench, "one"); /* the same event, said to have come later */
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_REPLAY);
    hears_nothing(bench);
}

static void
grant_alert_stale(void **state)
{
    bench_t *bench = *state;
    give_grant(bench, "one");
    bench->now = site_after(bench->now, 301);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_STALE);
}

static void
grant_budget_exceeded_by_broker(void **state)
{
    bench_t *bench = *state;
    give_grant(bench, "1");
    begin(bench);
    give_grant(bench, "2");
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    hears_run(bench);
    give_grant(bench, "3");
    by_link(bench, offer(bench));
    hears_warrant(bench); /* not granted yet, and counted all the same */
    give_grant(bench, "4");
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_BUDGET);
    bench->now = site_after(bench->now, 3601);
    give_grant(bench, "5");
    by_link(bench, offer(bench));
    hears_warrant(bench);
}

static void
a_grants_budget_outlives_a_restart(void **state)
{
    bench_t *bench = *state;
    for (const char *const *at = (const char *const[]){"1", "2", "3", NULL}; *at; at++) {
        give_grant(bench, *at);
        by_link(bench, offer(bench));
        if (**at == '1') {
            hears(bench, TO_LINK, "WANT");
            by_link(bench, give(bench));
        }
        hears_warrant(bench);
        by_effector(bench, granted(bench, HEAD_1));
        hears(bench, TO_LINK, "ACCEPT");
        hears_run(bench);
    }
    restart(bench);
    for (int i = 0; i < 3; i++)
        hears_warrant(bench);
    give_grant(bench, "4");
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_BUDGET);
}

/* ---- waves ------------------------------------------------------------------------------- */

static void
byz_wave2_before_wave1(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    refuses_for_now(bench, FAULT_PROOF);
}

static void
wave_two_goes_behind_the_receipts_of_wave_one(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    add_proof(bench, proof(bench), "w2");
    begin(bench);
}

static void
byz_forge_receipt(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    add_proof(bench, proof(bench), "broker");
    refuses_for_now(bench, FAULT_PROOF);
}

static void
byz_receipt_from_other_worker(void **state)
{
    bench_t *bench = *state;
    receipt_t *others = NULL;
    give_order_of_two_waves(bench);
    add_proof(bench, proof(bench), "s1"); /* of w2, by the key of s1 */
    others = proof(bench);
    text_copy(others->worker, sizeof others->worker, "s1"); /* of s1, which is no target */
    text_copy(others->target, sizeof others->target, "s1");
    add_proof(bench, others, "s1");
    refuses_for_now(bench, FAULT_PROOF);
}

static void
a_receipt_of_another_run_proves_nothing(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    receipt_t *other = proof(bench);
    other->run = hash_of(slice_text("another run"));
    add_proof(bench, other, "w2");
    refuses_for_now(bench, FAULT_PROOF);
}

static void
a_part_that_is_open_or_failed_proves_nothing(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    receipt_t *open = proof(bench), *failed = proof(bench);
    open->part = OUTCOME_OPEN;
    failed->outcome = failed->part = OUTCOME_FAILED;
    text_copy(failed->code, sizeof failed->code, "failed");
    add_proof(bench, open, "w2");
    add_proof(bench, failed, "w2");
    refuses_for_now(bench, FAULT_PROOF);
}

static void
byz_soak_cut_short(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    receipt_t *fresh = proof(bench);
    fresh->ended = site_after(bench->now, -29);
    add_proof(bench, fresh, "w2");
    refuses_for_now(bench, FAULT_PROOF);
}

static void
one_receipt_said_twice_counts_once(void **state)
{
    bench_t *bench = *state;
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "s1");
    site_add_target(order, 1, "w2");
    site_add_target(order, 2, "w1");
    give_order(bench, order, "pat");
    add_proof(bench, proof(bench), "w2");
    add_proof(bench, proof(bench), "w2");
    refuses_for_now(bench, FAULT_PROOF);
}

static void
receipts_that_are_no_receipts_prove_nothing(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    value_t *item = value_map();
    value_set_text(item, "document", "tocsin-receipt v1\nend\n");
    value_set_text(item, "armor", "x");
    value_append(bench->receipts, item);
    value_append(bench->receipts, value_integer(7));
    refuses_for_now(bench, FAULT_PROOF);
}

/* ---- ops --------------------------------------------------------------------------------- */

static void
an_op_that_fails_is_the_scripts_to_answer(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_EFFECTOR, "OP");
    by_effector(bench, op_fault(bench, "policy"));
    const frames_t *fault = hears(bench, TO_RUNNER, "FAULT");
    assert_string_equal(frames_text(fault, 1), "policy");
    by_runner(bench, message("DONE", "failed", "n", "policy", "it did not work", NULL));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->ops[0].code, "policy");
    assert_string_equal(receipt->code, "policy");
}

static void
what_the_effector_does_not_know_ends_the_part_as_unknown(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    by_effector(bench, op_fault(bench, "unknown"));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_UNKNOWN, "unknown");
    hears_nothing(bench);
}

static void
an_op_that_is_in_no_table_fails_the_step(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("shell.run", "/var"));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "op");
}

static void
more_ops_than_a_receipt_holds_fail_the_step(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    for (int i = 0; i < RECEIPT_OPS_MAX; i++) {
        use(bench, "disk.usage", i, HEAD_1);
        while (bench->count)
            frames_destroy(&bench->letters[--bench->count].frames);
        bench->heard = 0;
    }
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_SPAWNER, "KILL");
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->code, "limit");
    assert_int_equal(receipt->op_count, RECEIPT_OPS_MAX);
}

static void
an_effector_that_says_what_it_was_not_asked_ends_the_judge(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin(bench);
    CLEANUP(frames_destroy) frames_t *answer = result(bench, 1, HEAD_1);
    assert_int_equal(judge_on_effector(bench->judge, answer, bench->now, bench->clock, &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    CLEANUP(frames_destroy) frames_t *word = message("HELP", NULL);
    assert_int_equal(judge_on_effector(bench->judge, word, bench->now, bench->clock, &fault), -1);
    CLEANUP(frames_destroy) frames_t *again = granted(bench, HEAD_1);
    assert_int_equal(judge_on_effector(bench->judge, again, bench->now, bench->clock, &fault), -1);
    by_runner(bench, op("disk.usage", "/var"));
    CLEANUP(frames_destroy) frames_t *code = op_fault(bench, "because");
    assert_int_equal(judge_on_effector(bench->judge, code, bench->now, bench->clock, &fault), -1);
    assert_non_null(strstr(fault.text, "'because'"));
}

/* ---- runners ----------------------------------------------------------------------------- */

static void
a_step_that_takes_too_long_fails(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, bench->clock.ms + 30000);
    tick(bench, 29);
    hears_nothing(bench);
    tick(bench, 1);
    hears(bench, TO_SPAWNER, "KILL");
    by_runner(bench, done("ok", 1)); /* too late */
    hears_nothing(bench);
    runner_ends(bench, SIGKILL);
    hears_end(bench, OUTCOME_FAILED, "timeout");
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
}

static void
a_timeout_waits_for_the_op_in_flight(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    tick(bench, 60);
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    hears_nothing(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_FAILED);
    assert_string_equal(receipt->code, "timeout");
    assert_string_equal(receipt->ops[0].code, "ok");
}

static void
a_runner_that_dies_fails_its_step(void **state)
{
    static const struct {
        int status;
        const char *code;
    } ends[] = {{SIGSYS, "denied"}, {SIGKILL, "limit"}, {SIGXCPU, "limit"}, {1 << 8, "limit"}};
    bench_t *bench = *state;
    begin(bench);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        runner_ends(bench, ends[i].status);
        hears_end(bench, OUTCOME_FAILED, ends[i].code);
        hears_nothing(bench);
        give_another_order(bench, (unsigned)i);
        by_link(bench, offer(bench));
        hears_warrant(bench);
        by_effector(bench, granted(bench, HEAD_1));
        hears(bench, TO_LINK, "ACCEPT");
        hears_run(bench);
    }
}

static void
a_runner_that_dies_while_an_op_is_in_flight_fails_behind_it(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    runner_ends(bench, SIGSYS);
    hears_nothing(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->code, "denied");
    assert_string_equal(receipt->ops[0].code, "ok");
}

static void
a_runner_that_speaks_out_of_turn_is_ended(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_EFFECTOR, "OP");
    by_runner(bench, op("disk.usage", "/srv"));
    hears(bench, TO_SPAWNER, "KILL");
    by_effector(bench, result(bench, 1, HEAD_1));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "format");
}

static void
a_runner_that_speaks_another_language_is_ended(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("OP", "disk.usage", NULL));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "format");
    assert_false(judge_wants_runner(bench->judge, bench->runner));
    by_runner(bench, done("ok", 1)); /* nobody's runner any more */
    runner_ends(bench, SIGKILL);
    hears_nothing(bench);
}

/* ---- restarts ---------------------------------------------------------------------------- */

/* Step clean has looked, and asked for a fix that nobody answered. */
static void
crash_in_a_fix(bench_t *bench)
{
    begin_clean(bench);
    use(bench, "disk.usage", 91, HEAD_1);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
}

static void
crash_after_intent(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    const frames_t *task = restart_and_go_on(bench);
    assert_string_equal(frames_text(task, 3), "clean");
    by_runner(bench, op("disk.usage", "/var")); /* answered from the record */
    assert_string_equal(frames_text(hears(bench, TO_RUNNER, "RESULT"), 1), "i91;");
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    const frames_t *again = hears(bench, TO_EFFECTOR, "OP");
    assert_string_equal(frames_text(again, 3), "clean");
    assert_string_equal(frames_text(again, 6), "1");
    assert_string_equal(frames_text(again, 9), HEAD_1); /* the journal as the intent saw it */
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, done("ok", 1));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_OK);
    assert_int_equal(receipt->op_count, 2);
}

static void
lua_nondeterministic_replay(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart_and_go_on(bench);
    by_runner(bench, op("disk.usage", "/srv")); /* other arguments than before */
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_UNKNOWN, "unknown");
}

static void
a_script_that_forgets_its_fix_after_a_restart_ends_unknown(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart_and_go_on(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, done("ok", 1));
    hears_end(bench, OUTCOME_UNKNOWN, "unknown");
}

static void
a_fix_that_nobody_answered_is_unknown_whatever_else_goes_wrong(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart_and_go_on(bench);
    runner_ends(bench, SIGSYS);
    hears_end(bench, OUTCOME_UNKNOWN, "denied");
}

static void
crash_after_done_before_send(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin(bench);
    CLEANUP(frames_destroy) frames_t *last = message("DONE", "failed", "n", "failed", "no", NULL);
    assert_int_equal(
        judge_on_runner(bench->judge, bench->runner, last, bench->now, bench->clock, &fault), 0);
    assert_int_equal(ledger_commit(bench->ledger, &fault), 0); /* and no send */
    restart(bench);
    hears_nothing(bench);
    meet(bench);
    hears_end(bench, OUTCOME_FAILED, "failed");
}

static void
an_uncommitted_end_of_a_step_is_walked_again(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin(bench);
    CLEANUP(frames_destroy) frames_t *last = message("DONE", "failed", "n", "failed", "no", NULL);
    assert_int_equal(
        judge_on_runner(bench->judge, bench->runner, last, bench->now, bench->clock, &fault), 0);
    restart_and_go_on(bench);
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    hears_end(bench, OUTCOME_FAILED, "failed");
}

static void
the_effectors_no_after_a_restart_ends_the_part(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_REFUSED, "policy");
    restart(bench);
    hears_nothing(bench);
}

static void
the_effectors_no_behind_an_intent_is_unknown(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_UNKNOWN, "policy");
}

/* What was done is not called refused. */
static void
the_effectors_no_behind_what_was_done_is_failed(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    crash_in_a_fix(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    assert_int_equal(ledger_commit(bench->ledger, &fault), 0);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_FAILED, "policy");
}

/* People 2: without pat, who signed the order. */
static void
revoke_pat(bench_t *bench)
{
    people_t *people = site_people(bench->site);
    size_t kept = 0;
    for (size_t i = 0; i < people->key_count; i++)
        if (strcmp(people->keys[i].person, "pat") != 0)
            people->keys[kept++] = people->keys[i];
    people->key_count = kept;
    people->curve_count = 0;
    people->version = 2;
    CLEANUP(sealed_done) sealed_t sealed = site_seal_people(bench->site, people, "hana,hugo");
    frames_t *frames = message("DOCUMENT", NULL);
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, bytes_slice(sealed.armors));
    by_link(bench, frames);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
}

static void
ord_revoked_midrun(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    revoke_pat(bench);
    restart(bench);
    hears_end(bench, OUTCOME_REFUSED, "key");
    hears_nothing(bench);
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->reason, sizeof order->reason, "the worker goes on working");
    give_order(bench, order, "pia");
    by_link(bench, offer(bench));
    hears_warrant(bench);
}

static void
an_order_revoked_in_the_middle_of_a_fix_is_unknown(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    revoke_pat(bench);
    restart(bench);
    hears_end(bench, OUTCOME_UNKNOWN, "key");
}

static void
a_run_that_was_accepted_goes_on_after_its_window(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    bench->now = site_after(bench->now, 2 * 3600);
    restart_and_go_on(bench);
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
    CLEANUP(frames_destroy) frames_t *frames = message("DOCUMENT", NULL);
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, bytes_slice(sealed.armors));
    assert_int_equal(judge_on_link(bench->judge, frames, bench->now, bench->clock, &fault), -1);
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
    frames_t *frames = message("DOCUMENT", NULL);
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, bytes_slice(sealed.armors));
    by_link(bench, frames);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
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
    judge_t *judge = judge_new("w1", bench->trust, site_key(bench->site, "w2"), bench->ledger,
                               bench->outbox, &fault);
    assert_int_equal(judge_start(judge, bench->now, &fault), -1);
    assert_int_equal(fault.code, FAULT_KEY);
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
    TEST(a_repeated_offer_of_an_open_part_is_accepted_again),
    TEST(ord_replayed_same_worker),
    TEST(ord_inputs_swapped),
    TEST(an_offer_that_comes_again_while_the_effector_thinks_is_left_alone),
    TEST(an_offer_whose_release_never_came_asks_for_it_again),
    TEST(a_release_is_asked_for_once),
    TEST(a_welcome_that_nobody_asked_for_is_answered_with_hello),
    TEST(receipts_are_sent_again_until_they_are_acknowledged),
    TEST(rel_below_quorum),
    TEST(no_broker_makes_a_worker_talk_without_end),
    TEST(a_run_that_was_offered_badly_can_be_offered_well),
    TEST(a_kept_release_that_lacks_signatures_today_is_asked_for_again),
    TEST(rel_mix_and_match_manifest),
    TEST(rel_extra_file),
    TEST(rel_file_truncated),
    TEST(one_changed_byte_is_another_file),
    TEST(a_file_that_is_missing_is_not_made_up_for_by_another),
    TEST(another_release_than_the_one_that_was_wanted_is_refused),
    TEST(a_release_that_nobody_wants_is_let_go),
    TEST(ord_replayed_other_worker),
    TEST(ord_not_yet_valid),
    TEST(ord_expired),
    TEST(an_offer_whose_run_is_not_the_hash_of_its_order_is_refused),
    TEST(an_offer_without_form_is_refused),
    TEST(an_order_with_an_unknown_input_is_refused),
    TEST(the_effectors_no_is_a_refusal_by_receipt),
    TEST(more_runs_than_there_is_room_for_are_refused),
    TEST(releases_that_a_broker_never_gives_do_not_stop_the_next_broker),
    TEST(a_grant_runs_on_the_alert_that_it_matches),
    TEST(grant_alert_replayed),
    TEST(grant_alert_stale),
    TEST(grant_budget_exceeded_by_broker),
    TEST(a_grants_budget_outlives_a_restart),
    TEST(byz_wave2_before_wave1),
    TEST(wave_two_goes_behind_the_receipts_of_wave_one),
    TEST(byz_forge_receipt),
    TEST(byz_receipt_from_other_worker),
    TEST(a_receipt_of_another_run_proves_nothing),
    TEST(a_part_that_is_open_or_failed_proves_nothing),
    TEST(byz_soak_cut_short),
    TEST(one_receipt_said_twice_counts_once),
    TEST(receipts_that_are_no_receipts_prove_nothing),
    TEST(an_op_that_fails_is_the_scripts_to_answer),
    TEST(what_the_effector_does_not_know_ends_the_part_as_unknown),
    TEST(an_op_that_is_in_no_table_fails_the_step),
    TEST(more_ops_than_a_receipt_holds_fail_the_step),
    TEST(an_effector_that_says_what_it_was_not_asked_ends_the_judge),
    TEST(a_step_that_takes_too_long_fails),
    TEST(a_timeout_waits_for_the_op_in_flight),
    TEST(a_runner_that_dies_fails_its_step),
    TEST(a_runner_that_dies_while_an_op_is_in_flight_fails_behind_it),
    TEST(a_runner_that_speaks_out_of_turn_is_ended),
    TEST(a_runner_that_speaks_another_language_is_ended),
    TEST(crash_after_intent),
    TEST(lua_nondeterministic_replay),
    TEST(a_script_that_forgets_its_fix_after_a_restart_ends_unknown),
    TEST(a_fix_that_nobody_answered_is_unknown_whatever_else_goes_wrong),
    TEST(crash_after_done_before_send),
    TEST(an_uncommitted_end_of_a_step_is_walked_again),
    TEST(the_effectors_no_after_a_restart_ends_the_part),
    TEST(the_effectors_no_behind_an_intent_is_unknown),
    TEST(the_effectors_no_behind_what_was_done_is_failed),
    TEST(ord_revoked_midrun),
    TEST(an_order_revoked_in_the_middle_of_a_fix_is_unknown),
    TEST(a_run_that_was_accepted_goes_on_after_its_window),
    TEST(a_document_that_does_not_hold_changes_nothing),
    TEST(a_worker_that_the_fleet_no_longer_lists_ends),
    TEST(people_who_lost_their_quorum_do_not_keep_the_judge_from_starting),
    TEST(another_key_than_the_fleet_lists_does_not_start),
};

int
main(void)
{
    log_open("test_judge", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
