/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/manager.h"

#include <errno.h>
#include <stdlib.h>

#include "worker/ops/machine.h"

#define PRIVATE "unix:path=/run/systemd/private"

void
manager_close(manager_t *self)
{
    sd_bus_error_free(&self->error);
    sd_bus_close_unref(self->bus);
}

/* What systemd said, as a fault. */
int
manager_refuse(manager_t *self, int wrong, const char *what, fault_t *fault)
{
    const char *name = self->error.name ? self->error.name : "";
    CLEANUP(value_destroy)
    value_t *text = shown(self->error.message ? self->error.message : strerror(-wrong));
    bool missing = strstr(name, "NoSuchUnit") || wrong == -ENOENT;
    fault_set(fault, missing ? FAULT_NOT_FOUND : FAULT_FAILED, "%s: %.160s", what,
              value_string(text));
    return -1;
}

/* It had the words, or may have had, and no answer came. */
int
manager_refuse_act(manager_t *self, int wrong, const char *what, fault_t *fault)
{
    bool lost = wrong == -ETIMEDOUT || wrong == -ECONNRESET || wrong == -ENOTCONN ||
                wrong == -ENOBUFS || wrong == -EINTR || wrong == -ENOMEM;
    manager_refuse(self, wrong, what, fault);
    fault->code = lost ? FAULT_UNKNOWN : fault->code;
    return -1;
}

int
manager_open(manager_t *self, fault_t *fault)
{
    int wrong = sd_bus_open_system(&self->bus);
    self->name = MANAGER_NAME;
    return wrong < 0 ? manager_refuse(self, wrong, "the system bus is not to be had", fault) : 0;
}

int
manager_open_private(manager_t *self, fault_t *fault)
{
    int wrong = sd_bus_new(&self->bus);
    if (wrong >= 0)
        wrong = sd_bus_set_address(self->bus, PRIVATE);
    if (wrong >= 0)
        wrong = sd_bus_start(self->bus);
    if (wrong >= 0)
        wrong = sd_bus_call_method(self->bus, NULL, "/", "org.freedesktop.DBus.Peer", "Ping",
                                   &self->error, NULL, "");
    return wrong < 0 ? manager_refuse(self, wrong, "systemd is not to be reached", fault) : 0;
}

/* EBADR: the object has no such face or property. */
bool
manager_heard(manager_t *self, int status)
{
    if (status < 0 && status != -EBADR && !self->untold)
        self->untold = status;
    return status >= 0;
}

int
manager_told(manager_t *self, const char *unit, fault_t *fault)
{
    return self->untold ? manager_refuse(self, self->untold, unit, fault) : 0;
}

void
manager_text(manager_t *self, const char *path, const char *face, const char *property,
             const char *key, value_t *result)
{
    char *text = NULL;
    if (!manager_heard(self, sd_bus_get_property_string(self->bus, self->name, path, face, property,
                                                        NULL, &text)))
        return;
    if (*text)
        show(result, key, text);
    free(text);
}

/* The greatest number is how systemd says that there is none. */
void
manager_number(manager_t *self, const char *path, const manager_number_t *at, value_t *result)
{
    union {
        uint64_t t;
        uint32_t u;
        int32_t i;
    } got = {0};
    if (!manager_heard(self, sd_bus_get_property_trivial(self->bus, self->name, path, at->face,
                                                         at->property, NULL, at->type, &got)))
        return;
    uint64_t number = at->type == 't' ? got.t : at->type == 'u' ? got.u : (uint64_t)got.i;
    if (number <= INT64_MAX && !(at->per > 1 && !number))
        value_set_integer(result, at->key, (int64_t)number / at->per);
}

/* The object of a unit, the caller's; NULL with a fault. */
char *
manager_unit(manager_t *self, const char *unit, fault_t *fault)
{
    sd_bus_message *answer = NULL;
    const char *path = NULL;
    char *found = NULL;
    int wrong = sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, "LoadUnit",
                                   &self->error, &answer, "s", unit);
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "o", &path);
    if (wrong < 0)
        manager_refuse(self, wrong, unit, fault);
    else
        found = memory_text(path);
    sd_bus_message_unref(answer);
    return found;
}

void
manager_describe(manager_t *self, const char *path, const char *unit, value_t *result)
{
    static const char face[] = "org.freedesktop.systemd1.Unit";
    value_set_text(result, "unit", unit);
    manager_text(self, path, face, "ActiveState", "active", result);
    manager_text(self, path, face, "SubState", "sub", result);
}

bool
manager_knows(const value_t *result, fault_t *fault)
{
    if (strcmp(value_get_text(result, "load"), "not-found") != 0)
        return true;
    fault_set(fault, FAULT_NOT_FOUND, "there is no unit '%.120s'", value_get_text(result, "unit"));
    return false;
}
