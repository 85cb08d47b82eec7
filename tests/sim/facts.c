/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/hub.h"
#include "tests/sim/script.h"
#include "wire/ops.h"

#define NOTED_OPS 12

/* A list and how many of its items the invariants have seen. */
#define LIST(type)                    \
    struct {                          \
        size_t count, capacity, seen; \
        type *items;                  \
    }

typedef struct {
    int machine;
    bool kept; /* committed */
    acceptance_t it;
    int64_t at;
} accepted_t;

typedef struct {
    char op[OP_NAME_MAX + 1];
    hash_t arguments;
    bool ok, unknown;
} noted_op_t;

typedef struct {
    int machine;
    bool kept;
    uint64_t sequence, attempt;
    hash_t previous, hash, run;
    char step[STEP_PATH_MAX], code[16];
    phase_t phase;
    outcome_t outcome, part;
    wall_t ended;
    int64_t at;
    size_t op_count;
    noted_op_t ops[NOTED_OPS];
} signed_t;

typedef struct {
    int machine;
    deed_t it;
    char step[STEP_PATH_MAX];
    unsigned starts, acts;
    int64_t at;
} done_t;

typedef struct {
    int machine;
    hash_t run;
} offered_t;

typedef struct {
    int machine;
    uint64_t sequence;
} acked_t;

typedef struct {
    int machine;
    char word[16];
} leak_t;

typedef struct {
    int machine;
    char code[16], text[160];
} refused_t;

struct facts {
    world_t *world;
    size_t uncommitted[MACHINES_MAX];
    bool stopped[MACHINES_MAX]; /* the plan's stop is durable there */
    bool changed;
    LIST(accepted_t) accepted;
    LIST(signed_t) signed_;
    LIST(done_t) done;
    LIST(offered_t) offered;
    LIST(acked_t) acked;
    LIST(leak_t) leaks;
    LIST(refused_t) refused;
    size_t touched_count,
        touched[8]; /* deeds that were started again or acted, since the last look */
};

#define ADD(list, ...)                                                                    \
    ((list).items =                                                                       \
         memory_grow((list).items, (list).count, &(list).capacity, sizeof *(list).items), \
     (list).items[(list).count++] = (__VA_ARGS__))

facts_t *
facts_new(world_t *world)
{
    facts_t *self = memory_new(1, sizeof *self);
    self->world = world;
    return self;
}

void
facts_destroy(facts_t **self_p)
{
    facts_t *self = *self_p;
    if (!self)
        return;
    free(self->accepted.items);
    free(self->signed_.items);
    free(self->done.items);
    free(self->offered.items);
    free(self->acked.items);
    free(self->leaks.items);
    free(self->refused.items);
    free(self);
    *self_p = NULL;
}

/* ---- noting ------------------------------------------------------------------------------ */

void
facts_accept(facts_t *self, int machine, const acceptance_t *acceptance)
{
    ADD(self->accepted,
        (accepted_t){.machine = machine, .it = *acceptance, .at = self->world->now});
    self->uncommitted[machine]++;
    self->changed = true;
}

/* Whether the plan's stop covers a run that this machine accepted. */
static bool
is_stopped(const facts_t *self, int machine, const hash_t *run)
{
    for (size_t i = 0; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        if (at->machine == machine && hash_equal(&at->it.run, run))
            return plan_stops(&self->world->plan, run, estate_release(&at->it.release), machine);
    }
    return false;
}

void
facts_intend(facts_t *self, int machine, const hash_t *run)
{
    self->uncommitted[machine]++;
    if (self->stopped[machine] && is_stopped(self, machine, run))
        world_break(self->world, "nothing is intended under a stop",
                    "%s intends a fix of a run that it confirmed to be stopped",
                    node_name(machine));
}

void
facts_stop(facts_t *self, int machine, const frames_t *frames)
{
    hash_t hash;
    if (hash_read(frames_text(frames, 1), &hash) && hash_equal(&hash, &self->world->plan.stop_hash))
        self->stopped[machine] = true;
}

