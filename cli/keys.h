/* SPDX-License-Identifier: Apache-2.0 */
/* keys - a site's folder while people write and sign its documents: what `tocsin keys` is made of.
 *
 * NAME is "root.N", "people" or "fleet.REGION". A document that is still being written or signed
 * stands in draft.NAME, its signatures in draft.NAME.sigs; once its quorum holds it takes the place
 * of NAME. root.1 alone is signed in place, and then gives the site its id. */
#ifndef TOCSIN_CLI_KEYS_H
#define TOCSIN_CLI_KEYS_H

#include "cli/command.h"
#include "cli/draft.h"
#include "keys/trust.h"

#define KEYS_PATH_MAX 4096

/* cli/keys_site.c */
command_run_t keys_sign;
command_run_t keys_show;
command_run_t keys_verify;
command_run_t keys_allowed_signers;

/* cli/keys_grant.c */
command_run_t keys_grant;

/* The site's id: the hash of root.1. FAULT_NOT_FOUND where the folder has none. */
int keys_site_id(const char *folder, hash_t *id, fault_t *fault) MUST_CHECK;

/* The signed documents of a folder, verified. The caller's. */
trust_t *keys_load(const char *folder, fault_t *fault);

#endif
