/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that call another playbook: what is wanted, who plays where, what comes back, what is
 * refused at the offer. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"

#define CALLER                                                                     \
    PLAYBOOK("disk-full", "step go call 60 -\nstep last run 60 -\nneeds last go\n" \
                          "call go other\ngiven go deep /srv\nuse last file.remove change\n")
#define TWICE                                                                                 \
    PLAYBOOK("disk-full", "step first call 60 -\nstep look run 60 -\nstep second call 60 -\n" \
                          "call first other\ncall second other\nuse look file.remove change\n")
#define OTHER                                                                    \
    PLAYBOOK("other", "input deep path\ndefault deep /var\nstep a run 60 undo\n" \
                      "step b run 60 -\nneeds b a\nuse a file.remove change\n")
#define CIRCLE                                                               \
    PLAYBOOK("other", "input deep path\nstep a call 60 -\nstep b run 60 -\n" \
                      "call a disk-full\nuse b file.remove change\n")
#define LOST                                                                 \
    PLAYBOOK("other", "input deep path\nstep a call 60 -\nstep b run 60 -\n" \
                      "call a nobody\nuse b file.remove change\n")

typedef struct {
    bench_t *bench;
    sealed_t release;
    hash_t hash;
    value_t *files;
} callee_t;

static void
callee_done(callee_t *self)
{
    sealed_done(&self->release);
    value_destroy(&self->files);
}

/* A release of 'other' with this manifest, and an order that lists it beside disk-full's. */
static callee_t
give_callee(bench_t *bench, const char *caller, const char *manifest)
{
    callee_t self = {.bench = bench, .files = value_map()};
    value_set_text(self.files, "manifest", manifest);
    value_set_text(self.files, "playbook.lua", LUA);
    self.release = site_seal_release(
        bench->site, site_release_of(bench->site, "other", slice_text(manifest), slice_text(LUA)),
        "ana", "rita,rob");
    self.hash = hash_of(bytes_slice(self.release.document));
    give_playbook(bench, caller);
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->release_count = 2;
    text_copy(order->releases[1].playbook, sizeof order->releases[1].playbook, "other");
    order->releases[1].hash = self.hash;
    give_order(bench, order, "pat");
    return self;
}

static frames_t *
give_it(const callee_t *self)
{
    char hash[HASH_TEXT];
    frames_t *frames = message("GIVE", hash_write(&self->hash, hash), NULL);
    frames_add(frames, bytes_slice(self->release.document));
    frames_add(frames, bytes_slice(self->release.armors));
    add_value(frames, self->files);
    return frames;
}

static void
hears_want(bench_t *bench, const hash_t *hash)
{
    char text[HASH_TEXT];
    assert_string_equal(frames_text(hears(bench, TO_LINK, "WANT"), 1), hash_write(hash, text));
}

static void
keeps_callee(bench_t *bench, const char *path)
{
    const frames_t *callee = hears(bench, TO_EFFECTOR, "CALLEE");
    assert_string_equal(frames_text(callee, 3), path);
    by_effector(bench, message("KEPT", frames_text(callee, 1), NULL));
}

/* Both releases are there, and the effector has the callee. */
static void
begin_call(bench_t *bench, const callee_t *callee)
{
    offer_and_give(bench);
    hears_want(bench, &callee->hash);
    by_link(bench, give_it(callee));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    keeps_callee(bench, "go");
    hears(bench, TO_LINK, "ACCEPT");
}

/* What is called by step go ends at a fix of which nobody can tell: neither b nor last begins. */
static void
in_a_dry_run_nothing_begins_behind_a_call_that_nobody_can_foretell(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->dry = true;
    order->release_count = 2;
    text_copy(order->releases[1].playbook, sizeof order->releases[1].playbook, "other");
    order->releases[1].hash = callee.hash;
    give_order(bench, order, "pat");
    begin_call(bench, &callee);
    works_on(bench, "a");
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    by_effector(bench, message("WOULD", bench->asked, "", HEAD_1, NULL));
    hears(bench, TO_SPAWNER, "KILL");
    hears_step(bench, "go/a", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OPEN);
    hears_step(bench, "go/b", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "last", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OK);
}

