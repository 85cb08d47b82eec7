/* SPDX-License-Identifier: Apache-2.0 */
/* The effector, and the children that act for it. */
#include "tests/sim/machine_private.h"
#include "worker/foresight.h"

size_t
effector_flights(const machine_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        count += self->children[i].used;
    return count;
}

static void
effector_answers(machine_t *self, frames_t *answer)
{
    if (answer && self->judge_up && !disk_is_doomed(self->disk))
        machine_tell_judge(self, (letter_t){FROM_EFFECTOR, 0, 0, answer});
    else
        frames_destroy(&answer);
}

/* What it keeps, as far as it matters to what may begin; where it died, it may be on the disk. */
static void
note_kept(machine_t *self, const frames_t *message, const frames_t *answer)
{
    bool kept = !answer || !strcmp(frames_text(answer, 0), "KEPT");
    if (kept && !strcmp(frames_text(message, 0), "DOCUMENT")) {
        hash_t hash = hash_of(frames_at(message, 2));
        self->met = self->met || hash_equal(&hash, &self->world->plan.stop_hash);
    }
    if (!kept || strcmp(frames_text(message, 0), "BEACON") != 0)
        return;
    CLEANUP(beacon_destroy) beacon_t *beacon = beacon_decode(frames_at(message, 2), NULL);
    if (beacon && (!self->lit || beacon->sequence > self->lit->sequence)) {
        beacon_destroy(&self->lit);
        self->lit = MOVE(beacon);
    }
}

static bool
effector_works(machine_t *self)
{
    fault_t fault = {0};
    int failed = 0;
    CLEANUP(inbox_clear) inbox_t taken = inbox_take(&self->effector_inbox);
    for (size_t i = 0; i < taken.count; i++) {
        frames_t *answer = NULL;
        if (!failed && !disk_is_doomed(self->disk))
            failed = effector_receive(self->effector, taken.letters[i].frames, &answer, &fault);
        note_kept(self, taken.letters[i].frames, answer);
        effector_answers(self, answer);
    }
    if (failed)
        SAY(self->world, "%s: the effector ends: %s", node_name(self->number), fault.text);
    if (failed && self->world->healed && !disk_is_doomed(self->disk))
        world_break(self->world, "an effector goes on", "%s: %s", node_name(self->number),
                    fault.text);
    return failed || disk_is_doomed(self->disk);
}

static void
effector_dies(machine_t *self)
{
    bool power = machine_strikes(self, self->world->plan.odds.power * 10);
    power ? machine_cut_power(self) : machine_kill_effector(self);
}

void
effector_turn(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    if (!self->effector_up || due->epoch != self->epoch)
        return;
    self->effector_inbox.turning = false;
    if (!self->world->healed && world->now < self->stopped_until)
        machine_queue_turn(self, &self->effector_inbox, self->stopped_until - world->now);
    else if (effector_works(self))
        effector_dies(self);
}

/* ---- children of ops --------------------------------------------------------------------- */

static child_t *
find_child(machine_t *self, uint64_t number)
{
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        if (self->children[i].used && self->children[i].number == number)
            return &self->children[i];
    return NULL;
}

static void
on_act(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    const child_t *child = find_child(self, due->number);
    if (!child)
        return;
    SAY(world, "%s: %s acts", node_name(self->number), child->op->name);
    facts_act(world->facts, self->number, &child->key);
    machine_acted(self);
}

/* What a fix's probe sees is the truth, or nothing that tells. */
static value_t *
sight_of(machine_t *self, const child_t *child)
{
    bool acted = facts_has_acted(self->world->facts, self->number, &child->key);
    bool tells = !machine_strikes(self, self->world->plan.odds.op_fails * 10);
    value_t *seen = value_map();
    value_set_text(seen, "service", "web");
    value_set_bool(seen, "running", true);
    value_set_integer(seen, "pid", 7);
    value_set_integer(seen, "since", child->begun.ms + (!tells ? 0 : acted ? 100 : -100));
    return seen;
}

/* No two are the same. */
static value_t *
result_of(machine_t *self, const op_t *op, bool foretells)
{
    value_t *result = value_map();
    value_set_text(result, "op", op->name);
    value_set_integer(result, "reading", chance_from(&self->world->chance, 1, INT64_C(1) << 40));
    value_set_bool(result, "running", true);
    return foretells ? foresight_give(foresight_new(), result) : result;
}

/* A fix that must not run twice, and was cut off or died: nobody can know. Whether one that is
 * looked for happened is said as it is, or not. */
