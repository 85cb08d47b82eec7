/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/draft.h"

static const char *const keys[] = {"name", "issued", "line", NULL};

static void
writes_lines_in_the_grammars_order(void **state)
{
    (void)state;
    CLEANUP(draft_destroy) draft_t *draft = draft_new("thing", keys);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    draft_add(draft, "line", "10 a");
    draft_add(draft, "line", "9 b");
    draft_add(draft, "line", "9 b");
    draft_add(draft, "line", "9 b c");
    draft_add(draft, "line", "x");
    draft_set(draft, "name", "one");
    draft_set(draft, "name", "two");
    draft_set_time(draft, "issued", (wall_t){0});
    draft_write(draft, text);
    assert_string_equal(bytes_text(text),
                        "tocsin-thing v1\nname two\nissued 1970-01-01T00:00:00Z\nline 9 b\n"
                        "line 9 b c\nline 10 a\nline x\nend\n");
}

static void
reads_what_it_wrote(void **state)
{
    (void)state;
    fault_t fault;
    static const char text[] = "tocsin-thing v1\nname two\nline 9 b\nline 10 a\nend\n";
    CLEANUP(draft_destroy) draft_t *draft = draft_read(slice_text(text), "thing", keys, &fault);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    assert_non_null(draft);
    draft_write(draft, again);
    assert_string_equal(bytes_text(again), text);
}

static void
refuses_a_line_of_another_document(void **state)
{
    (void)state;
    fault_t fault;
    static const char text[] = "tocsin-thing v1\nname two\nlines 9 b\nend\n";
    assert_null(draft_read(slice_text(text), "thing", keys, &fault));
    assert_int_equal(fault.code, FAULT_FORMAT);
    assert_null(draft_read(slice_text("tocsin-thing v1\nname"), "thing", keys, &fault));
}

static void
drops_whole_fields_only(void **state)
{
    (void)state;
    CLEANUP(draft_destroy) draft_t *draft = draft_new("thing", keys);
    draft_add(draft, "line", "pe-1 a k1");
    draft_add(draft, "line", "pe-10 a k2");
    draft_add(draft, "line", "pe-1 b k3");
    assert_int_equal(draft_drop(draft, "line", "pe", ""), 0);
    assert_int_equal(draft_drop(draft, "line", "", "1"), 0);
    assert_int_equal(draft_drop(draft, "line", "pe-1", "k3"), 1);
    assert_int_equal(draft_drop(draft, "line", "pe-1", ""), 1);
    assert_int_equal(draft_drop(draft, "line", "", ""), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_lines_in_the_grammars_order),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(refuses_a_line_of_another_document),
        cmocka_unit_test(drops_whole_fields_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
