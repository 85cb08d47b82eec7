/* SPDX-License-Identifier: Apache-2.0 */
/* What came in, from whomever, as steps of the core. */
#include "broker/broker_private.h"

#include <stdio.h>

#include "broker/hearing.h"
#include "common/log.h"
#include "wire/alertmanager.h"
#include "wire/message.h"

/* What other brokers say ---------------------------------------------------------------------- */

static void
hear_broker(broker_t *self, const caller_t *caller, const frames_t *frames)
{
    fault_t fault = {0};
    message_type_t type;
    CLEANUP(value_destroy) value_t *state = NULL;
    event_t event = {.who = caller->name};
    if (message_read(frames, FROM_RELAY, &type, &fault) ||
        hearing_read_broker(&event, type, frames, &state, &fault) ||
        batch_step(self->batch, &event, &fault))
        log_warning("broker=%s: %s (%s)", caller->name, fault.text, fault_word(fault.code));
}

/* What workers say ---------------------------------------------------------------------------- */

static void
on_message(broker_t *self, const caller_t *caller, const frames_t *frames, const pubkey_t *proven)
{
    fault_t fault = {0};
    message_type_t type;
    CLEANUP(value_destroy) value_t *state = NULL;
    event_t event = {.worker = caller->name, .proven = proven};
    int failed = message_read(frames, caller->worker ? FROM_WORKER : FROM_PERSON, &type, &fault);
    if (!failed && type == MESSAGE_ASK) {
        desk_ask(self->desk, caller, frames, wall_now());
        return;
    }
    if (failed || hearing_read(&event, type, frames, &state, &fault) ||
        batch_step(self->batch, &event, &fault))
        log_warning("%s=%s: %s (%s)", caller->worker ? "worker" : "person", caller->name,
                    fault.text, fault_word(fault.code));
}

/* Whose signature these should bear; NULL where they are no receipt of a worker that we know. */
static const pubkey_t *
receipt_key(const broker_t *self, const caller_t *caller, const frames_t *frames)
{
    const worker_line_t *worker = NULL;
    if (slice_is(frames_at(frames, 0), message_word(MESSAGE_RECEIPT)) && frames->count > 2)
        worker = trust_worker(self->charter->trust, caller->name, NULL);
    return worker ? &worker->key : NULL;
}

/* What workers say waits until the receipts before it are looked at. */
void
broker_hear_workers(broker_t *self)
{
    heard_t heard;
    while (examiner_next(self->examiner, &heard)) {
        CLEANUP(frames_destroy) frames_t *frames = heard.frames;
        on_message(self, &heard.caller, frames, heard.proven ? &heard.key : NULL);
    }
}

void
broker_hear_gate(broker_t *self)
{
    caller_t caller;
    for (int i = 0; i < BROKER_TURN_MESSAGES; i++) {
        CLEANUP(frames_destroy) frames_t *frames = gate_receive(self->gate, &caller);
        if (!frames)
            break;
        if (caller.broker)
            hear_broker(self, &caller, frames);
        else if (caller.worker)
            examiner_add(self->examiner, &caller, &frames, receipt_key(self, &caller, frames));
        else
            on_message(self, &caller, frames, NULL);
    }
    broker_hear_workers(self);
}

/* What monitoring says ------------------------------------------------------------------------ */

typedef struct {
    broker_t *broker;
    const source_t *source;
} post_t;

static int
on_alert_posted(void *context, alert_t *alert, fault_t *fault)
{
    post_t *post = context;
    event_t event = {.kind = EVENT_ALERT, .alert = alert, .region = post->source->region};
    return batch_step(post->broker->batch, &event, fault);
}

/* Documents, each with its armor behind it, until one is refused: what came before it is recorded,
 * and does no harm when it comes again. */
static int
take_signed(broker_t *self, const source_t *source, slice_t body, fault_t *fault)
{
    for (unsigned count = 0; body.size; count++) {
        event_t event = {.kind = EVENT_ALERT, .region = source->region, .who = source->name};
        if (count == POST_ALERTS_MAX)
            return fault_set(fault, FAULT_LIMIT, "over %u alerts in one body", count);
        if (post_take(&body, &event.document, &event.armors, fault) ||
            batch_step(self->batch, &event, fault))
            return -1;
    }
    return 0;
}

int
broker_hear_post(void *context, const source_t *source, const alertmanager_t *alerts, slice_t body,
                 fault_t *fault)
{
    fault_t why = {0};
    post_t post = {context, source};
    batch_owe(post.broker->batch);
    if (!alerts)
        return take_signed(context, source, body, fault);
    if (alertmanager_each(alerts, source->name, on_alert_posted, &post, &why))
        batch_end(&why);
    return 0;
}

