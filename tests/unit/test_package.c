/* SPDX-License-Identifier: Apache-2.0 */
/* A folder becomes a release, and a release becomes refs in a real repository, read back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/package.h"
#include "common/file.h"
#include "keys/signature.h"

#ifdef TOCSIN_SANITIZED
/* libgit2 1.5.1 does not free what its regular expressions over configuration match. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libpcre2\n";
}
#endif

static const char manifest_text[] = "tocsin-manifest v1\n"
                                    "playbook disk-full\n"
                                    "summary Free space\n"
                                    "class observe\n"
                                    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\n"
                                    "step usage run 60 -\n"
                                    "use usage disk.usage observe\n"
                                    "end\n";

typedef struct {
    char folder[64]; /* private */
    char path[128];  /* scratch */
    char bare[128];  /* a bare repository */
    machinekey_t *key;
    manifest_t *manifest;
    hash_t site;
} scene_t;

static const char *
path_of(scene_t *self, const char *name)
{
    snprintf(self->path, sizeof self->path, "%s/%s", self->folder, name);
    return self->path;
}

static void
make_bare(const char *path)
{
    git_repository *git;
    assert_int_equal(git_repository_init(&git, path, 1), 0);
    git_repository_free(git);
}

static int
set_up(void **state)
{
    fault_t fault = {0};
    scene_t *self = memory_new(1, sizeof *self);
    *state = self;
    git_libgit2_init();
    snprintf(self->folder, sizeof self->folder, "/tmp/test-package-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->bare, sizeof self->bare, "%s", path_of(self, "site.git"));
    make_bare(self->bare);
    self->key = machinekey_make(path_of(self, "key"), &fault);
    assert_non_null(self->key);
    self->manifest = manifest_decode(slice_text(manifest_text), &fault);
    assert_non_null(self->manifest);
    self->site = hash_of(slice_text("site"));
    assert_int_equal(mkdir(path_of(self, "disk-full"), 0755), 0);
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
    machinekey_destroy(&self->key);
    manifest_destroy(&self->manifest);
    nftw(self->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    git_libgit2_shutdown();
    free(self);
    return 0;
}

static void
write_file(scene_t *self, const char *name, const char *text)
{
    fault_t fault = {0};
    assert_int_equal(file_write(path_of(self, name), slice_text(text), 0644, &fault), 0);
}

static value_t *
make_files(void)
{
    value_t *files = value_map();
    value_set_text(files, "manifest", manifest_text);
    value_set_text(files, "playbook.lua", "return playbook {}");
    return files;
}

/* A signed release in the repository at path. */
static hash_t
put(scene_t *self, repository_t *repository, uint64_t sequence)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *files = make_files();
    CLEANUP(bytes_destroy)
    bytes_t *document =
        package_document(&self->site, self->manifest, sequence, "ana", files, &fault);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    assert_non_null(document);
    machinekey_sign(self->key, SIGN_AUTHOR, bytes_slice(document), armor);
    assert_int_equal(repository_add_release(repository, bytes_slice(document), bytes_slice(armor),
                                            files, &fault),
                     0);
    return hash_of(bytes_slice(document));
}

static void
a_folder_is_taken_without_what_starts_with_a_dot_or_ends_with_a_tilde(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    write_file(self, "disk-full/playbook.lua", "x");
    write_file(self, "disk-full/.hidden", "x");
    write_file(self, "disk-full/playbook.lua~", "x");
    assert_int_equal(mkdir(path_of(self, "disk-full/tests"), 0755), 0);
    write_file(self, "disk-full/tests/first.lua", "y");
    CLEANUP(value_destroy) value_t *files = package_files(path_of(self, "disk-full"), &fault);
    assert_non_null(files);
    assert_int_equal(value_count(files), 2);
    assert_string_equal(value_get_text(files, "tests/first.lua"), "y");
}

static void
a_symbolic_link_in_the_folder_is_refused(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    assert_int_equal(symlink("/etc/passwd", path_of(self, "disk-full/link")), 0);
    assert_null(package_files(path_of(self, "disk-full"), &fault));
    assert_int_equal(fault.code, FAULT_FORMAT);
}

static void
a_file_over_its_maximum_is_refused(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    write_file(self, "disk-full/large", "");
    assert_int_equal(truncate(path_of(self, "disk-full/large"), RELEASE_FILE_BYTES_MAX + 1), 0);
    assert_null(package_files(path_of(self, "disk-full"), &fault));
    assert_int_equal(fault.code, FAULT_LIMIT);
}

static void
the_document_lists_every_file_with_length_and_hash(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *files = make_files();
    value_set_text(files, "tests/10", "b");
    value_set_text(files, "tests/9", "a");
    CLEANUP(bytes_destroy)
    bytes_t *document = package_document(&self->site, self->manifest, 7, "ana", files, &fault);
    assert_non_null(document);
    CLEANUP(release_destroy) release_t *release = release_decode(bytes_slice(document), &fault);
    assert_non_null(release);
    assert_int_equal(release->sequence, 7);
    assert_int_equal(release->file_count, 4);
    assert_int_equal(release_check_file(release, "tests/9", slice_text("a"), &fault), 0);
    assert_int_equal(release_check_file(release, "manifest", slice_text(manifest_text), &fault), 0);
}

static void
files_named_by_numbers_stand_in_the_order_of_the_grammar(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *files = make_files();
    value_set_text(files, "10", "b");
    value_set_text(files, "9", "a");
    CLEANUP(bytes_destroy)
    bytes_t *document = package_document(&self->site, self->manifest, 1, "ana", files, &fault);
    assert_non_null(document);
}

static void
a_path_that_no_release_may_have_is_refused(void **state)
{
    scene_t *self = *state;
    static const char *const paths[] = {"a b", "../up", "Manifest", "tests//x", "/etc/passwd"};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        fault_t fault = {0};
        CLEANUP(value_destroy) value_t *files = make_files();
        value_set_text(files, paths[i], "x");
        assert_null(package_document(&self->site, self->manifest, 1, "ana", files, &fault));
        assert_int_not_equal(fault.code, FAULT_NONE);
    }
}