void
facts_sign(facts_t *self, int machine, slice_t document)
{
    fault_t fault = {0};
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, &fault);
    if (!receipt) {
        world_break(self->world, "receipts can be read", "%s: %s", node_name(machine), fault.text);
        return;
    }
    ADD(self->signed_, (signed_t){.machine = machine,
                                  .sequence = receipt->sequence,
                                  .attempt = receipt->attempt,
                                  .previous = receipt->previous,
                                  .hash = hash_of(document),
                                  .run = receipt->run,
                                  .phase = receipt->phase,
                                  .outcome = receipt->outcome,
                                  .part = receipt->part,
                                  .ended = receipt->ended,
                                  .at = self->world->now});
    signed_t *noted = &self->signed_.items[self->signed_.count - 1];
    text_copy(noted->step, sizeof noted->step, receipt->step);
    text_copy(noted->code, sizeof noted->code, receipt->code);
    for (size_t i = 0; i < receipt->op_count && i < NOTED_OPS; i++) {
        noted_op_t *op = &noted->ops[noted->op_count++];
        text_copy(op->op, sizeof op->op, receipt->ops[i].op);
        op->arguments = receipt->ops[i].arguments;
        op->ok = !strcmp(receipt->ops[i].code, "ok");
        op->unknown = !strcmp(receipt->ops[i].code, "unknown");
    }
    self->uncommitted[machine]++;
    self->changed = true;
    SAY(self->world, "%s: signs receipt %llu: run %.8s step '%s' %s, part %s%s%s",
        node_name(machine), (unsigned long long)receipt->sequence,
        hash_write(&receipt->run, (char[HASH_TEXT]){0}), receipt->step,
        outcome_word(receipt->outcome), outcome_word(receipt->part),
        receipt->reason[0] == '-' ? "" : ": ", receipt->reason[0] == '-' ? "" : receipt->reason);
}

void
facts_commit(facts_t *self, int machine)
{
    self->uncommitted[machine] = 0;
    for (size_t i = self->accepted.count; i-- > 0;)
        if (self->accepted.items[i].machine == machine)
            self->accepted.items[i].kept = true;
    for (size_t i = self->signed_.count; i-- > 0;)
        if (self->signed_.items[i].machine == machine)
            self->signed_.items[i].kept = true;
}

#define FORGET(list, who)                                                   \
    do {                                                                    \
        size_t left = 0;                                                    \
        for (size_t at = 0; at < (list).count; at++)                        \
            if ((list).items[at].kept || (list).items[at].machine != (who)) \
                (list).items[left++] = (list).items[at];                    \
        (list).count = left;                                                \
        (list).seen = (list).seen < left ? (list).seen : left;              \
    } while (0)

void
facts_lose(facts_t *self, int machine)
{
    self->uncommitted[machine] = 0;
    FORGET(self->accepted, machine);
    FORGET(self->signed_, machine);
}

void
facts_leave(facts_t *self, int machine, const char *word)
{
    if (!self->uncommitted[machine])
        return;
    leak_t leak = {.machine = machine};
    snprintf(leak.word, sizeof leak.word, "%s", word);
    ADD(self->leaks, leak);
    self->changed = true;
}

void
facts_refuse(facts_t *self, int machine, const frames_t *frames)
{
    refused_t refused = {.machine = machine};
    snprintf(refused.code, sizeof refused.code, "%s", frames_text(frames, 2));
    snprintf(refused.text, sizeof refused.text, "%s", frames_text(frames, 3));
    ADD(self->refused, refused);
    self->changed = true;
}

static done_t *
find_deed(const facts_t *self, int machine, const hash_t *key)
{
    for (size_t i = 0; i < self->done.count; i++)
        if (self->done.items[i].machine == machine && hash_equal(&self->done.items[i].it.key, key))
            return &self->done.items[i];
    return NULL;
}

static void
touch(facts_t *self, const done_t *deed)
{
    assert(self->touched_count < ARRAY_SIZE(self->touched));
    self->touched[self->touched_count++] = (size_t)(deed - self->done.items);
    self->changed = true;
}

void
facts_begin(facts_t *self, int machine, const deed_t *deed)
{
    done_t *known = find_deed(self, machine, &deed->key);
    if (!known) {
        ADD(self->done, (done_t){.machine = machine, .it = *deed, .at = self->world->now});
        known = &self->done.items[self->done.count - 1];
        text_copy(known->step, sizeof known->step, deed->step);
    }
    known->it.synced = known->it.synced && deed->synced;
    known->starts++;
    touch(self, known);
}

void
facts_act(facts_t *self, int machine, const hash_t *key)
{
    done_t *deed = find_deed(self, machine, key);
    assert(deed);
    deed->acts++;
    touch(self, deed);
}

void
facts_offer(facts_t *self, int machine, const frames_t *frames)
{
    offered_t offered = {.machine = machine};
    if (strcmp(frames_text(frames, 2), "order") != 0)
        return;
    bool read = hash_read(frames_text(frames, 1), &offered.run);
    assert(read);
    ADD(self->offered, offered);
    self->changed = true;
}

void
facts_acknowledge(facts_t *self, int machine, uint64_t sequence)
{
    ADD(self->acked, (acked_t){machine, sequence});
    self->changed = true;
}

/* ---- looking things up ------------------------------------------------------------------- */

