/* SPDX-License-Identifier: Apache-2.0 */
/* manager - systemd's manager from outside (org.freedesktop.systemd1(5)). Who looks asks on the
 * system bus, as nobody; who acts asks on the manager's own socket, which lets root alone in. */
#ifndef TOCSIN_MANAGER_H
#define TOCSIN_MANAGER_H

#include <systemd/sd-bus.h>

#include "worker/op_cell.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_FACE "org.freedesktop.systemd1.Manager"
#define FACE(kind)   "org.freedesktop.systemd1." kind

/* A plain value, zeroed before it is opened; manager_close is for one that was not, too. */
typedef struct {
    sd_bus *bus;
    const char *name; /* whom to ask: NULL on the manager's own socket */
    sd_bus_error error;
    int untold; /* why a property was not told that is there; 0 */
} manager_t;

/* A property that is a number: which, of what type, how many of its unit are one of ours. */
typedef struct {
    const char *face, *property;
    char type;
    int64_t per; /* what it counts in a unit of ours */
    const char *key;
} manager_number_t;

/* On the bus, and on the manager's own socket, on which it answers. FAULT_FAILED, FAULT_NOT_FOUND.
 */
int manager_open(manager_t *self, fault_t *fault) MUST_CHECK;
int manager_open_private(manager_t *self, fault_t *fault) MUST_CHECK;
void manager_close(manager_t *self);

/* What systemd said, as a fault: FAULT_NOT_FOUND of a unit that is not there, else FAULT_FAILED.
 * wrong is sd-bus's status. -1. */
int manager_refuse(manager_t *self, int wrong, const char *what, fault_t *fault);

/* The same of what changes something: FAULT_UNKNOWN where the connection broke amid it, or no
 * answer came or could be read, so that nobody can know whether it did. */
int manager_refuse_act(manager_t *self, int wrong, const char *what, fault_t *fault);

/* The object of a unit, the caller's; NULL with a fault. */
char *manager_unit(manager_t *self, const char *unit, fault_t *fault) MUST_CHECK;

/* A property of an object under this key; nothing where it is empty, or there is no such number.
 * Where it could not be asked for manager_told says so then. */
void manager_text(manager_t *self, const char *path, const char *face, const char *property,
                  const char *key, value_t *result);
void manager_number(manager_t *self, const char *path, const manager_number_t *at, value_t *result);

/* Of an answer to a question about a property: sd-bus's status. Whether it came. */
bool manager_heard(manager_t *self, int status);

/* Whether all that was asked for so far is told: what is not there is no reason to fail, and what
 * is there must not be left out. FAULT_FAILED. */
int manager_told(manager_t *self, const char *unit, fault_t *fault) MUST_CHECK;

/* Its name, and how it is. */
void manager_describe(manager_t *self, const char *path, const char *unit, value_t *result);

/* Of what has its LoadState as `load`. False with FAULT_NOT_FOUND. */
bool manager_knows(const value_t *result, fault_t *fault);

#endif
