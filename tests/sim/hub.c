/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/hub.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/hearing.h"
#include "tests/sim/desk.h"
#include "tests/sim/facts.h"
#include "tests/sim/tower.h"
#include "tests/sim/wires.h"

#define TICK_MS  1000
#define RETRY_MS 5000

#define SECOND_FIRST 1000 /* its instances are none of the first one's */

typedef struct {
    int machine; /* -1: an errand */
    errand_t errand;
    uint64_t index;
    frames_t *frames; /* ours */
} letter_t;

struct hub {
    world_t *world;
    int who;
    charter_t *charter;
    bool next;      /* the site folder has people of version 2 */
    store_t *store; /* outlives a kill */
    core_t *core;
    actions_t *actions;
    char instance[24];
    uint64_t epoch; /* counts starts; names the instance */
    bool up, turning;
    int64_t stopped_until, busy_until;
    size_t count, capacity;
    letter_t *letters;             /* that have arrived */
    bool kept[ERRANDS][WORDS_MAX]; /* acknowledged */
};

/* ---- starting and dying ------------------------------------------------------------------ */

static void
add_document(charter_t *charter, const char *name, uint64_t version, const sealed_t *sealed)
{
    fault_t fault = {0};
    charter_document_t *kept = &charter->documents[charter->count++];
    kept->version = version;
    text_copy(kept->name, sizeof kept->name, name);
    kept->document = bytes_copy(bytes_slice(sealed->document));
    kept->armors = bytes_copy(bytes_slice(sealed->armors));
    int failed = trust_add(charter->trust, bytes_slice(sealed->document),
                           bytes_slice(sealed->armors), &fault);
    assert(!failed);
}

static bool
has_far(const plan_t *plan)
{
    for (size_t i = 0; i < plan->order_count; i++)
        if (plan->orders[i].far)
            return true;
    return false;
}

/* The site folder as it is read at a start: with people of version 1 or 2, and the fleet that the
 * plan needs. */
static charter_t *
read_charter(bool next, const plan_t *plan)
{
    const estate_t *all = estate();
    const struct {
        bool newer;
        const sealed_t *sealed;
    } documents[ESTATE_DOCUMENTS] = {
        {false, all->documents[0]},
        {next, next ? &all->people_next : all->documents[1]},
        {false, all->documents[2]},
        {has_far(plan), has_far(plan) ? &all->south_next : all->documents[3]}};
    trust_t *trust = trust_new(&all->site->id);
    charter_t *charter = charter_over(&trust);
    charter->documents = memory_new(ESTATE_DOCUMENTS + 1, sizeof *charter->documents);
    for (size_t i = 0; i < ESTATE_DOCUMENTS; i++)
        add_document(charter, all->names[i], documents[i].newer ? 2 : 1, documents[i].sealed);
    if (plan->keeper) /* behind the others: workers take it whenever it comes */
        add_document(charter, "root", 2, &all->root_next);
    return charter;
}

static void turn(world_t *world, due_t *due);

static void
queue_turn(hub_t *self, int64_t delay)
{
    if (self->turning)
        return;
    self->turning = true;
    world_after(self->world, delay, (due_t){.act = turn, .who = self->who, .epoch = self->epoch});
}

static void
on_tick(world_t *world, due_t *due)
{
    hub_t *self = hub_of(world, due->who);
    if (!self->up || due->epoch != self->epoch)
        return;
    queue_turn(self, 0);
    world_after(world, TICK_MS, (due_t){.act = on_tick, .who = self->who, .epoch = self->epoch});
}

static void
start(hub_t *self)
{
    fault_t fault = {0};
    self->epoch++;
    snprintf(self->instance, sizeof self->instance, "hub-%llu", (unsigned long long)self->epoch);
    self->charter = read_charter(self->next, &self->world->plan);
    self->core = core_new(self->charter, self->instance, self->store);
    self->actions = actions_new();
    if (core_load(self->core, &fault)) {
        world_break(self->world, "the broker starts again", "%s", fault.text);
        return;
    }
    self->up = true;
    self->turning = false;
    SAY(self->world, "%s: started, instance %llu", node_name(self->who),
        (unsigned long long)self->epoch);
    world_after(self->world, TICK_MS,
                (due_t){.act = on_tick, .who = self->who, .epoch = self->epoch});
}

static void
on_start(world_t *world, due_t *due)
{
    start(hub_of(world, due->who));
}

