/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/plan.h"
#include "tests/unit/site_fixture.h"

/* The site's north grows to workers w1 ... w9, odd ones role=web, others role=db; host-3 is w3. */
static void
grow_north(site_t *site)
{
    fault_t fault = {.text = ""};
    fleet_t *fleet = site_fleet(site, "north");
    fleet->version = 2;
    fleet->host_count = 0;
    site_add_host(fleet, "host-3", "w3");
    for (int i = 3; i <= 9; i++) {
        char id[8];
        snprintf(id, sizeof id, "w%d", i);
        site_add_worker(site, fleet, id, i % 2 ? "role=web" : "role=db");
    }
    sealed_t north CLEANUP(sealed_done) = site_seal_fleet(site, fleet, "olaf");
    if (site_add(site, &north, &fault))
        fail_msg("%s", fault.text);
}

typedef struct {
    site_t *site;
    release_t *release;
    manifest_t *manifest;
    alert_t *alert;
    many_t *inputs, *targets;
    targets_t chosen;
    value_t *workers; /* as the broker tells of them */
    wish_t wish;
} desk_t;

static const char manifest_text[] =
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass observe\n"
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\ninput goal percent\ninput mount path\n"
    "input share path\ndefault goal 80\noptional share\nfrom mount labels.mountpoint\nstep usage "
    "run 60 -\n"
    "use usage disk.usage observe\nbound usage disk.usage path under inputs.mount\n"
    "bound usage disk.usage path under inputs.share\nend\n";

static manifest_t *
make_manifest(void)
{
    manifest_t *manifest = manifest_decode(slice_text(manifest_text), NULL);
    assert_non_null(manifest);
    manifest->highest = CLASS_CHANGE;
    return manifest;
}

static int
open_desk(void **state)
{
    desk_t *desk = memory_new(1, sizeof *desk);
    desk->site = site_new();
    grow_north(desk->site);
    desk->release = memory_new(1, sizeof *desk->release);
    desk->alert = memory_new(1, sizeof *desk->alert);
    desk->inputs = memory_new(1, sizeof *desk->inputs);
    desk->targets = memory_new(1, sizeof *desk->targets);
    desk->workers = value_list();
    snprintf(desk->release->playbook, sizeof desk->release->playbook, "disk-full");
    desk->release->highest = CLASS_CHANGE;
    desk->manifest = make_manifest();
    snprintf(desk->alert->host, sizeof desk->alert->host, "host-3");
    *alert_add_label(&desk->alert->labels, &desk->alert->label_count) =
        (label_t){.name = "mountpoint", .value = "/var"};
    desk->wish = (wish_t){.release = desk->release,
                          .manifest = desk->manifest,
                          .incident = 7,
                          .alert = desk->alert,
                          .inputs = desk->inputs,
                          .targets = &desk->chosen,
                          .first = desk->manifest->first,
                          .grow = desk->manifest->grow,
                          .valid_s = 1800,
                          .now = {INT64_C(1800000000123)}};
    *state = desk;
    return 0;
}

static int
close_desk(void **state)
{
    desk_t *desk = *state;
    site_destroy(&desk->site);
    release_destroy(&desk->release);
    manifest_destroy(&desk->manifest);
    alert_destroy(&desk->alert);
    free(desk->inputs);
    free(desk->targets);
    value_destroy(&desk->workers);
    targets_clear(&desk->chosen);
    free(desk);
    return 0;
}

