/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's own snmpd (deploy/install-deps unpacks it), in a network namespace of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/file.h"
#include "common/program.h"
#include "net_fixture.h"
#include "op_fixture.h"

#define SNMPD "build/tools/usr/sbin/snmpd"
#define PORT  7161
#define DESCR "1.3.6.1.2.1.1.1.0"

static char folder[64], programs[PATH_MAX];
static op_world_t world = {.programs = programs};
static pid_t snmpd;

static void
put(const char *name, const char *text, mode_t mode)
{
    fault_t fault = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_write(path, slice_text(text), mode, &fault))
        fail_msg("%s", fault.text);
}

static void
start_snmpd(void)
{
    char config[128], state[128], at[32];
    snprintf(config, sizeof config, "%s/snmpd.conf", folder);
    snprintf(state, sizeof state, "SNMP_PERSISTENT_DIR=%s", folder);
    snprintf(at, sizeof at, "udp:192.0.2.2:%d", PORT);
    go(net_there);
    snmpd = fork();
    if (snmpd == 0) {
        const char *const words[] = {SNMPD, "-f", "-C", "-c", config, "-Ln", at, NULL};
        const char *const environment[] = {state, "MIBS=", NULL};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execve(words[0], (char *const *)(uintptr_t)words, (char *const *)(uintptr_t)environment);
        _exit(127);
    }
    go(net_here);
}

