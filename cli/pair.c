/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pair.h"

#include <stdio.h>
#include <unistd.h>

#include "common/document.h"
#include "common/file.h"

#define SIGNERS_NEEDED 2

static int
name_files(pair_t *self, const char *path, fault_t *fault)
{
    if (!text_copy(self->path, sizeof self->path, path))
        return fault_set(fault, FAULT_USAGE, "the path of what waits to be signed is too long");
    snprintf(self->signatures, sizeof self->signatures, "%s.sigs", path);
    return 0;
}

int
pair_new(pair_t *self, const char *folder, bytes_t **document, fault_t *fault)
{
    char hash[HASH_TEXT], path[STATE_PATH_MAX];
    hash_t of = hash_of(bytes_slice(*document));
    self->document = MOVE(*document);
    self->armors = bytes_new();
    if (state_path(folder, hash_write(&of, hash), path, fault))
        return -1;
    return name_files(self, path, fault);
}

int
pair_load(pair_t *self, const char *path, fault_t *fault)
{
    if (name_files(self, path, fault))
        return -1;
    self->document = file_read(self->path, DOCUMENT_BYTES_MAX, fault);
    self->armors = self->document ? file_read(self->signatures, SIGNATURES_BYTES_MAX, fault) : NULL;
    return self->armors ? 0 : -1;
}

void
pair_clear(pair_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
}

static size_t
count_armors(const bytes_t *armors)
{
    size_t count = 0;
    signature_t signature;
    slice_t rest = bytes_slice(armors);
    while (signature_next(&signature, &rest, NULL) == 1)
        count++;
    return count;
}

int
pair_sign(pair_t *self, const options_t *options, purpose_t purpose, const char *kind,
          const char *command)
{
    fault_t fault;
    if (sign_shown(options, purpose, kind, bytes_slice(self->document), self->armors, &fault) ||
        file_write(self->path, bytes_slice(self->document), 0600, &fault) ||
        file_write(self->signatures, bytes_slice(self->armors), 0600, &fault))
        return command_fail(&fault);
    if (count_armors(self->armors) >= SIGNERS_NEEDED)
        return 0;
    fprintf(stderr, "tocsin: another officer must sign: %s --file %s\n", command, self->path);
    return EXIT_WAITING;
}

void
pair_done(const pair_t *self)
{
    unlink(self->path);
    unlink(self->signatures);
}
