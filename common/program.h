/* SPDX-License-Identifier: Apache-2.0 */
/* program - where the running program's file stands: what belongs to it stands beside it. */
#ifndef TOCSIN_PROGRAM_H
#define TOCSIN_PROGRAM_H

#include <limits.h>

#include "common/fault.h"

/* Its folder, without a '/' behind. FAULT_IO. */
int program_folder(char out[static PATH_MAX], fault_t *fault) MUST_CHECK;

#endif
