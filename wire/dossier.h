/* SPDX-License-Identifier: Apache-2.0 */
/* dossier - a site's documents in one text: root 1 and each that followed, people, fleets; each as
 * it was signed, its armors behind it (docs/PROTOCOL.md 11). What an officer gives a new worker,
 * and what an extract of the record brings along, so that the site's id is all one must know. */
#ifndef TOCSIN_DOSSIER_H
#define TOCSIN_DOSSIER_H

#include "keys/trust.h"

#define DOSSIER_BYTES_MAX ((size_t)64 << 20)

/* Appends the documents of a site folder: region's fleet only, or all fleets where it is NULL. */
int dossier_read(const char *folder, const char *region, bytes_t *out, fault_t *fault) MUST_CHECK;

/* Takes the next document and its armors off *rest: 1, 0 where none is left (what is left starts
 * with no document), -1 with FAULT_FORMAT. Nothing is verified. */
int dossier_next(slice_t *rest, slice_t *document, slice_t *armors, fault_t *fault) MUST_CHECK;

/* All of it into trust, which knows the site's id. Any document that does not hold is a fault, and
 * so is what is none. */
int dossier_verify(slice_t text, trust_t *trust, fault_t *fault) MUST_CHECK;

/* What dossier_verify found to hold, as files of a site folder, signatures first. */
int dossier_keep(slice_t text, const char *folder, fault_t *fault) MUST_CHECK;

#endif
