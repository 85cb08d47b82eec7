/* SPDX-License-Identifier: Apache-2.0 */
/* release - one playbook, every file by its hash, as reviewers approve it (docs/PROTOCOL.md 3.4).
 * Authors sign in author@, reviewers in approve@; an author never counts among the approvers. */
#ifndef TOCSIN_RELEASE_H
#define TOCSIN_RELEASE_H

#include "keys/hash.h"
#include "keys/roles.h"

#define RELEASE_FILES_MAX      256
#define RELEASE_AUTHORS_MAX    16
#define RELEASE_FILE_BYTES_MAX (256 * 1024)
#define RELEASE_BYTES_MAX      (448 * 1024) /* of all files together */
#define RELEASE_PATH_MAX       200

typedef struct {
    char path[RELEASE_PATH_MAX + 1]; /* relative; [A-Za-z0-9._/-], no "." or ".." part */
    uint64_t bytes;
    hash_t hash;
} release_file_t;

typedef struct {
    unsigned others; /* who hold it beside the first: release_hold */
    hash_t site;
    char playbook[TEXT_NAME_MAX + 1];
    uint64_t sequence; /* from 1; grows with every release of this playbook */
    class_t highest;   /* the worst class among its ops */
    hash_t manifest;   /* of the file "manifest" */
    size_t author_count, file_count;
    char authors[RELEASE_AUTHORS_MAX][TEXT_NAME_MAX + 1]; /* ascending, at least one */
    release_file_t files[RELEASE_FILES_MAX]; /* ascending; "manifest" and "playbook.lua" among them;
                                                no two paths differ only in case */
} release_t;

/* What is behind the last file is not set. */
release_t *release_decode(slice_t document, fault_t *fault);

/* For one holder more, who lets go of it by release_destroy as the first does; the last one frees
 * it. Nobody changes it from then on. All holders are of one thread. */
release_t *release_hold(const release_t *self);
void release_encode(const release_t *self, bytes_t *out);
void release_destroy(release_t **self_p);

/* NULL where there is none. */
const release_file_t *release_file(const release_t *self, const char *path);

bool release_has_author(const release_t *self, const char *person);

/* Length and hash of one file: FAULT_NOT_FOUND, FAULT_HASH. */
int release_check_file(const release_t *self, const char *path, slice_t bytes,
                       fault_t *fault) MUST_CHECK;

#endif
