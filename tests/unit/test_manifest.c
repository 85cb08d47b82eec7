/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "lua/runner.h"
#include "wire/manifest.h"

#define HEAD "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\n"
#define INPUTS                                                                     \
    "input goal percent\ninput mount path\ninput service name\n"                   \
    "default goal 80\nfrom mount labels.mountpoint\nfrom service labels.service\n" \
    "help goal stop%20below%20this\ntrigger HostOutOfDiskSpace\n"
#define STEPS "step free run 60 when,verify\nstep usage run 30 -\nneeds free usage\n"
#define USES                                                                                     \
    "use free disk.largest observe\nuse free file.remove change\nuse usage disk.usage observe\n" \
    "bound free disk.largest count from 1\nbound free disk.largest count to 10\n"                \
    "bound free disk.largest rotated equals true\nbound free file.remove path under "            \
    "inputs.mount\n"
#define WHOLE \
    HEAD "class change\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\n" INPUTS STEPS USES "end\n"

static manifest_t *
whole(void)
{
    fault_t fault = {0};
    manifest_t *self = manifest_decode(slice_text(WHOLE), &fault);
    if (!self)
        fail_msg("%s", fault.text);
    return self;
}

static void
refuses(const char *text, fault_code_t code, const char *words)
{
    fault_t fault = {0};
    manifest_t *self = manifest_decode(slice_text(text), &fault);
    if (self || fault.code != code || !strstr(fault.text, words))
        fail_msg("%s: %s, not %s: %s", fault_word(fault.code), fault.text, fault_word(code), words);
}

static void
reads_what_it_writes(void **state)
{
    (void)state;
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    manifest_encode(self, again);
    assert_string_equal(bytes_text(again), WHOLE);
    assert_string_equal(manifest_input(self, "goal")->help, "stop below this");
    assert_true(manifest_triggered_by(self, "HostOutOfDiskSpace"));
    assert_true(manifest_needs(self, "free", "usage"));
    assert_true(manifest_step(self, "free")->has_verify);
    assert_int_equal(self->highest, CLASS_CHANGE);
}

static void
orders_steps_by_need_then_name(void **state)
{
    (void)state;
    size_t order[MANIFEST_STEPS_MAX];
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    manifest_sequence(self, order);
    assert_string_equal(self->steps[order[0]].name, "usage");
    assert_string_equal(self->steps[order[1]].name, "free");
}

static void
rel_class_underdeclared(void **state)
{
    (void)state;
    refuses(HEAD "class observe\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\n" INPUTS STEPS USES
                 "end\n",
            FAULT_CLASS, "the worst op is change");
    refuses(HEAD "class destructive\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\n" INPUTS STEPS USES
                 "end\n",
            FAULT_CLASS, "the worst op is change");
    refuses(HEAD "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\nstep a run 60 -\nuse a "
                 "file.remove observe\nend\n",
            FAULT_CLASS, "change at least");
}

static void
rel_undeclared_op(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    CLEANUP(value_destroy) value_t *inputs = value_map();
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(inputs, "mount", "/");
    value_set_text(arguments, "path", "/var");
    assert_int_equal(manifest_allows(self, "usage", "disk.usage", arguments, inputs, &fault), 0);
    assert_int_equal(manifest_allows(self, "usage", "file.remove", arguments, inputs, &fault), -1);
    assert_int_equal(fault.code, FAULT_OP);
    assert_int_equal(manifest_allows(self, "usage", "no.such", arguments, inputs, &fault), -1);
    assert_int_equal(fault.code, FAULT_OP);
    refuses(HEAD "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\nstep a run 60 -\nuse a "
                 "no.such observe\nend\n",
            FAULT_OP, "unknown op 'no.such'");
}

static int
may_remove(const manifest_t *self, const char *path, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *inputs = value_map();
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(inputs, "mount", "/srv/data");
    value_set_text(arguments, "path", path);
    return manifest_allows(self, "free", "file.remove", arguments, inputs, fault);
}

static void
a_path_stays_under_its_input(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    assert_int_equal(may_remove(self, "/srv/data/log.1", &fault), 0);
    static const char *const outside[] = {"/srv/database", "/srv/data/../x", "/", "srv/data/x",
                                          "/srv/data//x"};
    for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
        assert_int_equal(may_remove(self, outside[i], &fault), -1);
        assert_int_equal(fault.code, FAULT_ARGUMENT);
    }
}

static int
may_list(const manifest_t *self, int64_t count, int rotated)
{
    fault_t fault;
    CLEANUP(value_destroy) value_t *inputs = value_map();
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "path", "/var");
    value_set_integer(arguments, "count", count);
    if (rotated >= 0)
        value_set_bool(arguments, "rotated", rotated);
    return manifest_allows(self, "free", "disk.largest", arguments, inputs, &fault);
}

static void
numbers_and_equals_hold_and_cannot_be_left_out(void **state)
{
    (void)state;
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    assert_int_equal(may_list(self, 1, true), 0);
    assert_int_equal(may_list(self, 10, true), 0);
    assert_int_equal(may_list(self, 11, true), -1);
    assert_int_equal(may_list(self, 0, true), -1);
    assert_int_equal(may_list(self, 5, false), -1);
    assert_int_equal(may_list(self, 5, -1), -1);
}