static int
set_up(void **state)
{
    fault_t fault = {0};
    char own[PATH_MAX], path[128], policy[512];
    (void)state;
    text_copy(folder, sizeof folder, "/tmp/tocsin-snmp.XXXXXX");
    if (!mkdtemp(folder) || program_folder(own, &fault) || net_make())
        return -1;
    snprintf(programs, sizeof programs, "%.4000s/../../libexec/tocsin", own);
    put("snmpd.conf",
        "rocommunity switch-word\ncreateUser watcher SHA-256 authword12 AES privword12\n"
        "createUser old SHA authword12 AES privword12\nrouser watcher priv\nrouser old priv\n"
        "sysDescr a device of the test\n",
        0600);
    put("community", "switch-word\n", 0600);
    put("wrong", "no-such-word\n", 0600);
    put("watcher", "watcher:authword12:privword12\n", 0600);
    put("old", "old:authword12:privword12\n", 0600);
    put("liar", "watcher:authword12:privword13\n", 0600);
    put("short", "watcher:auth:priv\n", 0600);
    put("open", "switch-word\n", 0644);
    size_t used = 0;
    static const char *const names[] = {"community", "wrong", "watcher", "old",
                                        "liar",      "short", "open"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        used += (size_t)snprintf(policy + used, sizeof policy - used, "secret %s file %s/%s\n",
                                 names[i], folder, names[i]);
    put("policy", policy, 0600);
    snprintf(path, sizeof path, "%s/policy", folder);
    world.policy = policy_load(path, &fault);
    if (!access(SNMPD, X_OK))
        start_snmpd();
    return world.policy ? 0 : -1;
}

static int
tear_down(void **state)
{
    policy_t *policy = (policy_t *)(uintptr_t)world.policy;
    (void)state;
    if (snmpd) {
        kill(snmpd, SIGKILL);
        waitpid(snmpd, NULL, 0);
    }
    policy_destroy(&policy);
    shell("rm -r %s", folder);
    return 0;
}

static value_t *
asked(const char *version, const char *secret, const char *object)
{
    return given("address", 's', "192.0.2.2", "port", 'i', (int64_t)PORT, "version", 's', version,
                 "secret", 's', secret, "oid", 's', object, "timeout_ms", 'i', (int64_t)10000,
                 NULL);
}

/* Who does not answer is not waited for. */
static value_t *
soon(value_t *question)
{
    value_set_integer(question, "timeout_ms", 300);
    return question;
}

/* Skips where there is no snmpd to ask, and waits until it answers. */
static void
await_snmpd(void)
{
    if (!snmpd)
        skip();
    for (int waited = 0; waited < LONG_MS; waited += 100) {
        fault_t ignored = {0};
        CLEANUP(value_destroy)
        value_t *result =
            run_op("snmp.get", soon(asked("2c", "community", DESCR)), &world, &ignored);
        if (result)
            return;
    }
    fail_msg("snmpd does not answer");
}

static void
an_object_is_told_by_its_number(void **state)
{
    (void)state;
    await_snmpd();
    CLEANUP(value_destroy)
    value_t *text = must_run("snmp.get", asked("2c", "community", DESCR), &world);
    assert_string_equal(value_get_text(text, "oid"), DESCR);
    assert_string_equal(value_get_text(text, "type"), "string");
    assert_string_equal(value_get_text(text, "value"), "a device of the test");
    CLEANUP(value_destroy)
    value_t *ticks = must_run("snmp.get", asked("2c", "community", "1.3.6.1.2.1.1.3.0"), &world);
    assert_string_equal(value_get_text(ticks, "type"), "ticks");
    assert_int_equal(value_kind(value_get(ticks, "value")), VALUE_INTEGER);
    CLEANUP(value_destroy)
    value_t *none = must_run("snmp.get", asked("2c", "community", "1.3.6.1.2.1.1.77.0"), &world);
    assert_string_equal(value_get_text(none, "type"), "missing");
}

static void
version_3_asks_authenticated_and_encrypted(void **state)
{
    (void)state;
    await_snmpd();
    CLEANUP(value_destroy)
    value_t *sha256 = must_run("snmp.get", asked("3", "watcher", DESCR), &world);
    assert_string_equal(value_get_text(sha256, "value"), "a device of the test");
    CLEANUP(value_destroy)
    value_t *sha1 = must_run("snmp.get", asked("3-sha1", "old", DESCR), &world);
    assert_string_equal(value_get_text(sha1, "value"), "a device of the test");
    must_fail("snmp.get", soon(asked("3", "liar", DESCR)), &world, FAULT_UNREACHABLE, "answer");
}

static void
a_walk_tells_what_is_below_a_number_and_nothing_else(void **state)
{
    (void)state;
    await_snmpd();
    CLEANUP(value_destroy)
    value_t *all = must_run("snmp.walk", asked("2c", "community", "1.3.6.1.2.1.1"), &world);
    const value_t *objects = value_get(all, "objects");
    assert_true(value_count(objects) > 5);
    for (size_t i = 0; i < value_count(objects); i++)
        assert_false(strncmp(value_get_text(value_at(objects, i), "oid"), "1.3.6.1.2.1.1.", 14));
    value_t *few = asked("2c", "community", "1.3.6.1.2.1.1");
    value_set_integer(few, "count", 3);
    CLEANUP(value_destroy) value_t *cut = must_run("snmp.walk", few, &world);
    assert_int_equal(value_count(value_get(cut, "objects")), 3);
    assert_true(value_get_bool(cut, "more"));
}

static void
a_table_is_told_row_by_row(void **state)
{
    (void)state;
    await_snmpd();
    CLEANUP(value_destroy)
    value_t *table = must_run("snmp.table", asked("2c", "community", "1.3.6.1.2.1.2.2"), &world);
    const value_t *rows = value_get(table, "rows");
    assert_int_equal(value_count(rows), 2); /* lo, tia1 */
    const value_t *cells = value_get(value_at(rows, 0), "cells");
    assert_string_equal(value_get_text(value_at(rows, 0), "index"), "1");
    assert_int_equal(value_get_integer(value_at(cells, 1), "column"), 2);
    assert_string_equal(value_get_text(value_at(cells, 1), "value"), "lo");
}

static void
who_does_not_know_the_word_hears_nothing(void **state)
{
    (void)state;
    await_snmpd();
    value_t *wrong = asked("2c", "wrong", DESCR);
    value_set_integer(wrong, "timeout_ms", 200);
    must_fail("snmp.get", wrong, &world, FAULT_UNREACHABLE, "does not answer");
    value_t *nobody = asked("2c", "community", DESCR);
    value_set_integer(nobody, "port", 1);
    value_set_integer(nobody, "timeout_ms", 200);
    must_fail("snmp.get", nobody, &world, FAULT_UNREACHABLE, "answer");
}

static void
a_secret_is_the_policys_and_its_owners_alone(void **state)
{
    (void)state;
    must_fail("snmp.get", asked("2c", "stranger", DESCR), &world, FAULT_POLICY, "'stranger'");
    must_fail("snmp.get", asked("2c", "open", DESCR), &world, FAULT_KEY, "secret 'open'");
    must_fail("snmp.get", asked("3", "short", DESCR), &world, FAULT_KEY, "at least 8");
    must_fail("snmp.get", asked("2c", "community", "sysDescr.0"), &world, FAULT_ARGUMENT,
              "no object's number");
    must_fail("snmp.get", asked("1", "community", DESCR), &world, FAULT_ARGUMENT, "choices");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_told_by_its_number),
        cmocka_unit_test(version_3_asks_authenticated_and_encrypted),
        cmocka_unit_test(a_walk_tells_what_is_below_a_number_and_nothing_else),
        cmocka_unit_test(a_table_is_told_row_by_row),
        cmocka_unit_test(who_does_not_know_the_word_hears_nothing),
        cmocka_unit_test(a_secret_is_the_policys_and_its_owners_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
