/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/targets.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/near.h"

/* ---- selectors --------------------------------------------------------------------------- */

typedef struct {
    const char *rest;
    char name[TEXT_NAME_MAX + 1], value[TEXT_NAME_MAX + 1];
} pairs_t;

/* The next NAME=VALUE. False at the end, and where something else stands (then rest is not ""). */
static bool
next_pair(pairs_t *self)
{
    size_t whole = strcspn(self->rest, ","), name = strcspn(self->rest, "=");
    if (name >= whole || name > TEXT_NAME_MAX || whole - name - 1 > TEXT_NAME_MAX)
        return false;
    snprintf(self->name, sizeof self->name, "%.*s", (int)name, self->rest);
    snprintf(self->value, sizeof self->value, "%.*s", (int)(whole - name - 1),
             self->rest + name + 1);
    self->rest += whole + (self->rest[whole] == ',');
    return text_is_name(self->name) && text_is_name(self->value);
}

int
selector_check(const char *selector, fault_t *fault)
{
    pairs_t pairs = {.rest = selector};
    size_t count = 0;
    while (next_pair(&pairs))
        count++;
    size_t size = strlen(selector);
    if (!count || *pairs.rest || selector[size - 1] == ',')
        return fault_set(fault, FAULT_USAGE,
                         "'%.100s' is no selector: NAME=VALUE pairs with commas between them, such "
                         "as region=north,role=web",
                         selector);
    return 0;
}

static bool
has_label(const char *labels, const char *name, const char *value)
{
    char wanted[2 * TEXT_NAME_MAX + 2];
    snprintf(wanted, sizeof wanted, "%s=%s", name, value);
    return scope_covers(wanted, labels, "");
}

bool
selector_covers(const char *selector, const worker_line_t *worker, const char *region)
{
    pairs_t pairs = {.rest = selector};
    while (*pairs.rest && next_pair(&pairs)) {
        bool fits = !strcmp(pairs.name, "region") ? !strcmp(pairs.value, region)
                    : !strcmp(pairs.name, "worker")
                        ? !strcmp(pairs.value, worker->id)
                        : has_label(worker->labels, pairs.name, pairs.value);
        if (!fits)
            return false;
    }
    return true;
}

/* ---- the whole fleet, each worker once ----------------------------------------------------- */

typedef struct {
    const worker_line_t *worker;
    const char *region;
    size_t chosen; /* which it was of those chosen, from 1; 0: it was not */
    bool in_pool, excepted, named;
    bool passed; /* no selector chooses it: it is drained, or revoked */
} candidate_t;

typedef struct {
    size_t count, chosen;
    candidate_t *at;
} candidates_t;

static void
candidates_clear(candidates_t *self)
{
    free(self->at);
}

static int
by_id(const void *left, const void *right)
{
    return strcmp(((const candidate_t *)left)->worker->id,
                  ((const candidate_t *)right)->worker->id);
}

static void
list_fleet(candidates_t *self, const trust_t *trust)
{
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        self->at = memory_resize(self->at, self->count + fleet->worker_count + 1, sizeof *self->at);
        for (size_t j = 0; j < fleet->worker_count; j++)
            self->at[self->count++] =
                (candidate_t){.worker = &fleet->workers[j], .region = fleet->region};
    }
    if (self->count)
        qsort(self->at, self->count, sizeof *self->at, by_id);
}

static candidate_t *
find(const candidates_t *self, const char *id)
{
    worker_line_t worker = {0};
    candidate_t key = {.worker = &worker};
    if (!self->count || !text_copy(worker.id, sizeof worker.id, id))
        return NULL;
    return bsearch(&key, self->at, self->count, sizeof *self->at, by_id);
}

static void
mark_passed(const candidates_t *self, const value_t *workers)
{
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        candidate_t *at = find(self, value_get_text(row, "id"));
        if (at)
            at->passed = value_get(row, "drained") || value_get(row, "revoked");
    }
}

/* ---- choosing ---------------------------------------------------------------------------- */

/* By its id, or by a name that monitoring has for its machine. */
static candidate_t *
find_named(const candidates_t *self, const char *name, const trust_t *trust)
{
    candidate_t *found = find(self, name);
    const worker_line_t *worker = found ? NULL : trust_host(trust, name, NULL);
    return worker ? find(self, worker->id) : found;
}

static int
unknown_worker(const candidates_t *self, const char *name, fault_t *fault)
{
    near_t near = near_of(name);
    for (size_t i = 0; i < self->count; i++)
        near_try(&near, self->at[i].worker->id);
    return fault_set(fault, FAULT_NOT_FOUND,
                     "no fleet document lists a worker or host '%.63s'%s%s%s; see: tocsin worker "
                     "list",
                     name, near.found ? ", did you mean '" : "", near.found ? near.found : "",
                     near.found ? "'" : "");
}

/* The pool of a name is its region. */
static int
choose_name(candidates_t *self, const char *name, const trust_t *trust, fault_t *fault)
{
    candidate_t *found = find_named(self, name, trust);
    if (!found)
        return unknown_worker(self, name, fault);
    if (found->named)
        return fault_set(fault, FAULT_USAGE, "target '%s' is named twice", found->worker->id);
    found->named = true;
    found->chosen = found->chosen ? found->chosen : ++self->chosen;
    for (size_t i = 0; i < self->count; i++)
        self->at[i].in_pool = self->at[i].in_pool || !strcmp(self->at[i].region, found->region);
    return 0;
}

