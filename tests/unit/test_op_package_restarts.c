/* SPDX-License-Identifier: Apache-2.0 */
/* What runs as it was before an upgrade: programs of the test's own, below its folder, in a control
 * group of its own. */
#include "op_bench.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static char unit[64], group[PATH_MAX];

PRINTF(1, 2) static void shell(const char *format, ...)
{
    char words[1024], command[1280];
    va_list more;
    va_start(more, format);
    vsnprintf(words, sizeof words, format, more);
    va_end(more);
    snprintf(command, sizeof command, "cd %s && { %s; }", bench_folder, words);
    if (system(command))
        fail_msg("%s", words);
}

static void
join_group(void)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    FILE *file = fopen(path, "we");
    if (!file || fprintf(file, "%d\n", (int)getpid()) < 0 || fclose(file))
        _exit(126);
}

/* A program that sleeps, with a library of the test's own where one is named. */
static pid_t
start(const char *program, const char *library)
{
    char preload[600], *const none[] = {NULL}, *const with[] = {preload, NULL};
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library ? library : "");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (group[0])
            join_group();
        execle(program, "sleeper", "1000", NULL, library ? with : none);
        _exit(127);
    }
    proc_t process = {0};
    while (strncmp(process.name, strrchr(program, '/') + 1, 15) != 0 || process.state != 'S') {
        assert_true(proc_read(pid, &process) && process.state != 'Z');
        poll(NULL, 0, 2);
    }
    return pid;
}

static void
end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* As dpkg does. */
static void
replace(const char *name)
{
    shell("cp %s %s.new && mv %s.new %s", name, name, name, name);
}

static const value_t *
row_of(const value_t *told, pid_t pid)
{
    const value_t *units = value_get(told, "units");
    for (size_t i = 0; i < value_count(units); i++) {
        const value_t *pids = value_get(value_at(units, i), "pids");
        for (size_t j = 0; j < value_count(pids); j++)
            if (value_number(value_at(pids, j)) == pid)
                return value_at(units, i);
    }
    return NULL;
}

static bool
names_file(const value_t *row, const char *path)
{
    const value_t *files = value_get(row, "files");
    for (size_t i = 0; i < value_count(files); i++)
        if (!strcmp(value_string(value_at(files, i)), path))
            return true;
    return false;
}

static void
a_process_whose_program_or_library_was_replaced_is_told_by_its_unit(void **state)
{
    (void)state;
    pid_t both = start(here("usr/bin/sleeper"), here("usr/lib/libspare.so"));
    pid_t one = start(here("usr/bin/sleeper2"), here("usr/lib/libspare.so"));
    CLEANUP(value_destroy) value_t *before = gives("package.restarts", value_map());
    assert_null(row_of(before, both));
    assert_null(row_of(before, one));
    replace("usr/lib/libspare.so");
    CLEANUP(value_destroy) value_t *library = gives("package.restarts", value_map());
    assert_ptr_equal(row_of(library, both), row_of(library, one));
    assert_true(names_file(row_of(library, both), "/usr/lib/libspare.so"));
    assert_false(names_file(row_of(library, both), "/usr/bin/sleeper"));
    replace("usr/bin/sleeper");
    CLEANUP(value_destroy) value_t *program = gives("package.restarts", value_map());
    const value_t *row = row_of(program, both);
    assert_true(names_file(row, "/usr/bin/sleeper") && names_file(row, "/usr/lib/libspare.so"));
    if (group[0]) {
        assert_string_equal(value_get_text(row, "unit"), unit);
        assert_int_equal(value_get_integer(row, "processes"), 2);
        assert_string_equal(value_get_text(row, "name"), "sleeper");
        assert_false(value_get_bool(row, "more"));
    }
    end_process(both);
    end_process(one);
}

static void
what_was_removed_counts_and_what_no_package_brings_does_not(void **state)
{
    (void)state;
    pid_t away = start(here("usr/bin/leaver"), NULL), made = start(here("tmp/made"), NULL);
    unlink(here("usr/bin/leaver"));
    unlink(here("tmp/made"));
    CLEANUP(value_destroy) value_t *told = gives("package.restarts", value_map());
    assert_true(names_file(row_of(told, away), "/usr/bin/leaver"));
    assert_null(row_of(told, made));
    end_process(away);
    end_process(made);
}

