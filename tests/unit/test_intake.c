/* SPDX-License-Identifier: Apache-2.0 */
/* Offers at the judge: known ones, refusals, grants, waves. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "wire/allowance.h"
#include "worker/intake.h"

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

/* ---- two brokers ------------------------------------------------------------------------- */

static void
two_brokers_that_offer_the_same_both_hear_that_it_is_accepted(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    by_link_of(bench, 1, offer(bench));
    hears_nothing(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    assert_int_equal(heard_by(bench), 3);
}

static void
a_refusal_is_for_the_broker_whose_offer_it_was(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    frames_t *other = offer(bench);
    bytes_add_text(other->frame[OFFER_RECEIPTS], "other");
    by_link_of(bench, 1, other);
    hears_refuse(bench, FAULT_LIMIT); /* it may be offered again */
    assert_int_equal(heard_by(bench), 2);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    assert_int_equal(heard_by(bench), 1);
}

static void
a_known_run_is_answered_to_the_broker_that_asks(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_link_of(bench, 2, offer(bench));
    hears(bench, TO_LINK, "ACCEPT");
    assert_int_equal(heard_by(bench), 4);
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    hears_end(bench, OUTCOME_FAILED, "failed");
    assert_int_equal(heard_by(bench), 0); /* all */
    by_link_of(bench, 1, offer(bench));
    hears(bench, TO_LINK, "RECEIPT");
    assert_int_equal(heard_by(bench), 2);
}

static void
hello_to_one_broker_keeps_what_another_was_asked_for(void **state)
{
    bench_t *bench = *state;
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "WANT");
    by_link_of(bench, 1, message("ONLINE", "other", NULL));
    hears(bench, TO_LINK, "HELLO");
    assert_int_equal(heard_by(bench), 2);
    by_link(bench, give(bench));
    hears_warrant(bench);
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
a_welcome_that_nobody_asked_for_is_answered_with_hello(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_link(bench, message("WELCOME", "1", "instance", "9", NULL));
    hears(bench, TO_LINK, "HELLO");
    hears_nothing(bench);
    by_link(bench, message("WELCOME", "1", "instance", "9", NULL));
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

/* Nor does what is no value, or too large for one: __byz_run_used_up. */
static void
files_that_are_no_value_take_nothing_from_the_run(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *large = bytes_new();
    char wanted[HASH_TEXT];
    bytes_addf(large, "%0600000d", 0);
    const char *const files[] = {"", "x", "le", bytes_text(large)};
    hash_write(&bench->release_hash, wanted);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        by_link(bench, offer(bench));
        hears(bench, TO_LINK, "WANT");
        frames_t *bad = message("GIVE", wanted, NULL);
        frames_add(bad, bytes_slice(bench->release.document));
        frames_add(bad, bytes_slice(bench->release.armors));
        frames_add_text(bad, files[i]);
        by_link(bench, bad);
        hears_refuse(bench, FAULT_HASH);
    }
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
    unsigned orders[PARTS_MAX];
    begin(bench);
    for (unsigned i = 1; i < PARTS_MAX; i++) {
        give_another_order(bench, orders[i] = i);
        by_link(bench, offer(bench));
        hears_warrant(bench);
    }
    give_another_order(bench, PARTS_MAX);
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_LIMIT);
    for (unsigned i = 1; i < PARTS_MAX; i++) {
        give_another_order(bench, orders[i]);
        by_effector(bench, granted(bench, HEAD_1));
        hears(bench, TO_LINK, "ACCEPT");
        hears_run(bench);
    }
    give_another_order(bench, PARTS_MAX);
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_LIMIT);
    runner_ends(bench, SIGKILL); /* of the run accepted last */
    give_another_order(bench, PARTS_MAX - 1);
    hears_end(bench, OUTCOME_FAILED, "limit");
    give_another_order(bench, PARTS_MAX);
    by_link(bench, offer(bench));
    hears_warrant(bench);
}

static void
releases_that_a_broker_never_gives_do_not_stop_the_next_broker(void **state)
{
    bench_t *bench = *state;
    for (unsigned i = 0; i < PARTS_MAX; i++) {
        give_another_order(bench, i);
        by_link(bench, offer(bench));
        hears(bench, TO_LINK, "WANT");
    }
    give_another_order(bench, PARTS_MAX);
    by_link(bench, offer(bench));
    hears_refuse(bench, FAULT_LIMIT);
    by_link(bench, message("ONLINE", "another", NULL));
    hears(bench, TO_LINK, "HELLO");
    begin(bench);
}

/* ---- whom the machine asks for ----------------------------------------------------------- */

/* By the effector's word, before any offer comes. */
static void
ask_for_more(bench_t *bench, const quorums_t *more)
{
    allowance_t allowance = {.site = bench->site->id, .made = bench->now, .more = *more};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    text_copy(allowance.worker, sizeof allowance.worker, "w1");
    allowance_encode(&allowance, text);
    by_effector(bench, message("ALLOWANCE", "allowance", bytes_text(text), NULL));
}

