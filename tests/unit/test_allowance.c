/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/allowances.h"
#include "tests/unit/trust_fixture.h"

static allowance_t
some_allowance(const bench_t *bench)
{
    return (allowance_t){.site = bench->site->id,
                         .worker = "w1",
                         .made = bench->site->now,
                         .highest = CLASS_CHANGE,
                         .op_count = 2,
                         .ops = {"disk.usage", "file.remove"}};
}

/* What comes of this allowance with these keys' signatures. */
static int
check_allowance(bench_t *bench, const allowance_t *allowance, purpose_t purpose, const char *names)
{
    allowance_t read;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    allowance_encode(allowance, text);
    sealed_t sealed = site_seal(bench->site, purpose, MOVE(text), names);
    int failed = allowance_check(&read, bench->site->trust, bytes_slice(sealed.document),
                                 bytes_slice(sealed.armors), &bench->fault);
    if (!failed) {
        assert_int_equal(read.highest, allowance->highest);
        assert_true(allowance_has(&read, "file.remove"));
        assert_false(allowance_has(&read, "file.truncate"));
    }
    sealed_done(&sealed);
    return failed;
}

static void
is_signed_by_the_worker_that_it_names(void **state)
{
    bench_t *bench = *state;
    allowance_t allowance = some_allowance(bench);
    assert_fine(bench, check_allowance(bench, &allowance, SIGN_ALLOWANCE, "w1"));
    assert_fault(bench, check_allowance(bench, &allowance, SIGN_ALLOWANCE, "w2"), FAULT_KEY);
    assert_fault(bench, check_allowance(bench, &allowance, SIGN_ALLOWANCE, "w1,w2"),
                 FAULT_SIGNATURE);
    assert_fault(bench, check_allowance(bench, &allowance, SIGN_RECEIPT, "w1"), FAULT_NAMESPACE);
    text_copy(allowance.worker, sizeof allowance.worker, "w9");
    assert_fault(bench, check_allowance(bench, &allowance, SIGN_ALLOWANCE, "w1"), FAULT_NOT_FOUND);
}

static void
is_of_one_site(void **state)
{
    bench_t *bench = *state;
    allowance_t allowance = some_allowance(bench);
    allowance.site.bytes[0] ^= 1;
    assert_fault(bench, check_allowance(bench, &allowance, SIGN_ALLOWANCE, "w1"), FAULT_SITE);
}

/* The code of what decoding says of the document with this line in front of its end. */
static void
refused_with(bench_t *bench, const char *line, fault_code_t code)
{
    allowance_t allowance = some_allowance(bench), read;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *more = bytes_new();
    allowance_encode(&allowance, text);
    bytes_add(more, text->data, text->size - strlen("end\n"));
    bytes_add_text(more, line);
    bytes_add_text(more, "end\n");
    assert_fault(bench, allowance_decode(&read, bytes_slice(more), &bench->fault), code);
}

static void
has_one_spelling_and_an_end(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *many = bytes_new();
    refused_with(bench, "op disk.usage\n", FAULT_FORMAT);
    refused_with(bench, "op Shell\n", FAULT_FORMAT);
    refused_with(bench, "until never\n", FAULT_FORMAT);
    refused_with(bench, "orders 0 0 0\n", FAULT_FORMAT); /* behind the ops, and nothing more */
    refused_with(bench, "class file.remove observe\n", FAULT_FORMAT);
    refused_with(bench, "class file.remove\n", FAULT_FORMAT);
    refused_with(bench, "class a change\nclass a destructive\n", FAULT_FORMAT);
    refused_with(bench, "class b change\nclass a change\n", FAULT_FORMAT);
    refused_with(bench, "command a change\nclass a change\n", FAULT_FORMAT);
    refused_with(bench, "command Renew change\n", FAULT_FORMAT);
    refused_with(bench, "op-window host.reboot sun\n", FAULT_FORMAT);
    refused_with(bench, "op-window Reboot sun 02:00-04:00\n", FAULT_FORMAT);
    refused_with(bench, "op-window host.reboot sun,mon 02:00-04:00\n", FAULT_FORMAT);
    refused_with(bench, "op-window b sun 02:00-04:00\nop-window a sun 02:00-04:00\n", FAULT_FORMAT);
    refused_with(bench, "op-window a sun 02:00-04:00\ncommand a change\n", FAULT_FORMAT);
    CLEANUP(bytes_destroy) bytes_t *owns = bytes_new();
    for (size_t i = 0; i <= ALLOWANCE_HOURS_MAX; i++)
        bytes_addf(owns, "op-window z%03zu sun 02:00-04:00\n", i);
    refused_with(bench, bytes_text(owns), FAULT_LIMIT);
    CLEANUP(bytes_destroy) bytes_t *commands = bytes_new();
    for (size_t i = 0; i <= ALLOWANCE_CLASSES_MAX; i++)
        bytes_addf(commands, "command z%03zu change\n", i);
    refused_with(bench, bytes_text(commands), FAULT_LIMIT);
    for (size_t i = 0; i < ALLOWANCE_OPS_MAX; i++)
        bytes_addf(many, "op z%03zu\n", i);
    refused_with(bench, bytes_text(many), FAULT_LIMIT);
}

