/* SPDX-License-Identifier: Apache-2.0 */
/* runner - a process of one step attempt: it runs playbook Lua and can do nothing but compute and
 * ask, over one descriptor (docs/PROTOCOL.md 8).
 *
 * To the runner:   TASK mode playbook-text step context     (once)
 *                  RESULT value, WOULD value or FAULT code text   (one for each OP)
 * From the runner: OP name arguments
 *                  SAY text                                 (a line; no answer)
 *                  DONE outcome output code text            (once; then it exits)
 *
 * WOULD is what a fix-op of a dry run would give; verify is left out behind one.
 *
 * mode "manifest": output is the manifest as a map (manifest_make). mode "data": output is what the
 * chunk returns. The others run a step, context a map with inputs, incident, target, here, attempt:
 * "step" its when, run and verify (outcome ok; skipped, when said no; failed, run or verify
 * failed), "when" its when alone (ok, skipped, failed), "undo" its undo, with the step's output in
 * context. A script's own error is DONE failed with code "script" and file, line and text; where a
 * failed op is what raised it, with the op's code, its name and its text. */
#ifndef TOCSIN_RUNNER_H
#define TOCSIN_RUNNER_H

#include <sys/types.h>

#include "common/channel.h"
#include "keys/receipt.h"
#include "wire/manifest.h"
#include "wire/value.h"

#define RUNNER_MEMORY_MAX (32 * 1024 * 1024)
#define RUNNER_CPU_MAX_S  30
#define RUNNER_TEXT_MAX   (256 * 1024) /* of a playbook */
#define RUNNER_OUTPUT_MAX (256 * 1024)
#define RUNNER_OPS_MAX    RECEIPT_OPS_MAX

/* What one task may say; more is left out. */
#define RUNNER_SAY_MAX       200 /* lines */
#define RUNNER_SAY_BYTES_MAX 500 /* of a line */

/* Forks a runner that is locked down and waits for its TASK. *fd is the other end of its
 * descriptor, the caller's. The pid, the caller's to reap and kill; -1 with a fault. Call it from a
 * small process with one thread. */
pid_t runner_fork(int *fd, fault_t *fault);

/* For callers that may block (command line, lint, test): forks a runner, gives it the task, answers
 * each OP by on_op, kills it at timeout_ms, reaps it. */
typedef struct {
    const char *mode;
    slice_t playbook;
    const char *step;       /* "" in modes "manifest" and "data" */
    const value_t *context; /* NULL in those */
    int timeout_ms;
    value_t *said; /* a list that takes what the step says; NULL drops it */
} task_t;

/* The op's result, or NULL with a fault that the script receives. */
typedef value_t *(op_handler_t)(void *self, const char *op, const value_t *arguments,
                                fault_t *fault);

typedef struct {
    outcome_t outcome; /* OK, SKIPPED, FAILED */
    value_t *output;   /* the caller's; nil on failure */
    fault_t fault;     /* for FAILED */
} task_result_t;

/* -1 with FAULT_TIMEOUT or FAULT_LIMIT (killed: time, memory, output), FAULT_DENIED (killed: it
 * tried a system call), FAULT_IO. */
int runner_run(const task_t *task, op_handler_t *on_op, void *self, task_result_t *result,
               fault_t *fault) MUST_CHECK;

/* The manifest that this playbook text makes, its classes from the op table; runs it in a runner.
 * NULL with FAULT_SCRIPT, FAULT_FORMAT, FAULT_OP. */
manifest_t *runner_manifest(slice_t playbook, fault_t *fault);

#endif
