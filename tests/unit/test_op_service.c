/* SPDX-License-Identifier: Apache-2.0 */
/* Services: a small daemon is a shell script under the name of a program. */
#include "op_bench.h"
#include "op_foretold.h"

#include <signal.h>

#include "worker/proc.h"

static char keepers[96];
static char nap_helper[16], stop_helper[16]; /* of this run only: another may run beside it */

static value_t *
named(const char *service)
{
    return texts("service", service, NULL);
}

static bool
lives(int64_t pid)
{
    proc_t found;
    return proc_read((pid_t)pid, &found) && found.state != 'Z' && found.state != 'X';
}

static size_t
count_named(const char *name)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all, NULL), found = 0;
    for (size_t i = 0; i < count; i++)
        found += !strcmp(all[i].name, name) && all[i].state != 'Z';
    return found;
}

/* It is started by a shell, in its own time. */
static void
await_named(const char *name, size_t count)
{
    for (int i = 0; i < 3000 && count_named(name) != count; i++)
        poll(NULL, 0, 10);
    assert_int_equal(count_named(name), count);
}

static void
end_service(const char *name)
{
    fault_t fault;
    char note[160];
    snprintf(note, sizeof note, "%s/%s", keepers, name);
    proc_t keeper;
    if (proc_noted(note, &keeper))
        assert_int_equal(proc_end_tree(&keeper, 5000, &fault), 0);
}

static void
a_service_is_started_once_and_restarted(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *before = gives("service.status", named("napper"));
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("napper"));
    CLEANUP(value_destroy) value_t *same = gives("service.start", named("napper"));
    CLEANUP(value_destroy) value_t *status = gives("service.status", named("napper"));
    CLEANUP(value_destroy) value_t *other = gives("service.restart", named("napper"));
    assert_false(value_get_bool(before, "running"));
    assert_true(value_get_bool(first, "running"));
    int64_t pid = value_get_integer(first, "pid");
    assert_int_equal(value_get_integer(same, "pid"), pid);
    assert_int_equal(value_get_integer(status, "pid"), pid);
    assert_true(llabs(value_get_integer(status, "since") - wall_now().ms) < 60000);
    assert_int_not_equal(value_get_integer(other, "pid"), pid);
    assert_false(lives(pid));
    assert_true(lives(value_get_integer(other, "pid")));
    end_service("napper");
    assert_false(lives(value_get_integer(other, "pid")));
}

static void
what_a_dead_service_left_is_ended_before_the_next_start(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("napper"));
    await_named(nap_helper, 1);
    kill((pid_t)value_get_integer(first, "pid"), SIGKILL);
    for (int i = 0; i < 3000 && lives(value_get_integer(first, "pid")); i++)
        poll(NULL, 0, 10);
    assert_int_equal(count_named(nap_helper), 1);
    CLEANUP(value_destroy) value_t *second = gives("service.start", named("napper"));
    await_named(nap_helper, 1);
    end_service("napper");
    assert_int_equal(count_named(nap_helper), 0);
}

static void
a_service_that_does_not_come_up_says_how(void **state)
{
    (void)state;
    refused("service.start", named("broken"), FAULT_FAILED, "exited with status 7");
    refused("service.start", named("absent"), FAULT_IO, "");
    refused("service.start", named("nobody"), FAULT_POLICY, "");
}

static void
a_service_is_stopped_with_what_it_left_and_told_to_read_anew(void **state)
{
    fault_t fault = {0};
    (void)state;
    refused("service.reload", named("napper"), FAULT_FAILED, "does not run");
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("napper"));
    CLEANUP(value_destroy)
    value_t *would_read = foretold_or("service.reload", named("napper"), &bench, &fault);
    assert_int_equal(value_count(value_get(would_read, "changes")), 1);
    assert_int_equal(access(here("read-anew"), F_OK), -1);
    CLEANUP(value_destroy) value_t *anew = gives("service.reload", named("napper"));
    assert_int_equal(value_get_integer(anew, "pid"), value_get_integer(first, "pid"));
    assert_true(value_equal(value_get(would_read, "result"), anew));
    assert_int_equal(access(here("read-anew"), F_OK), 0);
    await_named(nap_helper, 1);
    CLEANUP(value_destroy)
    value_t *would = foretold_or("service.stop", named("napper"), &bench, &fault);
    assert_int_equal(value_count(value_get(would, "changes")), 1);
    assert_true(lives(value_get_integer(first, "pid")));
    CLEANUP(value_destroy) value_t *stopped = gives("service.stop", named("napper"));
    assert_false(value_get_bool(stopped, "running"));
    assert_false(lives(value_get_integer(first, "pid")));
    assert_int_equal(count_named(nap_helper), 0);
    CLEANUP(value_destroy) value_t *again = gives("service.stop", named("napper"));
    refused("service.stop", named("nobody"), FAULT_POLICY, "");
}

static void
a_reload_that_fails_or_that_no_line_declares_says_so(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("stuck"));
    refused("service.reload", named("stuck"), FAULT_FAILED, "exited with status 7");
    end_service("stuck");
    refused("service.reload", named("broken"), FAULT_POLICY, "service broken reload");
    foresees_refusal("service.reload", named("broken"), &bench, FAULT_POLICY,
                     "service broken reload");
}

