/* SPDX-License-Identifier: Apache-2.0 */
/* Both files are written beside the old ones, the document last. Once that is there, both are
 * whole, and whoever comes next finishes the two renames. */
#include "wire/site_folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/document.h"
#include "common/file.h"

#define LEFT      ".ne" /* starts both of these; no document's name does */
#define NEXT_SIGS ".new-sigs-"
#define NEXT      ".next-"

/* FOLDER/FRONT NAME END; FAULT_LIMIT where that is too long for a path. */
static int
path_of(const char *folder, const char *front, const char *name, const char *end,
        char out[static PATH_MAX], fault_t *fault)
{
    if (snprintf(out, PATH_MAX, "%s/%s%s%s", folder, front, name, end) >= PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", folder);
    return 0;
}

static int
put_in_place(const char *folder, const char *front, const char *name, const char *end,
             fault_t *fault)
{
    char next[PATH_MAX], path[PATH_MAX];
    if (path_of(folder, front, name, "", next, fault) ||
        path_of(folder, "", name, end, path, fault))
        return -1;
    if (rename(next, path) && errno != ENOENT)
        return fault_errno(fault, "'%s' cannot be replaced", path);
    return 0;
}

static int
finish(const char *folder, const char *name, fault_t *fault)
{
    return put_in_place(folder, NEXT_SIGS, name, ".sigs", fault) ||
                   put_in_place(folder, NEXT, name, "", fault)
               ? -1
               : 0;
}

static bool
is_next(const char *entry)
{
    size_t size = strlen(entry), front = sizeof NEXT - 1;
    return !strncmp(entry, NEXT, front) && (size < 4 || strcmp(entry + size - 4, ".new") != 0);
}

typedef int(visitor_t)(const char *folder, const char *entry, fault_t *fault);

static int
finish_entry(const char *folder, const char *entry, fault_t *fault)
{
    return is_next(entry) ? finish(folder, entry + sizeof NEXT - 1, fault) : 0;
}

/* What is left then was not whole when the crash came. */
static int
drop_entry(const char *folder, const char *entry, fault_t *fault)
{
    char path[PATH_MAX];
    if (strncmp(entry, LEFT, sizeof LEFT - 1) != 0)
        return 0;
    if (path_of(folder, "", entry, "", path, fault))
        return -1;
    return unlink(path) && errno != ENOENT ? fault_errno(fault, "'%s' cannot be removed", path) : 0;
}

static int
visit(const char *folder, visitor_t *visitor, fault_t *fault)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    int wrong = entries ? 0 : fault_errno(fault, "'%s' cannot be read", folder);
    while (!wrong && (entry = readdir(entries)))
        wrong = visitor(folder, entry->d_name, fault);
    if (entries)
        closedir(entries);
    return wrong;
}

int
site_folder_load(const char *folder, trust_t *trust, fault_t *fault)
{
    char first[PATH_MAX];
    if (folder_make(folder, 0700, fault) || visit(folder, finish_entry, fault) ||
        visit(folder, drop_entry, fault) || path_of(folder, "", "root.1", "", first, fault))
        return -1;
    return access(first, F_OK) ? 0 : trust_load(trust, folder, fault);
}

bool
site_folder_has(const char *folder, slice_t document)
{
    char name[TRUST_NAME_MAX], path[PATH_MAX];
    fault_t ignored;
    if (trust_name(document, name, &ignored) || path_of(folder, "", name, "", path, &ignored))
        return false;
    CLEANUP(bytes_destroy) bytes_t *kept = file_read(path, DOCUMENT_BYTES_MAX, &ignored);
    return kept && slice_equal(bytes_slice(kept), document);
}

/* The hash in "stop.HASH", "revoke.HASH" or "resume.HASH"; false for any other name. */
static bool
halt_of(const char *entry, hash_t *hash)
{
    const char *point = strchr(entry, '.');
    bool halt = !strncmp(entry, "stop.", 5) || !strncmp(entry, "revoke.", 7) ||
                !strncmp(entry, "resume.", 7);
    return halt && hash_read(point + 1, hash);
}

static bool
is_listed(const trust_t *trust, const hash_t *hash)
{
    for (size_t i = 0; i < trust_halt_count(trust); i++)
        if (hash_equal(&trust_halt(trust, i)->hash, hash))
            return true;
    return false;
}

/* The document first: without it, its signatures are nothing. */
static int
remove_document(const char *folder, const char *name, fault_t *fault)
{
    static const char *const ends[] = {"", ".sigs"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        if (path_of(folder, "", name, ends[i], path, fault))
            return -1;
        if (unlink(path) && errno != ENOENT)
            return fault_errno(fault, "'%s' cannot be removed", path);
    }
    return 0;
}

int
site_folder_prune(const char *folder, const trust_t *trust, fault_t *fault)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    hash_t hash;
    int wrong = entries ? 0 : fault_errno(fault, "'%s' cannot be read", folder);
    while (!wrong && (entry = readdir(entries)))
        if (halt_of(entry->d_name, &hash) && !is_listed(trust, &hash))
            wrong = remove_document(folder, entry->d_name, fault);
    if (entries)
        closedir(entries);
    return wrong;
}

int
site_folder_keep(const char *folder, slice_t document, slice_t armors, fault_t *fault)
{
    char name[TRUST_NAME_MAX], sigs[PATH_MAX], path[PATH_MAX];
    if (trust_name(document, name, fault) || path_of(folder, NEXT_SIGS, name, "", sigs, fault) ||
        path_of(folder, NEXT, name, "", path, fault))
        return -1;
    if (file_write(sigs, armors, 0644, fault) || file_write(path, document, 0644, fault))
        return -1;
    return finish(folder, name, fault);
}
