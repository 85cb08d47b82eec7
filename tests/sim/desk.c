/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/desk.h"

#include <stdlib.h>

#define SEEN_MAX 128

/* What somebody saw waiting: a step of a machine, behind this receipt. */
typedef struct {
    hash_t run, receipt;
    int machine;
} seen_t;

struct desk {
    world_t *world;
    size_t count, seen_count;
    word_t words[WORDS_MAX];
    seen_t seen[SEEN_MAX];
};

desk_t *
desk_new(world_t *world)
{
    desk_t *self = memory_new(1, sizeof *self);
    self->world = world;
    return self;
}

void
desk_destroy(desk_t **self_p)
{
    desk_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        sealed_done(&self->words[i].sealed);
    free(self);
    *self_p = NULL;
}

/* True the first time. */
static bool
is_new(desk_t *self, const hash_t *run, const hash_t *receipt, int machine)
{
    for (size_t i = 0; i < self->seen_count; i++)
        if (self->seen[i].machine == machine && hash_equal(&self->seen[i].run, run) &&
            hash_equal(&self->seen[i].receipt, receipt))
            return false;
    if (self->seen_count == SEEN_MAX)
        return false;
    self->seen[self->seen_count++] = (seen_t){*run, *receipt, machine};
    return true;
}

static void
seal(desk_t *self, word_t *word)
{
    world_t *world = self->world;
    site_t *site = estate()->site;
    consent_t *consent = site_consent(site, &word->run, &HASH_ZERO);
    consent->answer = word->answer;
    text_copy(consent->step, sizeof consent->step, word->step);
    text_copy(consent->value, sizeof consent->value, word->value);
    consent->created = site_after(site->now, world->now / 1000);
    consent->expires =
        site_after(consent->created,
                   chance_percent(&world->chance, 20) ? chance_from(&world->chance, 1, 20) : 600);
    consent->target_count = 0;
    for (int i = 0; i < MACHINES_MAX; i++)
        if (word->named[i])
            site_add_shown(consent, node_name(i), &word->shown[i]);
    word->sealed = site_seal_consent(site, consent, word->who);
    word->hash = hash_of(bytes_slice(word->sealed.document));
    SAY(world, "%s: signs '%s' to step '%s'", word->who, word->value, word->step);
}

bool
desk_asks(const desk_t *self, const hub_wait_t *wait)
{
    const plan_t *plan = &self->world->plan;
    for (size_t i = 0; i < plan->order_count; i++) {
        const playbook_t *playbook = &estate()->playbooks[plan->orders[i].playbook];
        const estate_step_t *step = estate_step(playbook, wait->step);
        if (step && step->kind && hash_equal(&plan->orders[i].run, &wait->run))
            return !strcmp(step->kind, "ask");
    }
    return false;
}

/* Somebody says something to all that wait at this step and were not spoken of yet; of what a liar
 * shows. */
static void
speak(desk_t *self, const hub_wait_t *waits, size_t count, const hub_wait_t *to)
{
    static const char *const who[] = {"pat", "pia", "pia", "uma", "rita"};
    chance_t *chance = &self->world->chance;
    word_t word = {.answer = desk_asks(self, to), .run = to->run};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const hub_wait_t *at = &waits[i];
        if (hash_equal(&at->run, &to->run) && !strcmp(at->step, to->step) &&
            is_new(self, &at->run, &at->receipt, at->machine)) {
            word.named[at->machine] = any = true;
            bool lied = self->world->plan.lying && chance_percent(chance, 25);
            word.shown[at->machine] = lied ? HASH_ZERO : at->receipt;
        }
    }
    if (!any || self->count == WORDS_MAX || chance_percent(chance, 8))
        return;
    text_copy(word.step, sizeof word.step, to->step);
    bool yes = chance_percent(chance, 80);
    text_copy(word.value, sizeof word.value,
              word.answer ? (yes ? "left" : "right") : (yes ? "yes" : "no"));
    word.who = who[chance_below(chance, ARRAY_SIZE(who))];
    seal(self, &word);
    self->words[self->count] = word;
    hub_post_all(self->world, ERRAND_WORD, self->count++);
}

static void
on_look(world_t *world, due_t *due)
{
    desk_t *self = world->desk;
    hub_wait_t waits[HUB_WAITS_MAX];
    size_t count = hub_waits(world->hub, waits);
    (void)due;
    for (size_t i = 0; i < count; i++)
        speak(self, waits, count, &waits[i]);
    world_after(world, chance_from(&world->chance, 1000, 15000), (due_t){.act = on_look});
}

void
desk_begin(desk_t *self)
{
    const plan_t *plan = &self->world->plan;
    bool asks = false;
    for (size_t i = 0; i < plan->order_count; i++)
        asks = asks || plan_asks(&plan->orders[i]);
    if (asks)
        world_after(self->world, 2000, (due_t){.act = on_look});
}

size_t
desk_count(const desk_t *self)
{
    return self->count;
}

const word_t *
desk_word(const desk_t *self, size_t index)
{
    return &self->words[index];
}

const word_t *
desk_find(const desk_t *self, const hash_t *document)
{
    for (size_t i = 0; i < self->count; i++)
        if (hash_equal(&self->words[i].hash, document))
            return &self->words[i];
    return NULL;
}
