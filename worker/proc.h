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

/* FAULT_NOT_FOUND where there is no such process, FAULT_IO where the kernel does not tell. */
int proc_look(pid_t pid, proc_t *out, fault_t *fault) MUST_CHECK;

/* False for both. */
bool proc_read(pid_t pid, proc_t *out);

/* Whether this very process has ended, or waits only for its parent to notice. FAULT_IO. */
int proc_has_ended(const proc_t *self, bool *ended, fault_t *fault) MUST_CHECK;

/* A moment of the kernel's clock, by the wall's as that is now. */
wall_t wall_of(mono_t moment);

wall_t proc_started(const proc_t *self);

/* All of them, ascending by pid; the array is the caller's (free). unseen, where it is not NULL:
 * how many, at least, the kernel did not tell of, or went beyond PROC_MAX. */
size_t proc_all(proc_t **out, size_t *unseen);

/* "PID-TICKS-BOOT": names this very process, whatever has its pid later. FAULT_IO. */
int proc_write_id(const proc_t *self, char out[static PROC_ID_MAX], fault_t *fault) MUST_CHECK;

/* The living process of that id. FAULT_NOT_FOUND where it is gone, FAULT_ARGUMENT where it is none,
 * FAULT_IO where the kernel does not tell. */
int proc_read_id(const char *id, proc_t *out, fault_t *fault) MUST_CHECK;

/* The process, then all that descend from it and live; the array is the caller's (free). FAULT_IO
 * where the kernel does not tell of all. */
int proc_tree(pid_t root, pid_t **out, size_t *count, fault_t *fault) MUST_CHECK;

/* Writes "PID TICKS BOOT" about a living process; not synced: a note outlives a process and means
 * nothing after the next boot. It is where a symbolic link leads to, which is there as a whole or
 * not at all, and takes no block of a disk that is full. */
int proc_note(const char *path, pid_t pid, fault_t *fault) MUST_CHECK;

/* The noted process. FAULT_NOT_FOUND where it lives no more, or there is no note; FAULT_IO. */
int proc_look_noted(const char *path, proc_t *out, fault_t *fault) MUST_CHECK;

/* False for both. */
bool proc_noted(const char *path, proc_t *out);

/* Its pid and when it was started, whether it lives or not; the rest is zero. False where there is
 * no note of this boot. */
bool proc_noted_once(const char *path, proc_t *out);

/* A signal to this very process; nothing where it is gone. */
int proc_signal(const proc_t *self, int number, fault_t *fault) MUST_CHECK;

/* SIGKILL to a process, and waits until it is gone; FAULT_TIMEOUT after wait_ms. */
int proc_end(const proc_t *self, int wait_ms, fault_t *fault) MUST_CHECK;

/* The same to a process and to all that descend from it; it is stopped first, so that it starts
 * nothing meanwhile. Where that fails before any was killed it goes on as before; else the fault
 * says what is done (worker/ops/done.h). */
int proc_end_tree(const proc_t *root, int wait_ms, fault_t *fault) MUST_CHECK;

#endif
