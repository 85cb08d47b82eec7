/* SPDX-License-Identifier: Apache-2.0 */
/* Planning a run again: the targets that did not end well, with the inputs that were signed. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/opener.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/run_plan.h"

/* The order of a run as its document has it, not as the broker tells it. */
static order_t *
order_of(const value_t *run, hash_t *id, fault_t *fault)
{
    const value_t *document = value_get(run, "document");
    if (strcmp(value_get_text(run, "kind"), "order") != 0 || !document) {
        fault_set(fault, FAULT_CONFLICT,
                  "a grant started this run; plan it as an order: tocsin run plan %s --incident "
                  "%lld",
                  value_get_text(run, "playbook"), (long long)value_get_integer(run, "incident"));
        return NULL;
    }
    *id = hash_of(value_slice(document));
    char text[HASH_TEXT];
    if (strcmp(hash_write(id, text), value_get_text(run, "run")) != 0) {
        fault_set(fault, FAULT_HASH, "the broker's order is not that of run %.12s",
                  value_get_text(run, "run"));
        return NULL;
    }
    return order_decode(value_slice(document), fault);
}

/* Which ends are tried again. What is unknown never is: a person looks first. */
static const char *const ends[] = {"failed", "refused", "stopped", "never"};

static size_t
ends_of(rerun_t rerun)
{
    return rerun == RERUN_FAILED ? 2 : ARRAY_SIZE(ends);
}

static bool
is_wanted(const char *state, rerun_t rerun)
{
    for (size_t i = 0; i < ends_of(rerun); i++)
        if (!strcmp(state, ends[i]))
            return true;
    return false;
}

/* How many there are, shown or not. */
static size_t
count_wanted(const value_t *run, rerun_t rerun)
{
    int64_t count = 0;
    for (size_t i = 0; i < ends_of(rerun); i++)
        count += value_get_integer(value_get(run, "targets"), ends[i]);
    return (size_t)count;
}

static int
take_targets(targets_t *targets, const value_t *run, rerun_t rerun, const trust_t *trust,
             fault_t *fault)
{
    const value_t *parts = value_get(run, "parts");
    size_t unknown = 0;
    targets->ids = memory_new(value_count(parts) + 1, sizeof *targets->ids);
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *worker = value_get_text(value_at(parts, i), "worker");
        const char *state = value_get_text(value_at(parts, i), "state");
        unknown += !strcmp(state, "unknown");
        if (!is_wanted(state, rerun))
            continue;
        if (!trust_worker(trust, worker, NULL))
            return fault_set(fault, FAULT_TARGET, "target '%.63s' has left the fleet", worker);
        text_copy(targets->ids[targets->count++], sizeof *targets->ids, worker);
    }
    targets->pool = value_count(parts) + (size_t)value_get_integer(run, "left_out");
    if (value_get(run, "left_out") && targets->count < count_wanted(run, rerun))
        return fault_set(fault, FAULT_LIMIT,
                         "%zu targets of run %.12s are to be tried again, and one answer of the "
                         "broker holds %zu: plan them by name",
                         count_wanted(run, rerun), value_get_text(run, "run"), targets->count);
    if (unknown)
        fprintf(stderr, "tocsin: %zu target%s unknown and left out: look there first\n", unknown,
                unknown == 1 ? " is" : "s are");
    if (targets->count)
        return 0;
    return fault_set(fault, FAULT_NOT_FOUND, "no target of run %.12s %s",
                     value_get_text(run, "run"),
                     rerun == RERUN_FAILED ? "failed or was refused"
                                           : "failed, was refused, stopped or never reached");
}

static void
take_inputs(many_t *inputs, const order_t *order)
{
    for (size_t i = 0; i < order->input_count; i++) {
        char *text = memory_new(1, TEXT_NAME_MAX + ORDER_VALUE_MAX + 3);
        snprintf(text, TEXT_NAME_MAX + ORDER_VALUE_MAX + 3, "%s=%s", order->inputs[i].name,
                 order->inputs[i].text);
        inputs->at[inputs->count++] = text;
    }
}

