/* SPDX-License-Identifier: Apache-2.0 */
#include "common/memory.h"

#include <assert.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* Segments that nothing may write to, relocations included, are as they are in their file. A
 * process has touched most of its libraries' once it has begun, and needs a few of them after that.
 */
static int
let_go_of_code(struct dl_phdr_info *object, size_t size, void *page_size)
{
    uintptr_t page = *(const uintptr_t *)page_size;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t from = object->dlpi_addr + segment->p_vaddr, to = from + segment->p_memsz;
        from &= ~(page - 1);
        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
            madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 0;
}

void
memory_rest(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    malloc_trim(0);
    dl_iterate_phdr(let_go_of_code, &page);
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
