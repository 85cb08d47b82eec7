/* SPDX-License-Identifier: Apache-2.0 */
/* host.reboot: what holds it back, by files that lie as a machine's do; a program in the place of
 * /sbin/shutdown; and a systemd of the test's own, which ends by it. */
#include "systemd_fixture.h"

#include "op_foretold.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOON 5 /* seconds: the least */

static value_t *
soon(void)
{
    return and_integer(value_map(), "seconds", SOON);
}

static void
put_boot(void)
{
    put_file("proc/sys/kernel/random/boot_id", "c0ffee\n", 0444);
}

static void
a_machine_that_does_not_tell_which_boot_it_is_in_is_not_rebooted(void **state)
{
    (void)state;
    bench_root(false);
    put_file("sbin/shutdown", "#!/bin/sh\n", 0755);
    refused("host.reboot", soon(), FAULT_IO, "does not tell which boot this is");
    foresees_refusal("host.reboot", soon(), &bench, FAULT_IO, "which boot");
    unlink(here("sbin/shutdown"));
}

/* Nothing that stands against it is looked at again. */
static void
it_is_never_told_long_before_it_goes_down(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *late = and_integer(value_map(), "seconds", 61);
    assert_int_equal(op_check(op_find("host.reboot"), late, &fault), -1);
    assert_int_equal(fault.code, FAULT_ARGUMENT);
}

static void
a_machine_on_which_somebody_is_logged_in_is_not_rebooted(void **state)
{
    (void)state;
    bench_root(false);
    put_boot();
    put_file("run/systemd/sessions/7", "UID=0\nUSER=ana\nLEADER=4194300\nREALTIME=1\n", 0644);
    refused("host.reboot", soon(), FAULT_CONFLICT,
            "1 sessions are open on this machine, one of 'ana'");
    foresees_refusal("host.reboot", soon(), &bench, FAULT_CONFLICT, "say despite_sessions");
    refused("host.reboot", and_true(soon(), "despite_sessions"), FAULT_NOT_FOUND,
            "neither systemd nor '/sbin/shutdown'");
    unlink(here("run/systemd/sessions/7"));
}

/* Who has a lock is another process. */
static pid_t
lock_elsewhere(const char *name)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(here(name), O_RDWR);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fcntl(fd, F_SETLK, &lock) || write(ready[1], "r", 1) != 1)
            _exit(1);
        pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void
a_machine_on_which_a_package_is_being_installed_is_not_rebooted(void **state)
{
    static const char *const locks[] = {"var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock"};
    (void)state;
    bench_root(false);
    put_boot();
    for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
        put_file(locks[i], "", 0640);
        pid_t holder = lock_elsewhere(locks[i]);
        refused("host.reboot", soon(), FAULT_CONFLICT, locks[i]);
        foresees_refusal("host.reboot", soon(), &bench, FAULT_CONFLICT, "is locked; later");
        kill(holder, SIGKILL);
        waitpid(holder, NULL, 0);
    }
}

static void
what_would_be_done_is_told_without_doing_it(void **state)
{
    fault_t fault;
    (void)state;
    bench_root(false);
    put_boot();
    put_file("sbin/shutdown", "#!/bin/sh\n", 0755);
    CLEANUP(value_destroy) value_t *would = foretold_or("host.reboot", soon(), &bench, &fault);
    const value_t *changes = value_get(would, "changes"), *result = value_get(would, "result");
    assert_string_equal(value_string(value_at(changes, 0)), "- boot c0ffee, with 0 sessions");
    assert_string_equal(value_string(value_at(changes, 1)), "+ another boot, begun in 5 s");
    assert_null(value_get(result, "boot")); /* nobody waits for its end */
    assert_string_equal(value_get_text(result, "by"), "shutdown");
}

/* It is told first; the program has no part in the op's life. */
static void
without_systemd_a_program_shuts_down_a_while_after_it_was_told(void **state)
{
    char text[256];
    (void)state;
    bench_root(false);
    put_boot();
    put_file("went", "", 0666);
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$0 $*\" >%s\n", here("went"));
    put_file("sbin/shutdown", text, 0755);
    int64_t before = wall_now().ms;
    CLEANUP(value_destroy) value_t *told = gives("host.reboot", soon());
    CLEANUP(bytes_destroy) bytes_t *early = file_read(here("went"), 100, &(fault_t){0});
    assert_string_equal(bytes_text(early), "");
    assert_true(value_get_integer(told, "at") >= before + SOON * 1000);
    assert_int_equal(value_get_integer(told, "sessions"), 0);
    for (int tries = 0; tries < 300; tries++) {
        CLEANUP(bytes_destroy) bytes_t *went = file_read(here("went"), 100, &(fault_t){0});
        if (went->size) {
            assert_non_null(strstr(bytes_text(went), "/sbin/shutdown -r now"));
            return;
        }
        poll(NULL, 0, 100);
    }
    fail_msg("nothing shuts down");
}

/* ---- by systemd -------------------------------------------------------------------------- */

static value_t *
unit(const char *name)
{
    return texts("unit", name, NULL);
}

