/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/content.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#define CHUNK_BYTES (256 * 1024)

static int
too_large(const char *name, uint64_t max, fault_t *fault)
{
    return fault_set(fault, FAULT_LIMIT, "'%.160s' is over %llu bytes", name,
                     (unsigned long long)max);
}

int
content_copy(int fd, int to, const char *name, uint64_t max, hash_t *out, uint64_t *bytes,
             fault_t *fault)
{
    static uint8_t chunk[CHUNK_BYTES];
    struct stat facts;
    uint64_t all = 0;
    if (!fstat(fd, &facts) && S_ISREG(facts.st_mode) && (uint64_t)facts.st_size > max)
        return too_large(name, max, fault);
    CLEANUP(hashing_destroy) hashing_t *hashing = hashing_new();
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(fault, "'%.160s' cannot be read", name);
        if (got == 0)
            break;
        all += (uint64_t)got;
        if (all > max)
            return too_large(name, max, fault);
        hashing_add(hashing, slice_of(chunk, (size_t)got));
        if (to >= 0 && file_write_all(to, slice_of(chunk, (size_t)got), fault))
            return -1;
    }
    *out = hashing_end(&hashing);
    if (bytes)
        *bytes = all;
    return 0;
}

int
content_hash(int fd, const char *name, uint64_t max, hash_t *out, uint64_t *bytes, fault_t *fault)
{
    return content_copy(fd, -1, name, max, out, bytes, fault);
}
