/* SPDX-License-Identifier: Apache-2.0 */
/* The consents that a mandate was shown, and the steps that wait for them. */
#include "worker/brief.h"
#include "worker/mandate_private.h"

static bool
has_consent(const mandate_t *self, const char *path)
{
    for (size_t i = 0; i < self->consent_count; i++)
        if (!strcmp(self->consents[i], path))
            return true;
    return false;
}

/* A step that waits for a consent in any case. */
static bool
is_gate(const manifest_step_t *step)
{
    return step->kind == STEP_APPROVE && !step->has_when;
}

/* The first count names of a path. */
static void
path_front(const char *path, size_t count, char out[static STEP_PATH_MAX])
{
    text_copy(out, STEP_PATH_MAX, path);
    char *end = out;
    for (end += strcspn(end, "/"); --count && *end; end += strcspn(end, "/"))
        end++;
    *end = '\0';
}

/* The gates of a step and of its callers, one after another; *at begins as 0. */
static bool
next_gate(const mandate_t *self, const char *path, size_t *at, char gate[static STEP_PATH_MAX])
{
    char upto[STEP_PATH_MAX];
    const manifest_step_t *step;
    for (size_t depth; (depth = *at / MANIFEST_STEPS_MAX) < path_depth(path);) {
        path_front(path, depth + 1, upto);
        const play_t *play = mandate_step(self, upto, &step);
        for (size_t i = *at % MANIFEST_STEPS_MAX; play && i < play->manifest->step_count; i++) {
            const manifest_step_t *other = &play->manifest->steps[i];
            *at = depth * MANIFEST_STEPS_MAX + i + 1;
            if (is_gate(other) && manifest_awaits(play->manifest, step->name, other->name) &&
                path_join(gate, play->path, other->name))
                return true;
        }
        *at = (depth + 1) * MANIFEST_STEPS_MAX;
    }
    return false;
}

int
mandate_check_consents(const mandate_t *self, const char *path, fault_t *fault)
{
    char gate[STEP_PATH_MAX];
    for (size_t at = 0; next_gate(self, path, &at, gate);)
        if (!has_consent(self, gate))
            return fault_set(fault, FAULT_DENIED,
                             "step '%s' waits for a consent to '%s', and there is none", path,
                             gate);
    return 0;
}

/* When an op first began that waits for this gate: its consent counted by then, and a restart since
 * takes nothing back from it. ms 0 where none did. */
static wall_t
passed(const mandate_t *self, const char *path, const journal_t *journal)
{
    char gate[STEP_PATH_MAX];
    const journal_entry_t *entry = NULL;
    while ((entry = journal_next(journal, &self->warrant->run, entry)))
        for (size_t at = 0; next_gate(self, entry->step, &at, gate);)
            if (!strcmp(gate, path))
                return entry->begun;
    return (wall_t){0};
}

/* Which receipts were shown is for the judge to compare: here nobody knows them. */
static consent_t *
check_consent(const mandate_t *self, const play_t *play, const manifest_step_t *step,
              const char *path, slice_t document, slice_t armors, const lawbook_t *by,
              fault_t *fault)
{
    consent_wish_t wish = {
        .run = self->warrant->run,
        .step = path,
        .role = step->role,
        .class = play->highest,
        .excluded = self->warrant->order ? &self->warrant->signers : NULL,
        .accepted = passed(self, path, by->journal),
    };
    return trust_check_consent(by->trust, document, armors, &wish, by->now, fault);
}

static int
take_consent(mandate_t *self, const char *path, const consent_t *consent, fault_t *fault)
{
    if (!consent_is_yes(consent))
        return fault_set(fault, FAULT_DENIED, "the consent says no");
    if (!consent_target(consent, self->warrant->target))
        return fault_set(fault, FAULT_TARGET, "the consent does not name this worker");
    if (has_consent(self, path))
        return 0;
    if (self->consent_count == MANDATE_CONSENTS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d consents", MANDATE_CONSENTS_MAX);
    self->consents = memory_grow(self->consents, self->consent_count, &self->consent_capacity,
                                 sizeof *self->consents);
    text_copy(self->consents[self->consent_count++], STEP_PATH_MAX, path);
    return 0;
}

/* For which step it is stands in bytes that are read only once they are verified: each is tried,
 * and a signature that held is not checked again. */
int
mandate_add_consent(mandate_t *self, slice_t document, slice_t armors, const lawbook_t *by,
                    fault_t *fault)
{
    char path[STEP_PATH_MAX];
    fault_set(fault, FAULT_TARGET, "no step of this run waits for it");
    for (size_t i = 0; i < self->play_count; i++) {
        const play_t *play = &self->plays[i];
        for (size_t j = 0; j < play->manifest->step_count; j++) {
            const manifest_step_t *step = &play->manifest->steps[j];
            if (step->kind != STEP_APPROVE || !path_join(path, play->path, step->name))
                continue;
            CLEANUP(consent_destroy)
            consent_t *consent = check_consent(self, play, step, path, document, armors, by, fault);
            if (consent)
                return take_consent(self, path, consent, fault);
            if (fault->code != FAULT_TARGET)
                return -1;
        }
    }
    return -1;
}
