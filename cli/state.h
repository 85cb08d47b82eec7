/* SPDX-License-Identifier: Apache-2.0 */
/* state - what the command line keeps between calls: $XDG_STATE_HOME/tocsin, mode 0700. */
#ifndef TOCSIN_STATE_H
#define TOCSIN_STATE_H

#include "cli/command.h"

#define STATE_PATH_MAX 4096

/* The path of NAME under FOLDER ("" for none) there; makes the folders. */
int state_path(const char *folder, const char *name, char out[static STATE_PATH_MAX],
               fault_t *fault) MUST_CHECK;

/* The only name in FOLDER of 64 hexadecimal digits that starts with prefix (6 digits or more), into
 * name. FAULT_NOT_FOUND, FAULT_CONFLICT. */
int state_find(const char *folder, const char *prefix, char name[static 65],
               fault_t *fault) MUST_CHECK;

#endif
