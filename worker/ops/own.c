/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "worker/ops/place.h"
#include "worker/ops/walk.h"

#define PLACES_MAX (6 + POLICY_SECRETS_MAX)

/* Paths without symbolic links of what is there. */
typedef struct {
    size_t count;
    char *at[PLACES_MAX];
} places_t;

static void
places_clear(places_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->at[i]);
}

static int
add(places_t *self, const char *path, fault_t *fault)
{
    char *real = path ? realpath(path, NULL) : NULL;
    if (real)
        self->at[self->count++] = real;
    if (real || !path || errno == ENOENT || errno == ENOTDIR)
        return 0;
    return fault_errno(fault, "tocsin's own '%.100s' cannot be told apart", path);
}

static int
places_find(places_t *self, const op_world_t *world, fault_t *fault)
{
    const settings_t *settings = world->settings;
    const char *secret;
    *self = (places_t){0};
    if (add(self, policy_quarantine(world->policy), fault) ||
        add(self, policy_evidence(world->policy), fault) ||
        add(self, policy_backups(world->policy), fault) || add(self, world->programs, fault) ||
        add(self, settings ? settings->state : NULL, fault) ||
        add(self, settings ? settings->policy : NULL, fault))
        return -1;
    for (size_t i = 0; (secret = policy_secret_file(world->policy, i)); i++)
        if (add(self, secret, fault))
            return -1;
    return 0;
}

static int
refuse(const char *path, fault_t *fault)
{
    return fault_set(fault, FAULT_POLICY, "'%.160s' is tocsin's own", path);
}

int
own_spares_path(const char *path, const op_world_t *world, fault_t *fault)
{
    CLEANUP(places_clear) places_t places;
    if (places_find(&places, world, fault))
        return -1;
    for (size_t i = 0; i < places.count; i++)
        if (path_is_under(path, places.at[i]))
            return refuse(path, fault);
    return 0;
}

/* Whether a path names what is in this folder. */
static bool
lies_in(const char *path, const char *folder)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == path ? 1 : (size_t)(slash - path);
    return strlen(folder) == size && !strncmp(folder, path, size);
}

int
own_spares_folder(const char *folder, const op_world_t *world, fault_t *fault)
{
    CLEANUP(places_clear) places_t places;
    if (places_find(&places, world, fault))
        return -1;
    for (size_t i = 0; i < places.count; i++)
        if (lies_in(places.at[i], folder))
            return refuse(places.at[i], fault);
    return own_spares_path(folder, world, fault);
}

typedef struct {
    struct stat file;
    bool found;
} wanted_t;

static void
on_entry(void *wanted, const char *folder, const char *name, const struct stat *status)
{
    wanted_t *self = wanted;
    (void)folder, (void)name;
    self->found =
        self->found || (status->st_ino == self->file.st_ino && status->st_dev == self->file.st_dev);
}

/* Looks at the place, and into it where it is a folder of the file's filesystem. */
static int
look_in(wanted_t *self, const char *place, fault_t *fault)
{
    walker_t walker = {.self = self, .on_entry = on_entry};
    struct stat status;
    fault_t why = {0};
    if (stat(place, &status))
        return errno == ENOENT ? 0 : fault_errno(fault, "tocsin's own '%.100s'", place);
    if (status.st_dev != self->file.st_dev)
        return 0;
    on_entry(self, "", place, &status);
    if (self->found || !S_ISDIR(status.st_mode) || !walk_below(place, &walker, &why) ||
        why.code == FAULT_NOT_FOUND)
        return 0;
    return fault_set(fault, why.code, "tocsin's own '%.100s' cannot be told apart: %.80s", place,
                     why.text);
}

int
own_spares_file(int fd, const char *path, const op_world_t *world, fault_t *fault)
{
    CLEANUP(places_clear) places_t places;
    wanted_t wanted = {.found = false};
    if (places_find(&places, world, fault) || own_spares_path(path, world, fault))
        return -1;
    if (fstat(fd, &wanted.file))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    for (size_t i = 0; i < places.count && !wanted.found; i++)
        if (look_in(&wanted, places.at[i], fault))
            return -1;
    return wanted.found ? refuse(path, fault) : 0;
}

int
own_open_others(const char *path, const op_world_t *world, struct stat *status, fault_t *fault)
{
    CLEANUP(descriptor_close)
    int fd = place_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, fault);
    if (fd < 0)
        return -1;
    if (fstat(fd, status))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    if (!S_ISREG(status->st_mode))
        return fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file", path);
    if (own_spares_file(fd, path, world, fault))
        return -1;
    int open = fd;
    fd = -1;
    return open;
}
