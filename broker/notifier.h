/* SPDX-License-Identifier: Apache-2.0 */
/* notifier - delivers notices to sinks, in programs of its own: libexec/tocsin/notifier posts to
 * all webhooks at once, libexec/tocsin/mailer hands mail to sendmail, one after another. Each is
 * started only where such a sink is configured, under a keeper. So a sink that is down, or lies,
 * keeps nobody waiting but its own notices, and reaches neither the broker's files nor its memory.
 *
 * Which notice goes when is the core's decision (core_notice); every one that was handed over is
 * answered exactly once, a lost program's too. */
#ifndef TOCSIN_NOTIFIER_H
#define TOCSIN_NOTIFIER_H

#include <sys/types.h>

#include "broker/letter.h"
#include "common/frames.h"

#define NOTIFIER_CONNECT_MS 5000
#define NOTIFIER_TIMEOUT_MS 20000       /* of a whole request, and of sendmail */
#define NOTIFIER_ANSWER_MAX (64 * 1024) /* bytes of a sink's answer */

typedef struct {
    uint64_t number;
    char code[16]; /* "none": taken; "denied": refused for good; else worth another try */
    char text[FAULT_TEXT_MAX];
} delivery_t;

typedef struct notifier notifier_t;

/* Programs are PROGRAM_FOLDER/../libexec/tocsin/...; as root they become UID (0: stay who we are).
 * Before privileges drop and before a ZeroMQ context exists. sinks is borrowed; its secrets go over
 * sockets, never into arguments. FAULT_UNREACHABLE where a program does not come up. */
notifier_t *notifier_new(const char *program_folder, const sinks_t *sinks, const char *sendmail,
                         uid_t uid, fault_t *fault);
void notifier_destroy(notifier_t **self_p);

/* For the loop: readable while something may be there. */
int notifier_fd(const notifier_t *self);

/* Never waits: what is under way is one small message a sink, for which sockets have room. */
void notifier_post(notifier_t *self, const notice_row_t *notice, const value_t *facts);

/* The next answer; call it until false when notifier_fd is readable, and after each tick. */
bool notifier_next(notifier_t *self, delivery_t *out);

/* Every second or so. FAULT_UNREACHABLE when a program itself is gone: restart the broker. */
int notifier_tick(notifier_t *self, mono_t now, fault_t *fault) MUST_CHECK;

/* The programs' side: SINK name kind address from secret | POST number sink facts, and their answer
 * DONE number code text. */
typedef struct {
    uint64_t number;
    const sink_t *sink;
    value_t *facts; /* the caller's; NULL where the message told of a sink */
} wish_t;

/* A SINK goes into sinks. FAULT_FORMAT for anything else than the two. */
int notifier_intake(sinks_t *sinks, const frames_t *frames, wish_t *wish,
                    fault_t *fault) MUST_CHECK;
frames_t *notifier_done(uint64_t number, const char *code, const char *text);

#endif
