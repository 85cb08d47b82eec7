/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

bytes_t *
file_read(const char *path, size_t max, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        fault_errno(fault, "'%s' cannot be read", path);
        if (missing && fault)
            fault->code = FAULT_NOT_FOUND;
        return NULL;
    }
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    uint8_t chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fault_errno(fault, "'%s' cannot be read", path);
            return NULL;
        }
        if (got == 0)
            return MOVE(bytes);
        if (bytes->size + (size_t)got > max) {
            fault_set(fault, FAULT_LIMIT, "'%s' is over %zu bytes", path, max);
            return NULL;
        }
        bytes_add(bytes, chunk, (size_t)got);
    }
}

ssize_t
file_fill(int fd, void *out, size_t max)
{
    size_t size = 0;
    while (size < max) {
        ssize_t got = read(fd, (uint8_t *)out + size, max - size);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        size += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)size;
}

bytes_t *
file_read_private(const char *path, size_t max, fault_t *fault)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && (facts.st_mode & 077)) {
        fault_set(fault, FAULT_KEY, "'%s' may be read by others: chmod 600 it", path);
        return NULL;
    }
    return file_read(path, max, fault);
}

bytes_t *
file_read_secret(const char *path, size_t min, size_t max, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *file = file_read_private(path, max + 1, fault);
    if (!file)
        return NULL;
    size_t size = file->size && file->data[file->size - 1] == '\n' ? file->size - 1 : file->size;
    slice_t word = slice_of(file->data, size);
    if (size < min || size > max || !text_is_printable(word) || memchr(word.data, ' ', size)) {
        fault_set(fault, FAULT_FORMAT,
                  "'%s' does not hold one word of %zu to %zu printable characters", path, min, max);
        return NULL;
    }
    return bytes_copy(word);
}

int
file_write_all(int fd, slice_t bytes, fault_t *fault)
{
    while (bytes.size) {
        ssize_t written = write(fd, bytes.data, bytes.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fault_errno(fault, "write");
        bytes.data += written;
        bytes.size -= (size_t)written;
    }
    return 0;
}

int
file_sync_folder(const char *path, fault_t *fault)
{
    char copy[PATH_MAX];
    if (!text_copy(copy, sizeof copy, path))
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' is too long a path", path);
    CLEANUP(descriptor_close) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd))
        return fault_errno(fault, "the folder of '%s' cannot be synced", path);
    return 0;
}

int
file_write(const char *path, slice_t bytes, mode_t mode, fault_t *fault)
{
    char fresh[PATH_MAX];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' is too long a path", path);
    CLEANUP(descriptor_close)
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return fault_errno(fault, "'%s' cannot be written", fresh);
    if (fchmod(fd, mode) || file_write_all(fd, bytes, fault) || fsync(fd) || rename(fresh, path)) {
        fault_errno(fault, "'%s' cannot be written", path);
        unlink(fresh);
        return -1;
    }
    return file_sync_folder(path, fault);
}

int
folder_make(const char *path, mode_t mode, fault_t *fault)
{
    char copy[PATH_MAX];
    if (!text_copy(copy, sizeof copy, path))
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' is too long a path", path);
    for (char *at = copy + 1;; at++) {
        if (*at && *at != '/')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, mode) && errno != EEXIST)
            return fault_errno(fault, "folder '%s' cannot be made", copy);
        *at = kept;
        if (!kept)
            return 0;
    }
}

/* In a sticky folder nobody renames or removes what is another's. */
static int
check_ours(const char *path, fault_t *fault)
{
    struct stat status;
    if (stat(path, &status))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX);
    bool shared = (status.st_mode & (S_IWGRP | S_IWOTH)) && !sticky;
    if ((status.st_uid != 0 && status.st_uid != geteuid()) || shared)
        return fault_set(fault, FAULT_CONFIG,
                         "'%.120s' can be written by others: chown it to root, and chmod go-w it",
                         path);
    return 0;
}

static int
check_folder_ours(const char *path, fault_t *fault)
{
    char copy[PATH_MAX];
    if (!text_copy(copy, sizeof copy, path))
        return fault_set(fault, FAULT_LIMIT, "path '%.100s' is too long", path);
    return check_ours(dirname(copy), fault);
}

int
file_check_ours(const char *path, fault_t *fault)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    return check_ours(real, fault) || check_folder_ours(real, fault) ||
                   check_folder_ours(path, fault)
               ? -1
               : 0;
}
