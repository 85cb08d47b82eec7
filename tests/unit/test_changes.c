/* SPDX-License-Identifier: Apache-2.0 */
/* What a reviewer reads: two manifests in words, and code that no terminal obeys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "cli/changes.h"

#define HEAD  "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\n"
#define BOUND "bound usage disk.usage path under inputs.mount\n"
#define OBSERVE(bound)                                                                            \
    HEAD "class observe\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\ninput mount path\nstep usage " \
         "run 60 -\n"                                                                             \
         "use usage disk.usage observe\n" bound "end\n"
#define CHANGE                                                                                   \
    HEAD "class change\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\ninput mount path\nstep clean " \
         "run 60 -\n"                                                                            \
         "step usage run 60 -\nneeds clean usage\nuse clean file.remove change\n"                \
         "use usage disk.usage observe\nbound clean file.remove path under /var/log\n" BOUND     \
         "end\n"

static manifest_t *
manifest_of(const char *text)
{
    fault_t fault = {0};
    manifest_t *manifest = manifest_decode(slice_text(text), &fault);
    if (!manifest)
        fail_msg("%s", fault.text);
    return manifest;
}

static value_t *
changes_between(const char *before, const char *after)
{
    CLEANUP(manifest_destroy) manifest_t *was = before ? manifest_of(before) : NULL;
    CLEANUP(manifest_destroy) manifest_t *is = manifest_of(after);
    return changes_of(was, is);
}

/* The change that starts with words; NULL. */
static const value_t *
find(const value_t *changes, const char *sign, const char *words)
{
    for (size_t i = 0; i < value_count(changes); i++) {
        const value_t *change = value_at(changes, i);
        if (!strcmp(value_get_text(change, "sign"), sign) &&
            !strncmp(value_get_text(change, "text"), words, strlen(words)))
            return change;
    }
    return NULL;
}

static void
a_manifest_against_itself_says_nothing(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *changes = changes_between(OBSERVE(BOUND), OBSERVE(BOUND));
    assert_int_equal(value_count(changes), 0);
}

static void
a_first_release_is_new_in_everything(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *changes = changes_between(NULL, OBSERVE(BOUND));
    assert_non_null(find(changes, "+", "class observe"));
    assert_non_null(find(changes, "+",
                         "step usage may call disk.usage (observe): path under "
                         "inputs.mount"));
    assert_non_null(find(changes, "+", "input mount: path"));
    assert_null(find(changes, "-", ""));
}

static void
an_op_without_bounds_alarms(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *changes = changes_between(OBSERVE(BOUND), OBSERVE(""));
    const value_t *now = find(changes, "+", "step usage may call disk.usage (observe): WITHOUT");
    assert_non_null(now);
    assert_true(value_get_bool(now, "alarm"));
    assert_non_null(find(changes, "-", "step usage may call disk.usage (observe): path under"));
    assert_ptr_equal(now, value_at(changes, 0));
}

static void
an_argument_that_an_input_may_leave_out_changes_what_the_op_may(void **state)
{
    (void)state;
    static const char loose[] =
        HEAD "class observe\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\ninput mount path\n"
             "optional mount\nstep usage run 60 -\nuse usage disk.usage observe\n" BOUND "end\n";
    CLEANUP(value_destroy) value_t *changes = changes_between(OBSERVE(BOUND), loose);
    assert_non_null(find(changes, "-", "step usage may call disk.usage (observe): path under"));
    assert_non_null(find(changes, "+",
                         "step usage may call disk.usage (observe): path under inputs.mount or "
                         "left out"));
}

static void
an_op_that_was_without_bounds_before_still_alarms(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *changes = changes_between(OBSERVE(""), OBSERVE(""));
    assert_int_equal(value_count(changes), 1);
    assert_true(value_get_bool(find(changes, " ", "step usage"), "alarm"));
}

static void
a_higher_class_alarms_and_a_lower_one_does_not(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *up = changes_between(OBSERVE(BOUND), CHANGE);
    CLEANUP(value_destroy) value_t *down = changes_between(CHANGE, OBSERVE(BOUND));
    assert_true(value_get_bool(find(up, "+", "class change"), "alarm"));
    assert_false(value_get_bool(find(up, "+", "step clean may call file.remove"), "alarm"));
    assert_non_null(find(up, "+", "step clean: at most 60 s; needs usage"));
    assert_false(value_get_bool(find(down, "+", "class observe"), "alarm"));
    assert_string_equal(value_get_text(value_at(down, 0), "sign"), "+");
    assert_non_null(find(down, "-", "step clean may call file.remove"));
}

