/* SPDX-License-Identifier: Apache-2.0 */
/* package - a playbook's folder as the files and the document of a release. */
#ifndef TOCSIN_PACKAGE_H
#define TOCSIN_PACKAGE_H

#include "cli/git.h"
#include "wire/manifest.h"

/* A playbook's folder as a map of path to bytes: regular files only; names that start with a dot
 * and names that end with '~' are left out. FAULT_LIMIT (PROTOCOL.md 3.4), FAULT_FORMAT for a
 * symbolic link or a device. The caller's. */
value_t *package_files(const char *folder, fault_t *fault);

/* One more than the highest sequence of this playbook among the site's releases; 1 at first. */
uint64_t package_sequence(const git_releases_t *releases, const hash_t *site, const char *playbook);

/* The document of the release that these files are, checked by decoding it; "manifest" is among
 * them and has manifest's bytes. The caller's; FAULT_FORMAT for a path no release may have. */
bytes_t *package_document(const hash_t *site, const manifest_t *manifest, uint64_t sequence,
                          const char *author, const value_t *files, fault_t *fault);

#endif
