/* SPDX-License-Identifier: Apache-2.0 */
/* What a cancel came to, as people are told it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/fates.h"

static void
print(const value_t *run, const value_t *stops, char *out, size_t size)
{
    FILE *file = tmpfile();
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    fates_print(run, stops, "5add");
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

static value_t *
run_of(const char *const states[])
{
    value_t *run = value_map(), *parts = value_list();
    for (size_t i = 0; states[i]; i++) {
        char worker[24];
        value_t *part = value_map();
        snprintf(worker, sizeof worker, "w%zu", i + 1);
        value_set_text(part, "worker", worker);
        value_set_text(part, "state", states[i]);
        value_append(parts, part);
    }
    value_set(run, "parts", parts);
    return run;
}

/* Adds the broker's answer on a stop that one worker has not confirmed; the list's. */
static value_t *
add_stop(value_t *stops, const char *hash, const char *worker)
{
    value_t *stop = value_map(), *missing = value_list();
    value_append(stops, stop);
    value_append(missing, value_text(worker));
    value_set_text(stop, "hash", hash);
    value_set(stop, "confirmed", value_list());
    value_set(stop, "missing", missing);
    return stop;
}

static void
says_of_each_target_what_the_cancel_means_for_it(void **state)
{
    static const char *const states[] = {"stopped", "waiting", "never", "done",
                                         "open",    "offered", NULL};
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = run_of(states);
    CLEANUP(value_destroy) value_t *stops = value_list();
    add_stop(stops, "5add", "w6");
    print(run, stops, text, sizeof text);
    assert_non_null(strstr(text, "w2      never begins"));
    assert_non_null(strstr(text, "w3      never began"));
    assert_non_null(strstr(text, "w4      ended before"));
    assert_non_null(strstr(text, "w5      stopping"));
    assert_non_null(strstr(text, "w6      NOT REACHED: nobody knows yet what it does"));
    assert_null(strstr(text, "more"));
}

static void
says_how_many_targets_one_answer_does_not_hold(void **state)
{
    static const char *const states[] = {"stopped", NULL};
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = run_of(states);
    value_set_integer(run, "left_out", 9999);
    print(run, NULL, text, sizeof text);
    assert_non_null(strstr(text, "and 9999 more"));
}

static void
says_nothing_good_of_whom_the_answer_does_not_name(void **state)
{
    static const char *const states[] = {"open", "open", NULL};
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = run_of(states);
    CLEANUP(value_destroy) value_t *stops = value_list();
    value_t *stop = add_stop(stops, "5add", "w9");
    value_t *confirmed = value_list();
    value_append(confirmed, value_text("w1"));
    value_set(stop, "confirmed", confirmed);
    value_set_integer(stop, "more_missing", 9000);
    print(run, stops, text, sizeof text);
    assert_non_null(strstr(text, "w1      stopping"));
    assert_non_null(strstr(text, "w2      NOT REACHED: nobody knows yet what it does"));
}

static void
goes_by_the_runs_own_stop_where_there_are_others(void **state)
{
    static const char *const states[] = {"open", "open", NULL};
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = run_of(states);
    CLEANUP(value_destroy) value_t *stops = value_list();
    add_stop(stops, "07e4", "w1");
    add_stop(stops, "5add", "w2");
    print(run, stops, text, sizeof text);
    assert_non_null(strstr(text, "w1      stopping"));
    assert_non_null(strstr(text, "w2      NOT REACHED: nobody knows yet what it does"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_of_each_target_what_the_cancel_means_for_it),
        cmocka_unit_test(says_how_many_targets_one_answer_does_not_hold),
        cmocka_unit_test(says_nothing_good_of_whom_the_answer_does_not_name),
        cmocka_unit_test(goes_by_the_runs_own_stop_where_there_are_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
