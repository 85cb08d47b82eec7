/* SPDX-License-Identifier: Apache-2.0 */
/* verdict - what a revision of a playbook makes of an alert of the past, and why: whether the
 * alert's name triggers it, the inputs that it would get, and each condition of each grant. Worked
 * out here from documents that are verified here; of the broker's word there is only when a grant
 * was drawn on before. Pure: no broker, no clock, no files. */
#ifndef TOCSIN_VERDICT_H
#define TOCSIN_VERDICT_H

#include <stdio.h>

#include "cli/command.h"
#include "keys/trust.h"
#include "wire/manifest.h"

#define VERDICT_DIGITS 12 /* of a hash, for people */

/* What is asked about; all of it borrowed. */
typedef struct {
    const char *title; /* for people */
    const manifest_t *manifest;
    slice_t release, armors; /* its release; empty where it is none, or none yet */
} revision_t;

/* When it is asked about, likewise. */
typedef struct {
    trust_t *trust;
    const alert_t *alert;
    slice_t document;      /* the alert's; judged as of the moment it was received */
    slice_t armor;         /* its source's; empty where it has none */
    const value_t *grants; /* as the verb `grants` lists them */
    const value_t *runs;   /* that began for the same incident: what they took of a budget, or
                              began of a cool-down, holds nothing back */
    wall_t now;
} scene_t;

/* {title, playbook, release?, triggered, name (the alert's), triggers: list, near: list of
 * {trigger, how}, worker?, inputs: list of {name, kind, value?, origin, why?}, grants: list of
 * {grant, release?, signers?, holds, failed, why?, ran?: run, conditions: list of {condition,
 * wants, found, holds, code?, why?}}, fires, because}. A grant that cannot be weighed has no
 * conditions. The caller's. */
value_t *verdict_of(const scene_t *scene, const revision_t *revision);

/* What alerts it, where it is not triggered, is all that a brief one shows. */
void verdict_print(const value_t *verdict, bool brief, FILE *out);

#endif
