/* SPDX-License-Identifier: Apache-2.0 */
/* tar - writing an archive of plain files in the format of POSIX.1-1988 (ustar), to a descriptor:
 * for each file tar_begin, its bytes, tar_pad; behind all of them tar_end. */
#ifndef TOCSIN_TAR_H
#define TOCSIN_TAR_H

#include <stdint.h>

#include "common/fault.h"

#define TAR_NAME_MAX   100
#define TAR_FOLDER_MAX 155
#define TAR_BYTES_MAX  ((1ULL << 33) - 1) /* of one file */

/* FOLDER/NAME, root's, mode 0400. FAULT_LIMIT, FAULT_IO, FAULT_FULL. */
int tar_begin(int fd, const char *folder, const char *name, uint64_t bytes, int64_t modified_ms,
              fault_t *fault) MUST_CHECK;
int tar_pad(int fd, uint64_t bytes, fault_t *fault) MUST_CHECK;
int tar_end(int fd, fault_t *fault) MUST_CHECK;

/* How much tar_begin to tar_pad write of a file of so many bytes, and tar_end behind all of them.
 */
uint64_t tar_file_size(uint64_t bytes);
uint64_t tar_end_size(void);

#endif
