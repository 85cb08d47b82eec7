/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/machine_private.h"

/* Ledgers are emptied, not opened anew, from one world to the next. */
static ledger_t *ledgers[MACHINES_MAX], *copied;

bool
machine_strikes(machine_t *self, unsigned ppm)
{
    return world_strikes(self->world, ppm);
}

wall_t
machine_wall(const machine_t *self)
{
    return world_wall(self->world, self->number);
}

/* ---- inboxes ----------------------------------------------------------------------------- */

void
inbox_empty(inbox_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->letters[i].frames);
    self->count = 0;
    self->turning = false;
}

void
inbox_clear(inbox_t *self)
{
    inbox_empty(self);
    free(self->letters);
}

void
machine_queue_turn(machine_t *self, inbox_t *inbox, int64_t delay)
{
    if (inbox->turning)
        return;
    inbox->turning = true;
    world_after(self->world, delay,
                (due_t){.act = inbox == &self->judge_inbox ? judge_turn : effector_turn,
                        .who = self->number,
                        .epoch = self->epoch});
}

void
machine_add_letter(machine_t *self, inbox_t *inbox, letter_t letter)
{
    inbox->letters = memory_grow(inbox->letters, inbox->count, &inbox->capacity, sizeof letter);
    inbox->letters[inbox->count++] = letter;
    int64_t slow = machine_strikes(self, self->world->plan.odds.slow / 4)
                       ? chance_from(&self->world->chance, 1, 500)
                       : 0;
    machine_queue_turn(self, inbox, chance_below(&self->world->chance, 2) + slow);
}

void
machine_tell_judge(machine_t *self, letter_t letter)
{
    if (self->judge_up)
        machine_add_letter(self, &self->judge_inbox, letter);
    else
        frames_destroy(&letter.frames);
}

/* What has arrived; more may come while it is heard. */
inbox_t
inbox_take(inbox_t *inbox)
{
    inbox_t taken = *inbox;
    inbox->letters = NULL;
    inbox->count = inbox->capacity = 0;
    return taken;
}

/* ---- dying ------------------------------------------------------------------------------- */

static void start(world_t *world, due_t *due);

/* The supervisor starts all of them anew, once all of them are gone. */
void
machine_start_later(machine_t *self)
{
    if (self->judge_up || self->effector_up || self->starting)
        return;
    self->starting = true;
    world_after(self->world, chance_from(&self->world->chance, 20, 3000),
                (due_t){.act = start, .who = self->number});
}

void
machine_kill_judge(machine_t *self)
{
    if (!self->judge_up)
        return;
    SAY(self->world, "%s: its judge is gone", node_name(self->number));
    judge_end(self);
    if (!effector_flights(self) || chance_percent(&self->world->chance, 50))
        effector_end(self, false);
    machine_start_later(self);
}

void
machine_kill_effector(machine_t *self)
{
    if (!self->effector_up)
        return;
    SAY(self->world, "%s: its effector is gone", node_name(self->number));
    effector_end(self, false);
    judge_end(self);
    machine_start_later(self);
}

/* Its clock of this boot begins anew. */
void
machine_boot(machine_t *self)
{
    self->booted = self->world->now;
    snprintf(self->boot, sizeof self->boot, "boot-%u", self->boots++);
}

void
machine_cut_power(machine_t *self)
{
    machine_boot(self);
    SAY(self->world, "%s: its power is cut", node_name(self->number));
    judge_end(self);
    if (self->effector_up)
        effector_end(self, true);
    else
        disk_reboot(self->disk, true);
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        self->children[i].used = false;
    machine_start_later(self);
}

/* As an operator would: its processes are ended first. */
static void
end_all(machine_t *self)
{
    judge_end(self);
    effector_end(self, false);
    machine_start_later(self);
}

void
machine_copy(machine_t *self, rollback_t what)
{
    if (!self->effector_up)
        return;
    end_all(self);
    SAY(self->world, "%s: its %s is copied", node_name(self->number),
        what == ROLLBACK_LEDGER ? "ledger" : "journal");
    bytes_destroy(&self->journal_copy);
    self->journal_copy = disk_get(self->disk, "journal");
    if (!copied)
        copied = ledger_memory();
    ledger_copy(copied, self->ledger);
    facts_copy(self->world->facts, self->number);
}

