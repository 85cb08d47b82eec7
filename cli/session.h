/* SPDX-License-Identifier: Apache-2.0 */
/* session - what a command that decides or signs stands on: the verified site, and a connection to
 * its broker. */
#ifndef TOCSIN_SESSION_H
#define TOCSIN_SESSION_H

#include "cli/fetch.h"
#include "keys/signature.h"

typedef struct {
    trust_t *trust; /* ours */
    client_t *client;
    value_t *workers; /* once asked for; ours */
    size_t release_count;
    fetched_t **releases; /* likewise */
    unsigned unreached;   /* to whom session_spread did not get through */
} session_t;

/* FAULT_EXPIRED and its kin where the site's documents are not in force. */
int session_open(session_t *self, const options_t *options, fault_t *fault) MUST_CHECK;
void session_close(session_t *self);

/* What the broker says of each worker (docs/PROTOCOL.md 6.1), asked once. The session's. */
const value_t *session_workers(session_t *self, fault_t *fault);

/* The release of this hash, fetched once; what session_release_of gave is not asked for again.
 * The session's. */
const fetched_t *session_release(session_t *self, const hash_t *hash, fault_t *fault);

/* The release of a playbook that is in service now. The session's. */
const fetched_t *session_release_of(session_t *self, const char *playbook, fault_t *fault);

/* Hands in a document with its armors, as kind (docs/PROTOCOL.md 6.1, `submit`); more, taken over,
 * may hold further arguments. The answer; the caller's. */
value_t *session_submit(const session_t *self, const char *kind, slice_t document, slice_t armors,
                        value_t *more, fault_t *fault);

/* Shows the document as it is, asks, signs it for this purpose and appends the armor. FAULT_DENIED
 * where nobody said yes. */
int sign_shown(const options_t *options, purpose_t purpose, const char *kind, slice_t document,
               bytes_t *armors, fault_t *fault) MUST_CHECK;

/* session_submit for what concerns everybody: to the timekeeper first, where one is configured, and
 * to the broker. Who has it, and who was not reached, is said on standard error, and counted. 0
 * where one of them has it and neither refused it. */
int session_spread(session_t *self, const options_t *options, const char *kind, slice_t document,
                   slice_t armors, fault_t *fault) MUST_CHECK;

/* sign_shown, then handed in. */
int session_sign(const session_t *self, const options_t *options, purpose_t purpose,
                 const char *kind, slice_t document, fault_t *fault) MUST_CHECK;

#endif
