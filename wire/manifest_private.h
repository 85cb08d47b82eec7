/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_private - what the files of the manifest share. */
#ifndef TOCSIN_MANIFEST_PRIVATE_H
#define TOCSIN_MANIFEST_PRIVATE_H

#include "keys/fields.h"
#include "wire/manifest.h"

/* The repeated lines in the document's order: how one is taken, and how all are written. */
typedef struct {
    const char *key;
    void (*take)(document_reader_t *in, manifest_t *self, const char *key);
    void (*put)(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch);
} manifest_line_t;

extern const manifest_line_t manifest_lines[]; /* key NULL ends */

/* A step's flags as they stand in its line. */
const char *step_flags(const manifest_step_t *step, char out[static 32]);

/* Each step once, as manifest_sequence has them; fewer where lines go in a circle. */
size_t manifest_walk(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX]);

/* Whether the lines, each of which is well, hang together. */
int manifest_check(const manifest_t *self, fault_t *fault) MUST_CHECK;

#endif
