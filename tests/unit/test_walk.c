/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/walk.h"

/* A manifest as a walk reads it: "a" to "d", each with what the test says. */
typedef struct {
    manifest_t *manifest;
    walk_t *walk;
} course_t;

static manifest_step_t *
add(course_t *self, const char *name, const char *needs)
{
    manifest_t *manifest = self->manifest;
    manifest_step_t *step = &manifest->steps[manifest->step_count++];
    snprintf(step->name, sizeof step->name, "%s", name);
    for (; *needs; needs++) {
        manifest_need_t *need = &manifest->needs[manifest->need_count++];
        snprintf(need->step, sizeof need->step, "%s", name);
        snprintf(need->need, sizeof need->need, "%c", *needs);
    }
    return step;
}

static void
stands_for(course_t *self, const char *name, const char *failed)
{
    manifest_need_t *failure = &self->manifest->failures[self->manifest->failure_count++];
    snprintf(failure->step, sizeof failure->step, "%s", name);
    snprintf(failure->need, sizeof failure->need, "%s", failed);
}

static course_t
course(void)
{
    manifest_t *manifest = memory_new(1, sizeof *manifest);
    manifest->steps = memory_new(MANIFEST_STEPS_MAX, sizeof *manifest->steps);
    manifest->needs = memory_new(MANIFEST_NEEDS_MAX, sizeof *manifest->needs);
    manifest->failures = memory_new(MANIFEST_NEEDS_MAX, sizeof *manifest->failures);
    return (course_t){.manifest = manifest};
}

static void
end_course(course_t *self)
{
    walk_destroy(&self->walk);
    manifest_destroy(&self->manifest);
}

/* What may begin now, as text: "a b", "a#2" for a further attempt, "~a" for an undo. */
static const char *
begun(course_t *self)
{
    static char text[256];
    stride_t stride;
    size_t used = 0;
    if (!self->walk)
        self->walk = walk_new(self->manifest);
    text[0] = '\0';
    while (walk_next(self->walk, &stride)) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", used ? " " : "",
                                 stride.undo ? "~" : "", self->manifest->steps[stride.step].name);
        if (stride.attempt > 1)
            used += (size_t)snprintf(text + used, sizeof text - used, "#%u+%u", stride.attempt,
                                     stride.pause_s);
    }
    return text;
}

static stride_t
stride_of(const course_t *self, const char *name, unsigned attempt)
{
    bool undo = *name == '~';
    const manifest_step_t *step = manifest_step(self->manifest, name + undo);
    return (stride_t){
        .step = (size_t)(step - self->manifest->steps), .undo = undo, .attempt = attempt};
}

static void
ends_so(course_t *self, const char *name, unsigned attempt, const walk_end_t *end)
{
    stride_t stride = stride_of(self, name, attempt);
    if (!self->walk)
        self->walk = walk_new(self->manifest);
    assert_true(walk_ended(self->walk, &stride, end));
}

static void
ends(course_t *self, const char *name, unsigned attempt, outcome_t outcome, bool touched)
{
    bool failed = outcome == OUTCOME_FAILED;
    ends_so(self, name, attempt,
            &(walk_end_t){outcome, failed ? FAULT_FAILED : FAULT_NONE, touched});
}

static void
independent_steps_begin_together(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    add(&one, "b", "");
    add(&one, "c", "ab");
    assert_string_equal(begun(&one), "a b");
    ends(&one, "b", 1, OUTCOME_OK, false);
    assert_string_equal(begun(&one), "");
    ends(&one, "a", 1, OUTCOME_SKIPPED, false);
    assert_string_equal(begun(&one), "c");
    assert_int_equal(walk_part(one.walk), OUTCOME_OPEN);
    ends(&one, "c", 1, OUTCOME_OK, false);
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
}

static void
a_failed_attempt_is_followed_by_another_after_a_growing_pause(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    manifest_step_t *step = add(&one, "a", "");
    step->retries = 2;
    step->pause_s = 5;
    assert_string_equal(begun(&one), "a");
    ends(&one, "a", 1, OUTCOME_FAILED, false);
    assert_string_equal(begun(&one), "a#2+5");
    ends(&one, "a", 2, OUTCOME_FAILED, false);
    assert_string_equal(begun(&one), "a#3+10");
    ends(&one, "a", 3, OUTCOME_FAILED, false);
    assert_string_equal(begun(&one), "");
    assert_int_equal(walk_part(one.walk), OUTCOME_FAILED);
}

