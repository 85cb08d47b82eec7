/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/keeper.h"
#include "keys/signature.h"

struct catalog {
    keeper_t *keeper;
};

static const char *const kinds[] = {
    [CATALOG_RELEASE] = "release",
    [CATALOG_APPROVAL] = "approval",
    [CATALOG_COMPLAINT] = "complaint",
};

catalog_item_t *
catalog_item_new(catalog_kind_t kind)
{
    catalog_item_t *self = memory_new(1, sizeof *self);
    self->kind = kind;
    self->document = bytes_new();
    self->armors = bytes_new();
    return self;
}

void
catalog_item_destroy(catalog_item_t **self_p)
{
    catalog_item_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    value_destroy(&self->files);
    free(self);
    *self_p = NULL;
}

static int
check_files(const release_t *release, const value_t *files, fault_t *fault)
{
    if (!files || value_kind(files) != VALUE_MAP)
        return fault_set(fault, FAULT_FORMAT, "no map of files");
    for (size_t i = 0; i < value_count(files); i++) {
        char path[RELEASE_PATH_MAX + 1];
        slice_t key = value_key(files, i);
        if (key.size >= sizeof path)
            return fault_set(fault, FAULT_LIMIT, "a path is over %d bytes", RELEASE_PATH_MAX);
        memcpy(path, key.data, key.size);
        path[key.size] = '\0';
        if (release_check_file(release, path, value_slice(value_at(files, i)), fault))
            return -1;
    }
    if (value_count(files) != release->file_count)
        return fault_set(fault, FAULT_HASH, "%zu of %zu files are there", value_count(files),
                         release->file_count);
    return 0;
}

static int
check_release(const catalog_item_t *self, fault_t *fault)
{
    hash_t hash = hash_of(bytes_slice(self->document));
    if (!hash_equal(&hash, &self->hash))
        return fault_set(fault, FAULT_HASH, "the document has another hash than its ref");
    if (self->armors->size > SIGNATURES_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d signatures", SIGNATURES_MAX);
    CLEANUP(release_destroy)
    release_t *release = release_decode(bytes_slice(self->document), fault);
    return release ? check_files(release, self->files, fault) : -1;
}

int
catalog_item_check(const catalog_item_t *self, fault_t *fault)
{
    signature_t signature;
    switch (self->kind) {
    case CATALOG_RELEASE:
        return check_release(self, fault);
    case CATALOG_APPROVAL:
        return signature_decode(&signature, bytes_slice(self->armors), fault);
    case CATALOG_COMPLAINT:
        break;
    }
    return 0;
}

frames_t *
catalog_item_encode(const catalog_item_t *self)
{
    char hash[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *last = bytes_new();
    frames_t *frames = frames_new();
    if (self->files)
        value_encode(self->files, last);
    else
        bytes_add_text(last, self->text);
    frames_add_text(frames, kinds[self->kind]);
    frames_add_text(frames, hash_write(&self->hash, hash));
    frames_add(frames, bytes_slice(self->document));
    frames_add(frames, bytes_slice(self->armors));
    frames_add(frames, bytes_slice(last));
    return frames;
}

catalog_item_t *
catalog_item_decode(const frames_t *frames, fault_t *fault)
{
    catalog_kind_t kind = CATALOG_RELEASE;
    while (kind < CATALOG_COMPLAINT && !slice_is(frames_at(frames, 0), kinds[kind]))
        kind++;
    CLEANUP(catalog_item_destroy) catalog_item_t *self = catalog_item_new(kind);
    if (frames->count != 5 || !slice_is(frames_at(frames, 0), kinds[kind]) ||
        !hash_read(frames_text(frames, 1), &self->hash)) {
        fault_set(fault, FAULT_FORMAT, "the catalog's reader spoke nonsense");
        return NULL;
    }
    bytes_add_slice(self->document, frames_at(frames, 2));
    bytes_add_slice(self->armors, frames_at(frames, 3));
    if (kind == CATALOG_RELEASE && !(self->files = value_decode(frames_at(frames, 4), fault)))
        return NULL;
    if (kind == CATALOG_COMPLAINT)
        snprintf(self->text, sizeof self->text, "%s", frames_text(frames, 4));
    if (catalog_item_check(self, fault))
        return NULL;
    return MOVE(self);
}

catalog_t *
catalog_new(const char *program, const char *repository, uid_t uid, int interval_ms, fault_t *fault)
{
    CLEANUP(descriptor_close)
    int folder = open(repository, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        fault_set(fault, FAULT_CONFIG, "the catalog's repository '%s' cannot be opened: %s",
                  repository, strerror(errno));
        return NULL;
    }
    char owner[16], interval[16];
    snprintf(owner, sizeof owner, "%u", (unsigned)uid);
    snprintf(interval, sizeof interval, "%d", interval_ms);
    const char *const arguments[] = {repository, owner, interval, NULL};
    keeper_t *keeper = keeper_new(program, arguments, NULL, NULL, fault);
    if (!keeper) {
        fault_wrap(fault, "the catalog");
        return NULL;
    }
    catalog_t *self = memory_new(1, sizeof *self);
    self->keeper = keeper;
    return self;
}

void
catalog_destroy(catalog_t **self_p)
{
    catalog_t *self = *self_p;
    if (!self)
        return;
    keeper_destroy(&self->keeper);
    free(self);
    *self_p = NULL;
}

int
catalog_fd(const catalog_t *self)
{
    return keeper_fd(self->keeper);
}

catalog_item_t *
catalog_next(catalog_t *self, fault_t *fault)
{
    fault_t inner = {0};
    CLEANUP(frames_destroy) frames_t *frames = keeper_next(self->keeper, &inner);
    catalog_item_t *item = frames ? catalog_item_decode(frames, &inner) : NULL;
    if (frames && !item)
        keeper_dismiss(self->keeper);
    if (inner.code)
        fault_set(fault, inner.code, "the catalog's reader: %s", inner.text);
    return item;
}

int
catalog_tick(catalog_t *self, mono_t now, fault_t *fault)
{
    return keeper_tick(self->keeper, now, fault);
}
