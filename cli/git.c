/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/git.h"

#include <assert.h>
#include <git2.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "keys/signature.h"

#define RELEASES   "refs/tocsin/release/"
#define APPROVALS  "refs/tocsin/approval/"
#define MAIN       "refs/heads/main"
#define REF_MAX    256
#define PUSHES_MAX 64 /* refs written by one command */

struct repository {
    git_repository *git;
    void (*on_complaint)(const char *text); /* during repository_releases; may be NULL */
    size_t push_count;
    char pushes[PUSHES_MAX][2 * REF_MAX + 2]; /* refspecs of what was written */
};

static void
free_tree(git_tree **tree)
{
    git_tree_free(*tree);
}

static void
free_index(git_index **index)
{
    git_index_free(*index);
}

static void
free_commit(git_commit **commit)
{
    git_commit_free(*commit);
}

static void
free_reference(git_reference **reference)
{
    git_reference_free(*reference);
}

static void
free_signature(git_signature **signature)
{
    git_signature_free(*signature);
}

static void
free_patch(git_patch **patch)
{
    git_patch_free(*patch);
}

static void
free_remote(git_remote **remote)
{
    git_remote_free(*remote);
}

static int
git_fault(fault_t *fault, const char *what)
{
    const git_error *error = git_error_last();
    return fault_set(fault, FAULT_IO, "%s: %s", what, error ? error->message : "git failed");
}

/* A worktree's .git is a file that says where it is. No folder above it is meant. */
repository_t *
repository_open(const char *path, fault_t *fault)
{
    char inside[PATH_MAX];
    repository_t *self = memory_new(1, sizeof *self);
    git_libgit2_init();
    snprintf(inside, sizeof inside, "%s/.git", path);
    if (!git_repository_open_bare(&self->git, path) ||
        !git_repository_open_bare(&self->git, inside) ||
        !git_repository_open_ext(&self->git, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL))
        return self;
    snprintf(inside, sizeof inside, "'%.200s' cannot be opened as a git repository", path);
    git_fault(fault, inside);
    if (fault)
        fault->code = FAULT_NOT_FOUND;
    repository_close(&self);
    return NULL;
}

void
repository_close(repository_t **self_p)
{
    repository_t *self = *self_p;
    if (!self)
        return;
    git_repository_free(self->git);
    git_libgit2_shutdown();
    free(self);
    *self_p = NULL;
}

/* Each is opened as if it were bare; a working copy's own configuration says otherwise. */
bool
repository_is_bare(const repository_t *self)
{
    int bare = 1;
    git_config *config = NULL;
    if (!git_repository_config_snapshot(&config, self->git))
        if (git_config_get_bool(&bare, config, "core.bare"))
            bare = 1;
    git_config_free(config);
    return bare;
}

static void
git_release_destroy(git_release_t **self_p)
{
    git_release_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    bytes_destroy(&self->authors);
    value_destroy(&self->files);
    release_destroy(&self->release);
    free(self);
    *self_p = NULL;
}

void
git_releases_destroy(git_releases_t **self_p)
{
    git_releases_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        git_release_destroy(&self->at[i]);
    free(self->at);
    free(self);
    *self_p = NULL;
}

void
git_releases_keep(git_releases_t *self, bool (*keep)(void *, const git_release_t *), void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++)
        if (keep(context, self->at[i]))
            self->at[kept++] = self->at[i];
        else
            git_release_destroy(&self->at[i]);
    self->count = kept;
}

static void PRINTF(2, 3) complain(const repository_t *self, const char *format, ...)
{
    char text[FAULT_TEXT_MAX];
    va_list args;
    if (!self->on_complaint)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    self->on_complaint(text);
}

static git_tree *
tree_of_ref(const repository_t *self, const char *name, fault_t *fault)
{
    git_oid id;
    git_tree *tree = NULL;
    CLEANUP(free_commit) git_commit *commit = NULL;
    if (git_reference_name_to_id(&id, self->git, name) ||
        git_commit_lookup(&commit, self->git, &id) || git_commit_tree(&tree, commit))
        git_fault(fault, name);
    return tree;
}

