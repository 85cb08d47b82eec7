/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/findings.h"
#include "cli/playbook_folder.h"
#include "cli/tokens.h"

static char folder[] = "/tmp/tocsin-lint-XXXXXX";

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
    char path[PATH_MAX];
    (void)state;
    unlink(playbook_path(folder, "playbook.lua", path));
    return rmdir(folder);
}

static value_t *
look_at(const char *text)
{
    char path[PATH_MAX];
    FILE *file = fopen(playbook_path(folder, "playbook.lua", path), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return findings_of(folder);
}

/* A finding "LINE: LEVEL: " with these words; how many have them. */
static size_t
count_of(const value_t *findings, const char *head, const char *words)
{
    size_t count = 0;
    for (size_t i = 0; i < value_count(findings); i++) {
        const value_t *row = value_at(findings, i);
        char its[64];
        snprintf(its, sizeof its, "%lld: %s", (long long)value_get_integer(row, "line"),
                 value_get_text(row, "level"));
        count += !strcmp(its, head) && strstr(value_get_text(row, "text"), words);
    }
    return count;
}

static void
says(const char *text, const char *head, const char *words)
{
    CLEANUP(value_destroy) value_t *findings = look_at(text);
    if (count_of(findings, head, words) == 1)
        return;
    for (size_t i = 0; i < value_count(findings); i++)
        print_message("%lld %s %s\n", (long long)value_get_integer(value_at(findings, i), "line"),
                      value_get_text(value_at(findings, i), "level"),
                      value_get_text(value_at(findings, i), "text"));
    fail_msg("%s\n%s %s", text, head, words);
}

#define BOOK "return playbook { name = 'x', summary = 's',\n"

static void
finds_ops_that_are_not_declared_and_those_that_are_not_used(void **state)
{
    (void)state;
    says(BOOK "step 'a' {\n run = function()\n return disk.usage { path = '/' } end } }",
         "4: error", "step 'a' asks for disk.usage and does not declare it");
    says("local function look(path)\n return disk.usage { path = path }\nend\n" BOOK
         "step 'a' { run = function() return look '/' end } }",
         "2: error", "asks for disk.usage through look");
    says(BOOK "step 'a' { uses = { 'disk.usage' }, run = function() end } }", "2: warning",
         "declares disk.usage and never asks for it");
    says(BOOK "step 'a' { run = function() return disk.fullness {} end } }", "2: error",
         "no op is called 'disk.fullness'");
    CLEANUP(value_destroy)
    value_t *findings = look_at(
        "local function of(path) return disk.usage { path = path } end\n"
        "local function f(path) return of(path) end\n" BOOK
        "step 'a' { uses = { 'disk.usage' }, run = function(ctx) for _, file in ipairs {} do"
        " say(file.path) end return f '/' end } }");
    assert_int_equal(count_of(findings, "1: error", ""), 0);
    assert_int_equal(count_of(findings, "4: error", ""), 0);
    assert_int_equal(count_of(findings, "4: warning", "never asks"), 0);
}

static void
finds_names_that_do_not_exist_here(void **state)
{
    (void)state;
    says(BOOK "step 'a' { run = function()\n return os.time() end } }", "3: error",
         "there is no os here: ask an op");
    says(BOOK "step 'a' { run = function()\n return math.random(3) end } }", "3: error",
         "take the choice as an input");
    says("local x = require 'x'\n" BOOK "step 'a' { run = function() end } }", "1: error",
         "there is no require here");
    says(BOOK "step 'a' { run = function()\n return string.format('%p', {}) end } }", "3: error",
         "differs from run to run");
    says(BOOK "step 'a' { run = function()\n return package.path end } }", "3: error",
         "there is no package here");
    CLEANUP(value_destroy)
    value_t *op = look_at(BOOK "step 'a' { uses = { 'package.list' }, run = function()"
                               " return package.list {} end } }");
    assert_int_equal(count_of(op, "2: error", ""), 0);
    CLEANUP(value_destroy)
    value_t *findings =
        look_at(BOOK "step 'a' { run = function(load) -- os.time\n local t = { os = 1 }"
                     " return t.os + load, 'io.open', [[\nprint()]] end } }");
    assert_int_equal(count_of(findings, "2: error", ""), 0);
    assert_int_equal(count_of(findings, "3: error", ""), 0);
    assert_int_equal(count_of(findings, "4: error", ""), 0);
}

static void
finds_consents_that_only_the_judge_holds_to(void **state)
{
    static const char gate[] =
        BOOK "step 'go' { approve = { role = 'responder', text = 'Sure?', expires = '5m' }%s } }";
    char with[256], without[256];
    (void)state;
    snprintf(with, sizeof with, gate, ",\n when = function() return true end");
    snprintf(without, sizeof without, gate, "");
    says(with, "2: warning", "whether step 'go' asks anybody");
    CLEANUP(value_destroy) value_t *findings = look_at(without);
    assert_int_equal(count_of(findings, "2: warning", "whether step"), 0);
}

static void
finds_loops_without_an_end(void **state)
{
    (void)state;
    says(BOOK "step 'a' { run = function()\n while true do local x = 1 end end } }", "3: error",
         "never ends");
    says(BOOK "step 'a' { run = function()\n repeat local x = 1 until false end } }", "3: error",
         "never ends");
    says(BOOK "step 'a' { uses = { 'disk.usage' }, run = function()\n while true do"
              " disk.usage { path = '/' } end end } }",
         "3: error", "never ends");
    CLEANUP(value_destroy)
    value_t *findings = look_at(BOOK "step 'a' { run = function() local n = 0\n while true do"
                                     " n = n + 1 if n > 3 then break end end\n"
                                     " repeat n = n - 1 until n == 0 end } }");
    assert_int_equal(count_of(findings, "3: error", ""), 0);
    assert_int_equal(count_of(findings, "4: error", ""), 0);
}

static void
finds_ops_and_libraries_under_other_names(void **state)
{
    static const char *const texts[] = {
        "local d = disk\n" BOOK "step 'a' { run = function()\n return d.usage {} end } }",
        "local look = disk.usage\n" BOOK "step 'a' { run = function()\n return look {} end } }",
        "local look = disk['usage'];\n" BOOK "step 'a' { run = function()\n pcall(look) end } }",
        "\n" BOOK "step 'a' { run = function()\n return disk['usage'] {} end } }",
        "\n" BOOK "step 'a' { run = function()\n return _G['disk'].usage {} end } }",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        says(texts[i], "4: error", "step 'a' asks for disk.usage and does not declare it");
    says(BOOK "step 'a' { run = function()\n return _G.os.time() end } }", "3: error",
         "no os here");
    says("local m = math\n" BOOK "step 'a' { run = function()\n return m.random(3) end } }",
         "4: error", "no math.random here");
    says(BOOK "step 'a' { run = function(ctx)\n return disk[ctx.inputs.x] {} end } }", "3: warning",
         "which op of disk this asks for is worked out");
    says(BOOK "step 'a' { run = function()\n return ('%p'):format({}) end } }", "3: error",
         "differs from run to run");
    CLEANUP(value_destroy)
    value_t *twice = look_at("local d = disk\n" BOOK "step 'a' { run = function(ctx)\n"
                             " for _, d in ipairs {} do say(d.name) end end } }");
    assert_int_equal(count_of(twice, "4: error", ""), 0);
}

static void
finds_steps_that_never_run(void **state)
{
    (void)state;
    says(BOOK "step 'a' { on_failure = { 'c' }, run = function() end },\n"
              "step 'b' { needs = { 'a' }, run = function() end },\n"
              "step 'c' { needs = { 'a' }, run = function() end } }",
         "4: error", "step 'c' never runs: it stands for the failure of 'a'");
    CLEANUP(value_destroy)
    value_t *one = look_at(BOOK "step 'a' { on_failure = { 'c' }, run = function() end },\n"
                                "step 'b' { needs = { 'a' }, on_failure = { 'c' },"
                                " run = function() end },\n"
                                "step 'c' { needs = { 'a' }, run = function() end } }");
    assert_int_equal(count_of(one, "4: error", ""), 0);
}

static void
finds_whatever_goes_round_without_an_end(void **state)
{
    static const struct {
        const char *body, *words;
    } rows[] =
        {
            {"while true do for i = 1, 3 do break end end", "never ends"},
            {"while true do local f = function() return 1 end end", "never ends"},
            {"while not false do say 'x' end", "never ends"},
            {"while 1 == 1 do say 'x' end", "never ends"},
            {"local go = true while go do say 'x' end", "never ends"},
            {"local go = true repeat say 'x' until not go", "never ends"},
            {"for i = 1, math.huge do say 'x' end", "never ends"},
            {"::top:: say 'x' goto top", "never ends"},
            {"local function f(n) return f(n + 1) end f(1)", "always calls itself"},
        },
      fine[] =
          {
              {"local n = 9 while n > 0 do n = n - 1 end", ""},
              {"local go = true local function stop() go = false end while go do stop() end", ""},
              {"local t = {} while #t < 3 do t[#t + 1] = 1 end", ""},
              {"local n = 0 repeat n = n + 1 local u = disk.usage {} until u or n == 3", ""},
              {"for i = 1, math.huge do if i > 3 then break end end", ""},
              {"while true do while true do return 1 end end", ""},
              {"local n = 0 ::top:: n = n + 1 if n < 3 then goto top end", ""},
              {"local function f(n) return n > 3 and n or f(n + 1) end f(1)", ""},
              {"local s = 'aa' while s:find 'a' do s = s:sub(2) end", ""},
          },
      asking[] = {
          {"repeat local u = disk.usage {} until u", "turns until an op's answer ends it"},
          {"while disk.usage {} do end", "turns until an op's answer ends it"},
          {"local function f() return disk.usage {} end while true do if f() then break end end",
           "turns until an op's answer ends it"},
      };
    char text[512];
    (void)state;
#define STEP BOOK "step 'a' { uses = { 'disk.usage' }, run = function()\n %s\nend } }"
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, STEP, rows[i].body);
        says(text, "3: error", rows[i].words);
    }
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        snprintf(text, sizeof text, STEP, asking[i].body);
        says(text, "3: warning", asking[i].words);
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        snprintf(text, sizeof text, STEP, fine[i].body);
        CLEANUP(value_destroy) value_t *findings = look_at(text);
        assert_int_equal(count_of(findings, "3: error", "") + count_of(findings, "3: warning", ""),
                         0);
    }
}