static const plan_order_t *
find_order(const facts_t *self, const hash_t *run)
{
    const plan_t *plan = &self->world->plan;
    for (size_t i = 0; i < plan->order_count; i++)
        if (hash_equal(&plan->orders[i].run, run))
            return &plan->orders[i];
    return NULL;
}

static const estate_grant_t *
find_grant(const hash_t *authority)
{
    for (size_t i = 0; i < ESTATE_GRANTS; i++)
        if (hash_equal(&estate()->grants[i].hash, authority))
            return &estate()->grants[i];
    return NULL;
}

/* The acceptance of a run by a machine, before item `before`. */
static const accepted_t *
find_accepted(const facts_t *self, int machine, const hash_t *run, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const accepted_t *at = &self->accepted.items[i];
        if (at->machine == machine && hash_equal(&at->it.run, run))
            return at;
    }
    return NULL;
}

/* The receipt that ended a run's part. */
static const signed_t *
find_end(const facts_t *self, int machine, const hash_t *run, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->machine == machine && at->part != OUTCOME_OPEN && hash_equal(&at->run, run))
            return at;
    }
    return NULL;
}

static const char *
short_hash(const hash_t *hash)
{
    static char text[HASH_TEXT];
    hash_write(hash, text);
    text[8] = '\0';
    return text;
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
static unsigned
asked(const playbook_t *playbook, const char *step, const char *op, const hash_t *arguments)
{
    static const char *const modes[] = {"step", "undo"};
    script_line_t line;
    unsigned count = 0;
    for (size_t mode = 0; mode < ARRAY_SIZE(modes); mode++)
        for (size_t i = 0; script_line(playbook->script, modes[mode], step, i, &line); i++) {
            if (strcmp(line.op, op) != 0 || !declares(playbook, step, op, line.argument))
                continue;
            hash_t hash = script_arguments_hash(&line);
            count += hash_equal(&hash, arguments);
        }
    return count;
}

static const playbook_t *
playbook_of(const deed_t *deed)
{
    int playbook = estate_release(&deed->release);
    return playbook < 0 ? NULL : &estate()->playbooks[playbook];
}

#define BREAK(self, ...) world_break((self)->world, __func__, __VA_ARGS__)

/* ---- the invariants ---------------------------------------------------------------------- */

static void
nothing_leaves_before_its_commit(facts_t *self)
{
    for (size_t i = self->leaks.seen; i < self->leaks.count; i++)
        BREAK(self, "%s said %s, and what makes it true is not on the disk",
              node_name(self->leaks.items[i].machine), self->leaks.items[i].word);
}

static bool
is_authorised(const facts_t *self, const done_t *deed)
{
    const playbook_t *playbook = playbook_of(&deed->it);
    const accepted_t *accepted =
        find_accepted(self, deed->machine, &deed->it.run, self->accepted.count);
    if (!playbook || !accepted || !accepted->kept || accepted->it.closed ||
        !hash_equal(&accepted->it.release, &deed->it.release) ||
        !asked(playbook, deed->step, deed->it.op, &deed->it.arguments))
        return false;
    if (accepted->it.by_grant) {
        const estate_grant_t *grant = find_grant(&accepted->it.authority);
        return grant && &estate()->playbooks[grant->playbook] == playbook;
    }
    const plan_order_t *order = find_order(self, &deed->it.run);
    return order && order->wave[deed->machine] && !order->dry &&
           &estate()->playbooks[order->playbook] == playbook;
}

static void
no_effect_without_authority(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        if (!is_authorised(self, deed))
            BREAK(self, "%s begins %s in step '%s' of run %s, which nobody signed for",
                  node_name(deed->machine), deed->it.op, deed->step, short_hash(&deed->it.run));
    }
}

/* An effector that has the people without pat begins nothing that pat signed. */
static void
nothing_begins_for_who_is_revoked(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const plan_order_t *order = find_order(self, &deed->it.run);
        if (deed->it.told && !(order && order->by_pia))
            BREAK(self, "%s begins %s of run %s, and knows that pat's key is revoked",
                  node_name(deed->machine), deed->it.op, short_hash(&deed->it.run));
    }
}

static void
nothing_begins_under_a_stop(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        if (self->stopped[deed->machine] && is_stopped(self, deed->machine, &deed->it.run))
            BREAK(self, "%s begins %s of run %s, and has confirmed that it is stopped",
                  node_name(deed->machine), deed->it.op, short_hash(&deed->it.run));
    }
}

/* The window bounds a run's first fix. */
static void
no_start_outside_the_window(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const plan_order_t *order = find_order(self, &deed->it.run);
        bool first = true;
        for (size_t j = 0; j < i; j++)
            first = first && !(self->done.items[j].machine == deed->machine &&
                               hash_equal(&self->done.items[j].it.run, &deed->it.run));
        int64_t at = deed->it.begun.ms - estate()->site->now.ms;
        if (order && first && (at < 0 || at > order->not_after))
            BREAK(self, "%s begins run %s at %lld ms, its window ends at %lld",
                  node_name(deed->machine), short_hash(&deed->it.run), (long long)at,
                  (long long)order->not_after);
    }
}

