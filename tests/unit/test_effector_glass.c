/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine's own policy says to orders that break glass, and whom it asks for besides. */
#include "tests/unit/effector_fixture.h"

/* 2026-11-22T03:04:05Z, when all of this is, is a Sunday. */
#define CLOSED   "window mon 00:00-00:01\n"
#define BLACKOUT "blackout sun 00:00-24:00\n"

/* With documents. */
static void
begin_with(bench_t *bench, const char *lines)
{
    open_with(bench, lines);
    send_documents(bench);
}

static void
seal_glass(bench_t *bench, const char *names, const char *cosigners)
{
    order_t *order = new_order(bench);
    text_copy(order->break_glass, sizeof order->break_glass, "it burns");
    seal_order(bench, order, names);
    site_sign(bench->site, SIGN_COSIGN, bytes_slice(bench->authority.document), cosigners,
              bench->authority.armors);
}

/* What comes of an order of pat's that breaks glass, cosigned by pia. */
static void
break_glass(bench_t *bench)
{
    seal_glass(bench, "pat", "pia");
    send_warrant(bench);
}

static void
glass_is_broken_outside_the_windows(void **state)
{
    bench_t *bench = *state;
    begin_with(bench, CLOSED);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    remove_log(bench, "1");
    answers(bench, "FAULT", "policy");
    break_glass(bench);
    answers(bench, "GRANTED", "");
    remove_log(bench, "1");
    assert_null(bench->answer);
    assert_int_equal(bench->started, 1);
}

static void
a_blackout_holds_all_the_same__eff_blackout_window(void **state)
{
    bench_t *bench = *state;
    begin_with(bench, CLOSED BLACKOUT);
    break_glass(bench);
    answers(bench, "GRANTED", "");
    remove_log(bench, "1");
    answers(bench, "FAULT", "policy");
    assert_int_equal(bench->started, 0);
}

static void
a_policy_may_say_that_nobody_breaks_glass(void **state)
{
    bench_t *bench = *state;
    begin_with(bench, "break-glass never\n");
    break_glass(bench);
    answers(bench, "REFUSED", "policy");
    remove_log(bench, "1");
    answers(bench, "FAULT", "denied");
    seal_order(bench, new_order(bench), "pat");
    send_warrant(bench);
    answers(bench, "GRANTED", "");
}

/* A judge in enemy hands gains nothing by asking. */
static void
the_effector_looks_for_the_cosigner_by_itself__ord_cosigner_equals_signer(void **state)
{
    bench_t *bench = *state;
    begin_with(bench, CLOSED);
    seal_glass(bench, "pat", "");
    send_warrant(bench);
    answers(bench, "REFUSED", "quorum");
    seal_glass(bench, "pat", "pat");
    send_warrant(bench);
    answers(bench, "REFUSED", "quorum");
    seal_glass(bench, "pat", "rob");
    send_warrant(bench);
    answers(bench, "REFUSED", "role");
    bench->now = site_after(bench->site->now, 3601);
    break_glass(bench);
    answers(bench, "REFUSED", "expired");
    assert_int_equal(bench->started, 0);
}

static void
as_many_sign_an_order_as_the_machine_asks_for(void **state)
{
    bench_t *bench = *state;
    begin_with(bench, "orders change 2\n");
    send_warrant(bench);
    answers(bench, "REFUSED", "quorum");
    break_glass(bench);
    answers(bench, "REFUSED", "quorum");
    seal_order(bench, new_order(bench), "pat,pia");
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    begin_with(bench, "orders destructive 1\n"); /* root's two are the least */
    seal_order(bench, new_order(bench), "pat");
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    assert_string_equal(frames_text(bench->answer, 3), "change");
}

static void
as_many_approve_a_release_as_the_machine_asks_for(void **state)
{
    bench_t *bench = *state;
    begin_with(bench, "approvals change 3\n");
    send_warrant(bench);
    answers(bench, "REFUSED", "quorum");
    begin_with(bench, "approvals change 1\n");
    send_warrant(bench);
    answers(bench, "GRANTED", "");
}

static void
a_cosigner_exceeds_nothing(void **state)
{
    bench_t *bench = *state;
    static const struct {
        const char *line, *answer;
    } rows[] = {{"runs * 1 3600\nexceed pia\n", "FAULT"}, {"runs * 1 3600\nexceed pat\n", NULL}};
    begin_with(bench, "");
    send_warrant(bench);
    remove_log(bench, "1");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        begin_with(bench, rows[i].line);
        break_glass(bench);
        answers(bench, "GRANTED", "");
        remove_log(bench, "1");
        if (rows[i].answer)
            answers(bench, rows[i].answer, "rate");
        else
            assert_null(bench->answer);
    }
}

static void
all_of_it_is_told(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    allowance_t told;
    begin_with(bench, "approvals change 3\norders destructive 4\nbreak-glass never\n" CLOSED CLOSED
                          BLACKOUT "window fri-sun 22:00-06:00\n");
    send(bench, message_of("ALLOWANCE", "a1"));
    answers(bench, "ALLOWANCE", "");
    assert_int_equal(allowance_decode(&told, frames_at(bench->answer, 2), &fault), 0);
    assert_int_equal(told.more.approvals[CLASS_CHANGE], 3);
    assert_int_equal(told.more.approvals[CLASS_DESTRUCTIVE], 0);
    assert_int_equal(told.more.orders[CLASS_DESTRUCTIVE], 4);
    assert_true(told.no_glass);
    assert_int_equal(told.windows.count, 2);
    assert_string_equal(told.windows.at[0], "fri,sat,sun 22:00-06:00");
    assert_string_equal(told.windows.at[1], "mon 00:00-00:01");
    assert_string_equal(told.blackouts.at[0], "sun 00:00-24:00");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(glass_is_broken_outside_the_windows),
        TEST(a_blackout_holds_all_the_same__eff_blackout_window),
        TEST(a_policy_may_say_that_nobody_breaks_glass),
        TEST(the_effector_looks_for_the_cosigner_by_itself__ord_cosigner_equals_signer),
        TEST(as_many_sign_an_order_as_the_machine_asks_for),
        TEST(as_many_approve_a_release_as_the_machine_asks_for),
        TEST(a_cosigner_exceeds_nothing),
        TEST(all_of_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
