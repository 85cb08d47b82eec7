/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/charter.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

#define PATH_TEXT_MAX 4096

static int
read_id(const char *folder, hash_t *id, fault_t *fault)
{
    char path[PATH_TEXT_MAX];
    snprintf(path, sizeof path, "%s/id", folder);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, HASH_TEXT, fault);
    if (!text)
        return -1;
    if (text->size && text->data[text->size - 1] == '\n')
        text->data[text->size - 1] = '\0';
    if (!hash_read(bytes_text(text), id))
        return fault_set(fault, FAULT_FORMAT, "'%s' is not a site's id", path);
    return 0;
}

/* file is where it lies, name what workers call it. */
static int
keep(charter_t *self, const char *folder, const char *file, const char *name, uint64_t version,
     fault_t *fault)
{
    char path[PATH_TEXT_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    if (signed_load(path, &document, &armors, fault))
        return -1;
    self->documents = memory_resize(self->documents, self->count + 1, sizeof *self->documents);
    charter_document_t *kept = &self->documents[self->count++];
    *kept = (charter_document_t){.version = version};
    snprintf(kept->name, sizeof kept->name, "%s", name);
    kept->document = MOVE(document);
    kept->armors = MOVE(armors);
    return 0;
}

static int
keep_all(charter_t *self, const char *folder, fault_t *fault)
{
    char file[TEXT_NAME_MAX + 16];
    const root_t *root = trust_root(self->trust);
    const people_t *people = trust_people(self->trust);
    for (uint64_t version = 1; root && version <= root->version; version++) {
        snprintf(file, sizeof file, "root.%llu", (unsigned long long)version);
        if (keep(self, folder, file, "root", version, fault))
            return -1;
    }
    if (people && keep(self, folder, "people", "people", people->version, fault))
        return -1;
    for (size_t i = 0; i < trust_fleet_count(self->trust); i++) {
        const fleet_t *fleet = trust_fleet(self->trust, i);
        snprintf(file, sizeof file, "fleet.%s", fleet->region);
        if (keep(self, folder, file, file, fleet->version, fault))
            return -1;
    }
    return 0;
}

charter_t *
charter_load(const char *folder, fault_t *fault)
{
    CLEANUP(charter_destroy) charter_t *self = memory_new(1, sizeof *self);
    hash_t id;
    if (read_id(folder, &id, fault))
        return NULL;
    self->trust = trust_new(&id);
    if (trust_load(self->trust, folder, fault) || keep_all(self, folder, fault)) {
        fault_wrap(fault, "site '%s'", folder);
        return NULL;
    }
    return MOVE(self);
}

charter_t *
charter_over(trust_t **trust)
{
    charter_t *self = memory_new(1, sizeof *self);
    self->trust = MOVE(*trust);
    return self;
}

void
charter_destroy(charter_t **self_p)
{
    charter_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        bytes_destroy(&self->documents[i].document);
        bytes_destroy(&self->documents[i].armors);
    }
    free(self->documents);
    trust_destroy(&self->trust);
    free(self);
    *self_p = NULL;
}

static bool
has(const charter_t *self, slice_t document)
{
    for (size_t i = 0; i < self->count; i++)
        if (slice_equal(bytes_slice(self->documents[i].document), document))
            return true;
    return false;
}

static charter_document_t *
insert(charter_t *self, size_t at)
{
    self->documents = memory_resize(self->documents, self->count + 1, sizeof *self->documents);
    memmove(&self->documents[at + 1], &self->documents[at],
            (self->count++ - at) * sizeof *self->documents);
    return &self->documents[at];
}

/* Behind the roots, since each of them is needed to reach the next; in place of what it follows;
 * or at the end. */
static charter_document_t *
room_for(charter_t *self, const char *name)
{
    size_t at = 0;
    bool root = !strcmp(name, "root");
    while (at < self->count && root == !strcmp(self->documents[at].name, name))
        at++;
    if (root || at == self->count)
        return insert(self, at);
    bytes_destroy(&self->documents[at].document);
    bytes_destroy(&self->documents[at].armors);
    return &self->documents[at];
}

static uint64_t
version_of(const trust_t *trust, const char *name)
{
    if (!strcmp(name, "root"))
        return trust_root(trust)->version;
    if (!strcmp(name, "people"))
        return trust_people(trust)->version;
    for (size_t i = 0; i < trust_fleet_count(trust); i++)
        if (!strcmp(name + strlen("fleet."), trust_fleet(trust, i)->region))
            return trust_fleet(trust, i)->version;
    return 0;
}

int
charter_add(charter_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    char name[TRUST_NAME_MAX];
    if (has(self, document))
        return 0;
    if (trust_name(document, name, fault) || trust_add(self->trust, document, armors, fault))
        return -1;
    if (!strncmp(name, "root.", 5))
        name[4] = '\0';
    charter_document_t *kept = room_for(self, name);
    *kept = (charter_document_t){.version = version_of(self->trust, name),
                                 .document = bytes_copy(document),
                                 .armors = bytes_copy(armors)};
    text_copy(kept->name, sizeof kept->name, name);
    return 1;
}

void
charter_inherit(charter_t *self, const charter_t *from)
{
    for (size_t i = 0; i < from->count; i++) {
        fault_t why = {0};
        if (charter_add(self, bytes_slice(from->documents[i].document),
                        bytes_slice(from->documents[i].armors), &why) < 0)
            log_debug("%s is not taken over: %s", from->documents[i].name, why.text);
    }
}

const charter_document_t *
charter_lacks(const charter_t *self, const char *region, const value_t *versions, size_t *at)
{
    char own[TEXT_NAME_MAX + 8];
    snprintf(own, sizeof own, "fleet.%s", region ? region : "");
    while (*at < self->count) {
        const charter_document_t *document = &self->documents[(*at)++];
        bool theirs =
            !region || strncmp(document->name, "fleet.", 6) != 0 || !strcmp(document->name, own);
        int64_t version = value_get_integer(versions, document->name);
        if (theirs && (version < 0 || document->version > (uint64_t)version))
            return document;
    }
    return NULL;
}
