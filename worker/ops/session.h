/* SPDX-License-Identifier: Apache-2.0 */
/* session - who is logged in: what logind writes in /run/systemd/sessions, or, where it is not,
 * /run/utmp (utmp(5)). */
#ifndef TOCSIN_SESSION_H
#define TOCSIN_SESSION_H

#include "worker/op_cell.h"
#include "worker/proc.h"

#define SESSION_TEXT_MAX 256

typedef struct {
    char user[64], line[64], from[SESSION_TEXT_MAX + 1], service[64];
    pid_t pid; /* of its first process */
    int64_t since_ms;
} session_t;

/* Whether its first process lives; that one. A pid that came round again is another's. FAULT_IO. */
int session_leads(const session_t *self, proc_t *out, bool *alive, fault_t *fault) MUST_CHECK;

/* All of them, but those of utmp whose first process lives no more: who is killed does not sign
 * out. Where /proc hides what others run (proc(5), hidepid), none is left out. The array is the
 * caller's (free). FAULT_IO. */
int session_all(const op_world_t *world, session_t **out, size_t *count, fault_t *fault) MUST_CHECK;

#endif