static void
a_call_walks_the_other_playbook_and_gives_what_its_steps_gave(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    begin_call(bench, &callee);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "a");
    assert_string_equal(value_get_text(value_get(context, "inputs"), "deep"), "/srv");
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    assert_string_equal(frames_text(hears(bench, TO_EFFECTOR, "OP"), 3), "go/a");
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    says_done(bench, 11);
    hears_step(bench, "go/a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, 22);
    hears_step(bench, "go/b", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    CLEANUP(value_destroy) value_t *last = hears_task(bench, "step", "last");
    const value_t *output = value_get(value_get(last, "here"), "go");
    assert_int_equal(value_get_integer(output, "a"), 11);
    assert_int_equal(value_get_integer(output, "b"), 22);
    assert_int_equal(fault.code, 0);
}

static void
a_failed_callee_undoes_itself_and_fails_its_caller(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    begin_call(bench, &callee);
    works_on(bench, "a");
    says_done(bench, 11);
    hears_step(bench, "go/a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, -1);
    hears_step(bench, "go/b", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    undoes(bench, "a");
    says_done(bench, 0);
    hears_step(bench, "go/a", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
    hears_nothing(bench);
}

/* Up to the undo of go/a, for the sake of step last. */
static void
undo_call(bench_t *bench, const callee_t *callee)
{
    begin_call(bench, callee);
    works_on(bench, "a");
    says_done(bench, 11);
    hears_step(bench, "go/a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, 22);
    hears_step(bench, "go/b", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "last");
    says_done(bench, -1);
    hears_step(bench, "last", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    undoes(bench, "a");
}

static void
a_call_that_ended_well_is_undone_for_a_caller_that_did_not(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    undo_call(bench, &callee);
    says_done(bench, 0);
    hears_step(bench, "go/a", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_UNDO, OUTCOME_OK, OUTCOME_FAILED);
    hears_nothing(bench);
}

static void
restart_call(bench_t *bench)
{
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_2));
    keeps_callee(bench, "go");
}

static void
a_restart_finds_its_way_into_a_callee(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    begin_call(bench, &callee);
    works_on(bench, "a");
    says_done(bench, 11);
    hears_step(bench, "go/a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_run(bench);
    restart_call(bench);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "b");
    assert_int_equal(value_get_integer(value_get(context, "here"), "a"), 11);
    says_done(bench, 22);
    hears_step(bench, "go/b", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
}

static void
a_restart_finds_its_way_into_the_undo_of_a_callee(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    undo_call(bench, &callee);
    restart_call(bench);
    undoes(bench, "a");
    says_done(bench, 0);
    hears_step(bench, "go/a", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_UNDO, OUTCOME_OK, OUTCOME_FAILED);
}

static void
of_two_calls_one_waits_for_the_other(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, TWICE, OTHER);
    offer_and_give(bench);
    hears_want(bench, &callee.hash);
    by_link(bench, give_it(&callee));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    keeps_callee(bench, "first");
    keeps_callee(bench, "second");
    hears(bench, TO_LINK, "ACCEPT");
    works_on(bench, "look");
    uint64_t look = bench->runner;
    works_on(bench, "a");
    says_done(bench, 1);
    hears_step(bench, "first/a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, 1);
    hears_step(bench, "first/b", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_step(bench, "first", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "a");
    bench->runner = look;
    says_done(bench, -1); /* the call that began goes on to its end */
    hears_step(bench, "look", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    hears_nothing(bench);
}

static void
a_stop_of_the_playbook_that_is_called_stops_the_run(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    begin_call(bench, &callee);
    works_on(bench, "a");
    CLEANUP(sealed_done)
    sealed_t stop =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_PLAYBOOK, "other"), "olaf");
    bring_document(bench, &stop);
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    hears_step(bench, "go/a", PHASE_RUN, OUTCOME_STOPPED, OUTCOME_OPEN);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_STOPPED, OUTCOME_STOPPED);
}

/* ---- refusals ---------------------------------------------------------------------------- */

static void
refuses_call(bench_t *bench, const char *manifest, const char *code)
{
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, manifest);
    offer_and_give(bench);
    hears_want(bench, &callee.hash);
    by_link(bench, give_it(&callee));
    if (is_next(bench, TO_EFFECTOR, "WARRANT"))
        hears_warrant(bench);
    hears_end(bench, OUTCOME_REFUSED, code);
}

static void
calls_in_a_circle_are_refused_at_the_offer(void **state)
{
    refuses_call(*state, CIRCLE, "limit");
}

static void
a_call_of_what_the_order_does_not_list_is_refused_at_the_offer(void **state)
{
    refuses_call(*state, LOST, "not-found");
}

static void
what_has_a_step_that_runs_once_is_not_called(void **state)
{
    refuses_call(*state,
                 PLAYBOOK("other", "input deep path\nstep a run 60 once\n"
                                   "use a file.remove change\n"),
                 "denied");
}

static void
inputs_that_do_not_fit_the_callee_are_refused_at_the_offer(void **state)
{
    refuses_call(*state,
                 PLAYBOOK("other", "input deep integer\nstep a run 60 -\n"
                                   "use a file.remove change\n"),
                 "input");
}

static void
a_callee_that_is_brought_badly_takes_nothing_from_the_run(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    CLEANUP(value_destroy) value_t *good = value_copy(callee.files);
    offer_and_give(bench);
    hears_want(bench, &callee.hash);
    value_set_text(callee.files, "playbook.lua", "return 1\n");
    by_link(bench, give_it(&callee));
    hears_refuse(bench, FAULT_HASH);
    hears_nothing(bench);
    value_destroy(&callee.files);
    callee.files = MOVE(good);
    by_link(bench, offer(bench));
    hears_want(bench, &callee.hash);
    hears_warrant(bench); /* its own release is at hand by now */
    by_link(bench, give_it(&callee));
    by_effector(bench, granted(bench, HEAD_1));
    keeps_callee(bench, "go");
    hears(bench, TO_LINK, "ACCEPT");
}

static void
a_callee_that_the_effector_refuses_refuses_the_run(void **state)
{
    bench_t *bench = *state;
    CLEANUP(callee_done) callee_t callee = give_callee(bench, CALLER, OTHER);
    offer_and_give(bench);
    hears_want(bench, &callee.hash);
    by_link(bench, give_it(&callee));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    const frames_t *shown = hears(bench, TO_EFFECTOR, "CALLEE");
    by_effector(bench, message("REFUSED", frames_text(shown, 1), "class", "too much", NULL));
    hears_end(bench, OUTCOME_REFUSED, "class");
    hears_nothing(bench);
}

static void
a_run_under_a_grant_calls_nothing(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, CALLER);
    grant_t *grant = site_grant(bench->site, &bench->release_hash);
    grant->bound_count = 0;
    sealed_done(&bench->authority);
    bench->by_grant = true;
    bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
    alert_t *alert = site_alert(bench->site);
    alert->received = bench->now;
    hash_t hash = hash_of(bytes_slice(bench->authority.document));
    bench->run = grant_run(&hash, alert);
    bench->alert = site_seal_alert(bench->site, alert);
    begin_run(bench);
    hears_end(bench, OUTCOME_FAILED, "denied");
    hears_nothing(bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(in_a_dry_run_nothing_begins_behind_a_call_that_nobody_can_foretell),
    TEST(a_call_walks_the_other_playbook_and_gives_what_its_steps_gave),
    TEST(a_failed_callee_undoes_itself_and_fails_its_caller),
    TEST(a_call_that_ended_well_is_undone_for_a_caller_that_did_not),
    TEST(a_restart_finds_its_way_into_a_callee),
    TEST(a_restart_finds_its_way_into_the_undo_of_a_callee),
    TEST(of_two_calls_one_waits_for_the_other),
    TEST(a_stop_of_the_playbook_that_is_called_stops_the_run),
    TEST(calls_in_a_circle_are_refused_at_the_offer),
    TEST(a_call_of_what_the_order_does_not_list_is_refused_at_the_offer),
    TEST(what_has_a_step_that_runs_once_is_not_called),
    TEST(inputs_that_do_not_fit_the_callee_are_refused_at_the_offer),
    TEST(a_callee_that_is_brought_badly_takes_nothing_from_the_run),
    TEST(a_callee_that_the_effector_refuses_refuses_the_run),
    TEST(a_run_under_a_grant_calls_nothing),
};

int
main(void)
{
    log_open("test_calls", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