static void
name_targets(desk_t *desk, size_t count)
{
    static const char *const names[] = {"w9", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"};
    for (size_t i = 0; i < count; i++)
        desk->targets->at[desk->targets->count++] = names[i];
}

/* As `tocsin run plan` goes: targets, then the order. */
static order_t *
order_of(desk_t *desk, fault_t *fault)
{
    value_t *large = NULL;
    selection_t selection = {.chosen = desk->targets, .alert = desk->wish.alert};
    targets_clear(&desk->chosen);
    if (targets_choose(&desk->chosen, &selection, desk->site->trust, fault))
        return NULL;
    order_t *order = plan_order(&desk->wish, desk->site->trust, &large, fault);
    assert_null(large);
    return order;
}

static void
forms_waves_that_grow_in_the_order_that_targets_were_named(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    name_targets(desk, 9);
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    assert_non_null(order);
    assert_int_equal(order->target_count, 9);
    assert_string_equal(order->targets[0].target, "w9");
    assert_int_equal(order->targets[0].wave, 1);
    assert_int_equal(order->targets[2].wave, 2);
    assert_int_equal(order->targets[3].wave, 3);
    assert_int_equal(order->targets[6].wave, 3);
    assert_int_equal(order->targets[7].wave, 4);
}

static void
grows_waves_up_to_what_an_order_may_stand_for(void **state)
{
    (void)state;
    assert_int_equal(plan_wave_size(1, 2, 1), 1);
    assert_int_equal(plan_wave_size(1, 2, 4), 8);
    assert_int_equal(plan_wave_size(1, 2, 4000), ORDER_WAVE_TARGETS_MAX);
    assert_int_equal(plan_wave_size(3, 1, 4000), 3);
}

static void
what_runs_once_has_the_last_target_to_itself(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    desk->manifest->steps[0].once = true;
    desk->wish.first = 9;
    name_targets(desk, 9);
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    assert_non_null(order);
    assert_int_equal(order->targets[7].wave, 1);
    assert_int_equal(order->targets[8].wave, 2);
    assert_string_equal(order->targets[8].target, "w8"); /* named last */
    desk->wish.continues = hash_of(slice_text("an earlier run"));
    assert_null(order_of(desk, &fault));
    assert_non_null(strstr(fault.text, "plan it anew"));
}

static void
takes_the_host_of_the_incident_where_no_target_is_named(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    assert_non_null(order);
    assert_int_equal(order->target_count, 1);
    assert_string_equal(order->targets[0].target, "w3");
    snprintf(desk->alert->host, sizeof desk->alert->host, "host-4");
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_TARGET);
    desk->wish.alert = NULL;
    desk->inputs->at[desk->inputs->count++] = "mount=/srv";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
}

static void
refuses_a_target_that_is_unknown_or_named_twice(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    desk->targets->at[desk->targets->count++] = "w1";
    desk->targets->at[desk->targets->count++] = "w1";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
    desk->targets->at[1] = "w10";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
}

static void
writes_all_inputs_out_from_alert_wish_and_default(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    assert_non_null(order);
    assert_int_equal(order->input_count, 2);
    assert_string_equal(order->inputs[0].text, "80");
    assert_string_equal(order->inputs[1].text, "/var");
    desk->inputs->at[desk->inputs->count++] = "mount=/srv";
    CLEANUP(order_destroy) order_t *other = order_of(desk, &fault);
    assert_string_equal(other->inputs[1].text, "/srv");
}

static void
refuses_inputs_that_are_missing_unknown_or_of_another_kind(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    desk->alert->label_count = 0;
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
    desk->inputs->count = 1;
    desk->inputs->at[0] = "mount=relative";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
    desk->inputs->at[0] = "mounts=/srv";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
    assert_non_null(strstr(fault.text, "did you mean 'mount'; it has: goal, mount"));
    desk->inputs->at[0] = "elsewhere=/srv";
    assert_null(order_of(desk, &fault));
    assert_non_null(strstr(fault.text, "has no input 'elsewhere'; it has"));
    desk->inputs->at[0] = "mount";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
    desk->inputs->count = 2;
    desk->inputs->at[0] = "mount=/srv";
    desk->inputs->at[1] = "mount=/var";
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
    assert_non_null(strstr(fault.text, "gives 'mount' twice"));
}

static void
bounds_the_window(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    assert_int_equal(order->not_before.ms, INT64_C(1800000000000));
    assert_int_equal(order->not_after.ms - order->not_before.ms, 1800000);
    assert_int_equal(order->undo_until.ms - order->not_after.ms, PLAN_UNDO_S * 1000);
    desk->wish.valid_s = 0;
    assert_null(order_of(desk, &fault));
    desk->wish.valid_s = ORDER_WINDOW_MAX_S + 1;
    assert_null(order_of(desk, &fault));
    assert_int_equal(fault.code, FAULT_USAGE);
}

