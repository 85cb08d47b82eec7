/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps docs/PROTOCOL.md 6: ASK, ANSWER and EVENT over a CURVE DEALER. */
#include "cli/client.h"

#include <assert.h>
#include <czmq.h>
#include <stdlib.h>

#include "cli/table.h"
#include "common/file.h"
#include "common/moment.h"
#include "keys/curve.h"
#include "wire/message.h"
#include "wire/transport.h"

#define ANSWER_TIMEOUT_MS 5000
#define EVENTS_MAX        4096 /* kept while an answer is awaited */

struct client {
    zsock_t *socket;      /* DEALER */
    const char *whom;     /* "broker" or "timekeeper" */
    const char *server;   /* the options' */
    const trust_t *trust; /* the caller's */
    bool verbose;         /* each question is told */
    curvekey_t own;       /* this person's public key */
    uint64_t asked;       /* ids given out */
    char id[24];          /* of the question asked last */
    zlistx_t *events;     /* value_t: bodies that came while an answer was awaited */
    zactor_t *monitor;    /* of the socket's disconnects; NULL before anyone minds */
};

trust_t *
site_load(const options_t *options, fault_t *fault)
{
    char path[4096];
    hash_t site;
    snprintf(path, sizeof path, "%s/id", options->site);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, HASH_TEXT, fault);
    if (!text) {
        fault_wrap(fault, "site '%s' (TOCSIN_SITE names its folder)", options->site);
        return NULL;
    }
    if (text->size == HASH_TEXT && text->data[HASH_TEXT - 1] == '\n')
        text->data[HASH_TEXT - 1] = '\0';
    if (text->size != HASH_TEXT || !hash_read(bytes_text(text), &site)) {
        fault_set(fault, FAULT_FORMAT, "'%s' is not 64 hexadecimal digits and a line feed", path);
        return NULL;
    }
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site);
    if (trust_load(trust, options->site, fault)) {
        fault_wrap(fault, "site '%s'", options->site);
        return NULL;
    }
    return MOVE(trust);
}

/* The broker to expect: the only one, or the one that TOCSIN_BROKER names. */
static const curve_line_t *
choose_broker(const trust_t *trust, fault_t *fault)
{
    const people_t *people = trust_people(trust);
    const char *name = getenv("TOCSIN_BROKER");
    if (!people || !people->broker_count) {
        fault_set(fault, FAULT_NOT_FOUND,
                  "the people document lists no broker; 'tocsin keys broker' adds one");
        return NULL;
    }
    if (people->broker_count == 1 && !name)
        return &people->brokers[0];
    for (size_t i = 0; name && i < people->broker_count; i++)
        if (!strcmp(people->brokers[i].name, name))
            return &people->brokers[i];
    if (name)
        fault_set(fault, FAULT_NOT_FOUND,
                  "the people document lists no broker '%s' (TOCSIN_BROKER)", name);
    else
        fault_set(fault, FAULT_USAGE,
                  "the people document lists %zu brokers: name one in "
                  "TOCSIN_BROKER",
                  people->broker_count);
    return NULL;
}

static void
destroy_event(void **event_p)
{
    value_destroy((value_t **)event_p);
}

static int
connect_to(client_t *self, const curvepair_t *pair, const curvekey_t *key, fault_t *fault)
{
    self->socket = zsock_new(ZMQ_DEALER);
    if (!self->socket)
        return fault_errno(fault, "socket");
    zsock_set_linger(self->socket, 0);
    zsock_set_immediate(self->socket, 1);
    zsock_set_maxmsgsize(self->socket, FRAMES_PACKED_MAX);
    zsock_set_sndtimeo(self->socket, ANSWER_TIMEOUT_MS);
    zsock_set_reconnect_ivl_max(self->socket, 1000);
    zsock_set_curve_publickey_bin(self->socket, pair->public_key.bytes);
    zsock_set_curve_secretkey_bin(self->socket, pair->secret);
    zsock_set_curve_serverkey_bin(self->socket, key->bytes);
    if (zsock_connect(self->socket, "%s", self->server))
        return fault_set(fault, FAULT_USAGE, "'%s' is no endpoint such as tcp://HOST:PORT",
                         self->server);
    return 0;
}

/* To whoever has this key at that endpoint. */
static client_t *
open_to(const options_t *options, const char *whom, const char *server, const curvekey_t *key,
        const trust_t *trust, fault_t *fault)
{
    curvepair_t pair;
    if (curve_load(&pair, options->curve, fault)) {
        fault_wrap(fault, "your CURVE secret (TOCSIN_CURVE; 'tocsin keys curve' makes one)");
        return NULL;
    }
    CLEANUP(client_close) client_t *self = memory_new(1, sizeof *self);
    self->verbose = options->verbose > 0;
    self->whom = whom;
    self->server = server;
    self->trust = trust;
    self->own = pair.public_key;
    self->events = zlistx_new();
    assert(self->events);
    zlistx_set_destructor(self->events, destroy_event);
    int failed = connect_to(self, &pair, key, fault);
    curve_forget(&pair);
    return failed ? NULL : MOVE(self);
}

