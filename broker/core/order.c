/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "broker/core/roster.h"
#include "broker/core/state.h"

static int
check_targets(const core_t *self, const roster_t *roster, fault_t *fault)
{
    for (size_t i = 0; i < roster->count; i++) {
        char worker[TEXT_NAME_MAX + 1];
        const char *target = roster->lines[i].target;
        snprintf(worker, sizeof worker, "%.*s", (int)strcspn(target, "/"), target);
        if (!trust_worker(self->charter->trust, worker, NULL))
            return fault_set(fault, FAULT_TARGET, "no fleet lists target '%.128s'", target);
    }
    return 0;
}

/* Every release that the run may call is here, and such as its signers may cause. */
static int
check_callees(core_t *self, const order_t *order, const warrant_t *warrant, fault_t *fault)
{
    for (size_t i = 0; i < order->release_count; i++) {
        const char *playbook = order->releases[i].playbook;
        const shelved_t *callee = shelf_release(self->shelf, &order->releases[i].hash);
        if (!strcmp(playbook, order->playbook))
            continue;
        if (!callee || callee->state != RELEASE_IN_SERVICE)
            return fault_set(fault, FAULT_NOT_FOUND,
                             "the release of '%s' that this may call is not in service here%s%s",
                             playbook, callee && callee->reason[0] ? ": " : "",
                             callee ? callee->reason : "");
        CLEANUP(release_destroy)
        release_t *checked =
            trust_check_callee(self->charter->trust, warrant, bytes_slice(callee->document),
                               bytes_slice(callee->armors), fault);
        if (!checked)
            return fault_wrap(fault, "'%s', which this may call", playbook);
        if (manifest_check_called(callee->manifest, fault))
            return -1;
    }
    return 0;
}

/* One that was taken elsewhere is judged as of its window. */
static wall_t
as_of(const core_t *self, slice_t document)
{
    CLEANUP(order_destroy) order_t *order = self->via ? order_decode(document, NULL) : NULL;
    return order && order->not_after.ms < self->now.ms ? order->not_after : self->now;
}

/* What stands behind an order of which a worker would find that it holds, its own policy aside. */
static warrant_t *
check_order(core_t *self, const event_t *event, const shelved_t *release, const roster_t *roster,
            fault_t *fault)
{
    proof_t proof = {
        .authority = event->document,
        .authority_armors = event->armors,
        .release = bytes_slice(release->document),
        .release_armors = bytes_slice(release->armors),
    };
    CLEANUP(warrant_destroy)
    warrant_t *warrant =
        trust_check(self->charter->trust, &proof, NULL, as_of(self, event->document), fault);
    if (!warrant || manifest_check_order(release->manifest, warrant->order, fault) ||
        check_callees(self, warrant->order, warrant, fault) || check_targets(self, roster, fault))
        return NULL;
    CLEANUP(value_destroy)
    value_t *inputs = manifest_inputs_of(release->manifest, warrant, fault);
    return inputs ? MOVE(warrant) : NULL;
}

static bool
is_one_of(const signers_t *people, const char *person)
{
    for (size_t i = 0; i < people->count; i++)
        if (!strcmp(people->person[i], person))
            return true;
    return false;
}

/* Their names, but for those of others; separated by spaces. */
static void
name_people(const signers_t *people, const signers_t *others, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < people->count && used < size; i++)
        if (!is_one_of(others, people->person[i]))
            used +=
                (size_t)snprintf(out + used, size - used, used ? " %s" : "%s", people->person[i]);
}

static void
tell_order(core_t *self, const order_t *order, const run_row_t *row, const char *who,
           size_t targets)
{
    event_row_t told = {.incident = row->incident, .run = row->id, .kind = "order"};
    snprintf(told.who, sizeof told.who, "%s", who);
    snprintf(told.text, sizeof told.text, "'%s' was ordered on %zu target%s%s%s%s: %.*s",
             row->playbook, targets, targets == 1 ? "" : "s", order->dry ? ", as a dry run" : "",
             *row->via ? ", at broker " : "", row->via, text_fit(row->reason, 300), row->reason);
    core_tell(self, &told);
}

/* Everybody is told aloud: the scope of those who ordered it, and machines' windows, are not asked.
 */
