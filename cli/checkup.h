/* SPDX-License-Identifier: Apache-2.0 */
/* checkup - what is wrong with a site's documents, or will be, told from them alone: ends that come
 * near, signatures that no longer count, quorums that nobody or that one person meets, regions
 * without an officer, keys that serve nothing, drafts that wait. */
#ifndef TOCSIN_CHECKUP_H
#define TOCSIN_CHECKUP_H

#include "cli/symptoms.h"
#include "wire/allowance.h"

/* Into the list. folder is looked through for drafts, and named in the commands that are proposed.
 */
void checkup(const trust_t *trust, const char *folder, wall_t now, value_t *list);

/* Into the list, of what a machine says that it allows: more people asked for than there are. */
void checkup_allowance(const trust_t *trust, const allowance_t *allowance, value_t *list);

#endif
