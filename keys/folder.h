/* SPDX-License-Identifier: Apache-2.0 */
/* folder - the files of a site folder by their names, each when those that it needs have been. */
#ifndef TOCSIN_FOLDER_H
#define TOCSIN_FOLDER_H

#include "common/fault.h"

/* 1 where the file is there, 0 where it is not, -1 with a fault, which ends the walk. */
typedef int folder_take_t(void *context, const char *folder, const char *name, fault_t *fault);

/* root.1 and on while they are there, people, and the documents that begin with each of fronts
 * ("fleet.", "stop."; NULL behind the last), ascending. FAULT_IO where the folder cannot be read.
 */
int folder_walk(const char *folder, const char *const *fronts, folder_take_t *take, void *context,
                fault_t *fault) MUST_CHECK;

#endif
