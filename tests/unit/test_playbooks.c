/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>

#include "common/file.h"
#include "lua/rehearsal.h"
#include "lua/runner.h"

static const char probe[] =
    "return playbook { name = 'probe', summary = 'probe',\n"
    "inputs = { mount = input.path { default = '/' } },\n"
    "step 'one' { uses = { ['disk.usage'] = { path = under('inputs.mount') } },\n"
    " run = function(ctx) return disk.usage { path = ctx.inputs.mount .. (ctx.incident.more or '') "
    "}"
    " end },\n"
    "step 'two' { needs = { 'one' }, when = function(ctx) return ctx.here.one.used > 5 end,\n"
    " run = function() return nil, 'never' end } }";

static void
rehearses(const char *test, const char *wrong)
{
    fault_t fault = {0};
    CLEANUP(manifest_destroy) manifest_t *manifest = runner_manifest(slice_text(probe), &fault);
    if (!manifest)
        fail_msg("%s", fault.text);
    int failed = rehearse(manifest, slice_text(probe), slice_text(test), &fault);
    if (failed ? !(wrong && strstr(fault.text, wrong)) : wrong != NULL)
        fail_msg("%s: %s", test, failed ? fault.text : "it passed");
}

#define OPS    "ops = { { op = 'disk.usage', args = { path = '/' }, result = { used = 3 } } }, "
#define EXPECT "expect = { one = 'ok', two = 'skipped' }"

static void
a_rehearsal_passes_where_all_came_as_expected(void **state)
{
    (void)state;
    rehearses("return { " OPS EXPECT " }", NULL);
    rehearses("return { " OPS EXPECT ", output = { one = { used = 3 } } }", NULL);
    rehearses("return { inputs = { mount = '/srv' }, ops = { { op = 'disk.usage',"
              " args = { path = '/srv' }, result = { used = 9 } } },"
              " expect = { one = 'ok', two = 'failed' }, fault = { two = 'never' } }",
              NULL);
    rehearses("return { ops = { { op = 'disk.usage', fault = { 'policy', 'no' } } },"
              " expect = { one = 'failed', two = 'not run' } }",
              NULL);
}

static void
a_rehearsal_says_what_came_otherwise(void **state)
{
    (void)state;
    rehearses("return { " OPS "expect = { one = 'ok', two = 'ok' } }", "step 'two' is skipped");
    rehearses("return { " OPS EXPECT ", output = { one = { used = 4 } } }", "another output");
    rehearses("return { ops = {}, " EXPECT " }", "the test has no more");
    rehearses("return { ops = { { op = 'net.tcp' } }, " EXPECT " }", "the test has net.tcp");
    rehearses("return { ops = { { op = 'disk.usage', args = { path = '/x' } } }, " EXPECT " }",
              "with other arguments");
    rehearses("return { incident = { more = '../etc' }, " OPS EXPECT " }", "not a normal absolute");
    rehearses("return { inputs = { mount = 7 }, " OPS EXPECT " }", "input 'mount'");
    rehearses("return { inputs = { other = '/' }, " OPS EXPECT " }", "no input 'other'");
    rehearses("return { " OPS "expect = { one = 'ok', two = 'skipped', three = 'ok' } }",
              "exactly the playbook's steps");
    rehearses("return { " OPS EXPECT ", more = 1 }", "no field 'more'");
    rehearses("return 1", "expect");
    rehearses("return {", "playbook.lua:1:");
    rehearses("return { ops = { { op = 'disk.usage', result = { used = 3 } }, { op = 'disk.usage' "
              "} }, " EXPECT " }",
              "op 2 of the test was never asked for");
}

/* The folder of one test file: PLAYBOOK/tests/NAME.lua. */
static void
rehearse_file(const char *path)
{
    char folder[4096], playbook_path[4200];
    fault_t fault = {0};
    snprintf(folder, sizeof folder, "%s", path);
    *strstr(folder, "/tests/") = '\0';
    snprintf(playbook_path, sizeof playbook_path, "%s/playbook.lua", folder);
    CLEANUP(bytes_destroy) bytes_t *playbook = file_read(playbook_path, RUNNER_TEXT_MAX, &fault);
    CLEANUP(bytes_destroy) bytes_t *test = file_read(path, RUNNER_TEXT_MAX, &fault);
    assert_true(playbook && test);
    CLEANUP(manifest_destroy) manifest_t *manifest = runner_manifest(bytes_slice(playbook), &fault);
    if (!manifest || rehearse(manifest, bytes_slice(playbook), bytes_slice(test), &fault))
        fail_msg("%s: %s", path, fault.text);
    assert_int_equal(manifest->highest, CLASS_CHANGE);
}

static void
the_stock_playbooks_pass_their_own_tests(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("playbooks/*/tests/*.lua", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 8);
    for (size_t i = 0; i < found.gl_pathc; i++)
        rehearse_file(found.gl_pathv[i]);
    globfree(&found);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rehearsal_passes_where_all_came_as_expected),
        cmocka_unit_test(a_rehearsal_says_what_came_otherwise),
        cmocka_unit_test(the_stock_playbooks_pass_their_own_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
