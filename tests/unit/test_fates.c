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
print(const value_t *run, const value_t *missing, char *out, size_t size)
{
    FILE *file = tmpfile();
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    fates_print(run, missing);
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

static void
says_of_each_target_what_the_cancel_means_for_it(void **state)
{
    static const char *const states[] = {"stopped", "waiting", "never", "done",
                                         "open",    "offered", NULL};
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = run_of(states);
    CLEANUP(value_destroy) value_t *missing = value_list();
    value_append(missing, value_text("w6"));
    print(run, missing, text, sizeof text);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_of_each_target_what_the_cancel_means_for_it),
        cmocka_unit_test(says_how_many_targets_one_answer_does_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
