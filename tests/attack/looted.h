/* SPDX-License-Identifier: Apache-2.0 */
/* looted - attacks with what any broker has seen, and nobody's key but its own. */
#ifndef TOCSIN_TESTS_LOOTED_H
#define TOCSIN_TESTS_LOOTED_H

#include "tests/attack/signatures.h"

/* An alert that nobody sent, of all that the grant matches. */
static void
looted_alert(const enemy_t *self, const grant_t *grant, bytes_t *out, alert_t *alert)
{
    hash_read(self->site, &alert->site);
    text_copy(alert->source, sizeof alert->source, grant->sources[0]);
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "enemy-%d", getpid());
    alert->firing = true;
    alert->received = alert->starts = wall_now();
    text_copy(alert->severity, sizeof alert->severity, "critical");
    text_copy(alert->host, sizeof alert->host, self->host);
    text_copy(alert->title, sizeof alert->title, "made up by the broker");
    for (size_t i = 0; i < grant->match_count; i++)
        if (!strncmp(grant->matches[i].field, "labels.", 7) &&
            (!i || strcmp(grant->matches[i].field, grant->matches[i - 1].field) != 0))
            alert_label(alert, alert->label_count, grant->matches[i].field + 7,
                        grant->matches[i].value);
    alert_label(alert, alert->label_count, "mountpoint", self->path);
    alert_encode(alert, out);
}

/* Under the grant, which takes the broker's word. */
static void
looted_grant(const enemy_t *self, const grant_t *grant, lie_t *lie)
{
    CLEANUP(alert_destroy) alert_t *alert = memory_new(1, sizeof *alert);
    hash_t hash = hash_of(bytes_slice(lie->authority));
    looted_alert(self, grant, lie->alert, alert);
    lie->by_grant = true;
    lie->run = grant_run(&hash, alert);
}

/* An order of its own, signed with the only key that it has. */
static void
looted_order(enemy_t *self, const grant_t *grant, lie_t *lie)
{
    plan_t plan = {.release = memory_new(1, sizeof *plan.release)};
    text_copy(plan.release->playbook, TEXT_NAME_MAX + 1, grant->playbook);
    plan_order(self, &plan);
    plan.order->input_count = 0;
    plan.order->releases[0].hash = lie->release_hash;
    bytes_clear(lie->authority);
    order_encode(plan.order, lie->authority);
    lie->run = hash_of(bytes_slice(lie->authority));
    own_key(self, lie);
    plan_clear(&plan);
}

static void
looted_below_quorum(enemy_t *self, const grant_t *grant, lie_t *lie)
{
    static const char footer[] = "-----END SSH SIGNATURE-----\n";
    char *text = (char *)lie->release_armors->data, *last = NULL, *before = NULL;
    looted_grant(self, grant, lie);
    for (char *at = text; (at = strstr(at, footer)); at += sizeof footer - 1) {
        before = last;
        last = at;
    }
    if (before)
        lie->release_armors->size = (size_t)(before - text) + sizeof footer - 1;
}

static void
looted_change(enemy_t *self, const grant_t *grant, lie_t *lie)
{
    CLEANUP(bytes_destroy)
    bytes_t *playbook = bytes_copy(value_slice(value_get(lie->files, "playbook.lua")));
    char *goal = strstr((char *)playbook->data, ">");
    looted_grant(self, grant, lie);
    if (goal)
        *goal = '<';
    value_set(lie->files, "playbook.lua", value_bytes(bytes_slice(playbook)));
}

static const struct {
    const char *name;
    void (*make)(enemy_t *self, const grant_t *grant, lie_t *lie);
} looted_attacks[] = {
    {"release-below-quorum", looted_below_quorum},
    {"own-order", looted_order},
    {"playbook-changed", looted_change},
};

/* False where no attack has that name. */
static bool
looted_make(enemy_t *self, const char *name, lie_t *lie)
{
    fault_t fault = {0};
    for (size_t i = 0; i < ARRAY_SIZE(looted_attacks); i++) {
        if (strcmp(looted_attacks[i].name, name) != 0)
            continue;
        *lie = (lie_t){.authority = forge_read(self->loot, "grant", ""),
                       .armors = forge_read(self->loot, "grant", ".sigs"),
                       .alert = bytes_new(),
                       .alert_armor = bytes_new(),
                       .release = forge_read(self->loot, "release", ""),
                       .release_armors = forge_read(self->loot, "release", ".sigs"),
                       .files = value_map()};
        lie->release_hash = hash_of(bytes_slice(lie->release));
        read_files(lie->files, self->loot, "");
        CLEANUP(grant_destroy) grant_t *grant = grant_decode(bytes_slice(lie->authority), &fault);
        if (!grant)
            forge_die(fault.text);
        looted_attacks[i].make(self, grant, lie);
        return true;
    }
    return false;
}

#endif