/* A plain file's bytes; NULL. Its size is looked at before it is inflated. */
static bytes_t *
read_blob(const repository_t *self, const git_tree *tree, const char *path, size_t max,
          fault_t *fault)
{
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    git_tree_entry *entry = NULL;
    git_odb *odb = NULL;
    git_blob *blob = NULL;
    bytes_t *bytes = NULL;
    if (git_tree_entry_bypath(&entry, tree, path)) {
        fault_set(fault, FAULT_NOT_FOUND, "'%s' is missing", path);
        return NULL;
    }
    if (git_tree_entry_filemode_raw(entry) != GIT_FILEMODE_BLOB)
        fault_set(fault, FAULT_FORMAT, "'%s' is no plain file", path);
    else if (git_repository_odb(&odb, self->git) ||
             git_odb_read_header(&size, &type, odb, git_tree_entry_id(entry)) ||
             (size <= max && git_blob_lookup(&blob, self->git, git_tree_entry_id(entry))))
        git_fault(fault, path);
    else if (size > max)
        fault_set(fault, FAULT_LIMIT, "'%s' is over %zu bytes", path, max);
    else
        bytes = bytes_copy(slice_of(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)));
    git_blob_free(blob);
    git_odb_free(odb);
    git_tree_entry_free(entry);
    return bytes;
}

static int
count_file(const char *folder, const git_tree_entry *entry, void *count)
{
    (void)folder;
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        ++*(size_t *)count;
    return *(size_t *)count > RELEASE_FILES_MAX + 2 ? -1 : 0;
}

/* Those that the document lists, and the tree holds no other. */
static int
read_files(const repository_t *self, const git_tree *tree, git_release_t *release, fault_t *fault)
{
    size_t count = 0;
    if (git_tree_walk(tree, GIT_TREEWALK_PRE, count_file, &count) ||
        count != release->release->file_count + 2)
        return fault_set(fault, FAULT_HASH, "the tree holds other files than the document lists");
    release->files = value_map();
    for (size_t i = 0; i < release->release->file_count; i++) {
        const char *path = release->release->files[i].path;
        char inside[RELEASE_PATH_MAX + 8];
        snprintf(inside, sizeof inside, "files/%s", path);
        CLEANUP(bytes_destroy)
        bytes_t *bytes = read_blob(self, tree, inside, RELEASE_FILE_BYTES_MAX, fault);
        if (!bytes || release_check_file(release->release, path, bytes_slice(bytes), fault))
            return -1;
        value_set(release->files, path, value_bytes(bytes_slice(bytes)));
    }
    return 0;
}

/* Of the release whose document this is; one that does not hold is said, and left out. */
static void
read_approval(repository_t *self, const char *name, git_release_t *release)
{
    fault_t fault = {0};
    signature_t signature;
    CLEANUP(free_tree) git_tree *tree = tree_of_ref(self, name, &fault);
    CLEANUP(bytes_destroy)
    bytes_t *armor =
        tree ? read_blob(self, tree, "approval.sigs", SIGNATURE_ARMOR_MAX, &fault) : NULL;
    if (armor && !signature_decode(&signature, bytes_slice(armor), &fault) &&
        !signature_check(&signature, bytes_slice(release->document), SIGN_APPROVE, &fault))
        bytes_add_slice(release->armors, bytes_slice(armor));
    else
        complain(self, "%.100s does not count: %s", name, fault.text);
}

static int
read_approvals(repository_t *self, git_release_t *release, fault_t *fault)
{
    char glob[REF_MAX], hash[HASH_TEXT];
    const char *name;
    git_reference_iterator *iterator = NULL;
    snprintf(glob, sizeof glob, APPROVALS "%s/*", hash_write(&release->hash, hash));
    if (git_reference_iterator_glob_new(&iterator, self->git, glob))
        return git_fault(fault, "approvals");
    for (size_t i = 0; i < SIGNATURES_MAX && !git_reference_next_name(&name, iterator); i++)
        read_approval(self, name, release);
    git_reference_iterator_free(iterator);
    return 0;
}

/* A folder's files as they are met. */
typedef struct {
    const repository_t *repository;
    const git_tree *tree;
    value_t *files;
    fault_t *fault;
} folder_t;

