/* SPDX-License-Identifier: Apache-2.0 */
/* What holds an automatic run back though a grant covers it: then people are told, and decide. */
#include "broker/core/state.h"

static int
check_open(core_t *self, const char *playbook, const char *worker, fault_t *fault)
{
    char text[HASH_TEXT];
    const peer_t *peer = core_peer(self, worker);
    for (size_t i = 0; i < peer->work_count; i++) {
        const work_t *work = &peer->work[i];
        if (!strcmp(work->share->row.target, worker) && !strcmp(work->run->row.playbook, playbook))
            return fault_set(fault, FAULT_CONFLICT, "run %.12s of it is open on worker '%s'",
                             hash_write(&work->run->row.id, text), worker);
    }
    return 0;
}

static int
check_cooldown(core_t *self, const shelved_t *release, const char *worker, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *row = NULL;
    uint64_t cooldown_s = release->manifest->cooldown_s;
    query_t query = {.what = FIND_RUN_BEGUN, .text = worker, .other = release->release->playbook};
    if (!cooldown_s)
        return 0;
    if (core_recall(self, &query, &row, fault))
        return -1;
    if (row && self->now.ms - row->run.created.ms < (int64_t)cooldown_s * 1000)
        return fault_set(fault, FAULT_RATE,
                         "an automatic run of it began on worker '%s' less than %llu seconds ago",
                         worker, (unsigned long long)cooldown_s);
    return 0;
}

static int
check_freeze(const core_t *self, const char *region, fault_t *fault)
{
    const freeze_t *freeze = self->holds ? holds_freeze(self->holds, region, self->now) : NULL;
    return freeze ? fault_set(fault, FAULT_WINDOW, "freeze '%s' is in force", freeze->name) : 0;
}

int
restraint_of_region(core_t *self, const char *region, fault_t *fault)
{
    return brake_check(self, region, fault) || check_freeze(self, region, fault) ? -1 : 0;
}

int
restraint_check(core_t *self, const shelved_t *release, const char *worker, fault_t *fault)
{
    const fleet_t *fleet = NULL;
    trust_worker(self->charter->trust, worker, &fleet);
    const char *region = fleet ? fleet->region : "";
    return restraint_of_region(self, region, fault) || drain_check(self, worker, fault) ||
                   check_open(self, release->release->playbook, worker, fault) ||
                   check_cooldown(self, release, worker, fault) || brake_count(self, region, fault)
               ? -1
               : 0;
}
