/* SPDX-License-Identifier: Apache-2.0 */
/* fetch - a release from the broker, worth nothing until this program verified it by itself: the
 * chain, every file's length and hash, the manifest. */
#ifndef TOCSIN_FETCH_H
#define TOCSIN_FETCH_H

#include "cli/client.h"
#include "wire/manifest.h"

typedef struct {
    hash_t hash;
    bytes_t *document, *armors;
    value_t *files; /* map of path to bytes: those of the release */
    release_t *release;
    manifest_t *manifest;
    approvals_t approvals;
} fetched_t;

/* key is "playbook" (the newest in service) or "hash" (64 digits, or a prefix). What does not hold
 * is a fault: a release that is not in service too. The caller's. */
fetched_t *fetch_release(client_t *client, trust_t *trust, const char *key, const char *which,
                         fault_t *fault);
void fetched_destroy(fetched_t **self_p);

/* Decodes the manifest of what has a release and files: exactly its files, each by length and hash,
 * and a manifest of the same playbook and class. */
int fetched_check(fetched_t *self, fault_t *fault) MUST_CHECK;

#endif
