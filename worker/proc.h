/* SPDX-License-Identifier: Apache-2.0 */
/* proc - processes of this machine as /proc shows them, and notes of which one is meant: a pid with
 * the moment it started and the boot, so that a pid that came round again is never mistaken for it
 * (proc(5)). Who is to be signalled is held by a pidfd first and compared then. */
#ifndef TOCSIN_PROC_H
#define TOCSIN_PROC_H

#include <sys/types.h>

#include "common/fault.h"
#include "common/moment.h"

#define PROC_NAME_MAX 64
#define PROC_MAX      65536 /* processes looked at */
#define PROC_ID_MAX   80

typedef struct {
    pid_t pid, parent;
    uid_t user;
    char state;               /* 'R', 'S', 'Z', ... */
    uint64_t start_ticks;     /* since boot */
    char name[PROC_NAME_MAX]; /* comm: what it calls itself */
} proc_t;

/* False where there is no such process. */
bool proc_read(pid_t pid, proc_t *out);

/* A moment of the kernel's clock, by the wall's as that is now. */
wall_t wall_of(mono_t moment);

wall_t proc_started(const proc_t *self);

/* All of them, ascending by pid; the array is the caller's (free). */
size_t proc_all(proc_t **out);

/* "PID-TICKS-BOOT": names this very process, whatever has its pid later. */
void proc_write_id(const proc_t *self, char out[static PROC_ID_MAX]);

/* The living process of that id. FAULT_NOT_FOUND where it is gone, FAULT_ARGUMENT where it is none.
 */
int proc_read_id(const char *id, proc_t *out, fault_t *fault) MUST_CHECK;

/* The process, then all that descend from it and live; the array is the caller's (free). */
size_t proc_tree(pid_t root, pid_t **out);

/* Writes "PID TICKS BOOT" about a living process; not synced: a note outlives a process and means
 * nothing after the next boot. It is where a symbolic link leads to, which is there as a whole or
 * not at all, and takes no block of a disk that is full. */
int proc_note(const char *path, pid_t pid, fault_t *fault) MUST_CHECK;

/* The noted process; false where it lives no more. */
bool proc_noted(const char *path, proc_t *out);

/* Its pid and when it was started, whether it lives or not; the rest is zero. False where there is
 * no note of this boot. */
bool proc_noted_once(const char *path, proc_t *out);

/* A signal to this very process; nothing where it is gone. */
int proc_signal(const proc_t *self, int number, fault_t *fault) MUST_CHECK;

/* SIGKILL to a process, and waits until it is gone; FAULT_TIMEOUT after wait_ms. */
int proc_end(const proc_t *self, int wait_ms, fault_t *fault) MUST_CHECK;

/* The same to a process and to all that descend from it; it is stopped first, so that it starts
 * nothing meanwhile. */
int proc_end_tree(const proc_t *root, int wait_ms, fault_t *fault) MUST_CHECK;

#endif
