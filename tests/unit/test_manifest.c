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

#define LEAVING(inputs, bounds)                                           \
    HEAD "class change\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\n" inputs \
         "step a run 60 -\nuse a host.isolate change\n" bounds            \
         "bound a host.isolate seconds to 60\nend\n"

static bool
may_isolate(const manifest_t *self, const char *asked, const char *given)
{
    fault_t fault;

    input_text_t text = {.name = "spare"};
    snprintf(text.text, sizeof text.text, "%s", given ? given : "");
    CLEANUP(value_destroy) value_t *inputs = manifest_inputs(self, &text, given ? 1 : 0, &fault);
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_integer(arguments, "seconds", 60);
    if (asked)
        value_set_text(arguments, "name_server", asked);
    assert_non_null(inputs);
    return !manifest_allows(self, "a", "host.isolate", arguments, inputs, &fault);
}

static void
what_a_left_out_input_bounds_is_left_out_too(void **state)
{
    fault_t fault = {0};
    (void)state;
    static const char strict[] =
        LEAVING("input spare ip\n", "bound a host.isolate name_server equals inputs.spare\n");
    static const char loose[] = LEAVING("input spare ip\noptional spare\n",
                                        "bound a host.isolate name_server equals inputs.spare\n");
    static const char either[] = LEAVING("input spare ip\noptional spare\n",
                                         "bound a host.isolate name_server equals 192.0.2.9\n"
                                         "bound a host.isolate name_server equals inputs.spare\n");
    CLEANUP(manifest_destroy) manifest_t *must = manifest_decode(slice_text(strict), &fault);
    CLEANUP(manifest_destroy) manifest_t *may = manifest_decode(slice_text(loose), &fault);
    CLEANUP(manifest_destroy) manifest_t *one = manifest_decode(slice_text(either), &fault);
    assert_null(manifest_inputs(must, NULL, 0, &fault));
    assert_string_equal(fault.text, "input 'spare' is missing and has no default");
    assert_false(may_isolate(must, NULL, "192.0.2.1"));
    assert_true(may_isolate(may, NULL, NULL));
    assert_false(may_isolate(may, "192.0.2.1", NULL));
    assert_true(may_isolate(may, "192.0.2.1", "192.0.2.1"));
    assert_false(may_isolate(may, "192.0.2.2", "192.0.2.1"));
    assert_false(may_isolate(may, NULL, "192.0.2.1"));
    assert_true(may_isolate(one, NULL, NULL));
    assert_true(may_isolate(one, "192.0.2.9", NULL));
    assert_false(may_isolate(one, "192.0.2.1", NULL));
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
what_runs_once_is_needed_by_nothing_that_does_not(void **state)
{
    (void)state;
    refuses(SMALL "step a run 60 once\nstep b run 60 -\nneeds b a\nend\n", FAULT_FORMAT,
            "step 'b' needs 'a', which runs once for all targets");
    refuses(SMALL "step a run 60 once\nstep b run 60 -\nfailure b a\nend\n", FAULT_FORMAT,
            "step 'b' stands for the failure of 'a', which runs once");
    refuses(SMALL "step a run 60 once,always\nend\n", FAULT_FORMAT, "no flags");
}

static void
what_runs_once_gathers_what_each_target_gave(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *gathered = bytes_new();
    CLEANUP(manifest_destroy)
    manifest_t *self = manifest_decode(
        slice_text(SMALL "step a run 60 -\nstep b run 60 always,once\nstep c approve 60 -\n"
                         "step d run 60 -\nstep e run 60 once\nstep f run 60 -\nneeds b a\n"
                         "needs b d\nneeds b e\nneeds e c\nfailure d a\nperson c officer 60\n"
                         "text c Sure?\nend\n"),
        &fault);
    if (!self)
        fail_msg("%s", fault.text);
    for (size_t i = 0; i < self->step_count; i++)
        if (manifest_gathers(self, &self->steps[i]))
            bytes_add_text(gathered, self->steps[i].name);
    assert_string_equal(bytes_text(gathered),
                        "a"); /* c gives nothing, d is for a failure, e is once too */
    assert_true(manifest_has_once(self));
    assert_int_equal(manifest_check_called(self, &fault), -1);
    assert_int_equal(fault.code, FAULT_DENIED);
}

static void
what_runs_once_wants_a_target_by_itself(void **state)
{
    (void)state;
    fault_t fault = {0};
    target_line_t targets[ONCE_TARGETS_MAX + 1] = {{1, "a"}, {1, "b"}, {2, "c"}};
    CLEANUP(memory_free) order_t *order = memory_new(1, sizeof *order);
    CLEANUP(manifest_destroy)
    manifest_t *self = manifest_decode(slice_text(SMALL "step a run 60 once\nend\n"), &fault);
    CLEANUP(manifest_destroy) manifest_t *other = whole();
    order->targets = targets;
    order->target_count = 3;
    assert_int_equal(manifest_check_order(self, order, &fault), 0);
    order->target_count = 1;
    assert_int_equal(manifest_check_order(self, order, &fault), 0);
    order->target_count = 2;
    assert_int_equal(manifest_check_order(self, order, &fault), -1);
    assert_non_null(strstr(fault.text, "wave 1, the last, has more than the one"));
    assert_int_equal(manifest_check_order(other, order, &fault), 0);
    order->target_count = ONCE_TARGETS_MAX;
    targets[ONCE_TARGETS_MAX - 1].wave = 3;
    assert_int_equal(manifest_check_order(self, order, &fault), 0);
    order->target_count++;
    targets[ONCE_TARGETS_MAX].wave = 4;
    assert_int_equal(manifest_check_order(self, order, &fault), -1);
    assert_int_equal(fault.code, FAULT_TARGET);
    order->target_count = 1;
    order->wave_count = 1;
    assert_int_equal(manifest_check_order(self, order, &fault), -1);
    order->wave_count = 0;
    order->continues = hash_of(slice_text("an earlier run"));
    assert_int_equal(manifest_check_order(self, order, &fault), -1);
    assert_non_null(strstr(fault.text, "continues no other"));
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

/* A broker hands on an alert without the label that the grant bounds: the default counts then. */
static void
grant_default_is_bounded_as_what_an_alert_gives_is(void **state)
{
    static const char *const bounds[] = {"/srv", "/var"}, *const words[] = {"/srv", "/"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char text[256];
        fault_t fault = {0};
        snprintf(text, sizeof text,
                 HEAD "class observe\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\n"
                      "input mount path\ndefault mount %s\nfrom mount labels.mountpoint\n"
                      "step usage run 30 -\nend\n",
                 words[i]);
        CLEANUP(manifest_destroy) manifest_t *self = manifest_decode(slice_text(text), &fault);
        CLEANUP(grant_destroy) grant_t *grant = grant_new();
        CLEANUP(alert_destroy) alert_t *alert = memory_new(1, sizeof *alert);
        const warrant_t warrant = {.grant = grant, .alert = alert};
        assert_non_null(self);
        CLEANUP(value_destroy) value_t *unbounded = manifest_inputs_of(self, &warrant, &fault);
        assert_string_equal(value_get_text(unbounded, "mount"), words[i]);
        grant->bounds[grant->bound_count++] = (input_bound_t){.input = "mount", .kind = "under"};
        snprintf(grant->bounds[0].value, sizeof grant->bounds[0].value, "%s", bounds[i]);
        CLEANUP(value_destroy) value_t *inputs = manifest_inputs_of(self, &warrant, &fault);
        assert_int_equal(!!inputs, i == 0);
        if (!inputs)
            assert_string_equal(fault.text, "the alert leaves it to a default: input 'mount' is "
                                            "not under /var");
    }
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

/* Every kind of step and of line, as a playbook says it and as it stands in the manifest. */
static const char rich[] =
    "return playbook { name = 'rich', summary = 'All of it', at_most = 20, keep = 3,\n"
    "cooldown = '15m', rollout = { first = 2, grow = 3, soak = '1m', max_failures = 1 },\n"
    "inputs = { every = input.duration { default = '5m', range = { '1m', '1h' } },\n"
    " how = input.choice { choices = { 'soft', 'hard' }, default = 'soft' },\n"
    " hosts = input.list { default = { 'a', 'b' } }, net = input.cidr { default = '10.0.0.0/8' },\n"
    " port = input.integer { default = 80, range = { from = 1, to = 65535 } },\n"
    " spare = input.ip { optional = true },\n"
    " tag = input.string { default = 'v1.2', pattern = 'v[0-9]+\\\\.[0-9]+' } },\n"
    "step 'look' { for_each = 'inputs.hosts', max = 10, retry = { count = 2, pause = '10s' },\n"
    " on_failure = { 'tell' }, run = function() end },\n"
    "step 'sure' { needs = { 'look' }, approve = { role = 'officer', text = 'Go on?',\n"
    " expires = '30m' } },\n"
    "step 'which' { needs = { 'look' }, ask = { text = 'Which?', options = { 'one', 'two' } } },\n"
    "step 'fix' { needs = { 'sure', 'which' }, uses = { ['service.start'] = {\n"
    " service = equals('inputs.hosts') } }, run = function() end, undo = function() end },\n"
    "step 'more' { needs = { 'fix' }, call = 'other', given = { port = 'inputs.port',\n"
    " wait = 'inputs.every', hosts = 'inputs.hosts', name = 'x y',\n"
    " where = 'inputs.spare' } },\n"
    "step 'tell' { notify = 'pager', run = function() end },\n"
    "step 'tidy' { always = true, run = function() end } }";

static const char rich_text[] =
    "tocsin-manifest v1\nplaybook rich\nsummary All of it\nclass change\nrollout 2 3 60 1\n"
    "limits 20 3\ncooldown 900\ninput every duration\ninput hosts list\ninput how choice\n"
    "input net cidr\ninput port integer\ninput spare ip\ninput tag string\ndefault every 5m\n"
    "default hosts a,b\ndefault how soft\ndefault net 10.0.0.0/8\ndefault port 80\n"
    "default tag v1.2\noptional spare\npattern tag v[0-9]+\\.[0-9]+\nrange every 60 3600\nrange "
    "port 1 65535\n"
    "choice how hard\nchoice how soft\nstep fix run 60 undo\nstep look run 60 -\n"
    "step more call 60 -\nstep sure approve 60 -\nstep tell notify 60 -\n"
    "step tidy run 60 always\nstep which ask 60 -\nneeds fix sure\nneeds fix which\n"
    "needs more fix\nneeds sure look\nneeds which look\nfailure tell look\nretry look 2 10\n"
    "each look 10\nperson sure officer 1800\nperson which responder 3600\n"
    "text sure Go%20on?\ntext which Which?\nanswer which choice\noption which one\n"
    "option which two\nnotify tell pager\ncall more other\ngiven more hosts inputs.hosts\n"
    "given more name x%20y\ngiven more port inputs.port\ngiven more wait inputs.every\n"
    "given more where inputs.spare\n"
    "use fix service.start change\nbound fix service.start service equals inputs.hosts\nend\n";

static manifest_t *
rich_manifest(void)
{
    fault_t fault = {0};
    manifest_t *self = runner_manifest(slice_text(rich), &fault);
    if (!self)
        fail_msg("%s", fault.text);
    return self;
}

static void
every_field_of_a_playbook_stands_in_its_manifest(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    CLEANUP(manifest_destroy) manifest_t *self = rich_manifest();
    manifest_encode(self, bytes);
    assert_string_equal(bytes_text(bytes), rich_text);
    CLEANUP(manifest_destroy) manifest_t *again = manifest_decode(bytes_slice(bytes), NULL);
    assert_non_null(again);
    assert_int_equal(again->keep, 3);
    assert_int_equal(again->cooldown_s, 900);
    const manifest_step_t *sure = manifest_step(again, "sure");
    assert_int_equal(sure->kind, STEP_APPROVE);
    assert_int_equal(sure->role, ROLE_OFFICER);
    assert_int_equal(sure->wait_s, 1800);
    assert_string_equal(sure->text, "Go on?");
    assert_string_equal(manifest_step(again, "tell")->sink, "pager");
    assert_string_equal(manifest_step(again, "more")->callee, "other");
    assert_int_equal(manifest_step(again, "which")->answer, INPUT_CHOICE);
    assert_true(manifest_step(again, "tidy")->always);
    assert_true(manifest_is_for_failure(again, "tell"));
}

static void
a_step_awaits_what_it_needs_over_any_number_of_steps(void **state)
{
    (void)state;
    CLEANUP(manifest_destroy) manifest_t *self = rich_manifest();
    assert_true(manifest_awaits(self, "more", "sure"));
    assert_true(manifest_awaits(self, "more", "look"));
    assert_true(manifest_awaits(self, "fix", "which"));
    assert_false(manifest_awaits(self, "look", "more"));
    assert_false(manifest_awaits(self, "sure", "which"));
    assert_false(manifest_awaits(self, "tidy", "look"));
    assert_false(manifest_awaits(self, "fix", "fix"));
    assert_false(manifest_awaits(self, "nobody", "look"));
}

static void
a_callee_is_given_literals_and_inputs_as_texts(void **state)
{
    (void)state;
    input_text_t texts[ORDER_INPUTS_MAX];
    CLEANUP(manifest_destroy) manifest_t *self = rich_manifest();
    CLEANUP(value_destroy) value_t *inputs = manifest_inputs(self, NULL, 0, NULL);
    assert_non_null(inputs);
    assert_int_equal(value_get_integer(inputs, "every"), 300);
    assert_int_equal(manifest_given(self, manifest_step(self, "more"), inputs, texts), 4);
    assert_string_equal(texts[0].text, "a,b");
    assert_string_equal(texts[1].text, "x y");
    assert_string_equal(texts[2].text, "80");
    assert_string_equal(texts[3].text, "300s");
    assert_int_equal(manifest_given(self, manifest_step(self, "fix"), inputs, texts), 0);
    value_set_text(inputs, "spare", "192.0.2.1");
    assert_int_equal(manifest_given(self, manifest_step(self, "more"), inputs, texts), 5);
    assert_string_equal(texts[4].text, "192.0.2.1");
}

static void
takes(input_kind_t kind, const char *text)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *value = input_value(kind, text, &fault);
    if (!value)
        fail_msg("%s: %s", input_kind_word(kind), fault.text);
}

static void
turns_away(input_kind_t kind, const char *text)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *value = input_value(kind, text, &fault);
    if (value || fault.code != FAULT_INPUT)
        fail_msg("%s takes '%s'", input_kind_word(kind), text);
}

static void
each_kind_of_input_has_one_spelling(void **state)
{
    (void)state;
    static const struct {
        input_kind_t kind;
        const char *good[3], *bad[8];
    } rows[] = {
        {INPUT_DURATION, {"0s", "90s", "2h"}, {"0", "0m", "05m", "5", "m", "1w", "1000000000s"}},
        {INPUT_IP,
         {"10.1.2.3", "::1", "2001:db8::1"},
         {"10.1.2", "010.1.2.3", "::0001", "1:2:3:4:5:6:7:8:9", "2001:DB8::1", "::ffff:1"}},
        {INPUT_CIDR,
         {"10.0.0.0/8", "::/0", "10.1.2.3/32"},
         {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0", "/8", "10.0.0.0/8/8"}},
        {INPUT_HOST,
         {"a", "www.example.org", "x-1.y"},
         {"-a", "a-", "a..b", "a.", ".a", "A.b", "a_b", "a b"}},
        {INPUT_LIST, {"a", "a,b", "x1,y-2,z.3"}, {",", "a,", ",a", "a,,b", "a b", "A", "a;b"}},
        {INPUT_SECRET, {"db-password", "x", "y"}, {"Secret!", "-x", "a b"}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(rows[i].good); j++)
            takes(rows[i].kind, rows[i].good[j]);
        for (size_t j = 0; j < ARRAY_SIZE(rows[i].bad) && rows[i].bad[j]; j++)
            turns_away(rows[i].kind, rows[i].bad[j]);
    }
}

static void
an_input_keeps_to_its_range_pattern_and_choices(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"every", "59s"},  {"every", "2h"},   {"port", "0"},
                                         {"port", "65536"}, {"tag", "v1"},     {"tag", "xv1.2"},
                                         {"tag", "v1.2x"},  {"how", "softly"}, {"how", "Soft"}};
    CLEANUP(manifest_destroy) manifest_t *self = rich_manifest();
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        fault_t fault = {0};
        assert_null(manifest_input_value(self, manifest_input(self, bad[i][0]), bad[i][1], &fault));
        assert_int_equal(fault.code, FAULT_INPUT);
        if (!strcmp(bad[i][0], "how"))
            assert_non_null(strstr(fault.text, "none of its choices: hard, soft"));
    }
    CLEANUP(value_destroy)
    value_t *answer = manifest_answer(self, manifest_step(self, "which"), "two", NULL);
    assert_string_equal(value_string(answer), "two");
    assert_null(manifest_answer(self, manifest_step(self, "which"), "three", NULL));
}