static int
take_file(const char *folder, const git_tree_entry *entry, void *self_p)
{
    folder_t *self = self_p;
    char path[PATH_MAX];
    const char *name = git_tree_entry_name(entry);
    if (name[0] == '.' || name[strlen(name) - 1] == '~')
        return 1;
    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
        return 0;
    snprintf(path, sizeof path, "%s%s", folder, name);
    if (value_count(self->files) == RELEASE_FILES_MAX)
        return fault_set(self->fault, FAULT_LIMIT, "over %d files", RELEASE_FILES_MAX);
    CLEANUP(bytes_destroy)
    bytes_t *bytes =
        read_blob(self->repository, self->tree, path, RELEASE_FILE_BYTES_MAX, self->fault);
    if (!bytes)
        return -1;
    value_set(self->files, path, value_bytes(bytes_slice(bytes)));
    return 0;
}

value_t *
repository_folder(repository_t *self, const char *name, fault_t *fault)
{
    git_object *object = NULL;
    if (git_revparse_single(&object, self->git, name) ||
        git_object_type(object) != GIT_OBJECT_TREE) {
        fault_set(fault, FAULT_NOT_FOUND, "'%s' is no folder of the repository: REVISION:FOLDER",
                  name);
        git_object_free(object);
        return NULL;
    }
    CLEANUP(value_destroy) value_t *files = value_map();
    folder_t folder = {self, (const git_tree *)object, files, fault};
    int wrong = git_tree_walk(folder.tree, GIT_TREEWALK_PRE, take_file, &folder);
    git_object_free(object);
    return wrong ? NULL : MOVE(files);
}

static git_release_t *
read_release(repository_t *self, const char *name, fault_t *fault)
{
    CLEANUP(git_release_destroy) git_release_t *release = memory_new(1, sizeof *release);
    if (!hash_read(name + strlen(RELEASES), &release->hash)) {
        fault_set(fault, FAULT_FORMAT, "its name is no hash");
        return NULL;
    }
    CLEANUP(free_tree) git_tree *tree = tree_of_ref(self, name, fault);
    if (!tree || !(release->document = read_blob(self, tree, "release", DOCUMENT_BYTES_MAX, fault)))
        return NULL;
    hash_t hash = hash_of(bytes_slice(release->document));
    if (!hash_equal(&hash, &release->hash)) {
        fault_set(fault, FAULT_HASH, "the document has another hash than its ref");
        return NULL;
    }
    release->authors = read_blob(self, tree, "author.sigs", SIGNATURES_BYTES_MAX, fault);
    release->release = release_decode(bytes_slice(release->document), fault);
    if (!release->authors || !release->release || read_files(self, tree, release, fault))
        return NULL;
    release->armors = bytes_copy(bytes_slice(release->authors));
    return read_approvals(self, release, fault) ? NULL : MOVE(release);
}

static int
compare_releases(const void *left, const void *right)
{
    const git_release_t *a = *(git_release_t *const *)left, *b = *(git_release_t *const *)right;
    int order = strcmp(a->release->playbook, b->release->playbook);
    if (order)
        return order;
    if (a->release->sequence != b->release->sequence)
        return a->release->sequence < b->release->sequence ? -1 : 1;
    return hash_compare(&a->hash, &b->hash);
}

git_releases_t *
repository_releases(repository_t *self, void (*on_complaint)(const char *text), fault_t *fault)
{
    const char *name;
    git_reference_iterator *iterator = NULL;
    self->on_complaint = on_complaint;
    if (git_reference_iterator_glob_new(&iterator, self->git, RELEASES "*")) {
        git_fault(fault, "releases");
        return NULL;
    }
    git_releases_t *list = memory_new(1, sizeof *list);
    for (size_t i = 0; i < GIT_REFS_MAX && !git_reference_next_name(&name, iterator); i++) {
        fault_t inner = {0};
        git_release_t *release = read_release(self, name, &inner);
        if (!release) {
            complain(self, "%.100s is skipped: %s", name, inner.text);
            continue;
        }
        list->at = memory_resize(list->at, list->count + 1, sizeof *list->at);
        list->at[list->count++] = release;
    }
    git_reference_iterator_free(iterator);
    if (list->count)
        qsort(list->at, list->count, sizeof *list->at, compare_releases);
    return list;
}