static void
finds_what_makes_a_step_doubtful(void **state)
{
    (void)state;
#define RESTART                                                        \
    BOOK "step 'a' {\n uses = { 'service.restart' }, run = function()" \
         " return service.restart { service = 'x' } end } }"
    says(RESTART, "2: warning", "without a bound");
    says(RESTART, "2: warning", "has no verify");
    says(RESTART, "2: note", "has no undo");
    says(RESTART, "2: warning", "may take 60 s, and has no timeout");
    says(BOOK "step 'a' {\n when = function(ctx) return false end, run = function() end } }",
         "3: error", "never holds");
    says(BOOK "inputs = {\n x = input.integer { range = { 0, 5 } } },\n step 'a' {"
              " uses = { ['journal.vacuum'] = { keep_bytes = equals('inputs.x') } },\n"
              " run = function() end } }",
         "3: warning", "input 'x' may be 0 to 5, and journal.vacuum takes 1048576 to");
    says(BOOK "inputs = {\n x = input.name { from = 'host' } },\n step 'a' { run = function() end"
              " } }",
         "3: warning", "comes from the alert and bounds no op");
}

static void
finds_what_is_not_in_ctx_all(void **state)
{
    (void)state;
    says(BOOK "step 'a' { run = function(ctx)\n return ctx.all.b end } }", "3: error",
         "step 'a' looks at ctx.all.b: only a step with once = true has ctx.all");
    says(BOOK "step 'a' { run = function(ctx)\n return next(ctx.all) end } }", "3: error",
         "only a step with once = true has ctx.all");
    says("local function sum(ctx)\n return ctx.all.b end\n" BOOK
         "step 'b' { run = function() end },\n"
         "step 'a' { once = true, run = function(ctx) return sum(ctx) end } }",
         "2: error", "step 'a' looks at ctx.all.b: it is there only of a step that it needs");
    says(BOOK "step 'b' { once = true, run = function() end },\n"
              "step 'a' { once = true, needs = { 'b' },\n"
              " run = function(ctx) return ctx.all.b end } }",
         "4: error", "that one runs once too: its output is in ctx.here");
    CLEANUP(value_destroy)
    value_t *findings = look_at(BOOK "step 'b' { run = function() end },\n"
                                     "step 'a' { once = true, needs = { 'b' },\n"
                                     " run = function(ctx) return ctx.all.b end } }");
    assert_int_equal(count_of(findings, "4: error", ""), 0);
}

