/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told, and when it is tried again (docs/PROTOCOL.md 6.3): one place. */
#include <assert.h>
#include <stdio.h>

#include "broker/core/state.h"

#define NOTHING NOTICE_KIND_COUNT

static const notice_kind_t of_incident[INCIDENT_STATE_COUNT] = {
    [INCIDENT_WAITING] = NOTICE_INCIDENT_WAITING,
    [INCIDENT_AUTHORISED] = NOTICE_INCIDENT_AUTHORISED,
    [INCIDENT_RUNNING] = NOTHING,
    [INCIDENT_RESOLVED] = NOTICE_INCIDENT_RESOLVED,
    [INCIDENT_FAILED] = NOTICE_INCIDENT_FAILED,
    [INCIDENT_ABANDONED] = NOTHING,
};

static const notice_kind_t of_run[RUN_STATE_COUNT] = {
    [RUN_ACTIVE] = NOTHING,
    [RUN_SUCCEEDED] = NOTICE_RUN_SUCCEEDED,
    [RUN_FAILED] = NOTICE_RUN_FAILED,
    [RUN_UNDONE] = NOTICE_RUN_FAILED,
    [RUN_UNDO_FAILED] = NOTICE_RUN_FAILED,
    [RUN_STOPPED] = NOTICE_RUN_STOPPED,
    [RUN_EXPIRED] = NOTICE_RUN_EXPIRED,
    [RUN_UNKNOWN] = NOTICE_RUN_UNKNOWN,
};

/* Kinds of events. */
static const struct {
    const char *word;
    notice_kind_t kind;
} of_event[] = {{"gap", NOTICE_GAP},
                {"brake", NOTICE_BRAKE},
                {"restart", NOTICE_RESTART},
                {"break-glass", NOTICE_GLASS},
                {"person", NOTICE_PERSON_WANTED}};

/* Making one ---------------------------------------------------------------------------------- */

