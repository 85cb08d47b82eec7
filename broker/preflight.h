/* SPDX-License-Identifier: Apache-2.0 */
/* preflight - what of a configuration would stop a broker's start, or make it of little use: looked
 * at beforehand (`tocsin-broker -n`), with all that it names on the disk. Nothing is made, changed
 * or bound; whether a port is free is told by the start itself. */
#ifndef TOCSIN_PREFLIGHT_H
#define TOCSIN_PREFLIGHT_H

#include "broker/settings.h"
#include "keys/trust.h"

/* What is looked at, and who hears of it; all is the caller's. */
typedef struct {
    const settings_t *settings;
    trust_t *trust;        /* of its site */
    const curvekey_t *key; /* the broker's public one */
    wall_t now;
    const char *program_folder; /* its programs are in PROGRAM_FOLDER/../libexec/tocsin */
    void (*say)(bool stops, const char *text); /* one trouble, with file and line */
} preflight_t;

/* How many of the troubles that were told would stop a start. What does not is told too: the broker
 * serves without it, and less. */
unsigned preflight(const preflight_t *self);

#endif
