/* SPDX-License-Identifier: Apache-2.0 */
/* part - what this worker does of one run: the judge's walk over the step graph. Pure but for the
 * ledger: it queues what must be sent, and is told what came back.
 *
 * Steps run one after another in manifest order. Inside a step every op is recorded; a step that
 * was cut off runs again over the recorded results to the first unrecorded op (docs/PROTOCOL.md
 * 7.3). A failed, refused or unknown step ends the part. */
#ifndef TOCSIN_PART_H
#define TOCSIN_PART_H

#include "keys/trust.h"
#include "wire/manifest.h"
#include "worker/outbox.h"
#include "worker/scribe.h"

typedef struct part part_t;

/* What a part borrows; all of it outlives every part. */
typedef struct {
    scribe_t *scribe;
    ledger_t *ledger;
    outbox_t *outbox;
    const char *worker;
    const char *region;
    const char *labels;
    hash_t head;          /* of the effector's journal, as last heard */
    size_t open;          /* parts that are */
    uint64_t next_runner; /* number of the next runner to ask for */
} workplace_t;

/* What was proved and worked out before a part is accepted; part_new takes over the pointers. */
typedef struct {
    warrant_t *warrant;
    manifest_t *manifest;
    value_t *inputs;
    bytes_t *playbook; /* text of playbook.lua */
} brief_t;

void brief_clear(brief_t *self);

part_t *part_new(workplace_t *place, brief_t *brief);
void part_destroy(part_t **self_p);

const hash_t *part_run(const part_t *self);

/* Whether its last receipt is written. */
bool part_closed(const part_t *self);

/* Starts, or after a restart goes on behind the receipts that the ledger has. */
int part_begin(part_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* The runner this part waits for or talks to; 0 where there is none. */
uint64_t part_runner(const part_t *self);

/* The runner's descriptor is there: the task is queued for it. */
int part_on_ready(part_t *self, fault_t *fault) MUST_CHECK;

/* A message from the runner; one that is none of section 8 counts as the script's fault. */
int part_on_runner(part_t *self, const frames_t *frames, wall_t now, mono_t clock,
                   fault_t *fault) MUST_CHECK;

/* The runner ended without DONE; status is wait(2)'s. */
int part_on_runner_end(part_t *self, int status, wall_t now, mono_t clock,
                       fault_t *fault) MUST_CHECK;

/* RESULT or FAULT from the effector for this part's op. */
int part_on_effector(part_t *self, const frames_t *frames, wall_t now, mono_t clock,
                     fault_t *fault) MUST_CHECK;

/* When its step must be done; ms 0 where nothing runs. */
mono_t part_deadline(const part_t *self);
void part_on_deadline(part_t *self);

/* A run that gets no part, or whose part cannot go on after a restart. */
typedef struct {
    hash_t run, release;
    const char *authority; /* "order", "grant" or "token" */
    const fault_t *why;
} refusal_t;

/* Its last receipt: `refused`, or `unknown` where an op of it was begun and nobody said what came
 * of it. Closes the run in the ledger. */
int part_write_refusal(const workplace_t *place, const refusal_t *refusal, wall_t now,
                       fault_t *fault) MUST_CHECK;

/* How receipts name what stands behind a run: "order", "grant" or "token". */
const char *part_authority(const grant_t *grant);

#endif
