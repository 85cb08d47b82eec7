/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "wire/value.h"
#include "worker/op_runner.h"

typedef struct {
    char folder[64];
    policy_t *policy;
    settings_t settings;
    op_runner_t *runner;
} bench_t;

static int
set_up(void **state)
{
    static bench_t bench;
    char path[128];
    fault_t fault = {0};
    bench = (bench_t){.folder = "/tmp/tocsin-op-runner-XXXXXX"};
    assert_non_null(mkdtemp(bench.folder));
    snprintf(path, sizeof path, "%s/policy", bench.folder);
    if (file_write(path, slice_text("class highest observe\n"), 0600, &fault) ||
        !(bench.policy = policy_load(path, &fault)) ||
        !(bench.runner = op_runner_new(bench.folder, bench.policy, &bench.settings, &fault)))
        fail_msg("%s", fault.text);
    *state = &bench;
    return 0;
}

static int
tear_down(void **state)
{
    bench_t *bench = *state;
    char command[80];
    op_runner_destroy(&bench->runner);
    policy_destroy(&bench->policy);
    snprintf(command, sizeof command, "rm -rf '%s'", bench->folder);
    return system(command);
}

/* How long it would have the effector wait. */
static int
patience_ms(const bench_t *bench)
{
    struct pollfd fds[EFFECTOR_FLIGHTS_MAX];
    int timeout_ms;
    op_runner_watch(bench->runner, fds, &timeout_ms);
    return timeout_ms;
}

static size_t
children(void)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read("/proc/thread-self/children", 65536, &fault);
    size_t count = 0;
    if (!text)
        fail_msg("%s", fault.text);
    for (size_t i = 0; i < text->size; i++)
        count += text->data[i] == ' ';
    return count;
}

static void
see(bench_t *bench)
{
    effector_io_t io = op_runner_io(bench->runner);
    const op_t *op = op_find("host.uptime");
    CLEANUP(value_destroy) value_t *arguments = value_map(), *result = NULL;
    struct pollfd fds[EFFECTOR_FLIGHTS_MAX];
    fault_t fault = {0};
    size_t flight = 0;
    int timeout_ms;
    if (io.start(io.self, 3, op, arguments, NULL, &fault))
        fail_msg("%s", fault.text);
    while (!op_runner_next(bench->runner, &flight, &result, &fault)) {
        size_t count = op_runner_watch(bench->runner, fds, &timeout_ms);
        assert_int_equal(count, 1);
        poll(fds, count, timeout_ms);
    }
    assert_int_equal(flight, 3);
    assert_non_null(result);
    assert_false(op_runner_next(bench->runner, &flight, &result, &fault)); /* and it has ended */
}

static void
a_child_stands_ready_behind_an_op_and_is_let_go_where_none_follows(void **state)
{
    bench_t *bench = *state;
    assert_int_equal(patience_ms(bench), -1);
    see(bench);
    assert_int_equal(children(), 1); /* the zygote */
    assert_in_range(patience_ms(bench), 1, 100);
    assert_true(op_runner_lull(bench->runner));
    assert_int_equal(children(), 2);
    assert_in_range(patience_ms(bench), 1000, 60000);
    assert_false(op_runner_lull(bench->runner));
    assert_int_equal(children(), 0);
    assert_int_equal(patience_ms(bench), -1);
}

static void
the_child_that_stands_ready_does_the_next_op(void **state)
{
    bench_t *bench = *state;
    see(bench);
    assert_true(op_runner_lull(bench->runner));
    see(bench);
    assert_int_equal(children(), 1);
    assert_in_range(patience_ms(bench), 1, 100);
}

/* Of this process, which has one. */
static pid_t
only_child(void)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read("/proc/thread-self/children", 65536, &fault);
    assert_non_null(text);
    return atoi(bytes_text(text));
}

static void
a_zygote_that_died_is_replaced_and_no_op_fails_of_it(void **state)
{
    bench_t *bench = *state;
    see(bench);
    pid_t first = only_child();
    kill(first, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)first, NULL, WEXITED | WNOWAIT), 0);
    see(bench);
    see(bench);
    assert_int_equal(children(), 1);
    assert_int_not_equal(only_child(), first);
}

static void
a_zygote_that_hangs_holds_no_op_up(void **state)
{
    bench_t *bench = *state;
    see(bench);
    pid_t first = only_child();
    kill(first, SIGSTOP);
    see(bench);
    see(bench);
    assert_int_equal(children(), 1);
    assert_int_not_equal(only_child(), first);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_child_stands_ready_behind_an_op_and_is_let_go_where_none_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_child_that_stands_ready_does_the_next_op, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_zygote_that_died_is_replaced_and_no_op_fails_of_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_zygote_that_hangs_holds_no_op_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
