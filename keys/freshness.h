/* SPDX-License-Identifier: Apache-2.0 */
/* freshness - how old the newest beacon is that a worker has heard, what it names that is not here,
 * and so what may begin (docs/PROTOCOL.md 3.17). Judge and effector each have one; the
 * effector draws the nonces for both.
 *
 * Pure: fed with milliseconds of CLOCK_BOOTTIME and the boot's id. A beacon that answers a nonce
 * drawn at t0 was made after t0, so that it is now at most its `made` + (now - t0): an anchor,
 * which lasts 70 minutes. The age of the newest beacon is that moment less its own `made`; without
 * an anchor that lasts, all the time since t0; and without end after another boot, until a nonce is
 * answered. Sequence and `made` never go back, until root names another timekeeper's key. */
#ifndef TOCSIN_FRESHNESS_H
#define TOCSIN_FRESHNESS_H

#include "keys/trust.h"

#define FRESHNESS_BOOT_MAX  63
#define FRESHNESS_ASKED_MAX 4                /* nonces that may still be answered; older ones not */
#define FRESHNESS_ANCHOR_MS (70 * 60 * 1000) /* how long an anchor lasts */
#define FRESHNESS_ASK_MS    (60 * 60 * 1000) /* after which another nonce is drawn */
#define FRESHNESS_AGAIN_MS  (60 * 1000)      /* likewise where none was answered */
#define FRESHNESS_ENDLESS   INT64_MAX        /* the age of what nobody can date */
#define FRESHNESS_GRANT     3                /* under a grant a class lasts so many times as long */
#define FRESHNESS_BYTES_MAX (512 * 1024)     /* of the state */

typedef struct freshness freshness_t;

/* boot: /proc/sys/kernel/random/boot_id, a word. */
freshness_t *freshness_new(const char *worker, const char *boot);
void freshness_destroy(freshness_t **self_p);

/* The state that its owner keeps durably, whenever freshness_hear says so, and gives back at start,
 * before trust forgets any halt. FAULT_FORMAT, FAULT_LIMIT. */
void freshness_encode(freshness_t *self, const trust_t *trust, bytes_t *out);
int freshness_decode(freshness_t *self, const trust_t *trust, slice_t state,
                     fault_t *fault) MUST_CHECK;

/* Whether another nonce should go out now: at first, each hour, and while none is answered each
 * minute. Only where root names a timekeeper. */
bool freshness_due(const freshness_t *self, const trust_t *trust, mono_t now);

/* This nonce goes out now. */
void freshness_ask(freshness_t *self, const nonce_t *nonce, mono_t now);

/* Takes a beacon: 1 where something changed, which is to be durable before it counts, 0 where it
 * was known, -1 fault. place is empty, or where a nonce stands in it; one that was not asked here,
 * or by another role, is nothing. FAULT_VERSION (older than what was heard), FAULT_REPLAY (the same
 * sequence, other bytes), and what trust_check_beacon says. */
int freshness_hear(freshness_t *self, const trust_t *trust, slice_t document, slice_t armor,
                   slice_t place, fault_t *fault) MUST_CHECK;

/* Whether something of this class may begin now, or go on to its next op. Nothing is asked where
 * root names no timekeeper, and of what only observes no document. FAULT_BEACON says what is
 * missing. */
int freshness_check(freshness_t *self, const trust_t *trust, class_t highest, bool by_grant,
                    mono_t now, fault_t *fault) MUST_CHECK;

/* Whether everything that the newest beacon names is here, or was; true before one was heard.
 * FAULT_BEACON says what is not. */
int freshness_check_named(freshness_t *self, const trust_t *trust, fault_t *fault) MUST_CHECK;

/* Milliseconds, or FRESHNESS_ENDLESS. */
int64_t freshness_age(const freshness_t *self, const trust_t *trust, mono_t now);

/* The newest beacon's `made`: a floor of what time it is, durable beside `seen`; ms 0 where there
 * is none by the timekeeper whom root names. */
wall_t freshness_made(const freshness_t *self, const trust_t *trust);

/* Whether the newest beacon names this halt as in force: a worker may then take it by
 * trust_restore, since the timekeeper found its signer good when it came. */
bool freshness_names(const freshness_t *self, const trust_t *trust, const hash_t *halt);

#endif
