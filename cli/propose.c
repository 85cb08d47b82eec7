/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/propose.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/changes.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/package.h"
#include "cli/sign.h"
#include "cli/table.h"
#include "common/file.h"
#include "keys/fields.h"
#include "lua/rehearsal.h"
#include "lua/runner.h"

#define PUBLIC_KEY_BYTES_MAX 4096

/* What one proposal goes through; every pointer is ours. */
typedef struct {
    const char *folder;
    const char *author;
    trust_t *trust;
    repository_t *repository;
    git_releases_t *releases;
    value_t *files;
    manifest_t *manifest;
    bytes_t *document;
    bytes_t *armors;
} proposal_t;

static void
proposal_clear(proposal_t *self)
{
    trust_destroy(&self->trust);
    git_releases_destroy(&self->releases);
    repository_close(&self->repository);
    value_destroy(&self->files);
    manifest_destroy(&self->manifest);
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
}

const person_key_t *
propose_signer(const options_t *options, const people_t *people)
{
    char path[PATH_MAX];
    pubkey_t key;
    const char *const suffixes[] = {".pub", ""};
    for (size_t i = 0; options->key && people && i < ARRAY_SIZE(suffixes); i++) {
        fault_t ignored;
        snprintf(path, sizeof path, "%s%s", options->key, suffixes[i]);
        CLEANUP(bytes_destroy) bytes_t *line = file_read(path, PUBLIC_KEY_BYTES_MAX, &ignored);
        if (line && !pubkey_read_line(&key, bytes_text(line), &ignored))
            return people_find(people, &key);
    }
    return NULL;
}

static bool
is_author(const people_t *people, const char *person)
{
    for (size_t i = 0; people && i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, person) && people->keys[i].roles & ROLE_AUTHOR)
            return true;
    return false;
}

static int
find_author(proposal_t *self, const options_t *options, fault_t *fault)
{
    const person_key_t *signer = propose_signer(options, trust_people(self->trust));
    if (!self->author && signer)
        self->author = signer->person;
    if (!self->author)
        return fault_set(fault, FAULT_USAGE,
                         "nobody in the people document has this key; name its person by --author");
    return is_author(trust_people(self->trust), self->author)
               ? 0
               : fault_set(fault, FAULT_ROLE,
                           "'%s' is no author; sign with an author's key (--key FILE), or name by "
                           "--author who wrote it",
                           self->author);
}

/* The manifest is made from the text as it is now, and becomes one of the files. */
static int
make_manifest(proposal_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    const value_t *text = value_get(self->files, "playbook.lua");
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    CLEANUP(manifest_destroy) manifest_t *again = NULL;
    if (!text)
        return fault_set(fault, FAULT_NOT_FOUND, "'%s' holds no 'playbook.lua'", self->folder);
    self->manifest = runner_manifest(value_slice(text), fault);
    if (!self->manifest)
        return fault_wrap(fault, "%s/playbook.lua", self->folder);
    manifest_encode(self->manifest, bytes);
    again = manifest_decode(bytes_slice(bytes), fault);
    if (!again)
        return fault_wrap(fault, "the manifest of %s", self->folder);
    value_set(self->files, "manifest", value_bytes(bytes_slice(bytes)));
    snprintf(path, sizeof path, "%s/manifest", self->folder);
    return file_write(path, bytes_slice(bytes), 0644, fault);
}

/* Nobody is asked to review what does not pass its own tests. */
static int
run_tests(const proposal_t *self, fault_t *fault)
{
    slice_t playbook = value_slice(value_get(self->files, "playbook.lua"));
    for (size_t i = 0; i < value_count(self->files); i++) {
        CLEANUP(bytes_destroy) bytes_t *name = bytes_copy(value_key(self->files, i));
        const char *path = bytes_text(name);
        size_t size = strlen(path);
        if (strncmp(path, "tests/", 6) != 0 || size < 4 || strcmp(path + size - 4, ".lua") != 0)
            continue;
        if (rehearse(self->manifest, playbook, value_slice(value_at(self->files, i)), fault))
            return fault_wrap(fault, "%s/%s", self->folder, path);
    }
    return 0;
}