/* Text that was cut may end in the middle of a character: that goes. */
static void
end_whole(char *text)
{
    size_t size = strlen(text), at = size;
    while (at && ((uint8_t)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (!at || (uint8_t)text[at - 1] < 0xc0)
        return;
    uint8_t lead = (uint8_t)text[at - 1];
    size_t whole = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (size - (at - 1) < whole)
        text[at - 1] = '\0';
}

static void
describe(notice_row_t *notice, const incident_t *incident)
{
    notice->incident = incident->id;
    text_copy(notice->severity, sizeof notice->severity, incident->severity);
    if (strcmp(incident->host, "-") != 0)
        text_copy(notice->host, sizeof notice->host, incident->host);
}

static void
put(core_t *self, const notice_row_t *notice)
{
    row_t row = {.kind = ROW_NOTICE, .notice = *notice};
    actions_put(self->actions, &row);
}

static bool
has_room(core_t *self, size_t at)
{
    outlet_t *outlet = &self->outlets[at];
    if (outlet->waiting < CORE_NOTICES_MAX)
        return true;
    if (!outlet->full)
        core_note(
            self, "notice", 0, NULL, NULL,
            "%d notices wait for sink '%s': what is beyond is not kept, see why it takes none",
            CORE_NOTICES_MAX, self->sinks->sinks[at].name);
    outlet->full = true;
    return false;
}

static void
put_for(core_t *self, size_t at, notice_kind_t kind, notice_row_t *notice)
{
    if (!has_room(self, at))
        return;
    self->outlets[at].waiting++;
    notice->number = ++self->notices_given;
    notice->made = notice->next = self->now;
    notice->state = NOTICE_WAITING;
    text_copy(notice->sink, sizeof notice->sink, self->sinks->sinks[at].name);
    text_copy(notice->kind, sizeof notice->kind, notice_kind_word(kind));
    end_whole(notice->text);
    put(self, notice);
}

static void
put_for_all(core_t *self, notice_kind_t kind, notice_row_t *notice)
{
    for (size_t i = 0; i < self->sinks->count; i++)
        if (sink_hears(&self->sinks->sinks[i], kind))
            put_for(self, i, kind, notice);
}

static bool
is_heard(const core_t *self, notice_kind_t kind)
{
    for (size_t i = 0; kind != NOTHING && self->sinks && i < self->sinks->count; i++)
        if (sink_hears(&self->sinks->sinks[i], kind))
            return true;
    return false;
}

/* Whether the run is one that a region's broker began and a worker took, so that others vouch for
 * it, and that broker tells people by itself. */
static bool
is_told_there(core_t *self, const hash_t *id)
{
    fault_t ignored = {0};
    bool any = zhashx_size(self->islands) && !hash_equal(id, &HASH_ZERO);
    const run_t *run = any ? run_find(self, id, &ignored) : NULL;
    return run && *run->row.via && run->row.state != RUN_EXPIRED &&
           island_tells(self, run->row.via);
}

/* That people are wanted is told wherever it came from. */
void
notice_incident(core_t *self, const incident_t *incident)
{
    notice_kind_t kind = of_incident[incident->state];
    bool wanted = incident->state == INCIDENT_WAITING;
    if (!is_heard(self, kind) || (!wanted && is_told_there(self, &incident->run)))
        return;
    notice_row_t notice = {.run = incident->run};
    describe(&notice, incident);
    snprintf(notice.text, sizeof notice.text, "incident %llu '%s'%s%s is %s: %s",
             (unsigned long long)incident->id, incident->title, *notice.host ? " on " : "",
             notice.host, incident_word(incident->state), incident->reason);
    put_for_all(self, kind, &notice);
}

/* The first part that did not end well, for people. */
static const part_row_t *
find_trouble(const run_t *run)
{
    for (size_t i = 0; i < run->share_count; i++) {
        const part_row_t *part = &run->shares[i].row;
        if (part->state != PART_DONE && part->state != PART_SKIPPED)
            return part;
    }
    return NULL;
}

void
notice_run(core_t *self, const run_t *run)
{
    fault_t fault = {0};
    notice_kind_t kind = of_run[run->row.state];
    if (!is_heard(self, kind) || is_told_there(self, &run->row.id))
        return;
    notice_row_t notice = {.run = run->row.id, .incident = run->row.incident};
    const incident_t *incident =
        run->row.incident ? incident_find(self, run->row.incident, &fault) : NULL;
    const part_row_t *part = find_trouble(run);
    if (incident)
        describe(&notice, incident);
    text_copy(notice.playbook, sizeof notice.playbook, run->row.playbook);
    int used = snprintf(notice.text, sizeof notice.text, "%sthe run of '%s' is %s",
                        run->row.glass[0] ? "BREAK-GLASS: " : "", run->row.playbook,
                        run_word(run->row.state));
    if (part)
        snprintf(notice.text + used, sizeof notice.text - (size_t)used, ": '%s' is %s%s%s",
                 part->target, part_word(part->state), part->text[0] ? ": " : "", part->text);
    put_for_all(self, kind, &notice);
}

void
notice_event(core_t *self, const event_row_t *event)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(of_event) && strcmp(event->kind, of_event[i].word) != 0)
        i++;
    if (i == ARRAY_SIZE(of_event) || !is_heard(self, of_event[i].kind))
        return;
    notice_row_t notice = {.incident = event->incident, .run = event->run};
    text_copy(notice.text, sizeof notice.text, event->text);
    put_for_all(self, of_event[i].kind, &notice);
}

void
core_notify(core_t *self, const char *sink, const char *text, uint64_t incident, const hash_t *run)
{
    notice_row_t notice = {.incident = incident, .run = run ? *run : HASH_ZERO};
    const sink_t *found = self->sinks ? sinks_find(self->sinks, sink) : NULL;
    if (run && is_told_there(self, run))
        return;
    if (!found) {
        core_note(self, "notice", incident, run, NULL,
                  "no sink '%.63s' is configured here: what a playbook had to say there is lost",
                  sink);
        return;
    }
    snprintf(notice.text, sizeof notice.text, "%s", text);
    put_for(self, (size_t)(found - self->sinks->sinks), NOTICE_PLAYBOOK, &notice);
}

/* Delivering ---------------------------------------------------------------------------------- */

static outlet_t *
outlet_of(core_t *self, const notice_row_t *notice)
{
    const sink_t *sink = self->sinks ? sinks_find(self->sinks, notice->sink) : NULL;
    return sink ? &self->outlets[sink - self->sinks->sinks] : NULL;
}

