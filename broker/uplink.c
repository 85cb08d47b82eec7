/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/uplink.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/leaflet.h"
#include "common/log.h"
#include "wire/holdings.h"
#include "wire/message.h"

struct uplink {
    const char *name, *centre;
    envoy_t *envoy;
    const core_t *core;
    const store_t *store;
    bool sinks;
    bool agreed;    /* it said how far it is, and that is ours */
    uint64_t taken; /* leaves, as it said last */
    uint64_t next;  /* leaf to look at */
    uint64_t sent;  /* behind the last that is under way; taken where none is */
    mono_t said;    /* when it was sent something last; ms 0 where it owes no answer */
};

uplink_t *
uplink_new(const char *name, const char *centre, envoy_t *envoy, const core_t *core,
           const store_t *store, bool sinks)
{
    uplink_t *self = memory_new(1, sizeof *self);
    *self = (uplink_t){.name = name,
                       .centre = centre,
                       .envoy = envoy,
                       .core = core,
                       .store = store,
                       .sinks = sinks};
    return self;
}

void
uplink_destroy(uplink_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

uint64_t
uplink_behind(const uplink_t *self)
{
    uint64_t size = core_log(self->core)->size;
    uint64_t done = self->sent == self->taken ? self->next : self->taken;
    return self->agreed && done < size ? size - done : self->agreed ? 0 : size;
}

bool
uplink_is_heard(const uplink_t *self)
{
    return self->agreed;
}

const char *
uplink_centre(const uplink_t *self)
{
    return self->centre;
}

int
uplink_use(uplink_t *self, const people_t *people, fault_t *fault)
{
    const curve_line_t *line = NULL;
    for (size_t i = 0; people && !line && i < people->broker_count; i++)
        if (!strcmp(people->brokers[i].name, self->centre))
            line = &people->brokers[i];
    if (envoy_use(self->envoy, line ? &line->curve : NULL, fault))
        return -1;
    if (!line)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "people list no broker '%s': nothing is relayed to it", self->centre);
    return 0;
}

static void
say_hello(uplink_t *self, mono_t now)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    holdings_say(core_charter(self->core)->trust, state);
    value_set_bool(state, "sinks", self->sinks);
    value_encode(state, encoded);
    frames_t *frames = message_new(MESSAGE_HELLO);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, self->name);
    frames_add(frames, bytes_slice(encoded));
    self->agreed = false;
    self->said = envoy_send(self->envoy, &frames) ? now : (mono_t){0};
}

void
uplink_greet(uplink_t *self, mono_t now)
{
    bool silent = self->said.ms && now.ms - self->said.ms > UPLINK_SILENT_MS;
    if (silent && self->agreed)
        log_warning("broker=%s: it is silent", self->centre);
    if (envoy_is_new(self->envoy) || silent)
        say_hello(self, now);
}

/* To and fro ---------------------------------------------------------------------------------- */

static bool
is_ours(const uplink_t *self, uint64_t taken, const hash_t *last, fault_t *fault)
{
    if (!taken)
        return true;
    query_t query = {.what = FIND_LEAVES, .number = taken - 1};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, fault);
    return row && row->leaf.number == taken - 1 && hash_equal(&row->leaf.hash, last);
}

/* A log that was put back, or is another, is relayed from its beginning: what the centre has of it
 * changes nothing there. Where the centre is further than what was sent since it was greeted,
 * leaves arrived that were on their way before: it goes on behind them. */
int
uplink_hear(uplink_t *self, const frames_t *frames, fault_t *fault)
{
    uint64_t taken;
    hash_t last;
    fault_t why = {0};
    if (!text_read_u64(frames_text(frames, 1), 0, INT64_MAX, &taken) ||
        !hash_read(frames_text(frames, 2), &last))
        return fault_set(fault, FAULT_FORMAT, "broker '%s' does not say how far it is",
                         self->centre);
    if (self->agreed && taken <= self->sent) {
        self->taken = taken;
        self->said.ms = taken == self->sent ? 0 : self->said.ms;
        return 0;
    }
    bool ours = is_ours(self, taken, &last, &why);
    if (why.code)
        return fault_set(fault, why.code, "%s", why.text);
    if (!ours)
        log_warning("broker=%s: it has leaves of another log of ours: all is relayed anew",
                    self->centre);
    self->taken = self->next = self->sent = ours ? taken : 0;
    self->agreed = true;
    self->said.ms = 0;
    log_info("broker=%s: relays to it from leaf %llu on", self->centre,
             (unsigned long long)self->next);
    return 0;
}

typedef struct {
    uplink_t *uplink;
    uint64_t end; /* leaves before it may be sent */
    mono_t now;
    size_t looked;        /* leaves, sent or not */
    size_t leaves, bytes; /* that were sent */
    bool full;
    fault_t fault;
} sending_t;

static bool
send_leaf(void *context, const row_t *row)
{
    sending_t *self = context;
    uplink_t *uplink = self->uplink;
    fault_t why = {0};
    if (row->leaf.number >= self->end)
        return false;
    CLEANUP(frames_destroy) frames_t *frames = leaflet_make(uplink->store, &row->leaf, &why);
    if (why.code == FAULT_IO) {
        self->fault = why;
        return false;
    }
    size_t bytes = frames ? frames_bytes(frames) : 0;
    if (bytes > FRAMES_BYTES_MAX)
        log_warning("leaf %llu is too long to be relayed", (unsigned long long)row->leaf.number);
    if (bytes && bytes <= FRAMES_BYTES_MAX) {
        self->full = self->leaves && self->bytes + bytes > UPLINK_BYTES;
        if (self->full || !envoy_send(uplink->envoy, &frames)) {
            self->full = true;
            return false;
        }
        self->leaves++;
        self->bytes += bytes;
        uplink->sent = row->leaf.number + 1;
        uplink->said = self->now;
    }
    uplink->next = row->leaf.number + 1;
    self->looked++;
    return self->leaves < UPLINK_LEAVES;
}

int
uplink_send(uplink_t *self, uint64_t end, mono_t now, fault_t *fault)
{
    sending_t sending = {.uplink = self, .end = end, .now = now};
    bool busy = !self->agreed || self->sent != self->taken;
    while (!busy && sending.leaves < UPLINK_LEAVES && !sending.full &&
           sending.looked < UPLINK_LOOKED && self->next < end) {
        query_t query = {.what = FIND_LEAVES, .number = self->next, .limit = UPLINK_LEAVES};
        if (self->store->find(self->store->self, &query, send_leaf, &sending, fault))
            return -1;
        if (sending.fault.code)
            return fault_set(fault, sending.fault.code, "%s", sending.fault.text);
    }
    return 0;
}
