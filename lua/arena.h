/* SPDX-License-Identifier: Apache-2.0 */
/* arena - memory that is mapped once and never asks the kernel again: what Lua allocates from after
 * a runner locked itself in. Freed blocks are kept by size; the sizes come from the caller, as
 * lua_Alloc has them, so a block has no header. Pages are the kernel's until they are touched. */
#ifndef TOCSIN_ARENA_H
#define TOCSIN_ARENA_H

#include <stddef.h>

typedef struct arena arena_t;

/* bytes is all it can ever give, its own few hundred bytes included; NULL where the system has no
 * room. */
arena_t *arena_new(size_t bytes);
void arena_destroy(arena_t **self_p);

/* From now on it gives pages that nobody touched, before any block that was given back: for those
 * who go on with a copy each, and pay for every page of it that they write to. */
void arena_settle(arena_t *self);

/* A lua_Alloc, self an arena_t: NULL when the arena is used up. Shrinking never fails. */
void *arena_resize(void *self, void *memory, size_t old_size, size_t size);

#endif
