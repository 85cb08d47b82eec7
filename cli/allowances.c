/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/allowances.h"

#include <stdio.h>
#include <stdlib.h>

#define ASKED_AT_ONCE 64
#define ANSWER_FULL   (256 * 1024) /* bytes: behind these more may have been left out */

/* Where it is; count where it is not. */
static size_t
place_of(const char *const *workers, size_t count, const char *worker)
{
    size_t at = 0;
    while (at < count && strcmp(workers[at], worker) != 0)
        at++;
    return at;
}

static value_t *
ask_some(client_t *client, const char *const *workers, size_t count, fault_t *fault)
{
    value_t *arguments = value_map(), *names = value_list();
    for (size_t i = 0; i < count; i++)
        value_append(names, value_text(workers[i]));
    value_set(arguments, "workers", names);
    return client_ask(client, "allowances", arguments, fault);
}

/* Whose word holds is taken; whose came at all is asked for no more. The answer's bytes. */
static size_t
take_rows(allowances_t *self, const value_t *rows, const trust_t *trust, const char **workers,
          size_t *count)
{
    size_t bytes = 0, asked = *count;
    for (size_t i = 0; i < value_count(rows) && self->count < ALLOWANCES_MAX; i++) {
        fault_t ignored;
        const value_t *row = value_at(rows, i);
        allowance_t *next = &self->at[self->count];
        slice_t document = value_slice(value_get(row, "document")),
                armor = value_slice(value_get(row, "armor"));
        size_t at = place_of(workers, *count, value_get_text(row, "worker"));
        bytes += document.size + armor.size;
        if (at == *count)
            continue;
        if (!allowance_check(next, trust, document, armor, &ignored) &&
            !strcmp(next->worker, workers[at]))
            self->count++;
        workers[at] = workers[--*count];
    }
    return *count < asked ? bytes : 0;
}

static int
fetch_some(allowances_t *self, client_t *client, const trust_t *trust, const char *const *workers,
           size_t count, fault_t *fault)
{
    const char *left[ASKED_AT_ONCE];
    memcpy(left, workers, count * sizeof *workers);
    for (size_t bytes = ANSWER_FULL; count && bytes >= ANSWER_FULL;) {
        CLEANUP(value_destroy) value_t *rows = ask_some(client, left, count, fault);
        if (!rows)
            return -1;
        bytes = take_rows(self, rows, trust, left, &count);
    }
    return 0;
}

int
allowances_fetch(allowances_t *self, client_t *client, const trust_t *trust,
                 const char *const *workers, size_t count, fault_t *fault)
{
    if (count > ALLOWANCES_MAX)
        count = ALLOWANCES_MAX;
    *self = (allowances_t){.at = memory_new(count + 1, sizeof *self->at)};
    for (size_t done = 0; done < count; done += ASKED_AT_ONCE) {
        size_t some = count - done < ASKED_AT_ONCE ? count - done : ASKED_AT_ONCE;
        if (fetch_some(self, client, trust, workers + done, some, fault))
            return -1;
    }
    return 0;
}

void
allowances_clear(allowances_t *self)
{
    free(self->at);
    *self = (allowances_t){0};
}

/* The argument that names a command of the machine's policy; NULL where the op executes none. */
static const op_argument_t *
command_argument(const manifest_use_t *use)
{
    const op_t *op = op_find(use->op);
    return op ? op_declared(op, DECLARED_BY_EXEC) : NULL;
}

/* Whether the step may name this command: its release does, or leaves it to an input or the step.
 */
static bool
may_name(const manifest_t *manifest, const manifest_use_t *use, const char *command)
{
    const char *argument = command_argument(use)->name;
    bool bound = false;
    for (size_t i = 0; i < manifest->bound_count; i++) {
        const manifest_bound_t *at = &manifest->bounds[i];
        if (strcmp(at->step, use->step) != 0 || strcmp(at->op, use->op) != 0 ||
            strcmp(at->argument, argument) != 0 || strcmp(at->kind, "equals") != 0)
            continue;
        if (manifest_mapped(at->value) || !strcmp(at->value, command))
            return true;
        bound = true;
    }
    return !bound;
}

/* The best class of the machine's commands that the step may name; CLASSES where it has none. */
static class_t
command_class(const allowance_t *allowance, const manifest_t *manifest, const manifest_use_t *use)
{
    class_t best = CLASSES;
    for (size_t i = 0; i < allowance->commands.count; i++) {
        const allowance_class_t *at = &allowance->commands.at[i];
        if (at->class_ < best && may_name(manifest, use, at->name))
            best = at->class_;
    }
    return best;
}

typedef bool(refuses_t)(const allowance_t *allowance, const manifest_t *manifest,
                        const manifest_use_t *use, bool dry);

static bool
lacks(const allowance_t *allowance, const manifest_t *manifest, const manifest_use_t *use, bool dry)
{
    (void)manifest, (void)dry;
    return !allowance_has(allowance, use->op);
}

static bool
lacks_command(const allowance_t *allowance, const manifest_t *manifest, const manifest_use_t *use,
              bool dry)
{
    return !lacks(allowance, manifest, use, dry) && command_argument(use) &&
           command_class(allowance, manifest, use) == CLASSES;
}

static bool
is_above(const allowance_t *allowance, const manifest_t *manifest, const manifest_use_t *use,
         bool dry)
{
    return !lacks(allowance, manifest, use, dry) && !lacks_command(allowance, manifest, use, dry) &&
           use->class_ > allowance->highest;
}

