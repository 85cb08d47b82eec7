/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/catalog_reader.h"

#include <dirent.h>
#include <git2.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/catalog.h"
#include "common/channel.h"
#include "common/document.h"
#include "keys/signature.h"

#define OBJECT_BYTES_MAX (64 * 1024) /* of a commit or a tree */
#define FOLDERS_MAX      512         /* below files/ of one release */
#define RACY_MS          2000        /* a folder that changed so lately may change again unseen */
#define RELEASES         "refs/tocsin/release/"
#define APPROVALS        "refs/tocsin/approval/"

/* A ref as it was when it was looked at. */
typedef struct {
    char *name;
    git_oid id;
} ref_t;

typedef struct {
    size_t count, capacity;
    ref_t *refs; /* ascending by name */
} ref_list_t;

typedef struct {
    const char *path;
    channel_t *channel;
    git_repository *repository; /* NULL until it could be opened */
    git_odb *odb;
    ref_list_t releases, approvals;
    hash_t stamp;              /* of what holds the refs, at the last look; zero: look again */
    char said[FAULT_TEXT_MAX]; /* about the repository as a whole; not repeated */
} scanner_t;

/* One release's files/, as it is walked. */
typedef struct {
    value_t *files;
    size_t bytes, folders;
} walk_t;

static int
git_fault(fault_t *fault, const char *what)
{
    const git_error *error = git_error_last();
    return fault_set(fault, FAULT_IO, "%s: %s", what, error ? error->message : "unreadable");
}

/* Before anything is inflated. */
static int
check_object(const scanner_t *self, const git_oid *id, git_object_t type, size_t max,
             const char *what, fault_t *fault)
{
    size_t size;
    git_object_t found;
    if (git_odb_read_header(&size, &found, self->odb, id))
        return git_fault(fault, what);
    if (found != type)
        return fault_set(fault, FAULT_FORMAT, "'%s' is no %s", what, git_object_type2string(type));
    if (size > max)
        return fault_set(fault, FAULT_LIMIT, "'%s' is over %zu bytes", what, max);
    return 0;
}

static git_tree *
tree_open(const scanner_t *self, const git_oid *id, const char *what, fault_t *fault)
{
    git_tree *tree = NULL;
    if (check_object(self, id, GIT_OBJECT_TREE, OBJECT_BYTES_MAX, what, fault))
        return NULL;
    if (git_tree_lookup(&tree, self->repository, id))
        git_fault(fault, what);
    return tree;
}

static void
tree_close(git_tree **tree)
{
    git_tree_free(*tree);
}

/* The tree of a ref's commit. What the commit says beside it decides nothing and is not read. */
static git_tree *
tree_of_commit(const scanner_t *self, const git_oid *id, fault_t *fault)
{
    git_commit *commit = NULL;
    if (check_object(self, id, GIT_OBJECT_COMMIT, OBJECT_BYTES_MAX, "the commit", fault))
        return NULL;
    if (git_commit_lookup(&commit, self->repository, id)) {
        git_fault(fault, "the commit");
        return NULL;
    }
    git_tree *tree = tree_open(self, git_commit_tree_id(commit), "the tree", fault);
    git_commit_free(commit);
    return tree;
}

