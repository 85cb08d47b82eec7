/* SPDX-License-Identifier: Apache-2.0 */
/* What a run said, where one answer of the broker does not hold all of its targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/run.h"
#include "cli/session.h"

/* The broker is this: a run of ten thousand, of which its answer holds two; "w3" is another. */
const command_t run_commands[] = {{"run", "logs", run_logs, "RUN", "what it said"},
                                  {NULL, NULL, NULL, NULL, NULL}};
static int64_t left_out;

int
command_fail(const fault_t *fault)
{
    fprintf(stderr, "tocsin: %s\n", fault->text);
    return fault_exit(fault->code);
}

int
command_usage(const command_t *command, const char *format, ...)
{
    (void)command;
    fail_msg("usage: %s", format);
    return 64;
}

const command_t *
command_row(const command_t *commands, const char *verb)
{
    (void)verb;
    return commands;
}

int
session_open(session_t *self, const options_t *options, fault_t *fault)
{
    (void)self;
    (void)options;
    (void)fault;
    return 0;
}

void
session_close(session_t *self)
{
    (void)self;
}

value_t *
run_ask(client_t *client, const char *id, fault_t *fault)
{
    value_t *run = value_map(), *parts = value_list();
    (void)client;
    (void)fault;
    for (int i = 0; i < 2; i++) {
        value_t *part = value_map();
        value_set_text(part, "worker", i ? "w2" : "w1");
        value_append(parts, part);
    }
    value_set_text(run, "run", id);
    value_set(run, "parts", parts);
    if (left_out)
        value_set_integer(run, "left_out", left_out);
    return run;
}

value_t *
client_ask_on(client_t *self, const char *verb, value_t *arguments, patience_t *patience,
              fault_t *fault)
{
    CLEANUP(value_destroy) value_t *asked = arguments;
    char line[64];
    const char *target = value_get_text(asked, "target");
    (void)self;
    assert_string_equal(verb, "logs");
    assert_int_equal(patience->until.ms, 0);
    bool known =
        !strcmp(target, "w1") || !strcmp(target, "w2") || (left_out && !strcmp(target, "w3"));
    if (!known) {
        fault_set(fault, FAULT_NOT_FOUND, "'%.128s' is no target of that run", target);
        return NULL;
    }
    snprintf(line, sizeof line, "%s speaks\n", target);
    value_t *body = value_map();
    value_set(body, "bytes", value_bytes(slice_text(line)));
    value_set_integer(body, "size", (int64_t)strlen(line));
    value_set_bool(body, "open", false);
    return body;
}

value_t *
client_event(client_t *self, int timeout_ms, fault_t *fault)
{
    (void)self;
    (void)timeout_ms;
    (void)fault;
    return NULL;
}

bool
client_interrupted(const client_t *self)
{
    (void)self;
    return false;
}

patience_t
run_patience(int64_t wait_s)
{
    return (patience_t){.until = {wait_s}};
}

int
run_begin_watch(client_t *client, const char *run, patience_t *patience, fault_t *fault)
{
    (void)patience;
    (void)client;
    (void)run;
    (void)fault;
    return 0;
}

/* What the command writes, on either stream; its exit status. */
static int
logs(const char *target, char *out, size_t size)
{
    char *argv[] = {(char[]){"logs"}, (char[]){"0123456789ab"}, (char *)(uintptr_t)target, NULL};
    options_t options = {.wait_s = -1};
    FILE *file = tmpfile();
    fflush(stdout);
    int output = dup(STDOUT_FILENO), errors = dup(STDERR_FILENO);
    assert_true(file && output >= 0 && errors >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0 &&
                dup2(fileno(file), STDERR_FILENO) >= 0);
    int status = run_logs(&options, target ? 3 : 2, argv);
    fflush(stdout);
    assert_true(dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0);
    close(output);
    close(errors);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
    return status;
}

static void
a_target_that_the_answer_does_not_hold_is_asked_for(void **state)
{
    char text[4096];
    (void)state;
    left_out = 9998;
    assert_int_equal(logs("w3", text, sizeof text), 0);
    assert_string_equal(text, "w3 speaks\n");
    assert_int_equal(logs("w4", text, sizeof text), fault_exit(FAULT_NOT_FOUND));
    assert_non_null(strstr(text, "'w4' is no target of that run"));
}

static void
of_all_targets_it_says_how_many_are_missing(void **state)
{
    char text[4096];
    (void)state;
    left_out = 9998;
    assert_int_equal(logs(NULL, text, sizeof text), 0);
    assert_non_null(strstr(text, "w2               | w2 speaks\n"));
    assert_non_null(strstr(text,
                           "tocsin: 9998 more targets do not stand here, as one answer of the "
                           "broker does not hold them; name one: tocsin run logs "
                           "0123456789ab TARGET\n"));
}

static void
of_a_run_that_is_whole_nothing_is_missing(void **state)
{
    char text[4096];
    (void)state;
    left_out = 0;
    assert_int_equal(logs(NULL, text, sizeof text), 0);
    assert_null(strstr(text, "more targets"));
    assert_int_equal(logs("w2", text, sizeof text), 0);
    assert_string_equal(text, "w2 speaks\n");
    assert_int_equal(logs("w3", text, sizeof text), fault_exit(FAULT_NOT_FOUND));
    assert_non_null(strstr(text, "run 0123456789ab has no target 'w3'"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_that_the_answer_does_not_hold_is_asked_for),
        cmocka_unit_test(of_all_targets_it_says_how_many_are_missing),
        cmocka_unit_test(of_a_run_that_is_whole_nothing_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