static void
shows_bounds_with_their_values_and_what_is_not_touched(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    approvals_t approvals = {.needed = 1};
    desk->release->highest = CLASS_DESTRUCTIVE; /* root asks for two */
    name_targets(desk, 7);
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    CLEANUP(value_destroy)
    value_t *plan =
        plan_value(&(shown_t){order, NULL, &desk->wish, desk->release, desk->manifest, &approvals},
                   desk->site->trust);
    const value_t *use = value_at(value_get(value_at(value_get(plan, "steps"), 0), "uses"), 0);
    assert_string_equal(value_string(value_at(value_get(use, "bounds"), 0)),
                        "path under /var (inputs.mount)");
    assert_string_equal(value_string(value_at(value_get(use, "bounds"), 1)),
                        "path left out (inputs.share)");
    assert_int_equal(value_count(value_get(plan, "waves")), 3);
    const value_t *untouched = value_get(plan, "untouched");
    assert_int_equal(value_count(untouched), 2);
    assert_string_equal(value_string(value_at(untouched, 0)), "w7");
    assert_string_equal(value_string(value_at(untouched, 1)), "w8");
    const value_t *mount = value_at(value_get(plan, "inputs"), 1);
    assert_string_equal(value_get_text(mount, "origin"), "from the incident");
    const value_t *share = value_at(value_get(plan, "inputs"), 2);
    assert_string_equal(value_get_text(share, "name"), "share");
    assert_string_equal(value_get_text(share, "origin"), "left out");
    assert_int_equal(value_get_integer(plan, "signatures"), 2);
}

static void
an_op_that_waits_for_windows_of_its_own_says_so_before_anyone_signs(void **state)
{
    static const char *const ops[] = {"host.reboot", "clock.step"};
    desk_t *desk = *state;
    fault_t fault;
    approvals_t approvals = {.needed = 1};
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    shown_t shown = {order, NULL, &desk->wish, desk->release, desk->manifest, &approvals};
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        CLEANUP(memory_free) char *text = NULL;
        size_t size;
        snprintf(desk->manifest->uses[0].op, sizeof desk->manifest->uses[0].op, "%s", ops[i]);
        CLEANUP(value_destroy) value_t *plan = plan_value(&shown, desk->site->trust);
        FILE *out = open_memstream(&text, &size);
        plan_print(plan, out);
        fclose(out);
        assert_non_null(strstr(text, ops[i]));
        assert_int_equal(strstr(text, "allow; only within windows of its own\n") != NULL, i == 0);
    }
}

static void
what_is_called_is_shown_and_may_want_more_signatures(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    approvals_t approvals = {.needed = 1};
    release_t callee = *desk->release;
    callee.highest = CLASS_DESTRUCTIVE;
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    shown_t shown = {order, NULL, &desk->wish, desk->release, desk->manifest, &approvals};
    CLEANUP(value_destroy) value_t *plan = plan_value(&shown, desk->site->trust);
    plan_add_callee(plan, &callee, desk->manifest, &approvals, desk->site->trust);
    assert_string_equal(value_get_text(plan, "class"), "destructive");
    assert_int_equal(value_get_integer(plan, "signatures"),
                     trust_root(desk->site->trust)->quorum_order[CLASS_DESTRUCTIVE]);
    const value_t *steps = value_get(value_at(value_get(plan, "callees"), 0), "steps");
    const value_t *use = value_at(value_get(value_at(steps, 0), "uses"), 0);
    assert_string_equal(value_string(value_at(value_get(use, "bounds"), 0)),
                        "path under inputs.mount");
}

/* How many targets a selection has; the fault's code, negative, where it has none. */
static int
chosen(desk_t *desk, const char *target, const char *exception, uint64_t at_most, uint64_t keep)
{
    fault_t fault;
    many_t *except = memory_new(1, sizeof *except);
    desk->targets->count = 1;
    desk->targets->at[0] = target;
    except->count = exception != NULL;
    except->at[0] = exception;
    selection_t selection = {.chosen = desk->targets,
                             .except = except,
                             .workers = desk->workers,
                             .at_most = at_most,
                             .keep = keep};
    targets_clear(&desk->chosen);
    int failed = targets_choose(&desk->chosen, &selection, desk->site->trust, &fault);
    free(except);
    return failed ? -(int)fault.code : (int)desk->chosen.count;
}