/* Who holds it has to ask a service first that has only begun. */
static void
what_holds_a_shutdown_back_holds_a_reboot_back(void **state)
{
    fault_t fault;
    (void)state;
    CLEANUP(value_destroy) value_t *copy = gives("unit.start", unit("copy.service"));
    for (int tries = 0; tries < 100; tries++) {
        CLEANUP(value_destroy) value_t *early = run_within("host.reboot", soon(), 0, &fault);
        if (!early)
            break;
        CLEANUP(value_destroy) value_t *not = gives("unit.stop", unit("tocsin-reboot.timer"));
        poll(NULL, 0, 50);
    }
    refused("host.reboot", soon(), FAULT_CONFLICT,
            "'copy' holds a shutdown back: a copy is written");
    CLEANUP(value_destroy) value_t *over = gives("unit.stop", unit("copy.service"));
}

/* Whoever has an account can have the bus take no more for a while. */
static void
where_the_bus_is_flooded_nobody_tells_and_it_is_not_rebooted(void **state)
{
    struct sockaddr_un bus = {.sun_family = AF_UNIX, .sun_path = "/run/dbus/system_bus_socket"};
    int flood[256]; /* its Backlog is 64 */
    size_t count = 0;
    (void)state;
    CLEANUP(value_destroy) value_t *status = gives("unit.status", unit("dbus.service"));
    pid_t daemon = (pid_t)value_get_integer(status, "main_pid");
    assert_true(daemon > 1);
    assert_int_equal(kill(daemon, SIGSTOP), 0);
    do {
        flood[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(flood[count] >= 0);
    } while (!connect(flood[count++], (struct sockaddr *)&bus, sizeof bus) &&
             count < ARRAY_SIZE(flood));
    fault_t fault;
    CLEANUP(value_destroy) value_t *told = run_within("host.reboot", soon(), 0, &fault);
    kill(daemon, SIGCONT);
    while (count)
        close(flood[--count]);
    value_t *drained = NULL;
    for (int tries = 0; !drained && tries < 500; tries++, poll(NULL, 0, 20))
        drained = run_within("unit.status", unit("dbus.service"), 0, &(fault_t){0});
    assert_non_null(drained);
    value_destroy(&drained);
    assert_null(told);
    assert_non_null(strstr(fault.text, "who holds a shutdown back is not to be learned"));
}

/* It is due then, and nobody is told that it is not. */
static void
where_systemd_hangs_up_amid_it_nobody_knows_whether_it_reboots(void **state)
{
    fault_t fault;
    (void)state;
    pid_t between = systemd_hangs_up_behind("StartTransientUnit");
    CLEANUP(value_destroy) value_t *told = run_within("host.reboot", soon(), 0, &fault);
    systemd_listens(between);
    refused("host.reboot", soon(), FAULT_CONFLICT, "a reboot is due already");
    CLEANUP(value_destroy) value_t *not = gives("unit.stop", unit("tocsin-reboot.timer"));
    assert_null(told);
    if (fault.code != FAULT_UNKNOWN)
        fail_msg("%s (%s)", fault.text, fault_word(fault.code));
}

static void
systemd_reboots_once_a_while_after_it_was_told(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *told = gives("host.reboot", soon());
    assert_string_equal(value_get_text(told, "by"), "systemd");
    assert_int_equal(strlen(value_get_text(told, "boot")), 36);
    refused("host.reboot", soon(), FAULT_CONFLICT, "a reboot is due already");
    CLEANUP(value_destroy) value_t *timer = gives("unit.status", unit("tocsin-reboot.timer"));
    assert_string_equal(value_get_text(timer, "active"), "active");
}

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest observe\n");
    return 0;
}

static int
begin_in_systemd(void **state)
{
    begin(state);
    return systemd_await(state);
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

static int
in_systemd(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_a_shutdown_back_holds_a_reboot_back),
        cmocka_unit_test(where_the_bus_is_flooded_nobody_tells_and_it_is_not_rebooted),
        cmocka_unit_test(where_systemd_hangs_up_amid_it_nobody_knows_whether_it_reboots),
        cmocka_unit_test(systemd_reboots_once_a_while_after_it_was_told),
    };
    return cmocka_run_group_tests(tests, begin_in_systemd, end);
}

/* It ended as one that reboots (pid_namespaces(7)), or, without the right to, as a container does.
 */
static bool
init_rebooted(void)
{
    CLEANUP(descriptor_close) int init = pidfd_open(own.init, 0);
    struct pollfd ready = {.fd = init, .events = POLLIN};
    int status = 0;
    if (poll(&ready, 1, 60000) != 1 || waitpid(own.init, &status, 0) != own.init)
        return false;
    return WIFSIGNALED(status) ? WTERMSIG(status) == SIGHUP : !WEXITSTATUS(status);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_that_does_not_tell_which_boot_it_is_in_is_not_rebooted),
        cmocka_unit_test(it_is_never_told_long_before_it_goes_down),
        cmocka_unit_test(a_machine_on_which_somebody_is_logged_in_is_not_rebooted),
        cmocka_unit_test(a_machine_on_which_a_package_is_being_installed_is_not_rebooted),
        cmocka_unit_test(what_would_be_done_is_told_without_doing_it),
        cmocka_unit_test(without_systemd_a_program_shuts_down_a_while_after_it_was_told),
    };
    int failed = cmocka_run_group_tests(tests, begin, end);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return systemd_run_until(in_systemd, init_rebooted) || failed;
}
