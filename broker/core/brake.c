/* SPDX-License-Identifier: Apache-2.0 */
/* Brakes: put on by people, or by more automatic runs than the configuration lets begin; released
 * by people. One for each region, and "-" for all. */
#include <stdio.h>

#include "broker/core/state.h"

#define ALL "-"

static brake_row_t *
find(core_t *self, const char *region)
{
    for (size_t i = 0; i < self->braked_count; i++)
        if (!strcmp(self->braked[i].region, region))
            return &self->braked[i];
    return NULL;
}

static brake_row_t *
hold(core_t *self, const char *region)
{
    brake_row_t *brake = find(self, region);
    if (brake)
        return brake;
    self->braked = memory_resize(self->braked, self->braked_count + 1, sizeof *self->braked);
    brake = &self->braked[self->braked_count++];
    *brake = (brake_row_t){.engaged = false};
    text_copy(brake->region, sizeof brake->region, region);
    return brake;
}

static void
move(core_t *self, const char *region, bool on, const char *who, const char *reason)
{
    brake_row_t *brake = hold(self, region);
    bool all = !strcmp(region, ALL);
    brake->engaged = on;
    brake->at = self->now;
    snprintf(brake->who, sizeof brake->who, "%s", who);
    snprintf(brake->reason, sizeof brake->reason, "%s", reason);
    row_t row = {.kind = ROW_BRAKE, .brake = *brake};
    core_put(self, &row);
    core_note(self, "brake", 0, NULL, NULL, "%s %s the brake%s%s: %.*s", who,
              on ? "put on" : "released", all ? "" : " of region ", all ? "" : region,
              text_fit(reason, 300), reason);
}

static int
check_on(core_t *self, const char *region, fault_t *fault)
{
    const brake_row_t *brake = find(self, region);
    if (!brake || !brake->engaged)
        return 0;
    return fault_set(fault, FAULT_RATE, "the brake is on: %.*s; release it with: tocsin brake off",
                     text_fit(brake->reason, 150), brake->reason);
}

typedef struct {
    const char *region; /* "": any */
    uint64_t count, most;
} counting_t;

static bool
count_run(void *context, const row_t *row)
{
    counting_t *counting = context;
    counting->count += !*counting->region || !strcmp(counting->region, row->run.region);
    return counting->count < counting->most;
}

/* One more run of this region must not be one more than may begin. */
static int
check_count(core_t *self, const brake_t *limit, const char *region, fault_t *fault)
{
    const char *name = *limit->region ? limit->region : ALL;
    const brake_row_t *brake = find(self, name);
    counting_t counting = {.region = limit->region, .most = limit->count};
    int64_t since = self->now.ms - (int64_t)limit->seconds * 1000;
    char reason[128];
    if (*limit->region && strcmp(limit->region, region) != 0)
        return 0;
    if (brake && brake->at.ms > since)
        since = brake->at.ms;
    query_t query = {.what = FIND_RUNS_BEGUN, .number = since > 0 ? (uint64_t)since : 0};
    if (self->past->find(self->past->self, &query, count_run, &counting, fault))
        return -1;
    if (counting.count < limit->count)
        return 0;
    snprintf(reason, sizeof reason, "more than %llu automatic runs would begin within %llu seconds",
             (unsigned long long)limit->count, (unsigned long long)limit->seconds);
    move(self, name, true, "the broker", reason);
    return check_on(self, name, fault);
}

int
brake_check(core_t *self, const char *region, fault_t *fault)
{
    return check_on(self, ALL, fault) || check_on(self, region, fault) ? -1 : 0;
}

int
brake_count(core_t *self, const char *region, fault_t *fault)
{
    for (size_t i = 0; self->holds && i < self->holds->brake_count; i++)
        if (check_count(self, &self->holds->brakes[i], region, fault))
            return -1;
    return 0;
}

static bool
is_region(const core_t *self, const char *name)
{
    const trust_t *trust = self->charter->trust;
    for (size_t i = 0; i < trust_fleet_count(trust); i++)
        if (!strcmp(trust_fleet(trust, i)->region, name))
            return true;
    return !strcmp(name, ALL);
}

int
on_brake(core_t *self, event_t *event, fault_t *fault)
{
    const brake_row_t *brake = find(self, event->region);
    bool on = event->number != 0;
    if (!is_region(self, event->region) && !brake)
        return fault_set(fault, FAULT_NOT_FOUND, "no fleet is of region '%.63s'", event->region);
    if (core_check_words(event->text, "say why", fault))
        return -1;
    if (!on && !(brake && brake->engaged))
        return fault_set(fault, FAULT_CONFLICT, "that brake is not on");
    move(self, event->region, on, event->who, event->text);
    return 0;
}

static bool
load_brake(void *context, const row_t *row)
{
    *hold(context, row->brake.region) = row->brake;
    return true;
}

int
brakes_load(core_t *self, fault_t *fault)
{
    query_t query = {.what = FIND_BRAKES};
    return self->past->find(self->past->self, &query, load_brake, self, fault);
}

void
core_hold(core_t *self, const holds_t *holds)
{
    self->holds = holds;
}

const brake_row_t *
core_brake(const core_t *self, size_t index)
{
    return index < self->braked_count ? &self->braked[index] : NULL;
}