static void
no_effect_before_its_begin_is_synced(facts_t *self)
{
    for (size_t i = 0; i < self->touched_count; i++) {
        const done_t *deed = &self->done.items[self->touched[i]];
        if (!deed->it.synced)
            BREAK(self, "%s: %s of step '%s' is started, its BEGIN is not on the disk",
                  node_name(deed->machine), deed->it.op, deed->step);
    }
}

static unsigned
acts_alike(const facts_t *self, int machine, const hash_t *run, const char *step, const char *op,
           const hash_t *arguments)
{
    unsigned acts = 0;
    for (size_t i = 0; i < self->done.count; i++) {
        const done_t *at = &self->done.items[i];
        if (at->machine == machine && !strcmp(at->step, step) && !strcmp(at->it.op, op) &&
            hash_equal(&at->it.run, run) && hash_equal(&at->it.arguments, arguments))
            acts += at->acts;
    }
    return acts;
}

static void
what_must_not_happen_twice_happens_once(facts_t *self)
{
    for (size_t i = 0; i < self->touched_count; i++) {
        const done_t *deed = &self->done.items[self->touched[i]];
        const playbook_t *playbook = playbook_of(&deed->it);
        if (!deed->it.once || !playbook)
            continue;
        unsigned most = asked(playbook, deed->step, deed->it.op, &deed->it.arguments);
        unsigned acts = acts_alike(self, deed->machine, &deed->it.run, deed->step, deed->it.op,
                                   &deed->it.arguments);
        if (deed->starts > 1 || deed->acts > 1 || acts > most)
            BREAK(self, "%s: %s of step '%s' of run %s was started %u times, acted %u times",
                  node_name(deed->machine), deed->it.op, deed->step, short_hash(&deed->it.run),
                  deed->starts, acts);
    }
}

static void
nothing_begins_behind_the_end(facts_t *self)
{
    for (size_t i = 0; i < self->touched_count; i++) {
        const done_t *deed = &self->done.items[self->touched[i]];
        const signed_t *end = find_end(self, deed->machine, &deed->it.run, self->signed_.count);
        if (end && end->kept)
            BREAK(self, "%s: %s of run %s, whose part is %s already", node_name(deed->machine),
                  deed->it.op, short_hash(&deed->it.run), outcome_word(end->part));
    }
}

static void
a_run_is_accepted_once(facts_t *self)
{
    for (size_t i = self->accepted.seen; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        const accepted_t *before = find_accepted(self, at->machine, &at->it.run, i);
        if (before)
            BREAK(self, "%s accepts run %s again", node_name(at->machine), short_hash(&at->it.run));
        if (find_end(self, at->machine, &at->it.run, self->signed_.count) && !at->it.closed)
            BREAK(self, "%s accepts run %s, which had ended", node_name(at->machine),
                  short_hash(&at->it.run));
    }
}

static void
budgets_are_kept(facts_t *self)
{
    for (size_t i = self->accepted.seen; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        const estate_grant_t *grant = at->it.by_grant ? find_grant(&at->it.authority) : NULL;
        uint64_t runs = 1;
        if (!grant)
            continue;
        for (size_t j = 0; j < i; j++) {
            const accepted_t *other = &self->accepted.items[j];
            runs += other->machine == at->machine && other->it.by_grant &&
                    hash_equal(&other->it.authority, &at->it.authority) &&
                    other->it.accepted.ms >= at->it.accepted.ms - (int64_t)grant->budget_s * 1000;
        }
        if (runs > grant->budget_runs)
            BREAK(self, "%s accepts the %lluth run within the span of a grant for %llu",
                  node_name(at->machine), (unsigned long long)runs,
                  (unsigned long long)grant->budget_runs);
    }
}

/* How many of a wave are proved ok, and soaked, at that moment. */
static uint64_t
count_soaked(const facts_t *self, const plan_order_t *order, unsigned wave, wall_t now)
{
    uint64_t good = 0;
    for (int i = 0; i < (int)self->world->plan.machines; i++) {
        const signed_t *end =
            order->wave[i] == wave ? find_end(self, i, &order->run, self->signed_.count) : NULL;
        good += end && end->kept && end->part == OUTCOME_OK &&
                end->ended.ms + (int64_t)order->soak_s * 1000 <= now.ms;
    }
    return good;
}

static uint64_t
wave_size(const plan_order_t *order, unsigned wave)
{
    uint64_t size = 0;
    for (size_t i = 0; i < MACHINES_MAX; i++)
        size += order->wave[i] == wave;
    return size;
}

