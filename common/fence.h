/* SPDX-License-Identifier: Apache-2.0 */
/* fence - what a process that speaks to strangers gives up for good. Without a filter of system
 * calls it does not start; Landlock and limits are best effort: what the kernel does not offer of
 * them is logged, and the process goes on without it. */
#ifndef TOCSIN_FENCE_H
#define TOCSIN_FENCE_H

#include <seccomp.h>

#include "common/fault.h"

/* Landlock: files are read only and none is executed, but that below writable (NULL: nowhere) they
 * may be made, written, linked and removed. A kernel before its third version lets who may write a
 * file cut it short wherever it is: FENCE_READS does not. */
void fence_files(const char *writable);

/* What it may still open. */
typedef enum {
    FENCE_READS,  /* files that it reads, sockets that connect; it makes, cuts and moves no file */
    FENCE_SPEAKS, /* files and sockets */
    FENCE_KEEPS,  /* files; the sockets that it has are all it will */
    FENCE_ALONE,  /* nothing */
} fence_t;

/* seccomp, EPERM: no program or process is started (threads are), no other traced or ended, no
 * kernel door opened that a program that resolves names and speaks TLS never uses; nor is opened
 * what it may not. FAULT_IO where the kernel takes no filter. */
int fence_calls(fence_t may, fault_t *fault) MUST_CHECK;

/* The rules of a filter that is being made, the caller's, by which a new process or thread gets no
 * namespace in which it has more rights, but of these kinds (CLONE_NEW...). What clone3 asks for a
 * filter does not see: ENOSYS, upon which libc asks clone. libseccomp's status: 0, or below it. */
int fence_refuse_spaces(scmp_filter_ctx filter, unsigned kinds) MUST_CHECK;

/* No core file, and at most so many descriptors. */
void fence_limits(unsigned descriptors);

#endif