static void
a_list_bounds_an_argument_to_its_items(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "a,b"};
    CLEANUP(manifest_destroy) manifest_t *self = rich_manifest();
    CLEANUP(value_destroy) value_t *inputs = manifest_inputs(self, NULL, 0, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(value_destroy) value_t *arguments = value_map();
        value_set_text(arguments, "service", names[i]);
        assert_int_equal(manifest_allows(self, "fix", "service.start", arguments, inputs, NULL),
                         i < 2 ? 0 : -1);
    }
}

static void
steps_that_do_not_fit_their_kind_are_refused(void **state)
{
    (void)state;
#define TWO SMALL "step a run 60 -\nstep b run 60 -\n"
    refuses(SMALL "step a talk 60 -\nend\n", FAULT_FORMAT, "no kind of step");
    refuses(SMALL "step a run 60 verify,when\nend\n", FAULT_FORMAT, "no flags");
    refuses(SMALL "step a approve 60 -\nend\n", FAULT_FORMAT, "wants a person and a text");
    refuses(SMALL "step a run 60 -\nperson a officer 60\nend\n", FAULT_FORMAT, "no person");
    refuses(SMALL "step a approve 60 undo\nperson a officer 60\ntext a x\nend\n", FAULT_FORMAT,
            "no undo");
    refuses(SMALL "step a ask 60 -\nperson a officer 60\ntext a x\nanswer a choice\nend\n",
            FAULT_FORMAT, "wants options");
    refuses(SMALL "step a ask 60 -\nperson a officer 60\ntext a x\nanswer a secret\nend\n",
            FAULT_FORMAT, "no secret");
    refuses(SMALL "step a approve 60 -\nperson a author,officer 60\ntext a x\nend\n", FAULT_FORMAT,
            "not one role");
    refuses(SMALL "step a notify 60 -\nend\n", FAULT_FORMAT, "wants a sink");
    refuses(SMALL "step a call 60 -\nend\n", FAULT_FORMAT, "wants a playbook");
    refuses(SMALL "step a call 60 -\nretry a 1 0\ncall a x\nend\n", FAULT_FORMAT, "no retry");
    refuses(SMALL "step a run 60 -\ngiven a x 1\nend\n", FAULT_FORMAT, "calls nothing");
    refuses(SMALL "step a call 60 -\ncall a x\ngiven a x inputs.y\nend\n", FAULT_FORMAT,
            "names no input");
    refuses(SMALL "step a call 60 -\ncall a x\ngiven a x 1\ngiven a x 2\nend\n", FAULT_FORMAT,
            "given twice");
    refuses(HEAD "class change\nrollout 1 2 0 0\nlimits 0 0\ncooldown 0\nstep a run 60 -\n"
                 "retry a 1 0\nuse a service.restart change\nend\n",
            FAULT_FORMAT, "cannot be retried: that would do service.restart again");
    refuses(SMALL "step a run 60 -\nretry a 11 0\nend\n", FAULT_FORMAT, "1 to 10");
    refuses(SMALL "step a run 60 -\neach a 257\nend\n", FAULT_FORMAT, "1 to 256");
}