static void
no_wave_before_its_proof(facts_t *self)
{
    for (size_t i = self->accepted.seen; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        const plan_order_t *order = at->it.closed ? NULL : find_order(self, &at->it.run);
        unsigned wave = order ? order->wave[at->machine] : 0;
        if (wave <= 1)
            continue;
        uint64_t good = count_soaked(self, order, wave - 1, at->it.accepted);
        if (good + order->max_failures < wave_size(order, wave - 1))
            BREAK(self, "%s accepts run %s in wave %u, and wave %u has %llu soaked ok of %llu",
                  node_name(at->machine), short_hash(&at->it.run), wave, wave - 1,
                  (unsigned long long)good, (unsigned long long)wave_size(order, wave - 1));
    }
}

/* The honest broker's own order: all of the wave before ended, enough of it well, and soaked. */
static void
offers_come_wave_by_wave(facts_t *self)
{
    const world_t *world = self->world;
    for (size_t i = self->offered.seen; !world->plan.lying && i < self->offered.count; i++) {
        const offered_t *at = &self->offered.items[i];
        const plan_order_t *order = find_order(self, &at->run);
        unsigned wave = order ? order->wave[at->machine] : 0;
        uint64_t good = 0;
        for (int other = 0; wave > 1 && other < (int)world->plan.machines; other++) {
            bool ended;
            if (order->wave[other] != wave - 1)
                continue;
            const char *word = hub_part(world->hub, &at->run, other, &ended);
            const signed_t *end = find_end(self, other, &at->run, self->signed_.count);
            good += word && !strcmp(word, "done");
            if (!word || !ended)
                BREAK(self, "the hub offers wave %u, and '%s' of the one before is open", wave,
                      node_name(other));
            if (!world->plan.jumps && end && end->at + (int64_t)order->soak_s * 1000 > world->now &&
                end->part == OUTCOME_OK)
                BREAK(self, "the hub offers wave %u before '%s' has soaked", wave,
                      node_name(other));
        }
        if (wave > 1 && good + order->max_failures < wave_size(order, wave - 1))
            BREAK(self, "the hub offers wave %u behind %llu ok of %llu", wave,
                  (unsigned long long)good, (unsigned long long)wave_size(order, wave - 1));
    }
}

/* Of a run that changes something: even if all that is in flight fails, one more than allowed. */
static void
the_error_budget_holds(facts_t *self)
{
    static const char *const words[] = {"failed", "refused", "unknown", "offered", "open"};
    const world_t *world = self->world;
    for (size_t i = self->offered.seen; !world->plan.lying && i < self->offered.count; i++) {
        const plan_order_t *order = find_order(self, &self->offered.items[i].run);
        uint64_t used = 0;
        bool ended;
        if (!order || order->dry || estate()->playbooks[order->playbook].highest == CLASS_OBSERVE)
            continue;
        for (int machine = 0; machine < (int)world->plan.machines; machine++) {
            const char *word = hub_part(world->hub, &order->run, machine, &ended);
            for (size_t j = 0; word && j < ARRAY_SIZE(words); j++)
                used += !strcmp(word, words[j]);
        }
        if (used > order->max_failures + 1)
            BREAK(self, "%llu parts of run %s failed or are in flight, and %llu may fail",
                  (unsigned long long)used, short_hash(&order->run),
                  (unsigned long long)order->max_failures);
    }
}

static void
receipts_form_a_chain(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i], *last = NULL;
        for (size_t j = 0; j < i; j++)
            if (self->signed_.items[j].machine == at->machine)
                last = &self->signed_.items[j];
        if (at->sequence != (last ? last->sequence + 1 : 1) ||
            !hash_equal(&at->previous, last ? &last->hash : &HASH_ZERO))
            BREAK(self, "%s signs receipt %llu behind %llu", node_name(at->machine),
                  (unsigned long long)at->sequence,
                  (unsigned long long)(last ? last->sequence : 0));
    }
}

static void
a_step_attempt_has_one_receipt(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        for (size_t j = 0; j < i; j++) {
            const signed_t *before = &self->signed_.items[j];
            if (before->machine != at->machine || !hash_equal(&before->run, &at->run))
                continue;
            if (before->part != OUTCOME_OPEN)
                BREAK(self, "%s signs for run %s behind the end of its part",
                      node_name(at->machine), short_hash(&at->run));
            if (before->attempt == at->attempt && before->phase == at->phase &&
                !strcmp(before->step, at->step))
                BREAK(self, "%s signs step '%s' of run %s twice", node_name(at->machine), at->step,
                      short_hash(&at->run));
        }
    }
}

