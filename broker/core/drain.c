/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that people drained: what runs there goes on, and nothing further is offered to them
 * until they are resumed. */
#include <stdio.h>

#include "broker/core/state.h"

static void
hold(peer_t *peer, const drain_row_t *row)
{
    if (!peer->drain)
        peer->drain = memory_new(1, sizeof *peer->drain);
    *peer->drain = *row;
}

static bool
load_drain(void *context, const row_t *row)
{
    hold(core_peer(context, row->drain.worker), &row->drain);
    return true;
}

int
drains_load(core_t *self, fault_t *fault)
{
    query_t query = {.what = FIND_DRAINS};
    return self->past->find(self->past->self, &query, load_drain, self, fault);
}

const drain_row_t *
peer_drained(const peer_t *self)
{
    return self->drain && self->drain->engaged ? self->drain : NULL;
}

const drain_row_t *
core_drained(const core_t *self, const char *worker)
{
    const peer_t *peer = zhashx_lookup(self->peers, worker);
    return peer ? peer_drained(peer) : NULL;
}

int
drain_check(core_t *self, const char *worker, fault_t *fault)
{
    const drain_row_t *drain = core_drained(self, worker);
    if (!drain)
        return 0;
    return fault_set(fault, FAULT_RATE,
                     "worker '%s' is drained by %s: %.*s; let it work again with: "
                     "tocsin worker resume %s",
                     worker, drain->who, text_fit(drain->reason, 150), drain->reason, worker);
}

/* What was offered while it was away is offered again, and what was held back is looked at. */
static void
go_on(core_t *self, peer_t *peer)
{
    for (size_t i = 0; i < peer->work_count; i++) {
        run_offer_again(self, peer->work[i].run, peer->work[i].share);
        run_stir(self, peer->work[i].run, peer->work[i].share);
    }
}

int
on_drain(core_t *self, event_t *event, fault_t *fault)
{
    bool on = event->number != 0, was = core_drained(self, event->worker);
    if (on && !trust_worker(self->charter->trust, event->worker, NULL))
        return fault_set(fault, FAULT_NOT_FOUND,
                         "no fleet document lists a worker '%.63s'; see: tocsin worker list",
                         event->worker);
    if (on && core_check_words(event->text, "say why", fault))
        return -1;
    if (!on && !was)
        return fault_set(fault, FAULT_CONFLICT, "worker '%.63s' is not drained", event->worker);
    peer_t *peer = core_peer(self, event->worker);
    row_t row = {.kind = ROW_DRAIN, .drain = {.engaged = on, .at = self->now}};
    snprintf(row.drain.worker, sizeof row.drain.worker, "%s", event->worker);
    snprintf(row.drain.who, sizeof row.drain.who, "%s", event->who);
    snprintf(row.drain.reason, sizeof row.drain.reason, "%s", on ? event->text : "");
    hold(peer, &row.drain);
    core_put(self, &row);
    core_note(self, "drain", 0, NULL, event->worker, "%s %s worker '%s'%s%.*s", event->who,
              on ? "drained" : "resumed", event->worker, on ? ": " : "",
              text_fit(row.drain.reason, 300), row.drain.reason);
    if (!on)
        go_on(self, peer);
    return 0;
}
