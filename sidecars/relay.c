/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/relay.h"

#include <stdlib.h>

#include "common/log.h"
#include "wire/alertmanager.h"
#include "wire/post.h"

#define BACK_MS 1000 /* by which a clock may go back without being believed */

struct relay {
    const relay_settings_t *settings;
    sealer_t *sealer;
    spool_t *const *spools;
    wall_t last; /* received of the last body */
};

/* A body on its way: what is signed of it and not in the spools yet. */
typedef struct {
    relay_t *relay;
    spool_t *const *spools; /* of its source */
    wall_t received;
    size_t count;
    bytes_t *post;
} load_t;

relay_t *
relay_new(const relay_settings_t *settings, sealer_t *sealer, spool_t *const *spools)
{
    relay_t *self = memory_new(1, sizeof *self);
    *self = (relay_t){.settings = settings, .sealer = sealer, .spools = spools};
    return self;
}

void
relay_destroy(relay_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static int
keep(load_t *self, fault_t *fault)
{
    const relay_t *relay = self->relay;
    if (!self->count)
        return 0;
    if (spool_put(relay->settings->state, self->spools, relay->settings->broker_count,
                  self->received, bytes_slice(self->post), fault))
        return -1;
    self->count = 0;
    bytes_clear(self->post);
    return 0;
}

static int
on_alert(void *context, alert_t *alert, fault_t *fault)
{
    load_t *self = context;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    alert->site = self->relay->settings->site;
    alert->received = self->received;
    if (alert->starts.ms <= 0)
        alert->starts = self->received;
    alert_encode(alert, document);
    if (sealer_sign(self->relay->sealer, bytes_slice(document), armor, fault))
        return -1;
    bool full = self->count == POST_ALERTS_MAX ||
                self->post->size + document->size + armor->size > POST_BYTES_MAX;
    if (full && keep(self, fault))
        return -1;
    bytes_add_slice(self->post, bytes_slice(document));
    bytes_add_slice(self->post, bytes_slice(armor));
    self->count++;
    return 0;
}

/* Of one event only what was received later counts at a broker, so no two bodies share a moment. */
static wall_t
moment_of(relay_t *self, wall_t now)
{
    if (now.ms <= self->last.ms && self->last.ms - now.ms < BACK_MS)
        now.ms = self->last.ms + 1;
    return self->last = now;
}

int
relay_take(relay_t *self, const relay_source_t *source, slice_t body, wall_t now, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *post = bytes_new();
    size_t number = (size_t)(source - self->settings->sources);
    load_t load = {.relay = self,
                   .spools = self->spools + number * RELAY_BROKERS_MAX,
                   .received = moment_of(self, now),
                   .post = post};
    CLEANUP(alertmanager_destroy) alertmanager_t *alerts = alertmanager_parse(body, fault);
    if (!alerts)
        return -1;
    if (alertmanager_cut(alerts))
        log_warning("source=%s: %llu alerts of this group were cut off before they came here",
                    source->name, (unsigned long long)alertmanager_cut(alerts));
    if (alertmanager_each(alerts, source->name, on_alert, &load, fault) || keep(&load, fault))
        return -1;
    return 0;
}