static void
tells_windows_of_one_op_in_their_order(void **state)
{
    bench_t *bench = *state;
    weekly_t first, second;
    allowance_t allowance = some_allowance(bench), read;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    assert_true(weekly_read(&first, "sun", "02:00-04:00") &&
                weekly_read(&second, "mon-sun", "00:00-24:00"));
    allowance_owns_add(&allowance.owns, "host.reboot", &first);
    allowance_owns_add(&allowance.owns, "host.reboot", &second);
    allowance_owns_add(&allowance.owns, "file.remove", &first);
    allowance_owns_add(&allowance.owns, "host.reboot", &first);
    allowance_encode(&allowance, text);
    assert_fine(bench, allowance_decode(&read, bytes_slice(text), &bench->fault));
    assert_int_equal(read.owns.count, 3);
    assert_string_equal(read.owns.at[0].op, "file.remove");
    assert_int_equal(allowance_owns_of(&read.owns, "host.reboot"), 2);
    wall_t monday = {INT64_C(4) * 24 * 3600 * 1000}; /* the first was a Thursday */
    assert_true(allowance_owns_stand(&read.owns, "host.reboot", monday));
    assert_false(allowance_owns_stand(&read.owns, "file.remove", monday));
    assert_true(allowance_owns_stand(&read.owns, "disk.usage", monday));
}

static void
tells_whom_the_machine_asks_for(void **state)
{
    bench_t *bench = *state;
    static const struct {
        const char *lines;
        fault_code_t code;
    } rows[] = {
        {"approvals 0 3 0\norders 0 2 16\nbreak-glass never\n", FAULT_NONE},
        {"orders 0 2 3\n", FAULT_NONE},
        {"orders 0 0 0\n", FAULT_FORMAT},
        {"orders 0 0 17\n", FAULT_FORMAT},
        {"orders 2 2\n", FAULT_FORMAT},
        {"orders 0 2 3\napprovals 0 2 3\n", FAULT_FORMAT},
        {"break-glass always\n", FAULT_FORMAT},
        {"orders 0 2 0\nwindow mon,sun 22:00-06:00\nblackout sat 00:00-24:00\n", FAULT_NONE},
        {"window sun,mon 22:00-06:00\n", FAULT_FORMAT},
        {"window mon-fri 22:00-06:00\n", FAULT_FORMAT},
        {"window mon 22:00\n", FAULT_FORMAT},
        {"blackout mon 00:00-01:00\nblackout fri 00:00-01:00\n", FAULT_FORMAT},
        {"blackout sun 00:00-01:00\nwindow mon 00:00-01:00\n", FAULT_FORMAT}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        allowance_t allowance = some_allowance(bench), read;
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        CLEANUP(bytes_destroy) bytes_t *more = bytes_new();
        allowance_encode(&allowance, text);
        const char *ops = strstr(bytes_text(text), "op disk.usage");
        bytes_add(more, text->data, (size_t)(ops - bytes_text(text)));
        bytes_addf(more, "%s%s", rows[i].lines, ops);
        bench->fault = (fault_t){0};
        int failed = allowance_decode(&read, bytes_slice(more), &bench->fault);
        assert_string_equal(fault_word(bench->fault.code), fault_word(rows[i].code));
        assert_true(failed ? rows[i].code != FAULT_NONE : read.more.orders[CLASS_CHANGE] == 2);
    }
}

static void
add_use(manifest_t *manifest, const char *step, const char *op, class_t class_)
{
    manifest->uses = memory_resize(manifest->uses, manifest->use_count + 1, sizeof *manifest->uses);
    manifest_use_t *use = &manifest->uses[manifest->use_count++];
    *use = (manifest_use_t){.class_ = class_};
    text_copy(use->step, sizeof use->step, step);
    text_copy(use->op, sizeof use->op, op);
}

