/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/lodge.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "common/log.h"
#include "common/version.h"
#include "wire/holdings.h"
#include "wire/message.h"
#include "wire/stops.h"
#include "wire/value.h"

#define TURN_MAX 64 /* messages heard before the beat is looked at again */

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    wall_t seen; /* its last HELLO */
} relay_t;

struct lodge {
    gate_t *gate;
    metronome_t *metronome;
    uint64_t beat_s;
    wall_t started;
    size_t relay_count;
    relay_t relays[LODGE_BROKERS_MAX]; /* brokers that said HELLO */
};

lodge_t *
lodge_new(gate_t *gate, metronome_t *metronome, uint64_t beat_s)
{
    lodge_t *self = memory_new(1, sizeof *self);
    self->gate = gate;
    self->metronome = metronome;
    self->beat_s = beat_s;
    self->started = wall_now();
    gate_admit_brokers(gate, metronome_trust(metronome));
    return self;
}

void
lodge_destroy(lodge_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

/* ---- telling brokers ----------------------------------------------------------------------- */

static void
send_document(lodge_t *self, const char *broker, slice_t document, slice_t armors)
{
    frames_t *frames = message_new(MESSAGE_DOCUMENT);
    frames_add(frames, document);
    frames_add(frames, armors);
    if (!gate_send(self->gate, broker, &frames))
        log_debug("broker=%s is not there, or too far behind, for a document", broker);
}

static void
send_beacon(lodge_t *self, const char *broker)
{
    tick_t tick = metronome_tick(self->metronome);
    if (!tick.document.size)
        return;
    frames_t *frames = message_new(MESSAGE_BEACON);
    frames_add(frames, tick.document);
    frames_add(frames, tick.armor);
    frames_add(frames, tick.leaves);
    if (!gate_send(self->gate, broker, &frames))
        log_debug("broker=%s is not there, or too far behind, for a beacon", broker);
}

void
lodge_ring(lodge_t *self)
{
    for (size_t i = 0; i < self->relay_count; i++)
        send_beacon(self, self->relays[i].name);
}

/* A file of ours; what cannot be read is not sent. */
static void
send_file(lodge_t *self, const char *broker, const char *name)
{
    char path[PATH_MAX];
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    snprintf(path, sizeof path, "%s/%s", metronome_folder(self->metronome), name);
    if (signed_load(path, &document, &armors, &fault))
        log_fault(path, &fault);
    else
        send_document(self, broker, bytes_slice(document), bytes_slice(armors));
}

static void
send_newer(lodge_t *self, const char *broker, const value_t *state)
{
    const trust_t *trust = metronome_trust(self->metronome);
    const people_t *people = trust_people(trust);
    char name[TRUST_NAME_MAX];
    int64_t root = value_get_integer(state, "root");
    for (uint64_t i = root > 0 ? (uint64_t)root + 1 : 1; i <= trust_root(trust)->version; i++) {
        snprintf(name, sizeof name, "root.%llu", (unsigned long long)i);
        send_file(self, broker, name);
    }
    if (people && (int64_t)people->version > value_get_integer(state, "people"))
        send_file(self, broker, "people");
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        snprintf(name, sizeof name, "fleet.%s", fleet->region);
        if ((int64_t)fleet->version > value_get_integer(state, name))
            send_file(self, broker, name);
    }
}

static bool
has_halt(const value_t *list, const hash_t *hash)
{
    char text[HASH_TEXT];
    hash_write(hash, text);
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), text))
            return true;
    return false;
}

/* Of a stop that was lifted a broker needs to know only where it keeps the stop. */
static void
send_halts(lodge_t *self, const char *broker, const value_t *state)
{
    const trust_t *trust = metronome_trust(self->metronome);
    const value_t *list = value_get(state, "halts");
    char name[TRUST_NAME_MAX], text[HASH_TEXT];
    for (size_t i = 0; i < trust_halt_count(trust); i++) {
        const halt_line_t *line = trust_halt(trust, i);
        if (has_halt(list, &line->hash) ||
            (line->resume ? !has_halt(list, &line->stop) : line->lifted))
            continue;
        snprintf(name, sizeof name, "%s.%s", halt_line_type(line), hash_write(&line->hash, text));
        send_file(self, broker, name);
    }
}