static void
what_runs_last_or_for_a_failure_is_needed_by_nothing_ordinary(void **state)
{
    (void)state;
    refuses(SMALL "step a run 60 -\nstep b run 60 always\nneeds a b\nend\n", FAULT_FORMAT,
            "runs last");
    refuses(TWO "step c run 60 -\nneeds c b\nfailure b a\nend\n", FAULT_FORMAT,
            "only once another failed");
    refuses(SMALL "step a run 60 -\nstep b run 60 always\nfailure b a\nend\n", FAULT_FORMAT,
            "stands for no failure");
    refuses(TWO "needs a b\nfailure b a\nend\n", FAULT_FORMAT, "circle: a -> b -> a");
    refuses(TWO "failure b b\nend\n", FAULT_FORMAT, "circle: b -> b");
}

static void
inputs_that_cannot_hold_are_refused(void **state)
{
    (void)state;
    refuses(SMALL "input a choice\nstep b run 60 -\nend\n", FAULT_FORMAT, "nothing to choose");
    refuses(SMALL "input a name\nchoice a x\nstep b run 60 -\nend\n", FAULT_FORMAT, "no choice");
    refuses(SMALL "input a name\npattern a x\nstep b run 60 -\nend\n", FAULT_FORMAT, "no string");
    refuses(SMALL "input a string\npattern a (x)\nstep b run 60 -\nend\n", FAULT_FORMAT,
            "behind a backslash");
    refuses(SMALL "input a name\nrange a 1 2\nstep b run 60 -\nend\n", FAULT_FORMAT, "have ranges");
    refuses(SMALL "input a integer\nrange a 2 1\nstep b run 60 -\nend\n", FAULT_FORMAT, "no range");
    refuses(SMALL "input a integer\ndefault a 3\nrange a 1 2\nstep b run 60 -\nend\n", FAULT_FORMAT,
            "default of 'a' '3' is not within 1 to 2");
    refuses(SMALL "input a name\ndefault a x\noptional a\nstep b run 60 -\nend\n", FAULT_FORMAT,
            "has a default, so it is never left out");
    refuses(SMALL "input a name\ndefault a x\ndefault a y\nstep b run 60 -\nend\n", FAULT_FORMAT,
            "manifest");
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
         "playbook.lua:3: step 'a': 'retry' wants a table, not a number"},
        {"step 'a' { approve = { text = 'x' }, call = 'y' }", FAULT_SCRIPT, "is one thing only"},
        {"step 'a' { call = 'y', run = function() end }", FAULT_SCRIPT, "has a run"},
        {"step 'a' { ask = { options = { 'x' } } }", FAULT_SCRIPT, "no text for the person"},
        {"step 'a' { for_each = function() end, run = function() end }", FAULT_SCRIPT, "wants max"},
        {"return playbook { name = 'x', summary = 's', inputs = { hosts = input.list {} },"
         " step 'a' { for_each = 'inputs.hots', run = function() end } }",
         FAULT_SCRIPT, "step 'a': for_each: there is no input 'hots'"},
        {"step 'a' { given = {}, run = function() end }", FAULT_SCRIPT, "gives inputs to nobody"},
        {"return playbook { name = 'x', summary = 's', step 'a' { uses = { 'no.such' },"
         " run = function() end } }",
         FAULT_OP, "step 'a' uses the unknown op 'no.such'"},
        {"local book = playbook { name = 'x', summary = 's', step 'a' { run = function() end } }\n"
         "book.no.such = 1 return book",
         FAULT_SCRIPT, "playbook.lua:2: attempt to index a nil value"},
        {"if not tried then tried = true error 'the first time' end\n"
         "return playbook { name = 'x', summary = 's', step 'a' { run = function() end } }",
         FAULT_SCRIPT, "playbook.lua:1: the first time"},
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
        cmocka_unit_test(what_a_left_out_input_bounds_is_left_out_too),
        cmocka_unit_test(needs_that_go_in_a_circle_are_refused),
        cmocka_unit_test(what_does_not_hang_together_is_refused),
        cmocka_unit_test(grant_input_injection_shell_metachars),
        cmocka_unit_test(grant_default_is_bounded_as_what_an_alert_gives_is),
        cmocka_unit_test(inputs_have_defaults_and_none_is_unknown_or_missing),
        cmocka_unit_test(an_alert_maps_to_inputs),
        cmocka_unit_test(a_playbook_makes_its_manifest),
        cmocka_unit_test(every_field_of_a_playbook_stands_in_its_manifest),
        cmocka_unit_test(a_step_awaits_what_it_needs_over_any_number_of_steps),
        cmocka_unit_test(a_callee_is_given_literals_and_inputs_as_texts),
        cmocka_unit_test(each_kind_of_input_has_one_spelling),
        cmocka_unit_test(an_input_keeps_to_its_range_pattern_and_choices),
        cmocka_unit_test(a_list_bounds_an_argument_to_its_items),
        cmocka_unit_test(steps_that_do_not_fit_their_kind_are_refused),
        cmocka_unit_test(what_runs_last_or_for_a_failure_is_needed_by_nothing_ordinary),
        cmocka_unit_test(what_runs_once_is_needed_by_nothing_that_does_not),
        cmocka_unit_test(what_runs_once_gathers_what_each_target_gave),
        cmocka_unit_test(what_runs_once_wants_a_target_by_itself),
        cmocka_unit_test(inputs_that_cannot_hold_are_refused),
        cmocka_unit_test(a_playbook_that_is_wrong_says_where),
        cmocka_unit_test(a_map_from_a_runner_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