static void
drop_letters(hub_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->letters[i].frames);
    self->count = 0;
}

void
hub_kill(hub_t *self)
{
    if (!self->up)
        return;
    SAY(self->world, "%s: killed", node_name(self->who));
    self->up = false;
    core_destroy(&self->core);
    charter_destroy(&self->charter);
    actions_destroy(&self->actions);
    drop_letters(self);
    world_after(self->world, chance_from(&self->world->chance, 50, 5000),
                (due_t){.act = on_start, .who = self->who});
}

void
hub_stop(hub_t *self, int64_t until)
{
    SAY(self->world, "%s: stopped until %.1f s", node_name(self->who), (double)until / 1000);
    self->stopped_until = until;
}

bool
hub_is_up(const hub_t *self)
{
    return self->up;
}

hub_t *
hub_new(world_t *world, int who)
{
    hub_t *self = memory_new(1, sizeof *self);
    self->world = world;
    self->who = who;
    self->epoch = who == OTHER_HUB ? SECOND_FIRST : 0;
    self->store = store_memory();
    start(self);
    return self;
}

void
hub_destroy(hub_t **self_p)
{
    hub_t *self = *self_p;
    if (!self)
        return;
    drop_letters(self);
    free(self->letters);
    core_destroy(&self->core);
    charter_destroy(&self->charter);
    actions_destroy(&self->actions);
    store_destroy(&self->store);
    free(self);
    *self_p = NULL;
}

/* ---- what arrives ------------------------------------------------------------------------ */

static void
add_letter(hub_t *self, letter_t letter)
{
    if (!self->up) {
        frames_destroy(&letter.frames);
        return;
    }
    self->letters = memory_grow(self->letters, self->count, &self->capacity, sizeof letter);
    self->letters[self->count++] = letter;
    queue_turn(self, chance_from(&self->world->chance, 0, 1));
}

void
hub_receive(hub_t *self, int machine, frames_t *frames)
{
    if (frames)
        add_letter(self, (letter_t){.machine = machine, .frames = frames});
    else if (self->up && self->world->now >= self->stopped_until)
        wires_ping(self->world->wires, self->who, machine, self->epoch);
}

static void
on_retry(world_t *world, due_t *due)
{
    hub_post(hub_of(world, due->who), (errand_t)due->epoch, due->number);
}

void
hub_post(hub_t *self, errand_t errand, uint64_t index)
{
    assert(index < ARRAY_SIZE(self->kept[0]));
    if (self->kept[errand][index])
        return;
    add_letter(self, (letter_t){.machine = -1, .errand = errand, .index = index});
    world_after(self->world, RETRY_MS,
                (due_t){.act = on_retry, .who = self->who, .epoch = errand, .number = index});
}

void
hub_bring(hub_t *self, errand_t errand, frames_t *frames)
{
    add_letter(self, (letter_t){.machine = -1, .errand = errand, .frames = frames});
}

hub_t *
hub_of(const world_t *world, int who)
{
    return who == OTHER_HUB ? world->second : world->hub;
}

void
hub_post_all(world_t *world, errand_t errand, uint64_t index)
{
    chance_t *chance = &world->chance;
    int64_t later = world->second && !world->healed ? chance_from(chance, 0, 15000) : 0;
    hub_t *both[] = {world->hub, world->second};
    size_t late = chance_below(chance, ARRAY_SIZE(both));
    for (size_t i = 0; i < ARRAY_SIZE(both) && both[i]; i++) {
        due_t due = {.act = on_retry, .who = both[i]->who, .epoch = errand, .number = index};
        if (i == late && later)
            world_after(world, later, due);
        else
            hub_post(both[i], errand, index);
    }
}

/* ---- a turn ------------------------------------------------------------------------------ */

static void
put_rows(hub_t *self, size_t *written)
{
    fault_t fault = {0};
    for (; *written < self->actions->row_count; ++*written) {
        int failed = self->store->put(self->store->self, self->actions->rows[*written], &fault);
        assert(!failed);
    }
}

static void
hear(hub_t *self, const letter_t *letter, fault_t *fault)
{
    message_type_t type;
    CLEANUP(value_destroy) value_t *state = NULL;
    event_t event = {.worker = node_name(letter->machine)};
    if (message_read(letter->frames, FROM_WORKER, &type, fault) ||
        hearing_read(&event, type, letter->frames, &state, fault) ||
        core_step(self->core, &event, world_wall(self->world, self->who), self->actions, fault))
        SAY(self->world, "%s: %s of %s: %s", node_name(self->who), frames_text(letter->frames, 0),
            node_name(letter->machine), fault->text);
}

