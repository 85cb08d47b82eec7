/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that is set by a time server's word. The machine's own is not touched: the kernel asks
 * the test (seccomp_unotify(2)) what to make of the call that would move it. */
#include "op_bench.h"
#include "op_foretold.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>

#define EPOCH 2208988800LL /* seconds from 1900 to 1970 */

static int calls = -1; /* what would move the clock is told here */

/* Every process from here on, and what it starts. */
static void
listen_to_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_adjtime, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {ARRAY_SIZE(filter), filter};
    calls = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                         &program);
    assert_true(calls >= 0);
}

/* Takes the call: what it wants of the clock, and lets it have this error, or 0. */
static void
take_call(struct timex *wanted, int *which, int error)
{
    struct seccomp_notif call = {0};
    char path[64];
    assert_int_equal(ioctl(calls, SECCOMP_IOCTL_NOTIF_RECV, &call), 0);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)call.pid);
    CLEANUP(descriptor_close) int memory = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(memory, wanted, sizeof *wanted, (off_t)call.data.args[1]),
                     sizeof *wanted);
    *which = (int)call.data.args[0];
    struct seccomp_notif_resp answer = {.id = call.id, .error = error};
    assert_int_equal(ioctl(calls, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
}

/* ---- a time server ----------------------------------------------------------------------- */

static void
write_time(uint8_t *at, int64_t us)
{
    uint64_t seconds = (uint64_t)(us / 1000000 + EPOCH);
    uint64_t fraction = ((uint64_t)(us % 1000000) << 32) / 1000000;
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(seconds >> (24 - 8 * i));
        at[4 + i] = (uint8_t)(fraction >> (24 - 8 * i));
    }
}

_Noreturn static void
serve(int fd, int64_t ahead_ms)
{
    for (;;) {
        uint8_t packet[48];
        struct timespec now;
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        if (recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) != 48)
            continue;
        clock_gettime(CLOCK_REALTIME, &now);
        int64_t us = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 + ahead_ms * 1000;
        memcpy(packet + 24, packet + 40, 8);
        packet[0] = 0x24;
        packet[1] = 2;
        write_time(packet + 32, us);
        write_time(packet + 40, us);
        sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
    }
}

typedef struct {
    pid_t pid;
    int64_t port;
} server_t;

static server_t
server_of(int64_t ahead_ms)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof here;
    CLEANUP(descriptor_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    server_t self = {fork(), ntohs(here.sin_port)};
    if (self.pid == 0)
        serve(fd, ahead_ms);
    return self;
}

static void
server_end(server_t *self)
{
    kill(self->pid, SIGKILL);
    waitpid(self->pid, NULL, 0);
}

/* ---- */

static value_t *
within(const server_t *server, int64_t least_ms, int64_t most_ms)
{
    value_t *arguments = texts("address", "127.0.0.1", NULL);
    value_set_integer(arguments, "port", server->port);
    value_set_integer(arguments, "least_ms", least_ms);
    value_set_integer(arguments, "most_ms", most_ms);
    return arguments;
}

/* The op's result, once its call was answered so. */
static value_t *
step_with(value_t *arguments, struct timex *wanted, int error, fault_t *fault)
{
    int which = -1;
    CLEANUP(value_destroy) value_t *owned = arguments;
    op_child_t *child =
        op_child_start(op_row("clock.step"), op_find("clock.step"), arguments, &bench, NULL, fault);
    assert_non_null(child);
    struct pollfd call = {.fd = calls, .events = POLLIN};
    assert_int_equal(poll(&call, 1, 20000), 1);
    take_call(wanted, &which, error);
    assert_int_equal(which, CLOCK_REALTIME);
    struct pollfd over = {.fd = op_child_fd(child), .events = POLLIN};
    do
        assert_int_equal(poll(&over, 1, 20000), 1);
    while (!op_child_read(child));
    return op_child_finish(&child, fault);
}

static void
a_clock_that_is_wrong_is_moved_by_that_much_in_one_call(void **state)
{
    static const int64_t aheads[] = {90000, -2500};
    (void)state;
    listen_to_calls();
    for (size_t i = 0; i < ARRAY_SIZE(aheads); i++) {
        server_t server = server_of(aheads[i]);
        struct timex wanted;
        fault_t fault = {0};
        CLEANUP(value_destroy)
        value_t *result = step_with(within(&server, 100, 100000), &wanted, 0, &fault);
        server_end(&server);
        if (!result)
            fail_msg("%s", fault.text);
        int64_t moved_ms = wanted.time.tv_sec * 1000 + wanted.time.tv_usec / 1000000;
        assert_int_equal(wanted.modes, ADJ_SETOFFSET | ADJ_NANO);
        assert_in_range(wanted.time.tv_usec, 0, 999999999);
        assert_true(value_get_bool(result, "stepped"));
        assert_true(llabs(value_get_integer(result, "offset_ms") - aheads[i]) <
                    1000 + value_get_integer(result, "delay_ms"));
        assert_true(llabs(moved_ms - value_get_integer(result, "offset_ms")) <= 1);
    }
}

