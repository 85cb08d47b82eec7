/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/pattern.h"

static void
matches_the_whole_text(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *good[3], *bad[4];
    } rows[] = {
        {"abc", {"abc"}, {"ab", "abcd", "xabc", ""}},
        {"a.c", {"abc", "a.c"}, {"ac", "abbc"}},
        {"[a-c]+", {"a", "abcabc"}, {"", "abd"}},
        {"[^a-c]", {"d", "-"}, {"a", "dd"}},
        {"[]x-]*", {"", "]-x"}, {"[", "y"}},
        {"a?b{2}c{1,3}", {"bbc", "abbccc"}, {"bc", "abbcccc", "aabbc"}},
        {"x{2,}", {"xx", "xxxxx"}, {"x", ""}},
        {"\\[\\d\\]", {"[d]"}, {"[1]"}},
        {"a*a*a*b", {"b", "aaab"}, {"aaa"}},
        {"[0-9]{1,3}(", {NULL}, {"1("}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(rows[i].good) && rows[i].good[j]; j++)
            if (!pattern_matches(rows[i].pattern, rows[i].good[j]))
                fail_msg("%s does not match '%s'", rows[i].pattern, rows[i].good[j]);
        for (size_t j = 0; j < ARRAY_SIZE(rows[i].bad) && rows[i].bad[j]; j++)
            if (pattern_matches(rows[i].pattern, rows[i].bad[j]))
                fail_msg("%s matches '%s'", rows[i].pattern, rows[i].bad[j]);
    }
}

static void
says_what_is_wrong_with_a_pattern(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "1 to 200"},         {"(a|b)", "behind a backslash"},  {"[a", "no ']'"},
        {"[z-a]", "backwards"},   {"a{3,2}", "{N}, {N,}"},          {"a{x}", "no number"},
        {"a{9999}", "no number"}, {"a\\", "nothing stands behind"}, {"a**", "behind a backslash"},
        {"a{2", "{N}, {N,}"},     {"\xc3\xa9", "printable"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fault_t fault = {0};
        assert_int_equal(pattern_check(rows[i][0], &fault), -1);
        if (!strstr(fault.text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], fault.text);
    }
}

static void
a_hostile_pattern_costs_its_length_times_the_texts(void **state)
{
    (void)state;
    char text[PATTERN_TEXT_MAX + 2] = "", pattern[PATTERN_MAX + 1] = "";
    size_t size = 2 * (PATTERN_ITEMS_MAX - 1);
    memset(text, 'a', PATTERN_TEXT_MAX);
    for (size_t i = 0; i < size; i++)
        pattern[i] = i % 2 ? '*' : 'a';
    pattern[size] = 'b';
    for (int i = 0; i < 100; i++)
        assert_false(pattern_matches(pattern, text));
    text[PATTERN_TEXT_MAX] = 'a';
    assert_false(pattern_matches("a*", text));
    pattern[size + 1] = 'b';
    assert_int_equal(pattern_check(pattern, NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_whole_text),
        cmocka_unit_test(says_what_is_wrong_with_a_pattern),
        cmocka_unit_test(a_hostile_pattern_costs_its_length_times_the_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