static void
several_equals_are_alternatives(void **state)
{
    (void)state;
    CLEANUP(manifest_destroy)
    manifest_t *self =
        manifest_decode(slice_text(HEAD "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown "
                                        "0\nstep a run 60 -\nuse a service.status observe\n"
                                        "bound a service.status service equals nginx\n"
                                        "bound a service.status service equals redis\nend\n"),
                        NULL);
    assert_non_null(self);
    static const char *const names[] = {"nginx", "redis", "sshd"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(value_destroy) value_t *arguments = value_map();
        CLEANUP(value_destroy) value_t *inputs = value_map();
        value_set_text(arguments, "service", names[i]);
        assert_int_equal(manifest_allows(self, "a", "service.status", arguments, inputs, NULL),
                         i == 2 ? -1 : 0);
    }
}

static void
needs_that_go_in_a_circle_are_refused(void **state)
{
    (void)state;
    refuses(
        HEAD
        "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\nstep a run 60 -\nstep b run 60 -\n"
        "needs a b\nneeds b a\nend\n",
        FAULT_FORMAT, "circle");
    refuses(
        HEAD
        "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\nstep a run 60 -\nneeds a a\nend\n",
        FAULT_FORMAT, "circle");
    refuses(
        HEAD
        "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\nstep a run 60 -\nneeds a b\nend\n",
        FAULT_FORMAT, "no step is called 'b'");
}

static void
what_does_not_hang_together_is_refused(void **state)
{
    (void)state;
#define SMALL HEAD "class observe\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\n"
    refuses(SMALL "end\n", FAULT_FORMAT, "no step");
    refuses(SMALL "input a kind\nstep a run 60 -\nend\n", FAULT_FORMAT, "no kind of input");
    refuses(SMALL "input a name\ninput a path\nstep a run 60 -\nend\n", FAULT_FORMAT, "two inputs");
    refuses(SMALL "default a 1\nstep a run 60 -\nend\n", FAULT_FORMAT, "no input is called 'a'");
    refuses(SMALL "input a percent\ndefault a 101\nstep a run 60 -\nend\n", FAULT_FORMAT,
            "percent");
    refuses(SMALL "input a name\nfrom a title.x\nstep a run 60 -\nend\n", FAULT_FORMAT, "no field");
    refuses(SMALL "step a run 0 -\nend\n", FAULT_FORMAT, "1 to 3600");
    refuses(SMALL "step a run 60 -\nstep a run 61 -\nend\n", FAULT_FORMAT, "two steps");
    refuses(SMALL "step a run 60 -\nuse a disk.usage observe\nbound a disk.usage size to 1\nend\n",
            FAULT_FORMAT, "an argument 'size'");
    refuses(SMALL "step a run 60 -\nuse a disk.usage observe\nbound a disk.usage path to 1\nend\n",
            FAULT_FORMAT, "wants integers");
    refuses(SMALL "step a run 60 -\nuse a disk.usage observe\n"
                  "bound a disk.usage path under inputs.x\nend\n",
            FAULT_FORMAT, "names no input");
    refuses(SMALL "step a run 60 -\nuse a disk.usage observe\n"
                  "bound a disk.usage path equals %1B[8m\nend\n",
            FAULT_FORMAT, "no text"); /* a terminal would not show what follows */
}

static void
grant_input_injection_shell_metachars(void **state)
{
    (void)state;
    static const char *const bad[] = {"nginx;reboot", "$(reboot)", "`id`", "a b", "nginx\nx",
                                      "-rf",          "",          "../x", "a|b", "Nginx"};
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        fault_t fault = {0};
        input_text_t texts[2] = {{.name = "mount", .text = "/"}, {.name = "service"}};
        snprintf(texts[1].text, sizeof texts[1].text, "%s", bad[i]);
        assert_null(manifest_inputs(self, texts, 2, &fault));
        assert_int_equal(fault.code, FAULT_INPUT);
        assert_non_null(strstr(fault.text, "service"));
    }
    assert_null(input_value(INPUT_PATH, "/var/log/../../etc", NULL));
    assert_null(input_value(INPUT_PATH, "/var/\nlog", NULL));
    assert_null(input_value(INPUT_ADDRESS, "-oProxyCommand=x", NULL));
    assert_null(input_value(INPUT_INTEGER, "08", NULL));
    assert_null(input_value(INPUT_PERCENT, "101", NULL));
}

static void
inputs_have_defaults_and_none_is_unknown_or_missing(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    const input_text_t texts[] = {{"mount", "/srv"}, {"service", "nginx"}, {"other", "1"}};
    CLEANUP(value_destroy) value_t *inputs = manifest_inputs(self, texts, 2, &fault);
    assert_non_null(inputs);
    assert_int_equal(value_get_integer(inputs, "goal"), 80);
    assert_string_equal(value_get_text(inputs, "mount"), "/srv");
    assert_null(manifest_inputs(self, texts, 1, &fault));
    assert_string_equal(fault.text, "input 'service' is missing and has no default");
    assert_null(manifest_inputs(self, texts, 3, &fault));
    assert_int_equal(fault.code, FAULT_INPUT);
}

