/* SPDX-License-Identifier: Apache-2.0 */
/* sealer - the process that holds the sources' keys. It is forked before anything of a stranger's
 * is read, and does one thing: it signs an alert that is in the grammar, of this site and a source
 * whose key it has, and that was received just now by its own clock. So whoever takes over the
 * process that reads HTTP and JSON can have alerts signed while he is there, and never takes a key
 * along. */
#ifndef TOCSIN_SEALER_H
#define TOCSIN_SEALER_H

#include "common/moment.h"
#include "sidecars/relay_settings.h"

#define SEALER_AGO_MS 60000 /* between an alert's received and its signature */

typedef struct sealer sealer_t;

/* Reads the keys in the new process, which then becomes settings' uid. FAULT_KEY and its kin where
 * a key cannot be had. */
sealer_t *sealer_new(const relay_settings_t *settings, fault_t *fault);

/* Ends the process. */
void sealer_destroy(sealer_t **self_p);

/* Appends the armor of an alert's document. FAULT_DENIED where the sealer does not sign such a one,
 * FAULT_UNREACHABLE where it is gone: then so is tocsin-source. */
int sealer_sign(sealer_t *self, slice_t document, bytes_t *armor, fault_t *fault) MUST_CHECK;

#endif