static void
a_release_that_lacks_an_approver_here_is_asked_for_again(void **state)
{
    bench_t *bench = *state;
    char run[HASH_TEXT];
    begin(bench);
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    CLEANUP(receipt_destroy) receipt_t *ended = hears_receipt(bench);
    ask_for_more(bench, &(quorums_t){.approvals = {0, 3, 0}});
    give_another_order(bench, 2);
    by_link(bench, offer(bench));
    hears_warrant(bench); /* as it is kept here, which the effector is asked about early */
    hears(bench, TO_LINK, "WANT");
    by_effector(bench, message("REFUSED", hash_write(&bench->run, run), "quorum", "2 of 3", NULL));
    hears_nothing(bench);
    site_sign(bench->site, SIGN_APPROVE, bytes_slice(bench->release.document), "abe",
              bench->release.armors);
    by_link(bench, give(bench));
    hears_refuse(bench, FAULT_QUORUM); /* abe reviews nothing */
    ask_for_more(bench, &(quorums_t){.approvals = {0, 2, 0}});
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
}

static void
receipts_say_that_glass_was_broken(void **state)
{
    bench_t *bench = *state;
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->break_glass, sizeof order->break_glass, "it burns");
    give_order(bench, order, "pat");
    site_sign(bench->site, SIGN_COSIGN, bytes_slice(bench->authority.document), "pia",
              bench->authority.armors);
    begin(bench);
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->authority, "glass");
}

static void
a_refusal_says_that_glass_would_have_been_broken(void **state)
{
    bench_t *bench = *state;
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->break_glass, sizeof order->break_glass, "it burns");
    give_order(bench, order, "pat");
    site_sign(bench->site, SIGN_COSIGN, bytes_slice(bench->authority.document), "pia",
              bench->authority.armors);
    offer_and_give(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->authority, "glass");
    assert_string_equal(receipt->code, "policy");
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

/* __byz_run_used_up */
static void
receipts_that_are_no_value_take_nothing_from_the_run(void **state)
{
    bench_t *bench = *state;
    give_order_of_two_waves(bench);
    value_destroy(&bench->receipts);
    bench->receipts = value_text("x");
    refuses_for_now(bench, FAULT_PROOF);
    frames_t *bad = frames_new(), *good = offer(bench);
    for (size_t i = 0; i < good->count; i++)
        frames_add(bad, i == OFFER_RECEIPTS ? slice_text("l") : frames_at(good, i));
    frames_destroy(&good);
    by_link(bench, bad);
    hears(bench, TO_LINK, "WANT");
    by_link(bench, give(bench));
    hears_refuse(bench, FAULT_PROOF);
    value_destroy(&bench->receipts);
    bench->receipts = value_list();
    add_proof(bench, proof(bench), "w2");
    begin(bench);
}

/* For w1 in wave 2, which is not listed, behind w2. */
static inclusion_t *
give_order_of_a_large_wave(bench_t *bench, size_t *mine)
{
    fault_t fault = {0};
    char names[100][16];
    const char *targets[100];
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        snprintf(names[i], sizeof names[i], i == 50 ? "w1" : i < 50 ? "a%02zu" : "x%02zu", i);
        targets[i] = names[i];
    }
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w2");
    inclusion_t *tree = inclusion_new(order->nonce, 2, targets, ARRAY_SIZE(targets), &fault);
    assert_non_null(tree);
    order->wave_count = 1;
    order->waves[0] = inclusion_line(tree);
    give_order(bench, order, "pat");
    *mine = 50;
    return tree;
}

static void
a_large_wave_goes_behind_its_gate_and_by_its_place(void **state)
{
    bench_t *bench = *state;
    size_t mine;
    CLEANUP(inclusion_destroy) inclusion_t *tree = give_order_of_a_large_wave(bench, &mine);
    add_proof(bench, proof(bench), "w2");
    refuses_for_now(bench, FAULT_PROOF); /* without a place */
    bench->place = bytes_new();
    inclusion_add_place(tree, mine, "w1", bench->place);
    begin(bench);
}

static void
a_large_wave_without_its_gates_receipts_is_refused(void **state)
{
    bench_t *bench = *state;
    size_t mine;
    CLEANUP(inclusion_destroy) inclusion_t *tree = give_order_of_a_large_wave(bench, &mine);
    bench->place = bytes_new();
    inclusion_add_place(tree, mine, "w1", bench->place);
    refuses_for_now(bench, FAULT_PROOF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(a_repeated_offer_of_an_open_part_is_accepted_again),
    TEST(ord_replayed_same_worker),
    TEST(ord_inputs_swapped),
    TEST(an_offer_that_comes_again_while_the_effector_thinks_is_left_alone),
    TEST(two_brokers_that_offer_the_same_both_hear_that_it_is_accepted),
    TEST(a_refusal_is_for_the_broker_whose_offer_it_was),
    TEST(a_known_run_is_answered_to_the_broker_that_asks),
    TEST(hello_to_one_broker_keeps_what_another_was_asked_for),
    TEST(an_offer_whose_release_never_came_asks_for_it_again),
    TEST(a_release_is_asked_for_once),
    TEST(a_welcome_that_nobody_asked_for_is_answered_with_hello),
    TEST(receipts_are_sent_again_until_they_are_acknowledged),
    TEST(rel_below_quorum),
    TEST(no_broker_makes_a_worker_talk_without_end),
    TEST(a_run_that_was_offered_badly_can_be_offered_well),
    TEST(files_that_are_no_value_take_nothing_from_the_run),
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
    TEST(a_release_that_lacks_an_approver_here_is_asked_for_again),
    TEST(receipts_say_that_glass_was_broken),
    TEST(a_refusal_says_that_glass_would_have_been_broken),
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
    TEST(receipts_that_are_no_value_take_nothing_from_the_run),
    TEST(a_large_wave_goes_behind_its_gate_and_by_its_place),
    TEST(a_large_wave_without_its_gates_receipts_is_refused),
};

int
main(void)
{
    log_open("test_intake", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
