/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_plan.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/allowances.h"
#include "cli/run.h"
#include "cli/state.h"
#include "cli/stop.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/file.h"

#define PLAN_DIGITS     7
#define VALID_DEFAULT_S 1800

/* ---- what the broker says, for people only ------------------------------------------------- */

static value_t *
ask_incident(client_t *client, uint64_t id, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_integer(arguments, "id", (int64_t)id);
    return client_ask(client, "incident", arguments, fault);
}

/* The plan's targets by name, those of waves that its order does not list too. */
typedef struct {
    value_t *names;  /* texts, in the waves' order */
    zhashx_t *known; /* the same */
} reach_t;

static void
reach_clear(reach_t *self)
{
    value_destroy(&self->names);
    zhashx_destroy(&self->known);
}

static void
reach_take(reach_t *self, const value_t *plan)
{
    const value_t *waves = value_get(plan, "waves");
    *self = (reach_t){value_list(), zhashx_new()};
    for (size_t i = 0; i < value_count(waves); i++) {
        const value_t *wave = value_at(waves, i);
        for (size_t j = 0; j < value_count(wave); j++) {
            const char *name = value_string(value_at(wave, j));
            value_append(self->names, value_text(name));
            zhashx_insert(self->known, name, self);
        }
    }
}

static bool
reach_has(const reach_t *self, const char *name)
{
    return zhashx_lookup(self->known, name) != NULL;
}

/* Targets that the broker says are away. */
static value_t *
offline_targets(const value_t *workers, const reach_t *reach)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        if (!value_get_bool(row, "online") && reach_has(reach, value_get_text(row, "id")))
            value_append(list, value_text(value_get_text(row, "id")));
    }
    return list;
}

/* Workers that the broker says are drained: {worker, who, at, target: bool}. */
static value_t *
drained_workers(const value_t *workers, const reach_t *reach)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i), *drained = value_get(row, "drained");
        if (!drained)
            continue;
        value_t *item = value_map();
        value_set_text(item, "worker", value_get_text(row, "id"));
        value_set_text(item, "who", value_get_text(drained, "who"));
        value_set_integer(item, "at", value_get_integer(drained, "at"));
        value_set_bool(item, "target", reach_has(reach, value_get_text(row, "id")));
        value_append(list, item);
    }
    return list;
}

/* Workers that the broker says were revoked: {why, target: bool}. */
static value_t *
revoked_workers(const value_t *workers, const reach_t *reach)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        if (!value_get(row, "revoked"))
            continue;
        value_t *item = value_map();
        value_set_text(item, "why", value_get_text(row, "revoked"));
        value_set_bool(item, "target", reach_has(reach, value_get_text(row, "id")));
        value_append(list, item);
    }
    return list;
}

static bool
has_target_in(const reach_t *reach, const trust_t *trust, const char *region)
{
    char worker[TEXT_NAME_MAX + 1];
    const fleet_t *fleet = NULL;
    for (size_t i = 0; i < value_count(reach->names); i++) {
        target_worker(value_string(value_at(reach->names, i)), worker);
        if (trust_worker(trust, worker, &fleet) && !strcmp(fleet->region, region))
            return true;
    }
    return false;
}

static bool
has_release_of(const order_t *order, const char *playbook)
{
    for (size_t i = 0; i < order->release_count; i++)
        if (!strcmp(order->releases[i].playbook, playbook))
            return true;
    return false;
}

/* A stop of a run is of one that is known already. */
static bool
would_stop(const value_t *stop, const order_t *order, const reach_t *reach, const trust_t *trust)
{
    const char *what = value_get_text(stop, "what"), *name = value_get_text(stop, "name");
    return !strcmp(what, "site") ||
           (!strcmp(what, "region") && has_target_in(reach, trust, name)) ||
           (!strcmp(what, "playbook") && has_release_of(order, name));
}

/* The stops in force that would stop this, as far as the broker tells them. */
static value_t *
stops_in_force(const session_t *session, const order_t *order, const reach_t *reach)
{
    fault_t ignored;
    value_t *list = value_list();
    CLEANUP(value_destroy) value_t *stops = client_ask(session->client, "stops", NULL, &ignored);
    for (size_t i = 0; i < value_count(stops); i++) {
        const value_t *row = value_at(stops, i);
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        if (stop_state(row) != STOP_HOLDS || !would_stop(row, order, reach, session->trust))
            continue;
        const char *name = value_get_text(row, "name");
        bool named = strcmp(name, "-") != 0;
        bytes_addf(text, "%s%s%s: %s", value_get_text(row, "what"), named ? " " : "",
                   named ? name : "", value_get_text(row, "reason"));
        value_append(list, value_text(bytes_text(text)));
    }
    return list;
}

