/* SPDX-License-Identifier: Apache-2.0 */
/* run - the verbs of `tocsin run`, over three files: run.c looks, run_plan.c plans and starts,
 * run_watch.c follows. */
#ifndef TOCSIN_CLI_RUN_H
#define TOCSIN_CLI_RUN_H

#include <stdio.h>

#include "cli/client.h"

#define RUN_DIGITS 12 /* of a run's id, as people are shown it */

/* cli/run_plan.c */
command_run_t run_plan;
command_run_t run_start;
command_run_t run_approve;

/* cli/run_watch.c */
command_run_t run_watch;

/* Follows a run, a line a change on out, until it ends, wait_s have passed (-1: no limit) or
 * Ctrl-C. The exit status (tocsin help exit-codes). out NULL says nothing. */
int run_follow(const options_t *options, client_t *client, const char *run, int64_t wait_s,
               FILE *out);

/* "5 targets: 3 done, 1 failed, 1 unknown" into out. */
const char *run_counts(const value_t *run, char *out, size_t size);

/* The broker's answer on one run. The caller's. */
value_t *run_ask(client_t *client, const char *id, fault_t *fault);

#endif