/* The files travel to workers as one value (docs/PROTOCOL.md 6, GIVE). */
static int
check_weight(const proposal_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *whole = bytes_new();
    value_encode(self->files, whole);
    if (whole->size > VALUE_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "the files are over %d bytes together",
                         VALUE_BYTES_MAX);
    return 0;
}

static bool
is_among(const signers_t *signers, const char *person)
{
    for (size_t i = 0; i < signers->count; i++)
        if (!strcmp(signers->person[i], person))
            return true;
    return false;
}

/* Whether all its authors signed it. Anything else in the repository counts for nothing: whoever
 * may push could use up every sequence. */
static bool
is_authors_own(void *trust, const git_release_t *release)
{
    approvals_t approvals;
    fault_t ignored = {0};
    bool signed_by_all =
        !trust_approvals(trust, bytes_slice(release->document), bytes_slice(release->authors),
                         release->release, &approvals, &ignored);
    for (size_t i = 0; signed_by_all && i < release->release->author_count; i++)
        signed_by_all = is_among(&approvals.authors, release->release->authors[i]);
    return signed_by_all;
}

static int
number(proposal_t *self, fault_t *fault)
{
    const hash_t *site = trust_site(self->trust);
    const char *playbook = self->manifest->playbook;
    uint64_t sequence = package_sequence(self->releases, site, playbook);
    if (sequence > FIELDS_NUMBER_MAX)
        return fault_set(fault, FAULT_LIMIT,
                         "a release of '%s' in the repository has the last sequence that there is: "
                         "take its ref away, and its author's key",
                         playbook);
    self->document =
        package_document(site, self->manifest, sequence, self->author, self->files, fault);
    return self->document ? 0 : -1;
}

static int
load(proposal_t *self, const options_t *options, const char *path, fault_t *fault)
{
    self->trust = site_load(options, fault);
    if (!self->trust || find_author(self, options, fault))
        return -1;
    self->repository = repository_open(path, fault);
    if (!self->repository)
        return fault_wrap(fault, "--repo %s", path);
    if (repository_fetch(self->repository, fault))
        return -1;
    self->releases = repository_releases(self->repository, NULL, fault);
    self->files = self->releases ? package_files(self->folder, fault) : NULL;
    if (!self->files || make_manifest(self, fault) || check_weight(self, fault) ||
        run_tests(self, fault))
        return -1;
    git_releases_keep(self->releases, is_authors_own, self->trust);
    return number(self, fault);
}

/* The release before it, as its author knew it: the one with the highest sequence. */
static const git_release_t *
release_before(const proposal_t *self)
{
    const git_release_t *before = NULL;
    for (size_t i = 0; i < self->releases->count; i++)
        if (!strcmp(self->releases->at[i]->release->playbook, self->manifest->playbook) &&
            hash_equal(&self->releases->at[i]->release->site, trust_site(self->trust)))
            before = self->releases->at[i];
    return before;
}

/* Whether the release before it has the very same files: then there is nothing to propose. */
static bool
is_unchanged(const proposal_t *self)
{
    const git_release_t *before = release_before(self);
    return before && value_equal(before->files, self->files);
}

static void
show(const proposal_t *self)
{
    const git_release_t *before = release_before(self);
    CLEANUP(manifest_destroy)
    manifest_t *was = before ? changes_manifest(before->files, NULL) : NULL;
    CLEANUP(value_destroy) value_t *changes = changes_of(was, self->manifest);
    fputs(bytes_text(self->document), stderr);
    changes_print(changes, stderr);
}

