/* SPDX-License-Identifier: Apache-2.0 */
/* Stops, revokes and resumes: what they end here, who is told, and who said that it keeps them.
 * trust says what they cover; their bytes are held for workers that lack them. */
#include <stdio.h>

#include "broker/core/state.h"

#define SWEEP_MS 60000
#define STALE_MS (2LL * 24 * 3600 * 1000) /* a stop of a run that nobody ordered */
#define PRESENT  ((void *)(uintptr_t)1)

const halt_line_t *
halt_line_next(const core_t *self, const hash_t *hash, size_t *at)
{
    const trust_t *trust = self->charter->trust;
    size_t count = trust_halt_count(trust);
    for (size_t i = 0; i < count; i++) {
        size_t place = (*at + i) % count;
        if (hash_equal(&trust_halt(trust, place)->hash, hash)) {
            *at = place + 1;
            return trust_halt(trust, place);
        }
    }
    return NULL;
}

const halt_line_t *
halt_line_of(const core_t *self, const hash_t *hash)
{
    return halt_line_next(self, hash, &(size_t){0});
}

static held_halt_t *
find(const core_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < self->halt_count; i++)
        if (hash_equal(&self->halts[i].hash, hash))
            return &self->halts[i];
    return NULL;
}

static void
hold(core_t *self, slice_t document, slice_t armors)
{
    self->halts =
        memory_grow(self->halts, self->halt_count, &self->halt_capacity, sizeof *self->halts);
    self->halts[self->halt_count++] = (held_halt_t){.hash = hash_of(document),
                                                    .document = bytes_copy(document),
                                                    .armors = bytes_copy(armors),
                                                    .kept = zhashx_new()};
}

void
halt_clear(held_halt_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    zhashx_destroy(&self->kept);
}

/* Telling workers ----------------------------------------------------------------------------- */

static void
send_halt(core_t *self, const peer_t *peer, const held_halt_t *halt)
{
    frames_t *frames = core_document(halt->document, halt->armors);
    core_send(self, peer->row.id, &frames);
}

static void
send_to_all(core_t *self, const held_halt_t *halt)
{
    for (peer_t *peer = zhashx_first(self->peers); peer; peer = zhashx_next(self->peers))
        if (self->now.ms - peer->seen.ms < CORE_ONLINE_MS)
            send_halt(self, peer, halt);
}

static void
confirm(core_t *self, held_halt_t *halt, const char *worker)
{
    row_t row = {.kind = ROW_KEPT, .kept = {.halt = halt->hash, .at = self->now}};
    if (zhashx_insert(halt->kept, worker, PRESENT))
        return;
    text_copy(row.kept.worker, sizeof row.kept.worker, worker);
    actions_put(self->actions, &row);
}

zhashx_t *
halts_said(const value_t *state)
{
    const value_t *list = value_get(state, "halts");
    zhashx_t *theirs = zhashx_new();
    for (size_t i = 0; i < value_count(list) && i < 2 * TRUST_STOPS_MAX; i++)
        zhashx_insert(theirs, value_string(value_at(list, i)), PRESENT);
    return theirs;
}

/* Of a stop that was lifted they need to know only where they keep the stop. */
held_halt_t *
halt_lacked(const core_t *self, zhashx_t *theirs, halts_read_t *read)
{
    while (read->held < self->halt_count) {
        held_halt_t *halt = &self->halts[read->held++];
        char text[HASH_TEXT], stop[HASH_TEXT];
        const halt_line_t *line = halt_line_next(self, &halt->hash, &read->line);
        if (!line || zhashx_lookup(theirs, hash_write(&line->hash, text)))
            continue;
        bool kept = zhashx_lookup(theirs, hash_write(&line->stop, stop)) != NULL;
        if (line->resume ? kept : !line->lifted)
            return halt;
    }
    return NULL;
}

void
halts_greet(core_t *self, const peer_t *peer, const value_t *state)
{
    CLEANUP(zhashx_destroy) zhashx_t *theirs = halts_said(state);
    const held_halt_t *lacked;
    halts_read_t read = {0};
    for (size_t i = 0; i < self->halt_count; i++) {
        char text[HASH_TEXT];
        if (zhashx_lookup(theirs, hash_write(&self->halts[i].hash, text)))
            confirm(self, &self->halts[i], peer->row.id);
    }
    while ((lacked = halt_lacked(self, theirs, &read)))
        send_halt(self, peer, lacked);
}

