/* SPDX-License-Identifier: Apache-2.0 */
/* stop - halting runs, and knowing which machines have heard of it. */
#ifndef TOCSIN_CLI_STOP_H
#define TOCSIN_CLI_STOP_H

#include "cli/session.h"
#include "keys/halt.h"

/* What a row of `stops` (docs/PROTOCOL.md 6.1) says to people who asked for none of it. */
typedef enum {
    STOP_PAST,    /* lifted, or of one run, or a revoke that all have confirmed: nothing */
    STOP_HOLDS,   /* more than one run is held back */
    STOP_REVOKES, /* and workers were not reached */
} stop_state_t;
stop_state_t stop_state(const value_t *row);

/* How many workers have not said that they keep it, and how many have. */
size_t stop_missing(const value_t *row);
size_t stop_confirmed(const value_t *row);

/* The stop that begins so, of the broker, with the names of whom it concerns: a list of one, or of
 * more or none. The caller's. */
value_t *stop_ask(client_t *client, const char *prefix, fault_t *fault);

/* The stops in force that this run, which goes on, is under: those of a playbook that it only calls
 * too. stops is the broker's answer, NULL where there is none; run the one of the verb `run`. A
 * list of {hash: of the stop, text: what people are told}; the caller's. */
value_t *stop_over(const value_t *stops, const value_t *run, const trust_t *trust);

/* Makes, shows, signs and hands in a stop, or a revoke where what is of that kind, to timekeeper
 * and broker (session_spread); its document's hash goes into hash. */
int stop_send(session_t *session, const options_t *options, halt_what_t what, const char *name,
              const char *reason, char hash[static HASH_TEXT], fault_t *fault) MUST_CHECK;

/* Waits until every worker that a stop concerns has confirmed it, at most wait_s, and prints who
 * has and who has not been reached. How many have not, with whom session_spread did not reach; -1
 * with a fault. */
int stop_follow(const session_t *session, const options_t *options, const char *hash,
                int64_t wait_s, fault_t *fault) MUST_CHECK;

#endif
