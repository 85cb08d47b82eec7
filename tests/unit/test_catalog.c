/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog over real bare repositories, with the real keeper and reader. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <ftw.h>
#include <git2.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/catalog.h"
#include "broker/keeper.h"
#include "keys/signature.h"

#define WAIT_MS     10000
#define INTERVAL_MS 20
#define RELEASES    "refs/tocsin/release/"
#define APPROVALS   "refs/tocsin/approval/"

typedef struct {
    char folder[64]; /* private; holds the repository and a key */
    char program[PATH_MAX];
    git_repository *git;
    machinekey_t *key; /* author and approver: the catalog does not care */
    catalog_t *catalog;
} scene_t;

/* build/tests/unit/test_catalog is beside build/libexec/tocsin/catalog. */
static void
find_program(char *out, size_t size)
{
    char self[PATH_MAX - 64] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(out, size, "%s/../../libexec/tocsin/catalog", dirname(self));
}

static int
set_up(void **state)
{
    fault_t fault = {0};
    char path[128];
    scene_t *self = memory_new(1, sizeof *self);
    *state = self;
    find_program(self->program, sizeof self->program);
    snprintf(self->folder, sizeof self->folder, "/tmp/test-catalog-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    assert_int_equal(chmod(self->folder, 0755), 0);
    git_libgit2_init();
    snprintf(path, sizeof path, "%s/site.git", self->folder);
    assert_int_equal(git_repository_init(&self->git, path, 1), 0);
    snprintf(path, sizeof path, "%s/key", self->folder);
    self->key = machinekey_make(path, &fault);
    assert_non_null(self->key);
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static int
tear_down(void **state)
{
    scene_t *self = *state;
    catalog_destroy(&self->catalog);
    machinekey_destroy(&self->key);
    git_repository_free(self->git);
    git_libgit2_shutdown();
    nftw(self->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(self);
    return 0;
}

static void
start(scene_t *self)
{
    fault_t fault = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/site.git", self->folder);
    self->catalog = catalog_new(self->program, path, 65534, INTERVAL_MS, &fault);
    if (!self->catalog)
        fail_msg("%s", fault.text);
}

/* The next item of any kind; the test fails where none comes. */
static catalog_item_t *
next(scene_t *self)
{
    struct pollfd waiting = {.fd = catalog_fd(self->catalog), .events = POLLIN};
    for (;;) {
        fault_t fault = {0};
        catalog_item_t *item = catalog_next(self->catalog, &fault);
        if (item)
            return item;
        if (fault.code)
            fail_msg("%s", fault.text);
        if (poll(&waiting, 1, WAIT_MS) != 1)
            fail_msg("no item came");
    }
}

static void
expect_complaint(scene_t *self, const char *words)
{
    CLEANUP(catalog_item_destroy) catalog_item_t *item = next(self);
    assert_int_equal(item->kind, CATALOG_COMPLAINT);
    if (!strstr(item->text, words))
        fail_msg("'%s' does not say '%s'", item->text, words);
}

static void
expect(scene_t *self, catalog_kind_t kind, const hash_t *hash)
{
    CLEANUP(catalog_item_destroy) catalog_item_t *item = next(self);
    assert_string_equal(item->text, "");
    assert_int_equal(item->kind, kind);
    assert_true(hash_equal(&item->hash, hash));
}

typedef struct {
    const char *path;
    const char *text;
    git_filemode_t mode; /* 0: a plain file */
} entry_t;

static const char manifest_text[] = "a manifest";
static const char playbook_text[] = "return playbook {}";

static void
add_line(release_t *release, const char *path, const char *text)
{
    release_file_t *file = &release->files[release->file_count++];
    snprintf(file->path, sizeof file->path, "%s", path);
    file->bytes = strlen(text);
    file->hash = hash_of(slice_text(text));
}

static bytes_t *
make_document(uint64_t sequence)
{
    release_t *release = memory_new(1, sizeof *release);
    release->site = hash_of(slice_text("site"));
    snprintf(release->playbook, sizeof release->playbook, "disk-full");
    release->sequence = sequence;
    release->highest = CLASS_OBSERVE;
    release->manifest = hash_of(slice_text(manifest_text));
    release->author_count = 1;
    snprintf(release->authors[0], sizeof release->authors[0], "ana");
    add_line(release, "manifest", manifest_text);
    add_line(release, "playbook.lua", playbook_text);
    add_line(release, "tests/first.lua", "");
    bytes_t *document = bytes_new();
    release_encode(release, document);
    release_destroy(&release);
    return document;
}

static git_oid
write_tree(scene_t *self, const entry_t *entries)
{
    git_oid id;
    git_index *index;
    assert_int_equal(git_index_new(&index), 0);
    for (; entries->path; entries++) {
        git_index_entry entry = {.path = entries->path};
        entry.mode = entries->mode ? entries->mode : GIT_FILEMODE_BLOB;
        assert_int_equal(
            git_blob_create_from_buffer(&entry.id, self->git, entries->text, strlen(entries->text)),
            0);
        assert_int_equal(git_index_add(index, &entry), 0);
    }
    assert_int_equal(git_index_write_tree_to(&id, index, self->git), 0);
    git_index_free(index);
    return id;
}

/* A commit as raw bytes, so that it may hold what libgit2 would not write. */
static git_oid
write_commit(scene_t *self, const git_oid *tree, const char *header, const char *message)
{
    git_oid id;
    git_odb *odb;
    char text[8192], hex[GIT_OID_HEXSZ + 1];
    snprintf(text, sizeof text,
             "tree %s\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n%s\n%s",
             git_oid_tostr(hex, sizeof hex, tree), header, message);
    assert_int_equal(git_repository_odb(&odb, self->git), 0);
    assert_int_equal(git_odb_write(&id, odb, text, strlen(text), GIT_OBJECT_COMMIT), 0);
    git_odb_free(odb);
    return id;
}

static void
write_ref(scene_t *self, const char *space, const char *name, const git_oid *commit)
{
    char whole[256];
    git_reference *reference;
    snprintf(whole, sizeof whole, "%s%s", space, name);
    assert_int_equal(git_reference_create(&reference, self->git, whole, commit, 1, NULL), 0);
    git_reference_free(reference);
}

static void
put(scene_t *self, const char *space, const char *name, const entry_t *entries)
{
    git_oid tree = write_tree(self, entries);
    git_oid commit = write_commit(self, &tree, "", "a release");
    write_ref(self, space, name, &commit);
}

/* A good release, but for what `extra` adds to its tree or replaces in it. */
static hash_t
put_release(scene_t *self, uint64_t sequence, const entry_t *extra)
{
    char name[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *document = make_document(sequence);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    machinekey_sign(self->key, SIGN_AUTHOR, bytes_slice(document), armor);
    entry_t entries[16] = {{"release", bytes_text(document), 0},
                           {"author.sigs", bytes_text(armor), 0},
                           {"files/manifest", manifest_text, 0},
                           {"files/playbook.lua", playbook_text, 0},
                           {"files/tests/first.lua", "", 0}};
    for (size_t i = 5; extra && extra->path; extra++)
        entries[i++] = *extra;
    hash_t hash = hash_of(bytes_slice(document));
    put(self, RELEASES, hash_write(&hash, name), entries);
    return hash;
}

static void
approval_name(scene_t *self, const hash_t *release, char *out, size_t size)
{
    char text[HASH_TEXT], key[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    pubkey_encode(machinekey_public(self->key), blob);
    hash_t hash = hash_of(bytes_slice(blob));
    snprintf(out, size, "%s/%s", hash_write(release, text), hash_write(&hash, key));
}

static void
put_approval(scene_t *self, const hash_t *release)
{
    char name[256];
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    machinekey_sign(self->key, SIGN_APPROVE, slice_text("what it signs is for trust"), armor);
    approval_name(self, release, name, sizeof name);
    put(self, APPROVALS, name, (entry_t[]){{"approval.sigs", bytes_text(armor), 0}, {0}});
}

static void
a_release_and_its_approval_are_found(void **state)
{
    scene_t *self = *state;
    hash_t hash = put_release(self, 1, NULL);
    put_approval(self, &hash);
    start(self);
    CLEANUP(catalog_item_destroy) catalog_item_t *item = next(self);
    assert_string_equal(item->text, "");
    assert_int_equal(item->kind, CATALOG_RELEASE);
    assert_true(hash_equal(&item->hash, &hash));
    assert_int_equal(value_count(item->files), 3);
    assert_true(slice_is(value_slice(value_get(item->files, "playbook.lua")), playbook_text));
    assert_non_null(value_get(item->files, "tests/first.lua"));
    expect(self, CATALOG_APPROVAL, &hash);
}

static void
what_comes_later_is_found_and_what_was_sent_is_not_sent_again(void **state)
{
    scene_t *self = *state;
    hash_t first = put_release(self, 1, NULL);
    start(self);
    expect(self, CATALOG_RELEASE, &first);
    hash_t second = put_release(self, 2, NULL);
    expect(self, CATALOG_RELEASE, &second);
    put_approval(self, &first);
    expect(self, CATALOG_APPROVAL, &first);
}

static void
packed_refs_are_found(void **state)
{
    scene_t *self = *state;
    git_refdb *refs;
    hash_t hash = put_release(self, 1, NULL);
    assert_int_equal(git_repository_refdb(&refs, self->git), 0);
    assert_int_equal(git_refdb_compress(refs), 0);
    git_refdb_free(refs);
    start(self);
    expect(self, CATALOG_RELEASE, &hash);
}

static void
a_symbolic_link_among_the_files_is_refused_rel_symlink_mode(void **state)
{
    scene_t *self = *state;
    put_release(self, 1, (entry_t[]){{"files/tests/first.lua", "", GIT_FILEMODE_LINK}, {0}});
    start(self);
    expect_complaint(self, "mode 120000");
}

static void
an_executable_file_is_refused(void **state)
{
    scene_t *self = *state;
    const entry_t executable = {"files/manifest", manifest_text, GIT_FILEMODE_BLOB_EXECUTABLE};
    put_release(self, 1, (entry_t[]){executable, {0}});
    start(self);
    expect_complaint(self, "mode 100755");
}

static void
a_submodule_is_refused(void **state)
{
    scene_t *self = *state;
    put_release(self, 1, (entry_t[]){{"files/other", "x", GIT_FILEMODE_COMMIT}, {0}});
    start(self);
    expect_complaint(self, "mode 160000");
}

static void
a_file_that_the_document_does_not_list_is_refused_rel_extra_file(void **state)
{
    scene_t *self = *state;
    put_release(self, 1, (entry_t[]){{"files/more.lua", "os.exit()", 0}, {0}});
    start(self);
    expect_complaint(self, "more.lua");
}

static void
a_file_with_other_bytes_is_refused(void **state)
{
    scene_t *self = *state;
    put_release(self, 1, (entry_t[]){{"files/playbook.lua", "return playbook []", 0}, {0}});
    start(self);
    expect_complaint(self, "playbook.lua");
}

static void
a_top_level_name_of_its_own_is_refused(void **state)
{
    scene_t *self = *state;
    put_release(self, 1, (entry_t[]){{"README", "hello", 0}, {0}});
    start(self);
    expect_complaint(self, "nothing else");
}

static void
a_document_under_another_hash_is_refused(void **state)
{
    scene_t *self = *state;
    char name[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *document = make_document(1);
    hash_t other = hash_of(slice_text("other"));
    put(self, RELEASES, hash_write(&other, name),
        (entry_t[]){{"release", bytes_text(document), 0},
                    {"author.sigs", "x", 0},
                    {"files/manifest", manifest_text, 0},
                    {0}});
    start(self);
    expect_complaint(self, "another hash");
}

static void
a_ref_that_is_no_hash_is_refused(void **state)
{
    scene_t *self = *state;
    put(self, RELEASES, "latest", (entry_t[]){{"release", "x", 0}, {0}});
    start(self);
    expect_complaint(self, "no hash");
}

static void
an_approval_under_another_key_is_refused(void **state)
{
    scene_t *self = *state;
    char name[256];
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    hash_t hash = hash_of(slice_text("release"));
    machinekey_sign(self->key, SIGN_APPROVE, slice_text("x"), armor);
    approval_name(self, &hash, name, sizeof name);
    name[strlen(name) - 1] = name[strlen(name) - 1] == '0' ? '1' : '0';
    put(self, APPROVALS, name, (entry_t[]){{"approval.sigs", bytes_text(armor), 0}, {0}});
    start(self);
    expect_complaint(self, "another key");
}

static void
a_file_over_its_maximum_is_refused(void **state)
{
    scene_t *self = *state;
    char *large = memory_new(1, RELEASE_FILE_BYTES_MAX + 2);
    memset(large, 'x', RELEASE_FILE_BYTES_MAX + 1);
    put_release(self, 1, (entry_t[]){{"files/playbook.lua", large, 0}, {0}});
    free(large);
    start(self);
    expect_complaint(self, "over 262144 bytes");
}

static void
more_files_than_a_release_may_have_are_refused(void **state)
{
    scene_t *self = *state;
    char names[RELEASE_FILES_MAX + 8][32];
    entry_t entries[RELEASE_FILES_MAX + 9] = {0};
    CLEANUP(bytes_destroy) bytes_t *document = make_document(1);
    char name[HASH_TEXT];
    hash_t hash = hash_of(bytes_slice(document));
    entries[0] = (entry_t){"release", bytes_text(document), 0};
    entries[1] = (entry_t){"author.sigs", "x", 0};
    for (size_t i = 2; i < RELEASE_FILES_MAX + 8; i++) {
        snprintf(names[i], sizeof names[i], "files/%zu", i);
        entries[i] = (entry_t){names[i], "x", 0};
    }
    put(self, RELEASES, hash_write(&hash, name), entries);
    start(self);
    expect_complaint(self, "over 256 files");
}

/* The same tree in another commit is the same release, sent once more at most; its id, headers and
 * signatures decide nothing. */
static void
another_commit_of_the_same_tree_changes_nothing_rel_git_commit_mutated_header(void **state)
{
    scene_t *self = *state;
    char name[HASH_TEXT];
    git_oid commit, mutated;
    git_commit *kept;
    hash_t hash = put_release(self, 1, NULL);
    start(self);
    expect(self, CATALOG_RELEASE, &hash);
    char ref[256];
    snprintf(ref, sizeof ref, RELEASES "%s", hash_write(&hash, name));
    assert_int_equal(git_reference_name_to_id(&commit, self->git, ref), 0);
    assert_int_equal(git_commit_lookup(&kept, self->git, &commit), 0);
    mutated = write_commit(self, git_commit_tree_id(kept), "approved yes\n", "a release");
    git_commit_free(kept);
    assert_false(git_oid_equal(&commit, &mutated));
    write_ref(self, RELEASES, name, &mutated);
    expect(self, CATALOG_RELEASE, &hash);
}

static void
a_signature_in_a_commit_message_is_none_rel_sig_in_commit_body(void **state)
{
    scene_t *self = *state;
    char name[HASH_TEXT], message[4096];
    CLEANUP(bytes_destroy) bytes_t *document = make_document(1);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    machinekey_sign(self->key, SIGN_AUTHOR, bytes_slice(document), armor);
    hash_t hash = hash_of(bytes_slice(document));
    git_oid tree = write_tree(self, (entry_t[]){{"release", bytes_text(document), 0},
                                                {"files/manifest", manifest_text, 0},
                                                {"files/playbook.lua", playbook_text, 0},
                                                {"files/tests/first.lua", "", 0},
                                                {0}});
    snprintf(message, sizeof message, "gpgsig %s", bytes_text(armor));
    git_oid commit = write_commit(self, &tree, "", message);
    write_ref(self, RELEASES, hash_write(&hash, name), &commit);
    start(self);
    expect_complaint(self, "author.sigs");
}

static void
a_bad_ref_is_said_once_and_the_rest_is_read(void **state)
{
    scene_t *self = *state;
    put(self, RELEASES, "bad", (entry_t[]){{"release", "x", 0}, {0}});
    start(self);
    expect_complaint(self, "no hash");
    hash_t first = put_release(self, 1, NULL);
    expect(self, CATALOG_RELEASE, &first);
    hash_t second = put_release(self, 2, NULL);
    expect(self, CATALOG_RELEASE, &second);
}

/* The child of the child: the keeper's only child is the reader. */
static pid_t
find_reader(void)
{
    char path[64];
    int keeper = 0, reader = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &keeper), 1);
    fclose(file);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", keeper, keeper);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &reader), 1);
    fclose(file);
    return reader;
}

static void
a_reader_that_dies_is_replaced_after_a_while_and_sends_all_again(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    hash_t hash = put_release(self, 1, NULL);
    start(self);
    expect(self, CATALOG_RELEASE, &hash);
    kill(find_reader(), SIGKILL);
    struct pollfd waiting = {.fd = catalog_fd(self->catalog), .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, WAIT_MS), 1);
    assert_null(catalog_next(self->catalog, &fault));
    assert_int_equal(fault.code, FAULT_UNREACHABLE);
    fault = (fault_t){0};
    assert_null(catalog_next(self->catalog, &fault));
    assert_int_equal(fault.code, FAULT_NONE);
    assert_int_equal(catalog_tick(self->catalog, mono_now(), &fault), 0);
    assert_null(catalog_next(self->catalog, &fault));
    mono_t later = {mono_now().ms + KEEPER_BACKOFF_MAX_MS};
    assert_int_equal(catalog_tick(self->catalog, later, &fault), 0);
    expect(self, CATALOG_RELEASE, &hash);
}

static void
a_folder_that_is_not_there_is_a_fault_of_configuration(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    assert_null(catalog_new(self->program, "/nowhere.git", 65534, INTERVAL_MS, &fault));
    assert_int_equal(fault.code, FAULT_CONFIG);
}

static void
a_folder_that_is_no_repository_is_said_once(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    self->catalog = catalog_new(self->program, self->folder, 65534, INTERVAL_MS, &fault);
    assert_non_null(self->catalog);
    expect_complaint(self, "cannot be opened");
    struct pollfd waiting = {.fd = catalog_fd(self->catalog), .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, 5 * INTERVAL_MS), 0);
}

static void
the_keeper_is_nobody_where_it_was_started_by_root(void **state)
{
    scene_t *self = *state;
    if (geteuid() != 0)
        skip();
    char path[64];
    struct stat status;
    start(self);
    snprintf(path, sizeof path, "/proc/%d", find_reader());
    FILE *file;
    char line[256], groups[256] = "?";
    unsigned uid = 0;
    assert_int_equal(stat(path, &status), 0);
    snprintf(path, sizeof path, "/proc/%d/status", find_reader());
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        sscanf(line, "Uid: %u", &uid);
        sscanf(line, "Groups:%255[^\n]", groups);
    }
    fclose(file);
    assert_int_equal(uid, 65534);
    assert_null(strpbrk(groups, "0123456789"));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_release_and_its_approval_are_found),
        SCENE(what_comes_later_is_found_and_what_was_sent_is_not_sent_again),
        SCENE(packed_refs_are_found),
        SCENE(a_symbolic_link_among_the_files_is_refused_rel_symlink_mode),
        SCENE(an_executable_file_is_refused),
        SCENE(a_submodule_is_refused),
        SCENE(a_file_that_the_document_does_not_list_is_refused_rel_extra_file),
        SCENE(a_file_with_other_bytes_is_refused),
        SCENE(a_top_level_name_of_its_own_is_refused),
        SCENE(a_document_under_another_hash_is_refused),
        SCENE(a_ref_that_is_no_hash_is_refused),
        SCENE(an_approval_under_another_key_is_refused),
        SCENE(a_file_over_its_maximum_is_refused),
        SCENE(more_files_than_a_release_may_have_are_refused),
        SCENE(another_commit_of_the_same_tree_changes_nothing_rel_git_commit_mutated_header),
        SCENE(a_signature_in_a_commit_message_is_none_rel_sig_in_commit_body),
        SCENE(a_bad_ref_is_said_once_and_the_rest_is_read),
        SCENE(a_reader_that_dies_is_replaced_after_a_while_and_sends_all_again),
        SCENE(a_folder_that_is_not_there_is_a_fault_of_configuration),
        SCENE(a_folder_that_is_no_repository_is_said_once),
        SCENE(the_keeper_is_nobody_where_it_was_started_by_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
