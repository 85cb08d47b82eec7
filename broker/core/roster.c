/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/roster.h"

#include <stdlib.h>

#include "keys/inclusion.h"

void
roster_destroy(roster_t **self_p)
{
    roster_t *self = *self_p;
    if (!self)
        return;
    free(self->lines);
    free(self);
    *self_p = NULL;
}

static int
by_target(const void *left, const void *right)
{
    return strcmp(((const roster_line_t *)left)->target, ((const roster_line_t *)right)->target);
}

static int
by_wave(const void *left, const void *right)
{
    unsigned one = ((const roster_line_t *)left)->wave;
    unsigned other = ((const roster_line_t *)right)->wave;
    return one < other ? -1 : one > other ? 1 : by_target(left, right);
}

static int
fill(roster_t *self, const order_t *order, const value_t *list, fault_t *fault)
{
    for (size_t i = 0; i < order->target_count; i++)
        self->lines[self->count++] =
            (roster_line_t){order->targets[i].wave, order->targets[i].target};
    for (size_t i = 0; i < value_count(list); i++) {
        const value_t *item = value_at(list, i);
        int64_t wave = value_get_integer(item, "wave");
        if (wave < 1 || wave > UINT32_MAX || !order_wave(order, (unsigned)wave))
            return fault_set(fault, FAULT_FORMAT,
                             "target '%.60s' stands in wave %lld, of which the order says nothing",
                             value_get_text(item, "target"), (long long)wave);
        self->lines[self->count++] =
            (roster_line_t){(unsigned)wave, value_get_text(item, "target")};
    }
    return 0;
}

static int
check_once(roster_t *self, fault_t *fault)
{
    qsort(self->lines, self->count, sizeof *self->lines, by_target);
    for (size_t i = 1; i < self->count; i++)
        if (!strcmp(self->lines[i - 1].target, self->lines[i].target))
            return fault_set(fault, FAULT_FORMAT, "target '%.60s' stands in the order twice",
                             self->lines[i].target);
    qsort(self->lines, self->count, sizeof *self->lines, by_wave);
    return 0;
}

/* The wave that begins at line first is the one that was signed. */
static int
check_wave(const roster_t *self, size_t first, const order_t *order, fault_t *fault)
{
    unsigned wave = self->lines[first].wave;
    size_t count = 0;
    CLEANUP(memory_free) const char **targets = memory_new(self->count - first, sizeof(char *));
    for (size_t i = first; i < self->count && self->lines[i].wave == wave; i++)
        targets[count++] = self->lines[i].target;
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, wave, targets, count, fault);
    return tree ? inclusion_check(tree, order, fault) : -1;
}

roster_t *
roster_new(const order_t *order, const value_t *list, fault_t *fault)
{
    uint64_t total = order_target_total(order), came = order->target_count + value_count(list);
    CLEANUP(roster_destroy) roster_t *self = memory_new(1, sizeof *self);
    if (came != total) {
        fault_set(fault, FAULT_FORMAT,
                  "the order has %llu targets, and %llu came with it: submit it with the list of "
                  "those in waves that it does not list",
                  (unsigned long long)total, (unsigned long long)came);
        return NULL;
    }
    self->lines = memory_new(came + 1, sizeof *self->lines);
    if (fill(self, order, list, fault) || check_once(self, fault))
        return NULL;
    for (size_t i = order->target_count; i < self->count; i++)
        if ((!i || self->lines[i].wave != self->lines[i - 1].wave) &&
            check_wave(self, i, order, fault))
            return NULL;
    return MOVE(self);
}
