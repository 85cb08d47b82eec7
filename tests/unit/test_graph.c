/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/graph.h"

#define HEAD                                                                         \
    "tocsin-manifest v1\nplaybook x\nsummary Say <b>\"it\"</b> & go\nclass change\n" \
    "rollout 1 2 0 0\nlimits 0 0\ncooldown 0\n"

static const char text[] = HEAD
    "step ask approve 60 -\nstep fix run 60 undo\nstep look run 60 -\nstep tell notify 60 -\n"
    "step tidy run 60 always\nneeds ask look\nneeds fix ask\nneeds fix look\nfailure tell fix\n"
    "person ask officer 60\ntext ask Go?\nnotify tell pager\nuse fix service.start change\n"
    "use look service.status observe\nend\n";

static char *
drawn(void (*draw)(const manifest_t *manifest, bytes_t *out), const char *of)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    CLEANUP(manifest_destroy) manifest_t *manifest = manifest_decode(slice_text(of), &fault);
    if (!manifest)
        fail_msg("%s", fault.text);
    draw(manifest, out);
    return memory_text(bytes_text(out));
}

static size_t
count_of(const char *whole, const char *part)
{
    size_t count = 0;
    for (; (whole = strstr(whole, part)); whole += strlen(part))
        count++;
    return count;
}

static void
dot_has_every_step_and_line(void **state)
{
    (void)state;
    CLEANUP(memory_free) char *dot = drawn(graph_dot, text);
    assert_int_equal(count_of(dot, "label=\"fix\\nchange, undo\""), 1);
    assert_int_equal(count_of(dot, "  \"look\" -> \"fix\";\n"), 1);
    assert_int_equal(count_of(dot, "  \"fix\" -> \"tell\" [style=dashed label=\"failed\"];\n"), 1);
    assert_int_equal(count_of(dot, "Say <b>\\\"it\\\"</b>"), 1);
}

static void
svg_escapes_what_is_text_and_draws_each_step_once(void **state)
{
    (void)state;
    CLEANUP(memory_free) char *svg = drawn(graph_svg, text);
    assert_int_equal(count_of(svg, "<b>"), 0);
    assert_int_equal(count_of(svg, "Say &#60;b&#62;&#34;it&#34;&#60;/b&#62; &#38; go</title>"), 1);
    assert_int_equal(count_of(svg, "font-weight=\"bold\""), 5);
    assert_int_equal(count_of(svg, "marker-end"), 4);
    assert_int_equal(count_of(svg, "stroke-dasharray"), 1);
    assert_int_equal(count_of(svg, ">approve: officer</text>"), 1);
    assert_int_equal(count_of(svg, "script"), 0);
}

/* The y of a step's name. */
static long
height_of(const char *svg, const char *step)
{
    char end[80];
    snprintf(end, sizeof end, "\" font-weight=\"bold\">%s</text>", step);
    const char *at = strstr(svg, end);
    assert_non_null(at);
    while (at[-1] != '"')
        at--;
    return strtol(at, NULL, 10);
}

static void
a_step_stands_below_what_it_waits_for(void **state)
{
    (void)state;
    CLEANUP(memory_free) char *svg = drawn(graph_svg, text);
    assert_true(height_of(svg, "look") < height_of(svg, "ask"));
    assert_true(height_of(svg, "ask") < height_of(svg, "fix"));
    assert_true(height_of(svg, "fix") < height_of(svg, "tell"));
    assert_true(height_of(svg, "tell") < height_of(svg, "tidy"));
}

static void
the_largest_playbook_is_drawn(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *big = bytes_new();
    bytes_add_text(big, HEAD);
    for (int i = 10; i < 10 + MANIFEST_STEPS_MAX; i++)
        bytes_addf(big, "step s%d run 60 -\n", i);
    for (int i = 11; i < 10 + MANIFEST_STEPS_MAX; i++) {
        bytes_addf(big, "needs s%d s10\n", i);
        if (i > 11)
            bytes_addf(big, "needs s%d s%d\n", i, i - 1);
    }
    bytes_add_text(big, "use s10 service.start change\nend\n");
    CLEANUP(memory_free) char *svg = drawn(graph_svg, bytes_text(big));
    assert_int_equal(count_of(svg, "font-weight=\"bold\""), MANIFEST_STEPS_MAX);
    assert_int_equal(count_of(svg, "marker-end"), 2 * MANIFEST_STEPS_MAX - 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_has_every_step_and_line),
        cmocka_unit_test(svg_escapes_what_is_text_and_draws_each_step_once),
        cmocka_unit_test(a_step_stands_below_what_it_waits_for),
        cmocka_unit_test(the_largest_playbook_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