static void
what_no_further_attempt_can_change_is_not_tried_again(void **state)
{
    static const fault_code_t final[] = {
        FAULT_POLICY, FAULT_DENIED, FAULT_CLASS,   FAULT_OP,      FAULT_ARGUMENT,
        FAULT_WINDOW, FAULT_FORMAT, FAULT_EXPIRED, FAULT_STOPPED, FAULT_INPUT,
    };
    static const fault_code_t passing[] = {
        FAULT_RATE, FAULT_LIMIT,  FAULT_BUDGET, FAULT_TIMEOUT,     FAULT_IO,
        FAULT_FULL, FAULT_SCRIPT, FAULT_FAILED, FAULT_UNREACHABLE, FAULT_NOT_FOUND,
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(final) + ARRAY_SIZE(passing); i++) {
        bool ends_it = i < ARRAY_SIZE(final);
        fault_code_t why = ends_it ? final[i] : passing[i - ARRAY_SIZE(final)];
        CLEANUP(end_course) course_t one = course();
        add(&one, "a", "")->retries = 1;
        assert_string_equal(begun(&one), "a");
        ends_so(&one, "a", 1, &(walk_end_t){OUTCOME_FAILED, why, false});
        assert_string_equal(begun(&one), ends_it ? "" : "a#2+0");
    }
}

static void
an_unknown_outcome_is_never_tried_again(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "")->retries = 2;
    add(&one, "b", "a");
    add(&one, "z", "")->always = true;
    assert_string_equal(begun(&one), "a");
    ends(&one, "a", 1, OUTCOME_UNKNOWN, true);
    assert_string_equal(begun(&one), "");
    assert_int_equal(walk_part(one.walk), OUTCOME_UNKNOWN);
}

static void
what_was_done_is_undone_the_last_first(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "")->has_undo = true;
    add(&one, "b", "a")->has_undo = true;
    add(&one, "c", "b");
    begun(&one);
    ends(&one, "a", 1, OUTCOME_OK, true);
    begun(&one);
    ends(&one, "b", 1, OUTCOME_OK, true);
    begun(&one);
    ends(&one, "c", 1, OUTCOME_FAILED, false);
    assert_string_equal(begun(&one), "~b");
    ends(&one, "~b", 1, OUTCOME_FAILED, true);
    assert_string_equal(begun(&one), "~a");
    ends(&one, "~a", 1, OUTCOME_OK, true);
    assert_string_equal(begun(&one), "");
    assert_int_equal(walk_part(one.walk), OUTCOME_FAILED);
}

static void
a_failed_step_that_touched_something_is_undone_and_one_that_did_not_is_not(void **state)
{
    (void)state;
    for (int touched = 0; touched < 2; touched++) {
        CLEANUP(end_course) course_t one = course();
        add(&one, "a", "")->has_undo = true;
        begun(&one);
        ends(&one, "a", 1, OUTCOME_FAILED, touched);
        assert_string_equal(begun(&one), touched ? "~a" : "");
    }
}

static void
nothing_is_undone_once_the_time_for_it_is_over(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "")->has_undo = true;
    begun(&one);
    ends(&one, "a", 1, OUTCOME_FAILED, true);
    walk_deny_undo(one.walk);
    assert_string_equal(begun(&one), "");
    assert_int_equal(walk_part(one.walk), OUTCOME_FAILED);
}

static void
a_branch_runs_only_for_the_failure_it_stands_for(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        CLEANUP(end_course) course_t one = course();
        add(&one, "a", "");
        add(&one, "b", "");
        add(&one, "h", "");
        add(&one, "z", "")->always = true;
        stands_for(&one, "h", "a");
        assert_string_equal(begun(&one), "a b");
        ends(&one, fails ? "b" : "a", 1, OUTCOME_OK, false);
        ends(&one, fails ? "a" : "b", 1, OUTCOME_FAILED, false);
        assert_string_equal(begun(&one), fails ? "h" : "z");
        ends(&one, fails ? "h" : "z", 1, OUTCOME_OK, false);
        assert_string_equal(begun(&one), fails ? "z" : "");
    }
}

static void
an_always_step_runs_last_when_all_went_well_too(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    add(&one, "z", "a")->always = true;
    assert_string_equal(begun(&one), "a");
    ends(&one, "a", 1, OUTCOME_OK, false);
    assert_string_equal(begun(&one), "z");
    ends(&one, "z", 1, OUTCOME_OK, false);
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
}

