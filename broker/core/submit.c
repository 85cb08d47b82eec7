/* SPDX-License-Identifier: Apache-2.0 */
/* Releases, approvals, grants and restarts that came in. */
#include <stdio.h>

#include "broker/core/state.h"

static void
keep_release(core_t *self, const shelved_t *release)
{
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    value_encode(release->files, files);
    core_keep(self, "release", true, &release->hash, bytes_slice(release->document),
              bytes_slice(release->armors), bytes_slice(files));
}

static void
tell_release(core_t *self, const char *kind, const shelved_t *release)
{
    char text[HASH_TEXT];
    core_note(self, kind, 0, NULL, NULL, "release %.12s of '%s', sequence %llu, is %s%s%s",
              hash_write(&release->hash, text), release->release->playbook,
              (unsigned long long)release->release->sequence, release_word(release->state),
              release->reason[0] ? ": " : "", release->reason);
    incidents_suggest(self);
}

int
on_release(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event->made = hash_of(event->document);
    bool known = shelf_release(self->shelf, &event->made) != NULL;
    shelved_t *release = shelf_add_release(self->shelf, self->charter->trust, event->document,
                                           event->armors, event->files, &changed, fault);
    if (!release)
        return -1;
    if (!changed)
        return 0;
    core_leaf2(self, known ? "approval" : "release", event->document, event->armors);
    keep_release(self, release);
    tell_release(self, "release", release);
    return 0;
}

int
on_approval(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event->made = event->hash;
    if (shelf_approve(self->shelf, self->charter->trust, &event->hash, event->armors, &changed,
                      fault))
        return -1;
    if (!changed)
        return 0;
    const shelved_t *release = shelf_release(self->shelf, &event->hash);
    core_leaf2(self, "approval", bytes_slice(release->document), event->armors);
    keep_release(self, release);
    tell_release(self, "approval", release);
    return 0;
}

int
on_reject(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event_row_t told = {.kind = "rejection"};
    rejection_t rejection;
    event->made = event->hash;
    if (shelf_reject(self->shelf, self->charter->trust, event->document, event->armors, &changed,
                     fault) ||
        rejection_decode(&rejection, event->document, fault))
        return -1;
    if (!changed)
        return 0;
    char text[HASH_TEXT];
    const shelved_t *release = shelf_release(self->shelf, &rejection.release);
    core_leaf2(self, "rejection", event->document, event->armors);
    core_keep(self, "rejection", true, &event->hash, event->document, event->armors,
              slice_of(NULL, 0));
    core_signers(self, event->armors, told.who, sizeof told.who);
    snprintf(told.text, sizeof told.text, "%.60s rejected release %.12s of '%s': %.*s", told.who,
             hash_write(&release->hash, text), release->release->playbook,
             text_fit(rejection.reason, 300), rejection.reason);
    core_tell(self, &told);
    return 0;
}

int
on_grant(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event_row_t told = {.kind = "grant"};
    held_grant_t *grant = shelf_add_grant(self->shelf, self->charter->trust, event->document,
                                          event->armors, self->now, &changed, fault);
    if (!grant)
        return -1;
    event->made = grant->hash;
    if (!changed)
        return 0;
    char text[HASH_TEXT];
    core_leaf2(self, "grant", event->document, event->armors);
    core_keep(self, "grant", true, &grant->hash, event->document, event->armors, slice_of(NULL, 0));
    core_signers(self, event->armors, told.who, sizeof told.who);
    snprintf(told.text, sizeof told.text, "grant %.12s for '%s' is in force",
             hash_write(&grant->hash, text), grant->grant->playbook);
    core_tell(self, &told);
    return 0;
}

/* Whether the leaves make its head is for whoever reads the log: a broker's word on it counts for
 * nothing. */
int
on_restart(core_t *self, event_t *event, fault_t *fault)
{
    signers_t who;
    event_row_t told = {.kind = "restart"};
    query_t query = {.what = FIND_DOCUMENT, .hash = event->hash};
    CLEANUP(row_destroy) row_t *known = NULL;
    CLEANUP(restart_destroy)
    restart_t *restart =
        trust_check_restart(self->charter->trust, event->document, event->armors, &who, fault);
    event->made = event->hash;
    if (!restart || core_recall(self, &query, &known, fault))
        return -1;
    if (restart->size > self->log.size)
        return fault_set(fault, FAULT_PROOF, "the log has %llu leaves, not %llu",
                         (unsigned long long)self->log.size, (unsigned long long)restart->size);
    if (known)
        return 0;
    core_leaf2(self, "restart", event->document, event->armors);
    core_keep(self, "restart", true, &event->hash, event->document, event->armors,
              slice_of(NULL, 0));
    core_signers(self, event->armors, told.who, sizeof told.who);
    snprintf(told.text, sizeof told.text,
             "the record was put back to its first %llu leaves and goes on from there: %.*s",
             (unsigned long long)restart->size, text_fit(restart->reason, 300), restart->reason);
    core_tell(self, &told);
    witnesses_restart(self);
    return 0;
}