static void
a_clock_that_the_kernel_does_not_set_is_a_fault(void **state)
{
    server_t server = server_of(90000);
    struct timex wanted;
    fault_t fault = {0};
    (void)state;
    assert_null(step_with(within(&server, 100, 100000), &wanted, -EPERM, &fault));
    server_end(&server);
    assert_int_equal(fault.code, FAULT_IO);
    assert_non_null(strstr(fault.text, "the clock cannot be set"));
}

static void
a_clock_is_left_as_it_is_outside_the_bounds(void **state)
{
    server_t far = server_of(90000), near = server_of(0);
    (void)state;
    refused("clock.step", within(&far, 100, 60000), FAULT_LIMIT, "may be set by at most 60000");
    CLEANUP(value_destroy) value_t *small = gives("clock.step", within(&far, 200000, 300000));
    CLEANUP(value_destroy) value_t *right = gives("clock.step", within(&near, 10000, 300000));
    CLEANUP(value_destroy)
    value_t *foretold = foretells("clock.step", within(&far, 200000, 300000), &bench, "");
    assert_false(value_get_bool(foretold, "stepped"));
    server_end(&far);
    server_end(&near);
    assert_false(value_get_bool(small, "stepped"));
    assert_false(value_get_bool(right, "stepped"));
}

static void
a_dry_run_shows_by_how_much_a_clock_would_be_set(void **state)
{
    fault_t fault;
    server_t far = server_of(90000);
    (void)state;
    int64_t before = wall_now().ms - mono_now().ms;
    CLEANUP(value_destroy)
    value_t *would = foretold_or("clock.step", within(&far, 100, 300000), &bench, &fault);
    const value_t *changes = value_get(would, "changes");
    foresees_refusal("clock.step", within(&far, 100, 60000), &bench, FAULT_LIMIT, "60000");
    server_end(&far);
    assert_int_equal(value_count(changes), 2);
    assert_non_null(strstr(value_string(value_at(changes, 0)), "ms behind"));
    assert_true(value_get_bool(value_get(would, "result"), "stepped"));
    assert_true(llabs(wall_now().ms - mono_now().ms - before) < 30000);
}

static void
a_server_that_is_silent_sets_no_clock(void **state)
{
    server_t gone = server_of(0);
    (void)state;
    server_end(&gone);
    value_t *arguments = within(&gone, 100, 1000);
    value_set_integer(arguments, "timeout_ms", 300);
    refused("clock.step", arguments, FAULT_UNREACHABLE, "time server");
}

static value_t *
move_by_nothing(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    struct timex nothing = {.modes = ADJ_SETOFFSET | ADJ_NANO};
    (void)arguments, (void)world, (void)fault;
    value_t *result = value_map();
    value_set_integer(result, "wrong", clock_adjtime(CLOCK_REALTIME, &nothing) < 0 ? errno : 0);
    return result;
}

/* Before anybody listens: it is the kernel who says so. */
static void
its_cell_may_set_the_clock(void **state)
{
    op_row_t row = *op_row("clock.step"), poor = row;
    op_t op = *op_find("clock.step");
    fault_t fault = {0};
    struct timex nothing = {.modes = ADJ_SETOFFSET | ADJ_NANO};
    (void)state;
    if (clock_adjtime(CLOCK_REALTIME, &nothing) < 0)
        skip();
    CLEANUP(value_destroy) value_t *arguments = value_map();
    op.result = NULL;
    poor.capabilities = 0;
    row.body = poor.body = move_by_nothing;
    CLEANUP(value_destroy)
    value_t *may = await_op(op_child_start(&row, &op, arguments, &bench, NULL, &fault), &fault);
    CLEANUP(value_destroy)
    value_t *not = await_op(op_child_start(&poor, &op, arguments, &bench, NULL, &fault), &fault);
    assert_int_equal(value_get_integer(may, "wrong"), 0);
    assert_int_equal(value_get_integer(not, "wrong"), EPERM);
}

static int
begin(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) || system("ip link set lo up"))
        return -1;
    bench_begin("class highest change\n");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_cell_may_set_the_clock),
        cmocka_unit_test(a_clock_that_is_wrong_is_moved_by_that_much_in_one_call),
        cmocka_unit_test(a_clock_that_the_kernel_does_not_set_is_a_fault),
        cmocka_unit_test(a_clock_is_left_as_it_is_outside_the_bounds),
        cmocka_unit_test(a_server_that_is_silent_sets_no_clock),
        cmocka_unit_test(a_dry_run_shows_by_how_much_a_clock_would_be_set),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
