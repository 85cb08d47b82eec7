/* SPDX-License-Identifier: Apache-2.0 */
/* faillock - the failed logins of a user that pam_faillock(8) counts, in a file of records of fixed
 * size (Linux-PAM's modules/pam_faillock/faillock.h), and the rules of /etc/security/faillock.conf
 * by which they lock. The user owns the file: what stands in it is a stranger's. */
#ifndef TOCSIN_FAILLOCK_H
#define TOCSIN_FAILLOCK_H

#include <limits.h>

#include "worker/op_cell.h"

#define FAILLOCK_RECORDS_MAX 1024 /* as many as pam_faillock keeps */
#define FAILLOCK_SOURCE_MAX  52   /* bytes of a source */

typedef struct {
    char folder[PATH_MAX]; /* of the files, below the world's root */
    char admins[64];       /* a group whose members are as root; "" for none */
    uint64_t deny, interval_s, unlock_s, root_unlock_s;
    bool root; /* root is locked too */
} lockout_rules_t;

/* FAULT_IO, FAULT_LIMIT; a machine without that file has its defaults. */
int lockout_rules_read(const op_world_t *world, lockout_rules_t *out, fault_t *fault) MUST_CHECK;

typedef struct {
    char from[FAILLOCK_SOURCE_MAX + 1]; /* printable, and without what a journal would escape */
    const char *kind;                   /* "host", "terminal" or "service" */
    int64_t count, newest_ms;
} faillock_source_t;

typedef struct {
    bool locked;
    int64_t failures, valid; /* those that count at this moment, and all that might */
    int64_t newest_ms;       /* of the valid; 0 where there is none */
    int64_t unlocks_ms;      /* 0: is not locked, or for ever */
    size_t source_count;     /* those of the valid, the newest first */
    faillock_source_t sources[FAILLOCK_RECORDS_MAX];
} faillock_t;

/* The folder of tallies, the caller's, or -1 with FAULT_NOT_FOUND, FAULT_IO. */
int faillock_folder(const lockout_rules_t *rules, fault_t *fault);

/* The file of a name in it, or -1; through no symbolic link, and a regular file. FAULT_NOT_FOUND,
 * FAULT_POLICY, FAULT_IO. */
int faillock_open(int folder, const char *name, int flags, fault_t *fault);

/* What stands in it, for this user. FAULT_IO. */
int faillock_read(int fd, const op_world_t *world, const lockout_rules_t *rules, const char *user,
                  faillock_t *out, fault_t *fault) MUST_CHECK;

#endif
