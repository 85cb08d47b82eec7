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

/* Line `at` of them all; NULL behind the last. */
const manifest_line_t *manifest_line(size_t at);

/* Those about steps, and about ops; key NULL ends. */
extern const manifest_line_t manifest_step_lines[], manifest_use_lines[];

/* Room for one more item behind the last, zeroed. */
void *manifest_longer(void *items, size_t count, size_t size);

/* The text of a field, unescaped, which is the manifest's own: all of them together are shorter
 * than its document. An empty one, or one that is no text, spoils. */
const char *manifest_keep(document_reader_t *in, manifest_t *self, const char *escaped, size_t max);

/* "NAME VALUE" of what stands under a name, such as an input's choices; and all of these. */
void manifest_take_word(document_reader_t *in, manifest_t *self, char **row, manifest_word_t *word);
void manifest_put_words(const manifest_word_t *words, size_t count, const char *key, bytes_t *out,
                        bytes_t *scratch);

/* The step of this name; where there is none it spoils, and gives NULL. */
manifest_step_t *manifest_find_step(document_reader_t *in, manifest_t *self, const char *name);

/* A step's flags as they stand in its line. */
const char *step_flags(const manifest_step_t *step, char out[static 32]);

/* Each step once, as manifest_sequence has them; fewer where lines go in a circle. */
size_t manifest_walk(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX]);

/* Whether the lines, each of which is well, hang together. */
int manifest_check(const manifest_t *self, fault_t *fault) MUST_CHECK;

#endif
