/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/options.h"

#define WORDS(...)                      \
    char *argv[] = {__VA_ARGS__, NULL}; \
    int argc = (int)ARRAY_SIZE(argv) - 1

static char command[] = "plan", word[] = "disk-full", dashes[] = "--";

static void
takes_options_before_and_behind_words(void **state)
{
    (void)state;
    fault_t fault;
    bool json = false;
    const char *key = NULL;
    char first[] = "--json", second[] = "--key=id", third[] = "--key", fourth[] = "other";
    const option_t rows[] = {
        {"--json", OPTION_FLAG, &json}, {"--key", OPTION_TEXT, &key}, {NULL, OPTION_FLAG, NULL}};
    WORDS(command, first, word, second, third, fourth);
    assert_int_equal(options_take(rows, 1, &argc, argv, true, &fault), 0);
    assert_true(json);
    assert_string_equal(key, "other");
    assert_int_equal(argc, 2);
    assert_string_equal(argv[1], "disk-full");
    assert_null(argv[2]);
}

static void
a_negative_number_is_no_option(void **state)
{
    (void)state;
    fault_t fault;
    char number[] = "-5";
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    WORDS(command, number);
    assert_int_equal(options_take(rows, 1, &argc, argv, true, &fault), 0);
    assert_int_equal(argc, 2);
    assert_string_equal(argv[1], "-5");
}

static void
reads_numbers_durations_counts_and_lists(void **state)
{
    (void)state;
    fault_t fault;
    uint64_t number = 0;
    int64_t seconds = 0;
    int verbose = 0;
    static many_t many;
    char n[] = "--limit=30", s[] = "--wait=15m", v[] = "-v", a[] = "--set=a=1", b[] = "--set=b=2";
    char v2[] = "-v";
    const option_t rows[] = {{"--limit", OPTION_NUMBER, &number},
                             {"--wait", OPTION_SECONDS, &seconds},
                             {"-v", OPTION_COUNT, &verbose},
                             {"--set", OPTION_MANY, &many},
                             {NULL, OPTION_FLAG, NULL}};
    WORDS(command, n, s, v, a, v2, b);
    assert_int_equal(options_take(rows, 1, &argc, argv, true, &fault), 0);
    assert_int_equal(number, 30);
    assert_int_equal(seconds, 900);
    assert_int_equal(verbose, 2);
    assert_int_equal(many.count, 2);
    assert_string_equal(many.at[1], "b=2");
    assert_int_equal(argc, 1);
}

static void
refuses(char *given)
{
    fault_t fault;
    bool flag;
    uint64_t number;
    int64_t seconds;
    const option_t rows[] = {{"--flag", OPTION_FLAG, &flag},
                             {"--limit", OPTION_NUMBER, &number},
                             {"--wait", OPTION_SECONDS, &seconds},
                             {NULL, OPTION_FLAG, NULL}};
    WORDS(command, given);
    assert_int_equal(options_take(rows, 1, &argc, argv, true, &fault), -1);
    assert_int_equal(fault.code, FAULT_USAGE);
}

static void
refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    char unknown[] = "--flags", valued[] = "--flag=yes", junk[] = "--limit=3x", none[] = "--limit",
         time[] = "--wait=soon";
    refuses(unknown);
    refuses(valued);
    refuses(junk);
    refuses(none);
    refuses(time);
}

static void
leaves_unknown_options_and_all_behind_two_dashes_to_others(void **state)
{
    (void)state;
    fault_t fault;
    bool json = false;
    char other[] = "--reason", flag[] = "--json";
    const option_t rows[] = {{"--json", OPTION_FLAG, &json}, {NULL, OPTION_FLAG, NULL}};
    WORDS(command, other, word, dashes, flag);
    assert_int_equal(options_take(rows, 1, &argc, argv, false, &fault), 0);
    assert_false(json);
    assert_int_equal(argc, 5);
    assert_int_equal(options_take(rows, 3, &argc, argv, true, &fault), 0);
    assert_int_equal(argc, 4);
    assert_string_equal(argv[3], "--json");
}

static void
reads_pairs(void **state)
{
    (void)state;
    char name[8];
    const char *value;
    assert_true(options_pair("a=b=c", name, sizeof name, &value));
    assert_string_equal(name, "a");
    assert_string_equal(value, "b=c");
    assert_true(options_pair("a=", name, sizeof name, &value));
    assert_string_equal(value, "");
    assert_false(options_pair("=b", name, sizeof name, &value));
    assert_false(options_pair("ab", name, sizeof name, &value));
    assert_false(options_pair("a-long-name=b", name, sizeof name, &value));
}

static void
words_for_the_record_are_one_line_of_text_within_their_bytes(void **state)
{
    (void)state;
    fault_t fault;
    char kept[5];
    assert_int_equal(options_check_words("the note", "ab c", 4, &fault), 0);
    assert_int_equal(options_check_words("the note", "ab cd", 4, &fault), -1);
    assert_int_equal(fault.code, FAULT_USAGE);
    assert_string_equal(fault.text, "the note has 5 bytes, and at most 4 are taken");
    assert_int_equal(options_check_words("the note", "", 4, &fault), -1);
    assert_string_equal(fault.text, "the note is not one line of text of 1 to 4 bytes");
    assert_int_equal(options_check_words("the note", "a\nb", 4, &fault), -1);
    assert_int_equal(options_reason("abcde", kept, sizeof kept, &fault), -1);
    assert_int_equal(options_reason("abcd", kept, sizeof kept, &fault), 0);
    assert_string_equal(kept, "abcd");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_options_before_and_behind_words),
        cmocka_unit_test(a_negative_number_is_no_option),
        cmocka_unit_test(reads_numbers_durations_counts_and_lists),
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(leaves_unknown_options_and_all_behind_two_dashes_to_others),
        cmocka_unit_test(reads_pairs),
        cmocka_unit_test(words_for_the_record_are_one_line_of_text_within_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
