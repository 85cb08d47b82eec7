/* SPDX-License-Identifier: Apache-2.0 */
/* A run as it is drawn on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/run.h"
#include "cli/screen.h"

/* What lines say of parts is cli/run.c's, which needs every command. */
const value_t *
run_away(const value_t *part, const value_t *workers)
{
    (void)part;
    (void)workers;
    return NULL;
}

const char *
run_waits(const value_t *run, const value_t *part, char out[static RUN_WAITS_MAX])
{
    (void)run;
    (void)part;
    *out = '\0';
    return out;
}

const char *
run_note(const value_t *run)
{
    (void)run;
    return "";
}

/* What screen_draw writes of this run, over which are these stops. */
static void
draw(const value_t *run, const value_t *over, char *out, size_t size)
{
    screen_t screen = {0};
    FILE *file = tmpfile();
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    screen_draw(&screen, run, NULL, over, 0);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* A run of ten thousand, of which the broker's answer holds two. */
static value_t *
large_run(int64_t open)
{
    value_t *run = value_map(), *parts = value_list(), *targets = value_map();
    for (int i = 0; i < 2; i++) {
        value_t *part = value_map();
        value_set_text(part, "worker", i ? "worker-2" : "worker-1");
        value_set_text(part, "state", "running");
        value_set_integer(part, "wave", 1);
        value_append(parts, part);
    }
    value_set_integer(targets, "total", 10000);
    value_set_integer(targets, "open", open);
    value_set(run, "parts", parts);
    value_set(run, "targets", targets);
    value_set_integer(run, "left_out", 9998);
    return run;
}

static void
of_a_large_run_that_has_just_begun_the_bar_is_empty(void **state)
{
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = large_run(10000);
    draw(run, NULL, text, sizeof text);
    assert_null(strstr(text, "█"));
    assert_non_null(strstr(text, "and 9998 more"));
}

static void
of_a_large_run_the_bar_counts_what_is_not_shown(void **state)
{
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = large_run(5000);
    draw(run, NULL, text, sizeof text);
    assert_non_null(strstr(text, "█████░░░░░"));
}

static void
what_stops_a_run_stands_over_its_workers(void **state)
{
    char text[4096];
    (void)state;
    CLEANUP(value_destroy) value_t *run = large_run(5000);
    CLEANUP(value_destroy) value_t *over = value_list();
    for (int i = 0; i < SCREEN_STOPS_MAX + 2; i++) {
        value_t *row = value_map();
        value_set_text(row, "text",
                       i ? "STOPPED: the site" : "STOPPED: the playbook: it was wrong");
        value_append(over, row);
    }
    draw(run, over, text, sizeof text);
    const char *stop = strstr(text, "  STOPPED: the playbook: it was wrong\n");
    assert_true(stop && stop < strstr(text, "worker-1"));
    size_t stops = 0;
    for (const char *at = text; (at = strstr(at, "STOPPED")); at++)
        stops++;
    assert_int_equal(stops, SCREEN_STOPS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_large_run_that_has_just_begun_the_bar_is_empty),
        cmocka_unit_test(of_a_large_run_the_bar_counts_what_is_not_shown),
        cmocka_unit_test(what_stops_a_run_stands_over_its_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
