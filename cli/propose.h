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
#include "keys/people.h"

command_run_t playbook_propose;

/* The line of the person whose key options->key is: it is a public file itself, or NAME.pub lies
 * beside it. NULL where that is not so, or the key is nobody's. Nothing stands on this: what was
 * signed is checked by the key that signed. */
const person_key_t *propose_signer(const options_t *options, const people_t *people);

#endif