static void
chooses_by_labels_region_and_name(void **state)
{
    desk_t *desk = *state;
    assert_int_equal(chosen(desk, "region=north", NULL, 0, 0), 9);
    assert_int_equal(chosen(desk, "role=web,region=north", NULL, 0, 0), 5);
    assert_string_equal(desk->chosen.ids[1], "w3");
    assert_int_equal(chosen(desk, "role=web", "w3", 0, 0), 4);
    assert_string_equal(desk->chosen.excepted[0], "w3");
    assert_int_equal(chosen(desk, "worker=w4", NULL, 0, 0), 1);
}

static void
knows_a_worker_by_what_monitoring_calls_its_machine(void **state)
{
    desk_t *desk = *state;
    assert_int_equal(chosen(desk, "host-3", NULL, 0, 0), 1);
    assert_string_equal(desk->chosen.ids[0], "w3");
    assert_int_equal(chosen(desk, "role=web", "host-3", 0, 0), 4);
    assert_string_equal(desk->chosen.excepted[0], "w3");
    assert_int_equal(chosen(desk, "host-4", NULL, 0, 0), -FAULT_NOT_FOUND);
    assert_int_equal(chosen(desk, "role=web", "host-4", 0, 0), -FAULT_NOT_FOUND);
}

/* Drains the worker in desk->workers. */
static void
drain(desk_t *desk, const char *worker)
{
    value_t *row = value_map();
    value_set_text(row, "id", worker);
    value_set(row, "drained", value_map());
    value_append(desk->workers, row);
}

static void
passes_over_drained_workers_unless_they_are_named(void **state)
{
    desk_t *desk = *state;
    drain(desk, "w3");
    assert_int_equal(chosen(desk, "role=web", NULL, 0, 1), 4);
    assert_string_equal(desk->chosen.ids[1], "w5");
    assert_int_equal(chosen(desk, "w3", NULL, 0, 0), 1);
    assert_int_equal(chosen(desk, "worker=w3", NULL, 0, 0), -FAULT_TARGET);
}

static void
passes_over_revoked_workers_unless_they_are_named(void **state)
{
    desk_t *desk = *state;
    value_t *row = value_map();
    value_set_text(row, "id", "w3");
    value_set_text(row, "revoked", "worker 'w3' was revoked by olaf: stolen");
    value_append(desk->workers, row);
    assert_int_equal(chosen(desk, "role=web", NULL, 0, 1), 4);
    assert_int_equal(chosen(desk, "w3", NULL, 0, 0), 1);
    assert_int_equal(chosen(desk, "worker=w3", NULL, 0, 0), -FAULT_TARGET);
}

