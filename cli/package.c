/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/package.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/document.h"
#include "common/file.h"

static void
close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static int add_folder(value_t *files, const char *root, const char *below, fault_t *fault);

static int
add_path(value_t *files, const char *root, const char *path, fault_t *fault)
{
    char whole[PATH_MAX];
    struct stat status;
    if (snprintf(whole, sizeof whole, "%s/%s", root, path) >= (int)sizeof whole ||
        strlen(path) > RELEASE_PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", path);
    if (lstat(whole, &status))
        return fault_errno(fault, "'%s' cannot be read", path);
    if (S_ISDIR(status.st_mode))
        return add_folder(files, root, path, fault);
    if (!S_ISREG(status.st_mode))
        return fault_set(fault, FAULT_FORMAT, "'%s' is no plain file; a release holds nothing else",
                         path);
    if (value_count(files) == RELEASE_FILES_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d files", RELEASE_FILES_MAX);
    CLEANUP(bytes_destroy) bytes_t *bytes = file_read(whole, RELEASE_FILE_BYTES_MAX, fault);
    if (!bytes)
        return -1;
    value_set(files, path, value_bytes(bytes_slice(bytes)));
    return 0;
}

static bool
is_left_out(const char *name)
{
    return name[0] == '.' || name[strlen(name) - 1] == '~';
}

static int
add_folder(value_t *files, const char *root, const char *below, fault_t *fault)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, below);
    CLEANUP(close_folder) DIR *folder = opendir(path);
    if (!folder)
        return fault_errno(fault, "folder '%s' cannot be read", path);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (is_left_out(entry->d_name))
            continue;
        int size = snprintf(path, sizeof path, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        if (size >= (int)sizeof path)
            return fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", path);
        if (add_path(files, root, path, fault))
            return -1;
    }
    return 0;
}

value_t *
package_files(const char *folder, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *files = value_map();
    return add_folder(files, folder, "", fault) ? NULL : MOVE(files);
}

uint64_t
package_sequence(const git_releases_t *releases, const hash_t *site, const char *playbook)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < releases->count; i++) {
        const release_t *release = releases->at[i]->release;
        if (!strcmp(release->playbook, playbook) && hash_equal(&release->site, site) &&
            release->sequence > highest)
            highest = release->sequence;
    }
    return highest + 1;
}

static int
compare_paths(const void *left, const void *right)
{
    return document_compare(((const release_file_t *)left)->path,
                            ((const release_file_t *)right)->path);
}

static int
list_files(release_t *release, const value_t *files, fault_t *fault)
{
    uint64_t total = 0;
    for (size_t i = 0; i < value_count(files); i++) {
        slice_t key = value_key(files, i), bytes = value_slice(value_at(files, i));
        if (i == RELEASE_FILES_MAX || key.size > RELEASE_PATH_MAX)
            return fault_set(fault, FAULT_LIMIT, "too many files, or too long a path");
        release_file_t *file = &release->files[release->file_count++];
        snprintf(file->path, sizeof file->path, "%.*s", (int)key.size, (const char *)key.data);
        file->bytes = bytes.size;
        file->hash = hash_of(bytes);
        total += bytes.size;
    }
    _Static_assert(RELEASE_BYTES_MAX + RELEASE_FILES_MAX * (RELEASE_PATH_MAX + 24) <=
                       VALUE_BYTES_MAX,
                   "the files of any release fit into one value");
    if (total > RELEASE_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "the files are over %d bytes together",
                         RELEASE_BYTES_MAX);
    qsort(release->files, release->file_count, sizeof release->files[0], compare_paths);
    return 0;
}

bytes_t *
package_document(const hash_t *site, const manifest_t *manifest, uint64_t sequence,
                 const char *author, const value_t *files, fault_t *fault)
{
    CLEANUP(release_destroy) release_t *release = memory_new(1, sizeof *release);
    CLEANUP(release_destroy) release_t *again = NULL;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    release->site = *site;
    release->sequence = sequence;
    release->highest = manifest->highest;
    release->manifest = hash_of(value_slice(value_get(files, "manifest")));
    release->author_count = 1;
    if (!text_copy(release->playbook, sizeof release->playbook, manifest->playbook) ||
        !text_copy(release->authors[0], sizeof release->authors[0], author)) {
        fault_set(fault, FAULT_LIMIT, "a name is over %d bytes", TEXT_NAME_MAX);
        return NULL;
    }
    if (list_files(release, files, fault))
        return NULL;
    release_encode(release, document);
    again = release_decode(bytes_slice(document), fault);
    return again ? MOVE(document) : NULL;
}