static void
says_where_a_playbook_does_not_load(void **state)
{
    (void)state;
    says(BOOK "step 'a' { needs = { 'b' }, run = function() end },\n"
              "step 'b' { needs = { 'a' }, run = function() end } }",
         "2: error", "circle: a -> b -> a");
    says(BOOK "step 'a' { always = true, run = function() end },\n"
              "step 'b' { needs = { 'a' }, run = function() end } }",
         "3: error", "runs last");
    says(BOOK "\n\nstep 'a' { retry = 3 } }", "4: error", "'retry' wants a table");
    says("return playbook {", "1: error", "expected");
    says(BOOK "step 'a' { retry = { count = 1 },\n uses = { 'service.restart' },"
              " run = function() end } }",
         "2: error", "cannot be retried");
    says(BOOK "step 'a' { run = function() end },\n"
              "step 'c' {\n needs = { 'b' }, run = function() end } }",
         "4: error", "no step is called 'b'");
    says(BOOK "step 'a' { run = function() end,\n uses = { ['disk.usage'] ="
              " { path = under('inputs.mont') } } } }",
         "3: error", "names no input");
    says(BOOK "inputs = { goal =\n input.integer { default = 1, optional = true } },\n"
              "step 'a' { run = function() end } }",
         "2: error", "'goal' has a default");
}

