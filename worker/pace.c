/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pace.h"

static int
take_person(pace_t *self, const char *person, fault_t *fault)
{
    if (!text_is_name(person))
        return fault_set(fault, FAULT_CONFIG, "'%.63s' is not a name ([a-z0-9][a-z0-9._-]*)",
                         person);
    if (self->person_count == PACE_PEOPLE_MAX)
        return fault_set(fault, FAULT_CONFIG, "more than %d people", PACE_PEOPLE_MAX);
    self->people[self->person_count++] = person;
    return 0;
}

static int
take_op(pace_line_t *line, const char *name, fault_t *fault)
{
    line->op = op_find(name);
    if (!line->op)
        return fault_set(fault, FAULT_CONFIG, "there is no op '%.63s': `tocsin op list` has them",
                         name);
    if (line->op->least == CLASS_OBSERVE)
        return fault_set(fault, FAULT_CONFIG, "'%s' changes nothing and is not counted", name);
    return 0;
}

static int
take_playbook(pace_line_t *line, const char *name, fault_t *fault)
{
    bool any = !strcmp(name, "*");
    if (!any && !text_is_name(name))
        return fault_set(fault, FAULT_CONFIG, "'%.63s' is neither a playbook's name nor '*'", name);
    line->playbook = any ? NULL : name;
    return 0;
}

int
pace_take(pace_t *self, const char *const *words, fault_t *fault)
{
    if (!strcmp(words[0], "exceed"))
        return take_person(self, words[1], fault);
    if (self->line_count == PACE_LINES_MAX)
        return fault_set(fault, FAULT_CONFIG, "more than %d rates and runs", PACE_LINES_MAX);
    pace_line_t *line = &self->lines[self->line_count];
    bool rate = !strcmp(words[0], "rate");
    if (rate ? take_op(line, words[1], fault) : take_playbook(line, words[1], fault))
        return -1;
    if (!text_read_u64(words[2], 1, UINT32_MAX, &line->count) ||
        !text_read_u64(words[3], 1, UINT32_MAX, &line->seconds))
        return fault_set(fault, FAULT_CONFIG, "'%s' ends with a COUNT and SECONDS, from 1",
                         words[0]);
    self->line_count++;
    return 0;
}

static bool
may_exceed(const pace_t *self, const signers_t *orderers)
{
    for (size_t i = 0; i < self->person_count; i++)
        if (signers_have(orderers, self->people[i]))
            return true;
    return false;
}

static size_t
count_since(const pace_line_t *line, const pace_act_t *act, const journal_t *journal, int64_t ms)
{
    return line->op ? journal_count(journal, line->op->name, (wall_t){ms})
                    : journal_count_playbook(journal, line->playbook, act->run, (wall_t){ms});
}

/* The first moment at which so few of those since `from` count any more that one may begin. */
static wall_t
again_at(const pace_line_t *line, const pace_act_t *act, const journal_t *journal, int64_t from,
         int64_t to)
{
    int64_t span_ms = to - from;
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (count_since(line, act, journal, middle) < line->count)
            to = middle;
        else
            from = middle;
    }
    return (wall_t){to + span_ms};
}

static int
check_line(const pace_line_t *line, const pace_act_t *act, const journal_t *journal, wall_t now,
           fault_t *fault)
{
    char again[MOMENT_TEXT_MAX];
    int64_t since = now.ms - (int64_t)line->seconds * 1000;
    bool applies =
        line->op ? line->op == act->op : !line->playbook || !strcmp(line->playbook, act->playbook);
    size_t count = applies ? count_since(line, act, journal, since) : 0;
    if (!applies || count < line->count)
        return 0;
    wall_write_time((wall_t){again_at(line, act, journal, since, now.ms).ms + 999}, again);
    return fault_set(fault, FAULT_RATE,
                     "%s%s began as often in the last %llu s as the policy of this machine allows, "
                     "%zu times; next at %s",
                     line->op ? "" : "runs of ",
                     line->op         ? line->op->name
                     : line->playbook ? line->playbook
                                      : "any playbook",
                     (unsigned long long)line->seconds, count, again);
}

/* It takes back what this run began here. */
static bool
takes_back(const pace_act_t *act, const journal_t *journal)
{
    const journal_entry_t *at = act->undoes ? journal_first(journal, act->run) : NULL;
    while (at && strcmp(at->step, act->undoes) != 0)
        at = journal_next(journal, act->run, at);
    return at;
}

int
pace_check(const pace_t *self, const pace_act_t *act, const journal_t *journal, wall_t now,
           fault_t *fault)
{
    bool begun = journal_first(journal, act->run);
    if (may_exceed(self, act->orderers) || takes_back(act, journal))
        return 0;
    for (size_t i = 0; i < self->line_count; i++)
        if ((self->lines[i].op || !begun) && check_line(&self->lines[i], act, journal, now, fault))
            return -1;
    return 0;
}
