/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's configuration, as `tocsin-worker -n` looks at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/settings.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define WHOLE                                                                              \
    "site " HEX "\nname north-1 # of the north\nstate /s\nrun /r\npolicy /p\nuid link 3\n" \
    "broker tcp://[::1]:7010 " HEX "\n"

static settings_t settings;

static int
load(const char *text, fault_t *fault)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/test_settings.%d", (int)getpid());
    assert_int_equal(file_write(path, slice_text(text), 0600, fault), 0);
    int failed = settings_load(&settings, path, fault);
    unlink(path);
    return failed;
}

static void
a_worker_has_a_name_its_folders_and_brokers(void **state)
{
    fault_t fault = {0};
    (void)state;
    if (load(WHOLE "broker tcp://b.example:1 " HEX "\n", &fault))
        fail_msg("%s", fault.text);
    assert_string_equal(settings.name, "north-1");
    assert_int_equal(settings.broker_count, 2);
    assert_string_equal(settings.brokers[1].endpoint, "tcp://b.example:1");
    assert_int_equal(settings.link_uid, 3);
    assert_int_equal(settings.judge_uid, 0);
    assert_string_equal(settings.documents, "");
}

static void
what_is_wrong_is_named_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"site " HEX "\n", ": 'name NAME"},
        {WHOLE "colour red\n", ":8: there is no setting 'colour'"},
        {WHOLE "name north-2\n", ":8: 'name' is set twice"},
        {WHOLE "documents site\n", ":8: expected 'documents FOLDER (absolute)'"},
        {WHOLE "documents\n", ":8: expected 'documents"},
        {WHOLE "uid link 4\n", ":8: expected 'uid link|judge|spawner NUMBER (each once, and "
                               "no two the same)'"},
        {WHOLE "uid judge 3\n", ":8: expected 'uid link|judge|spawner NUMBER"},
        {WHOLE "uid effector 4\n", ":8: expected 'uid"},
        {WHOLE "uid judge 0\n", ":8: expected 'uid"},
        {WHOLE "broker tcp://[::1]:7010 " HEX "\n", ":8: expected 'broker"},
        {WHOLE "broker tcp://b.example " HEX "\n", ":8: expected 'broker"},
        {WHOLE "broker tcp://b.example:0 " HEX "\n", ":8: expected 'broker"},
        {WHOLE "broker tcp://:7010 " HEX "\n", ":8: expected 'broker"},
        {WHOLE "broker ipc:///b:7010 " HEX "\n", ":8: expected 'broker"},
        {WHOLE "broker tcp://b:1 " HEX "\nbroker tcp://b:2 " HEX "\nbroker tcp://b:3 " HEX
               "\nbroker tcp://b:4 " HEX "\n",
         ":11: expected 'broker tcp://HOST:PORT CURVE-KEY (at most 4, each once)'"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        fault_t fault = {0};
        if (!load(wrong[i].text, &fault) || fault.code != FAULT_CONFIG ||
            !strstr(fault.text, wrong[i].words))
            fail_msg("%s: %s", wrong[i].words, fault.text);
    }
}

static char heard[1024]; /* faults, a line each */

static void
hear(const char *text)
{
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, "%s\n", text);
}

static void
who_looks_is_told_each_fault(void **state)
{
    static const char text[] = "site 0\ncolour red\nname north-1\nstate s\nrun /r\npolicy /p\n";
    fault_t fault = {0};
    config_faults_t faults = {.say = hear};
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/test_settings.%d", (int)getpid());
    assert_int_equal(file_write(path, slice_text(text), 0600, &fault), 0);
    assert_int_equal(settings_load_telling(&settings, path, &faults, &fault), -1);
    unlink(path);
    assert_non_null(strstr(fault.text, ": 4 faults: nothing would start"));
    assert_non_null(strstr(heard, ":1: expected 'site"));
    assert_non_null(strstr(heard, ":2: there is no setting 'colour'"));
    assert_non_null(strstr(heard, ":4: expected 'state"));
    assert_non_null(strstr(heard, "' is missing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_has_a_name_its_folders_and_brokers),
        cmocka_unit_test(what_is_wrong_is_named_with_file_and_line),
        cmocka_unit_test(who_looks_is_told_each_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