static bool
has_receipt(const facts_t *self, const signed_t *at, size_t before, phase_t phase, uint64_t attempt,
            outcome_t outcome)
{
    for (size_t i = 0; i < before; i++) {
        const signed_t *other = &self->signed_.items[i];
        if (other->machine == at->machine && other->phase == phase && other->attempt == attempt &&
            other->outcome == outcome && !strcmp(other->step, at->step) &&
            hash_equal(&other->run, &at->run))
            return true;
    }
    return false;
}

static void
an_attempt_follows_a_failure(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->attempt > 1 &&
            !has_receipt(self, at, i, at->phase, at->attempt - 1, OUTCOME_FAILED))
            BREAK(self, "%s signs attempt %llu of step '%s', and the one before did not fail",
                  node_name(at->machine), (unsigned long long)at->attempt, at->step);
    }
}

static void
only_what_ran_is_undone(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        bool done = false;
        for (uint64_t attempt = 1; attempt <= 3 && !done; attempt++)
            done = has_receipt(self, at, i, PHASE_RUN, attempt, OUTCOME_OK) ||
                   has_receipt(self, at, i, PHASE_RUN, attempt, OUTCOME_FAILED);
        if (at->phase == PHASE_UNDO && !done)
            BREAK(self, "%s undoes step '%s' of run %s, which was not done", node_name(at->machine),
                  at->step, short_hash(&at->run));
    }
}

/* How often a receipt of the same step and run calls this op ok. */
static unsigned
count_said(const signed_t *receipt, const signed_t *as, const noted_op_t *op)
{
    unsigned said = 0;
    if (receipt->machine != as->machine || strcmp(receipt->step, as->step) != 0 ||
        !hash_equal(&receipt->run, &as->run))
        return 0;
    for (size_t i = 0; i < receipt->op_count; i++)
        said += receipt->ops[i].ok && !strcmp(receipt->ops[i].op, op->op) &&
                hash_equal(&receipt->ops[i].arguments, &op->arguments);
    return said;
}

/* An op that receipts call ok acted at least as often as they say. */
static void
what_is_said_to_be_done_was_done(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        for (size_t j = 0; j < at->op_count; j++) {
            const noted_op_t *op = &at->ops[j];
            const op_t *row = op_find(op->op);
            unsigned said = 0;
            if (!op->ok || !row || row->least == CLASS_OBSERVE)
                continue;
            for (size_t k = 0; k <= i; k++)
                said += count_said(&self->signed_.items[k], at, op);
            if (acts_alike(self, at->machine, &at->run, at->step, op->op, &op->arguments) < said)
                BREAK(self,
                      "%s says that %s of step '%s' is done %u times, and it never acted so "
                      "often",
                      node_name(at->machine), op->op, at->step, said);
        }
    }
}

static void
what_is_refused_did_not_run(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->part != OUTCOME_REFUSED)
            continue;
        for (size_t j = 0; j < self->done.count; j++)
            if (self->done.items[j].machine == at->machine &&
                hash_equal(&self->done.items[j].it.run, &at->run))
                BREAK(self, "%s calls run %s refused, and %s had begun", node_name(at->machine),
                      short_hash(&at->run), self->done.items[j].it.op);
    }
}

/* A fix that was cut off may have happened: whatever the script does, its step ends as unknown. */
static void
what_nobody_knows_is_said(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++)
        for (size_t j = 0; j < self->signed_.items[i].op_count; j++) {
            const signed_t *at = &self->signed_.items[i];
            if (at->ops[j].unknown && at->outcome != OUTCOME_UNKNOWN)
                BREAK(self, "%s: nobody knows what came of %s in step '%s', which it calls %s",
                      node_name(at->machine), at->ops[j].op, at->step, outcome_word(at->outcome));
        }
}

/* What a broker brings along badly is no reason to end a run for good. */
static void
no_broker_uses_up_a_run(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->part == OUTCOME_REFUSED &&
            (!strcmp(at->code, "proof") || !strcmp(at->code, "hash")))
            BREAK(self, "%s refuses run %s for good, because of '%s'", node_name(at->machine),
                  short_hash(&at->run), at->code);
    }
}

/* An honest broker over right clocks is refused only for what it cannot know. */
static void
honest_offers_hold(facts_t *self)
{
    static const char *const excuses[] = {"limit",  "window",  "stale",
                                          "budget", "expired", "stopped"};
    for (size_t i = self->refused.seen; i < self->refused.count; i++) {
        const refused_t *at = &self->refused.items[i];
        bool excused =
            self->world->plan.lying || self->world->plan.jumps || self->world->plan.revoke_at;
        for (size_t j = 0; j < ARRAY_SIZE(excuses); j++)
            excused = excused || !strcmp(at->code, excuses[j]);
        if (!excused)
            BREAK(self, "%s refuses what the hub offers: %s (%s)", node_name(at->machine), at->text,
                  at->code);
    }
}