/* What it is on that machine, at best, where that is worse than reviewers saw. */
static bool
is_worse(const allowance_t *allowance, const manifest_t *manifest, const manifest_use_t *use,
         bool dry)
{
    const allowance_class_t *worse = allowance_classes_find(&allowance->worse, use->op);
    class_t most = dry ? CLASS_OBSERVE : allowance->highest, there = use->class_;
    if (lacks(allowance, manifest, use, dry) || lacks_command(allowance, manifest, use, dry) ||
        use->class_ > most)
        return false;
    if (worse && worse->class_ > there)
        there = worse->class_;
    if (command_argument(use) && command_class(allowance, manifest, use) > there)
        there = command_class(allowance, manifest, use);
    return there > most;
}

/* A window of the op alone holds it back in a dry run, and where glass is broken, too. */
static bool
is_closed(const allowance_t *allowance, const manifest_t *manifest, const manifest_use_t *use,
          bool dry)
{
    return !lacks(allowance, manifest, use, dry) &&
           !allowance_owns_stand(&allowance->owns, use->op, wall_now());
}

static const struct {
    refuses_t *refuses;
    const char *reason;
} grounds[] = {
    {lacks, "the machine's policy does not allow this op"},
    {lacks_command, "the machine's policy does not let it run this command"},
    {is_above, "the machine's policy allows nothing of its class"},
    {is_worse, "the machine's policy calls this worse than op table and release do, and it would "
               "be above what may be done there"},
    {is_closed, "no window that the machine's policy has for this op is open now: tocsin worker "
                "view WORKER OP"},
};

static void
add_refusal(const allowances_t *self, const manifest_t *manifest, const manifest_use_t *use,
            const char *caller, bool dry, size_t ground, value_t *refusals)
{
    char step[2 * TEXT_NAME_MAX + 2];
    value_t *workers = value_list();
    for (size_t i = 0; i < self->count; i++)
        if (grounds[ground].refuses(&self->at[i], manifest, use, dry))
            value_append(workers, value_text(self->at[i].worker));
    if (!value_count(workers)) {
        value_destroy(&workers);
        return;
    }
    snprintf(step, sizeof step, "%s%s%s", caller, *caller ? "/" : "", use->step);
    value_t *refusal = value_map();
    value_set_text(refusal, "step", step);
    value_set_text(refusal, "op", use->op);
    value_set_text(refusal, "reason", grounds[ground].reason);
    value_set(refusal, "workers", workers);
    value_append(refusals, refusal);
}

void
allowances_add_refusals(const allowances_t *self, const manifest_t *manifest, const char *caller,
                        bool dry, value_t *refusals)
{
    for (size_t i = 0; i < manifest->use_count; i++)
        for (size_t j = 0; j < ARRAY_SIZE(grounds); j++)
            if (!dry || manifest->uses[i].class_ == CLASS_OBSERVE)
                add_refusal(self, manifest, &manifest->uses[i], caller, dry, j, refusals);
}

/* what: of the run. Takes over workers. */
static void
add_whole(value_t *workers, const char *what, const char *reason, value_t *refusals)
{
    CLEANUP(value_destroy) value_t *refusal = value_map();
    bool any = value_count(workers);
    value_set_text(refusal, "what", what);
    value_set_text(refusal, "reason", reason);
    value_set(refusal, "workers", workers);
    if (any)
        value_append(refusals, MOVE(refusal));
}

void
allowances_add_approvals(const allowances_t *self, const release_t *release,
                         const approvals_t *approvals, value_t *refusals)
{
    char reason[256];
    size_t count = approvals->approvers.count;
    value_t *workers = value_list();
    for (size_t i = 0; i < self->count; i++)
        if (self->at[i].more.approvals[release->highest] > count)
            value_append(workers, value_text(self->at[i].worker));
    snprintf(reason, sizeof reason,
             "the machine's policy asks for more approvers of '%s' than the %zu there are",
             release->playbook, count);
    add_whole(workers, "all of it", reason, refusals);
}

void
allowances_add_glass(const allowances_t *self, const order_t *order, value_t *refusals)
{
    value_t *workers = value_list();
    for (size_t i = 0; order_breaks_glass(order) && i < self->count; i++)
        if (self->at[i].no_glass)
            value_append(workers, value_text(self->at[i].worker));
    add_whole(workers, "all of it", "the machine's policy lets nobody break glass", refusals);
}

void
allowances_most(const allowances_t *self, unsigned people[static CLASSES])
{
    for (size_t i = 0; i < self->count; i++)
        for (class_t class = 0; class < CLASSES; class ++)
            if (self->at[i].more.orders[class] > people[class])
                people[class] = self->at[i].more.orders[class];
}

void
allowances_add_hours(const allowances_t *self, bool glass, wall_t now, value_t *refusals)
{
    value_t *closed = value_list(), *dark = value_list();
    for (size_t i = 0; i < self->count; i++) {
        const allowance_t *at = &self->at[i];
        bool open = !at->windows.count || allowance_hours_stand(&at->windows, now);
        if (allowance_hours_stand(&at->blackouts, now))
            value_append(dark, value_text(at->worker));
        else if (!open && !glass)
            value_append(closed, value_text(at->worker));
    }
    add_whole(dark, "what changes something", "the machine is in a blackout of its policy now",
              refusals);
    add_whole(closed, "what changes something",
              "no window of the machine's policy is open now: a cosigner can break glass with you, "
              "--break-glass WHY",
              refusals);
}
