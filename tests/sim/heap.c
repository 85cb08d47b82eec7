/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's malloc and its kin, for a process of one thread that lives through many small
 * worlds: blocks of a size class wait in a list for the next that wants one, and nothing is ever
 * merged or given back. Sanitizers bring their own. */
#ifndef TOCSIN_SANITIZED
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define UNIT      16 /* of sizes, and the space before each block */
#define EXACT     64 /* classes of UNIT each; behind them four a doubling */
#define CLASSES   160
#define REGION    (UINT64_C(64) << 20)
#define ALIGNED   UINT32_MAX
#define BLOCK_MAX (UINT64_C(1) << 30)

/* What stands before a block. */
typedef struct {
    uint32_t class; /* ALIGNED: the block's own start is `back` bytes before this one */
    uint32_t back;
    uint64_t size; /* of the block */
} head_t;

typedef struct block {
    struct block *next;
} block_t;

_Static_assert(sizeof(head_t) == UNIT, "blocks are aligned");

static block_t *waiting[CLASSES];
static uint8_t *fresh, *fresh_end;

static uint32_t
class_of(size_t size, size_t *whole)
{
    size_t units = (size + UNIT - 1) / UNIT + !size;
    if (units <= EXACT) {
        *whole = units * UNIT;
        return (uint32_t)units - 1;
    }
    unsigned log = 63 - (unsigned)__builtin_clzll(units - 1); /* 2^log <= units - 1 < 2^(log+1) */
    size_t step = (size_t)1 << (log - 2), steps = (units - ((size_t)1 << log) + step - 1) / step;
    *whole = (((size_t)1 << log) + steps * step) * UNIT;
    return EXACT - 1 + (log - 6) * 4 + (uint32_t)steps;
}

static void *
take_fresh(size_t whole)
{
    size_t size = whole + UNIT;
    if ((size_t)(fresh_end - fresh) < size) {
        size_t region = size > REGION ? size : REGION;
        void *mapped = mmap(NULL, region, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED)
            return NULL;
        fresh = mapped;
        fresh_end = fresh + region;
    }
    uint8_t *block = fresh + UNIT;
    fresh += size;
    return block;
}

static head_t *
head_of(void *block)
{
    return (head_t *)block - 1;
}

static void *
take(size_t size, bool *zeroed)
{
    size_t whole;
    if (size > BLOCK_MAX) {
        errno = ENOMEM;
        return NULL;
    }
    uint32_t class = class_of(size, &whole);
    block_t *block = waiting[class];
    *zeroed = !block;
    if (block) {
        waiting[class] = block->next;
        return block;
    }
    block = take_fresh(whole);
    if (block)
        *head_of(block) = (head_t){.class = class, .size = whole};
    return block;
}

void *
malloc(size_t size)
{
    bool zeroed;
    return take(size, &zeroed);
}

void *
calloc(size_t count, size_t size)
{
    bool zeroed;
    size_t all;
    if (__builtin_mul_overflow(count, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = take(all, &zeroed);
    return block && !zeroed ? memset(block, 0, all) : block;
}

void
free(void *memory)
{
    if (!memory)
        return;
    head_t *head = head_of(memory);
    if (head->class == ALIGNED)
        head = head_of((uint8_t *)memory - head->back);
    block_t *block = (block_t *)(head + 1);
    block->next = waiting[head->class];
    waiting[head->class] = block;
}

size_t
malloc_usable_size(void *memory)
{
    return memory ? head_of(memory)->size : 0;
}

void *
realloc(void *memory, size_t size)
{
    size_t has = malloc_usable_size(memory);
    if (memory && size <= has && size)
        return memory;
    void *block = malloc(size ? size : 1);
    if (block && memory) {
        memcpy(block, memory, has < size ? has : size);
        free(memory);
    }
    return block;
}

int
posix_memalign(void **out, size_t alignment, size_t size)
{
    uint8_t *block = malloc(size + alignment);
    if (!block)
        return ENOMEM;
    size_t back = alignment - (uintptr_t)block % alignment;
    *out = block;
    if (back == alignment)
        return 0;
    *out = (uint8_t *)*out + back;
    *head_of(*out) = (head_t){.class = ALIGNED, .back = (uint32_t)back, .size = size};
    return 0;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    void *block = NULL;
    int failed = posix_memalign(&block, alignment < UNIT ? UNIT : alignment, size);
    errno = failed ? failed : errno;
    return block;
}

void *
memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}
#endif
