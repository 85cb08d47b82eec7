/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/hearing.h"

/* name: whose key it came by. */
static int
read_hello(event_t *event, const char *name, const frames_t *frames, value_t **state,
           fault_t *fault)
{
    if (strcmp(frames_text(frames, 1), PROTOCOL_VERSION) != 0)
        return fault_set(fault, FAULT_VERSION, "it speaks another protocol version");
    if (strcmp(frames_text(frames, 2), name) != 0)
        return fault_set(fault, FAULT_KEY, "it calls itself '%.63s', and its key is of '%s'",
                         frames_text(frames, 2), name);
    *state = value_decode(frames_at(frames, 3), fault);
    event->state = *state;
    return *state ? 0 : -1;
}

static int
read_ping(event_t *event, const frames_t *frames, fault_t *fault)
{
    event->document = frames_at(frames, 1);
    if (event->document.size > PING_TEXT_MAX)
        return fault_set(fault, FAULT_LIMIT, "its PING says %zu bytes, over %d",
                         event->document.size, PING_TEXT_MAX);
    return 0;
}

static int
read_hash(event_t *event, const frames_t *frames, fault_t *fault)
{
    if (hash_read(frames_text(frames, 1), &event->hash))
        return 0;
    return fault_set(fault, FAULT_FORMAT, "its first frame is not a hash");
}

static int
read_waiting(event_t *event, const frames_t *frames, fault_t *fault)
{
    event->step = frames_text(frames, 2);
    if (!hash_read(frames_text(frames, 3), &event->receipt) ||
        !text_read_u64(frames_text(frames, 4), 0, INT64_MAX, &event->number))
        return fault_set(fault, FAULT_FORMAT, "it waits without a receipt's hash or an end");
    return read_hash(event, frames, fault);
}

static int
read_output(event_t *event, const frames_t *frames, fault_t *fault)
{
    event->output = frames_at(frames, 3);
    event->code = frames_text(frames, 4);
    if (!text_read_u64(frames_text(frames, 2), 0, INT64_MAX, &event->number))
        return fault_set(fault, FAULT_FORMAT, "its output has no offset");
    return read_hash(event, frames, fault);
}

static int
read_decline(event_t *event, const frames_t *frames, fault_t *fault)
{
    event->step = frames_text(frames, 2);
    event->code = frames_text(frames, 4);
    event->text = frames_text(frames, 5);
    if (!hash_read(frames_text(frames, 3), &event->receipt))
        return fault_set(fault, FAULT_FORMAT, "it declines what has no hash");
    return read_hash(event, frames, fault);
}

static int
read_nonce(event_t *event, const frames_t *frames, fault_t *fault)
{
    (void)fault;
    event->text = frames_text(frames, 1);
    return 0;
}

static int
read_refuse(event_t *event, const frames_t *frames, fault_t *fault)
{
    event->code = frames_text(frames, 2);
    event->text = frames_text(frames, 3);
    return read_hash(event, frames, fault);
}

static int
read_cosigned(event_t *event, const frames_t *frames, fault_t *fault)
{
    event->code = frames_text(frames, 2);
    event->text = frames_text(frames, 3);
    event->output = frames_at(frames, 4);
    if (!text_read_u64(frames_text(frames, 1), 0, INT64_MAX, &event->number))
        return fault_set(fault, FAULT_FORMAT, "it cosigns a log of no size");
    return 0;
}

static int
read_receipt(event_t *event, const frames_t *frames, fault_t *fault)
{
    (void)fault;
    event->document = frames_at(frames, 1);
    event->armors = frames_at(frames, 2);
    event->output = frames_at(frames, 3);
    return 0;
}

static int
read_allowance(event_t *event, const frames_t *frames, fault_t *fault)
{
    (void)fault;
    event->document = frames_at(frames, 1);
    event->armors = frames_at(frames, 2);
    return 0;
}

/* HELLO apart, which carries a value. */
static const struct {
    message_type_t type;
    event_kind_t kind;
    int (*read)(event_t *event, const frames_t *frames, fault_t *fault);
} rows[] = {
    {MESSAGE_PING, EVENT_PING, read_ping},
    {MESSAGE_ACCEPT, EVENT_ACCEPT, read_hash},
    {MESSAGE_WANT, EVENT_WANT, read_hash},
    {MESSAGE_WAITING, EVENT_WAITING, read_waiting},
    {MESSAGE_DECLINE, EVENT_DECLINE, read_decline},
    {MESSAGE_OUTPUT, EVENT_OUTPUT, read_output},
    {MESSAGE_KEPT, EVENT_KEPT, read_hash},
    {MESSAGE_REFUSE, EVENT_REFUSE, read_refuse},
    {MESSAGE_RECEIPT, EVENT_RECEIPT, read_receipt},
    {MESSAGE_ALLOWANCE, EVENT_ALLOWANCE, read_allowance},
    {MESSAGE_COSIGNED, EVENT_COSIGNED, read_cosigned},
    {MESSAGE_NONCE, EVENT_NONCE, read_nonce},
};

int
hearing_read(event_t *event, message_type_t type, const frames_t *frames, value_t **state,
             fault_t *fault)
{
    *state = NULL;
    if (type == MESSAGE_HELLO) {
        event->kind = EVENT_HELLO;
        return read_hello(event, event->worker, frames, state, fault);
    }
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].type == type) {
            event->kind = rows[i].kind;
            return rows[i].read(event, frames, fault);
        }
    return fault_set(fault, FAULT_FORMAT, "a worker does not say '%s'", message_word(type));
}

static int
read_relay(event_t *event, const frames_t *frames, value_t **state, fault_t *fault)
{
    event->text = frames_text(frames, 2);
    event->document = frames_at(frames, 3);
    event->output = frames_at(frames, 4);
    if (!text_read_u64(frames_text(frames, 1), 0, INT64_MAX - 1, &event->number))
        return fault_set(fault, FAULT_FORMAT, "it relays a leaf without a number");
    *state = value_decode(frames_at(frames, 5), fault);
    event->state = *state;
    return *state ? 0 : -1;
}

int
hearing_read_broker(event_t *event, message_type_t type, const frames_t *frames, value_t **state,
                    fault_t *fault)
{
    *state = NULL;
    if (type != MESSAGE_HELLO && type != MESSAGE_RELAY)
        return fault_set(fault, FAULT_FORMAT, "only a timekeeper is told '%s'", message_word(type));
    event->kind = type == MESSAGE_HELLO ? EVENT_ISLAND : EVENT_RELAY;
    return type == MESSAGE_HELLO ? read_hello(event, event->who, frames, state, fault)
                                 : read_relay(event, frames, state, fault);
}
