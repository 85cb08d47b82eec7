/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's ledger and disk, with their faults. */
#include "tests/sim/machine_private.h"
#include "tests/sim/machine_wraps.h"

static machine_t *acting;

int
ledger_settle(ledger_t *ledger, fault_t *fault)
{
    return __real_ledger_commit(ledger, fault);
}

void
ledger_acts_for(machine_t *machine)
{
    acting = machine;
}

int
__wrap_ledger_commit(ledger_t *ledger, fault_t *fault)
{
    machine_t *self = acting;
    const odds_t *odds = &self->world->plan.odds;
    assert(self && self->ledger == ledger);
    bool crash = machine_strikes(self, odds->crash + odds->power);
    bool full = !crash && machine_strikes(self, odds->full + odds->broken);
    if (full || (crash && chance_percent(&self->world->chance, 50))) {
        self->judge_doomed = true;
        ledger_crash(ledger);
        return fault_set(fault, full ? FAULT_FULL : FAULT_IO, "the simulated ledger fails");
    }
    if (__real_ledger_commit(ledger, fault))
        return -1;
    facts_commit(self->world->facts, self->number);
    self->judge_doomed = crash;
    return 0;
}

int
__wrap_ledger_put_part(ledger_t *ledger, const part_row_t *part, fault_t *fault)
{
    if (__real_ledger_put_part(ledger, part, fault))
        return -1;
    facts_accept(acting->world->facts, acting->number,
                 &(acceptance_t){.run = part->run,
                                 .authority = part->authority,
                                 .release = part->release,
                                 .by_grant = part->by_grant,
                                 .closed = part->closed,
                                 .accepted = part->accepted});
    return 0;
}

static void
tell_intent(const machine_t *self, const effect_row_t *effect)
{
    intent_t intent = {.run = effect->of.run,
                       .arguments = effect->arguments,
                       .head = effect->head,
                       .undo = effect->of.phase == PHASE_UNDO};
    text_copy(intent.step, sizeof intent.step, effect->of.step);
    text_copy(intent.op, sizeof intent.op, effect->op);
    facts_intend(self->world->facts, self->number, &intent);
}

int
__wrap_ledger_put_effect(ledger_t *ledger, const effect_row_t *effect, fault_t *fault)
{
    if (!effect->done)
        tell_intent(acting, effect);
    return __real_ledger_put_effect(ledger, effect, fault);
}

int
__wrap_ledger_put_receipt(ledger_t *ledger, uint64_t sequence, const hash_t *run, slice_t document,
                          slice_t output, fault_t *fault)
{
    if (__real_ledger_put_receipt(ledger, sequence, run, document, output, fault))
        return -1;
    facts_sign(acting->world->facts, acting->number, document, output);
    return 0;
}

disk_fate_t
machine_disk_fate(void *context, const char *call)
{
    machine_t *self = context;
    chance_t *chance = &self->world->chance;
    const odds_t *odds = &self->world->plan.odds;
    if (machine_strikes(self, odds->crash + odds->power)) {
        bool before = chance_percent(chance, 50);
        SAY(self->world, "%s: the effector dies %s a %s", node_name(self->number),
            before ? "before" : "behind", call);
        return before ? DISK_CRASH_BEFORE : DISK_CRASH_AFTER;
    }
    if (!strcmp(call, "write") && machine_strikes(self, odds->full))
        return DISK_FULL;
    if (machine_strikes(self, odds->broken)) {
        SAY(self->world, "%s: EIO at a %s", node_name(self->number), call);
        return DISK_BROKEN;
    }
    return DISK_FINE;
}