static void
inputs_destroy(many_t **inputs)
{
    for (size_t i = 0; *inputs && i < (*inputs)->count; i++)
        free((void *)(uintptr_t)(*inputs)->at[i]);
    memory_free(inputs);
}

/* A sealed run stays among those who read it; its inputs are opened by the key of who plans. */
static int
take_readers(readers_t *readers, many_t *others, secrets_t *secrets, const order_t *order,
             const options_t *options, fault_t *fault)
{
    sealkey_t key;
    readers->others = others;
    for (size_t i = 0; i < order->seal_count && others->count < OPTION_MANY_MAX; i++)
        if (!order->seals[i].worker)
            others->at[others->count++] = order->seals[i].name;
    if (!order->secret_count)
        return 0;
    readers->secrets = secrets;
    int failed =
        opener_key(options, order, &key, fault) || secrets_open(secrets, order, &key, fault);
    sealkey_forget(&key);
    return failed ? fault_wrap(fault, "its inputs are sealed") : 0;
}

/* What goes on needs the very release; what begins anew takes the one in service. */
static fetched_t *
fetch(const session_t *session, const order_t *order, rerun_t rerun, fault_t *fault)
{
    char hash[HASH_TEXT];
    if (rerun == RERUN_CONTINUE)
        return fetch_release(session->client, session->trust, "hash",
                             hash_write(order_release(order), hash), fault);
    return fetch_release(session->client, session->trust, "playbook", order->playbook, fault);
}

int
run_plan_again(const options_t *options, session_t *session, const value_t *run, rerun_t rerun)
{
    fault_t fault;
    hash_t id;
    callees_t callees;
    CLEANUP(targets_clear) targets_t targets = {0};
    CLEANUP(inputs_destroy) many_t *inputs = memory_new(1, sizeof *inputs);
    CLEANUP(order_destroy) order_t *order = order_of(run, &id, &fault);
    CLEANUP(fetched_destroy)
    fetched_t *fetched = order ? fetch(session, order, rerun, &fault) : NULL;
    if (!fetched || take_targets(&targets, run, rerun, session->trust, &fault) ||
        callees_find(&callees, session, fetched->manifest, &fault))
        return command_fail(&fault);
    take_inputs(inputs, order);
    CLEANUP(memory_free) many_t *others = memory_new(1, sizeof *others);
    CLEANUP(secrets_destroy) secrets_t *secrets = memory_new(1, sizeof *secrets);
    readers_t readers = {.person = client_person(session->client)};
    if (take_readers(&readers, others, secrets, order, options, &fault))
        return command_fail(&fault);
    wish_t wish = {
        .release = fetched->release,
        .hash = fetched->hash,
        .manifest = fetched->manifest,
        .incident = order->incident,
        .inputs = inputs,
        .targets = &targets,
        .callee_count = callees.count,
        .callees = callees.at,
        .first = fetched->manifest->first,
        .grow = fetched->manifest->grow,
        .soak_s = order->soak_s,
        .max_failures = order->max_failures,
        .continues = rerun == RERUN_CONTINUE ? id : HASH_ZERO,
        .readers = order->seal_count ? &readers : NULL,
        .dry = order->dry,
        .again = true,
        .valid_s = (order->not_after.ms - order->not_before.ms) / 1000,
        .now = wall_now(),
    };
    return plan_show(options, session, &wish, fetched, NULL, &fault) ? command_fail(&fault) : 0;
}

int
run_retry(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run"};
    bool failed = false;
    const option_t rows[] = {{"--failed", OPTION_FLAG, &failed}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(run_commands, "retry"), "%s", fault.text);
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(value_destroy)
    value_t *run =
        session_open(&session, options, &fault) ? NULL : run_ask(session.client, argv[1], &fault);
    if (!run)
        return command_fail(&fault);
    if (!strcmp(value_get_text(run, "state"), "active")) {
        fault_set(&fault, FAULT_CONFLICT,
                  "run %.12s is still active: wait for its end, or cancel it",
                  value_get_text(run, "run"));
        return command_fail(&fault);
    }
    return run_plan_again(options, &session, run, failed ? RERUN_FAILED : RERUN_REST);
}