static void
a_folder_without_a_playbook_is_no_release(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *files = value_map();
    value_set_text(files, "manifest", manifest_text);
    assert_null(package_document(&self->site, self->manifest, 1, "ana", files, &fault));
    assert_int_not_equal(fault.code, FAULT_NONE);
}

static void
the_sequence_is_one_more_than_the_highest_of_that_playbook_and_site(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    hash_t other = hash_of(slice_text("other site"));
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    assert_non_null(repository);
    put(self, repository, 3);
    put(self, repository, 2);
    CLEANUP(git_releases_destroy)
    git_releases_t *releases = repository_releases(repository, NULL, &fault);
    assert_non_null(releases);
    assert_int_equal(releases->count, 2);
    assert_int_equal(releases->at[0]->release->sequence, 2);
    assert_int_equal(package_sequence(releases, &self->site, "disk-full"), 4);
    assert_int_equal(package_sequence(releases, &self->site, "disk"), 1);
    assert_int_equal(package_sequence(releases, &other, "disk-full"), 1);
}

static bool
is_before_3(void *context, const git_release_t *release)
{
    ++*(int *)context;
    return release->release->sequence < 3;
}

static void
releases_that_do_not_count_are_let_go__rel_fast_forward_seq(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    int asked = 0;
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    assert_non_null(repository);
    put(self, repository, 2);
    put(self, repository, INT64_MAX);
    put(self, repository, 1);
    CLEANUP(git_releases_destroy)
    git_releases_t *releases = repository_releases(repository, NULL, &fault);
    git_releases_keep(releases, is_before_3, &asked);
    assert_int_equal(asked, 3);
    assert_int_equal(releases->count, 2);
    assert_int_equal(package_sequence(releases, &self->site, "disk-full"), 3);
}