static void
add_news(value_t *plan, session_t *session, const order_t *order, const reach_t *reach)
{
    fault_t ignored;
    const value_t *workers = session_workers(session, &ignored);
    value_set(plan, "offline", offline_targets(workers, reach));
    value_set(plan, "drained", drained_workers(workers, reach));
    value_set(plan, "revoked", revoked_workers(workers, reach));
    value_set(plan, "stops", stops_in_force(session, order, reach));
}

/* One of those that the order calls. */
static const fetched_t *
find_called(session_t *session, const order_t *order, const char *playbook, fault_t *fault)
{
    size_t i = 0;
    while (i < order->release_count && strcmp(order->releases[i].playbook, playbook) != 0)
        i++;
    if (i == order->release_count) {
        fault_set(fault, FAULT_STALE, "'%s', which it calls, is not in the plan: make a new one",
                  playbook);
        return NULL;
    }
    const fetched_t *fetched = session_release(session, &order->releases[i].hash, fault);
    if (!fetched)
        fault_wrap(fault, "'%s', which it calls", playbook);
    return fetched;
}

/* Whether each step that calls gives what its callee takes, as a worker looks at it before it
 * accepts. */
static int
check_calls(session_t *session, const order_t *order, const manifest_t *manifest,
            const value_t *inputs, fault_t *fault)
{
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    for (size_t i = 0; i < manifest->step_count; i++) {
        const manifest_step_t *step = &manifest->steps[i];
        if (step->kind != STEP_CALL)
            continue;
        const fetched_t *callee = find_called(session, order, step->callee, fault);
        if (!callee)
            return -1;
        size_t count = manifest_given(manifest, step, inputs, texts);
        CLEANUP(value_destroy)
        value_t *given = manifest_inputs(callee->manifest, texts, count, fault);
        if (!given)
            return fault_wrap(fault, "step '%s' of '%s' calls '%s'", step->name, manifest->playbook,
                              step->callee);
        if (check_calls(session, order, callee->manifest, given, fault))
            return -1;
    }
    return 0;
}

static int
add_callees(value_t *plan, session_t *session, const order_t *order, const allowances_t *allowances,
            value_t *refusals, fault_t *fault)
{
    for (size_t i = 0; i < order->release_count; i++) {
        const char *playbook = order->releases[i].playbook;
        if (!strcmp(playbook, order->playbook))
            continue;
        const fetched_t *fetched = find_called(session, order, playbook, fault);
        if (!fetched)
            return -1;
        plan_add_callee(plan, fetched->release, fetched->manifest, &fetched->approvals,
                        session->trust);
        allowances_add_approvals(allowances, fetched->release, &fetched->approvals, refusals);
        allowances_add_refusals(allowances, fetched->manifest, playbook, order->dry, refusals);
    }
    return 0;
}

static int
fetch_allowances(allowances_t *self, const session_t *session, const reach_t *reach, fault_t *fault)
{
    size_t count = value_count(reach->names);
    CLEANUP(memory_free) const char **workers = memory_new(count + 1, sizeof *workers);
    for (size_t i = 0; i < count; i++)
        workers[i] = value_string(value_at(reach->names, i));
    return allowances_fetch(self, session->client, session->trust, workers, count, fault);
}

int
plan_ask_more(const session_t *session, const order_t *order, fault_t *fault)
{
    CLEANUP(allowances_clear) allowances_t allowances = {0};
    CLEANUP(memory_free)
    const char **workers = memory_new(order->target_count + 1, sizeof *workers);
    for (size_t i = 0; i < order->target_count; i++)
        workers[i] = order->targets[i].target;
    if (allowances_fetch(&allowances, session->client, session->trust, workers, order->target_count,
                         fault))
        return -1;
    quorums_t most = {.orders = {0}};
    allowances_most(&allowances, most.orders);
    trust_ask_more(session->trust, &most);
    return 0;
}

/* What machines ask of the order as a whole. */
static void
add_people(value_t *plan, const allowances_t *allowances, const order_t *order)
{
    class_t highest = CLASS_OBSERVE;
    unsigned most[CLASSES] = {0};
    allowances_most(allowances, most);
    if (!order->dry && !class_read(value_get_text(plan, "class"), &highest))
        return;
    if ((int64_t)most[highest] > value_get_integer(plan, "signatures")) {
        value_set_integer(plan, "signatures", most[highest]);
        value_set_bool(plan, "more", true);
    }
}