/* What git says ------------------------------------------------------------------------------- */

static void
take_item(broker_t *self, catalog_item_t *item)
{
    char text[HASH_TEXT];
    fault_t fault = {0};
    event_t event = {
        .kind = item->kind == CATALOG_RELEASE ? EVENT_RELEASE : EVENT_APPROVAL,
        .document = bytes_slice(item->document),
        .armors = bytes_slice(item->armors),
        .hash = item->hash,
        .files = &item->files,
    };
    if (item->kind == CATALOG_COMPLAINT) {
        snprintf(self->catalog_error, sizeof self->catalog_error, "%s", item->text);
        log_warning("catalog: %s", item->text);
    } else if (batch_step(self->batch, &event, &fault)) {
        log_warning("release=%.12s: %s (%s)", hash_write(&item->hash, text), fault.text,
                    fault_word(fault.code));
    }
}

void
broker_hear_catalog(broker_t *self)
{
    fault_t fault = {0};
    while (self->catalog) {
        CLEANUP(catalog_item_destroy) catalog_item_t *item = catalog_next(self->catalog, &fault);
        if (!item)
            break;
        take_item(self, item);
    }
    if (fault.code)
        log_fault("catalog", &fault);
}

/* What sinks say ------------------------------------------------------------------------------ */

void
broker_hear_sinks(broker_t *self)
{
    delivery_t done;
    while (self->notifier && notifier_next(self->notifier, &done)) {
        fault_t fault = {0};
        event_t event = {
            .kind = EVENT_NOTICED, .number = done.number, .code = done.code, .text = done.text};
        if (batch_step(self->batch, &event, &fault))
            log_fault("notices", &fault);
    }
}

/* What the timekeeper says -------------------------------------------------------------------- */

/* As if the site folder had it. */
static int
take_document(broker_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    event_t halt = {.kind = EVENT_HALT, .document = document, .armors = armors};
    if (halt_is(document))
        return batch_step(self->batch, &halt, fault);
    int taken = charter_add(self->charter, document, armors, fault);
    if (taken <= 0)
        return taken;
    broker_use_charter(self);
    log_info("a newer document came");
    return 0;
}

static void
hear_timekeeper(broker_t *self, const frames_t *frames)
{
    fault_t fault = {0};
    message_type_t type;
    event_t beacon = {.kind = EVENT_BEACON,
                      .document = frames_at(frames, 1),
                      .armors = frames_at(frames, 2),
                      .output = frames_at(frames, 3)};
    int failed = message_read(frames, FROM_TIMEKEEPER, &type, &fault);
    if (!failed && type == MESSAGE_BEACON)
        failed = batch_step(self->batch, &beacon, &fault);
    else if (!failed && type == MESSAGE_DOCUMENT)
        failed = take_document(self, beacon.document, beacon.armors, &fault);
    if (failed)
        log_fault("from the timekeeper", &fault);
}

void
broker_hear_timekeeper(broker_t *self)
{
    fault_t fault = {0};
    event_t event = {.kind = EVENT_TIMEKEEPER, .who = self->settings->name};
    frames_t *next;
    if (envoy_is_new(self->envoy) && batch_step(self->batch, &event, &fault))
        log_fault("timekeeper", &fault);
    for (int i = 0; i < BROKER_TURN_MESSAGES && (next = envoy_receive(self->envoy)); i++) {
        CLEANUP(frames_destroy) frames_t *frames = next;
        hear_timekeeper(self, frames);
    }
}

/* What the centre says ------------------------------------------------------------------------ */

static void
hear_centre(broker_t *self, const frames_t *frames)
{
    fault_t fault = {0};
    message_type_t type;
    int failed = message_read(frames, FROM_BROKER, &type, &fault);
    if (!failed && type == MESSAGE_RELAYED)
        failed = uplink_hear(self->uplink, frames, &fault);
    else if (!failed && type == MESSAGE_DOCUMENT)
        failed = take_document(self, frames_at(frames, 1), frames_at(frames, 2), &fault);
    if (failed)
        log_fault("from the centre", &fault);
}

void
broker_hear_centre(broker_t *self)
{
    frames_t *next;
    uplink_greet(self->uplink, mono_now());
    for (int i = 0; i < BROKER_TURN_MESSAGES && (next = envoy_receive(self->herald)); i++) {
        CLEANUP(frames_destroy) frames_t *frames = next;
        hear_centre(self, frames);
    }
}
