/* SPDX-License-Identifier: Apache-2.0 */
/* bundle - a release's files as they travel, a map of path to bytes, held against the release that
 * was signed. The one check for judge, effector, broker and command line: what one of them takes,
 * all of them take. */
#ifndef TOCSIN_BUNDLE_H
#define TOCSIN_BUNDLE_H

#include "keys/release.h"
#include "wire/manifest.h"

/* Every file that the release lists by length and hash, none missing, none besides: FAULT_HASH.
 * files may be NULL, as none. */
int bundle_check_files(const release_t *release, const value_t *files, fault_t *fault) MUST_CHECK;

/* The same, then its manifest, the caller's; NULL with FAULT_HASH, or what bundle_manifest says. */
manifest_t *bundle_check(const release_t *release, const value_t *files, fault_t *fault);

/* These bytes as the release's manifest, the caller's: by hash, of the same playbook, of exactly
 * the release's class. NULL with FAULT_HASH, FAULT_CLASS, or manifest_decode's. */
manifest_t *bundle_manifest(const release_t *release, slice_t bytes, fault_t *fault);

#endif
