/* SPDX-License-Identifier: Apache-2.0 */
/* client - one CURVE connection to a broker or the timekeeper, for asking (docs/PROTOCOL.md 6.1,
 * 6.4). */
#ifndef TOCSIN_CLIENT_H
#define TOCSIN_CLIENT_H

#include "cli/command.h"
#include "common/moment.h"
#include "keys/trust.h"

typedef struct client client_t;

/* The site folder's documents, verified against its id: what every command that decides or signs
 * stands on. The caller's. */
trust_t *site_load(const options_t *options, fault_t *fault);

/* Connects with options->curve to options->server; the broker's CURVE key is one that the verified
 * people document lists. Nothing is sent yet. */
client_t *client_open(const options_t *options, const trust_t *trust, fault_t *fault);

/* The same to options->timekeeper, whose CURVE key the verified root names. FAULT_USAGE where the
 * one or the other names none. */
client_t *client_open_timekeeper(const options_t *options, const trust_t *trust, fault_t *fault);
void client_close(client_t **self_p);

/* One question, one answer, as show_answer has it; takes over *arguments (NULL is an empty map).
 * NULL with the broker's fault, or FAULT_UNREACHABLE after 5 s. The caller's. */
value_t *client_ask(client_t *self, const char *verb, value_t *arguments, fault_t *fault);

/* For who follows what goes on without the broker. */
typedef struct {
    mono_t until;     /* nobody is waited for any longer */
    unsigned outages; /* sat out: each is said on standard error as it begins, and as it ends */
} patience_t;

/* client_ask of what only looks: while nobody answers it is asked again, until patience ends or
 * Ctrl-C. */
value_t *client_ask_on(client_t *self, const char *verb, value_t *arguments, patience_t *patience,
                       fault_t *fault);

/* client_ask of a verb that is answered with a map; another answer is FAULT_FORMAT. */
value_t *client_ask_map(client_t *self, const char *verb, value_t *arguments, fault_t *fault);

/* `submit` of a document of that kind: 1 where it is kept now, 0 where nobody was reached
 * (FAULT_UNREACHABLE), -1 where it was refused. */
int client_hand_in(client_t *self, const char *kind, slice_t document, slice_t armors,
                   fault_t *fault) MUST_CHECK;

/* client_hand_in at the timekeeper, and a word on standard error that it has the document, or was
 * not reached. */
int client_tell_timekeeper(const options_t *options, const trust_t *trust, const char *kind,
                           slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* The site, a connection and one question, for commands that only look; takes over *arguments. The
 * caller's. */
value_t *client_look(const options_t *options, const char *verb, value_t *arguments,
                     fault_t *fault);

/* The next EVENT's body; NULL with FAULT_TIMEOUT after timeout_ms, or at once on Ctrl-C. */
value_t *client_event(client_t *self, int timeout_ms, fault_t *fault);

/* Whether the connection broke since this was asked last; the first time it only begins to mind. A
 * new one is made by itself, but what the broker was asked to tell ended with the old one. */
bool client_was_cut(client_t *self);

/* Whether Ctrl-C was pressed since client_open. */
bool client_interrupted(const client_t *self);

/* The site's documents, which it stands on. */
const trust_t *client_trust(const client_t *self);

/* Whose CURVE key this is, as the people document says; "" where it is nobody's. */
const char *client_person(const client_t *self);

#endif
