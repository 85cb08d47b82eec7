/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

static int
open_key(const op_world_t *world, const char *key, int flags, fault_t *fault)
{
    char path[PATH_MAX], folder[PATH_MAX];
    machine_path(world, folder, "/proc/sys");
    machine_path(world, path, "/proc/sys/%s", key);
    char *name = path + strlen(folder) + 1;
    if (name[strcspn(name, "./")] == '.')
        for (char *at = name; *at; at++)
            *at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
    if (!path_is_normal(path))
        return fault_set(fault, FAULT_ARGUMENT, "'%.80s' is no name of a kernel parameter", key);
    int fd = place_open_below(folder, path, flags, fault);
    return fd < 0 ? fault_wrap(fault, "kernel parameter '%.80s'", key) : fd;
}

/* Tabs and blanks become one blank, the end goes. */
static void
settle(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        bool blank = strchr(" \t\n", *at);
        if (!blank)
            *to++ = *at;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
    if (to > text && to[-1] == ' ')
        to[-1] = '\0';
}

int
sysctl_read(const op_world_t *world, const char *key, char *out, size_t size, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = open_key(world, key, O_RDONLY, fault);
    if (fd < 0)
        return -1;
    ssize_t got = file_fill(fd, out, size);
    if (got < 0)
        return fault_errno(fault, "kernel parameter '%.80s' does not tell", key);
    if ((size_t)got == size)
        return fault_set(fault, FAULT_LIMIT, "kernel parameter '%.80s' is over %zu bytes", key,
                         size - 1);
    out[got] = '\0';
    settle(out);
    return 0;
}

int
sysctl_write(const op_world_t *world, const char *key, const char *value, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = open_key(world, key, O_WRONLY | O_TRUNC, fault);
    if (fd < 0)
        return -1;
    if (write(fd, value, strlen(value)) != (ssize_t)strlen(value))
        return fault_errno(fault, "kernel parameter '%.80s' does not take '%.60s'", key, value);
    return 0;
}
