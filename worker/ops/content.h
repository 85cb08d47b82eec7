/* SPDX-License-Identifier: Apache-2.0 */
/* content - what is in a file, by its SHA-256, and copies of it. */
#ifndef TOCSIN_CONTENT_H
#define TOCSIN_CONTENT_H

#include "common/fault.h"
#include "keys/hash.h"

/* From where fd stands to its end, which is over max bytes away for FAULT_LIMIT. bytes may be NULL.
 * content_copy writes all of it to the descriptor `to` as well. name is for faults. */
int content_hash(int fd, const char *name, uint64_t max, hash_t *out, uint64_t *bytes,
                 fault_t *fault) MUST_CHECK;
int content_copy(int fd, int to, const char *name, uint64_t max, hash_t *out, uint64_t *bytes,
                 fault_t *fault) MUST_CHECK;

#endif
