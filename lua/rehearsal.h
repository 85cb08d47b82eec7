/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal - a playbook's own test: its steps in their sandbox, in the order of wire/walk.h, over
 * recorded answers of ops, of people and of other playbooks. Pauses and waits cost no time.
 *
 * A test is a file tests/NAME.lua that returns a table, evaluated in the sandbox as well:
 *
 *     inputs   = { NAME = value }               defaults as in a run
 *     incident = { labels = { ... } }           what ctx.incident is
 *     ops      = { { op, args?, result | fault = { code, text } }, ... }   in the order of asking,
 *                                               over all steps, attempts and undos
 *     people   = { STEP = "yes" | "no" | answer | "expired" }
 *     all      = { STEP = { TARGET = output } } of other targets, for steps that run once; this one
 *                                               is called rehearsal
 *     calls    = { PLAYBOOK = { outcome, output or text } }
 *     inject   = { { step?, op?, nth?, fault = { code, text } }, ... }   the nth such op fails
 *     chaos    = true | seed                    then once more for each op, with that one failing
 *     answers  = { [OP] = result }              for ops that only come after a failure
 *     expect   = { STEP = "ok" | "failed" | "skipped" | "unknown" | "undone" | "undo failed" |
 *                         "not run" }           every step
 *     output   = { STEP = value }               what an ok step gives
 *     fault    = { STEP = text }                part of what a failed step says
 *     notified = { STEP = text }                what a step notifies of
 *     said     = { line, ... }                  all that steps say
 *     clock    = seconds                        of all pauses, and of waiting in vain for people
 *
 * An op must be allowed by the manifest with its arguments, as the effector would have it, and be
 * the next one recorded. Under chaos a run must end as a run may (ok, failed; unknown where an op's
 * own outcome is), without an error in Lua, and what it undoes must come undone. */
#ifndef TOCSIN_REHEARSAL_H
#define TOCSIN_REHEARSAL_H

#include "wire/manifest.h"

#define REHEARSAL_TIMEOUT_MS 10000 /* of one step, and of the test's file */

/* 0 where everything came as expected; else FAULT_FAILED says what did not, FAULT_SCRIPT and
 * FAULT_FORMAT what is wrong with the test. */
int rehearse(const manifest_t *manifest, slice_t playbook, slice_t test, fault_t *fault) MUST_CHECK;

/* The same; used (a map, may be NULL) takes "STEP OP" for each op that a step asked for, whether it
 * was allowed or not. */
int rehearse_noting(const manifest_t *manifest, slice_t playbook, slice_t test, value_t *used,
                    fault_t *fault) MUST_CHECK;

#endif
