/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/papers.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "common/log.h"
#include "wire/message.h"
#include "wire/site_folder.h"

#define HALT "halt " /* starts the id of a stop, revoke or resume, which goes on with its hash */

static int
restore(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    return trust_restore(context, document, armors, fault);
}

int
papers_restore(const papers_t *self, fault_t *fault)
{
    if (ledger_each_document(self->place->ledger, restore, self->place->trust, fault))
        return fault_wrap(fault, "a document in the ledger");
    return 0;
}

/* ---- stops that trust forgets ------------------------------------------------------------ */

typedef struct {
    size_t count;
    halt_line_t *line; /* ours */
} halts_t;

static void
halts_clear(halts_t *self)
{
    free(self->line);
}

static halts_t
list_halts(const trust_t *trust)
{
    halts_t list = {.count = trust_halt_count(trust)};
    list.line = memory_new(list.count + 1, sizeof *list.line);
    for (size_t i = 0; i < list.count; i++)
        list.line[i] = *trust_halt(trust, i);
    return list;
}

static bool
is_kept(const trust_t *trust, const hash_t *hash)
{
    for (size_t i = 0; i < trust_halt_count(trust); i++)
        if (hash_equal(&trust_halt(trust, i)->hash, hash))
            return true;
    return false;
}

/* The ledger forgets what trust forgot for the sake of another. */
static int
drop_forgotten(const papers_t *self, const halts_t *before, fault_t *fault)
{
    char name[TRUST_NAME_MAX], text[HASH_TEXT];
    for (size_t i = 0; i < before->count; i++) {
        const halt_line_t *line = &before->line[i];
        if (is_kept(self->place->trust, &line->hash))
            continue;
        snprintf(name, sizeof name, "%s.%s", halt_line_type(line), hash_write(&line->hash, text));
        if (ledger_drop_document(self->place->ledger, name, fault))
            return -1;
    }
    return 0;
}

int
papers_forget(const papers_t *self, wall_t now, fault_t *fault)
{
    CLEANUP(halts_clear) halts_t before = list_halts(self->place->trust);
    trust_forget_past(self->place->trust, now);
    for (size_t i = trust_halt_count(self->place->trust); i-- > 0;) {
        const halt_line_t *line = trust_halt(self->place->trust, i);
        hash_t run;
        bool closed = false;
        if (!line || line->what != HALT_RUN || !hash_read(line->name, &run))
            continue;
        if (ledger_is_closed(self->place->ledger, &run, &closed, fault))
            return -1;
        if (closed)
            trust_forget_stops(self->place->trust, &run);
    }
    return drop_forgotten(self, &before, fault);
}

/* ---- keeping ----------------------------------------------------------------------------- */

int
papers_add(papers_t *self, slice_t document, slice_t armors, wall_t now, fault_t *why,
           fault_t *fault)
{
    trust_t *trust = self->place->trust;
    char name[TRUST_NAME_MAX];
    hash_t hash = hash_of(document);
    CLEANUP(halts_clear) halts_t before = list_halts(trust);
    int failed = trust_add(trust, document, armors, why);
    if (failed && why->code == FAULT_LIMIT && halt_is(document)) {
        if (papers_forget(self, now, fault))
            return -1;
        *why = (fault_t){0};
        failed = trust_add(trust, document, armors, why);
    }
    if (failed && freshness_names(self->place->freshness, trust, &hash)) {
        *why = (fault_t){0};
        failed = trust_restore(trust, document, armors, why);
    }
    if (failed)
        return 0;
    outbox_need_commit(self->place->outbox);
    if (trust_name(document, name, fault) ||
        ledger_put_document(self->place->ledger, name, document, armors, fault))
        return -1;
    bool grew = trust_halt_count(trust) == before.count + 1 || !halt_is(document);
    return grew ? 0 : drop_forgotten(self, &before, fault);
}

void
papers_show(papers_t *self, slice_t document, slice_t armors)
{
    char id[HASH_TEXT + sizeof HALT], text[HASH_TEXT];
    hash_t hash = hash_of(document);
    if (halt_is(document))
        snprintf(id, sizeof id, HALT "%s", hash_write(&hash, text));
    else
        snprintf(id, sizeof id, "d%llu", (unsigned long long)++self->number);
    frames_t *frames = frames_new();
    frames_add_text(frames, "DOCUMENT");
    frames_add_text(frames, id);
    frames_add(frames, document);
    frames_add(frames, armors);
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, frames);
}

static int
show(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    (void)fault;
    papers_show(context, document, armors);
    return 0;
}

int
papers_show_all(papers_t *self, fault_t *fault)
{
    return ledger_each_document(self->place->ledger, show, self, fault);
}

void
papers_on_kept(const papers_t *self, const char *id)
{
    hash_t hash;
    if (strncmp(id, HALT, sizeof HALT - 1) != 0 || !hash_read(id + sizeof HALT - 1, &hash))
        return;
    frames_t *frames = message_new(MESSAGE_KEPT);
    frames_add_text(frames, id + sizeof HALT - 1);
    outbox_add(self->place->outbox, TO_LINK, 0, frames);
}