static void
an_alert_maps_to_inputs(void **state)
{
    (void)state;
    CLEANUP(manifest_destroy) manifest_t *self = whole();
    CLEANUP(alert_destroy) alert_t *alert = memory_new(1, sizeof *alert);
    input_text_t texts[ORDER_INPUTS_MAX];
    alert_add_label(&alert->labels, &alert->label_count);
    snprintf(alert->labels[0].name, sizeof alert->labels[0].name, "mountpoint");
    snprintf(alert->labels[0].value, sizeof alert->labels[0].value, "/srv");
    assert_int_equal(manifest_map(self, alert, texts), 1);
    assert_string_equal(texts[0].name, "mount");
    assert_string_equal(texts[0].text, "/srv");
    memset(alert->labels[0].value, 'x', ALERT_VALUE_MAX);
    assert_int_equal(manifest_map(self, alert, texts), 1);
    assert_string_equal(texts[0].text, "");
}

static void
a_playbook_makes_its_manifest(void **state)
{
    (void)state;
    static const char text[] =
        "return playbook { name = 'disk-full', summary = 'Free space',\n"
        "inputs = { mount = input.path { from = 'labels.mountpoint' },"
        " service = input.name { from = 'labels.service' },"
        " goal = input.percent { default = 80, help = 'stop below this' } },\n"
        "triggers = { on.alert { name = { 'HostOutOfDiskSpace' } } }, rollout = { soak = '30s' },\n"
        "step 'usage' { uses = { 'disk.usage' }, timeout = '30s', run = function() end },\n"
        "step 'free' { needs = { 'usage' }, when = function() end, verify = function() end,\n"
        " uses = { ['disk.largest'] = { count = { from(1), to(10) }, rotated = equals(true) },\n"
        " ['file.remove'] = { path = under('inputs.mount') } }, run = function() end } }";
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    CLEANUP(manifest_destroy) manifest_t *self = runner_manifest(slice_text(text), &fault);
    if (!self)
        fail_msg("%s", fault.text);
    manifest_encode(self, bytes);
    assert_string_equal(bytes_text(bytes), WHOLE);
}

static void
a_playbook_that_is_wrong_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        fault_code_t code;
        const char *words;
    } rows[] = {
        {"return 1", FAULT_SCRIPT, "playbook.lua:1: the file does not return playbook"},
        {"\nreturn playbook { name = 'x' }", FAULT_SCRIPT,
         "playbook.lua:2: playbook 'x' has no sum"},
        {"return playbook { name = 'a b' }", FAULT_SCRIPT, "is not a name"},
        {"return playbook { nam = 'x' }", FAULT_SCRIPT, "has no field 'nam'"},
        {"\n\nstep 'a' { run = function() end, retry = 3 }", FAULT_SCRIPT,
         "playbook.lua:3: step 'a' has no field 'retry'"},
        {"return playbook { name = 'x', summary = 's', step 'a' { uses = { 'no.such' },"
         " run = function() end } }",
         FAULT_OP, "step 'a' uses the unknown op 'no.such'"},
        {"return playbook { name = 'x', summary = 's\\nclass observe',"
         " step 'a' { run = function() end } }",
         FAULT_FORMAT, "summary"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fault_t fault = {0};
        assert_null(runner_manifest(slice_text(rows[i].text), &fault));
        if (fault.code != rows[i].code || !strstr(fault.text, rows[i].words))
            fail_msg("%s: %s", fault_word(fault.code), fault.text);
    }
}

static void
a_map_from_a_runner_may_be_anything(void **state)
{
    (void)state;
    static const char *const maps[] = {"n", "me", "ms5:stepslmeee", "ms5:stepslneee",
                                       "ms5:stepslms4:name1:aee"};
    for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
        CLEANUP(value_destroy) value_t *map = value_decode(slice_text(maps[i]), NULL);
        if (map)
            assert_null(manifest_make(map, NULL));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(orders_steps_by_need_then_name),
        cmocka_unit_test(rel_class_underdeclared),
        cmocka_unit_test(rel_undeclared_op),
        cmocka_unit_test(a_path_stays_under_its_input),
        cmocka_unit_test(numbers_and_equals_hold_and_cannot_be_left_out),
        cmocka_unit_test(several_equals_are_alternatives),
        cmocka_unit_test(needs_that_go_in_a_circle_are_refused),
        cmocka_unit_test(what_does_not_hang_together_is_refused),
        cmocka_unit_test(grant_input_injection_shell_metachars),
        cmocka_unit_test(inputs_have_defaults_and_none_is_unknown_or_missing),
        cmocka_unit_test(an_alert_maps_to_inputs),
        cmocka_unit_test(a_playbook_makes_its_manifest),
        cmocka_unit_test(a_playbook_that_is_wrong_says_where),
        cmocka_unit_test(a_map_from_a_runner_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
