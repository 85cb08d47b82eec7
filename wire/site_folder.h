/* SPDX-License-Identifier: Apache-2.0 */
/* site_folder - root, people, fleets, stops, revokes and resumes as files (docs/PROTOCOL.md 11),
 * replaced so that a crash at any moment leaves a document and the signatures that belong to it. */
#ifndef TOCSIN_SITE_FOLDER_H
#define TOCSIN_SITE_FOLDER_H

#include "keys/trust.h"

/* Makes the folder where there is none, finishes what a crash cut short, and loads what is there
 * into trust; an empty folder is fine. */
int site_folder_load(const char *folder, trust_t *trust, fault_t *fault) MUST_CHECK;

/* Whether these very bytes are kept. */
bool site_folder_has(const char *folder, slice_t document);

/* Removes the stops, revokes and resumes that trust has forgotten for the sake of others. */
int site_folder_prune(const char *folder, const trust_t *trust, fault_t *fault) MUST_CHECK;

/* Keeps a verified document and its signatures under its name. On a fault one of both versions is
 * there, and nobody knows which. */
int site_folder_keep(const char *folder, slice_t document, slice_t armors,
                     fault_t *fault) MUST_CHECK;

#endif
