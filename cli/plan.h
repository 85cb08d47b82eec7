/* SPDX-License-Identifier: Apache-2.0 */
/* plan - what an order would do, worked out by the signer's own program from verified bytes. Pure:
 * no broker, no clock, no files. */
#ifndef TOCSIN_PLAN_H
#define TOCSIN_PLAN_H

#include <stdio.h>

#include "cli/sealing.h"
#include "cli/targets.h"
#include "wire/manifest.h"

#define PLAN_UNDO_S (24 * 3600) /* behind the window, for undoing what failed; as under a grant */

/* A release that the playbook may call. */
typedef struct {
    char playbook[TEXT_NAME_MAX + 1];
    hash_t hash;
} callee_t;

/* What is wished for; everything is the caller's. */
typedef struct {
    const release_t *release;
    hash_t hash; /* of the release */
    const manifest_t *manifest;
    uint64_t incident;    /* 0 where none */
    const alert_t *alert; /* that incident's; NULL where none */
    const many_t *inputs; /* "NAME=VALUE" */
    targets_t *targets;   /* chosen; reordered */
    size_t callee_count;
    const callee_t *callees; /* ascending */
    uint64_t first, grow;    /* size of the first wave, and by what it grows */
    uint64_t soak_s, max_failures;
    hash_t continues;         /* an earlier run; zero where none */
    const readers_t *readers; /* NULL where it is not sealed */
    const char *glass;        /* why it is to break glass; NULL where it is not */
    bool dry;
    bool again; /* what is said is what an earlier order said */
    int64_t valid_s;
    wall_t now;
} wish_t;

/* From when, and how long, parts of it may begin; what failed may be undone for PLAN_UNDO_S more.
 */
void plan_window(order_t *order, wall_t from, int64_t seconds);

/* The order breaks glass: why. FAULT_USAGE where that is no text for a document. */
int plan_break_glass(order_t *order, const char *why, fault_t *fault) MUST_CHECK;

/* The alert that an incident's answer (docs/PROTOCOL.md 6.1) speaks of, as far as inputs map from
 * it. FAULT_LIMIT where it has more labels than an alert may. */
alert_t *plan_alert(const value_t *incident, fault_t *fault);

/* The order, but for its reason ("-"). Inputs are all written out: from the alert, as wished, and
 * defaults. Targets stand in waves of first, first * grow, ...; those over ORDER_WAVE_MAX are not
 * listed: their targets go into *large, a list of {wave, target} for the broker, NULL where there
 * is none. Where a step runs once for all targets, the last of them has the last wave to itself. A
 * sealed order lists every target.
 * FAULT_USAGE where an input is missing, unknown or against its kind too; FAULT_LIMIT,
 * FAULT_CONFLICT, FAULT_KEY. */
order_t *plan_order(const wish_t *wish, const trust_t *trust, value_t **large, fault_t *fault);

/* FAULT_USAGE: the playbook has no input of this name, which ones it has, and which is near. */
int plan_no_input(const manifest_t *manifest, const char *name, fault_t *fault);

/* The size of a wave, from 1. */
size_t plan_wave_size(size_t first, size_t grow, unsigned wave);

/* Whether the order's targets are all in the fleet and its inputs in the manifest: FAULT_STALE. */
int plan_check(const order_t *order, const manifest_t *manifest, const trust_t *trust,
               fault_t *fault) MUST_CHECK;

/* What a plan is shown from. */
typedef struct {
    const order_t *order;
    const value_t *large; /* as plan_order made it; NULL where every wave is listed */
    const wish_t *wish;   /* NULL: nobody knows where inputs come from, and what was left out */
    const release_t *release;
    const manifest_t *manifest;
    const approvals_t *approvals;
} shown_t;

/* Everything a person should see before signing, as one value: what --json prints, and what
 * plan_print shows. The caller's. */
value_t *plan_value(const shown_t *shown, const trust_t *trust);

/* A playbook that the plan's may call: its approvers and steps too; the plan's class and signatures
 * become what the worst of all wants. Its bounds name its own inputs, which the calling step gives.
 */
void plan_add_callee(value_t *plan, const release_t *release, const manifest_t *manifest,
                     const approvals_t *approvals, const trust_t *trust);
void plan_print(const value_t *plan, FILE *out);

#endif
