/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/backups.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/moment.h"
#include "common/text.h"
#include "worker/ops/place.h"

#define END       ".config"
#define DIGITS    13 /* of ms since 1970, until the year 2286 */
#define TAIL_SIZE (1 + DIGITS + 1 + 2 * HASH_BYTES + strlen(END))

typedef struct {
    size_t count;
    char newest[NAME_MAX + 1], oldest[NAME_MAX + 1]; /* "" where there is none */
} shelf_t;

/* Names of one length that differ in the time first: they sort by it. */
static bool
is_of(const char *name, const char *device)
{
    size_t size = strlen(device);
    return strlen(name) == size + TAIL_SIZE && !strncmp(name, device, size) && name[size] == '.' &&
           strspn(name + size + 1, "0123456789") == DIGITS &&
           !strcmp(name + size + TAIL_SIZE - strlen(END), END);
}

static int
look(int folder, const char *device, shelf_t *out, fault_t *fault)
{
    DIR *all = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *entry;
    *out = (shelf_t){0};
    if (!all)
        return fault_errno(fault, "the backups cannot be listed");
    while ((entry = readdir(all))) {
        if (!is_of(entry->d_name, device))
            continue;
        if (!out->count || strcmp(entry->d_name, out->newest) > 0)
            text_copy(out->newest, sizeof out->newest, entry->d_name);
        if (!out->count || strcmp(entry->d_name, out->oldest) < 0)
            text_copy(out->oldest, sizeof out->oldest, entry->d_name);
        out->count++;
    }
    closedir(all);
    return 0;
}

static bytes_t *
read_backup(const char *folder, const char *name, const char *device, backup_t *out, fault_t *fault)
{
    char path[PATH_MAX], hash[HASH_TEXT];
    size_t size = strlen(device);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, BACKUP_BYTES, fault);
    if (!text)
        return NULL;
    snprintf(hash, sizeof hash, "%s", name + size + 1 + DIGITS + 1);
    *out = (backup_t){hash_of(bytes_slice(text)), strtoll(name + size + 1, NULL, 10), text->size};
    hash_t named;
    if (!hash_read(hash, &named) || !hash_equal(&named, &out->hash)) {
        fault_set(fault, FAULT_HASH, "the backup '%.160s' is not what was kept", name);
        return NULL;
    }
    return MOVE(text);
}

static bytes_t *
last_in(int fd, const char *folder, const char *device, backup_t *out, fault_t *fault)
{
    shelf_t shelf;
    if (look(fd, device, &shelf, fault))
        return NULL;
    if (!shelf.count) {
        fault_set(fault, FAULT_NOT_FOUND, "no configuration of '%.63s' was kept yet", device);
        return NULL;
    }
    return read_backup(folder, shelf.newest, device, out, fault);
}

bytes_t *
backups_last(const char *folder, const char *device, backup_t *out, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = place_open_private(folder, fault);
    return fd < 0 ? NULL : last_in(fd, folder, device, out, fault);
}

static int
write_backup(int folder, const char *device, slice_t text, backup_t *out, fault_t *fault)
{
    char name[NAME_MAX + 1], part[NAME_MAX + 1], hash[HASH_TEXT];
    *out = (backup_t){hash_of(text), wall_now().ms, text.size};
    snprintf(name, sizeof name, "%.63s.%0*" PRId64 ".%s" END, device, DIGITS, out->at_ms,
             hash_write(&out->hash, hash));
    snprintf(part, sizeof part, "%.63s.part", device);
    CLEANUP(descriptor_close)
    int fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && !file_write_all(fd, text, NULL) && !fchown(fd, 0, 0) && !fsync(fd) &&
        !renameat(folder, part, folder, name) && !fsync(folder))
        return 0;
    int wrong = fault_errno(fault, "the backup of '%.63s' cannot be written", device);
    unlinkat(folder, part, 0);
    return wrong;
}

int
backups_keep(const char *folder, const char *device, slice_t text, backup_t *out, bool *fresh,
             fault_t *fault)
{
    fault_t ignored = {0};
    shelf_t shelf;
    CLEANUP(descriptor_close) int fd = place_open_private(folder, fault);
    if (fd < 0)
        return -1;
    CLEANUP(bytes_destroy) bytes_t *last = last_in(fd, folder, device, out, &ignored);
    *fresh = !last || !slice_equal(bytes_slice(last), text);
    if (!*fresh)
        return 0;
    if (write_backup(fd, device, text, out, fault) || look(fd, device, &shelf, fault))
        return -1;
    while (shelf.count > BACKUPS_MAX && !unlinkat(fd, shelf.oldest, 0))
        if (look(fd, device, &shelf, fault))
            return -1;
    return 0;
}