static alert_t *
make_alert(hub_t *self, const plan_alert_t *from)
{
    const estate_t *all = estate();
    alert_t *alert = site_alert(all->site);
    alert->firing = from->firing;
    alert->starts.ms = all->site->now.ms + from->starts;
    snprintf(alert->host, sizeof alert->host, "web%d.example", from->machine + 1);
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "f%d-%d-%d", from->machine, from->name,
             from->incident);
    text_copy(alert->labels[0].value, sizeof alert->labels[0].value,
              all->playbooks[1 + from->name].alert);
    SAY(self->world, "monitoring -> hub: %s on %s %s", alert->labels[0].value, alert->host,
        alert->firing ? "fires" : "is over");
    return alert;
}

/* Those who stand in the wave that an order does not list; NULL where it lists all. */
static value_t *
targets_of(const plan_order_t *order)
{
    const char *names[MACHINES_MAX + ESTATE_FAR];
    size_t count = order->far ? plan_wave(order, names) : 0;
    value_t *list = count ? value_list() : NULL;
    for (size_t i = 0; i < count; i++) {
        value_t *item = value_map();
        value_set_integer(item, "wave", order->waves);
        value_set_text(item, "target", names[i]);
        value_append(list, item);
    }
    return list;
}

static void
run_errand(hub_t *self, const letter_t *letter, fault_t *fault)
{
    estate_t *all = estate();
    const sealed_t *sealed = NULL;
    CLEANUP(alert_destroy) alert_t *alert = NULL;
    CLEANUP(value_destroy) value_t *files = NULL;
    CLEANUP(value_destroy) value_t *targets = NULL;
    event_t event = {.region = ""};
    switch (letter->errand) {
    case ERRAND_RELEASE:
        event.kind = EVENT_RELEASE;
        sealed = &all->playbooks[letter->index].release;
        files = value_decode(bytes_slice(all->playbooks[letter->index].files), fault);
        event.files = &files;
        break;
    case ERRAND_GRANT:
        event.kind = EVENT_GRANT;
        sealed = &all->grants[letter->index].sealed;
        break;
    case ERRAND_ORDER:
        event.kind = EVENT_ORDER;
        sealed = &self->world->plan.orders[letter->index].sealed;
        event.targets = targets = targets_of(&self->world->plan.orders[letter->index]);
        SAY(self->world, "responder -> hub: orders '%s'%s",
            all->playbooks[self->world->plan.orders[letter->index].playbook].name,
            self->world->plan.orders[letter->index].far ? ", its last wave a tree" : "");
        break;
    case ERRAND_HALT:
        event.kind = EVENT_HALT;
        sealed = letter->index ? &self->world->plan.resume : &self->world->plan.stop;
        SAY(self->world, "officer -> hub: %s a %s", letter->index ? "resumes" : "stops",
            halt_word(self->world->plan.stop_what));
        break;
    case ERRAND_BEACON:
        event.kind = EVENT_BEACON;
        event.document = frames_at(letter->frames, 1);
        event.armors = frames_at(letter->frames, 2);
        event.output = frames_at(letter->frames, 3);
        break;
    case ERRAND_TIMEKEEPER:
        event.kind = EVENT_TIMEKEEPER;
        event.who = node_name(self->who);
        break;
    case ERRAND_WORD:
        event.kind = EVENT_CONSENT;
        sealed = &desk_word(self->world->desk, letter->index)->sealed;
        break;
    default:
        event.kind = EVENT_ALERT;
        event.alert = alert = make_alert(self, &self->world->plan.alerts[letter->index]);
    }
    if (sealed) {
        event.document = bytes_slice(sealed->document);
        event.armors = bytes_slice(sealed->armors);
    }
    if (core_step(self->core, &event, world_wall(self->world, self->who), self->actions, fault))
        SAY(self->world, "%s: refused: %s (%s)", node_name(self->who), fault->text,
            fault_word(fault->code));
}

static void
acknowledge(hub_t *self, const letter_t *letter)
{
    plan_t *plan = &self->world->plan;
    self->kept[letter->errand][letter->index] = true;
    if (self->who != HUB)
        return;
    if (letter->errand == ERRAND_ORDER) {
        plan_order_t *order = &plan->orders[letter->index];
        bool active;
        order->acknowledged = true;
        order->running = hub_has_run(self, &order->run, &active);
    }
    if (letter->errand == ERRAND_ALERT)
        plan->alerts[letter->index].acknowledged = true;
}

