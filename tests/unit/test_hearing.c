/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker or a region's broker says, before the core hears of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/hearing.h"

static frames_t *
frames_of(const char *const words[], size_t count)
{
    frames_t *frames = frames_new();
    for (size_t i = 0; i < count && words[i]; i++)
        frames_add_text(frames, words[i]);
    return frames;
}

/* Reads what w1 says: 0 or the fault's code. */
static fault_code_t
heard(const char *word, const char *first, const char *second, const char *third)
{
    const char *const words[] = {word, first, second, third};
    message_type_t type;
    fault_t fault = {0};
    event_t event = {.worker = "w1"};
    CLEANUP(value_destroy) value_t *state = NULL;
    CLEANUP(frames_destroy) frames_t *frames = frames_of(words, ARRAY_SIZE(words));
    if (message_read(frames, FROM_WORKER, &type, &fault) ||
        hearing_read(&event, type, frames, &state, &fault))
        return fault.code;
    return FAULT_NONE;
}

/* Likewise what north's broker says. */
static fault_code_t
heard_broker(const char *word, const char *first, const char *second, const char *third,
             const char *facts)
{
    const char *const words[] = {word, first, second, third, facts ? "" : NULL, facts};
    message_type_t type;
    fault_t fault = {0};
    event_t event = {.who = "north"};
    CLEANUP(value_destroy) value_t *state = NULL;
    CLEANUP(frames_destroy) frames_t *frames = frames_of(words, ARRAY_SIZE(words));
    if (message_read(frames, FROM_RELAY, &type, &fault) ||
        hearing_read_broker(&event, type, frames, &state, &fault))
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

static void
a_broker_says_who_it_is_and_what_it_relays_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(heard_broker("HELLO", "1", "north", "me", NULL), FAULT_NONE);
    assert_int_equal(heard_broker("HELLO", "1", "south", "me", NULL), FAULT_KEY);
    assert_int_equal(heard_broker("HELLO", "2", "north", "me", NULL), FAULT_VERSION);
    assert_int_equal(heard_broker("HELLO", "1", "north", "x", NULL), FAULT_FORMAT);
    assert_int_equal(heard_broker("RELAY", "7", "stop", "a leaf", "me"), FAULT_NONE);
    assert_int_equal(heard_broker("RELAY", "-7", "stop", "a leaf", "me"), FAULT_FORMAT);
    assert_int_equal(heard_broker("RELAY", "9223372036854775807", "stop", "a leaf", "me"),
                     FAULT_FORMAT);
    assert_int_equal(heard_broker("RELAY", "7", "stop", "a leaf", "x"), FAULT_FORMAT);
    assert_int_equal(heard_broker("NONCE", "w1", "0", NULL, NULL), FAULT_FORMAT);
    assert_int_equal(heard_broker("RECEIPT", "1", "2", "3", NULL), FAULT_FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_short),
        cmocka_unit_test(nobody_says_hello_for_another__net_routing_id_impersonation),
        cmocka_unit_test(a_broker_says_who_it_is_and_what_it_relays_and_nothing_else),
        cmocka_unit_test(a_worker_says_only_what_workers_say__net_worker_asks_as_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