/* Whether a responder's key of this person covers the worker. */
static bool
is_reached(const trust_t *trust, const char *person, const char *target, bool *responder)
{
    const fleet_t *fleet;
    const people_t *people = trust_people(trust);
    const worker_line_t *worker = trust_worker(trust, target, &fleet);
    bool reached = false;
    for (size_t i = 0; worker && i < people->key_count; i++) {
        const person_key_t *key = &people->keys[i];
        if (strcmp(key->person, person) != 0 || !(key->roles & ROLE_RESPONDER))
            continue;
        *responder = true;
        reached = reached || scope_covers(key->scope, worker->labels, fleet->region);
    }
    return reached;
}

/* Targets that whoever asks may not order for alone: a cosigner could help. */
static void
add_scope(value_t *plan, const session_t *session, const reach_t *reach)
{
    bool responder = false;
    const char *person = client_person(session->client);
    CLEANUP(value_destroy) value_t *outside = value_list();
    for (size_t i = 0; i < value_count(reach->names); i++) {
        const char *name = value_string(value_at(reach->names, i));
        if (!is_reached(session->trust, person, name, &responder))
            value_append(outside, value_text(name));
    }
    if (responder)
        value_set(plan, "outside", MOVE(outside));
}

int
plan_add_rest(value_t *plan, session_t *session, const order_t *order, const fetched_t *fetched,
              fault_t *fault)
{
    CLEANUP(reach_clear) reach_t reach = {NULL, NULL};
    CLEANUP(allowances_clear) allowances_t allowances = {0};
    CLEANUP(value_destroy) value_t *refusals = value_list();
    CLEANUP(value_destroy) value_t *inputs = manifest_order_inputs(fetched->manifest, order, fault);
    reach_take(&reach, plan);
    if (!inputs || check_calls(session, order, fetched->manifest, inputs, fault) ||
        fetch_allowances(&allowances, session, &reach, fault))
        return -1;
    if (value_count(reach.names) > ALLOWANCES_MAX)
        value_set_integer(plan, "unasked", (int64_t)value_count(reach.names) - ALLOWANCES_MAX);
    allowances_add_glass(&allowances, order, refusals);
    allowances_add_approvals(&allowances, fetched->release, &fetched->approvals, refusals);
    allowances_add_refusals(&allowances, fetched->manifest, "", order->dry, refusals);
    if (add_callees(plan, session, order, &allowances, refusals, fault))
        return -1;
    if (!order->dry && strcmp(value_get_text(plan, "class"), class_word(CLASS_OBSERVE)) != 0)
        allowances_add_hours(&allowances, order_breaks_glass(order), wall_now(), refusals);
    value_set(plan, "refusals", MOVE(refusals));
    add_people(plan, &allowances, order);
    add_scope(plan, session, &reach);
    add_news(plan, session, order, &reach);
    return 0;
}

/* ---- a plan as it is kept ----------------------------------------------------------------- */

static int
keep_targets(const char *plan, const value_t *large, fault_t *fault)
{
    char path[STATE_PATH_MAX + 16];
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    snprintf(path, sizeof path, "%s" PLAN_TARGETS, plan);
    value_encode(large, encoded);
    return file_write(path, bytes_slice(encoded), 0600, fault);
}

/* The draft under its hash, which goes into hash. */
static int
keep_plan(const order_t *order, const value_t *large, char hash[static HASH_TEXT], fault_t *fault)
{
    char path[STATE_PATH_MAX];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    order_encode(order, text);
    CLEANUP(order_destroy) order_t *again = order_decode(bytes_slice(text), fault);
    hash_t of = hash_of(bytes_slice(text));
    if (!again || state_path(PLANS, hash_write(&of, hash), path, fault))
        return -1;
    if (large && keep_targets(path, large, fault))
        return -1;
    return file_write(path, bytes_slice(text), 0600, fault);
}

int
plan_show(const options_t *options, session_t *session, const wish_t *wish,
          const fetched_t *fetched, const value_t *incident, fault_t *fault)
{
    char hash[HASH_TEXT];
    CLEANUP(value_destroy) value_t *large = NULL;
    CLEANUP(order_destroy) order_t *order = plan_order(wish, session->trust, &large, fault);
    if (!order || keep_plan(order, large, hash, fault))
        return -1;
    shown_t shown = {order, large, wish, fetched->release, fetched->manifest, &fetched->approvals};
    CLEANUP(value_destroy) value_t *plan = plan_value(&shown, session->trust);
    value_set_text(plan, "plan", hash);
    if (plan_add_rest(plan, session, order, fetched, fault))
        return -1;
    if (incident) {
        value_set_text(plan, "title", value_get_text(incident, "title"));
        value_set_text(plan, "incident_state", value_get_text(incident, "state"));
    }
    if (options->json) {
        json_print("plan", plan);
        return 0;
    }
    plan_print(plan, stdout);
    printf("  start it: tocsin run start %.*s --reason \"...\"\n", PLAN_DIGITS, hash);
    return 0;
}