static void
a_stop_command_ends_with_its_op(void **state)
{
    fault_t fault = {0};
    (void)state;
    op_t hasty = *op_find("service.restart");
    hasty.timeout_s = 1;
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("stuck"));
    CLEANUP(value_destroy) value_t *arguments = named("stuck");
    op_child_t *child =
        op_child_start(op_row("service.restart"), &hasty, arguments, &bench, NULL, &fault);
    assert_non_null(child);
    await_named(stop_helper, 2);
    assert_null(await_op(child, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
    assert_int_equal(count_named(stop_helper), 0);
    assert_true(lives(value_get_integer(first, "pid")));
    end_service("stuck");
}

static void
a_pidfile_that_others_write_names_nobody_by_name(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("napper"));
    assert_int_equal(chown(here("napper.pid"), 65534, 65534), 0);
    CLEANUP(value_destroy) value_t *theirs = gives("service.status", named("napper"));
    assert_int_equal(chown(here("napper.pid"), 0, 0), 0);
    CLEANUP(value_destroy) value_t *ours = gives("service.status", named("napper"));
    assert_false(value_get_bool(theirs, "running"));
    assert_true(value_get_bool(ours, "running"));
    end_service("napper");
}

static void
a_service_starts_with_a_clean_environment(void **state)
{
    fault_t fault = {0};
    (void)state;
    setenv("EVIL", "1", 1);
    CLEANUP(value_destroy) value_t *first = gives("service.start", named("napper"));
    unsetenv("EVIL");
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)value_get_integer(first, "pid"));
    CLEANUP(bytes_destroy) bytes_t *variables = file_read(path, 4096, &fault);
    const char *expected = "PATH=/usr/sbin:/usr/bin:/sbin:/bin\0LANG=C.UTF-8";
    assert_true(variables->size >= 48 && !memcmp(variables->data, expected, 48));
    assert_null(memmem(variables->data, variables->size, "EVIL", 4));
    end_service("napper");
}

static void
write_scripts(void)
{
    char text[1024];
    fault_t fault;
    snprintf(text, sizeof text,
             "#!/bin/sh\n(exec %s/%s 1000) &\necho $$ > %s/napper.pid\n"
             "trap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n",
             bench_folder, nap_helper, bench_folder);
    put_file("napper", text, 0755);
    snprintf(text, sizeof text, "#!/bin/sh\necho $$ > %s/stuck.pid\nwhile :; do sleep 0.05; done\n",
             bench_folder);
    put_file("stuck", text, 0755);
    snprintf(text, sizeof text, "#!/bin/sh\n(exec %s/%s 1000) &\nexec %s/%s 1000\n", bench_folder,
             stop_helper, bench_folder, stop_helper);
    put_file("stuck-stop", text, 0755);
    put_file("broken", "#!/bin/sh\nexit 7\n", 0755);
    CLEANUP(bytes_destroy) bytes_t *sleeper = file_read("/bin/sleep", 1 << 20, &fault);
    assert_non_null(sleeper);
    assert_int_equal(file_write(here(nap_helper), bytes_slice(sleeper), 0755, &fault), 0);
    assert_int_equal(file_write(here(stop_helper), bytes_slice(sleeper), 0755, &fault), 0);
}

static int
set_up(void **state)
{
    char made[64] = "/tmp/tocsin-ops-XXXXXX", text[2048];
    (void)state;
    if (geteuid() != 0) {
        print_message("needs root\n");
        exit(77);
    }
    snprintf(nap_helper, sizeof nap_helper, "nap-%d", getpid());
    snprintf(stop_helper, sizeof stop_helper, "stop-%d", getpid());
    const char *in = mkdtemp(made);
    assert_non_null(in);
    snprintf(text, sizeof text,
             "class highest change\nread /\n"
             "service napper pidfile %s/napper.pid\nservice napper start %s/napper\n"
             "service stuck pidfile %s/stuck.pid\nservice stuck start %s/stuck\n"
             "service stuck stop %s/stuck-stop\n"
             "service napper reload /usr/bin/touch %s/read-anew\n"
             "service stuck reload %s/broken\n"
             "service broken pidfile %s/broken.pid\nservice broken start %s/broken\n"
             "service absent pidfile %s/absent.pid\nservice absent start %s/absent\n",
             in, in, in, in, in, in, in, in, in, in, in);
    bench_begin_in(in, text);
    snprintf(keepers, sizeof keepers, "%s", here("keepers"));
    assert_int_equal(mkdir(keepers, 0700), 0);
    bench.keepers = keepers;
    write_scripts();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    end_service("napper");
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_started_once_and_restarted),
        cmocka_unit_test(what_a_dead_service_left_is_ended_before_the_next_start),
        cmocka_unit_test(a_service_that_does_not_come_up_says_how),
        cmocka_unit_test(a_service_is_stopped_with_what_it_left_and_told_to_read_anew),
        cmocka_unit_test(a_reload_that_fails_or_that_no_line_declares_says_so),
        cmocka_unit_test(a_stop_command_ends_with_its_op),
        cmocka_unit_test(a_pidfile_that_others_write_names_nobody_by_name),
        cmocka_unit_test(a_service_starts_with_a_clean_environment),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