static void
what_was_written_is_read_back_with_its_approval(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    hash_t hash = put(self, repository, 1);
    CLEANUP(git_releases_destroy)
    git_releases_t *alone = repository_releases(repository, NULL, &fault);
    assert_int_equal(alone->count, 1);
    assert_true(hash_equal(&alone->at[0]->hash, &hash));
    machinekey_sign(self->key, SIGN_APPROVE, bytes_slice(alone->at[0]->document), armor);
    assert_int_equal(repository_add_approval(repository, &hash, machinekey_public(self->key),
                                             bytes_slice(armor), &fault),
                     0);
    CLEANUP(git_releases_destroy)
    git_releases_t *both = repository_releases(repository, NULL, &fault);
    assert_int_equal(both->count, 1);
    assert_int_equal(both->at[0]->armors->size, both->at[0]->authors->size + armor->size);
    assert_int_equal(value_count(both->at[0]->files), 2);
}

static char complaint[FAULT_TEXT_MAX];

static void
keep_complaint(const char *text)
{
    snprintf(complaint, sizeof complaint, "%s", text);
}

static void
an_approval_that_signs_something_else_is_left_out_and_said(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    hash_t hash = put(self, repository, 1);
    machinekey_sign(self->key, SIGN_APPROVE, slice_text("another release"), armor);
    assert_int_equal(repository_add_approval(repository, &hash, machinekey_public(self->key),
                                             bytes_slice(armor), &fault),
                     0);
    complaint[0] = '\0';
    CLEANUP(git_releases_destroy)
    git_releases_t *releases = repository_releases(repository, keep_complaint, &fault);
    assert_int_equal(releases->count, 1);
    assert_int_equal(releases->at[0]->armors->size, releases->at[0]->authors->size);
    assert_non_null(strstr(complaint, "does not count"));
}

static void
the_same_release_again_is_fine_and_other_signatures_are_a_conflict(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    CLEANUP(value_destroy) value_t *files = make_files();
    CLEANUP(bytes_destroy)
    bytes_t *document = package_document(&self->site, self->manifest, 1, "ana", files, &fault);
    slice_t text = bytes_slice(document);
    assert_int_equal(repository_add_release(repository, text, slice_text("x"), files, &fault), 0);
    assert_int_equal(repository_add_release(repository, text, slice_text("x"), files, &fault), 0);
    assert_int_equal(repository_add_release(repository, text, slice_text("y"), files, &fault), -1);
    assert_int_equal(fault.code, FAULT_CONFLICT);
}

static void
main_gets_one_commit_a_change_and_keeps_what_is_beside_it(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    git_repository *git;
    git_object *object;
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    CLEANUP(value_destroy) value_t *files = make_files();
    const char *const folders[] = {"playbooks/a", "playbooks/b", "playbooks/b"};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        assert_int_equal(
            repository_commit(repository, folders[i], files, "ana", "a@b", "x\n", &fault), 0);
    assert_int_equal(git_repository_open_bare(&git, self->bare), 0);
    assert_int_equal(git_revparse_single(&object, git, "main:playbooks/a/manifest"), 0);
    git_object_free(object);
    assert_int_equal(git_revparse_single(&object, git, "main~1"), 0);
    git_object_free(object);
    assert_int_not_equal(git_revparse_single(&object, git, "main~2"), 0);
    git_repository_free(git);
}

