/* SPDX-License-Identifier: Apache-2.0 */
/* git - the site's repository as people's programs see it: releases and approvals read from, and
 * written to, refs/tocsin (docs/PROTOCOL.md 9). The only file of the command line that knows
 * libgit2. git is transport: what is read here is worth what its signatures are worth. */
#ifndef TOCSIN_GIT_H
#define TOCSIN_GIT_H

#include "keys/hash.h"
#include "keys/pubkey.h"
#include "keys/release.h"
#include "wire/value.h"

#define GIT_REFS_MAX 100000

typedef struct repository repository_t;

/* A bare repository's folder, a working copy (then its .git), or a worktree beside one (then what
 * its .git names). FAULT_NOT_FOUND, FAULT_IO. */
repository_t *repository_open(const char *path, fault_t *fault);
void repository_close(repository_t **self_p);
bool repository_is_bare(const repository_t *self);

/* Brings refs/tocsin of the remote `origin` here, so that what others proposed and approved is
 * known; 0 at once where there is no such remote. */
int repository_fetch(repository_t *self, fault_t *fault) MUST_CHECK;

typedef struct {
    hash_t hash; /* of the document, checked against the ref's name */
    bytes_t *document;
    bytes_t *armors;    /* the authors', then those of the approvals beside it that hold */
    bytes_t *authors;   /* the authors' alone */
    value_t *files;     /* map of path to bytes; each checked against the document */
    release_t *release; /* the decoded document */
} git_release_t;

/* Every release, in the order of playbook, then sequence; a list that is the caller's. What does
 * not hold together is left out, and said in one sentence each to on_complaint (may be NULL). NULL
 * with a fault where refs cannot be read. */
typedef struct {
    size_t count;
    git_release_t **at;
} git_releases_t;

git_releases_t *repository_releases(repository_t *self, void (*on_complaint)(const char *text),
                                    fault_t *fault);
void git_releases_destroy(git_releases_t **self_p);

/* Lets go of those that keep does not want. */
void git_releases_keep(git_releases_t *self, bool (*keep)(void *, const git_release_t *),
                       void *context);

/* Writes refs/tocsin/release/HASH: `release`, `author.sigs`, `files/`. The same bytes again are
 * fine; other signatures beside the same document are FAULT_CONFLICT. */
int repository_add_release(repository_t *self, slice_t document, slice_t armors,
                           const value_t *files, fault_t *fault) MUST_CHECK;

/* Writes refs/tocsin/approval/HASH/KEY: `approval.sigs`, one armor. Replaces an older approval by
 * the same key. */
int repository_add_approval(repository_t *self, const hash_t *release, const pubkey_t *key,
                            slice_t armor, fault_t *fault) MUST_CHECK;

/* One commit on refs/heads/main that puts exactly these files under FOLDER; without a checkout, so
 * that it serves bare repositories. None is made where main has them already. name and address
 * are for people only. */
int repository_commit(repository_t *self, const char *folder, const value_t *files,
                      const char *name, const char *address, const char *message,
                      fault_t *fault) MUST_CHECK;

/* The files of a folder as a commit has it, "REVISION:FOLDER" as git names it: a map of path to
 * bytes, without names that start with a dot or end with '~'. What is no plain file, or too much
 * for a release, is FAULT_FORMAT or FAULT_LIMIT; FAULT_NOT_FOUND. The caller's. */
value_t *repository_folder(repository_t *self, const char *name, fault_t *fault);

/* Pushes what was written since repository_open to the remote `origin`, by explicit refspecs; 0 at
 * once where there is no such remote. Forces nothing but an approval by the same key.
 * FAULT_CONFLICT where the other side does not take a ref. */
int repository_push(repository_t *self, fault_t *fault) MUST_CHECK;

/* A unified diff of two texts (either may be empty) as `git diff` prints it; appends. Bytes that
 * are no text are only said to differ. */
int git_diff_text(const char *path, slice_t before, slice_t after, bytes_t *out,
                  fault_t *fault) MUST_CHECK;

#endif
