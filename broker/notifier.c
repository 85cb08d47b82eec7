/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/notifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "broker/keeper.h"

enum { WEB, MAIL, PROGRAMS };

typedef struct {
    uint64_t number; /* of the notice; 0 none */
    unsigned program;
    bool lost; /* the program ended with it */
} flight_t;

struct notifier {
    const sinks_t *sinks;
    keeper_t *keepers[PROGRAMS]; /* NULL where no sink needs it */
    int epoll;                   /* over theirs */
    flight_t flights[SINKS_MAX]; /* by sink */
    char why[FAULT_TEXT_MAX];    /* the last was lost */
};

static unsigned
program_of(const sink_t *sink)
{
    return sink->kind == SINK_MAIL ? MAIL : WEB;
}

/* Messages ------------------------------------------------------------------------------------ */

static frames_t *
tell_sink(const sink_t *sink)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, "SINK");
    frames_add_text(frames, sink->name);
    frames_add_text(frames, sink_word(sink->kind));
    frames_add_text(frames, sink->address);
    frames_add_text(frames, sink->from);
    frames_add_text(frames, sink->secret);
    return frames;
}

static int
take_sink(sinks_t *sinks, const frames_t *frames, fault_t *fault)
{
    unsigned kind = 0;
    while (kind < SINK_KIND_COUNT && !slice_is(frames_at(frames, 2), sink_word(kind)))
        kind++;
    if (frames->count != 6 || kind == SINK_KIND_COUNT || sinks->count == SINKS_MAX)
        return fault_set(fault, FAULT_FORMAT, "a sink that is none");
    sink_t *sink = &sinks->sinks[sinks->count];
    *sink = (sink_t){.kind = (sink_kind_t)kind};
    if (!text_copy(sink->name, sizeof sink->name, frames_text(frames, 1)) ||
        !text_copy(sink->address, sizeof sink->address, frames_text(frames, 3)) ||
        !text_copy(sink->from, sizeof sink->from, frames_text(frames, 4)) ||
        !text_copy(sink->secret, sizeof sink->secret, frames_text(frames, 5)))
        return fault_set(fault, FAULT_FORMAT, "a sink with more text than one has");
    sinks->count++;
    return 0;
}

int
notifier_intake(sinks_t *sinks, const frames_t *frames, wish_t *wish, fault_t *fault)
{
    *wish = (wish_t){0};
    if (slice_is(frames_at(frames, 0), "SINK"))
        return take_sink(sinks, frames, fault);
    wish->sink = sinks_find(sinks, frames_text(frames, 2));
    if (!slice_is(frames_at(frames, 0), "POST") || frames->count != 4 || !wish->sink ||
        !text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &wish->number))
        return fault_set(fault, FAULT_FORMAT, "neither a sink nor a notice for one");
    wish->facts = value_decode(frames_at(frames, 3), fault);
    return wish->facts ? 0 : -1;
}

static frames_t *
frames_of(const char *word, uint64_t number)
{
    char text[24];
    frames_t *frames = frames_new();
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    frames_add_text(frames, word);
    frames_add_text(frames, text);
    return frames;
}

frames_t *
notifier_done(uint64_t number, const char *code, const char *text)
{
    frames_t *frames = frames_of("DONE", number);
    frames_add_text(frames, code);
    frames_add_text(frames, text);
    return frames;
}

/* The answer to what is under way with this program; NULL for anything else. */
static flight_t *
read_done(notifier_t *self, unsigned program, const frames_t *frames, delivery_t *out)
{
    if (frames->count != 4 || !slice_is(frames_at(frames, 0), "DONE") ||
        !text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &out->number) ||
        fault_of(frames_text(frames, 2)) == FAULT_CODES)
        return NULL;
    snprintf(out->code, sizeof out->code, "%s", frames_text(frames, 2));
    snprintf(out->text, sizeof out->text, "%s", frames_text(frames, 3));
    for (size_t i = 0; i < SINKS_MAX; i++)
        if (self->flights[i].number == out->number && self->flights[i].program == program)
            return &self->flights[i];
    return NULL;
}

/* Programs ------------------------------------------------------------------------------------ */

static int
greet(void *context, channel_t *worker, unsigned program, fault_t *fault)
{
    const sinks_t *sinks = ((notifier_t *)context)->sinks;
    for (size_t i = 0; i < sinks->count; i++) {
        if (program_of(&sinks->sinks[i]) != program)
            continue;
        CLEANUP(frames_destroy) frames_t *frames = tell_sink(&sinks->sinks[i]);
        if (channel_send(worker, frames, fault))
            return -1;
    }
    return 0;
}

static int
greet_web(void *context, channel_t *worker, fault_t *fault)
{
    return greet(context, worker, WEB, fault);
}

static int
greet_mail(void *context, channel_t *worker, fault_t *fault)
{
    return greet(context, worker, MAIL, fault);
}

