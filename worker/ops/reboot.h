/* SPDX-License-Identifier: Apache-2.0 */
/* reboot - what host.reboot looks at before a machine goes down, and how that is done where no
 * systemd runs. */
#ifndef TOCSIN_REBOOT_H
#define TOCSIN_REBOOT_H

#include "worker/op_cell.h"

#define REBOOT_SECONDS 20 /* until it goes down, where nobody says: its receipt is out by then */
#define BOOT_ID_MAX    63

typedef struct {
    int64_t seconds;
    int64_t sessions; /* who would be thrown out */
    bool systemd;     /* runs there */
    bool foreseen;    /* no boot ends, and nobody is told of one that did */
    char boot[BOOT_ID_MAX + 1];
} reboot_t;

/* FAULT_CONFLICT while somebody is logged in, unless `despite_sessions`, and while dpkg's database
 * is locked: a package is being installed. FAULT_IO where files do not tell. */
int reboot_look(reboot_t *self, const value_t *arguments, const op_world_t *world,
                fault_t *fault) MUST_CHECK;

/* A process that outlives the op executes /sbin/shutdown then. FAULT_NOT_FOUND, FAULT_IO. */
int reboot_by_shutdown(const reboot_t *self, const op_world_t *world, fault_t *fault) MUST_CHECK;

/* What host.reboot gives; the caller's. */
value_t *reboot_tell(const reboot_t *self);

#endif
