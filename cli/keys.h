/* SPDX-License-Identifier: Apache-2.0 */
/* keys - a site's folder while people write and sign its documents: what `tocsin keys` is made of.
 *
 * NAME is "root.N", "people" or "fleet.REGION"; "root" is the root that comes next. A document that
 * is still being written or signed stands in draft.NAME, its signatures in draft.NAME.sigs; once
 * its quorum holds it takes the place of NAME. root.1 alone is signed in place, and then gives the
 * site its id. Fleets that were replaced are kept under past/, for the workers' ids in them are
 * never used again. */
#ifndef TOCSIN_CLI_KEYS_H
#define TOCSIN_CLI_KEYS_H

#include "cli/command.h"
#include "cli/draft.h"
#include "keys/trust.h"

#define KEYS_PATH_MAX 4096
#define KEYS_NAME_MAX (TEXT_NAME_MAX + 16)

/* cli/keys_root.c */
command_run_t keys_init;
command_run_t keys_root;

/* cli/keys_people.c */
command_run_t keys_person;
command_run_t keys_broker;
command_run_t keys_delegate;
command_run_t keys_floor;
command_run_t keys_pardon;
command_run_t keys_reader;

/* cli/keys_fleet.c */
command_run_t keys_enrol;
command_run_t keys_worker;
command_run_t keys_source;

/* cli/keys_sign.c */
command_run_t keys_sign;
command_run_t keys_take;

/* cli/keys_site.c */
command_run_t keys_people;
command_run_t keys_fleet;
command_run_t keys_verify;
command_run_t keys_allowed_signers;

/* cli/doctor.c */
command_run_t keys_doctor;

/* cli/keys_revoke.c */
command_run_t keys_revoke;

/* cli/keys_restart.c */
command_run_t keys_restart;

/* cli/keys_grant.c */
command_run_t keys_grant;

/* The site's id: the hash of root.1. FAULT_NOT_FOUND where the folder has none. */
int keys_site_id(const char *folder, hash_t *id, fault_t *fault) MUST_CHECK;

/* The signed documents of a folder, verified. The caller's. */
trust_t *keys_load(const char *folder, fault_t *fault);

/* The file FOLDER/FRONT NAME, as it is; the caller's. */
bytes_t *keys_read(const char *folder, const char *front, const char *name, fault_t *fault);

/* NAME as it is meant: without "draft." or ".draft" around it, "root" with its number. FAULT_USAGE
 * for what is no document of a site. */
int keys_name(const char *folder, const char *given, char name[static KEYS_NAME_MAX],
              fault_t *fault) MUST_CHECK;

/* "fleet.REGION"; FAULT_USAGE where region is no name. */
int keys_fleet_name(const char *region, char name[static KEYS_NAME_MAX], fault_t *fault) MUST_CHECK;

/* The draft of NAME: the one that is there, or the signed document with the next version, or a
 * first one. The caller's. */
draft_t *keys_draft(const char *folder, const char *name, fault_t *fault);

/* A site's first root, with nothing in it yet. The caller's. */
draft_t *keys_draft_first(void);

/* Writes the draft, if it decodes; drops signatures of what it said before. */
int keys_draft_keep(const char *folder, const char *name, const draft_t *draft,
                    fault_t *fault) MUST_CHECK;

/* The same for a command: shows on standard output what the draft changes, and what comes next. The
 * exit status. */
int keys_draft_done(const char *folder, const char *name, const draft_t *draft);

/* What draft.NAME changes against the document that it will replace, in words; the caller's. */
value_t *keys_draft_edits(const char *folder, const char *name, slice_t draft);

/* The key of a .pub file. */
int keys_read_public(const char *path, pubkey_t *key, fault_t *fault) MUST_CHECK;

/* 64 hexadecimal digits of a CURVE key. */
bool keys_curve_valid(const char *hex);

#endif
