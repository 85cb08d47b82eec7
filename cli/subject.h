/* SPDX-License-Identifier: Apache-2.0 */
/* subject - a playbook as view, graph and diff look at it, from wherever it is. */
#ifndef TOCSIN_SUBJECT_H
#define TOCSIN_SUBJECT_H

#include "cli/command.h"
#include "wire/manifest.h"

typedef struct {
    value_t *files; /* map of path to bytes */
    manifest_t *manifest;
    char title[128]; /* what it is, for people: "disk-full 17 (9f3c1e2ab044)" or its folder */
} subject_t;

/* what is a folder with playbook.lua; REVISION:FOLDER of repository (NULL is "."); digits of a
 * release's hash, of repository where it is given, else of the broker; or the name of a playbook,
 * whose release in service the broker gives. Manifests of folders and revisions are made here, in
 * the sandbox; releases are verified. The caller clears it, whether it fails or not. */
int subject_load(subject_t *self, const options_t *options, const char *repository,
                 const char *what, fault_t *fault) MUST_CHECK;
void subject_clear(subject_t *self);

#endif