static void
check_word(machine_t *self, const child_t *child, const frames_t *answer)
{
    bool cut = child->why.code == FAULT_TIMEOUT || child->why.code == FAULT_UNKNOWN;
    const char *word = answer ? frames_text(answer, 2) : "";
    if (answer && cut && child->fix && child->op->again == AGAIN_NEVER &&
        strcmp(word, "unknown") != 0)
        world_break(self->world, "what nobody knows is unknown", "%s calls %s '%s'",
                    node_name(self->number), child->op->name, word);
    if (answer && child->looks &&
        !strcmp(frames_text(answer, 0), "RESULT") !=
            facts_has_acted(self->world->facts, self->number, &child->key) &&
        strcmp(word, "unknown") != 0)
        world_break(self->world, "what is looked for is said as it is", "%s says '%s'",
                    node_name(self->number), frames_text(answer, 0));
}

static void
on_child_ended(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    child_t *child = find_child(self, due->number);
    fault_t fault = {0};
    frames_t *answer = NULL;
    if (!child)
        return;
    if (!self->world->healed && world->now < self->stopped_until && self->effector_up) {
        world_after(world, self->stopped_until - world->now, *due);
        return;
    }
    child->used = false;
    if (!self->effector_up || due->epoch != self->epoch)
        return;
    CLEANUP(value_destroy)
    value_t *result = child->why.code ? NULL
                      : child->looks  ? sight_of(self, child)
                                      : result_of(self, child->op, child->foretells);
    int failed = effector_ended(self->effector, (size_t)(child - self->children), result,
                                &child->why, &answer, &fault);
    check_word(self, child, answer);
    effector_answers(self, answer);
    if (failed || disk_is_doomed(self->disk)) {
        SAY(world, "%s: the effector ends: %s", node_name(self->number), fault.text);
        if (failed && self->world->healed && !disk_is_doomed(self->disk))
            world_break(world, "an effector goes on", "%s: %s", node_name(self->number),
                        fault.text);
        effector_dies(self);
    } else if (!self->judge_up && !effector_flights(self)) {
        effector_end(self, false);
        machine_start_later(self);
    }
}

/* How a child will end, when, and whether and when it acts before. */
static void
plan_child(machine_t *self, child_t *child)
{
    chance_t *chance = &self->world->chance;
    const odds_t *odds = &self->world->plan.odds;
    int64_t lasts = chance_from(chance, 1, 60), most = (int64_t)child->op->timeout_s * 1000;
    bool acts = child->fix;
    child->why = (fault_t){0};
    if (machine_strikes(self, odds->op_slow))
        lasts = chance_from(chance, 100, most + most / 4);
    if (lasts > most) {
        lasts = most;
        fault_set(&child->why, FAULT_TIMEOUT, "%s was not done in time", child->op->name);
    } else if (machine_strikes(self, odds->op_fails)) {
        fault_set(&child->why, FAULT_FAILED, "%s failed", child->op->name);
    } else if (machine_strikes(self, odds->op_dies)) {
        fault_set(&child->why, FAULT_UNKNOWN, "%s died", child->op->name);
    }
    if (child->why.code)
        acts = acts && chance_percent(chance, 50);
    due_t due = {.who = self->number, .epoch = self->epoch, .number = child->number};
    due.act = on_act;
    if (acts)
        world_after(self->world, (int64_t)chance_below(chance, (uint64_t)lasts), due);
    due.act = on_child_ended;
    world_after(self->world, lasts, due);
}

static wall_t
effector_now(void *context)
{
    return machine_wall(context);
}

static mono_t
effector_clock(void *context)
{
    return machine_clock(context);
}

static void
effector_draw(void *context, nonce_t *nonce)
{
    machine_t *self = context;
    uint64_t drawn = chance_draw(&self->world->chance);
    *nonce = (nonce_t){0};
    memcpy(nonce->bytes, &drawn, sizeof drawn);
}

static bool
names_stop(const machine_t *self)
{
    for (size_t i = 0; i < self->lit->halt_count; i++)
        if (hash_equal(&self->lit->halts[i], &self->world->plan.stop_hash))
            return true;
    return false;
}

/* How old its newest beacon truly is, and whether it names what is not here. */
static void
note_light(const machine_t *self, deed_t *deed)
{
    deed->unlit = true;
    if (!self->lit)
        return;
    deed->dark_ms = estate()->site->now.ms + self->world->now - self->lit->made.ms;
    deed->unlit =
        (names_stop(self) && !self->met) || (self->lit->people.version == 2 && !deed->told);
}

