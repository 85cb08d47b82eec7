/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "keys/trust_private.h"

void
reach_done(reach_t *self)
{
    free(self->worker);
    *self = (reach_t){0};
}

void
reach_add(reach_t *self, const trust_t *trust, const char *target)
{
    const fleet_t *fleet;
    char id[2 * TEXT_NAME_MAX + 2];
    text_copy(id, sizeof id, target);
    id[strcspn(id, "/")] = '\0';
    const worker_line_t *line = trust_worker(trust, id, &fleet);
    if (!line)
        return;
    self->worker = memory_resize(self->worker, self->count + 1, sizeof *self->worker);
    self->worker[self->count].line = line;
    self->worker[self->count++].fleet = fleet;
}

bool
reach_covered(const reach_t *self, const char *scope)
{
    for (size_t i = 0; i < self->count; i++)
        if (!scope_covers(scope, self->worker[i].line->labels, self->worker[i].fleet->region))
            return false;
    return true;
}

static size_t
count_people(const backing_t *backing, const bool counts[static SIGNATURES_MAX])
{
    signers_t signers = {0};
    for (size_t i = 0; i < backing->count; i++)
        if (counts[i])
            signers_add(&signers, backing->backer[i].line->person);
    return signers.count;
}

/* Whether enough distinct people reach this class; the fault says what they lack. */
static int
check_quorum(const demand_t *self, class_t class, fault_t *fault)
{
    bool all[SIGNATURES_MAX], high[SIGNATURES_MAX], wide[SIGNATURES_MAX], pinned[SIGNATURES_MAX];
    for (size_t i = 0; i < self->backing->count; i++) {
        const backer_t *backer = &self->backing->backer[i];
        all[i] = true;
        high[i] = backer->line->highest >= class;
        wide[i] = high[i] && reach_covered(self->reach, backer->line->scope);
        pinned[i] = wide[i] && (backer->pin || class != CLASS_DESTRUCTIVE);
    }
    size_t people = count_people(self->backing, all), needed = self->needed[class];
    if (people < needed)
        return fault_set(fault, FAULT_QUORUM, "%zu of the %zu people signed whom class %s needs",
                         people, needed, class_word(class));
    if (self->everyone)
        needed = people;
    if (count_people(self->backing, high) < needed)
        return fault_set(fault, FAULT_CLASS, "its signers may not go as far as class %s",
                         class_word(class));
    if (count_people(self->backing, wide) < needed)
        return fault_set(fault, FAULT_SCOPE, "targets are outside the scope of its signers");
    if (count_people(self->backing, pinned) < needed)
        return fault_set(fault, FAULT_PIN,
                         "class %s needs FIDO keys' PINs: sign again with "
                         "verify-required",
                         class_word(class));
    return 0;
}

int
demand_check(const demand_t *self, class_t need, class_t highest, class_t *allowed, fault_t *fault)
{
    assert(need <= highest);
    for (int class = 0; class <= (int)highest; class ++) {
        if (check_quorum(self, (class_t) class, class <= (int)need ? fault : NULL))
            return class <= (int)need ? -1 : 0;
        *allowed = (class_t) class;
    }
    return 0;
}

unsigned
quorum_of(const unsigned root[static CLASSES], const unsigned more[static CLASSES], class_t class)
{
    return more[class] > root[class] ? more[class] : root[class];
}

signers_t
backing_people(const backing_t *self)
{
    signers_t people = {0};
    for (size_t i = 0; i < self->count; i++)
        signers_add(&people, self->backer[i].line->person);
    return people;
}

int
backing_check_role(const backing_t *self, role_t role, fault_t *fault)
{
    char word[32];
    roles_write(role, word, sizeof word);
    for (size_t i = 0; i < self->count; i++)
        if (!(self->backer[i].line->roles & role))
            return fault_set(fault, FAULT_ROLE, "'%s' who signed is no %s",
                             self->backer[i].line->person, word);
    return 0;
}
