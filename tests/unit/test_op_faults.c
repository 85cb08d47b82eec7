/* SPDX-License-Identifier: Apache-2.0 */
/* Ops tell the truth whatever the kernel answers. Each runs in its cell against its real thing; its
 * system calls are learned in order (op_tracer.h), and it runs again and again while one of them
 * fails, or moves fewer bytes. It must end in time and not crash; a result must be the one that it
 * gives undisturbed, or say that it is partial; a fix that gives it must have left the thing so,
 * and one that fails must have left it as it was, or say what is done (DONE_MARK).
 *
 *     test_op_faults [OP]            a sample that SEED draws
 *     test_op_faults --all [OP]      every call, every plausible error; of that op only
 *     test_op_faults --trace OP      the calls
 *
 * In OP's place stands a family too (tests/unit/faults/): files; or foreseen: what is foreseen of
 * all that foretell. */
#include "tests/unit/faults/askers.h"
#include "tests/unit/faults/files.h"
#include "tests/unit/faults/machine.h"
#include "tests/unit/faults/network.h"
#include "tests/unit/faults/processes.h"
#include "tests/unit/faults/sweep.h"
#include "tests/unit/faults/users.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <utmp.h>

#include "worker/ops/bodies.h"

static const family_t families[] = {
    {"askers", askers_cases, ARRAY_SIZE(askers_cases)},
    {"files", files_cases, ARRAY_SIZE(files_cases)},
    {"machine", machine_cases, ARRAY_SIZE(machine_cases)},
    {"network", network_cases, ARRAY_SIZE(network_cases)},
    {"processes", processes_cases, ARRAY_SIZE(processes_cases)},
    {"users", users_cases, ARRAY_SIZE(users_cases)},
};

static const settings_t settings = {
    .state = "/nowhere", .broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};
static char keepers[PATH_MAX];
static pid_t sleeper;
static char sleeper_id[PROC_ID_MAX];

/* It may be frozen, and would not die. */
static void
end_sleeper(void)
{
    fault_t ignored;
    proc_t last;
    char id[PROC_ID_MAX];
    bench_root(true);
    if (sleeper && proc_read(sleeper, &last)) {
        assert_int_equal(proc_write_id(&last, id, NULL), 0);
        CLEANUP(value_destroy)
        value_t *thawed =
            run_within("process.thaw", texts("process", id, "name", "sleeper", NULL), 0, &ignored);
        kill(sleeper, SIGKILL);
        waitpid(sleeper, NULL, 0);
    }
    sleeper = 0;
}

static void
wake_another(void)
{
    char pid[16];
    proc_t process = {0};
    end_sleeper();
    sleeper = fork();
    if (sleeper == 0) {
        execl(here("sleeper"), "sleeper", "1000", NULL);
        _exit(127);
    }
    for (; strcmp(process.name, "sleeper") != 0 || process.state != 'S'; poll(NULL, 0, 1))
        assert_true(proc_read(sleeper, &process) && process.state != 'Z');
    assert_int_equal(proc_write_id(&process, sleeper_id, NULL), 0);
    words_percent = sleeper_id;
    snprintf(pid, sizeof pid, "%d", (int)sleeper);
    put_file("pid", pid, 0644);
}

static bool
uses_process(const case_t *self)
{
    return (self->arguments && strstr(self->arguments, "process=%")) ||
           (self->thing && strstr(self->thing, "@/pid"));
}

static void
lay_out_besides(const case_t *self)
{
    if (!strncmp(self->op, "service.", 8))
        end_service();
    if (!strncmp(self->op, "conntrack.", 10))
        forget_tracked();
    if (uses_process(self))
        wake_another();
}

static void
an_op_tells_the_truth_whichever_of_its_system_calls_fails(void **state)
{
    (void)state;
    try_families(families, ARRAY_SIZE(families));
}

/* One that failed to log in (utmp(5)). */
static void
write_btmp(void)
{
    const struct utmp entry = {.ut_type = LOGIN_PROCESS,
                               .ut_user = "ana",
                               .ut_host = "192.0.2.7",
                               .ut_tv = {.tv_sec = 1700000000}};
    fault_t fault = {0};
    assert_int_equal(file_write(here("btmp"), slice_of(&entry, sizeof entry), 0600, &fault), 0);
}