static void
tell_glass(core_t *self, const warrant_t *warrant, const run_row_t *row, const char *who)
{
    char names[ROW_NAMES_MAX + 1];
    name_people(&warrant->cosigners, &(signers_t){0}, names, sizeof names);
    event_row_t told = {.incident = row->incident, .run = row->id, .kind = "break-glass"};
    snprintf(told.who, sizeof told.who, "%s", who);
    snprintf(told.text, sizeof told.text,
             "BREAK-GLASS: '%s' runs outside scope and windows, cosigned by %.100s: %.*s",
             row->playbook, names, text_fit(row->glass, 250), row->glass);
    core_tell(self, &told);
}

static void
keep_order(core_t *self, const event_t *event)
{
    CLEANUP(bytes_destroy) bytes_t *targets = bytes_new();
    if (event->targets)
        value_encode(event->targets, targets);
    core_leaf2(self, "order", event->document, event->armors);
    core_keep(self, "order", false, &event->made, event->document, event->armors,
              bytes_slice(targets));
}

static bool
goes_to(const roster_t *roster, const char *worker)
{
    size_t size = strlen(worker);
    for (size_t i = 0; size && i < roster->count; i++) {
        const char *target = roster->lines[i].target;
        if (!strncmp(target, worker, size) && (!target[size] || target[size] == '/'))
            return true;
    }
    return false;
}

/* The incident that it is about; NULL for none. Another broker numbers them otherwise, and nobody
 * signed which it means: one that began while the order held still, on a worker that it goes to. */
static incident_t *
find_incident(core_t *self, const event_t *event, const order_t *order, const roster_t *roster)
{
    fault_t ignored = {0};
    uint64_t number = self->via ? event->number : order->incident;
    incident_t *incident =
        !order->dry && order->incident && number ? incident_find(self, number, &ignored) : NULL;
    if (incident && self->via &&
        (incident->starts.ms > order->not_after.ms || !goes_to(roster, incident->worker)))
        return NULL;
    return incident;
}

static void
start_order(core_t *self, const event_t *event, const warrant_t *warrant, const roster_t *roster)
{
    const order_t *order = warrant->order;
    incident_t *incident = find_incident(self, event, order, roster);
    run_row_t row = {.id = event->made,
                     .authority = event->made,
                     .release = warrant->release_hash,
                     .incident = incident ? incident->id : 0,
                     .created = self->now,
                     .not_after = order->not_after,
                     .soak_s = order->soak_s,
                     .max_failures = order->max_failures,
                     .continues = order->continues,
                     .dry = order->dry};
    char who[ROW_NAMES_MAX + 1];
    name_people(&warrant->signers, &warrant->cosigners, who, sizeof who);
    if (self->via) {
        wall_t late = {self->now.ms + CORE_ADOPT_MS};
        row.not_after = late.ms > row.not_after.ms ? late : row.not_after;
        text_copy(row.via, sizeof row.via, self->via->row.name);
    }
    text_copy(row.playbook, sizeof row.playbook, order->playbook);
    text_copy(row.reason, sizeof row.reason, order->reason);
    text_copy(row.glass, sizeof row.glass, order->break_glass);
    core_signers(self, event->armors, row.who, sizeof row.who);
    keep_order(self, event);
    run_t *run = run_begin(self, &row, event->document, event->armors, slice_of(NULL, 0));
    for (size_t i = 0; i < roster->count; i++)
        run_add(self, run, roster->lines[i].target, roster->lines[i].wave);
    tell_order(self, order, &row, who, roster->count);
    if (row.glass[0])
        tell_glass(self, warrant, &row, who);
    if (incident && incident_open(incident->state)) {
        incident->run = row.id;
        incident_move(self, incident, INCIDENT_AUTHORISED, "%s%.100s ordered '%s'",
                      row.glass[0] ? "BREAK-GLASS: " : "", who, row.playbook);
    }
    run_launch(self, run);
}

int
on_order(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    event->made = hash_of(event->document);
    if (run_find(self, &event->made, &why))
        return 0;
    if (why.code)
        return fault_set(fault, why.code, "%s", why.text);
    CLEANUP(order_destroy) order_t *order = order_decode(event->document, fault);
    if (!order)
        return -1;
    const shelved_t *release = shelf_release(self->shelf, order_release(order));
    if (!release || release->state != RELEASE_IN_SERVICE)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "the release of '%s' that this orders is not in service here%s%s",
                         order->playbook, release && release->reason[0] ? ": " : "",
                         release ? release->reason : "");
    CLEANUP(roster_destroy) roster_t *roster = roster_new(order, event->targets, fault);
    CLEANUP(warrant_destroy)
    warrant_t *warrant = roster ? check_order(self, event, release, roster, fault) : NULL;
    if (!warrant)
        return -1;
    start_order(self, event, warrant, roster);
    return 0;
}
