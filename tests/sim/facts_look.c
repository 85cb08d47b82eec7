/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/facts_private.h"
#include "tests/sim/script.h"

const plan_order_t *
facts_order(const facts_t *self, const hash_t *run)
{
    const plan_t *plan = &self->world->plan;
    for (size_t i = 0; i < plan->order_count; i++)
        if (hash_equal(&plan->orders[i].run, run))
            return &plan->orders[i];
    return NULL;
}

const estate_grant_t *
facts_grant(const hash_t *authority)
{
    for (size_t i = 0; i < ESTATE_GRANTS; i++)
        if (hash_equal(&estate()->grants[i].hash, authority))
            return &estate()->grants[i];
    return NULL;
}

const playbook_t *
facts_playbook(const deed_t *deed)
{
    int playbook = estate_release(&deed->release);
    return playbook < 0 ? NULL : &estate()->playbooks[playbook];
}

/* The acceptance of a run by a machine, before item `before`. */
const accepted_t *
facts_acceptance(const facts_t *self, int machine, const hash_t *run, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const accepted_t *at = &self->accepted.items[i];
        if (at->machine == machine && !at->lost && hash_equal(&at->it.run, run))
            return at;
    }
    return NULL;
}

/* The receipt that ended a run's part. */
const signed_t *
facts_end(const facts_t *self, int machine, const hash_t *run, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->machine == machine && !at->lost && at->part != OUTCOME_OPEN &&
            hash_equal(&at->run, run))
            return at;
    }
    return NULL;
}

const char *
short_hash(const hash_t *hash)
{
    static char text[HASH_TEXT];
    hash_write(hash, text);
    text[8] = '\0';
    return text;
}

/* Whether the plan's stop covers a run that this machine accepted. */
bool
facts_stops(const facts_t *self, int machine, const hash_t *run)
{
    for (size_t i = 0; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        if (at->machine == machine && hash_equal(&at->it.run, run))
            return plan_stops(&self->world->plan, run, estate_release(&at->it.release), machine);
    }
    return false;
}

bool
facts_stopped(const facts_t *self, int machine)
{
    const plan_t *plan = &self->world->plan;
    return self->stopped[machine] && !(plan->resume_at && self->world->now >= plan->resume_at);
}

/* By the estate's own table, not the manifest: whether a step may ask for this. */
static bool
declares(const playbook_t *playbook, const char *step, const char *op, const char *argument)
{
    for (size_t i = 0; i < ESTATE_STEPS && playbook->steps[i].name; i++) {
        const estate_step_t *at = &playbook->steps[i];
        for (size_t j = 0; j < ARRAY_SIZE(at->uses) && at->uses[j]; j++)
            if (!strcmp(at->name, step) && !strcmp(at->uses[j], op))
                return !at->under || argument[0] != '/' || path_is_under(argument, at->under);
    }
    return false;
}

/* How often a step's script asks for exactly this, as far as it may. */
unsigned
facts_asked(const playbook_t *playbook, const char *step, const char *op, const hash_t *arguments)
{
    static const char *const modes[] = {"step", "undo"};
    const char *name = step_path_name(step);
    script_line_t line;
    unsigned count = 0;
    for (size_t mode = 0; mode < ARRAY_SIZE(modes); mode++)
        for (size_t i = 0; script_line(playbook->script, modes[mode], name, i, &line); i++) {
            if (strcmp(line.op, op) != 0 || !declares(playbook, name, op, line.argument))
                continue;
            hash_t hash = script_arguments_hash(&line);
            count += hash_equal(&hash, arguments);
        }
    return count;
}

unsigned
facts_acts(const facts_t *self, int machine, const hash_t *run, const char *step, const char *op,
           const hash_t *arguments)
{
    unsigned acts = 0;
    for (size_t i = 0; i < self->done.count; i++) {
        const done_t *at = &self->done.items[i];
        if (at->machine == machine && !strcmp(at->step, step) && !strcmp(at->it.op, op) &&
            hash_equal(&at->it.run, run) && hash_equal(&at->it.arguments, arguments))
            acts += at->excused && at->acts ? 1 : at->acts;
    }
    return acts;
}