int
on_kept(core_t *self, event_t *event, fault_t *fault)
{
    char text[HASH_TEXT];
    held_halt_t *halt = find(self, &event->hash);
    if (!halt)
        return fault_set(fault, FAULT_NOT_FOUND, "worker '%s' keeps %.12s, which is not here",
                         event->worker, hash_write(&event->hash, text));
    confirm(self, halt, event->worker);
    return 0;
}

/* Ending runs --------------------------------------------------------------------------------- */

/* What workers would say of it too. */
static int
check_share(const core_t *self, const run_t *run, const share_t *share, fault_t *why)
{
    const trust_t *trust = self->charter->trust;
    const char *worker = share->peer->row.id;
    const fleet_t *fleet = NULL;
    char release[HASH_TEXT], authority[HASH_TEXT];
    trust_worker(trust, worker, &fleet);
    if (trust_check_halts(trust, &run->row.id, run->row.playbook, fleet ? fleet->region : NULL,
                          why) ||
        trust_check_revoked(trust, HALT_WORKER, worker, why) ||
        trust_check_revoked(trust, HALT_RELEASE, hash_write(&run->row.release, release), why) ||
        trust_check_revoked(trust, HALT_GRANT, hash_write(&run->row.authority, authority), why))
        return -1;
    return 0;
}

void
run_halt(core_t *self, run_t *run)
{
    size_t waiting = trust_halt_count(self->charter->trust) ? run->tally.in[PART_WAITING] : 0;
    for (size_t i = 0; waiting && i < run->share_count; i++) {
        fault_t why = {0};
        share_t *share = &run->shares[i];
        if (share->row.state != PART_WAITING)
            continue;
        waiting--;
        if (check_share(self, run, share, &why))
            run_move(self, run, share, PART_STOPPED, fault_word(why.code), why.text);
    }
}

static void
halt_runs(core_t *self)
{
    for (run_t *run = zhashx_first(self->runs); run; run = zhashx_next(self->runs))
        if (run->row.state == RUN_ACTIVE) {
            run_halt(self, run);
            run_advance(self, run);
        }
}

/* Taking them --------------------------------------------------------------------------------- */

/* Digits of a hash, as people are shown it; of another name all. */
static int
letters_of(const halt_line_t *line)
{
    switch (line->what) {
    case HALT_RUN:
    case HALT_KEY:
    case HALT_RELEASE:
    case HALT_GRANT:
        return 12;
    default:
        return TEXT_NAME_MAX;
    }
}

static void
tell_halt(core_t *self, const halt_line_t *line, slice_t armors)
{
    event_row_t event = {0};
    const char *name = line->what == HALT_SITE ? "" : line->name;
    if (line->what == HALT_RUN)
        (void)hash_read(line->name, &event.run);
    snprintf(event.kind, sizeof event.kind, "%s", halt_line_type(line));
    core_signers(self, armors, event.who, sizeof event.who);
    snprintf(event.text, sizeof event.text, "%.100s %s the %s%s%.*s: %.200s", event.who,
             line->resume               ? "let go on"
             : halt_revokes(line->what) ? "revoked"
                                        : "stopped",
             halt_word(line->what), *name ? " " : "", letters_of(line), name, line->reason);
    core_tell(self, &event);
}

/* Releases and grants may stand no more; whom the gate admits is the loop's. */
static void
revoked(core_t *self)
{
    self->revokes++;
    shelf_judge(self->shelf, self->charter->trust);
    incidents_suggest(self);
}

