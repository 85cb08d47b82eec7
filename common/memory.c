/* SPDX-License-Identifier: Apache-2.0 */
#include "common/memory.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *
memory_new(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    assert(memory);
    return memory;
}

void *
memory_resize(void *memory, size_t count, size_t size)
{
    void *resized = reallocarray(memory, count ? count : 1, size ? size : 1);
    assert(resized);
    return resized;
}

void *
memory_grow(void *memory, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return memory;
    *capacity = *capacity ? 2 * *capacity : 8;
    return memory_resize(memory, *capacity, size);
}

/* The library's own threshold grows with the first such block that is freed. */
void
memory_map_large(int bytes)
{
    mallopt(M_MMAP_THRESHOLD, bytes);
    mallopt(M_TOP_PAD, bytes);
    mallopt(M_ARENA_MAX, 1);
}

void
memory_rest(void)
{
    malloc_trim(0);
}

char *
memory_text(const char *text)
{
    char *copy = strdup(text);
    assert(copy);
    return copy;
}

void
memory_free(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}

void
descriptor_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
