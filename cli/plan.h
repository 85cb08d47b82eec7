/* SPDX-License-Identifier: Apache-2.0 */
/* plan - what an order would do, worked out by the signer's own program from verified bytes. Pure:
 * no broker, no clock, no files. */
#ifndef TOCSIN_PLAN_H
#define TOCSIN_PLAN_H

#include <stdio.h>

#include "cli/options.h"
#include "keys/trust.h"
#include "wire/manifest.h"

/* What is wished for; everything is the caller's. */
typedef struct {
    const release_t *release;
    hash_t hash; /* of the release */
    const manifest_t *manifest;
    uint64_t incident;     /* 0 where none */
    const alert_t *alert;  /* that incident's; NULL where none */
    const many_t *inputs;  /* "NAME=VALUE" */
    const many_t *targets; /* workers; none: the incident's host */
    bool dry;
    int64_t valid_s;
    wall_t now;
} wish_t;

/* The alert that an incident's answer (docs/PROTOCOL.md 6.1) speaks of, as far as inputs map from
 * it. FAULT_LIMIT where it has more labels than an alert may. */
alert_t *plan_alert(const value_t *incident, fault_t *fault);

/* The order, but for its reason ("-"). Inputs are all written out: from the alert, as wished, and
 * defaults. Targets stand in waves of first, first * grow, ..., at most ORDER_WAVE_MAX each.
 * FAULT_USAGE, FAULT_INPUT, FAULT_TARGET, FAULT_LIMIT. */
order_t *plan_order(const wish_t *wish, const trust_t *trust, fault_t *fault);

/* The size of a wave, from 1. */
size_t plan_wave_size(const manifest_t *manifest, unsigned wave);

/* Whether the order's targets are all in the fleet and its inputs in the manifest: FAULT_STALE. */
int plan_check(const order_t *order, const manifest_t *manifest, const trust_t *trust,
               fault_t *fault) MUST_CHECK;

/* Everything a person should see before signing, as one value: what --json prints, and what
 * plan_print shows. wish may be NULL: then nobody knows where inputs come from. The caller's. */
value_t *plan_value(const order_t *order, const wish_t *wish, const release_t *release,
                    const manifest_t *manifest, const approvals_t *approvals, const trust_t *trust);
void plan_print(const value_t *plan, FILE *out);

#endif
