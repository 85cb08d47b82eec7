/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/tar.h"

#include <stdio.h>
#include <string.h>

#include "common/file.h"

#define BLOCK_BYTES 512

typedef struct {
    char name[100], mode[8], user[8], group[8], size[12], modified[12], sum[8], type, link[100];
    char magic[6], version[2], user_name[32], group_name[32], major[8], minor[8], folder[155];
    char rest[12];
} header_t;

_Static_assert(sizeof(header_t) == BLOCK_BYTES, "a header is one block");

static void
put_text(char *out, size_t size, const char *text)
{
    memcpy(out, text, strnlen(text, size));
}

static void
put_octal(char *out, size_t size, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%0*llo", (int)size - 1, (unsigned long long)number);
    memcpy(out, text, size - 1);
}

/* Of all its bytes, those of the sum itself as blanks. */
static void
put_sum(header_t *self)
{
    unsigned sum = 0;
    memset(self->sum, ' ', sizeof self->sum);
    for (size_t i = 0; i < sizeof *self; i++)
        sum += ((const uint8_t *)self)[i];
    put_octal(self->sum, sizeof self->sum - 1, sum);
    self->sum[6] = '\0';
}

int
tar_begin(int fd, const char *folder, const char *name, uint64_t bytes, int64_t modified_ms,
          fault_t *fault)
{
    header_t header = {.type = '0'};
    if (strlen(name) > TAR_NAME_MAX || strlen(folder) > TAR_FOLDER_MAX || bytes > TAR_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%.100s' is too much for an archive", name);
    put_text(header.name, sizeof header.name, name);
    put_text(header.folder, sizeof header.folder, folder);
    put_octal(header.mode, sizeof header.mode, 0400);
    put_octal(header.user, sizeof header.user, 0);
    put_octal(header.group, sizeof header.group, 0);
    put_octal(header.size, sizeof header.size, bytes);
    put_octal(header.modified, sizeof header.modified, (uint64_t)(modified_ms / 1000));
    put_text(header.magic, sizeof header.magic, "ustar");
    put_text(header.version, sizeof header.version, "00");
    put_sum(&header);
    return file_write_all(fd, slice_of(&header, sizeof header), fault);
}

int
tar_pad(int fd, uint64_t bytes, fault_t *fault)
{
    static const uint8_t zeroes[BLOCK_BYTES];
    size_t over = bytes % BLOCK_BYTES;
    return over ? file_write_all(fd, slice_of(zeroes, BLOCK_BYTES - over), fault) : 0;
}

int
tar_end(int fd, fault_t *fault)
{
    static const uint8_t zeroes[2 * BLOCK_BYTES];
    return file_write_all(fd, slice_of(zeroes, sizeof zeroes), fault);
}

uint64_t
tar_file_size(uint64_t bytes)
{
    return BLOCK_BYTES + (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

uint64_t
tar_end_size(void)
{
    return 2 * BLOCK_BYTES;
}
