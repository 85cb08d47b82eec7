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
    "step 'two' { needs = { 'one' }, when = function(ctx) return ctx.here.one.used_percent > 5 "
    "end,\n"
    " run = function() return nil, 'never' end } }";

static void
rehearses_in(const char *playbook, const char *test, const char *wrong)
{
    fault_t fault = {0};
    CLEANUP(manifest_destroy) manifest_t *manifest = runner_manifest(slice_text(playbook), &fault);
    if (!manifest)
        fail_msg("%s", fault.text);
    int failed = rehearse(manifest, slice_text(playbook), slice_text(test), &fault);
    if (failed ? !(wrong && strstr(fault.text, wrong)) : wrong != NULL)
        fail_msg("%s: %s", test, failed ? fault.text : "it passed");
}

static void
rehearses(const char *test, const char *wrong)
{
    rehearses_in(probe, test, wrong);
}

#define OPS \
    "ops = { { op = 'disk.usage', args = { path = '/' }, result = { used_percent = 3 } } }, "
#define EXPECT "expect = { one = 'ok', two = 'skipped' }"

static void
a_rehearsal_passes_where_all_came_as_expected(void **state)
{
    (void)state;
    rehearses("return { " OPS EXPECT " }", NULL);
    rehearses("return { " OPS EXPECT ", output = { one = { used_percent = 3 } } }", NULL);
    rehearses("return { inputs = { mount = '/srv' }, ops = { { op = 'disk.usage',"
              " args = { path = '/srv' }, result = { used_percent = 9 } } },"
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
    rehearses("return { " OPS EXPECT ", output = { one = { used_percent = 4 } } }",
              "another output");
    rehearses("return { ops = {}, " EXPECT " }", "the test has no more");
    rehearses("return { ops = { { op = 'disk.usage', result = { used_percent = 'x' } } }, " EXPECT
              " }",
              "'used_percent' is no integer");
    rehearses("return { ops = { { op = 'disk.usage', result = { used = 3 } } }, " EXPECT " }",
              "'used' is a field that it does not have");
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
    rehearses("return { ops = { { op = 'disk.usage', result = { used_percent = 3 } }, { op = "
              "'disk.usage' "
              "} }, " EXPECT " }",
              "op 2 of the test was never asked for");
    rehearses("return { " OPS "expect = { one = 'ok' } }",
              "step 'two' is skipped, and 'expect' does not name it");
    rehearses_in("return playbook { name = 'slip', summary = 'slip',\n"
                 "step 'one' { uses = { 'service.status' }, run = function()\n"
                 " local nothing nothing.x = 1 return service.status { service = 'x' } end } }",
                 "return { ops = { { op = 'service.status', result = {} } },"
                 " expect = { one = 'ok' } }",
                 "playbook.lua:3: attempt to index a nil value");
    rehearses_in("return playbook { name = 'slip', summary = 'slip',\n"
                 "step 'one' { uses = { 'service.status' }, run = function()\n"
                 " return service.status { servce = 'x' }.running end } }",
                 "return { ops = { { op = 'service.status', result = {} } },"
                 " expect = { one = 'ok' } }",
                 "playbook.lua:3: service.status: service.status takes no argument 'servce'");
}

/* Starts a service, has it confirmed, and stops it again where what follows fails. */
static const char whole[] =
    "return playbook { name = 'whole', summary = 'whole',\n"
    "step 'a-start' { uses = { 'service.start', 'service.status' }, retry = { count = 2,"
    " pause = '10s' }, on_failure = { 'tell' },\n"
    " run = function(ctx) say('attempt ' .. ctx.attempt)"
    " return service.start { service = 'x' } end,\n"
    " undo = function(ctx) return service.status { service = ctx.output and 'x' or 'y' } end },\n"
    "step 'b-sure' { needs = { 'a-start' }, approve = { text = 'Go on?', expires = '1h' } },\n"
    "step 'c-how' { needs = { 'b-sure' }, ask = { text = 'How?', kind = 'integer' } },\n"
    "step 'd-more' { needs = { 'c-how' }, call = 'other', given = { x = 1 } },\n"
    "step 'e-look' { needs = { 'c-how', 'd-more' }, uses = { 'service.status' }, run = "
    "function(ctx)"
    " local now, text = service.status { service = 'x' } if not now then return nil, text end"
    " return ctx.here['c-how'] + ctx.here['d-more'].n end },\n"
    "step 'tell' { notify = 'pager', run = function() return 'it did not start' end },\n"
    "step 'z-tidy' { always = true, run = function() say 'tidy' end } }";

#define START "{ op = 'service.start', result = { running = true } }"
#define BUSY  "{ op = 'service.start', fault = { 'failed', 'busy' } }"
#define LOOK  "{ op = 'service.status', result = { running = true } }"
#define WELL \
    "people = { ['b-sure'] = 'yes', ['c-how'] = 5 }, calls = { other = { 'ok', { n = 2 } } },"
#define ALL_OK                                                                               \
    "expect = { ['a-start'] = 'ok', ['b-sure'] = 'ok', ['c-how'] = 'ok', ['d-more'] = 'ok'," \
    " ['e-look'] = 'ok', tell = 'not run', ['z-tidy'] = 'ok' }"
#define UNDONE(sure, how, more, look)                                                    \
    "expect = { ['a-start'] = 'undone', ['b-sure'] = '" sure "', ['c-how'] = '" how "'," \
    " ['d-more'] = '" more "', ['e-look'] = '" look "', tell = 'not run', ['z-tidy'] = 'ok' }"

static void
a_rehearsal_walks_as_a_worker_does(void **state)
{
    (void)state;
    rehearses_in(whole,
                 "return { ops = { " BUSY ", " BUSY ", " START ", " LOOK " }, " WELL " clock = 30,"
                 " output = { ['e-look'] = 7 }, said = { 'attempt 1', 'attempt 2', 'attempt 3',"
                 " 'tidy' }, " ALL_OK " }",
                 NULL);
    rehearses_in(whole,
                 "return { ops = { " BUSY ", " BUSY ", " BUSY " }, notified = { tell = 'it did not"
                 " start' }, fault = { ['a-start'] = 'busy' }, expect = { ['a-start'] = 'failed',"
                 " ['b-sure'] = 'not run', ['c-how'] = 'not run', ['d-more'] = 'not run',"
                 " ['e-look'] = 'not run', tell = 'ok', ['z-tidy'] = 'ok' } }",
                 "step 'a-start'"); /* it touched the service: its undo asks for more */
    rehearses_in(whole,
                 "return { ops = { " START ", " LOOK " }, people = { ['b-sure'] = 'no' }, " UNDONE(
                     "failed", "not run", "not run", "not run") ", fault = { ['b-sure'] ="
                                                                " 'said no' } }",
                 NULL);
    rehearses_in(whole,
                 "return { ops = { " START ", " LOOK " }, people = { ['b-sure'] = 'yes',"
                 " ['c-how'] = 'expired' }, clock = 3600, " UNDONE("ok", "failed", "not run",
                                                                   "not run") " }",
                 NULL);
    rehearses_in(whole,
                 "return { ops = { " START ", " LOOK " }, people = { ['b-sure'] = 'yes',"
                 " ['c-how'] = 5 }, calls = { other = { 'failed', 'no' } }, " UNDONE(
                     "ok", "ok", "failed", "not run") " }",
                 NULL);
}

static const char tally[] =
    "return playbook { name = 'tally', summary = 'tally',\n"
    "step 'count' { when = function(ctx) return ctx.incident.skip == nil end,\n"
    " run = function(ctx) return ctx.incident.count end },\n"
    "step 'sum' { once = true, needs = { 'count' }, run = function(ctx) local words = {}\n"
    " for target, count in pairs(ctx.all.count) do\n"
    "  words[#words + 1] = target .. '=' .. tostring(count) end\n"
    " return table.concat(words, ' ') end } }";

static void
a_rehearsal_has_what_other_targets_gave(void **state)
{
    (void)state;
    rehearses_in(tally,
                 "return { incident = { count = 3 }, all = { count = { w1 = 1, w2 = true } },"
                 " expect = { count = 'ok', sum = 'ok' },"
                 " output = { sum = 'rehearsal=3 w1=1 w2=true' } }",
                 NULL);
    rehearses_in(tally,
                 "return { expect = { count = 'ok', sum = 'ok' },"
                 " output = { sum = 'rehearsal=true' } }",
                 NULL);
    rehearses_in(tally,
                 "return { incident = { skip = true }, all = { count = { w1 = 1 } },"
                 " expect = { count = 'skipped', sum = 'ok' }, output = { sum = 'w1=1' } }",
                 NULL);
    rehearses_in(tally, "return { all = { sum = { w1 = 1 } }, expect = { count = 'ok' } }",
                 "no step that runs once needs 'sum'");
    rehearses_in(tally, "return { all = { count = 1 }, expect = { count = 'ok' } }",
                 "all = { STEP = { TARGET = output } }");
}

static void
a_rehearsal_makes_ops_fail(void **state)
{
    (void)state;
    rehearses_in(whole,
                 "return { ops = { " START ", " LOOK " }, " WELL " inject = { { step = 'e-look',"
                 " op = 'service.status', fault = { 'timeout', 'slow' } } }, expect = {"
                 " ['a-start'] = 'undone', ['b-sure'] = 'ok', ['c-how'] = 'ok',"
                 " ['d-more'] = 'undone', ['e-look'] = 'failed', tell = 'not run',"
                 " ['z-tidy'] = 'ok' } }",
                 NULL);
    rehearses_in(whole,
                 "return { ops = { " START ", " LOOK " }, " WELL " inject = { { op = 'net.tcp',"
                 " fault = { 'timeout', 'slow' } } }, " ALL_OK " }",
                 "never came");
    for (int seed = 0; seed < 8; seed++) {
        char test[1024];
        snprintf(test, sizeof test, "return { ops = { %s, %s }, chaos = %d, %s %s }", START, LOOK,
                 seed, WELL, ALL_OK);
        rehearses_in(whole, test, NULL);
    }
}

static void
chaos_finds_what_nobody_thought_of(void **state)
{
    (void)state;
    rehearses("return { " OPS "chaos = true, " EXPECT " }", NULL);
    rehearses_in("return playbook { name = 'x', summary = 'x', step 'one' {"
                 " uses = { 'service.start', 'service.status' }, run = function()"
                 " if service.start { service = 'x' } then return 1 end"
                 " return service.status { service = 'x' }.running end } }",
                 "return { ops = { { op = 'service.start', result = {} } }, chaos = 1,"
                 " expect = { one = 'ok' } }",
                 "chaos: op 1 fails");
    rehearses_in("return playbook { name = 'x', summary = 'x', step 'one' {"
                 " uses = { 'service.status' }, run = function()"
                 " local x, text = service.status { service = 'x' }"
                 " return x and x.pid or text + 1 end } }",
                 "return { ops = { { op = 'service.status', result = { pid = 1 } } },"
                 " chaos = true, expect = { one = 'ok' } }",
                 "error of its Lua");
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
}

static void
the_playbooks_of_end_to_end_tests_pass_their_own(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("tests/e2e/playbooks/*/tests/*.lua", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        rehearse_file(found.gl_pathv[i]);
    globfree(&found);
}

/* The text of a page's nth block of Lua. */
static char *
lua_block(const char *page, size_t nth)
{
    const char *from = page, *to;
    for (size_t i = 0; i <= nth; i++) {
        from = strstr(from, "```lua\n");
        assert_non_null(from);
        from += strlen("```lua\n");
    }
    to = strstr(from, "```");
    assert_non_null(to);
    char *text = memory_new((size_t)(to - from) + 1, 1);
    return memcpy(text, from, (size_t)(to - from));
}

static void
the_guide_s_playbook_passes_its_test(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *page = file_read("docs/PLAYBOOKS.md", RUNNER_TEXT_MAX, NULL);
    assert_non_null(page);
    CLEANUP(memory_free) char *playbook = lua_block(bytes_text(page), 0);
    CLEANUP(memory_free) char *test = lua_block(bytes_text(page), 1);
    rehearses_in(playbook, test, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rehearsal_passes_where_all_came_as_expected),
        cmocka_unit_test(a_rehearsal_says_what_came_otherwise),
        cmocka_unit_test(a_rehearsal_walks_as_a_worker_does),
        cmocka_unit_test(a_rehearsal_has_what_other_targets_gave),
        cmocka_unit_test(a_rehearsal_makes_ops_fail),
        cmocka_unit_test(chaos_finds_what_nobody_thought_of),
        cmocka_unit_test(the_guide_s_playbook_passes_its_test),
        cmocka_unit_test(the_playbooks_of_end_to_end_tests_pass_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