int
on_halt(core_t *self, event_t *event, fault_t *fault)
{
    event->made = hash_of(event->document);
    if (find(self, &event->made))
        return 0;
    if (!halt_is(event->document))
        return fault_set(fault, FAULT_FORMAT, "this is neither stop, revoke nor resume");
    if (trust_add(self->charter->trust, event->document, event->armors, fault))
        return -1;
    const halt_line_t *line = halt_line_of(self, &event->made);
    if (!line) /* a second resume of one stop */
        return 0;
    core_leaf2(self, halt_line_type(line), event->document, event->armors);
    core_keep(self, halt_line_type(line), true, &event->made, event->document, event->armors,
              slice_of(NULL, 0));
    hold(self, event->document, event->armors);
    tell_halt(self, line, event->armors);
    send_to_all(self, find(self, &event->made));
    islands_tell_halt(self, find(self, &event->made));
    beacon_tell_halt(self, find(self, &event->made));
    if (halt_revokes(line->what))
        revoked(self);
    if (!line->resume)
        halt_runs(self);
    return 0;
}

/* Keeping them -------------------------------------------------------------------------------- */

typedef struct {
    core_t *core;
    held_halt_t *halt;
} loading_t;

static bool
load_halt(void *context, const row_t *row)
{
    hold(((loading_t *)context)->core, row->document.bytes, row->document.armors);
    return true;
}

static bool
load_kept(void *context, const row_t *row)
{
    zhashx_insert(((loading_t *)context)->halt->kept, row->kept.worker, PRESENT);
    return true;
}

int
halts_use(core_t *self, fault_t *fault)
{
    trust_t *trust = self->charter->trust;
    for (size_t i = 0; i < self->halt_count; i++)
        if (trust_restore(trust, bytes_slice(self->halts[i].document),
                          bytes_slice(self->halts[i].armors), fault))
            return -1;
    return 0;
}

int
halts_load(core_t *self, fault_t *fault)
{
    static const char *const kinds[] = {"stop", "revoke",
                                        "resume"}; /* each resume after its stop */
    const store_t *past = self->past;
    loading_t loading = {.core = self};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        query_t query = {.what = FIND_DOCUMENTS_OF, .text = kinds[i]};
        if (past->find(past->self, &query, load_halt, &loading, fault))
            return -1;
    }
    for (size_t i = 0; i < self->halt_count; i++) {
        query_t query = {.what = FIND_KEPT, .hash = self->halts[i].hash};
        loading.halt = &self->halts[i];
        if (past->find(past->self, &query, load_kept, &loading, fault))
            return -1;
    }
    return halts_use(self, fault);
}

/* Whether nothing of the run that was stopped can begin any more, at any worker. */
static bool
is_past(core_t *self, const halt_line_t *line)
{
    fault_t ignored = {0};
    CLEANUP(row_destroy) row_t *row = NULL;
    query_t query = {.what = FIND_RUN};
    if (line->what != HALT_RUN || !hash_read(line->name, &query.hash) ||
        core_recall(self, &query, &row, &ignored))
        return false;
    return row ? row->run.state != RUN_ACTIVE && self->now.ms - row->run.not_after.ms > CORE_HALT_MS
               : self->now.ms - line->created.ms > STALE_MS;
}

static void
forget(core_t *self, size_t at)
{
    held_halt_t *halt = &self->halts[at];
    const halt_line_t *line = halt_line_of(self, &halt->hash);
    hash_t run;
    core_keep(self, line ? halt_line_type(line) : "stop", false, &halt->hash,
              bytes_slice(halt->document), bytes_slice(halt->armors), slice_of(NULL, 0));
    if (line && line->what == HALT_RUN && hash_read(line->name, &run))
        trust_forget_stops(self->charter->trust, &run);
    halt_clear(halt);
    memmove(halt, halt + 1, (--self->halt_count - at) * sizeof *halt);
}

void
halts_sweep(core_t *self)
{
    if (self->now.ms - self->halts_swept.ms < SWEEP_MS)
        return;
    self->halts_swept = self->now;
    for (size_t i = 0, at = 0; i < self->halt_count;) {
        const halt_line_t *line = halt_line_next(self, &self->halts[i].hash, &at);
        if (!line || is_past(self, line)) /* trust made room, or it is over for good */
            forget(self, i);
        else
            i++;
    }
}

bool
core_halt_kept(const core_t *self, const hash_t *halt, const char *worker)
{
    const held_halt_t *held = find(self, halt);
    return held && zhashx_lookup(held->kept, worker);
}
