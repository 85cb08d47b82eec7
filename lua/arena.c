/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP          16   /* small sizes go by this, and every block is aligned to it */
#define SMALL_MAX     1024 /* above it, four sizes to each doubling */
#define SMALL_CLASSES (SMALL_MAX / STEP)
#define SMALL_SHIFT   10 /* SMALL_MAX is 1 << this */
#define CLASSES       (SMALL_CLASSES + 4 * 24)

_Static_assert(SMALL_MAX == 1 << SMALL_SHIFT, "the two halves of the sizes meet");

typedef struct block {
    struct block *next;
} block_t;

struct arena {
    size_t bytes;           /* of the mapping */
    size_t used;            /* everything before it was given away at some time */
    block_t *free[CLASSES]; /* by class */
};

/* The class of a size, and in *rounded what its blocks hold. */
static size_t
class_of(size_t size, size_t *rounded)
{
    if (size <= SMALL_MAX) {
        *rounded = (size + STEP - 1) / STEP * STEP;
        return *rounded / STEP - 1;
    }
    unsigned shift = 63 - (unsigned)__builtin_clzl(size - 1);
    size_t quarter = ((size_t)1 << shift) / 4;
    size_t quarters = (size - 1) / quarter + 1;
    *rounded = quarters * quarter;
    return SMALL_CLASSES + 4 * (shift - SMALL_SHIFT) + quarters - 5;
}

arena_t *
arena_new(size_t bytes)
{
    assert(bytes > sizeof(arena_t) && bytes <= (size_t)1 << 33);
    arena_t *self = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (self == MAP_FAILED)
        return NULL;
    self->bytes = bytes;
    self->used = (sizeof *self + STEP - 1) / STEP * STEP;
    return self;
}

void
arena_destroy(arena_t **self_p)
{
    if (*self_p)
        munmap(*self_p, (*self_p)->bytes);
    *self_p = NULL;
}

void
arena_settle(arena_t *self)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (self->used + page - 1) / page * page;
    memset(self->free, 0, sizeof self->free);
    self->used = used < self->bytes ? used : self->bytes;
}

static bool
is_last(const arena_t *self, const void *memory, size_t rounded)
{
    return (const uint8_t *)memory + rounded == (const uint8_t *)self + self->used;
}

static void *
take(arena_t *self, size_t size)
{
    size_t rounded;
    if (size > self->bytes)
        return NULL;
    size_t class = class_of(size, &rounded);
    block_t *block = self->free[class];
    if (block) {
        self->free[class] = block->next;
        return block;
    }
    if (rounded > self->bytes - self->used)
        return NULL;
    block = (block_t *)((uint8_t *)self + self->used);
    self->used += rounded;
    return block;
}

static void
give_back(arena_t *self, void *memory, size_t size)
{
    size_t rounded;
    size_t class = class_of(size, &rounded);
    if (is_last(self, memory, rounded)) {
        self->used -= rounded;
        return;
    }
    block_t *block = memory;
    block->next = self->free[class];
    self->free[class] = block;
}

void *
arena_resize(void *arena, void *memory, size_t old_size, size_t size)
{
    arena_t *self = arena;
    size_t old_rounded, rounded;
    if (!memory || !old_size)
        return size ? take(self, size) : NULL;
    if (!size) {
        give_back(self, memory, old_size);
        return NULL;
    }
    if (size <= self->bytes && class_of(size, &rounded) == class_of(old_size, &old_rounded))
        return memory;
    void *moved = take(self, size);
    if (!moved)
        return size < old_size ? memory : NULL;
    memcpy(moved, memory, size < old_size ? size : old_size);
    give_back(self, memory, old_size);
    return moved;
}
