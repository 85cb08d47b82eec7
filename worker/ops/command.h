/* SPDX-License-Identifier: Apache-2.0 */
/* command - a program that an op executes: by its absolute path, with exactly these words, no
 * environment but PATH and LANG=C.UTF-8, and nothing to read. The op's row must say `executes`; the
 * program ends with the op at the latest. */
#ifndef TOCSIN_COMMAND_H
#define TOCSIN_COMMAND_H

#include <stdio.h>

#include "common/bytes.h"
#include "common/fault.h"

typedef struct command command_t;

/* words end with NULL. FAULT_NOT_FOUND where the machine has no such program; FAULT_IO. */
command_t *command_start(const char *const *words, fault_t *fault);

/* What it says on its standard output; the command's. That ends only once all that has it is gone,
 * a daemon that the program started too. */
FILE *command_output(command_t *self);

/* Waits for its end. Its exit status, or 128 and the signal that ended it. */
int command_finish(command_t **self_p);

/* Kills it where it was not waited for. */
void command_destroy(command_t **self_p);

/* All of the above: its exit status, and up to max bytes of what it said; FAULT_LIMIT beyond. */
bytes_t *command_run(const char *const *words, size_t max, int *status, fault_t *fault);

/* The same of a program that has these descriptors too, as its COMMAND_FIRST and those behind it.
 */
#define COMMAND_FIRST     3
#define COMMAND_GIVEN_MAX 4
bytes_t *command_run_with(const char *const *words, const int *given, size_t count, size_t max,
                          int *status, fault_t *fault);

/* Its exit status, or -1 with a fault; of one that acts, which nobody may kill amid it over how
 * much it says: that is let go, and a daemon that it leaves behind keeps nobody waiting. */
int command_do(const char *const *words, const int *given, size_t count, fault_t *fault) MUST_CHECK;

#endif