static bool
is_endpoint(const char *text)
{
    return text && !strncmp(text, "tcp://", 6);
}

client_t *
client_open(const options_t *options, const trust_t *trust, fault_t *fault)
{
    const curve_line_t *broker = choose_broker(trust, fault);
    if (broker && is_endpoint(options->server))
        return open_to(options, "broker", options->server, &broker->curve, trust, fault);
    if (broker)
        fault_set(fault, FAULT_USAGE,
                  "which broker: name it as tcp://HOST:PORT by --server or TOCSIN_SERVER");
    return NULL;
}

client_t *
client_open_timekeeper(const options_t *options, const trust_t *trust, fault_t *fault)
{
    const timekeeper_t *timekeeper = &trust_root(trust)->timekeeper;
    if (timekeeper->name[0] && is_endpoint(options->timekeeper))
        return open_to(options, "timekeeper", options->timekeeper, &timekeeper->curve, trust,
                       fault);
    fault_set(fault, FAULT_USAGE,
              timekeeper->name[0] ? "which timekeeper: name it as tcp://HOST:PORT in "
                                    "TOCSIN_TIMEKEEPER"
                                  : "root names no timekeeper: tocsin keys root --timekeeper");
    return NULL;
}

void
client_close(client_t **self_p)
{
    client_t *self = *self_p;
    if (!self)
        return;
    zactor_destroy(&self->monitor);
    zsock_destroy(&self->socket);
    zlistx_destroy(&self->events);
    free(self);
    *self_p = NULL;
}

/* The next message that a broker may send here; what is none is dropped. */
static frames_t *
receive(client_t *self, mono_t until, message_type_t *type, fault_t *fault)
{
    for (;;) {
        fault_t ignored;
        int64_t left = until.ms - mono_now().ms;
        zsock_set_rcvtimeo(self->socket, left > 0 ? (int)left : 0);
        CLEANUP(frames_destroy) frames_t *frames = NULL;
        if (transport_receive(zsock_resolve(self->socket), 0, &frames) == TRANSPORT_NOTHING) {
            fault_set(fault, FAULT_TIMEOUT, "nothing came");
            return NULL;
        }
        if (frames && !message_read(frames, FROM_BROKER | FROM_TIMEKEEPER, type, &ignored) &&
            (*type == MESSAGE_ANSWER || *type == MESSAGE_EVENT))
            return MOVE(frames);
    }
}

static int
send_question(client_t *self, const char *verb, const value_t *arguments, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_ASK);
    value_encode(arguments, encoded);
    snprintf(self->id, sizeof self->id, "%llu", (unsigned long long)++self->asked);
    frames_add_text(frames, self->id);
    frames_add_text(frames, verb);
    frames_add(frames, bytes_slice(encoded));
    if (!transport_send(zsock_resolve(self->socket), 0, frames))
        return fault_set(fault, FAULT_UNREACHABLE,
                         "no %s with the expected key answers at '%s'; is it up, and is your "
                         "CURVE key in the people document",
                         self->whom, self->server);
    return 0;
}

static value_t *
read_body(slice_t encoded, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *body = value_decode_reply(encoded, fault);
    return body ? show_answer(body) : NULL;
}

static value_t *
read_answer(const frames_t *answer, fault_t *fault)
{
    const char *word = frames_text(answer, 2);
    if (!strcmp(word, fault_word(FAULT_NONE)))
        return read_body(frames_at(answer, 4), fault);
    char text[FAULT_TEXT_MAX];
    fault_code_t code = fault_of(word);
    fault_set(fault, code == FAULT_CODES ? FAULT_FORMAT : code, "%s",
              show_text(frames_text(answer, 3), text, sizeof text));
    return NULL;
}

/* Where something is slow, or asked too often, -v tells it. */
static void
say_asked(const client_t *self, const char *verb, mono_t begun)
{
    if (self->verbose)
        fprintf(stderr, "tocsin: asked the %s '%s': %lld ms\n", self->whom, verb,
                (long long)(mono_now().ms - begun.ms));
}

static value_t *
ask(client_t *self, const char *verb, const value_t *sent, fault_t *fault)
{
    mono_t until = {mono_now().ms + ANSWER_TIMEOUT_MS};
    message_type_t type;
    if (send_question(self, verb, sent, fault))
        return NULL;
    for (;;) {
        CLEANUP(frames_destroy) frames_t *frames = receive(self, until, &type, fault);
        if (!frames) {
            fault_set(fault, FAULT_UNREACHABLE, "the %s at '%s' did not answer '%s' within %d s",
                      self->whom, self->server, verb, ANSWER_TIMEOUT_MS / 1000);
            return NULL;
        }
        if (type == MESSAGE_ANSWER && !strcmp(frames_text(frames, 1), self->id))
            return read_answer(frames, fault);
        if (type == MESSAGE_EVENT && zlistx_size(self->events) < EVENTS_MAX) {
            value_t *body = read_body(frames_at(frames, 2), fault);
            if (body)
                zlistx_add_end(self->events, body);
        }
    }
}

