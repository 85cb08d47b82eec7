/* SPDX-License-Identifier: Apache-2.0 */
/* opener - what a person's own sealing key opens of a sealed run (docs/PROTOCOL.md 12), for the
 * commands that show one. */
#ifndef TOCSIN_OPENER_H
#define TOCSIN_OPENER_H

#include "cli/command.h"
#include "keys/order.h"
#include "keys/seal.h"

typedef struct {
    bool sealed; /* the run is */
    bool opens;  /* to this person too */
    hash_t site, run;
    sealkey_t key;
} opener_t;

/* Of the broker's answer on a run, whose order is held against the run's id. What cannot be opened
 * is no fault: it is said on standard error where a key is there that cannot be read. */
void opener_take(opener_t *self, const options_t *options, const value_t *run);

/* Wipes the key. */
void opener_clear(opener_t *self);

/* The key of a sealed order, by options->sealing. FAULT_KEY where it is sealed to others. */
int opener_key(const options_t *options, const order_t *order, sealkey_t *key,
               fault_t *fault) MUST_CHECK;

/* The run with what its receipts gave, and why they failed, opened: it gains `sealed`, whether it
 * is, and each sealed receipt "opened", "not for you" or why it does not open; no other has one,
 * whatever the broker says. The caller's. */
value_t *opener_run(const opener_t *self, const value_t *run);

/* Whether an event says no more of why than that its reason is sealed; and a copy that says it,
 * from the run of opener_run, where that tells. The caller's. */
bool opener_hides(const value_t *event);
value_t *opener_event(const value_t *event, const value_t *run);

/* What a part said from this offset on, whole lines only, opened; *taken of the bytes were read. */
void opener_lines(const opener_t *self, const char *target, uint64_t offset, slice_t said,
                  bytes_t *out, size_t *taken);

#endif
