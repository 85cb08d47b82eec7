/* SPDX-License-Identifier: Apache-2.0 */
/* changes - what a release can newly do, in words: two manifests compared, as a reviewer reads it
 * before the code. */
#ifndef TOCSIN_CHANGES_H
#define TOCSIN_CHANGES_H

#include <stdio.h>

#include "wire/manifest.h"

/* One change a map {sign, text, alarm}. sign is "+" for what is new, "-" for what is gone, " " for
 * what was there and still alarms. alarm marks an op that nothing but its schema and the machine's
 * policy bounds, a destructive op, and a class above the one before. First what alarms, then what
 * is new, then the rest; each in the order of class, ops, inputs, triggers, rollout, steps,
 * summary. before is NULL for a first release. The caller's. */
value_t *changes_of(const manifest_t *before, const manifest_t *after);

/* "path under inputs.mount", and " or left out" where that input may be. Appends. */
void changes_bound(const manifest_t *self, const manifest_bound_t *bound, bytes_t *out);

/* What a step does, in one line: its kind, for how long, and what it waits for. Appends. */
void changes_step(const manifest_t *self, const manifest_step_t *step, bytes_t *out);

/* One line a change; what alarms is red where show_colour says so. */
void changes_print(const value_t *changes, FILE *out);

/* The manifest among a release's files; NULL with FAULT_NOT_FOUND or FAULT_FORMAT. */
manifest_t *changes_manifest(const value_t *files, fault_t *fault);

/* The unified diff of two releases' files (before may be NULL), the manifest left out, in the order
 * of paths. Appends. */
int changes_code(const value_t *before, const value_t *after, bytes_t *out,
                 fault_t *fault) MUST_CHECK;

/* A text of strangers, line by line, so that no terminal obeys it and nothing in it hides: control
 * characters, and all but ASCII in a line that is no free text (text_is_free: bidirectional and
 * invisible characters), come out as '?'. A diff's lines are coloured. */
void changes_print_code(slice_t text, FILE *out);

#endif
