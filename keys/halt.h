/* SPDX-License-Identifier: Apache-2.0 */
/* halt - a stop, which only denies, and the resume that lifts it (docs/PROTOCOL.md 3.12, 3.13).
 * keys/trust.h keeps them and says what they cover. */
#ifndef TOCSIN_HALT_H
#define TOCSIN_HALT_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/order.h"

#define HALT_WHATS(X)            \
    X(HALT_RUN, "run")           \
    X(HALT_PLAYBOOK, "playbook") \
    X(HALT_REGION, "region")     \
    X(HALT_SITE, "site")

typedef enum {
#define X(what, word) what,
    HALT_WHATS(X)
#undef X
        HALT_COUNT
} halt_what_t;

const char *halt_word(halt_what_t self);
bool halt_read(const char *word, halt_what_t *out);

typedef struct {
    hash_t site;
    halt_what_t what;
    char name[HASH_TEXT]; /* the run's hash, the playbook's or region's name, "-" for the site */
    char reason[ORDER_REASON_MAX + 1];
    wall_t created;
    char nonce[33]; /* 32 hexadecimal digits: no stop is lifted by the resume of another */
} stop_t;

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
