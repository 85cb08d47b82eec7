/* SPDX-License-Identifier: Apache-2.0 */
/* halt - a stop or a revoke, which only deny, and the resume that lifts a stop (docs/PROTOCOL.md
 * 3.12, 3.13, 3.16). keys/trust.h keeps them and says what they cover. */
#ifndef TOCSIN_HALT_H
#define TOCSIN_HALT_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/order.h"

/* What a stop halts; from HALT_PERSON on, what a revoke takes back. */
#define HALT_WHATS(X)            \
    X(HALT_RUN, "run")           \
    X(HALT_PLAYBOOK, "playbook") \
    X(HALT_REGION, "region")     \
    X(HALT_SITE, "site")         \
    X(HALT_PERSON, "person")     \
    X(HALT_KEY, "key")           \
    X(HALT_WORKER, "worker")     \
    X(HALT_RELEASE, "release")   \
    X(HALT_GRANT, "grant")

typedef enum {
#define X(what, word) what,
    HALT_WHATS(X)
#undef X
        HALT_COUNT
} halt_what_t;

const char *halt_word(halt_what_t self);
bool halt_read(const char *word, halt_what_t *out);
bool halt_revokes(halt_what_t self);

/* Whether what is refused with this code was stopped or revoked. */
bool halt_caused(fault_code_t code);

/* Whether the document says that it is a stop, a revoke or a resume. */
bool halt_is(slice_t document);

/* A stop, or a revoke: `what` says which. */
typedef struct {
    hash_t site;
    halt_what_t what;
    char name[HASH_TEXT]; /* a run's, release's or grant's hash, that of a key's blob, "-" for the
                             site, else the name */
    char reason[ORDER_REASON_MAX + 1];
    wall_t created;
    wall_t until;   /* of a run: when nothing of it can begin any more, and it may be forgotten; ms
                       0: never */
    char nonce[33]; /* 32 hexadecimal digits: no stop is lifted by the resume of another */
} stop_t;

/* Of either type. */
stop_t *stop_decode(slice_t document, fault_t *fault);
void stop_encode(const stop_t *self, bytes_t *out);
void stop_destroy(stop_t **self_p);

typedef struct {
    hash_t site;
    hash_t stop; /* the document that it lifts */
    char reason[ORDER_REASON_MAX + 1];
    wall_t created;
} resume_t;

resume_t *resume_decode(slice_t document, fault_t *fault);
void resume_encode(const resume_t *self, bytes_t *out);
void resume_destroy(resume_t **self_p);

#endif
