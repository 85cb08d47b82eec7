/* SPDX-License-Identifier: Apache-2.0 */
/* What a shell offers where a site has more names than one answer of its broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/client.h"
#include "common/text.h"

#define WORKERS 5000
#define FITS    3000 /* of them in an answer */

static const command_t view[] = {{"worker", "view", NULL, "WORKER", "one worker"},
                                 {NULL, NULL, NULL, NULL, NULL}};
const command_t *const command_lists[] = {view, NULL};

int
command_usage(const command_t *command, const char *format, ...)
{
    (void)command;
    (void)format;
    return 64;
}

trust_t *
site_load(const options_t *options, fault_t *fault)
{
    (void)options;
    (void)fault;
    return trust_new(&HASH_ZERO);
}

client_t *
client_open(const options_t *options, const trust_t *trust, fault_t *fault)
{
    static uint64_t it;
    (void)options;
    (void)trust;
    (void)fault;
    return (client_t *)&it;
}

void
client_close(client_t **self_p)
{
    *self_p = NULL;
}

value_t *
client_ask(client_t *self, const char *verb, value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *asked = arguments;
    size_t from = (size_t)value_get_integer(asked, "from");
    value_t *list = value_list();
    (void)self;
    (void)fault;
    assert_string_equal(verb, "workers");
    for (size_t i = from; i < WORKERS && i < from + FITS; i++) {
        char id[32];
        value_t *row = value_map();
        snprintf(id, sizeof id, "w%04zu", i);
        value_set_text(row, "id", id);
        value_append(list, row);
    }
    return list;
}

value_t *
client_look(const options_t *options, const char *verb, value_t *arguments, fault_t *fault)
{
    (void)options;
    return client_ask(NULL, verb, arguments ? arguments : value_map(), fault);
}

/* What is offered behind "tocsin worker view". */
static void
offered(const char *typed, char *out, size_t size)
{
    char words[][12] = {"completion", "words", "--", "worker", "view", ""};
    char *argv[ARRAY_SIZE(words) + 1] = {NULL};
    options_t options = {.json = false};
    FILE *file = tmpfile();
    text_copy(words[5], sizeof words[5], typed);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        argv[i] = words[i];
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    int status = completion_commands[0].run(&options, (int)ARRAY_SIZE(words), argv);
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(status, 0);
}

static void
names_behind_the_first_answer_are_offered(void **state)
{
    char text[4096];
    (void)state;
    offered("w499", text, sizeof text);
    assert_string_equal(text, "w4990\nw4991\nw4992\nw4993\nw4994\nw4995\nw4996\nw4997\n"
                              "w4998\nw4999\n");
}

static void
no_more_are_offered_than_a_screen_has_a_use_for(void **state)
{
    char text[4096];
    size_t lines = 0;
    (void)state;
    offered("w", text, sizeof text);
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_behind_the_first_answer_are_offered),
        cmocka_unit_test(no_more_are_offered_than_a_screen_has_a_use_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