static const signed_t *
find_receipt(const facts_t *self, int machine, uint64_t sequence)
{
    for (size_t i = 0; i < self->signed_.count; i++)
        if (self->signed_.items[i].machine == machine &&
            self->signed_.items[i].sequence == sequence)
            return &self->signed_.items[i];
    return NULL;
}

static void
what_is_acknowledged_is_recorded(facts_t *self)
{
    for (size_t i = self->acked.seen; i < self->acked.count; i++) {
        const acked_t *at = &self->acked.items[i];
        const signed_t *receipt = find_receipt(self, at->machine, at->sequence);
        hash_t hash;
        if (!receipt || !hub_has_receipt(self->world->hub, at->machine, at->sequence, &hash) ||
            !hash_equal(&hash, &receipt->hash))
            BREAK(self, "the hub acknowledges receipt %llu of %s, and has not recorded it",
                  (unsigned long long)at->sequence, node_name(at->machine));
    }
}

/* ---- at the end -------------------------------------------------------------------------- */

static void
every_accepted_part_ends(facts_t *self)
{
    for (size_t i = 0; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        if (!find_end(self, at->machine, &at->it.run, self->signed_.count))
            BREAK(self, "%s accepted run %s at %.1f s, and it has no end", node_name(at->machine),
                  short_hash(&at->it.run), (double)at->at / 1000);
    }
}

static void
every_run_ends(facts_t *self)
{
    const world_t *world = self->world;
    if (world->plan.lying)
        return;
    if (hub_active_runs(world->hub))
        BREAK(self, "the hub has active runs still");
    for (size_t i = 0; i < world->plan.order_count; i++) {
        const plan_order_t *order = &world->plan.orders[i];
        bool active;
        if (!order->acknowledged)
            BREAK(self, "the order of '%s' was never answered",
                  estate()->playbooks[order->playbook].name);
        if (order->running && (!hub_has_run(world->hub, &order->run, &active) || active))
            BREAK(self, "the order of '%s' has no run that ended",
                  estate()->playbooks[order->playbook].name);
    }
}

/* What the hub has recorded as a part's end stays its end. */
static void
an_end_stays_an_end(facts_t *self)
{
    for (size_t i = 0; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        hash_t hash;
        bool ended;
        if (at->part != OUTCOME_OPEN &&
            hub_has_receipt(self->world->hub, at->machine, at->sequence, &hash) &&
            hub_part(self->world->hub, &at->run, at->machine, &ended) && !ended)
            BREAK(self, "'%s' of run %s is %s, and open at the hub", node_name(at->machine),
                  short_hash(&at->run), outcome_word(at->part));
    }
}

/* A connection keeps the order of what it carries; where the simulated one does not, an old HELLO
 * may say what was true once. */
static void
no_history_has_a_gap(facts_t *self)
{
    const plan_t *plan = &self->world->plan;
    bool in_order = !plan->lying && !plan->odds.reorder && !plan->odds.duplicate;
    if (in_order && hub_tells(self->world->hub, "gap"))
        BREAK(self, "the hub tells of a gap, and no worker has one");
}

static void
check_target(facts_t *self, const plan_order_t *order, int machine)
{
    static const char *const words[] = {"done",    "failed",  "refused", "skipped",
                                        "stopped", "unknown", "never"};
    bool ended, known = false;
    const signed_t *end = find_end(self, machine, &order->run, self->signed_.count);
    const char *word = hub_part(self->world->hub, &order->run, machine, &ended);
    for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
        known = known || !strcmp(word, words[i]);
    if (!self->world->plan.lying && (!known || !ended))
        BREAK(self, "'%s' of run %s is counted as %s", node_name(machine), short_hash(&order->run),
              word ? word : "nothing");
    if (word && !strcmp(word, "done") && (!end || end->part != OUTCOME_OK))
        BREAK(self, "'%s' of run %s is counted as done, and signed no such thing",
              node_name(machine), short_hash(&order->run));
    if (!self->world->plan.lying && word && end &&
        (end->part == OUTCOME_OK) != !strcmp(word, "done"))
        BREAK(self, "'%s' of run %s is counted as %s, and signed %s", node_name(machine),
              short_hash(&order->run), word, outcome_word(end->part));
}

static void
every_target_is_counted_once(facts_t *self)
{
    const world_t *world = self->world;
    for (size_t i = 0; i < world->plan.order_count; i++) {
        const plan_order_t *order = &world->plan.orders[i];
        size_t targets = 0;
        for (int machine = 0; order->running && machine < (int)world->plan.machines; machine++)
            if (order->wave[machine]) {
                check_target(self, order, machine);
                targets++;
            }
        if (order->running && hub_part_count(world->hub, &order->run) != targets)
            BREAK(self, "run %s has %zu parts for %zu targets", short_hash(&order->run),
                  hub_part_count(world->hub, &order->run), targets);
    }
}

