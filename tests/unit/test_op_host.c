/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"

#include <sys/utsname.h>

static double
number(const value_t *map, const char *key)
{
    const value_t *value = value_get(map, key);
    assert_non_null(value);
    return value_kind(value) == VALUE_INTEGER ? (double)value_number(value)
                                              : strtod((const char *)value_slice(value).data, NULL);
}

static void
load_memory_and_files_are_this_machines(void **state)
{
    (void)state;
    bench_root(true);
    CLEANUP(value_destroy) value_t *load = gives("host.load", value_map());
    CLEANUP(value_destroy) value_t *memory = gives("host.memory", value_map());
    CLEANUP(value_destroy) value_t *files = gives("host.files", value_map());
    assert_int_equal(value_get_integer(load, "cpus"), sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(number(load, "load_1m") >= 0 && value_get_integer(load, "threads") > 1);
    int64_t total = value_get_integer(memory, "total_bytes");
    assert_int_equal(total, sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    assert_in_range(value_get_integer(memory, "available_bytes"), 1, total);
    assert_true(number(memory, "used_percent") > 0 && number(memory, "used_percent") < 100);
    assert_true(value_get_integer(files, "open") > 0);
    assert_true(value_get_integer(files, "max") >= value_get_integer(files, "open"));
}

static void
processors_are_looked_at_twice(void **state)
{
    (void)state;
    bench_root(true);
    mono_t from = mono_now();
    CLEANUP(value_destroy) value_t *cpu = gives("host.cpu", value_map());
    assert_true(mono_now().ms - from.ms >= 1000);
    assert_int_equal(value_count(value_get(cpu, "cpus")), sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(number(cpu, "busy_percent") >= 0 && number(cpu, "busy_percent") <= 100);
    fault_t fault;
    assert_null(run_within("host.cpu", and_integer(value_map(), "seconds", 30), 1, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
}

static void
pressure_is_read_as_the_kernel_writes_it(void **state)
{
    (void)state;
    bench_root(false);
    refused("host.pressure", value_map(), FAULT_NOT_FOUND, "does not tell its pressure");
    const char *text = "some avg10=1.50 avg60=0.07 avg300=12.00 total=7123456\n"
                       "full avg10=0.25 avg60=0.00 avg300=3.10 total=2000\n";
    put_file("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", 0644);
    put_file("proc/pressure/memory", text, 0644);
    put_file("proc/pressure/io", text, 0644);
    CLEANUP(value_destroy) value_t *all = gives("host.pressure", value_map());
    const value_t *memory = value_get(all, "memory");
    assert_true(number(memory, "some_10s_percent") == 1.5);
    assert_true(number(memory, "some_60s_percent") == 0.07);
    assert_int_equal(value_get_integer(memory, "some_300s_percent"), 12);
    assert_int_equal(value_get_integer(memory, "some_total_ms"), 7123);
    assert_true(number(memory, "full_300s_percent") == 3.1);
    assert_int_equal(value_get_integer(value_get(all, "cpu"), "full_10s_percent"), 0);
}

/* Whoever has a group of his own names those below it. */
static void
groups_with_long_names_hide_no_kill(void **state)
{
    char command[512];
    (void)state;
    bench_root(false);
    put_file("proc/vmstat", "oom_kill 500\n", 0644);
    snprintf(
        command, sizeof command,
        "cd %s && g=$(head -c 240 /dev/zero | tr '\\0' g) && g=sys/fs/cgroup/$g/$g/$g && "
        "for i in $(seq 120); do mkdir -p $g/$i && echo oom_kill 2 >$g/$i/memory.events.local; "
        "done",
        bench_folder);
    assert_int_equal(system(command), 0);
    CLEANUP(value_destroy) value_t *told = gives("host.oom", value_map());
    assert_int_equal(value_get_integer(told, "kills"), 500);
    assert_int_equal(value_count(value_get(told, "cgroups")), 100);
    assert_int_equal(value_get_integer(told, "left_out"), 20);
    snprintf(command, sizeof command, "rm -rf %s/sys %s/proc", bench_folder, bench_folder);
    assert_int_equal(system(command), 0);
    bench_root(true);
}

static void
kills_for_want_of_memory_are_told_by_control_group(void **state)
{
    (void)state;
    bench_root(true);
    CLEANUP(value_destroy) value_t *own = gives("host.oom", value_map());
    assert_true(value_get_integer(own, "kills") >= 0);
    bench_root(false);
    put_file("proc/vmstat", "nr_free_pages 7\noom_kill 5\n", 0644);
    put_file("sys/fs/cgroup/a.slice/db.service/memory.events.local", "oom 3\noom_kill 2\n", 0644);
    put_file("sys/fs/cgroup/memory/b/memory.oom_control", "under_oom 0\noom_kill 3\n", 0644);
    CLEANUP(value_destroy) value_t *told = gives("host.oom", value_map());
    const value_t *groups = value_get(told, "cgroups");
    assert_int_equal(value_get_integer(told, "kills"), 5);
    assert_int_equal(value_count(groups), 2);
    assert_int_equal(value_get_integer(entry_of(groups, "path", "/a.slice/db.service"), "kills"),
                     2);
    assert_int_equal(value_get_integer(entry_of(groups, "path", "/b"), "kills"), 3);
}

static void
uptime_names_the_boot_and_what_waits_for_another(void **state)
{
    char boot[BOOT_NAME_MAX + 1];
    fault_t fault;
    struct utsname names;
    (void)state;
    bench_root(true);
    CLEANUP(value_destroy) value_t *own = gives("host.uptime", value_map());
    assert_int_equal(boot_name(boot, &fault), 0);
    uname(&names);
    assert_string_equal(value_get_text(own, "boot"), boot);
    assert_string_equal(value_get_text(own, "kernel"), names.release);
    bench_root(false);
    put_file("run/reboot-required", "*** System restart required ***\n", 0644);
    put_file("run/reboot-required.pkgs", "linux-image-amd64\nlibc6\n", 0644);
    CLEANUP(value_destroy) value_t *waits = gives("host.uptime", value_map());
    assert_true(value_get_bool(waits, "reboot_required"));
    assert_string_equal(value_string(value_at(value_get(waits, "reboot_for"), 1)), "libc6");
}

static void
kernel_parameters_are_read_by_either_spelling(void **state)
{
    (void)state;
    bench_root(true);
    CLEANUP(value_destroy)
    value_t *dots = gives("host.sysctl", texts("key", "kernel.ostype", NULL));
    CLEANUP(value_destroy)
    value_t *slashes = gives("host.sysctl", texts("key", "kernel/printk", NULL));
    assert_string_equal(value_get_text(dots, "value"), "Linux");
    assert_null(strchr(value_get_text(slashes, "value"), '\t'));
    assert_non_null(strchr(value_get_text(slashes, "value"), ' '));
    refused("host.sysctl", texts("key", "kernel.no_such", NULL), FAULT_NOT_FOUND, "no_such");
    refused("host.sysctl", texts("key", "kernel/../../uptime", NULL), FAULT_ARGUMENT, "no name");
    refused("host.sysctl", texts("key", "//uptime", NULL), FAULT_ARGUMENT, "no name");
}

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest observe\n");
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
        cmocka_unit_test(groups_with_long_names_hide_no_kill),
        cmocka_unit_test(load_memory_and_files_are_this_machines),
        cmocka_unit_test(processors_are_looked_at_twice),
        cmocka_unit_test(pressure_is_read_as_the_kernel_writes_it),
        cmocka_unit_test(kills_for_want_of_memory_are_told_by_control_group),
        cmocka_unit_test(uptime_names_the_boot_and_what_waits_for_another),
        cmocka_unit_test(kernel_parameters_are_read_by_either_spelling),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
