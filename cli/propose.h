/* SPDX-License-Identifier: Apache-2.0 */
/* propose - from a folder with playbook.lua to a signed release in the site's repository.
 *
 *     tocsin playbook propose FOLDER --repo REPO [--author NAME]
 *
 * Makes FOLDER/manifest in the sandbox, takes every file of the folder into the release, shows the
 * document, signs it in author@, writes refs/tocsin/release/HASH and pushes it. In a bare
 * repository the files are also committed on main, under playbooks/NAME; in a working copy that is
 * left to its owner. */
#ifndef TOCSIN_PROPOSE_H
#define TOCSIN_PROPOSE_H

#include "cli/command.h"
#include "cli/git.h"
#include "keys/people.h"
#include "keys/release.h"
#include "wire/manifest.h"

command_run_t playbook_propose;

/* A playbook's folder as a map of path to bytes: regular files only; names that start with a dot
 * and names that end with '~' are left out. FAULT_LIMIT (PROTOCOL.md 3.4), FAULT_FORMAT for a
 * symbolic link or a device. The caller's. */
value_t *propose_files(const char *folder, fault_t *fault);

/* One more than the highest sequence of this playbook among the site's releases; 1 at first. */
uint64_t propose_sequence(const git_releases_t *releases, const hash_t *site, const char *playbook);

/* The line of the person whose key options->key is: it is a public file itself, or NAME.pub lies
 * beside it. NULL where that is not so, or the key is nobody's. Nothing stands on this: what was
 * signed is checked by the key that signed. */
const person_key_t *propose_signer(const options_t *options, const people_t *people);

/* The document of the release that these files are, checked by decoding it; "manifest" is among
 * them and has manifest's bytes. The caller's; FAULT_FORMAT for a path no release may have. */
bytes_t *propose_document(const hash_t *site, const manifest_t *manifest, uint64_t sequence,
                          const char *author, const value_t *files, fault_t *fault);

#endif