/* Not to each machine where it lies. */
static void
cast(hub_t *self, const frames_t *frames)
{
    world_t *world = self->world;
    for (size_t i = 0; i < world->plan.machines; i++)
        if (!world_strikes(world, world->plan.lying ? 300000 : 0))
            wires_send(world->wires, self->who, (int)i, frames_copy(frames));
}

static void
send_all(hub_t *self)
{
    for (size_t i = 0; i < self->actions->send_count; i++) {
        send_t *send = &self->actions->sends[i];
        int machine = node_find(send->worker);
        if (!strcmp(send->worker, ACTIONS_ALL))
            cast(self, send->frames);
        if (!strcmp(send->worker, ACTIONS_TIMEKEEPER) && self->world->tower)
            tower_hear(self->world->tower, send->frames);
        uint64_t sequence;
        if (machine < 0 || machine >= (int)self->world->plan.machines)
            continue;
        if (!strcmp(frames_text(send->frames, 0), "OFFER"))
            facts_offer(self->world->facts, self->who, machine, send->frames);
        if (!strcmp(frames_text(send->frames, 0), "ACK") &&
            text_read_u64(frames_text(send->frames, 1), 1, INT64_MAX, &sequence))
            facts_acknowledge(self->world->facts, self->who, machine, sequence);
        wires_send(self->world->wires, self->who, machine, MOVE(send->frames));
    }
}

/* Before the commit nothing of the turn was told anyone, and all of it is gone: as if nothing had
 * come. After it, all of it is there, and nobody heard. */
static void
turn(world_t *world, due_t *due)
{
    hub_t *self = hub_of(world, due->who);
    chance_t *chance = &world->chance;
    size_t written = 0;
    if (!self->up || due->epoch != self->epoch)
        return;
    self->turning = false;
    int64_t later = self->busy_until > self->stopped_until ? self->busy_until : self->stopped_until;
    if (!world->healed && world->now < later) {
        queue_turn(self, later - world->now);
        return;
    }
    bool crash = world_strikes(world, world->plan.odds.crash / 4);
    bool before = crash && chance_percent(chance, 50);
    if (before) {
        hub_kill(self);
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        fault_t fault = {0};
        if (self->letters[i].machine < 0)
            run_errand(self, &self->letters[i], &fault);
        else
            hear(self, &self->letters[i], &fault);
        put_rows(self, &written);
    }
    event_t tick = {.kind = EVENT_TICK};
    fault_t fault = {0};
    if (core_step(self->core, &tick, world_wall(world, self->who), self->actions, &fault))
        world_break(world, "a tick does not fail", "%s", fault.text);
    core_flush(self->core, self->actions);
    put_rows(self, &written);
    if (crash) {
        hub_kill(self);
        return;
    }
    if (world_strikes(world, world->plan.odds.slow))
        self->busy_until = world->now + chance_from(chance, 1, 2000);
    for (size_t i = 0; i < self->count; i++)
        if (self->letters[i].machine < 0)
            acknowledge(self, &self->letters[i]);
    drop_letters(self);
    send_all(self);
    actions_clear(self->actions);
}

void
hub_use_next(hub_t *self)
{
    size_t written = 0;
    self->next = true;
    if (!self->up)
        return;
    CLEANUP(charter_destroy) charter_t *before = self->charter;
    self->charter = read_charter(true, &self->world->plan);
    core_use(self->core, self->charter, world_wall(self->world, self->who), self->actions);
    core_flush(self->core, self->actions);
    put_rows(self, &written);
    send_all(self);
    actions_clear(self->actions);
}

/* ---- what its record has ----------------------------------------------------------------- */

static row_t *
first(const hub_t *self, const query_t *query)
{
    fault_t fault = {0};
    return store_first(self->store, query, &fault);
}

bool
hub_has_run(const hub_t *self, const hash_t *run, bool *active)
{
    query_t query = {.what = FIND_RUN, .hash = *run};
    CLEANUP(row_destroy) row_t *row = first(self, &query);
    *active = row && row->run.state == RUN_ACTIVE;
    return row;
}

size_t
hub_active_runs(const hub_t *self)
{
    return self->up ? core_active_runs(self->core) : 1;
}

typedef struct {
    const char *target;
    const char *word;
    char code[16];
    size_t count;
    bool ended;
} find_part_t;