/* ---- what a playbook calls ------------------------------------------------------------------ */

static int
by_playbook(const void *left, const void *right)
{
    return document_compare(((const callee_t *)left)->playbook,
                            ((const callee_t *)right)->playbook);
}

static size_t
index_of(const callees_t *self, const char *playbook)
{
    size_t i = 0;
    while (i < self->count && strcmp(self->at[i].playbook, playbook) != 0)
        i++;
    return i;
}

/* A playbook under way, and who calls it. */
typedef struct calling {
    const char *playbook;
    const struct calling *by; /* NULL for the order's own */
    unsigned depth;
} calling_t;

static bool
goes_round(const calling_t *calling, const char *callee)
{
    for (; calling; calling = calling->by)
        if (!strcmp(calling->playbook, callee))
            return true;
    return false;
}

static int find_callees(callees_t *self, session_t *session, const manifest_t *manifest,
                        const calling_t *by, unsigned *height, fault_t *fault);

/* One that is new here: it, and all below it. */
static int
add_callee(callees_t *self, session_t *session, const manifest_step_t *step, const calling_t *by,
           fault_t *fault)
{
    if (self->count == ARRAY_SIZE(self->at))
        return fault_set(fault, FAULT_LIMIT, "step '%s' of '%s' calls one playbook over %zu",
                         step->name, by->playbook, ARRAY_SIZE(self->at));
    const fetched_t *fetched = session_release_of(session, step->callee, fault);
    if (!fetched)
        return fault_wrap(fault, "step '%s' calls '%s'", step->name, step->callee);
    size_t at = self->count++;
    text_copy(self->at[at].playbook, sizeof self->at[at].playbook, step->callee);
    self->at[at].hash = fetched->hash;
    return manifest_check_called(fetched->manifest, fault)
               ? -1
               : find_callees(self, session, fetched->manifest, by, &self->height[at], fault);
}

/* One that is known is no less deep from here than it was from elsewhere. */
static int
find_callees(callees_t *self, session_t *session, const manifest_t *manifest, const calling_t *by,
             unsigned *height, fault_t *fault)
{
    calling_t here = {manifest->playbook, by, by ? by->depth + 1 : 1};
    *height = 0;
    for (size_t i = 0; i < manifest->step_count; i++) {
        const manifest_step_t *step = &manifest->steps[i];
        if (step->kind != STEP_CALL)
            continue;
        if (goes_round(&here, step->callee))
            return fault_set(fault, FAULT_CONFLICT, "'%s' would call itself, in step '%s' of '%s'",
                             step->callee, step->name, manifest->playbook);
        size_t at = index_of(self, step->callee);
        bool deep = here.depth == CALLEES_DEPTH_MAX;
        if (!deep && at == self->count && add_callee(self, session, step, &here, fault))
            return -1;
        if (deep || here.depth + 1 + self->height[at] > CALLEES_DEPTH_MAX)
            return fault_set(fault, FAULT_LIMIT, "step '%s' of '%s' calls deeper than %d playbooks",
                             step->name, manifest->playbook, CALLEES_DEPTH_MAX);
        *height = *height > self->height[at] ? *height : self->height[at] + 1;
    }
    return 0;
}

int
callees_find(callees_t *self, session_t *session, const manifest_t *manifest, fault_t *fault)
{
    unsigned height;
    self->count = 0;
    if (find_callees(self, session, manifest, NULL, &height, fault))
        return -1;
    if (self->count)
        qsort(self->at, self->count, sizeof self->at[0], by_playbook);
    return 0;
}

/* ---- tocsin run plan ------------------------------------------------------------------------ */

#define UNSAID INT64_MIN

/* What the command line says, where it says it. */
typedef struct {
    many_t inputs, chosen, except, readers, secrets;
    const char *glass;
    uint64_t incident, at_most, keep, first, grow, max_failures;
    int64_t soak_s, valid_s;
    bool dry, seal;
} said_t;

