/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/table.h"
#include "wire/value.h"

static void
nothing_that_a_broker_says_moves_the_cursor(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *answer = value_map();
    value_t *parts = value_list(), *part = value_map();
    value_set_text(part, "worker", "w1\x1b[2K\rw2\n  all well");
    value_set_text(part, "text",
                   "\xc2\x9b"
                   "2J");
    value_set_text(part, "title", "cổng đã đóng");
    value_append(parts, part);
    value_append(parts, value_text("\a"));
    value_set(answer, "parts", parts);
    value_set_integer(answer, "wave", 3);
    CLEANUP(value_destroy) value_t *shown = show_answer(answer);
    const value_t *row = value_at(value_get(shown, "parts"), 0);
    assert_string_equal(value_get_text(row, "worker"), "w1?[2K?w2?  all well");
    assert_string_equal(value_get_text(row, "text"), "??2J");
    assert_string_equal(value_get_text(row, "title"), "cổng đã đóng");
    assert_string_equal(value_string(value_at(value_get(shown, "parts"), 1)), "?");
    assert_int_equal(value_get_integer(shown, "wave"), 3);
}

static void
what_is_checked_by_its_bytes_stays_as_it_came(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *answer = value_map();
    value_t *labels = value_map();
    value_set_text(answer, "document", "tocsin-receipt v1\nend\n");
    value_set_text(labels, "summary", "one\ntwo");
    value_set(answer, "labels", labels);
    CLEANUP(value_destroy) value_t *shown = show_answer(answer);
    assert_true(value_equal(shown, answer));
    value_set_text(answer, "labels", "role\n=web");
    CLEANUP(value_destroy) value_t *other = show_answer(answer);
    assert_string_equal(value_get_text(other, "labels"), "role?=web");
}

/* A table of one row as a terminal of so many columns gets it, without carriage returns. */
static void
draw(unsigned short columns, char *out, size_t size)
{
    static const char *const headings[] = {"INCIDENT", "STATE", "TITLE", NULL};
    struct winsize wide = {.ws_row = 24, .ws_col = columns};
    int master = posix_openpt(O_RDWR | O_NOCTTY), before = dup(STDOUT_FILENO);
    assert_true(master >= 0 && before >= 0 && !grantpt(master) && !unlockpt(master));
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    fflush(stdout);
    assert_true(terminal >= 0 && !ioctl(terminal, TIOCSWINSZ, &wide));
    assert_true(dup2(terminal, STDOUT_FILENO) >= 0);
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    table_row(table, (const char *const[]){"7", "waiting", "a web server answers nobody at all"});
    table_print(table);
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    ssize_t got = read(master, out, size - 1);
    assert_true(got > 0);
    size_t kept = 0;
    for (ssize_t i = 0; i < got; i++)
        if (out[i] != '\r')
            out[kept++] = out[i];
    out[kept] = '\0';
    close(terminal);
    close(master);
    close(before);
}

static void
a_terminal_that_is_too_narrow_gets_whole_lines(void **state)
{
    (void)state;
    char text[1024];
    setenv("NO_COLOR", "1", 1);
    unsetenv("COLUMNS");
    draw(80, text, sizeof text);
    assert_non_null(strstr(text, "7         waiting  a web server answers nobody at all\n"));
    draw(46, text, sizeof text);
    assert_non_null(strstr(text, "7         waiting  a web server answers nobody\n"));
    draw(30, text, sizeof text);
    assert_non_null(strstr(text, "7         waiting  a web server answers nobody at all\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_a_broker_says_moves_the_cursor),
        cmocka_unit_test(what_is_checked_by_its_bytes_stays_as_it_came),
        cmocka_unit_test(a_terminal_that_is_too_narrow_gets_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
