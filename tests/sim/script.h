/* SPDX-License-Identifier: Apache-2.0 */
/* script - what a step of a simulated playbook does: lines behind `step NAME`; what it
 * asks first, behind `when NAME`; how it is taken back, behind `undo NAME`.
 *
 *     op NAME ARGUMENT    asks for it; a fault ends the step as failed
 *     try NAME ARGUMENT   asks for it; a fault does not matter
 *     skip | fail         ends the step so
 *     mute                ends it as ok, and gives nothing
 *     exit | hang         what scripts do that are no good
 *     each N WORD         that word, on every Nth machine
 *
 * Behind its last line a step is ok. It gives what nobody else does: who it was, and what its ops
 * read. */
#ifndef TOCSIN_SIM_SCRIPT_H
#define TOCSIN_SIM_SCRIPT_H

#include "keys/hash.h"
#include "wire/value.h"

typedef struct {
    char word[16], op[64], argument[160];
} script_line_t;

/* Line `at` of a step (or its when, or its undo), from 0; false behind the last. */
bool script_line(const char *script, const char *mode, const char *step, size_t at,
                 script_line_t *line);

/* An op's arguments: a map with its path or service. The caller's. */
value_t *script_arguments(const script_line_t *line);

/* The hash of their canonical bytes. */
hash_t script_arguments_hash(const script_line_t *line);

#endif