/* file.remove as it must not be. */
static value_t *
remove_blindly(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    int gone = unlink(path);
    (void)world, (void)fault, (void)gone;
    value_t *result = value_map();
    value_set_text(result, "path", path);
    value_set_integer(result, "freed_bytes", 4096);
    return result;
}

/* file.stat, likewise. */
static value_t *
stat_blindly(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    struct stat facts = {0};
    value_t *result = file_stat(arguments, world, fault);
    int wrong = stat(value_get_text(arguments, "path"), &facts);
    (void)wrong;
    if (result)
        value_set_integer(result, "bytes", facts.st_size);
    return result;
}

static void
an_op_that_lies_is_found(void **state)
{
    static const case_t wrong[] = {
        {.op = "file.remove",
         .arguments = "path=@/spool/app.log.1",
         .before = OLD,
         .body = remove_blindly},
        {.op = "file.stat", .arguments = "path=@/www/one", .before = TREE, .body = stat_blindly},
    };
    (void)state;
    bool asked = !every && !traces && !only;
    for (size_t i = 0; asked && i < ARRAY_SIZE(wrong); i++) {
        memset(&sums, 0, sizeof sums);
        sums.lies = LIES_SHOWN; /* that are meant are not shown */
        sweep(&wrong[i], true);
        assert_true(sums.lies > LIES_SHOWN);
    }
    memset(&sums, 0, sizeof sums);
}

static int
begin(void **state)
{
    static const char policy[] =
        "class highest destructive\nspool %1$s/spool\nread %1$s\nquarantine %1$s/quarantine\n"
        "expendable %1$s/aged older-than 1d\nevidence %1$s/evidence\n"
        "service web pidfile %1$s/run/pid\nservice web start /usr/bin/true\n"
        "management 192.0.2.8/30\nservice real pidfile %1$s/run/real/pid\n"
        "service real start %1$s/serve\nservice real reload /usr/bin/true\n"
        "allow site.run command=tell\n"
        "exec tell class change timeout 9 /usr/bin/touch %1$s/run/told\n";
    char text[2048], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, policy, folder);
    bench_begin_in(folder, text);
    assert_int_equal(lay_out_by("mkdir @/spool @/www @/etc @/run; cp /usr/bin/sleep @/sleeper; cat "
                                "/proc/meminfo >@/meminfo; "
                                "printf '#!/bin/sh\\necho $$ >@/run/real/pid\\nsleep 1000\\n' "
                                ">@/serve; chmod 755 @/serve; "
                                "mkdir -m 700 @/quarantine @/evidence @/keepers"),
                     0);
    write_btmp();
    snprintf(keepers, sizeof keepers, "%s/keepers", folder);
    bench.keepers = keepers;
    bench.settings = &settings;
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    int wrong = system("ip link set lo up; ip link add probe0 type veth peer name probe1; "
                       "ip link add spare0 type veth peer name spare1; "
                       "ip addr add 192.0.2.1/24 dev probe0; ip addr add 192.0.3.1/24 dev spare0; "
                       "for i in probe0 probe1 spare0 spare1; do ip link set $i up; done");
    serve_askers();
    return wrong;
}

static int
end(void **state)
{
    (void)state;
    end_sleeper();
    end_service();
    bench_end();
    return 0;
}

static int
run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_op_that_lies_is_found),
        cmocka_unit_test(an_op_tells_the_truth_whichever_of_its_system_calls_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

/* The first process of a pid namespace: it reaps until the tests end, and what they left ends with
 * it. */
_Noreturn static void
be_first(void)
{
    int status = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("proc", "/proc", "proc", 0, NULL))
        _exit(1);
    pid_t tests = fork();
    if (tests == 0)
        exit(run_all());
    for (pid_t ended = -1; ended != tests;)
        ended = wait(&status);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Ops that look at every process see those of the test alone: others' come and go, have names like
 * theirs, and would be other calls to fail on each machine. */
int
main(int argc, char **argv)
{
    int status = 0;
    fault_options(argc, argv);
    if (unshare(CLONE_NEWPID))
        return 1;
    pid_t first = fork();
    if (first == 0)
        be_first();
    return first > 0 && waitpid(first, &status, 0) == first && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : 1;
}
