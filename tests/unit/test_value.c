/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/value.h"

static void
refuses(const char *text, fault_code_t code)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *value = value_decode(slice_text(text), &fault);
    if (value)
        fail_msg("'%s' was taken for a value", text);
    assert_int_equal(fault.code, code);
}

static void
keeps(const char *text)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    CLEANUP(value_destroy) value_t *value = value_decode(slice_text(text), &fault);
    if (!value)
        fail_msg("'%s': %s", text, fault.text);
    value_encode(value, again);
    assert_string_equal(bytes_text(again), text);
}

static void
every_kind_keeps_its_spelling(void **state)
{
    (void)state;
    static const char *const values[] = {
        "n",
        "t",
        "f",
        "i0;",
        "i-1;",
        "i9223372036854775807;",
        "i-9223372036854775808;",
        "r1.5;",
        "r-0.25;",
        "s0:",
        "s5:hello",
        "le",
        "li1;i2;e",
        "me",
        "ms1:ai1;s1:bles1:cmee",
    };
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        keeps(values[i]);
}

static void
refuses_a_second_spelling_of_a_number(void **state)
{
    (void)state;
    static const char *const values[] = {"i01;",
                                         "i-0;",
                                         "i+1;",
                                         "i;",
                                         "i1",
                                         "r1.50;",
                                         "r01.5;",
                                         "r1.0;",
                                         "r.5;",
                                         "r1;",
                                         "i9223372036854775808;"};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        refuses(values[i], FAULT_FORMAT);
}

static void
refuses_map_keys_that_are_not_ascending(void **state)
{
    (void)state;
    refuses("ms1:bi1;s1:ai2;e", FAULT_FORMAT);
    refuses("ms1:ai1;s1:ai2;e", FAULT_FORMAT);
    refuses("mi1;i2;e", FAULT_FORMAT);
}

static void
refuses_what_is_cut_or_followed(void **state)
{
    (void)state;
    static const char *const values[] = {"",     "l",  "m", "s5:hell", "s05:hello",
                                         "ii1;", "nn", "x", "li1;",    "ms1:a"};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        refuses(values[i], FAULT_FORMAT);
}

static void
refuses_nesting_beyond_the_depth(void **state)
{
    (void)state;
    keeps("llllllleeeeeee");
    refuses("llllllllleeeeeeeee", FAULT_LIMIT);
}

static void
a_reply_nests_deeper_for_it_holds_outputs(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(value_destroy)
    value_t *deep = value_decode_reply(slice_text("lllllllllllllllleeeeeeeeeeeeeeee"), &fault);
    assert_non_null(deep);
    assert_null(value_decode_reply(slice_text("llllllllllllllllleeeeeeeeeeeeeeeee"), &fault));
    assert_int_equal(fault.code, FAULT_LIMIT);
}

/* Eight lists of 8,192 are 65,544 items, the eight themselves counted. */
static void
refuses_more_items_than_fit_in_all_lists_together(void **state)
{
    (void)state;
    for (int rows = 7; rows <= 8; rows++) {
        fault_t fault = {0};
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        bytes_add_text(text, "l");
        for (int row = 0; row < rows; row++) {
            bytes_add_text(text, "l");
            for (int item = 0; item < VALUE_ITEMS_MAX / 8; item++)
                bytes_add_text(text, "n");
            bytes_add_text(text, "e");
        }
        bytes_add_text(text, "e");
        CLEANUP(value_destroy) value_t *value = value_decode(bytes_slice(text), &fault);
        assert_int_equal(fault.code, rows == 7 ? FAULT_NONE : FAULT_LIMIT);
    }
}

static void
what_people_read_is_one_line_of_printable_ascii(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *map = value_map();
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    value_t *list = value_list();
    value_append(list, value_integer(-1));
    value_append(list, value_bool(true));
    value_append(list, value_nil());
    value_set(map, "list", list);
    value_set_text(map, "path", "/var/\"a\"\n\x1b[2J");
    value_set_text(map, "\x1b[2J\nkey", "");
    value_tell(map, out);
    assert_string_equal(bytes_text(out),
                        "{?[2J?key: \"\", list: [-1, true, nil], path: \"/var/\\\"a\\\"??[2J\"}");
}

static void
a_map_finds_what_was_set_and_replaces_it(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *map = value_map();
    value_set_text(map, "name", "first");
    value_set_integer(map, "count", 3);
    value_set_text(map, "name", "second");
    assert_int_equal(value_count(map), 2);
    assert_string_equal(value_get_text(map, "name"), "second");
    assert_int_equal(value_get_integer(map, "count"), 3);
    assert_null(value_get(map, "absent"));
    assert_string_equal(value_get_text(map, "absent"), "");
    assert_int_equal(value_slice(value_get(map, "absent")).size, 0);
    CLEANUP(value_destroy) value_t *copy = value_copy(map);
    assert_true(value_equal(map, copy));
}

static void
a_copy_of_what_should_be_a_map_is_one_whatever_it_was(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *list = value_list();
    CLEANUP(value_destroy) value_t *map = value_map();
    value_set_integer(map, "count", 3);
    const value_t *given[] = {list, NULL, map};
    for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
        CLEANUP(value_destroy) value_t *copy = value_copy_map(given[i]);
        value_set_text(copy, "name", "new");
        assert_int_equal(value_count(copy), given[i] == map ? 2 : 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_keeps_its_spelling),
        cmocka_unit_test(refuses_a_second_spelling_of_a_number),
        cmocka_unit_test(refuses_map_keys_that_are_not_ascending),
        cmocka_unit_test(refuses_what_is_cut_or_followed),
        cmocka_unit_test(refuses_nesting_beyond_the_depth),
        cmocka_unit_test(a_reply_nests_deeper_for_it_holds_outputs),
        cmocka_unit_test(refuses_more_items_than_fit_in_all_lists_together),
        cmocka_unit_test(what_people_read_is_one_line_of_printable_ascii),
        cmocka_unit_test(a_map_finds_what_was_set_and_replaces_it),
        cmocka_unit_test(a_copy_of_what_should_be_a_map_is_one_whatever_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
