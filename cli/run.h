/* SPDX-License-Identifier: Apache-2.0 */
/* run - the verbs of `tocsin run`, a file each: run.c looks, run_plan.c plans, run_start.c signs
 * and starts, run_again.c plans what did not end well, run_control.c pauses and cancels,
 * run_watch.c and run_logs.c follow, run_people.c answers what a run asks. */
#ifndef TOCSIN_CLI_RUN_H
#define TOCSIN_CLI_RUN_H

#include <stdio.h>

#include "cli/client.h"
#include "keys/receipt.h"

#define RUN_DIGITS    12 /* of a run's id, as people are shown it */
#define RUN_WAITS_MAX 96

/* Bytes: more than a part says of itself (docs/PROTOCOL.md 8), whatever a broker answers. */
#define RUN_OUTPUT_MAX (320 * 1024)

command_run_t run_plan;
command_run_t run_start;
command_run_t run_cosign;
command_run_t run_approve;
command_run_t run_answer;
command_run_t run_pause;
command_run_t run_resume;
command_run_t run_cancel;
command_run_t run_retry;
command_run_t run_watch;
command_run_t run_logs;

/* Who follows a run for wait_s from now (-1: no limit) waits for the broker as long. */
patience_t run_patience(int64_t wait_s);

/* Has client_event give what goes on in this run. Where the broker tells as many as it can that is
 * said, and is no failure: client_event then gives nothing, so who waits by it asks after each. */
int run_begin_watch(client_t *client, const char *run, patience_t *patience,
                    fault_t *fault) MUST_CHECK;

/* Follows a run, a line a change on out, until it ends, wait_s have passed (-1: no limit) or
 * Ctrl-C. The exit status (tocsin help exit-codes). out NULL says nothing. */
int run_follow(const options_t *options, client_t *client, const char *run, int64_t wait_s,
               FILE *out);

/* The worker's row of a part that is not over, where the broker says that it is away; else NULL.
 * workers is its answer to `workers`, NULL where nobody asked. */
const value_t *run_away(const value_t *part, const value_t *workers);

/* A line on out for each part that waits for a machine that is away, of many the first; whether
 * there is one. */
bool run_tell_away(const options_t *options, const value_t *run, const value_t *workers, FILE *out);

/* FAULT_LIMIT where a part of this target would have said more than RUN_OUTPUT_MAX. */
int run_check_output(const char *target, int64_t bytes, fault_t *fault) MUST_CHECK;

/* What a part waits for that has not been offered, in words, into out. */
const char *run_waits(const value_t *run, const value_t *part, char out[static RUN_WAITS_MAX]);

/* "5 targets: 3 done, 1 failed, 1 unknown" into out. */
const char *run_counts(const value_t *run, char *out, size_t size);

/* Says aloud that a run broke glass, who cosigned it and why; nothing of one that did not.
 * trust NULL leaves the cosigner to those who know whose keys are whose. */
void run_print_glass(const value_t *run, const trust_t *trust);

/* What else is to be said behind a run's state: " (dry run)", " (paused)", both, or nothing. */
const char *run_note(const value_t *run);

/* A receipt in an answer, as its document has it and not as the broker tells it; the caller's, NULL
 * where it does not hold. */
receipt_t *run_receipt(const value_t *row, const char *worker, const char *run,
                       const trust_t *trust, fault_t *fault);

/* Prints the broker's answer on a run with its receipts, each verified; how many do not hold.
 * workers is the broker's answer on who is online, NULL where nobody asked. */
size_t run_print(const options_t *options, const value_t *run, const trust_t *trust,
                 const value_t *workers);

/* The answer on a run, with what this person may read of it opened (cli/opener.h). The caller's. */
value_t *run_opened(const options_t *options, const value_t *run);

/* Of a dry run: prints what its parts say that they would have done, as the broker has it. */
int run_print_would(const options_t *options, client_t *client, const value_t *run,
                    fault_t *fault) MUST_CHECK;

/* The broker's answer on one run. The caller's. */
value_t *run_ask(client_t *client, const char *id, fault_t *fault);

#endif