static void
every_receipt_arrives(facts_t *self)
{
    hash_t hash;
    for (size_t i = 0; !self->world->plan.lying && i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (!hub_has_receipt(self->world->hub, at->machine, at->sequence, &hash) ||
            !hash_equal(&hash, &at->hash))
            BREAK(self, "receipt %llu of %s never came to the hub's record",
                  (unsigned long long)at->sequence, node_name(at->machine));
    }
}

static void
every_acknowledged_alert_is_kept(facts_t *self)
{
    for (size_t i = 0; i < self->world->plan.alert_count; i++) {
        const plan_alert_t *alert = &self->world->plan.alerts[i];
        if (alert->firing && alert->acknowledged && !hub_has_alert(self->world->hub, i))
            BREAK(self, "an alert on %s was answered with 200, and no incident has it",
                  node_name(alert->machine));
    }
}

/* An offer that was made as its window closed came too late. */
static bool
came_late(const facts_t *self, int machine)
{
    for (size_t i = 0; i < self->refused.count; i++)
        if (self->refused.items[i].machine == machine &&
            !strcmp(self->refused.items[i].code, "expired"))
            return true;
    return false;
}

/* Nothing goes wrong in such a world, and these playbooks do nothing that would. */
static void
in_calm_weather_all_goes_well(facts_t *self)
{
    static const odds_t none;
    const plan_t *plan = &self->world->plan;
    if (plan->lying || plan->kills || plan->partitions || plan->jumps || plan->revoke_at ||
        plan->stop_at || memcmp(&plan->odds, &none, sizeof none) != 0)
        return;
    for (size_t i = 0; i < plan->order_count; i++)
        for (int machine = 0; machine < (int)plan->machines; machine++) {
            const plan_order_t *order = &plan->orders[i];
            bool ended;
            if (!order->wave[machine] || order->dry || estate()->playbooks[order->playbook].spoils)
                continue;
            const char *word = hub_part(self->world->hub, &order->run, machine, &ended);
            if (!word || (strcmp(word, "done") != 0 && strcmp(word, "never") != 0 &&
                          !came_late(self, machine)))
                BREAK(self, "'%s' on '%s' is %s", estate()->playbooks[order->playbook].name,
                      node_name(machine), word ? word : "nothing");
        }
}

static void
the_log_has_every_leaf(facts_t *self)
{
    if (!hub_log_is_whole(self->world->hub))
        BREAK(self, "the leaves in the hub's record are not those of its log");
}

/* ---- the table --------------------------------------------------------------------------- */

typedef void(invariant_t)(facts_t *self);

static invariant_t *const always[] = {
    nothing_leaves_before_its_commit,
    no_effect_without_authority,
    nothing_begins_for_who_is_revoked,
    nothing_begins_under_a_stop,
    no_start_outside_the_window,
    no_effect_before_its_begin_is_synced,
    what_must_not_happen_twice_happens_once,
    nothing_begins_behind_the_end,
    a_run_is_accepted_once,
    budgets_are_kept,
    no_wave_before_its_proof,
    offers_come_wave_by_wave,
    the_error_budget_holds,
    receipts_form_a_chain,
    a_step_attempt_has_one_receipt,
    an_attempt_follows_a_failure,
    only_what_ran_is_undone,
    what_is_said_to_be_done_was_done,
    what_is_refused_did_not_run,
    what_nobody_knows_is_said,
    no_broker_uses_up_a_run,
    honest_offers_hold,
    what_is_acknowledged_is_recorded,
};

static invariant_t *const at_the_end[] = {
    every_accepted_part_ends,
    every_run_ends,
    every_target_is_counted_once,
    every_receipt_arrives,
    every_acknowledged_alert_is_kept,
    in_calm_weather_all_goes_well,
    the_log_has_every_leaf,
    an_end_stays_an_end,
    no_history_has_a_gap,
};

void
facts_check(facts_t *self)
{
    if (!self->changed)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        always[i](self);
    self->changed = false;
    self->touched_count = 0;
    self->accepted.seen = self->accepted.count;
    self->signed_.seen = self->signed_.count;
    self->done.seen = self->done.count;
    self->offered.seen = self->offered.count;
    self->acked.seen = self->acked.count;
    self->leaks.seen = self->leaks.count;
    self->refused.seen = self->refused.count;
}

void
facts_check_end(facts_t *self)
{
    for (size_t i = 0; i < ARRAY_SIZE(at_the_end); i++)
        at_the_end[i](self);
}
