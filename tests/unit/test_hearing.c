/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker says, before the core hears of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/hearing.h"

/* Reads what w1 says: 0 or the fault's code. */
static fault_code_t
heard(const char *word, const char *first, const char *second, const char *third)
{
    const char *const rest[] = {first, second, third};
    message_type_t type;
    fault_t fault = {0};
    event_t event = {.worker = "w1"};
    CLEANUP(value_destroy) value_t *state = NULL;
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    frames_add_text(frames, word);
    for (size_t i = 0; i < ARRAY_SIZE(rest) && rest[i]; i++)
        frames_add_text(frames, rest[i]);
    if (message_read(frames, FROM_WORKER, &type, &fault) ||
        hearing_read(&event, type, frames, &state, &fault))
        return fault.code;
    return FAULT_NONE;
}

static void
a_ping_is_short(void **state)
{
    char text[PING_TEXT_MAX + 2];
    (void)state;
    memset(text, 'x', sizeof text);
    text[PING_TEXT_MAX] = '\0';
    assert_int_equal(heard("PING", text, NULL, NULL), FAULT_NONE);
    text[PING_TEXT_MAX] = 'x';
    text[PING_TEXT_MAX + 1] = '\0';
    assert_int_equal(heard("PING", text, NULL, NULL), FAULT_LIMIT);
}

static void
nobody_says_hello_for_another__net_routing_id_impersonation(void **state)
{
    (void)state;
    assert_int_equal(heard("HELLO", "1", "w1", "me"), FAULT_NONE);
    assert_int_equal(heard("HELLO", "1", "w2", "me"), FAULT_KEY);
    assert_int_equal(heard("HELLO", "2", "w1", "me"), FAULT_VERSION);
    assert_int_equal(heard("HELLO", "1", "w1", "x"), FAULT_FORMAT);
}

static void
a_worker_says_only_what_workers_say__net_worker_asks_as_person(void **state)
{
    (void)state;
    assert_int_equal(heard("ASK", "1", "status", "me"), FAULT_FORMAT);
    assert_int_equal(heard("OFFER", "1", "2", "3"), FAULT_FORMAT);
    assert_int_equal(heard("PING", "1", "2", NULL), FAULT_FORMAT);
    assert_int_equal(heard("KEPT", "no hash", NULL, NULL), FAULT_FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_short),
        cmocka_unit_test(nobody_says_hello_for_another__net_routing_id_impersonation),
        cmocka_unit_test(a_worker_says_only_what_workers_say__net_worker_asks_as_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