/* ---- taking documents ---------------------------------------------------------------------- */

static bool
is_ours(const fault_t *fault)
{
    return fault->code == FAULT_IO || fault->code == FAULT_FULL;
}

/* Verified, durable, and told to every other broker. */
static int
take(lodge_t *self, slice_t document, slice_t armors, const char *from, fault_t *fault)
{
    char type[16];
    int taken = metronome_take(self->metronome, document, armors, fault);
    if (taken <= 0)
        return taken;
    document_type(document, type, sizeof type);
    log_info("from=%s: a new %s", from, type);
    gate_admit_brokers(self->gate, metronome_trust(self->metronome));
    for (size_t i = 0; i < self->relay_count; i++)
        if (strcmp(self->relays[i].name, from) != 0)
            send_document(self, self->relays[i].name, document, armors);
    return 0;
}

/* ---- brokers ------------------------------------------------------------------------------- */

static void
note_relay(lodge_t *self, const char *name)
{
    size_t at = 0;
    while (at < self->relay_count && strcmp(self->relays[at].name, name) != 0)
        at++;
    if (at == LODGE_BROKERS_MAX) /* names that people no longer list: the oldest makes room */
        memmove(self->relays, self->relays + 1, --at * sizeof *self->relays);
    self->relay_count = at == self->relay_count ? at + 1 : self->relay_count;
    text_copy(self->relays[at].name, sizeof self->relays[at].name, name);
    self->relays[at].seen = wall_now();
}

/* The name is the one that people give the key, whatever is said. */
static int
on_hello(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault)
{
    if (strcmp(frames_text(frames, 1), PROTOCOL_VERSION) != 0)
        return fault_set(fault, FAULT_VERSION, "it speaks another version of the protocol");
    CLEANUP(value_destroy) value_t *state = value_decode(frames_at(frames, 3), fault);
    if (!state)
        return -1;
    note_relay(self, caller->name);
    if (trust_root(metronome_trust(self->metronome))) {
        send_newer(self, caller->name, state);
        send_halts(self, caller->name, state);
    }
    send_beacon(self, caller->name);
    return 0;
}

static int
on_document(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault)
{
    return take(self, frames_at(frames, 1), frames_at(frames, 2), caller->name, fault);
}

static int
on_nonce(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault)
{
    (void)caller;
    return metronome_ask(self->metronome, frames_text(frames, 1), frames_text(frames, 2), fault);
}

/* ---- people -------------------------------------------------------------------------------- */

static value_t *
answer_submit(lodge_t *self, const caller_t *caller, const value_t *arguments, fault_t *fault)
{
    char type[16], text[HASH_TEXT];
    slice_t document = value_slice(value_get(arguments, "document"));
    slice_t armors = value_slice(value_get(arguments, "armors"));
    document_type(document, type, sizeof type);
    if (strcmp(type, value_get_text(arguments, "kind")) != 0) {
        fault_set(fault, FAULT_FORMAT, "the document is a '%s', not what kind says", type);
        return NULL;
    }
    if (take(self, document, armors, caller->name, fault))
        return NULL;
    value_t *body = value_map();
    hash_t hash = hash_of(document);
    value_set_text(body, "hash", hash_write(&hash, text));
    return body;
}

static value_t *
answer_stops(lodge_t *self, const caller_t *caller, const value_t *arguments, fault_t *fault)
{
    const trust_t *trust = metronome_trust(self->metronome);
    value_t *list = value_list();
    (void)caller;
    (void)arguments;
    (void)fault;
    for (size_t i = trust_halt_count(trust); i-- > 0 && value_count(list) < LODGE_STOPS_MAX;)
        if (!trust_halt(trust, i)->resume)
            value_append(list, stops_row(trust, trust_halt(trust, i)));
    return list;
}

