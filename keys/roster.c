/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/roster.h"

#include <assert.h>
#include <stdlib.h>

static void
add(roster_t *self, const char *name, const worker_line_t *worker, const fleet_t *fleet)
{
    self->seats = memory_grow(self->seats, self->count, &self->capacity, sizeof *self->seats);
    self->seats[self->count++] = (seat_t){name, worker, fleet};
}

static int
compare(const void *left, const void *right)
{
    return strcmp(((const seat_t *)left)->name, ((const seat_t *)right)->name);
}

void
roster_sort(roster_t *self)
{
    if (self->count)
        qsort(self->seats, self->count, sizeof *self->seats, compare);
}

const seat_t *
roster_find(const roster_t *self, const char *name)
{
    seat_t sought = {.name = name};
    return self->count ? bsearch(&sought, self->seats, self->count, sizeof sought, compare) : NULL;
}

/* A worker's id names its own machine as a host does, so a host of that name is no other's. */
void
roster_add(roster_t *self, const fleet_t *fleet, bool hosts)
{
    roster_t workers = {0};
    for (size_t i = 0; i < fleet->worker_count; i++)
        add(&workers, fleet->workers[i].id, &fleet->workers[i], fleet);
    roster_sort(&workers);
    for (size_t i = 0; i < workers.count; i++)
        add(self, workers.seats[i].name, workers.seats[i].worker, fleet);
    for (size_t i = 0; hosts && i < fleet->host_count; i++) {
        const host_line_t *line = &fleet->hosts[i];
        const seat_t *worker = roster_find(&workers, line->worker);
        assert(worker);
        if (!roster_find(&workers, line->host))
            add(self, line->host, worker->worker, fleet);
    }
    roster_clear(&workers);
}

void
roster_clear(roster_t *self)
{
    free(self->seats);
    *self = (roster_t){0};
}