static void
a_halt_keeps_everything_from_beginning_and_is_no_failure(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "")->has_undo = true;
    add(&one, "b", "a");
    begun(&one);
    walk_halt(one.walk);
    assert_int_equal(walk_part(one.walk), OUTCOME_OPEN);
    ends(&one, "a", 1, OUTCOME_STOPPED, false);
    assert_string_equal(begun(&one), "");
    assert_int_equal(walk_part(one.walk), OUTCOME_STOPPED);
}

static void
a_halt_after_the_last_step_began_changes_nothing(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    begun(&one);
    walk_halt(one.walk);
    ends(&one, "a", 1, OUTCOME_OK, false);
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
}

static void
a_stride_that_was_taken_back_begins_again(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    begun(&one);
    stride_t stride = stride_of(&one, "a", 1);
    walk_withdraw(one.walk, &stride);
    assert_int_equal(walk_running(one.walk), 0);
    assert_string_equal(begun(&one), "a");
}

/* Two steps ran side by side; the one that failed ended first. */
static void
the_same_receipts_make_the_same_walk_after_a_restart(void **state)
{
    (void)state;
    for (int restarted = 0; restarted < 2; restarted++) {
        CLEANUP(end_course) course_t one = course();
        add(&one, "a", "");
        add(&one, "b", "")->has_undo = true;
        add(&one, "z", "")->always = true;
        if (!restarted)
            begun(&one);
        ends(&one, "a", 1, OUTCOME_FAILED, false);
        ends(&one, "b", 1, OUTCOME_OK, true);
        assert_string_equal(begun(&one), "~b");
        ends(&one, "~b", 1, OUTCOME_OK, true);
        assert_string_equal(begun(&one), "z");
    }
}

static void
an_always_step_that_failed_before_a_restart_undoes_nothing(void **state)
{
    (void)state;
    for (int restarted = 0; restarted < 2; restarted++) {
        CLEANUP(end_course) course_t one = course();
        add(&one, "a", "")->has_undo = true;
        add(&one, "y", "")->always = true;
        add(&one, "z", "y")->always = true;
        if (!restarted)
            begun(&one);
        ends(&one, "a", 1, OUTCOME_OK, true);
        if (!restarted)
            begun(&one);
        ends(&one, "y", 1, OUTCOME_FAILED, false);
        assert_string_equal(begun(&one), "z");
        ends(&one, "z", 1, OUTCOME_OK, false);
        assert_string_equal(begun(&one), "");
        assert_int_equal(walk_part(one.walk), OUTCOME_FAILED);
    }
}

static void
what_cannot_have_ended_is_refused(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    add(&one, "b", "a");
    begun(&one);
    const walk_end_t well = {.outcome = OUTCOME_OK};
    stride_t wrong[] = {stride_of(&one, "b", 1), stride_of(&one, "a", 2), stride_of(&one, "~a", 1)};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(walk_ended(one.walk, &wrong[i], &well));
    ends(&one, "a", 1, OUTCOME_OK, false);
    wrong[1].attempt = 1;
    assert_false(walk_ended(one.walk, &wrong[1], &well));
}

static void
what_an_earlier_run_did_is_not_done_again(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    add(&one, "b", "a");
    one.walk = walk_new(one.manifest);
    walk_skip_done(one.walk, 0, true);
    assert_string_equal(begun(&one), "b");
    ends(&one, "b", 1, OUTCOME_FAILED, false);
    assert_string_equal(begun(&one), "");
}

static void
what_an_earlier_run_called_is_undone_by_the_run_that_continues_it(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "")->kind = STEP_CALL;
    add(&one, "b", "a");
    one.walk = walk_new(one.manifest);
    walk_skip_done(one.walk, 0, false);
    assert_string_equal(begun(&one), "b");
    ends(&one, "b", 1, OUTCOME_FAILED, false);
    assert_string_equal(begun(&one), "~a");
}

/* A walk that ended ok and has two steps to undo, of which one was. */
static course_t
half_undone(void)
{
    course_t one = course();
    add(&one, "a", "")->has_undo = true;
    add(&one, "b", "a")->has_undo = true;
    one.walk = walk_new(one.manifest);
    ends(&one, "a", 1, OUTCOME_OK, true);
    ends(&one, "b", 1, OUTCOME_OK, true);
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
    walk_begin_undo(one.walk);
    assert_string_equal(begun(&one), "~b");
    ends(&one, "~b", 1, OUTCOME_OK, true);
    return one;
}