value_t *
client_ask(client_t *self, const char *verb, value_t *arguments, fault_t *fault)
{
    mono_t begun = mono_now();
    CLEANUP(value_destroy) value_t *sent = arguments ? arguments : value_map();
    CLEANUP(value_destroy) value_t *answer = ask(self, verb, sent, fault);
    say_asked(self, verb, begun);
    return MOVE(answer);
}

static bool
bears(const patience_t *patience, const fault_t *fault)
{
    return fault->code == FAULT_UNREACHABLE && !zsys_interrupted &&
           mono_now().ms < patience->until.ms;
}

value_t *
client_ask_on(client_t *self, const char *verb, value_t *arguments, patience_t *patience,
              fault_t *fault)
{
    mono_t begun = mono_now();
    bool out = false;
    CLEANUP(value_destroy) value_t *sent = arguments ? arguments : value_map();
    CLEANUP(value_destroy) value_t *answer = ask(self, verb, sent, fault);
    for (; !answer && bears(patience, fault); answer = ask(self, verb, sent, fault)) {
        if (!out)
            fprintf(stderr,
                    "tocsin: %s; what has begun goes on without it, and this waits for it "
                    "(Ctrl-C ends the waiting)\n",
                    fault->text);
        out = true;
    }
    if (out && answer)
        fprintf(stderr, "tocsin: the %s answers again after %lld s\n", self->whom,
                (long long)(mono_now().ms - begun.ms) / 1000);
    patience->outages += out;
    say_asked(self, verb, begun);
    return MOVE(answer);
}

value_t *
client_ask_map(client_t *self, const char *verb, value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *body = client_ask(self, verb, arguments, fault);
    if (body && value_kind(body) != VALUE_MAP) {
        fault_set(fault, FAULT_FORMAT, "the %s at '%s' answers '%s' with something else: ask again",
                  self->whom, self->server, verb);
        return NULL;
    }
    return MOVE(body);
}

int
client_hand_in(client_t *self, const char *kind, slice_t document, slice_t armors, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "kind", kind);
    value_set(arguments, "document", value_bytes(document));
    value_set(arguments, "armors", value_bytes(armors));
    CLEANUP(value_destroy) value_t *body = client_ask(self, "submit", arguments, fault);
    return body ? 1 : fault->code == FAULT_UNREACHABLE ? 0 : -1;
}

int
client_tell_timekeeper(const options_t *options, const trust_t *trust, const char *kind,
                       slice_t document, slice_t armors, fault_t *fault)
{
    CLEANUP(client_close) client_t *client = client_open_timekeeper(options, trust, fault);
    int kept = client ? client_hand_in(client, kind, document, armors, fault) : -1;
    if (kept < 0)
        return fault_wrap(fault, "timekeeper");
    if (kept)
        fprintf(stderr, "tocsin: the timekeeper has it\n");
    else
        fprintf(stderr, "tocsin: NOT REACHED: %s\n", fault->text);
    return kept;
}

value_t *
client_look(const options_t *options, const char *verb, value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *sent = arguments;
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, fault) : NULL;
    return client ? client_ask(client, verb, MOVE(sent), fault) : NULL;
}

value_t *
client_event(client_t *self, int timeout_ms, fault_t *fault)
{
    mono_t until = {mono_now().ms + timeout_ms};
    message_type_t type;
    if (zlistx_size(self->events)) {
        zlistx_first(self->events);
        return zlistx_detach_cur(self->events);
    }
    for (;;) {
        CLEANUP(frames_destroy) frames_t *frames = receive(self, until, &type, fault);
        if (!frames)
            return NULL;
        if (type == MESSAGE_EVENT)
            return read_body(frames_at(frames, 2), fault);
    }
}

bool
client_was_cut(client_t *self)
{
    bool cut = false;
    if (!self->monitor) {
        self->monitor = zactor_new(zmonitor, self->socket);
        assert(self->monitor);
        zstr_sendx(self->monitor, "LISTEN", "DISCONNECTED", NULL);
        zstr_send(self->monitor, "START");
        zsock_wait(self->monitor);
        zsock_set_rcvtimeo(self->monitor, 0);
    }
    for (zmsg_t *said; (said = zmsg_recv(self->monitor)); cut = true)
        zmsg_destroy(&said);
    return cut;
}

bool
client_interrupted(const client_t *self)
{
    (void)self;
    return zsys_interrupted;
}

const trust_t *
client_trust(const client_t *self)
{
    return self->trust;
}

const char *
client_person(const client_t *self)
{
    const people_t *people = trust_people(self->trust);
    const char *person = people ? people_curve(people, &self->own) : NULL;
    return person ? person : "";
}
