/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/facts_private.h"
#include "tests/sim/script.h"
#include "wire/sealed.h"

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
    free(self->intended.items);
    free(self->once.items);
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
    ADD(self->accepted, (accepted_t){.machine = machine,
                                     .it = *acceptance,
                                     .before = self->signed_.count,
                                     .at = self->world->now});
    self->uncommitted[machine]++;
    self->changed = true;
}

void
facts_intend(facts_t *self, int machine, const intent_t *intent)
{
    ADD(self->intended, (intended_t){machine, *intent});
    self->uncommitted[machine]++;
    if (facts_stopped(self, machine) && facts_stops(self, machine, &intent->run))
        world_break(self->world, "nothing is intended under a stop",
                    "%s intends a fix of a run that it confirmed to be stopped",
                    node_name(machine));
}

/* What others gave, by their names. */
static void
note_given(once_t *self, const value_t *map)
{
    for (size_t i = 0; i < value_count(map); i++) {
        char name[8];
        slice_t key = value_key(map, i);
        snprintf(name, sizeof name, "%.*s", (int)key.size, (const char *)key.data);
        int machine = node_find(name);
        CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
        value_encode(value_at(map, i), encoded);
        self->given_count++;
        if (machine < 0)
            continue;
        self->given[machine] = true;
        self->output[machine] = hash_of(bytes_slice(encoded));
    }
}

void
facts_task(facts_t *self, int machine, const char *step, slice_t context)
{
    CLEANUP(value_destroy) value_t *map = value_decode(context, NULL);
    const value_t *all = value_get(map, "all");
    const plan_t *plan = &self->world->plan;
    int64_t number = value_get_integer(value_get(map, "incident"), "id") - PLAN_INCIDENT;
    if (number < 0 || number >= (int64_t)plan->order_count)
        return;
    once_t once = {.machine = machine, .order = &plan->orders[number]};
    const estate_step_t *at = estate_once(&estate()->playbooks[once.order->playbook]);
    if (!at || strcmp(at->name, step) != 0)
        return;
    for (size_t i = 0; i < value_count(all); i++)
        note_given(&once, value_at(all, i));
    ADD(self->once, once);
    self->changed = true;
}

void
facts_stop(facts_t *self, int machine, const frames_t *frames)
{
    hash_t hash;
    if (hash_read(frames_text(frames, 1), &hash) && hash_equal(&hash, &self->world->plan.stop_hash))
        self->stopped[machine] = true;
}

/* What was given, as it was before it was sealed: it opens for whoever reads the order. */
static hash_t
open_output(facts_t *self, int machine, const receipt_t *receipt, slice_t output,
            const sealkey_t *key)
{
    fault_t fault = {0};
    const hash_t place = sealed_place(receipt);
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    CLEANUP(value_destroy)
    value_t *value = output.size ? sealed_read(key, &place, output, &fault) : NULL;
    if (fault.code)
        world_break(self->world, "what is sealed opens for its readers", "%s: step '%s': %s",
                    node_name(machine), receipt->step, fault.text);
    if (!value)
        return receipt->output;
    value_encode(value, plain);
    return hash_of(bytes_slice(plain));
}

/* The arguments that some script may ask with, of which this is the keyed hash. */
static hash_t
open_arguments(const receipt_t *receipt, size_t index, const sealkey_t *key)
{
    static const char *const modes[] = {"step", "undo"};
    const hash_t *keyed = &receipt->ops[index].arguments;
    CLEANUP(memory_free) receipt_t *made = memory_new(1, sizeof *made);
    script_line_t line;
    for (size_t p = 0; p < ESTATE_PLAYBOOKS; p++)
        for (size_t mode = 0; mode < ARRAY_SIZE(modes); mode++)
            for (size_t i = 0; script_line(estate()->playbooks[p].script, modes[mode],
                                           step_path_name(receipt->step), i, &line);
                 i++) {
                hash_t plain = script_arguments_hash(&line);
                *made = *receipt;
                made->ops[index].arguments = plain;
                sealed_ops(key, made);
                if (hash_equal(&made->ops[index].arguments, keyed))
                    return plain;
            }
    return *keyed;
}

/* A receipt of a sealed run, as it was before. */
static void
unseal(facts_t *self, int machine, receipt_t *receipt, slice_t output)
{
    const plan_order_t *order = facts_order(self, &receipt->run);
    if (!order || !order->secret || !receipt->attempt)
        return;
    const hash_t given = open_output(self, machine, receipt, output, &order->key);
    hash_t arguments[NOTED_OPS];
    for (size_t i = 0; i < receipt->op_count && i < NOTED_OPS; i++)
        arguments[i] = open_arguments(receipt, i, &order->key);
    for (size_t i = 0; i < receipt->op_count && i < NOTED_OPS; i++)
        receipt->ops[i].arguments = arguments[i];
    receipt->output = given;
}

