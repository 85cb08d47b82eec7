/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/release.h"

#include <stdlib.h>
#include <strings.h>

#include "keys/fields.h"

/* Relative; parts of [A-Za-z0-9._-], none of them empty, "." or "..". */
static bool
path_valid(const char *path)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._-";
    if (strlen(path) > RELEASE_PATH_MAX)
        return false;
    for (;;) {
        size_t size = strspn(path, letters);
        bool dots = path[0] == '.' && (size == 1 || (size == 2 && path[1] == '.'));
        if (!size || dots)
            return false;
        if (!path[size])
            return true;
        if (path[size] != '/')
            return false;
        path += size + 1;
    }
}

/* Whether one file system could not hold both: equal but for case, or one the other's folder. */
static bool
paths_collide(const char *left, const char *right)
{
    size_t left_size = strlen(left), right_size = strlen(right);
    size_t shared = left_size < right_size ? left_size : right_size;
    if (strncasecmp(left, right, shared) != 0)
        return false;
    char next = left_size > shared ? left[shared] : right[shared];
    return next == '\0' || next == '/';
}

static void
read_author(release_t *self, document_reader_t *in)
{
    const char *name = document_name(in, "author");
    if (!fields_room(in, self->author_count, RELEASE_AUTHORS_MAX))
        return;
    text_copy(self->authors[self->author_count++], TEXT_NAME_MAX + 1, name);
}

static void
read_file(release_t *self, document_reader_t *in)
{
    char **row = document_row(in, "file", 3);
    if (!fields_room(in, self->file_count, RELEASE_FILES_MAX))
        return;
    release_file_t *file = &self->files[self->file_count];
    file->path[0] = '\0';
    if (path_valid(row[0]))
        text_copy(file->path, sizeof file->path, row[0]);
    else
        document_spoil(in, FAULT_FORMAT, "'%.60s' is not a relative path of [A-Za-z0-9._/-]",
                       row[0]);
    for (size_t i = 0; i < self->file_count; i++)
        if (paths_collide(self->files[i].path, file->path))
            document_spoil(in, FAULT_FORMAT, "'%.60s' and '%.60s' are one path, but for case",
                           self->files[i].path, file->path);
    file->bytes = fields_number(in, row[1], 0, RELEASE_FILE_BYTES_MAX);
    fields_hash(in, row[2], &file->hash);
    self->file_count++;
}

static int
check_files(const release_t *self, fault_t *fault)
{
    uint64_t total = 0;
    for (size_t i = 0; i < self->file_count; i++)
        total += self->files[i].bytes;
    if (total > RELEASE_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "its files are over %d bytes together",
                         RELEASE_BYTES_MAX);
    const release_file_t *manifest = release_file(self, "manifest");
    if (!manifest || !release_file(self, "playbook.lua") || !self->author_count)
        return fault_set(fault, FAULT_FORMAT,
                         "a release needs an author, a manifest and a playbook.lua");
    if (!hash_equal(&manifest->hash, &self->manifest))
        return fault_set(fault, FAULT_HASH, "file 'manifest' is not the manifest it names");
    return 0;
}

release_t *
release_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(release_destroy) release_t *self = memory_resize(NULL, 1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    memset(self, 0, offsetof(release_t, files)); /* each of those is set where it is counted */
    document_open(&in, document, "release", fault);
    fields_take_hash(&in, "site", &self->site);
    fields_take_name(&in, "playbook", self->playbook);
    self->sequence = document_number(&in, "sequence", 1, FIELDS_NUMBER_MAX);
    fields_class(&in, document_text(&in, "class"), &self->highest);
    fields_take_hash(&in, "manifest", &self->manifest);
    while (document_has(&in, "author"))
        read_author(self, &in);
    while (document_has(&in, "file"))
        read_file(self, &in);
    if (document_close(&in, fault) || check_files(self, fault))
        return NULL;
    release_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

void
release_encode(const release_t *self, bytes_t *out)
{
    char digits[HASH_TEXT];
    document_begin(out, "release");
    fields_add_hash(out, "site", &self->site);
    document_add_text(out, "playbook", self->playbook);
    document_add(out, "sequence", "%llu", (unsigned long long)self->sequence);
    document_add_text(out, "class", class_word(self->highest));
    fields_add_hash(out, "manifest", &self->manifest);
    for (size_t i = 0; i < self->author_count; i++)
        document_add_text(out, "author", self->authors[i]);
    for (size_t i = 0; i < self->file_count; i++)
        document_add(out, "file", "%s %llu %s", self->files[i].path,
                     (unsigned long long)self->files[i].bytes,
                     hash_write(&self->files[i].hash, digits));
    document_end(out);
}

release_t *
release_hold(const release_t *self)
{
    release_t *held = (release_t *)self;
    held->others++;
    return held;
}

void
release_destroy(release_t **self_p)
{
    release_t *self = *self_p;
    *self_p = NULL;
    if (self && self->others)
        self->others--;
    else
        free(self);
}

const release_file_t *
release_file(const release_t *self, const char *path)
{
    for (size_t i = 0; i < self->file_count; i++)
        if (!strcmp(self->files[i].path, path))
            return &self->files[i];
    return NULL;
}

bool
release_has_author(const release_t *self, const char *person)
{
    for (size_t i = 0; i < self->author_count; i++)
        if (!strcmp(self->authors[i], person))
            return true;
    return false;
}

int
release_check_file(const release_t *self, const char *path, slice_t bytes, fault_t *fault)
{
    const release_file_t *file = release_file(self, path);
    if (!file)
        return fault_set(fault, FAULT_NOT_FOUND, "file '%.100s' is not of this release", path);
    if (bytes.size != file->bytes)
        return fault_set(fault, FAULT_HASH, "file '%.100s' has %zu bytes, the release says %llu",
                         path, bytes.size, (unsigned long long)file->bytes);
    hash_t hash = hash_of(bytes);
    if (!hash_equal(&hash, &file->hash))
        return fault_set(fault, FAULT_HASH, "file '%.100s' is not the one that was signed", path);
    return 0;
}
