/* SPDX-License-Identifier: Apache-2.0 */
/* privilege - what a daemon gives up once it has opened what it needs. */
#ifndef TOCSIN_PRIVILEGE_H
#define TOCSIN_PRIVILEGE_H

#include <sys/types.h>

#include "common/fault.h"

/* For good: no supplementary groups, gid and uid to uid (nothing where uid is 0 or ours already).
 * FAULT_DENIED when the system keeps any of it. */
int privilege_become(uid_t uid, fault_t *fault) MUST_CHECK;

/* The same, and an empty bounding set of capabilities where uid is another, no_new_privs, and not
 * dumpable. */
int privilege_drop(uid_t uid, fault_t *fault) MUST_CHECK;

/* Whether a root can do that at all: one in a container may lack a capability for it, which
 * FAULT_DENIED names. 0 for who is not root. */
int privilege_check(fault_t *fault) MUST_CHECK;

/* The file or folder at PATH belongs to uid from now on (nothing where uid is 0, or we are not
 * root): it is made by the one who starts a role, and used by the role. */
int privilege_give(const char *path, uid_t uid, fault_t *fault) MUST_CHECK;

/* This process is killed when its parent dies; -1 if the parent is gone already. */
int privilege_follow_parent(pid_t parent, fault_t *fault) MUST_CHECK;

#endif