/* Every head but the last stands in the record behind it. */
static bool
journal_tells(void *context, const hash_t *hash)
{
    const machine_t *self = context;
    char text[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *journal = disk_get(self->disk, "journal");
    slice_t in = bytes_slice(journal);
    hash_write(hash, text);
    return hash_equal(hash, &HASH_ZERO) || memmem(in.data, in.size, text, strlen(text));
}

static void
put_back(machine_t *self, rollback_t what)
{
    end_all(self);
    SAY(self->world, "%s: its %s is an older copy", node_name(self->number),
        what == ROLLBACK_LEDGER ? "ledger" : "journal");
    if (what == ROLLBACK_LEDGER) {
        ledger_copy(self->ledger, copied);
        facts_roll_back(self->world->facts, self->number);
    } else {
        disk_put(self->disk, self->journal_path, bytes_slice(self->journal_copy));
        facts_put_back(self->world->facts, self->number, journal_tells, self);
    }
}

void
machine_put_back(machine_t *self, rollback_t what)
{
    if (!self->journal_copy)
        return;
    if (chance_percent(&self->world->chance, 30))
        put_back(self, what);
    else
        self->put_back = what;
}

void
machine_acted(machine_t *self)
{
    rollback_t what = self->put_back;
    self->put_back = ROLLBACK_NONE;
    if (what && !self->world->healed)
        put_back(self, what);
}

void
machine_stop(machine_t *self, int64_t until)
{
    SAY(self->world, "%s: stopped until %.1f s", node_name(self->number), (double)until / 1000);
    self->stopped_until = until;
}

void
machine_fill_disk(machine_t *self, bool full)
{
    SAY(self->world, "%s: its disk is %s", node_name(self->number),
        full ? "full" : "no longer full");
    disk_fill(self->disk, full);
}

/* ---- starting ---------------------------------------------------------------------------- */

static void
start(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    fault_t fault = {0};
    self->starting = false;
    self->epoch++;
    self->effector_up = self->judge_up = true;
    ledger_acts_for(self);
    bool failed = effector_begin(self, &fault) || judge_begin(self, &fault);
    ledger_acts_for(NULL);
    SAY(world, "%s: starts%s%s", node_name(self->number), failed ? ", in vain: " : "", fault.text);
    if (failed && self->world->healed && !disk_is_doomed(self->disk))
        world_break(world, "a machine starts again", "%s: %s", node_name(self->number), fault.text);
    if (failed) {
        machine_kill_effector(self);
        return;
    }
    machine_queue_turn(self, &self->judge_inbox, 0);
    link_begin(self);
}

/* As after a quiet first start: ledger and site folder have the documents. */
static void
enrol(machine_t *self)
{
    const estate_t *all = estate();
    fault_t fault = {0};
    int failed = 0;
    for (size_t i = 0; i < ESTATE_DOCUMENTS && !failed; i++) {
        char path[96];
        const char *name = i ? all->names[i] : "root.1";
        slice_t document = bytes_slice(all->documents[i]->document);
        slice_t armors = bytes_slice(all->documents[i]->armors);
        snprintf(path, sizeof path, "%s/%s.sigs", self->site, name);
        disk_put(self->disk, path, armors);
        snprintf(path, sizeof path, "%s/%s", self->site, name);
        disk_put(self->disk, path, document);
        failed = ledger_put_document(self->ledger, name, document, armors, &fault);
    }
    if (self->world->plan.keeper && !failed) {
        slice_t document = bytes_slice(all->root_next.document);
        slice_t armors = bytes_slice(all->root_next.armors);
        char path[96];
        snprintf(path, sizeof path, "%s/root.2.sigs", self->site);
        disk_put(self->disk, path, armors);
        snprintf(path, sizeof path, "%s/root.2", self->site);
        disk_put(self->disk, path, document);
        failed = ledger_put_document(self->ledger, "root.2", document, armors, &fault);
    }
    failed = failed || ledger_settle(self->ledger, &fault);
    assert(!failed);
}

machine_t *
machine_new(world_t *world, int number)
{
    machine_t *self = memory_new(1, sizeof *self);
    self->world = world;
    self->number = number;
    snprintf(self->root, sizeof self->root, "/sim/%d", number);
    snprintf(self->site, sizeof self->site, "/sim/%d/site", number);
    snprintf(self->journal_path, sizeof self->journal_path, "/sim/%d/journal", number);
    self->disk = disk_new((size_t)number, &world->chance, machine_disk_fate, self);
    if (!ledgers[number])
        ledgers[number] = ledger_memory();
    self->ledger = ledgers[number];
    ledger_wipe(self->ledger);
    machine_boot(self);
    self->key = site_key(estate()->site, node_name(number));
    if (chance_percent(&world->chance, 85))
        enrol(self);
    machine_start_later(self);
    return self;
}

void
machine_destroy(machine_t **self_p)
{
    machine_t *self = *self_p;
    if (!self)
        return;
    judge_end(self);
    effector_end(self, false);
    inbox_clear(&self->judge_inbox);
    inbox_clear(&self->effector_inbox);
    bytes_destroy(&self->journal_copy);
    beacon_destroy(&self->lit);
    disk_destroy(&self->disk);
    free(self);
    *self_p = NULL;
}

static int
count_part(void *context, const part_row_t *part, fault_t *fault)
{
    (void)part, (void)fault;
    ++*(size_t *)context;
    return 0;
}

bool
machine_is_idle(const machine_t *self)
{
    size_t open = 0;
    fault_t fault = {0};
    if (!self->judge_up || !self->instance || self->judge_inbox.count)
        return false;
    int failed = ledger_each_open_part(self->ledger, count_part, &open, &fault);
    return !failed && !open;
}
