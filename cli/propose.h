/* SPDX-License-Identifier: Apache-2.0 */
/* propose - from a folder with playbook.lua to a signed release in the site's repository.
 *
 *     tocsin playbook propose FOLDER --repo REPO [--author NAME]
 *
 * Makes FOLDER/manifest in the sandbox, takes every file of the folder into the release, shows the
 * document, signs it in author@, commits the files on main under playbooks/NAME and pushes
 * refs/tocsin/release/HASH. */
#ifndef TOCSIN_PROPOSE_H
#define TOCSIN_PROPOSE_H

#include "cli/command.h"
#include "cli/git.h"
#include "keys/people.h"
#include "keys/release.h"
#include "wire/manifest.h"

command_run_t playbook_propose;

/* A playbook's folder as a map of path to bytes: regular files only; names that start with a dot
 * and names that end with '~' are left out. FAULT_LIMIT (PROTOCOL.md 3.4), FAULT_FORMAT for a name
 * outside [A-Za-z0-9._/-], a symbolic link, or two paths that differ only in case. The caller's. */
value_t *propose_files(const char *folder, fault_t *fault);

/* One more than the highest sequence of this playbook among the site's releases; 1 for the first. */
uint64_t propose_sequence(const git_releases_t *releases, const hash_t *site, const char *playbook);

/* The release that these files are: manifest has the bytes of files' "manifest". The caller's;
 * FAULT_NOT_FOUND without "playbook.lua" or "manifest". */
release_t *propose_release(const hash_t *site, const manifest_t *manifest, uint64_t sequence,
                           const char *author, const value_t *files, fault_t *fault);

#endif