static int
add_blob(repository_t *self, git_index *index, const char *path, slice_t bytes, fault_t *fault)
{
    git_index_entry entry = {.mode = GIT_FILEMODE_BLOB, .path = path};
    entry.file_size = (uint32_t)bytes.size;
    const void *data = bytes.size ? (const void *)bytes.data : "";
    if (git_blob_create_from_buffer(&entry.id, self->git, data, bytes.size) ||
        git_index_add(index, &entry))
        return git_fault(fault, path);
    return 0;
}

static int
add_files(repository_t *self, git_index *index, const char *folder, const value_t *files,
          fault_t *fault)
{
    for (size_t i = 0; i < value_count(files); i++) {
        char path[PATH_MAX];
        slice_t key = value_key(files, i);
        int size =
            snprintf(path, sizeof path, "%s/%.*s", folder, (int)key.size, (const char *)key.data);
        if (size >= (int)sizeof path)
            return fault_set(fault, FAULT_LIMIT, "a path is too long");
        if (add_blob(self, index, path, value_slice(value_at(files, i)), fault))
            return -1;
    }
    return 0;
}

static void
will_push(repository_t *self, const char *name, bool force)
{
    if (self->push_count < PUSHES_MAX)
        snprintf(self->pushes[self->push_count++], sizeof self->pushes[0], "%s%.255s:%.255s",
                 force ? "+" : "", name, name);
}

/* A commit without parents, name or date of its own, so that the same bytes make the same commit
 * wherever they are made. */
static int
write_ref(repository_t *self, const char *name, git_index *index, bool replace, fault_t *fault)
{
    git_oid tree_id, id, before;
    CLEANUP(free_tree) git_tree *tree = NULL;
    CLEANUP(free_signature) git_signature *nobody = NULL;
    CLEANUP(free_reference) git_reference *reference = NULL;
    if (git_index_write_tree_to(&tree_id, index, self->git) ||
        git_tree_lookup(&tree, self->git, &tree_id) ||
        git_signature_new(&nobody, "tocsin", "tocsin@localhost", 0, 0) ||
        git_commit_create(&id, self->git, NULL, nobody, nobody, NULL, name, tree, 0, NULL))
        return git_fault(fault, name);
    if (!replace && !git_reference_name_to_id(&before, self->git, name)) {
        CLEANUP(free_tree) git_tree *kept = tree_of_ref(self, name, fault);
        if (!kept)
            return -1;
        if (!git_oid_equal(git_tree_id(kept), &tree_id))
            return fault_set(fault, FAULT_CONFLICT, "'%s' is there already with other bytes", name);
    } else if (git_reference_create(&reference, self->git, name, &id, replace, "tocsin")) {
        return git_fault(fault, name);
    }
    will_push(self, name, replace);
    return 0;
}

int
repository_add_release(repository_t *self, slice_t document, slice_t armors, const value_t *files,
                       fault_t *fault)
{
    char name[REF_MAX], text[HASH_TEXT];
    hash_t hash = hash_of(document);
    CLEANUP(free_index) git_index *index = NULL;
    snprintf(name, sizeof name, RELEASES "%s", hash_write(&hash, text));
    if (git_index_new(&index))
        return git_fault(fault, name);
    if (add_blob(self, index, "release", document, fault) ||
        add_blob(self, index, "author.sigs", armors, fault) ||
        add_files(self, index, "files", files, fault))
        return -1;
    return write_ref(self, name, index, false, fault);
}

int
repository_add_approval(repository_t *self, const hash_t *release, const pubkey_t *key,
                        slice_t armor, fault_t *fault)
{
    char name[REF_MAX], text[HASH_TEXT], signer[HASH_TEXT];
    CLEANUP(free_index) git_index *index = NULL;
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    pubkey_encode(key, blob);
    hash_t hash = hash_of(bytes_slice(blob));
    snprintf(name, sizeof name, APPROVALS "%s/%s", hash_write(release, text),
             hash_write(&hash, signer));
    if (git_index_new(&index))
        return git_fault(fault, name);
    if (add_blob(self, index, "approval.sigs", armor, fault))
        return -1;
    return write_ref(self, name, index, true, fault);
}

/* Main's tree with folder replaced by files, as an index. */
static int
replace_folder(repository_t *self, git_index *index, git_commit *parent, const char *folder,
               const value_t *files, fault_t *fault)
{
    CLEANUP(free_tree) git_tree *tree = NULL;
    if (parent && (git_commit_tree(&tree, parent) || git_index_read_tree(index, tree) ||
                   git_index_remove_directory(index, folder, 0)))
        return git_fault(fault, MAIN);
    return add_files(self, index, folder, files, fault);
}