static void
a_manifest_that_nobody_has_seen_is_quoted_by_no_line(void **state)
{
    (void)state;
    fault_t fault = {0};
    playbook_t playbook;
    CLEANUP(value_destroy)
    value_t *findings = look_at(BOOK "step 'a' { needs = { 'b' }, run = function() end } }");
    assert_int_equal(value_count(findings), 1);
    assert_int_equal(playbook_load(&playbook, folder, &fault), -1);
    assert_non_null(strstr(fault.text, "/playbook.lua: no step is called 'b'"));
    playbook_clear(&playbook);
}

static void
a_text_that_is_no_lua_gives_tokens_all_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",     "'",       "[[",     "--[==[",     "\"\\",          "[=",
        "]]]]", "end end", "step '", "function (", "while true do", "repeat"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        tokens_t tokens = {0};
        tokens_of(slice_text(texts[i]), &tokens);
        for (size_t k = 0; k < tokens.count; k++) {
            assert_true(tokens_behind_block(&tokens, k) <= tokens.count);
            assert_true(tokens_behind_bracket(&tokens, k) <= tokens.count);
        }
        tokens_clear(&tokens);
        CLEANUP(value_destroy) value_t *findings = look_at(texts[i]);
        assert_true(value_count(findings));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_ops_that_are_not_declared_and_those_that_are_not_used),
        cmocka_unit_test(finds_names_that_do_not_exist_here),
        cmocka_unit_test(finds_consents_that_only_the_judge_holds_to),
        cmocka_unit_test(finds_loops_without_an_end),
        cmocka_unit_test(finds_ops_and_libraries_under_other_names),
        cmocka_unit_test(finds_steps_that_never_run),
        cmocka_unit_test(finds_whatever_goes_round_without_an_end),
        cmocka_unit_test(finds_what_makes_a_step_doubtful),
        cmocka_unit_test(finds_what_is_not_in_ctx_all),
        cmocka_unit_test(says_where_a_playbook_does_not_load),
        cmocka_unit_test(a_manifest_that_nobody_has_seen_is_quoted_by_no_line),
        cmocka_unit_test(a_text_that_is_no_lua_gives_tokens_all_the_same),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
