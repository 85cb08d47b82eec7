/* SPDX-License-Identifier: Apache-2.0 */
/* playbook_folder - a playbook's folder as lint, test, graph and diff look at it. */
#ifndef TOCSIN_PLAYBOOK_FOLDER_H
#define TOCSIN_PLAYBOOK_FOLDER_H

#include <limits.h>

#include "wire/manifest.h"

typedef struct {
    const char *folder; /* the caller's */
    bytes_t *text;      /* playbook.lua; NULL where it cannot be read */
    manifest_t *manifest;
} playbook_t;

/* A script's own fault starts with its file's name: the folder comes in front of it. Half of it is
 * there where it fails: clear it in any case. */
int playbook_load(playbook_t *self, const char *folder, fault_t *fault) MUST_CHECK;
void playbook_clear(playbook_t *self);

const char *playbook_path(const char *folder, const char *name, char out[static PATH_MAX]);

/* The names of its tests/NAME.lua, ascending, as texts in a list; the caller's. */
value_t *playbook_tests(const char *folder);

/* One of them, for rehearse; the caller's. */
bytes_t *playbook_test_text(const char *folder, const char *name, fault_t *fault);

#endif
