/* SPDX-License-Identifier: Apache-2.0 */
/* run_plan - plans as they are made, shown and kept: $XDG_STATE_HOME/tocsin/plans/HASH is the draft
 * of an order, HASH.targets the list of its waves that are not listed. */
#ifndef TOCSIN_RUN_PLAN_H
#define TOCSIN_RUN_PLAN_H

#include "cli/fetch.h"
#include "cli/plan.h"
#include "cli/session.h"

#define PLANS             "plans"
#define PLAN_TARGETS      ".targets"
#define CALLEES_DEPTH_MAX 4 /* as deep as a receipt's path names */

/* The releases in service of all that a playbook may call, ascending. */
typedef struct {
    size_t count;
    callee_t at[ORDER_RELEASES_MAX - 1];
    unsigned height[ORDER_RELEASES_MAX - 1]; /* levels of calls below each, while they are found */
} callees_t;

/* FAULT_LIMIT, FAULT_CONFLICT for a circle, and what fetch_release says. */
int callees_find(callees_t *self, session_t *session, const manifest_t *manifest,
                 fault_t *fault) MUST_CHECK;

/* Makes the plan, keeps it and prints it; incident is the broker's answer, NULL where there is
 * none. */
int plan_show(const options_t *options, session_t *session, const wish_t *wish,
              const fetched_t *fetched, const value_t *incident, fault_t *fault) MUST_CHECK;

/* Which targets of an earlier run are planned again. */
typedef enum {
    RERUN_FAILED,   /* failed and refused */
    RERUN_REST,     /* also those that were stopped or never reached */
    RERUN_CONTINUE, /* likewise; what their receipts say is done, is */
} rerun_t;

/* Plans a run's targets again, from the broker's answer on it; the exit status. */
int run_plan_again(const options_t *options, session_t *session, const value_t *run, rerun_t rerun);

/* From here on the session's trust asks for as many signers of orders as the machines of the
 * targets say that they do, so that an order waits here for whom they would miss. */
int plan_ask_more(const session_t *session, const order_t *order, fault_t *fault) MUST_CHECK;

/* What the playbooks that the order's may call do, each release verified here; what machines would
 * refuse or ask for, each word of it verified here; which targets are outside the scope of whoever
 * asks; and what the broker says of the moment: who is offline, drained or revoked, what is
 * stopped. */
int plan_add_rest(value_t *plan, session_t *session, const order_t *order, const fetched_t *fetched,
                  fault_t *fault) MUST_CHECK;

#endif