int
repository_commit(repository_t *self, const char *folder, const value_t *files, const char *name,
                  const char *address, const char *message, fault_t *fault)
{
    git_oid id, tree_id;
    CLEANUP(free_commit) git_commit *parent = NULL;
    CLEANUP(free_index) git_index *index = NULL;
    CLEANUP(free_tree) git_tree *tree = NULL;
    CLEANUP(free_signature) git_signature *author = NULL;
    if (!git_reference_name_to_id(&id, self->git, MAIN) &&
        git_commit_lookup(&parent, self->git, &id))
        return git_fault(fault, MAIN);
    if (git_index_new(&index))
        return git_fault(fault, MAIN);
    if (replace_folder(self, index, parent, folder, files, fault))
        return -1;
    if (git_index_write_tree_to(&tree_id, index, self->git) ||
        git_tree_lookup(&tree, self->git, &tree_id))
        return git_fault(fault, MAIN);
    if (parent && git_oid_equal(git_commit_tree_id(parent), &tree_id))
        return 0;
    const git_commit *parents[] = {parent};
    if (git_signature_now(&author, name, address) ||
        git_commit_create(&id, self->git, MAIN, author, author, NULL, message, tree, parent ? 1 : 0,
                          parents))
        return git_fault(fault, MAIN);
    will_push(self, MAIN, false);
    return 0;
}

/* 0 found, 1 there is none. */
static int
find_origin(const repository_t *self, git_remote **remote, fault_t *fault)
{
    int status = git_remote_lookup(remote, self->git, "origin");
    if (status == GIT_ENOTFOUND)
        return 1;
    return status ? git_fault(fault, "the remote 'origin'") : 0;
}

int
repository_fetch(repository_t *self, fault_t *fault)
{
    char spec[] = "+refs/tocsin/*:refs/tocsin/*";
    char *specs[] = {spec};
    const git_strarray refspecs = {specs, 1};
    git_fetch_options options;
    CLEANUP(free_remote) git_remote *remote = NULL;
    int status = find_origin(self, &remote, fault);
    if (status)
        return status > 0 ? 0 : -1;
    git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    if (git_remote_fetch(remote, &refspecs, &options, NULL))
        return git_fault(fault, "fetch from 'origin'");
    return 0;
}

static int
on_pushed(const char *name, const char *status, void *fault)
{
    if (status)
        return fault_set(fault, FAULT_CONFLICT, "'%s' was not taken: %s", name, status);
    return 0;
}

int
repository_push(repository_t *self, fault_t *fault)
{
    fault_t refused = {0};
    char *names[PUSHES_MAX];
    git_strarray refspecs = {names, self->push_count};
    git_push_options options;
    CLEANUP(free_remote) git_remote *remote = NULL;
    for (size_t i = 0; i < self->push_count; i++)
        names[i] = self->pushes[i];
    int status = find_origin(self, &remote, fault);
    if (status || !self->push_count)
        return status < 0 ? -1 : 0;
    git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
    options.callbacks.push_update_reference = on_pushed;
    options.callbacks.payload = &refused;
    if (git_remote_push(remote, &refspecs, &options))
        return refused.code ? fault_set(fault, refused.code, "%s", refused.text)
                            : git_fault(fault, "push to 'origin'");
    if (refused.code)
        return fault_set(fault, refused.code, "%s", refused.text);
    self->push_count = 0;
    return 0;
}

int
git_diff_text(const char *path, slice_t before, slice_t after, bytes_t *out, fault_t *fault)
{
    git_buf text = {0};
    git_libgit2_init();
    CLEANUP(free_patch) git_patch *patch = NULL;
    int status = git_patch_from_buffers(&patch, before.size ? before.data : NULL, before.size, path,
                                        after.size ? after.data : NULL, after.size, path, NULL);
    if (!status && patch)
        status = git_patch_to_buf(&text, patch);
    if (status)
        git_fault(fault, path);
    else if (text.size)
        bytes_add(out, text.ptr, text.size);
    git_buf_dispose(&text);
    git_patch_free(MOVE(patch));
    git_libgit2_shutdown();
    return status ? -1 : 0;
}