static void
refuses_a_selection_of_nobody(void **state)
{
    desk_t *desk = *state;
    static const char *const wrong[] = {"region=north,", "role=", "=web", "role=web role=db"};
    assert_int_equal(chosen(desk, "role=mail", NULL, 0, 0), -FAULT_NOT_FOUND);
    assert_int_equal(chosen(desk, "region=hue", NULL, 0, 0), -FAULT_NOT_FOUND);
    assert_int_equal(chosen(desk, "role=web", "region=north", 0, 0), -FAULT_TARGET);
    assert_int_equal(chosen(desk, "role=web", "w10", 0, 0), -FAULT_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(chosen(desk, wrong[i], NULL, 0, 0), -FAULT_USAGE);
}

static void
keeps_to_caps_and_floors(void **state)
{
    desk_t *desk = *state;
    assert_int_equal(chosen(desk, "role=web", NULL, 5, 0), 5);
    assert_int_equal(chosen(desk, "role=web", NULL, 4, 0), -FAULT_LIMIT);
    assert_int_equal(chosen(desk, "role=web", "w3", 0, 1), 4);
    assert_int_equal(chosen(desk, "role=web", "w3", 0, 2), -FAULT_LIMIT);
    assert_int_equal(chosen(desk, "w1", NULL, 0, 8), 1);
    assert_int_equal(chosen(desk, "w1", NULL, 0, 9), -FAULT_LIMIT);
}

/* A playbook that only observes may begin with a wave that its order does not list. */
static void
stands_for_a_large_wave_by_its_root(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    desk->release->highest = CLASS_OBSERVE;
    desk->wish.first = 5000;
    desk->chosen.ids = memory_new(200, sizeof *desk->chosen.ids);
    for (desk->chosen.count = 0; desk->chosen.count < 200; desk->chosen.count++)
        snprintf(desk->chosen.ids[desk->chosen.count], sizeof *desk->chosen.ids, "w%zu",
                 desk->chosen.count);
    CLEANUP(value_destroy) value_t *large = NULL;
    CLEANUP(order_destroy)
    order_t *order = plan_order(&desk->wish, desk->site->trust, &large, &fault);
    assert_non_null(order);
    assert_int_equal(order->target_count, 0);
    assert_int_equal(order->wave_count, 1);
    assert_int_equal(order->waves[0].count, 200);
    assert_int_equal(value_count(large), 200);
    desk->release->highest = CLASS_CHANGE;
    CLEANUP(value_destroy) value_t *rest = NULL;
    CLEANUP(order_destroy)
    order_t *change = plan_order(&desk->wish, desk->site->trust, &rest, &fault);
    assert_int_equal(change->target_count, ORDER_WAVE_MAX);
    assert_int_equal(order_gate(change), 1);
    assert_int_equal(change->waves[0].count, 200 - ORDER_WAVE_MAX);
}

static void
is_stale_once_a_target_or_an_input_is_gone(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    assert_int_equal(plan_check(order, desk->manifest, desk->site->trust, &fault), 0);
    desk->manifest->input_count = 1;
    assert_int_equal(plan_check(order, desk->manifest, desk->site->trust, &fault), -1);
    assert_int_equal(fault.code, FAULT_STALE);
    snprintf(order->targets[0].target, sizeof order->targets[0].target, "w10");
    assert_int_equal(plan_check(order, desk->manifest, desk->site->trust, &fault), -1);
    assert_int_equal(fault.code, FAULT_STALE);
}

static void
makes_a_document_that_is_canonical(void **state)
{
    desk_t *desk = *state;
    fault_t fault;
    name_targets(desk, 9);
    CLEANUP(order_destroy) order_t *order = order_of(desk, &fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    order_encode(order, text);
    CLEANUP(order_destroy) order_t *again = order_decode(bytes_slice(text), &fault);
    assert_non_null(again);
    assert_int_equal(again->target_count, 9);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(forms_waves_that_grow_in_the_order_that_targets_were_named),
        DESK_TEST(grows_waves_up_to_what_an_order_may_stand_for),
        DESK_TEST(what_runs_once_has_the_last_target_to_itself),
        DESK_TEST(takes_the_host_of_the_incident_where_no_target_is_named),
        DESK_TEST(refuses_a_target_that_is_unknown_or_named_twice),
        DESK_TEST(chooses_by_labels_region_and_name),
        DESK_TEST(knows_a_worker_by_what_monitoring_calls_its_machine),
        DESK_TEST(passes_over_drained_workers_unless_they_are_named),
        DESK_TEST(passes_over_revoked_workers_unless_they_are_named),
        DESK_TEST(refuses_a_selection_of_nobody),
        DESK_TEST(keeps_to_caps_and_floors),
        DESK_TEST(stands_for_a_large_wave_by_its_root),
        DESK_TEST(writes_all_inputs_out_from_alert_wish_and_default),
        DESK_TEST(refuses_inputs_that_are_missing_unknown_or_of_another_kind),
        DESK_TEST(bounds_the_window),
        DESK_TEST(shows_bounds_with_their_values_and_what_is_not_touched),
        DESK_TEST(an_op_that_waits_for_windows_of_its_own_says_so_before_anyone_signs),
        DESK_TEST(what_is_called_is_shown_and_may_want_more_signatures),
        DESK_TEST(is_stale_once_a_target_or_an_input_is_gone),
        DESK_TEST(makes_a_document_that_is_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
