/* SPDX-License-Identifier: Apache-2.0 */
/* Pausing a run, letting it go on, cancelling it. */
#include <stdio.h>

#include "cli/fates.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/run_plan.h"
#include "cli/stop.h"
#include "cli/table.h"

#define WAIT_DEFAULT_S 5

static int
ask_pause(const session_t *session, const char *run, bool on, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "run", run);
    value_set_bool(arguments, "on", on);
    CLEANUP(value_destroy) value_t *body = client_ask(session->client, "pause", arguments, fault);
    return body ? 0 : -1;
}

int
run_pause(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(run_commands, "pause"), "%s", fault.text);
    CLEANUP(session_close) session_t session = {.trust = NULL};
    if (session_open(&session, options, &fault) || ask_pause(&session, argv[1], true, &fault))
        return command_fail(&fault);
    if (!options->quiet)
        fprintf(stderr,
                "paused: nothing further is offered; what workers have begun goes on to its end\n"
                "  let it go on: tocsin run resume %s\n  end it: tocsin run cancel %s --reason "
                "\"...\"\n",
                argv[1], argv[1]);
    return 0;
}

/* A paused run goes on; one that ended is planned again, from where each target failed. */
int
run_resume(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(run_commands, "resume"), "%s", fault.text);
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(value_destroy)
    value_t *run =
        session_open(&session, options, &fault) ? NULL : run_ask(session.client, argv[1], &fault);
    if (!run)
        return command_fail(&fault);
    if (strcmp(value_get_text(run, "state"), "active") != 0)
        return run_plan_again(options, &session, run, RERUN_CONTINUE);
    if (!value_get_bool(run, "paused")) {
        fault_set(&fault, FAULT_CONFLICT,
                  "run %.*s is active, and not paused; see: tocsin run view %.*s", RUN_DIGITS,
                  value_get_text(run, "run"), RUN_DIGITS, value_get_text(run, "run"));
        return command_fail(&fault);
    }
    if (ask_pause(&session, value_get_text(run, "run"), false, &fault))
        return command_fail(&fault);
    if (!options->quiet)
        fprintf(stderr, "run %.*s goes on\n", RUN_DIGITS, value_get_text(run, "run"));
    return 0;
}

/* ---- cancelling, and the truth about it ----------------------------------------------------- */

static int
print_fates(const session_t *session, const options_t *options, const char *run, const char *stop,
            fault_t *fault)
{
    CLEANUP(value_destroy) value_t *body = run_ask(session->client, run, fault);
    CLEANUP(value_destroy)
    value_t *stops = body ? stop_ask(session->client, stop, fault) : NULL;
    if (!stops)
        return -1;
    if (options->json)
        json_print("run", body);
    else
        fates_print(body, stops, stop);
    return 0;
}

int
run_cancel(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run and a --reason"};
    const char *reason = "";
    char hash[HASH_TEXT];
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2 || !*reason)
        return command_usage(command_row(run_commands, "cancel"), "%s", fault.text);
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(value_destroy)
    value_t *run =
        session_open(&session, options, &fault) ? NULL : run_ask(session.client, argv[1], &fault);
    if (!run)
        return command_fail(&fault);
    const char *id = value_get_text(run, "run");
    if (value_get_integer(run, "ended")) {
        fault_set(&fault, FAULT_CONFLICT, "run %.*s is %s already; see: tocsin run view %.*s",
                  RUN_DIGITS, id, value_get_text(run, "state"), RUN_DIGITS, id);
        return command_fail(&fault);
    }
    if (stop_send(&session, options, HALT_RUN, id, reason, hash, &fault))
        return command_fail(&fault);
    options_t quietly = *options;
    quietly.json = false;
    int missing = stop_follow(&session, options->json ? &quietly : options, hash,
                              options->wait_s < 0 ? WAIT_DEFAULT_S : options->wait_s, &fault);
    if (missing < 0 || print_fates(&session, options, id, hash, &fault))
        return command_fail(&fault);
    if (missing && !options->quiet)
        fprintf(stderr,
                "tocsin: who is not reached stops when it is back, before anything else, and then "
                "says what it did; follow it: tocsin run watch %.*s\n",
                RUN_DIGITS, id);
    return missing ? fault_exit(FAULT_UNKNOWN) : 0;
}