static void
what_a_caller_had_half_undone_did_not_end_well(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t late = half_undone();
    walk_deny_undo(late.walk);
    assert_string_equal(begun(&late), "");
    assert_int_equal(walk_part(late.walk), OUTCOME_FAILED);
    CLEANUP(end_course) course_t halted = half_undone();
    walk_halt(halted.walk);
    assert_string_equal(begun(&halted), "");
    assert_int_equal(walk_part(halted.walk), OUTCOME_STOPPED);
}

static void
a_whole_walk_can_be_undone_by_a_caller(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "")->has_undo = true;
    add(&one, "z", "")->always = true;
    begun(&one);
    ends(&one, "a", 1, OUTCOME_OK, true);
    begun(&one);
    ends(&one, "z", 1, OUTCOME_OK, false);
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
    walk_begin_undo(one.walk);
    assert_string_equal(begun(&one), "~a");
    ends(&one, "~a", 1, OUTCOME_OK, true);
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
    assert_string_equal(begun(&one), "");
}

static void
what_runs_once_has_no_place_on_other_targets(void **state)
{
    (void)state;
    CLEANUP(end_course) course_t one = course();
    add(&one, "a", "");
    add(&one, "b", "a")->once = true;
    add(&one, "c", "b")->once = true;
    manifest_step_t *last = add(&one, "z", "");
    last->always = last->once = true;
    stands_for(&one, "c", "a");
    one.walk = walk_new(one.manifest);
    walk_leave_out_once(one.walk);
    assert_string_equal(begun(&one), "a");
    ends(&one, "a", 1, OUTCOME_OK, false);
    stride_t stride = stride_of(&one, "b", 1);
    assert_false(walk_ended(one.walk, &stride, &(walk_end_t){.outcome = OUTCOME_OK}));
    assert_string_equal(begun(&one), "");
    walk_halt(one.walk); /* nothing is left that it could cut short */
    assert_int_equal(walk_part(one.walk), OUTCOME_OK);
}

/* Beacons grow too old, and people and root change, between two ops of a run. */
static void
an_op_that_was_refused_before_it_began_touched_nothing(void **state)
{
    static const struct {
        fault_code_t why;
        bool refused;
    } rows[] = {
        {FAULT_POLICY, true},  {FAULT_STOPPED, true},  {FAULT_BEACON, true},
        {FAULT_QUORUM, true},  {FAULT_ROLE, true},     {FAULT_SCOPE, true},
        {FAULT_VERSION, true}, {FAULT_NONE, false},    {FAULT_FAILED, false},
        {FAULT_IO, false},     {FAULT_TIMEOUT, false}, {FAULT_UNKNOWN, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (walk_never_began(rows[i].why) != rows[i].refused)
            fail_msg("%s", fault_word(rows[i].why));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(independent_steps_begin_together),
        cmocka_unit_test(a_failed_attempt_is_followed_by_another_after_a_growing_pause),
        cmocka_unit_test(what_no_further_attempt_can_change_is_not_tried_again),
        cmocka_unit_test(an_unknown_outcome_is_never_tried_again),
        cmocka_unit_test(what_was_done_is_undone_the_last_first),
        cmocka_unit_test(
            a_failed_step_that_touched_something_is_undone_and_one_that_did_not_is_not),
        cmocka_unit_test(nothing_is_undone_once_the_time_for_it_is_over),
        cmocka_unit_test(a_branch_runs_only_for_the_failure_it_stands_for),
        cmocka_unit_test(an_always_step_runs_last_when_all_went_well_too),
        cmocka_unit_test(a_halt_keeps_everything_from_beginning_and_is_no_failure),
        cmocka_unit_test(a_halt_after_the_last_step_began_changes_nothing),
        cmocka_unit_test(a_stride_that_was_taken_back_begins_again),
        cmocka_unit_test(the_same_receipts_make_the_same_walk_after_a_restart),
        cmocka_unit_test(an_always_step_that_failed_before_a_restart_undoes_nothing),
        cmocka_unit_test(what_cannot_have_ended_is_refused),
        cmocka_unit_test(what_an_earlier_run_did_is_not_done_again),
        cmocka_unit_test(what_an_earlier_run_called_is_undone_by_the_run_that_continues_it),
        cmocka_unit_test(what_a_caller_had_half_undone_did_not_end_well),
        cmocka_unit_test(a_whole_walk_can_be_undone_by_a_caller),
        cmocka_unit_test(what_runs_once_has_no_place_on_other_targets),
        cmocka_unit_test(an_op_that_was_refused_before_it_began_touched_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