/* A plain file's bytes; appends. */
static int
read_file(const scanner_t *self, const git_tree_entry *entry, size_t max, bytes_t *out,
          fault_t *fault)
{
    git_blob *blob = NULL;
    const char *name = git_tree_entry_name(entry);
    const git_oid *id = git_tree_entry_id(entry);
    if (git_tree_entry_filemode_raw(entry) != GIT_FILEMODE_BLOB)
        return fault_set(fault, FAULT_FORMAT, "'%.80s' has mode %06o, not a plain file's 100644",
                         name, git_tree_entry_filemode_raw(entry));
    if (check_object(self, id, GIT_OBJECT_BLOB, max, name, fault))
        return -1;
    if (git_blob_lookup(&blob, self->repository, id))
        return git_fault(fault, name);
    bytes_add(out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    git_blob_free(blob);
    return 0;
}

static int
read_named(const scanner_t *self, const git_tree *tree, const char *name, size_t max, bytes_t *out,
           fault_t *fault)
{
    const git_tree_entry *entry = git_tree_entry_byname(tree, name);
    if (!entry)
        return fault_set(fault, FAULT_FORMAT, "'%s' is missing", name);
    return read_file(self, entry, max, out, fault);
}

static int
read_one(const scanner_t *self, const git_tree_entry *entry, const char *path, walk_t *walk,
         fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    if (value_count(walk->files) == RELEASE_FILES_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d files", RELEASE_FILES_MAX);
    if (value_get(walk->files, path))
        return fault_set(fault, FAULT_FORMAT, "'%s' is there twice", path);
    if (read_file(self, entry, RELEASE_FILE_BYTES_MAX, bytes, fault))
        return -1;
    walk->bytes += bytes->size;
    if (walk->bytes > RELEASE_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "files of over %d bytes", RELEASE_BYTES_MAX);
    value_set(walk->files, path, value_bytes(bytes_slice(bytes)));
    return 0;
}

static int
read_folder(const scanner_t *self, const git_oid *id, const char *folder, walk_t *walk,
            fault_t *fault)
{
    if (++walk->folders > FOLDERS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d folders", FOLDERS_MAX);
    CLEANUP(tree_close) git_tree *tree = tree_open(self, id, "files", fault);
    if (!tree)
        return -1;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        char path[RELEASE_PATH_MAX + 2];
        bool deeper = git_tree_entry_filemode_raw(entry) == GIT_FILEMODE_TREE;
        int size = snprintf(path, sizeof path, "%s%s%s", folder, git_tree_entry_name(entry),
                            deeper ? "/" : "");
        if (size > RELEASE_PATH_MAX)
            return fault_set(fault, FAULT_LIMIT, "a path is over %d bytes", RELEASE_PATH_MAX);
        if (deeper ? read_folder(self, git_tree_entry_id(entry), path, walk, fault)
                   : read_one(self, entry, path, walk, fault))
            return -1;
    }
    return 0;
}

static int
read_release(const scanner_t *self, const git_tree *tree, catalog_item_t *item, fault_t *fault)
{
    const git_tree_entry *files = git_tree_entry_byname(tree, "files");
    if (git_tree_entrycount(tree) != 3 || !files ||
        git_tree_entry_filemode_raw(files) != GIT_FILEMODE_TREE)
        return fault_set(fault, FAULT_FORMAT,
                         "the tree must hold 'release', 'author.sigs', 'files/' and nothing else");
    if (read_named(self, tree, "release", DOCUMENT_BYTES_MAX, item->document, fault) ||
        read_named(self, tree, "author.sigs", SIGNATURES_BYTES_MAX, item->armors, fault))
        return -1;
    walk_t walk = {.files = item->files = value_map()};
    return read_folder(self, git_tree_entry_id(files), "", &walk, fault);
}

static int
read_approval(const scanner_t *self, const git_tree *tree, const char *key, catalog_item_t *item,
              fault_t *fault)
{
    signature_t signature;
    hash_t named;
    if (git_tree_entrycount(tree) != 1)
        return fault_set(fault, FAULT_FORMAT,
                         "the tree must hold 'approval.sigs' and nothing else");
    if (read_named(self, tree, "approval.sigs", SIGNATURE_ARMOR_MAX, item->armors, fault) ||
        signature_decode(&signature, bytes_slice(item->armors), fault))
        return -1;
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    pubkey_encode(&signature.key, blob);
    hash_t hash = hash_of(bytes_slice(blob));
    if (!hash_read(key, &named) || !hash_equal(&named, &hash))
        return fault_set(fault, FAULT_KEY, "the signature is by another key than its name says");
    return 0;
}

/* "HASH" of a release, "HASH/KEY" of an approval: what follows the ref's namespace. */
static catalog_item_t *
read_ref(const scanner_t *self, catalog_kind_t kind, const char *name, const git_oid *id,
         fault_t *fault)
{
    char hash[HASH_TEXT];
    CLEANUP(catalog_item_destroy) catalog_item_t *item = catalog_item_new(kind);
    const char *key = kind == CATALOG_APPROVAL ? strchr(name, '/') : name + strlen(name);
    size_t size = key ? (size_t)(key - name) : 0;
    snprintf(hash, sizeof hash, "%.*s", (int)size, name);
    if (size != HASH_TEXT - 1 || !hash_read(hash, &item->hash)) {
        fault_set(fault, FAULT_FORMAT, "its name is no hash");
        return NULL;
    }
    CLEANUP(tree_close) git_tree *tree = tree_of_commit(self, id, fault);
    if (!tree || (kind == CATALOG_RELEASE ? read_release(self, tree, item, fault)
                                          : read_approval(self, tree, key + 1, item, fault)))
        return NULL;
    return catalog_item_check(item, fault) ? NULL : MOVE(item);
}

/* The broker is gone when it cannot be told: so is the reason to be here. */
static void
tell(const scanner_t *self, const catalog_item_t *item)
{
    fault_t fault = {0};
    CLEANUP(frames_destroy) frames_t *frames = catalog_item_encode(item);
    if (channel_send(self->channel, frames, &fault))
        _exit(0);
}

static void PRINTF(2, 3) complain(const scanner_t *self, const char *format, ...)
{
    CLEANUP(catalog_item_destroy) catalog_item_t *item = catalog_item_new(CATALOG_COMPLAINT);
    va_list args;
    va_start(args, format);
    vsnprintf(item->text, sizeof item->text, format, args);
    va_end(args);
    tell(self, item);
}

static void
complain_once(scanner_t *self, const fault_t *fault)
{
    if (!strcmp(self->said, fault->text))
        return;
    memcpy(self->said, fault->text, sizeof self->said);
    complain(self, "the catalog's repository: %s", fault->text);
}

static void
tell_ref(const scanner_t *self, catalog_kind_t kind, const char *space, const ref_t *ref)
{
    fault_t fault = {0};
    const char *name = ref->name + strlen(space);
    CLEANUP(catalog_item_destroy)
    catalog_item_t *item = read_ref(self, kind, name, &ref->id, &fault);
    if (item)
        tell(self, item);
    else
        complain(self, "%s %.16s is skipped: %s", kind == CATALOG_RELEASE ? "release" : "approval",
                 name, fault.text);
}

static int
compare_refs(const void *left, const void *right)
{
    return strcmp(((const ref_t *)left)->name, ((const ref_t *)right)->name);
}

static void
list_clear(ref_list_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->refs[i].name);
    free(self->refs);
    *self = (ref_list_t){0};
}

static void
list_add(ref_list_t *self, const git_reference *reference)
{
    self->refs = memory_grow(self->refs, self->count, &self->capacity, sizeof *self->refs);
    ref_t *ref = &self->refs[self->count++];
    ref->name = memory_text(git_reference_name(reference));
    git_oid_cpy(&ref->id, git_reference_target(reference));
}

static bool
list_holds(const ref_list_t *self, const ref_t *ref)
{
    const ref_t *found = NULL;
    if (self->count)
        found = bsearch(ref, self->refs, self->count, sizeof *ref, compare_refs);
    return found && git_oid_equal(&found->id, &ref->id);
}

/* Symbolic refs have no place here and are passed over. */
static int
list_read(ref_list_t *self, git_repository *repository, const char *glob, fault_t *fault)
{
    git_reference_iterator *iterator = NULL;
    git_reference *reference = NULL;
    int status = git_reference_iterator_glob_new(&iterator, repository, glob);
    while (!status && !(status = git_reference_next(&reference, iterator))) {
        if (git_reference_type(reference) == GIT_REFERENCE_DIRECT)
            list_add(self, reference);
        git_reference_free(reference);
        if (self->count > CATALOG_REFS_MAX)
            break;
    }
    git_reference_iterator_free(iterator);
    if (self->count > CATALOG_REFS_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%s' are over %d refs", glob, CATALOG_REFS_MAX);
    if (status != GIT_ITEROVER)
        return git_fault(fault, "refs");
    if (self->count)
        qsort(self->refs, self->count, sizeof *self->refs, compare_refs);
    return 0;
}

/* Sends each ref of a namespace that is new, or points elsewhere than before. */
static int
look_at(scanner_t *self, catalog_kind_t kind, const char *space, ref_list_t *seen, fault_t *fault)
{
    char glob[64];
    ref_list_t now = {0};
    snprintf(glob, sizeof glob, "%s*", space);
    if (list_read(&now, self->repository, glob, fault)) {
        list_clear(&now);
        return -1;
    }
    for (size_t i = 0; i < now.count; i++)
        if (!list_holds(seen, &now.refs[i]))
            tell_ref(self, kind, space, &now.refs[i]);
    list_clear(seen);
    *seen = now;
    return 0;
}

static void
stamp_path(const scanner_t *self, const char *folder, const char *name, bytes_t *out,
           int64_t *youngest_ms)
{
    char path[PATH_MAX];
    struct stat status = {0};
    int size = snprintf(path, sizeof path, "%s/%s%s", self->path, folder, name);
    if (size >= (int)sizeof path || stat(path, &status))
        return;
    int64_t ms = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    *youngest_ms = ms > *youngest_ms ? ms : *youngest_ms;
    bytes_addf(out, "%s%s %ju %jd.%09ld\n", folder, name, (uintmax_t)status.st_ino,
               (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/* Every folder and file whose change a change of refs goes with; zero where that is not certain. */
static hash_t
stamp_now(const scanner_t *self)
{
    char path[PATH_MAX];
    int64_t youngest_ms = 0;
    CLEANUP(bytes_destroy) bytes_t *all = bytes_new();
    stamp_path(self, "packed-refs", "", all, &youngest_ms);
    stamp_path(self, "refs/tocsin", "", all, &youngest_ms);
    stamp_path(self, RELEASES, "", all, &youngest_ms);
    stamp_path(self, APPROVALS, "", all, &youngest_ms);
    snprintf(path, sizeof path, "%s/" APPROVALS, self->path);
    DIR *folder = opendir(path);
    for (struct dirent *entry = NULL; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            stamp_path(self, APPROVALS, entry->d_name, all, &youngest_ms);
    if (folder)
        closedir(folder);
    return wall_now().ms - youngest_ms < RACY_MS ? HASH_ZERO : hash_of(bytes_slice(all));
}

static int
open_repository(scanner_t *self, fault_t *fault)
{
    if (self->odb)
        return 0;
    if (!self->repository && git_repository_open_bare(&self->repository, self->path))
        return git_fault(fault, "it cannot be opened as a bare repository");
    if (git_repository_odb(&self->odb, self->repository))
        return git_fault(fault, "its objects cannot be opened");
    return 0;
}

static void
look(scanner_t *self)
{
    fault_t fault = {0};
    hash_t stamp = stamp_now(self);
    if (!hash_equal(&stamp, &HASH_ZERO) && hash_equal(&stamp, &self->stamp))
        return;
    if (open_repository(self, &fault) ||
        look_at(self, CATALOG_RELEASE, RELEASES, &self->releases, &fault) ||
        look_at(self, CATALOG_APPROVAL, APPROVALS, &self->approvals, &fault)) {
        complain_once(self, &fault);
        return;
    }
    self->said[0] = '\0';
    self->stamp = stamp;
}

int
catalog_reader_open(fault_t *fault)
{
    if (git_libgit2_init() < 0 || git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0) ||
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0))
        return git_fault(fault, "libgit2");
    for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, ""))
            return git_fault(fault, "libgit2");
    return 0;
}

void
catalog_reader_run(const char *repository, int fd, int interval_ms)
{
    scanner_t self = {.path = repository, .channel = channel_new(fd)};
    struct pollfd broker = {.fd = fd, .events = POLLIN};
    do
        look(&self);
    while (poll(&broker, 1, interval_ms) == 0);
    _exit(0);
}