static void
a_consent_or_a_limit_that_is_gone_alarms(void **state)
{
    (void)state;
    static const char before[] =
        HEAD "class observe\nrollout 1 2 30 0\nlimits 5 2\ncooldown 60\nstep a run 60 -\n"
             "step b approve 60 -\nperson b officer 60\ntext b Go?\nend\n";
    static const char after[] =
        HEAD "class observe\nrollout 1 2 30 0\nlimits 9 0\ncooldown 0\nstep a run 60 -\nend\n";
    static const char *const gone[] = {"step b: waits", "at most 5 targets", "leaves 2 of",
                                       "by itself on one target"};
    CLEANUP(value_destroy) value_t *changes = changes_between(before, after);
    for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
        assert_true(value_get_bool(find(changes, "-", gone[i]), "alarm"));
    assert_false(value_get_bool(find(changes, "+", "at most 9 targets"), "alarm"));
}

static void
every_line_of_a_manifest_is_said(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "class observe\nrollout 1 2 30 0\nlimits 5 2\ncooldown 60\ninput how choice\n"
             "input n integer\ninput spare ip\ninput tag string\noptional spare\npattern tag "
             "v[0-9]+\nrange n 1 9\n"
             "choice how hard\nchoice how soft\nstep a run 60 undo\nstep b approve 60 -\n"
             "step c ask 60 -\nstep d notify 60 -\nstep e call 60 when\nstep f run 60 always,once\n"
             "needs b a\nfailure d a\nretry a 2 10\neach a 9\nperson b officer 60\n"
             "person c responder 90\ntext b Go%20on?\ntext c How?\nanswer c choice\n"
             "option c x\noption c y\nnotify d pager\ncall e other\ngiven e host inputs.spare\n"
             "given e z inputs.n\nend\n";
    static const char *const lines[] = {
        "at most 5 targets",
        "leaves 2 of those selected untouched",
        "by itself on one target not again within 60 s",
        "input how: choice, of hard | soft",
        "input n: integer, from 1 to 9",
        "input spare: ip, may be left out",
        "input tag: string, like v[0-9]+",
        "step a: at most 60 s; can be undone; tries again 2 times, the first after 10 s; for each",
        "step b: waits at most 60 s for the consent of one officer: Go on?; needs a",
        "step c: waits at most 90 s for an answer (choice, of x | y) of one responder: How?",
        "step d: notifies pager; at most 60 s; only once failed: a",
        ("step e: calls other; gives host = inputs.spare or left out, z = inputs.n; skips itself "
         "where not needed"),
        "step f: at most 60 s; runs last, whatever happened; runs once, on the last target",
    };
    CLEANUP(value_destroy) value_t *changes = changes_between(NULL, text);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        if (!find(changes, "+", lines[i]))
            fail_msg("not said: %s", lines[i]);
}

static void
the_diff_shows_files_that_came_went_and_changed_but_no_manifest(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *before = value_map();
    CLEANUP(value_destroy) value_t *after = value_map();
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    value_set_text(before, "manifest", "a");
    value_set_text(after, "manifest", "b");
    value_set_text(before, "same", "x\n");
    value_set_text(after, "same", "x\n");
    value_set_text(before, "gone", "old\n");
    value_set_text(after, "new", "fresh\n");
    value_set_text(before, "playbook.lua", "one\ntwo\n");
    value_set_text(after, "playbook.lua", "one\nthree\n");
    assert_int_equal(changes_code(before, after, out, &fault), 0);
    const char *text = bytes_text(out);
    assert_null(strstr(text, "manifest"));
    assert_null(strstr(text, "same"));
    assert_non_null(strstr(text, "\n-old\n"));
    assert_non_null(strstr(text, "\n+fresh\n"));
    assert_non_null(strstr(text, "\n one\n-two\n+three\n"));
}

static char *
printed(const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    changes_print_code(slice_text(text), file);
    fclose(file);
    return out;
}

static void
nothing_in_the_code_reaches_the_terminal_as_a_command(void **state)
{
    (void)state;
    CLEANUP(memory_free) char *escape = printed("a\033[2Jb\r\tc\n");
    CLEANUP(memory_free) char *bidi = printed("x \xe2\x80\xae y\nca\xc3\xb1on\n");
    assert_string_equal(escape, "a?[2Jb?\tc\n");
    assert_string_equal(bidi, "x ??? y\nca\xc3\xb1on\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_against_itself_says_nothing),
        cmocka_unit_test(a_first_release_is_new_in_everything),
        cmocka_unit_test(an_op_without_bounds_alarms),
        cmocka_unit_test(an_argument_that_an_input_may_leave_out_changes_what_the_op_may),
        cmocka_unit_test(an_op_that_was_without_bounds_before_still_alarms),
        cmocka_unit_test(a_higher_class_alarms_and_a_lower_one_does_not),
        cmocka_unit_test(a_consent_or_a_limit_that_is_gone_alarms),
        cmocka_unit_test(every_line_of_a_manifest_is_said),
        cmocka_unit_test(the_diff_shows_files_that_came_went_and_changed_but_no_manifest),
        cmocka_unit_test(nothing_in_the_code_reaches_the_terminal_as_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