static bool
on_part(void *context, const row_t *row)
{
    find_part_t *find = context;
    find->count++;
    if (find->target && !strcmp(row->part.target, find->target)) {
        find->word = part_word(row->part.state);
        find->ended = part_ended(row->part.state);
        text_copy(find->code, sizeof find->code, row->part.code);
    }
    return true;
}

static find_part_t
find_parts(const hub_t *self, const hash_t *run, const char *target)
{
    fault_t fault = {0};
    find_part_t find = {.target = target};
    query_t query = {.what = FIND_PARTS, .hash = *run};
    int failed = self->store->find(self->store->self, &query, on_part, &find, &fault);
    assert(!failed);
    return find;
}

const char *
hub_part(const hub_t *self, const hash_t *run, int machine, bool *ended)
{
    find_part_t find = find_parts(self, run, node_name(machine));
    *ended = find.ended;
    return find.word;
}

bool
hub_says(const hub_t *self, const hash_t *run, int machine, const char *code)
{
    return !strcmp(find_parts(self, run, node_name(machine)).code, code);
}

size_t
hub_part_count(const hub_t *self, const hash_t *run)
{
    return find_parts(self, run, NULL).count;
}

bool
hub_has_receipt(const hub_t *self, int machine, uint64_t sequence, hash_t *hash)
{
    query_t query = {.what = FIND_RECEIPT, .text = node_name(machine), .number = sequence};
    CLEANUP(row_destroy) row_t *row = first(self, &query);
    if (row)
        *hash = row->receipt.hash;
    return row;
}

bool
hub_has_alert(const hub_t *self, uint64_t index)
{
    const plan_alert_t *alert = &self->world->plan.alerts[index];
    char fingerprint[32];
    snprintf(fingerprint, sizeof fingerprint, "f%d-%d-%d", alert->machine, alert->name,
             alert->incident);
    query_t query = {.what = FIND_INCIDENT_KEY, .text = "monitor", .other = fingerprint};
    CLEANUP(row_destroy) row_t *row = first(self, &query);
    return row;
}

static bool
on_leaf(void *context, const row_t *row)
{
    merkle_append(context, &row->leaf.hash);
    return true;
}

bool
hub_log_is_whole(const hub_t *self)
{
    fault_t fault = {0};
    merkle_t again = {0};
    query_t query = {.what = FIND_LEAVES};
    int failed = self->store->find(self->store->self, &query, on_leaf, &again, &fault);
    assert(!failed);
    if (!self->up)
        return true;
    hash_t head = merkle_head(core_log(self->core)), other = merkle_head(&again);
    return again.size == core_log(self->core)->size && hash_equal(&head, &other);
}

typedef struct {
    size_t count;
    hub_wait_t *out;
} find_waits_t;

static bool
on_wait(void *context, const row_t *row)
{
    find_waits_t *find = context;
    hub_wait_t *wait = &find->out[find->count++];
    *wait = (hub_wait_t){
        .run = row->wait.run, .receipt = row->wait.receipt, .machine = node_find(row->wait.target)};
    text_copy(wait->step, sizeof wait->step, row->wait.step);
    return find->count < HUB_WAITS_MAX;
}

size_t
hub_waits(const hub_t *self, hub_wait_t out[static HUB_WAITS_MAX])
{
    fault_t fault = {0};
    find_waits_t find = {.out = out};
    query_t query = {.what = FIND_WAITS_OPEN};
    int failed = self->store->find(self->store->self, &query, on_wait, &find, &fault);
    assert(!failed);
    return find.count;
}

typedef struct {
    const char *kind;
    bool found;
} find_event_t;

/* An event's leaf: instant, incident or run or '-', kind, text. */
static bool
on_event_leaf(void *context, const row_t *row)
{
    find_event_t *find = context;
    char kind[24];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_copy(row->leaf.bytes);
    if (!strcmp(row->leaf.kind, "event") && sscanf(bytes_text(text), "%*s %*s %23s", kind) == 1)
        find->found = find->found || !strcmp(kind, find->kind);
    return !find->found;
}

bool
hub_tells(const hub_t *self, const char *kind)
{
    fault_t fault = {0};
    find_event_t find = {.kind = kind};
    query_t query = {.what = FIND_LEAVES};
    int failed = self->store->find(self->store->self, &query, on_event_leaf, &find, &fault);
    assert(!failed);
    return find.found;
}
