/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl - kernel parameters below /proc/sys, by the names that sysctl(8) has for them: where the
 * first separator is a dot, dots stand between the parts, and a slash for a dot in one. */
#ifndef TOCSIN_SYSCTL_H
#define TOCSIN_SYSCTL_H

#include "worker/op_cell.h"

#define SYSCTL_VALUE_MAX 1000

/* Its value, one blank between its parts. FAULT_NOT_FOUND, FAULT_ARGUMENT, FAULT_LIMIT. */
int sysctl_read(const op_world_t *world, const char *key, char *out, size_t size,
                fault_t *fault) MUST_CHECK;

int sysctl_write(const op_world_t *world, const char *key, const char *value,
                 fault_t *fault) MUST_CHECK;

#endif