void
facts_sign(facts_t *self, int machine, slice_t document, slice_t output)
{
    fault_t fault = {0};
    CLEANUP(receipt_destroy) receipt_t *signed_one = receipt_decode(document, &fault);
    CLEANUP(memory_free) receipt_t *receipt = signed_one ? memory_new(1, sizeof *receipt) : NULL;
    if (!receipt) {
        world_break(self->world, "receipts can be read", "%s: %s", node_name(machine), fault.text);
        return;
    }
    *receipt = *signed_one; /* that one is everybody's (tests/sim/memo.h) */
    unseal(self, machine, receipt, output);
    ADD(self->signed_, (signed_t){.machine = machine,
                                  .glass = !strcmp(signed_one->authority, "glass"),
                                  .sequence = receipt->sequence,
                                  .attempt = receipt->attempt,
                                  .previous = receipt->previous,
                                  .hash = hash_of(document),
                                  .run = receipt->run,
                                  .output = receipt->output,
                                  .consent = receipt->consent,
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
facts_copy(facts_t *self, int machine)
{
    for (size_t i = 0; i < self->accepted.count; i++)
        self->accepted.items[i].copied = self->accepted.items[i].machine == machine;
    for (size_t i = 0; i < self->signed_.count; i++)
        self->signed_.items[i].copied = self->signed_.items[i].machine == machine;
}

void
facts_roll_back(facts_t *self, int machine)
{
    self->rolled_back[machine] = true;
    self->stopped[machine] = false;
    for (size_t i = 0; i < self->accepted.count; i++) {
        accepted_t *at = &self->accepted.items[i];
        at->lost = at->lost || (at->machine == machine && !at->copied);
    }
    for (size_t i = 0; i < self->done.count; i++) {
        done_t *at = &self->done.items[i];
        at->forgotten = at->forgotten || (at->machine == machine && at->undo);
        at->older = at->older || at->machine == machine;
    }
    for (size_t i = 0; i < self->signed_.count; i++) {
        signed_t *at = &self->signed_.items[i];
        at->lost = at->lost || (at->machine == machine && !at->copied);
    }
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
    refused_t refused = {.machine = machine, .at = self->world->now};
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

/* The newest intent of this; NULL where there is none. */
static const intent_t *
intent_of(const facts_t *self, int machine, const deed_t *deed)
{
    for (size_t i = self->intended.count; i-- > 0;) {
        const intended_t *at = &self->intended.items[i];
        if (at->machine == machine && !strcmp(at->it.step, deed->step) &&
            !strcmp(at->it.op, deed->op) && hash_equal(&at->it.run, &deed->run) &&
            hash_equal(&at->it.arguments, &deed->arguments))
            return &at->it;
    }
    return NULL;
}

static done_t *
add_deed(facts_t *self, int machine, const deed_t *deed)
{
    const intent_t *intent = intent_of(self, machine, deed);
    done_t done = {.machine = machine, .it = *deed, .at = self->world->now};
    text_copy(done.step, sizeof done.step, deed->step);
    if (intent) {
        done.head = intent->head;
        done.undo = intent->undo;
    }
    ADD(self->done, done);
    return &self->done.items[self->done.count - 1];
}

void
facts_put_back(facts_t *self, int machine, facts_tells_t *tells, void *context)
{
    self->put_back[machine] = (put_back_t){tells, context};
    for (size_t i = 0; i < self->done.count; i++) {
        done_t *deed = &self->done.items[i];
        if (deed->machine == machine)
            deed->lost = deed->lost || !tells(context, &deed->it.key);
    }
}

void
facts_begin(facts_t *self, int machine, const deed_t *deed)
{
    const put_back_t *now = &self->put_back[machine];
    done_t *known = find_deed(self, machine, &deed->key);
    if (!known)
        known = add_deed(self, machine, deed);
    else if (known->lost)
        known->excused = known->excused || now->tells(now->context, &known->head);
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

bool
facts_has_acted(const facts_t *self, int machine, const hash_t *key)
{
    const done_t *deed = find_deed(self, machine, key);
    return deed && deed->acts;
}

void
facts_offer(facts_t *self, int hub, int machine, const frames_t *frames)
{
    offered_t offered = {.hub = hub, .machine = machine};
    if (strcmp(frames_text(frames, 2), "order") != 0)
        return;
    bool read = hash_read(frames_text(frames, 1), &offered.run);
    assert(read);
    ADD(self->offered, offered);
    self->changed = true;
}

void
facts_acknowledge(facts_t *self, int hub, int machine, uint64_t sequence)
{
    ADD(self->acked, (acked_t){hub, machine, sequence});
    self->changed = true;
}

/* ---- the table --------------------------------------------------------------------------- */

typedef void(invariant_t)(facts_t *self);

#define X(invariant) invariant,
static invariant_t *const always[] = {ALWAYS(X)};
static invariant_t *const at_the_end[] = {AT_THE_END(X)};
#undef X

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
    self->once.seen = self->once.count;
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