static void
tells_which_workers_would_refuse_which_step(void **state)
{
    bench_t *bench = *state;
    allowance_t at[2] = {some_allowance(bench), some_allowance(bench)};
    allowances_t allowances = {2, at};
    CLEANUP(manifest_destroy) manifest_t *manifest = memory_new(1, sizeof *manifest);
    CLEANUP(value_destroy) value_t *refusals = value_list();
    CLEANUP(value_destroy) value_t *dry = value_list();
    text_copy(at[1].worker, sizeof at[1].worker, "w2");
    at[1].highest = CLASS_OBSERVE;
    add_use(manifest, "usage", "disk.usage", CLASS_OBSERVE);
    add_use(manifest, "clean", "file.remove", CLASS_CHANGE);
    add_use(manifest, "start", "service.restart", CLASS_CHANGE);
    allowances_add_refusals(&allowances, manifest, "", false, refusals);
    assert_int_equal(value_count(refusals), 2);
    assert_string_equal(value_get_text(value_at(refusals, 0), "step"), "clean");
    const value_t *workers = value_get(value_at(refusals, 0), "workers");
    assert_int_equal(value_count(workers), 1);
    assert_string_equal(value_string(value_at(workers, 0)), "w2");
    assert_string_equal(value_get_text(value_at(refusals, 1), "op"), "service.restart");
    assert_int_equal(value_count(value_get(value_at(refusals, 1), "workers")), 2);
    allowances_add_refusals(&allowances, manifest, "", true, dry);
    assert_int_equal(value_count(dry), 0);
}

static void
tells_an_op_whose_own_windows_are_all_closed(void **state)
{
    bench_t *bench = *state;
    allowance_t at[1] = {some_allowance(bench)};
    allowances_t allowances = {1, at};
    weekly_t hours;
    CLEANUP(manifest_destroy) manifest_t *manifest = memory_new(1, sizeof *manifest);
    CLEANUP(value_destroy) value_t *refusals = value_list();
    CLEANUP(value_destroy) value_t *open = value_list();
    static const char *const from_thursday[] = {"thu", "fri", "sat", "sun", "mon", "tue", "wed"};
    int64_t today = wall_now().ms / (24 * 3600 * 1000);
    assert_true(weekly_read(&hours, from_thursday[(today + 3) % 7], "00:00-24:00"));
    allowance_owns_add(&at->owns, "file.remove", &hours);
    add_use(manifest, "usage", "disk.usage", CLASS_OBSERVE);
    add_use(manifest, "clean", "file.remove", CLASS_CHANGE);
    allowances_add_refusals(&allowances, manifest, "", false, refusals);
    assert_int_equal(value_count(refusals), 1);
    assert_string_equal(value_get_text(value_at(refusals, 0), "step"), "clean");
    assert_non_null(strstr(value_get_text(value_at(refusals, 0), "reason"), "for this op is open"));
    assert_true(weekly_read(&hours, "mon-sun", "00:00-24:00"));
    allowance_owns_add(&at->owns, "file.remove", &hours);
    allowances_add_refusals(&allowances, manifest, "", false, open);
    assert_int_equal(value_count(open), 0);
}

static const char *
reason_for(const value_t *refusals, const char *step)
{
    for (size_t i = 0; i < value_count(refusals); i++)
        if (!strcmp(value_get_text(value_at(refusals, i), "step"), step))
            return value_get_text(value_at(refusals, i), "reason");
    return "";
}