static value_t *
list_relays(const lodge_t *self)
{
    const people_t *people = trust_people(metronome_trust(self->metronome));
    value_t *list = value_list();
    for (size_t i = 0; people && i < people->broker_count; i++) {
        value_t *row = value_map();
        value_set_text(row, "name", people->brokers[i].name);
        for (size_t k = 0; k < self->relay_count; k++)
            if (!strcmp(self->relays[k].name, people->brokers[i].name))
                value_set_integer(row, "seen", self->relays[k].seen.ms);
        value_append(list, row);
    }
    return list;
}

static value_t *
answer_status(lodge_t *self, const caller_t *caller, const value_t *arguments, fault_t *fault)
{
    const trust_t *trust = metronome_trust(self->metronome);
    tick_t tick = metronome_tick(self->metronome);
    char site[HASH_TEXT];
    value_t *body = value_map(), *documents = value_map();
    (void)caller;
    (void)arguments;
    (void)fault;
    value_set_text(body, "site", hash_write(trust_site(trust), site));
    value_set_text(body, "name", trust_root(trust) ? trust_root(trust)->timekeeper.name : "");
    value_set_text(body, "version", TOCSIN_VERSION);
    value_set_integer(body, "started", self->started.ms);
    value_set_integer(body, "now", wall_now().ms);
    value_set_integer(body, "beat", (int64_t)self->beat_s * 1000);
    value_set_integer(body, "sequence", (int64_t)tick.sequence);
    value_set_integer(body, "made", tick.made.ms);
    holdings_versions(trust, documents);
    value_set(body, "documents", documents);
    value_set(body, "brokers", list_relays(self));
    return body;
}

static const struct {
    const char *verb;
    value_t *(*answer)(lodge_t *self, const caller_t *caller, const value_t *arguments,
                       fault_t *fault);
} verbs[] = {
    {"submit", answer_submit},
    {"stops", answer_stops},
    {"status", answer_status},
};

static value_t *
answer_verb(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(frames, 3), fault);
    const char *verb = frames_text(frames, 2);
    if (!arguments)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (!strcmp(verbs[i].verb, verb))
            return verbs[i].answer(self, caller, arguments, fault);
    fault_set(fault, FAULT_USAGE, "the timekeeper does not know '%.40s'", verb);
    return NULL;
}

static int
on_ask(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *body = answer_verb(self, caller, frames, &why);
    CLEANUP(value_destroy) value_t *nothing = value_nil();
    if (!body && is_ours(&why))
        return fault_set(fault, why.code, "%s", why.text);
    value_encode(body ? body : nothing, encoded);
    frames_t *answer = message_new(MESSAGE_ANSWER);
    frames_add(answer, frames_at(frames, 1));
    frames_add_text(answer, fault_word(why.code));
    frames_add_text(answer, why.text);
    frames_add(answer, bytes_slice(encoded));
    if (!gate_answer(self->gate, caller, &answer))
        log_debug("person=%s is gone before the answer", caller->name);
    return 0;
}

/* ---- hearing ------------------------------------------------------------------------------- */

static const struct {
    message_type_t type;
    int (*on)(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault);
} rows[] = {
    {MESSAGE_HELLO, on_hello},
    {MESSAGE_DOCUMENT, on_document},
    {MESSAGE_NONCE_OF, on_nonce},
    {MESSAGE_ASK, on_ask},
};

static int
hear(lodge_t *self, const caller_t *caller, const frames_t *frames, fault_t *fault)
{
    message_type_t type;
    if (message_read(frames, caller->worker ? FROM_RELAY : FROM_PERSON, &type, fault))
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].type == type)
            return rows[i].on(self, caller, frames, fault);
    return 0;
}

int
lodge_hear(lodge_t *self, fault_t *fault)
{
    for (int turn = 0; turn < TURN_MAX; turn++) {
        caller_t caller;
        fault_t why = {0};
        CLEANUP(frames_destroy) frames_t *frames = gate_receive(self->gate, &caller);
        if (!frames)
            return 0;
        if (!hear(self, &caller, frames, &why))
            continue;
        if (is_ours(&why))
            return fault_set(fault, why.code, "%s", why.text);
        log_fault(caller.name, &why);
    }
    return 0;
}