static int
choose_selector(candidates_t *self, const char *selector, fault_t *fault)
{
    size_t fits = 0, passed = 0;
    if (selector_check(selector, fault))
        return -1;
    for (size_t i = 0; i < self->count; i++) {
        candidate_t *at = &self->at[i];
        if (!selector_covers(selector, at->worker, at->region))
            continue;
        at->in_pool = true;
        fits++;
        if (at->passed)
            passed++;
        else
            at->chosen = at->chosen ? at->chosen : ++self->chosen;
    }
    if (fits && fits == passed)
        return fault_set(fault, FAULT_TARGET,
                         "every worker with the labels '%.100s' is drained or revoked; see: tocsin "
                         "worker list, or name one by --target WORKER",
                         selector);
    if (!fits)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "no worker has the labels '%.100s'; see: tocsin worker list", selector);
    return 0;
}

static int
choose_host(candidates_t *self, const selection_t *by, const trust_t *trust, fault_t *fault)
{
    if (!by->alert || !strcmp(by->alert->host, "-"))
        return fault_set(fault, FAULT_USAGE,
                         "no target; name workers by --target WORKER or --target region=NAME");
    const worker_line_t *worker = trust_host(trust, by->alert->host, NULL);
    if (!worker)
        return fault_set(fault, FAULT_TARGET,
                         "the incident's host '%.100s' is no worker's in the fleet "
                         "documents; name workers by --target WORKER",
                         by->alert->host);
    return choose_name(self, worker->id, trust, fault);
}

static int
choose(candidates_t *self, const selection_t *by, const trust_t *trust, fault_t *fault)
{
    if (!by->chosen || !by->chosen->count)
        return choose_host(self, by, trust, fault);
    for (size_t i = 0; i < by->chosen->count; i++) {
        const char *word = by->chosen->at[i];
        if (strchr(word, '=') ? choose_selector(self, word, fault)
                              : choose_name(self, word, trust, fault))
            return -1;
    }
    return 0;
}

static int
except(const candidates_t *self, const char *word, const trust_t *trust, fault_t *fault)
{
    bool selects = strchr(word, '=');
    if (selects && selector_check(word, fault))
        return -1;
    const candidate_t *named = selects ? NULL : find_named(self, word, trust);
    if (!selects && !named)
        return unknown_worker(self, word, fault);
    for (size_t i = 0; i < self->count; i++) {
        candidate_t *at = &self->at[i];
        if (at->chosen && (named ? at == named : selector_covers(word, at->worker, at->region)))
            at->excepted = true;
    }
    return 0;
}

/* ---- limits ------------------------------------------------------------------------------ */

/* The smaller cap; 0 is none. */
static uint64_t
stricter_cap(uint64_t one, uint64_t other)
{
    return !one || (other && other < one) ? other : one;
}

static int
check_limits(const targets_t *self, fault_t *fault)
{
    if (!self->count)
        return fault_set(fault, FAULT_TARGET, "no target is left: all %zu chosen are excepted",
                         self->except_count);
    if (self->at_most && self->count > self->at_most)
        return fault_set(fault, FAULT_LIMIT,
                         "%zu targets are chosen and the cap is %llu; name fewer", self->count,
                         (unsigned long long)self->at_most);
    if (self->keep && self->pool <= self->keep)
        return fault_set(fault, FAULT_LIMIT,
                         "no order fits: there are %zu workers of those labels or that region, and "
                         "%llu must stay untouched (--keep, or the playbook's keep)",
                         self->pool, (unsigned long long)self->keep);
    if (self->keep && self->pool - self->count < self->keep)
        return fault_set(
            fault, FAULT_LIMIT,
            "%zu of the %zu workers there would stay untouched, and %llu must (--keep, "
            "or the playbook's keep); name fewer",
            self->pool - self->count, self->pool, (unsigned long long)self->keep);
    return 0;
}

static int
by_choice(const void *left, const void *right)
{
    const candidate_t *a = left, *b = right;
    return a->chosen < b->chosen ? -1 : a->chosen > b->chosen;
}

static void
take(targets_t *self, candidates_t *all)
{
    if (all->count)
        qsort(all->at, all->count, sizeof *all->at, by_choice);
    self->ids = memory_new(all->count + 1, sizeof *self->ids);
    self->excepted = memory_new(all->count + 1, sizeof *self->excepted);
    for (size_t i = 0; i < all->count; i++) {
        const candidate_t *at = &all->at[i];
        self->pool += at->in_pool;
        if (!at->chosen)
            continue;
        char *to = at->excepted ? self->excepted[self->except_count++] : self->ids[self->count++];
        text_copy(to, sizeof self->ids[0], at->worker->id);
    }
}

int
targets_choose(targets_t *self, const selection_t *by, const trust_t *trust, fault_t *fault)
{
    CLEANUP(candidates_clear) candidates_t all = {0};
    *self = (targets_t){.at_most = stricter_cap(by->at_most, by->most),
                        .keep = by->keep > by->keeps ? by->keep : by->keeps};
    list_fleet(&all, trust);
    mark_passed(&all, by->workers);
    if (choose(&all, by, trust, fault))
        return -1;
    for (size_t i = 0; by->except && i < by->except->count; i++)
        if (except(&all, by->except->at[i], trust, fault))
            return -1;
    take(self, &all);
    return check_limits(self, fault);
}

void
targets_clear(targets_t *self)
{
    free(self->ids);
    free(self->excepted);
    *self = (targets_t){0};
}