static void
tells_what_a_machine_calls_worse(void **state)
{
    static manifest_bound_t bounds[] = {
        {"fine", "site.run", "command", "equals", "renew"},
        {"hard", "site.run", "command", "equals", "wipe"},
        {"none", "site.run", "command", "equals", "other"},
        {"open", "site.run", "command", "equals", "inputs.command"},
    };
    bench_t *bench = *state;
    allowance_t at[1] = {some_allowance(bench)};
    allowances_t allowances = {1, at};
    CLEANUP(manifest_destroy) manifest_t *manifest = memory_new(1, sizeof *manifest);
    CLEANUP(value_destroy) value_t *refusals = value_list();
    CLEANUP(value_destroy) value_t *dry = value_list();
    at->op_count = 3;
    text_copy(at->ops[2], sizeof at->ops[2], "site.run");
    allowance_classes_add(&at->worse, "file.remove", CLASS_DESTRUCTIVE);
    allowance_classes_add(&at->worse, "disk.usage", CLASS_CHANGE);
    allowance_classes_add(&at->commands, "wipe", CLASS_DESTRUCTIVE);
    allowance_classes_add(&at->commands, "renew", CLASS_CHANGE);
    add_use(manifest, "usage", "disk.usage", CLASS_OBSERVE);
    add_use(manifest, "clean", "file.remove", CLASS_CHANGE);
    for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
        add_use(manifest, bounds[i].step, "site.run", CLASS_CHANGE);
    manifest->bounds = memory_new(ARRAY_SIZE(bounds), sizeof *bounds);
    memcpy(manifest->bounds, bounds, sizeof bounds);
    manifest->bound_count = ARRAY_SIZE(bounds);
    allowances_add_refusals(&allowances, manifest, "", false, refusals);
    assert_int_equal(value_count(refusals), 3);
    assert_non_null(strstr(reason_for(refusals, "clean"), "calls this worse"));
    assert_non_null(strstr(reason_for(refusals, "hard"), "calls this worse"));
    assert_non_null(strstr(reason_for(refusals, "none"), "this command"));
    allowances_add_refusals(&allowances, manifest, "", true, dry);
    assert_int_equal(value_count(dry), 1);
    assert_non_null(strstr(reason_for(dry, "usage"), "calls this worse"));
}

static void
tells_what_would_be_refused_as_a_whole(void **state)
{
    bench_t *bench = *state;
    allowance_t at[2] = {some_allowance(bench), some_allowance(bench)};
    allowances_t allowances = {2, at};
    release_t release = {.playbook = "disk-full", .highest = CLASS_CHANGE};
    approvals_t approvals = {.approvers = {.count = 2}};
    order_t order = {.target_count = 0};
    weekly_t weekly;
    unsigned people[CLASSES] = {0};
    CLEANUP(value_destroy) value_t *refusals = value_list();
    text_copy(at[1].worker, sizeof at[1].worker, "w2");
    at[0].more = (quorums_t){.approvals = {0, 2, 9}, .orders = {1, 0, 3}};
    at[1].more = (quorums_t){.approvals = {0, 3, 0}, .orders = {0, 0, 2}};
    at[1].no_glass = true;
    allowances_add_glass(&allowances, &order, refusals);
    assert_int_equal(value_count(refusals), 0);
    allowances_add_approvals(&allowances, &release, &approvals, refusals);
    text_copy(order.break_glass, sizeof order.break_glass, "it burns");
    allowances_add_glass(&allowances, &order, refusals);
    assert_int_equal(value_count(refusals), 2);
    for (size_t i = 0; i < 2; i++) {
        const value_t *workers = value_get(value_at(refusals, i), "workers");
        assert_int_equal(value_count(workers), 1);
        assert_string_equal(value_string(value_at(workers, 0)), "w2");
    }
    allowances_add_hours(&allowances, false, bench->site->now, refusals);
    assert_int_equal(value_count(refusals), 2);
    assert_true(weekly_read(&weekly, "mon-fri", "22:00-06:00")); /* it is a Sunday, 03:04 */
    allowance_hours_add(&at[0].windows, &weekly);
    assert_true(weekly_read(&weekly, "sun", "03:00-04:00"));
    allowance_hours_add(&at[1].windows, &weekly);
    allowance_hours_add(&at[1].windows, &weekly);
    assert_int_equal(at[1].windows.count, 1);
    allowances_add_hours(&allowances, true, bench->site->now, refusals);
    assert_int_equal(value_count(refusals), 2);
    allowances_add_hours(&allowances, false, bench->site->now, refusals);
    assert_int_equal(value_count(refusals), 3);
    allowance_hours_add(&at[1].blackouts, &weekly);
    allowances_add_hours(&allowances, true, bench->site->now, refusals);
    assert_int_equal(value_count(refusals), 4);
    allowances_most(&allowances, people);
    assert_int_equal(people[CLASS_OBSERVE], 1);
    assert_int_equal(people[CLASS_CHANGE], 0);
    assert_int_equal(people[CLASS_DESTRUCTIVE], 3);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(is_signed_by_the_worker_that_it_names),
        test(is_of_one_site),
        test(has_one_spelling_and_an_end),
        test(tells_windows_of_one_op_in_their_order),
        test(tells_whom_the_machine_asks_for),
        test(tells_which_workers_would_refuse_which_step),
        test(tells_an_op_whose_own_windows_are_all_closed),
        test(tells_what_a_machine_calls_worse),
        test(tells_what_would_be_refused_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
