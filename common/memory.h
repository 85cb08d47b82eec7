/* SPDX-License-Identifier: Apache-2.0 */
/* memory - ownership that ends with the scope, and allocation that never fails. */
#ifndef TOCSIN_MEMORY_H
#define TOCSIN_MEMORY_H

#include <stddef.h>

/* CLEANUP(noun_destroy) noun_t *it: noun_destroy (&it) runs on every way out of the scope. */
#define CLEANUP(destroy) __attribute__((cleanup(destroy)))

/* Hands over what a CLEANUP variable owns; the variable is NULL afterwards. */
#define MOVE(pointer)                           \
    __extension__({                             \
        __typeof__(pointer) moved_ = (pointer); \
        (pointer) = NULL;                       \
        moved_;                                 \
    })

#define MUST_CHECK          __attribute__((warn_unused_result))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))
#define ARRAY_SIZE(array)   (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory; running out of it ends the process (a daemon restarts clean). */
void *memory_new(size_t count, size_t size);

/* Grows or shrinks; never NULL. What is new is not zeroed. */
void *memory_resize(void *memory, size_t count, size_t size);

/* Room for one item more than count in an array of *capacity: doubled where it is full. */
void *memory_grow(void *memory, size_t count, size_t *capacity, size_t size);

/* For a process that lives long or forks often, first thing: blocks from so many bytes up are
 * mappings of their own, so that of a struct with much room in it only what is touched exists; its
 * threads share one heap. */
void memory_map_large(int bytes);

/* For one that has nothing to do for a while: the machine has back what is free, and the pages of
 * its code and constants are the page cache's alone. Takes tens of microseconds, and what is needed
 * next is faulted in anew. A breakpoint that a debugger put into the code is gone with it. */
void memory_rest(void);

/* A terminated copy on the heap. */
char *memory_text(const char *text);

/* For CLEANUP (memory_free) char *text. */
void memory_free(void *pointer_to_pointer);

/* For CLEANUP (descriptor_close) int fd: closes when >= 0 and sets -1. */
void descriptor_close(int *fd);

#endif
