/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "broker/core/state.h"

void
decision_note(core_t *self, const shelved_t *release, const hash_t *grant, bool acted,
              const char *reason)
{
    if (self->decided_count == CORE_DECISIONS_MAX)
        return;
    decision_row_t *row = &self->decided[self->decided_count++];
    *row = (decision_row_t){.at = self->now, .grant = *grant, .acted = acted};
    if (release) {
        row->release = release->hash;
        text_copy(row->playbook, sizeof row->playbook, release->release->playbook);
    }
    text_copy(row->reason, sizeof row->reason, reason);
}

static hash_t
hash_decisions(const core_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    for (size_t i = 0; i < self->decided_count; i++) {
        const decision_row_t *row = &self->decided[i];
        char release[HASH_TEXT], grant[HASH_TEXT];
        bytes_addf(text, "%s %s %s %d %s\n", row->playbook, hash_write(&row->release, release),
                   hash_write(&row->grant, grant), row->acted, row->reason);
    }
    return hash_of(bytes_slice(text));
}

/* Where no playbook was triggered the incident's own reason says it all. */
void
decisions_keep(core_t *self, incident_t *incident)
{
    if (self->decided_count == 1 && !self->decided[0].playbook[0])
        return;
    hash_t hash = hash_decisions(self);
    if (hash_equal(&hash, &incident->decided))
        return;
    incident->decided = hash;
    for (size_t i = 0; i < self->decided_count; i++) {
        row_t row = {.kind = ROW_DECISION, .decision = self->decided[i]};
        row.decision.incident = incident->id;
        actions_put(self->actions, &row);
    }
}
