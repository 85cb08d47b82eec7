/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/charter.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"

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

const charter_document_t *
charter_lacks(const charter_t *self, const char *region, const value_t *versions, size_t *at)
{
    char own[TEXT_NAME_MAX + 8];
    snprintf(own, sizeof own, "fleet.%s", region);
    while (*at < self->count) {
        const charter_document_t *document = &self->documents[(*at)++];
        bool theirs = strncmp(document->name, "fleet.", 6) != 0 || !strcmp(document->name, own);
        int64_t version = value_get_integer(versions, document->name);
        if (theirs && (version < 0 || document->version > (uint64_t)version))
            return document;
    }
    return NULL;
}