static int
start(notifier_t *self, unsigned program, const char *path, const char *const *arguments,
      fault_t *fault)
{
    struct epoll_event event = {.events = EPOLLIN};
    bool wanted = false;
    for (size_t i = 0; i < self->sinks->count; i++)
        wanted = wanted || program_of(&self->sinks->sinks[i]) == program;
    if (!wanted)
        return 0;
    self->keepers[program] =
        keeper_new(path, arguments, program == WEB ? greet_web : greet_mail, self, fault);
    if (!self->keepers[program])
        return fault_wrap(fault, "'%s'", path);
    if (epoll_ctl(self->epoll, EPOLL_CTL_ADD, keeper_fd(self->keepers[program]), &event))
        return fault_errno(fault, "epoll");
    return 0;
}

notifier_t *
notifier_new(const char *program_folder, const sinks_t *sinks, const char *sendmail, uid_t uid,
             fault_t *fault)
{
    char owner[16], web[4096], mail[4096];
    CLEANUP(notifier_destroy) notifier_t *self = memory_new(1, sizeof *self);
    self->sinks = sinks;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll < 0) {
        fault_errno(fault, "epoll");
        return NULL;
    }
    snprintf(owner, sizeof owner, "%u", (unsigned)uid);
    snprintf(web, sizeof web, "%s/../libexec/tocsin/notifier", program_folder);
    snprintf(mail, sizeof mail, "%s/../libexec/tocsin/mailer", program_folder);
    const char *const web_arguments[] = {owner, NULL};
    const char *const mail_arguments[] = {owner, sendmail, NULL};
    if (start(self, WEB, web, web_arguments, fault) ||
        start(self, MAIL, mail, mail_arguments, fault))
        return NULL;
    return MOVE(self);
}

void
notifier_destroy(notifier_t **self_p)
{
    notifier_t *self = *self_p;
    if (!self)
        return;
    for (unsigned program = 0; program < PROGRAMS; program++)
        keeper_destroy(&self->keepers[program]);
    descriptor_close(&self->epoll);
    free(self);
    *self_p = NULL;
}

int
notifier_fd(const notifier_t *self)
{
    return self->epoll;
}

void
notifier_post(notifier_t *self, const notice_row_t *notice, const value_t *facts)
{
    fault_t fault = {0};
    const sink_t *sink = sinks_find(self->sinks, notice->sink);
    if (!sink)
        return;
    flight_t *flight = &self->flights[sink - self->sinks->sinks];
    *flight = (flight_t){.number = notice->number, .program = program_of(sink)};
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = frames_of("POST", notice->number);
    value_encode(facts, encoded);
    frames_add_text(frames, notice->sink);
    frames_add(frames, bytes_slice(encoded));
    flight->lost = keeper_send(self->keepers[flight->program], frames, &fault);
    if (flight->lost)
        snprintf(self->why, sizeof self->why, "%s", fault.text);
}

static void
lose(notifier_t *self, unsigned program, const fault_t *fault)
{
    snprintf(self->why, sizeof self->why, "the program that delivers ended: %.200s", fault->text);
    for (size_t i = 0; i < SINKS_MAX; i++)
        if (self->flights[i].number && self->flights[i].program == program)
            self->flights[i].lost = true;
}

static bool
next_of(notifier_t *self, unsigned program, delivery_t *out)
{
    fault_t fault = {0};
    keeper_t *keeper = self->keepers[program];
    CLEANUP(frames_destroy) frames_t *frames = keeper ? keeper_next(keeper, &fault) : NULL;
    flight_t *flight = frames ? read_done(self, program, frames, out) : NULL;
    if (flight) {
        flight->number = 0;
        return true;
    }
    if (frames) {
        keeper_dismiss(keeper);
        fault_set(&fault, FAULT_FORMAT, "it spoke nonsense");
    }
    if (fault.code)
        lose(self, program, &fault);
    return false;
}

bool
notifier_next(notifier_t *self, delivery_t *out)
{
    for (unsigned program = 0; program < PROGRAMS; program++)
        if (next_of(self, program, out))
            return true;
    for (size_t i = 0; i < SINKS_MAX; i++) {
        flight_t *flight = &self->flights[i];
        if (!flight->number || !flight->lost)
            continue;
        *out = (delivery_t){.number = flight->number};
        snprintf(out->code, sizeof out->code, "%s", fault_word(FAULT_UNREACHABLE));
        snprintf(out->text, sizeof out->text, "%s", self->why);
        flight->number = 0;
        return true;
    }
    return false;
}

int
notifier_tick(notifier_t *self, mono_t now, fault_t *fault)
{
    for (unsigned program = 0; program < PROGRAMS; program++)
        if (self->keepers[program] && keeper_tick(self->keepers[program], now, fault))
            return fault_wrap(fault, "%s", program == WEB ? "notifier" : "mailer");
    return 0;
}
