/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal - a playbook's own test: its steps in their sandbox, over recorded answers of ops.
 *
 * A test is a file tests/NAME.lua that returns a table, evaluated in the sandbox as well:
 *
 *     inputs   = { NAME = value }               defaults as in a run
 *     incident = { labels = { ... } }           what ctx.incident is
 *     ops      = { { op, args?, result | fault = { code, text } }, ... }   in the order of asking
 *     expect   = { STEP = "ok" | "failed" | "skipped" | "not run" }        every step
 *     output   = { STEP = value }               what an ok step gives
 *     fault    = { STEP = text }                part of what a failed step says
 *
 * An op must be allowed by the manifest with its arguments, as the effector would have it, and be
 * the next one recorded. */
#ifndef TOCSIN_REHEARSAL_H
#define TOCSIN_REHEARSAL_H

#include "wire/manifest.h"

#define REHEARSAL_TIMEOUT_MS 10000 /* of one step, and of the test's file */

/* 0 where everything came as expected; else FAULT_FAILED says what did not, FAULT_SCRIPT and
 * FAULT_FORMAT what is wrong with the test. */
int rehearse(const manifest_t *manifest, slice_t playbook, slice_t test, fault_t *fault) MUST_CHECK;

#endif