/* A clock that was set back keeps nobody waiting for longer than the longest back-off. */
static bool
is_due(const outlet_t *outlet, wall_t now)
{
    int64_t left = outlet->next.ms - now.ms;
    return outlet->waiting && !outlet->flying && (left <= 0 || left > CORE_BACKOFF_MAX_MS);
}

row_t *
core_notice(core_t *self, uint64_t last, wall_t now, fault_t *fault)
{
    for (size_t i = 0; self->sinks && i < self->sinks->count; i++) {
        outlet_t *outlet = &self->outlets[i];
        query_t query = {.what = FIND_NOTICES_TO, .text = self->sinks->sinks[i].name};
        CLEANUP(row_destroy) row_t *row = NULL;
        if (!is_due(outlet, now))
            continue;
        if (core_recall(self, &query, &row, fault))
            return NULL;
        if (!row) {
            outlet->waiting = 0;
        } else if (row->notice.number <= last) {
            outlet->flying = row->notice.number;
            return MOVE(row);
        }
    }
    return NULL;
}

static int64_t
backoff(uint64_t tries)
{
    int64_t wait = CORE_BACKOFF_MIN_MS;
    while (--tries && wait < CORE_BACKOFF_MAX_MS)
        wait *= 2;
    return wait < CORE_BACKOFF_MAX_MS ? wait : CORE_BACKOFF_MAX_MS;
}

static void
settle(core_t *self, notice_row_t *notice, const event_t *event)
{
    bool refused = !strcmp(event->code, "denied");
    notice->tries++;
    if (!strcmp(event->code, "none")) {
        notice->state = NOTICE_SENT;
        return;
    }
    snprintf(notice->reason, sizeof notice->reason, "%s", event->text);
    end_whole(notice->reason);
    notice->next.ms = self->now.ms + backoff(notice->tries);
    if (!refused && self->now.ms - notice->made.ms < CORE_NOTICE_MS)
        return;
    notice->state = NOTICE_GIVEN_UP;
    core_note(self, "notice", notice->incident, &notice->run, NULL,
              "sink '%s' %s notice %llu (%s): %s; it is given up", notice->sink,
              refused ? "refused" : "did not take", (unsigned long long)notice->number,
              notice->kind, notice->reason);
}

int
on_noticed(core_t *self, event_t *event, fault_t *fault)
{
    query_t query = {.what = FIND_NOTICE, .number = event->number};
    CLEANUP(row_destroy) row_t *row = NULL;
    if (core_recall(self, &query, &row, fault))
        return -1;
    outlet_t *outlet = row ? outlet_of(self, &row->notice) : NULL;
    if (!outlet || outlet->flying != event->number)
        return fault_set(fault, FAULT_NOT_FOUND, "notice %llu is not under way",
                         (unsigned long long)event->number);
    outlet->flying = 0;
    settle(self, &row->notice, event);
    put(self, &row->notice);
    outlet->next = (wall_t){0};
    if (row->notice.state == NOTICE_WAITING) {
        outlet->next = row->notice.next;
        return 0;
    }
    outlet->waiting--;
    outlet->full = false;
    return 0;
}

/* From the past ------------------------------------------------------------------------------- */

void
core_sinks(core_t *self, const sinks_t *sinks)
{
    self->sinks = sinks->count ? sinks : NULL;
}

static bool
count_waiting(void *context, const row_t *row)
{
    outlet_t *outlet = context;
    if (!outlet->waiting++)
        outlet->next = row->notice.next;
    return true;
}

int
notices_load(core_t *self, fault_t *fault)
{
    query_t newest = {.what = FIND_NOTICE_NEWEST};
    CLEANUP(row_destroy) row_t *row = NULL;
    if (!self->sinks)
        return 0;
    if (core_recall(self, &newest, &row, fault))
        return -1;
    self->notices_given = row ? row->notice.number : 0;
    for (size_t i = 0; i < self->sinks->count; i++) {
        query_t query = {.what = FIND_NOTICES_TO, .text = self->sinks->sinks[i].name};
        if (self->past->find(self->past->self, &query, count_waiting, &self->outlets[i], fault))
            return -1;
    }
    return 0;
}