static int
sign(proposal_t *self, const options_t *options, fault_t *fault)
{
    pubkey_t key;
    char question[128];
    show(self);
    snprintf(question, sizeof question, "Sign this release as its author '%s'?", self->author);
    if (!sign_confirm(options, question))
        return fault_set(
            fault, FAULT_DENIED,
            "not signed: nobody said yes (--no-input signs without asking); nothing was "
            "written to the repository");
    self->armors = bytes_new();
    if (sign_document(options, SIGN_AUTHOR, bytes_slice(self->document), self->armors, &key, fault))
        return -1;
    const people_t *people = trust_people(self->trust);
    const person_key_t *signer = people ? people_find(people, &key) : NULL;
    if (!signer || strcmp(signer->person, self->author) != 0)
        return fault_set(fault, FAULT_KEY, "the key that signed is not one of '%s'", self->author);
    if (!(signer->roles & ROLE_AUTHOR))
        return fault_set(fault, FAULT_ROLE, "this key of '%s' is not one to author with",
                         self->author);
    return 0;
}

static int
publish(proposal_t *self, fault_t *fault)
{
    char folder[TEXT_NAME_MAX + 16], message[TEXT_NAME_MAX + 280], address[TEXT_NAME_MAX + 16];
    snprintf(folder, sizeof folder, "playbooks/%s", self->manifest->playbook);
    snprintf(address, sizeof address, "%s@localhost", self->author);
    snprintf(message, sizeof message, "%s: %s\n", self->manifest->playbook,
             self->manifest->summary);
    if (repository_is_bare(self->repository) &&
        repository_commit(self->repository, folder, self->files, self->author, address, message,
                          fault))
        return -1;
    if (repository_add_release(self->repository, bytes_slice(self->document),
                               bytes_slice(self->armors), self->files, fault))
        return -1;
    return repository_push(self->repository, fault);
}

static void
report(const proposal_t *self, const options_t *options)
{
    char hash[HASH_TEXT];
    fault_t ignored;
    hash_t id = hash_of(bytes_slice(self->document));
    CLEANUP(release_destroy)
    release_t *release = release_decode(bytes_slice(self->document), &ignored);
    unsigned needed = trust_root(self->trust)->quorum_approve[release->highest];
    hash_write(&id, hash);
    if (!options->json) {
        printf("release %s\n%s %llu, %s, by %s, needs %u %s: tocsin review approve %s\n", hash,
               release->playbook, (unsigned long long)release->sequence,
               class_word(release->highest), self->author, needed,
               needed == 1 ? "approval" : "approvals", hash);
        return;
    }
    CLEANUP(value_destroy) value_t *body = value_map();
    value_set_text(body, "hash", hash);
    value_set_text(body, "playbook", release->playbook);
    value_set_integer(body, "sequence", (int64_t)release->sequence);
    value_set_text(body, "class", class_word(release->highest));
    value_set_integer(body, "needed", needed);
    json_print("release", body);
}

int
playbook_propose(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    const char *path = NULL;
    CLEANUP(proposal_clear) proposal_t self = {0};
    const option_t rows[] = {{"--repo", OPTION_TEXT, &path},
                             {"--author", OPTION_TEXT, &self.author},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_fail(&fault);
    if (argc != 2 || !path) {
        fault_set(&fault, FAULT_USAGE,
                  "name a folder, and by --repo the repository that the release goes to: tocsin "
                  "playbook propose FOLDER --repo REPO");
        return command_fail(&fault);
    }
    self.folder = argv[1];
    if (load(&self, options, path, &fault))
        return command_fail(&fault);
    if (is_unchanged(&self)) {
        fault_set(&fault, FAULT_CONFLICT, "'%s' is as its last release has it: nothing to propose",
                  self.manifest->playbook);
        return command_fail(&fault);
    }
    if (sign(&self, options, &fault) || publish(&self, &fault))
        return command_fail(&fault);
    report(&self, options);
    return 0;
}
