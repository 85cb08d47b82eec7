/* SPDX-License-Identifier: Apache-2.0 */
/* findings - what is wrong with a playbook: ops that are not declared, names that do not exist in a
 * playbook, loops without an end, steps that never run, and what makes a step doubtful. Its text is
 * read, its tests are run. */
#ifndef TOCSIN_FINDINGS_H
#define TOCSIN_FINDINGS_H

#include "wire/value.h"

/* Of a playbook's folder: a list of {file, line, level "error", "warning" or "note", text}, by
 * line; the caller's. */
value_t *findings_of(const char *folder);

#endif