static void
tell_begin(machine_t *self, const op_t *op, const value_t *arguments, const hash_t *key)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(arguments, encoded);
    const journal_entry_t *entry = journal_find(self->journal, key);
    deed_t deed = {.key = *key,
                   .op = op->name,
                   .step = "-",
                   .arguments = hash_of(bytes_slice(encoded)),
                   .once = op->again != AGAIN_IDEMPOTENT,
                   .probed = op->again == AGAIN_PROBE};
    if (entry && !entry->ended) {
        deed.run = entry->run;
        deed.release = entry->release;
        deed.step = entry->step;
        deed.begun = entry->begun;
        deed.synced = disk_is_synced(self->disk, "journal");
    }
    deed.told = disk_has(self->disk, "site/people", bytes_slice(estate()->people_next.document));
    if (self->world->plan.keeper)
        note_light(self, &deed);
    facts_begin(self->world->facts, self->number, &deed);
}

static int
start_child(void *context, size_t flight, const op_t *op, const value_t *arguments,
            const hash_t *key, fault_t *fault)
{
    machine_t *self = context;
    child_t *child = &self->children[flight];
    if (disk_is_doomed(self->disk))
        return fault_set(fault, FAULT_IO, "the effector is as good as dead");
    if (child->used)
        return fault_set(fault, FAULT_IO, "an old child is there still");
    *child = (child_t){.used = true,
                       .number = ++self->children_made,
                       .op = op,
                       .fix = key,
                       .key = key ? *key : HASH_ZERO};
    if (key)
        tell_begin(self, op, arguments, key);
    SAY(self->world, "%s: %s is started", node_name(self->number), op->name);
    plan_child(self, child);
    return 0;
}

static int
foresee(void *context, size_t flight, const op_t *op, const value_t *arguments, fault_t *fault)
{
    machine_t *self = context;
    if (start_child(context, flight, op, arguments, NULL, fault))
        return -1;
    self->children[flight].foretells = true;
    return 0;
}

/* The child of the fix has ended, and may yet be in its slot. */
static int
look(void *context, size_t flight, const op_t *op, const value_t *arguments, const hash_t *key,
     wall_t *begun, fault_t *fault)
{
    machine_t *self = context;
    if (start_child(context, flight, op, arguments, NULL, fault))
        return -1;
    child_t *child = &self->children[flight];
    child->looks = true;
    child->key = *key;
    child->begun = *begun = machine_wall(self);
    return 0;
}

static int
end_child(void *context, const hash_t *key, fault_t *fault)
{
    machine_t *self = context;
    if (machine_strikes(self, self->world->plan.odds.op_dies / 2))
        return fault_set(fault, FAULT_TIMEOUT, "it lives on");
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        if (self->children[i].used && hash_equal(&self->children[i].key, key))
            self->children[i].used = false;
    return 0;
}

static void
cut_child(void *context, size_t flight)
{
    machine_t *self = context;
    child_t *child = &self->children[flight];
    fault_set(&child->why, FAULT_TIMEOUT, "%s was ended", child->op->name);
    world_after(self->world, 1,
                (due_t){.act = on_child_ended,
                        .who = self->number,
                        .epoch = self->epoch,
                        .number = child->number});
}

/* ---- beginning and end ------------------------------------------------------------------- */

int
effector_begin(machine_t *self, fault_t *fault)
{
    const estate_t *all = estate();
    self->effector_trust = trust_new(&all->site->id);
    if (site_folder_load(self->site, self->effector_trust, fault))
        return -1;
    self->journal = journal_open(self->journal_path, fault);
    if (!self->journal)
        return -1;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        self->children[i].used = false; /* as op_runner_new ends what was left */
    effector_place_t place = {
        .worker = node_name(self->number),
        .boot = self->boot,
        .folder = self->site,
        .trust = self->effector_trust,
        .journal = self->journal,
        .policy = all->policy,
        .io = {self, effector_now, start_child, foresee, look, end_child, cut_child, effector_clock,
               effector_draw},
    };
    self->effector = effector_new(&place, fault);
    if (!self->effector)
        return -1;
    return disk_is_doomed(self->disk) ? fault_set(fault, FAULT_IO, "it died at once") : 0;
}

/* Its children die with it, but for one that may act until the next effector ends it. */
void
effector_end(machine_t *self, bool power)
{
    if (!self->effector_up)
        return;
    self->effector_up = false;
    effector_destroy(&self->effector);
    journal_destroy(&self->journal);
    trust_destroy(&self->effector_trust);
    inbox_empty(&self->effector_inbox);
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        child_t *child = &self->children[i];
        bool lives_on =
            child->used && child->fix && !power && chance_percent(&self->world->chance, 30);
        if (!lives_on)
            child->used = false;
    }
    disk_reboot(self->disk, power);
}