static int
take_options(said_t *said, int *argc, char **argv, fault_t *fault)
{
    const option_t rows[] = {
        {"--incident", OPTION_NUMBER, &said->incident},
        {"--set", OPTION_MANY, &said->inputs},
        {"--target", OPTION_MANY, &said->chosen},
        {"--except", OPTION_MANY, &said->except},
        {"--at-most", OPTION_NUMBER, &said->at_most},
        {"--keep", OPTION_NUMBER, &said->keep},
        {"--first", OPTION_NUMBER, &said->first},
        {"--grow", OPTION_NUMBER, &said->grow},
        {"--soak", OPTION_SECONDS, &said->soak_s},
        {"--max-failures", OPTION_NUMBER, &said->max_failures},
        {"--dry-run", OPTION_FLAG, &said->dry},
        {"--break-glass", OPTION_TEXT, &said->glass},
        {"--valid", OPTION_SECONDS, &said->valid_s},
        {"--seal", OPTION_FLAG, &said->seal},
        {"--seal-to", OPTION_MANY, &said->readers},
        {"--secret", OPTION_MANY, &said->secrets},
        {NULL, OPTION_FLAG, NULL},
    };
    if (options_take(rows, 1, argc, argv, true, fault))
        return -1;
    const char *none = !said->at_most ? "--at-most" : !said->first ? "--first" : NULL;
    none = said->grow ? none : "--grow";
    return none ? fault_set(fault, FAULT_USAGE, "'%s' wants a number from 1", none) : 0;
}

static void
fill_wish(wish_t *wish, const said_t *said, const fetched_t *fetched)
{
    const manifest_t *manifest = fetched->manifest;
    wish->release = fetched->release;
    wish->hash = fetched->hash;
    wish->manifest = manifest;
    wish->incident = said->incident;
    wish->inputs = &said->inputs;
    wish->first = said->first == UINT64_MAX ? manifest->first : said->first;
    wish->grow = said->grow == UINT64_MAX ? manifest->grow : said->grow;
    wish->soak_s = said->soak_s == UNSAID ? manifest->soak_s : (uint64_t)said->soak_s;
    wish->max_failures =
        said->max_failures == UINT64_MAX ? manifest->max_failures : said->max_failures;
    wish->dry = said->dry;
    wish->glass = said->glass;
    wish->valid_s = said->valid_s;
    wish->now = wall_now();
}

static int
choose_targets(wish_t *wish, const said_t *said, session_t *session, fault_t *fault)
{
    const value_t *workers = session_workers(session, fault);
    selection_t selection = {
        .workers = workers,
        .chosen = &said->chosen,
        .except = &said->except,
        .alert = wish->alert,
        .at_most = said->at_most == UINT64_MAX ? 0 : said->at_most,
        .keep = said->keep,
        .most = wish->manifest->most,
        .keeps = wish->manifest->keep,
    };
    return workers ? targets_choose(wish->targets, &selection, session->trust, fault) : -1;
}

int
run_plan(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    CLEANUP(memory_free) said_t *said = memory_new(1, sizeof *said);
    said->valid_s = VALID_DEFAULT_S;
    said->soak_s = UNSAID;
    said->max_failures = said->at_most = said->first = said->grow = UINT64_MAX;
    if (take_options(said, &argc, argv, &fault))
        return command_usage(command_row(run_commands, "plan"), "%s", fault.text);
    if (argc != 2)
        return command_usage(command_row(run_commands, "plan"), "name one playbook");
    CLEANUP(secrets_destroy) secrets_t *secrets = memory_new(1, sizeof *secrets);
    if (secrets_read(secrets, &said->secrets, &fault))
        return command_fail(&fault);
    CLEANUP(session_close) session_t session = {.trust = NULL};
    if (session_open(&session, options, &fault))
        return command_fail(&fault);
    CLEANUP(fetched_destroy)
    fetched_t *fetched = fetch_release(session.client, session.trust, "playbook", argv[1], &fault);
    CLEANUP(value_destroy)
    value_t *incident =
        fetched && said->incident ? ask_incident(session.client, said->incident, &fault) : NULL;
    CLEANUP(alert_destroy) alert_t *alert = incident ? plan_alert(incident, &fault) : NULL;
    if (!fetched || (said->incident && !alert))
        return command_fail(&fault);
    CLEANUP(targets_clear) targets_t targets = {0};
    callees_t callees;
    wish_t wish = {.alert = alert, .targets = &targets, .callees = callees.at};
    fill_wish(&wish, said, fetched);
    readers_t readers = {client_person(session.client), &said->readers, secrets};
    if (said->seal || said->readers.count || secrets->count)
        wish.readers = &readers;
    if (choose_targets(&wish, said, &session, &fault) ||
        callees_find(&callees, &session, fetched->manifest, &fault))
        return command_fail(&fault);
    wish.callee_count = callees.count;
    return plan_show(options, &session, &wish, fetched, incident, &fault) ? command_fail(&fault)
                                                                          : 0;
}