static void
a_folder_of_a_commit_is_read_as_it_stands_there(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    CLEANUP(repository_close) repository_t *repository = repository_open(self->bare, &fault);
    CLEANUP(value_destroy) value_t *files = make_files();
    value_set_text(files, "tests/a.lua", "return {}");
    assert_int_equal(
        repository_commit(repository, "playbooks/a", files, "ana", "a@b", "x\n", &fault), 0);
    CLEANUP(value_destroy)
    value_t *read = repository_folder(repository, "main:playbooks/a", &fault);
    assert_non_null(read);
    assert_true(value_equal(read, files));
    assert_null(repository_folder(repository, "main:playbooks/b", &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
    assert_null(repository_folder(repository, "main:playbooks/a/playbook.lua", &fault));
    assert_null(repository_folder(repository, "nobody:playbooks/a", &fault));
}

/* As git lays it down beside the repository: a file that names the folder which names both. */
static void
add_worktree(scene_t *self)
{
    char text[512];
    assert_int_equal(mkdir(path_of(self, "site.git/worktrees"), 0755), 0);
    assert_int_equal(mkdir(path_of(self, "site.git/worktrees/tree"), 0755), 0);
    assert_int_equal(mkdir(path_of(self, "tree"), 0755), 0);
    snprintf(text, sizeof text, "gitdir: %s/worktrees/tree\n", self->bare);
    write_file(self, "tree/.git", text);
    write_file(self, "site.git/worktrees/tree/commondir", "../..\n");
    write_file(self, "site.git/worktrees/tree/HEAD", "ref: refs/heads/main\n");
    snprintf(text, sizeof text, "%s/tree/.git\n", self->folder);
    write_file(self, "site.git/worktrees/tree/gitdir", text);
}

static void
a_worktree_is_the_repository_that_it_stands_beside(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    char inside[256];
    CLEANUP(repository_close) repository_t *bare = repository_open(self->bare, &fault);
    CLEANUP(value_destroy) value_t *files = make_files();
    put(self, bare, 1);
    assert_int_equal(repository_commit(bare, "playbooks/a", files, "ana", "a@b", "x\n", &fault), 0);
    add_worktree(self);
    CLEANUP(repository_close)
    repository_t *tree = repository_open(path_of(self, "tree"), &fault);
    assert_non_null(tree);
    CLEANUP(value_destroy) value_t *read = repository_folder(tree, "HEAD:playbooks/a", &fault);
    assert_true(value_equal(read, files));
    CLEANUP(git_releases_destroy)
    git_releases_t *releases = repository_releases(tree, NULL, &fault);
    assert_int_equal(releases->count, 1);
    snprintf(inside, sizeof inside, "%s/tree/below", self->folder);
    assert_int_equal(mkdir(inside, 0755), 0);
    assert_null(repository_open(inside, &fault));
}

static void
a_remote_gets_what_was_written_and_gives_what_others_wrote(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    char mine[128], config[256];
    snprintf(mine, sizeof mine, "%s", path_of(self, "mine.git"));
    make_bare(mine);
    snprintf(config, sizeof config, "[core]\n\tbare = true\n[remote \"origin\"]\n\turl = %s\n",
             self->bare);
    write_file(self, "mine.git/config", config);
    CLEANUP(repository_close) repository_t *local = repository_open(mine, &fault);
    CLEANUP(repository_close) repository_t *site = repository_open(self->bare, &fault);
    put(self, local, 1);
    assert_int_equal(repository_push(local, &fault), 0);
    put(self, site, 2);
    assert_int_equal(repository_fetch(local, &fault), 0);
    CLEANUP(git_releases_destroy) git_releases_t *there = repository_releases(site, NULL, &fault);
    CLEANUP(git_releases_destroy) git_releases_t *here = repository_releases(local, NULL, &fault);
    assert_int_equal(there->count, 2);
    assert_int_equal(here->count, 2);
}

static void
a_folder_that_is_no_repository_is_not_found(void **state)
{
    scene_t *self = *state;
    fault_t fault = {0};
    assert_null(repository_open(self->folder, &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_folder_is_taken_without_what_starts_with_a_dot_or_ends_with_a_tilde),
        SCENE(a_symbolic_link_in_the_folder_is_refused),
        SCENE(a_file_over_its_maximum_is_refused),
        SCENE(the_document_lists_every_file_with_length_and_hash),
        SCENE(files_named_by_numbers_stand_in_the_order_of_the_grammar),
        SCENE(a_path_that_no_release_may_have_is_refused),
        SCENE(a_folder_without_a_playbook_is_no_release),
        SCENE(the_sequence_is_one_more_than_the_highest_of_that_playbook_and_site),
        SCENE(releases_that_do_not_count_are_let_go__rel_fast_forward_seq),
        SCENE(what_was_written_is_read_back_with_its_approval),
        SCENE(an_approval_that_signs_something_else_is_left_out_and_said),
        SCENE(the_same_release_again_is_fine_and_other_signatures_are_a_conflict),
        SCENE(main_gets_one_commit_a_change_and_keeps_what_is_beside_it),
        SCENE(a_folder_of_a_commit_is_read_as_it_stands_there),
        SCENE(a_worktree_is_the_repository_that_it_stands_beside),
        SCENE(a_remote_gets_what_was_written_and_gives_what_others_wrote),
        SCENE(a_folder_that_is_no_repository_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