static void
a_process_with_a_root_of_its_own_is_not_looked_at(void **state)
{
    int ready[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chroot(bench_folder) || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    CLEANUP(value_destroy) value_t *told = gives("package.restarts", value_map());
    assert_true(value_get_integer(told, "elsewhere") >= 1);
    assert_null(row_of(told, pid));
    end_process(pid);
}

static void
kernel(const char *release, const char *version, const char *installed)
{
    put_file("proc/sys/kernel/osrelease", release, 0644);
    put_file("proc/sys/kernel/version", version, 0644);
    put_file("var/lib/dpkg/status", installed, 0644);
}

#define PACKAGE(name, version)                                                       \
    "Package: linux-image-" name "\nStatus: install ok installed\nVersion: " version \
    "\nArchitecture: amd64\n\n"

static void
a_newer_kernel_of_the_same_flavour_waits_for_a_reboot(void **state)
{
    static const char built[] = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n";
    static const struct {
        const char *release, *version, *installed, *newest;
        bool waits;
    } cases[] = {
        {"6.1.0-18-amd64\n", built, PACKAGE("6.1.0-18-amd64", "6.1.76-1"), "6.1.0-18-amd64", false},
        {"6.1.0-9-amd64\n", built,
         PACKAGE("6.1.0-18-amd64", "6.1.82-1") PACKAGE("6.1.0-9-amd64", "6.1.76-1"),
         "6.1.0-18-amd64", true},
        {"6.1.0-18-amd64\n", built, PACKAGE("6.1.0-18-amd64", "6.1.82-1"), "6.1.0-18-amd64", true},
        {"6.1.0-18-amd64\n", built, PACKAGE("6.1.0-18-amd64-unsigned", "6.1.76-1"),
         "6.1.0-18-amd64", false},
        {"6.1.0-18-amd64\n", built,
         PACKAGE("6.1.0-18-amd64", "6.1.76-1") PACKAGE("6.1.0-21-cloud-amd64", "6.1.90-1")
             PACKAGE("6.1.0-21-amd64-dbg", "6.1.90-1") PACKAGE("amd64", "6.1.90-1"),
         "6.1.0-18-amd64", false},
        {"5.15.0-91-generic\n", "#101-Ubuntu SMP\n", PACKAGE("5.15.0-91-generic", "5.15.0-91.101"),
         "5.15.0-91-generic", false},
        {"6.8.0-custom\n", "#1 SMP\n", PACKAGE("6.1.0-18-amd64", "6.1.82-1"), "", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        kernel(cases[i].release, cases[i].version, cases[i].installed);
        CLEANUP(value_destroy) value_t *told = gives("package.restarts", value_map());
        if (value_get_bool(told, "kernel_waits") != cases[i].waits ||
            strcmp(value_get_text(told, "newest_kernel"), cases[i].newest) != 0)
            fail_msg("%zu: %s", i, value_get_text(told, "newest_kernel"));
    }
    kernel("6.1.0-18-amd64\n", built, "");
    CLEANUP(value_destroy) value_t *bare = gives("package.restarts", value_map());
    assert_string_equal(value_get_text(bare, "kernel"), "6.1.0-18-amd64");
    assert_string_equal(value_get_text(bare, "kernel_version"), "6.1.76-1");
    assert_null(value_get(bare, "newest_kernel"));
    shell("rm var/lib/dpkg/status");
    CLEANUP(value_destroy) value_t *other = gives("package.restarts", value_map());
    assert_false(value_get_bool(other, "kernel_waits"));
    shell("mkdir var/lib/dpkg/status");
    refused("package.restarts", value_map(), FAULT_IO, "dpkg's record cannot be read");
    shell("rmdir var/lib/dpkg/status");
}

static void
this_machine_is_looked_at_as_a_whole(void **state)
{
    (void)state;
    bench_root(true);
    CLEANUP(value_destroy) value_t *told = gives("package.restarts", value_map());
    bench_root(false);
    assert_true(value_get_text(told, "kernel")[0]);
}

static int
begin(void **state)
{
    static const char *const mounts[] = {"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified",
                                         "/sys/fs/cgroup"};
    (void)state;
    bench_begin("class highest observe\n");
    snprintf(unit, sizeof unit, "tocsin-test-%d.service", (int)getpid());
    shell("mkdir -p usr/bin usr/lib tmp");
    for (const char *const *at = (const char *const[]){"usr/bin/sleeper", "usr/bin/sleeper2",
                                                       "usr/bin/leaver", "tmp/made", NULL};
         *at; at++)
        shell("cp -L /usr/bin/sleep %s", *at);
    shell("cp -L $(ldd /usr/bin/perl | grep -o '/[^ ]*libm\\.so[^ ]*') usr/lib/libspare.so");
    for (size_t i = 0; !group[0] && i < ARRAY_SIZE(mounts); i++) {
        snprintf(group, sizeof group, "%s/cgroup.procs", mounts[i]);
        bool mounted = !access(group, W_OK);
        snprintf(group, sizeof group, "%s/%s", mounts[i], unit);
        if (!mounted || (mkdir(group, 0755) && errno != EEXIST))
            group[0] = '\0';
    }
    bench_root(false);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    if (group[0])
        rmdir(group);
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_whose_program_or_library_was_replaced_is_told_by_its_unit),
        cmocka_unit_test(what_was_removed_counts_and_what_no_package_brings_does_not),
        cmocka_unit_test(a_process_with_a_root_of_its_own_is_not_looked_at),
        cmocka_unit_test(a_newer_kernel_of_the_same_flavour_waits_for_a_reboot),
        cmocka_unit_test(this_machine_is_looked_at_as_a_whole),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
