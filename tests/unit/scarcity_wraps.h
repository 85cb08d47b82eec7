/* SPDX-License-Identifier: Apache-2.0 */
/* scarcity_wraps - the calls that the linker sends to tests/unit/test_scarcity.c (-Wl,--wrap),
 * where they give less than was asked for. */
#ifndef TOCSIN_SCARCITY_WRAPS_H
#define TOCSIN_SCARCITY_WRAPS_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef int (*filter_t)(const struct dirent *entry);
typedef int (*entry_order_t)(const struct dirent **left, const struct dirent **right);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__real_sodium_malloc(size_t size);
int __real_fstat(int fd, struct stat *about);
ssize_t __real_read(int fd, void *out, size_t size);
int __real_scandir(const char *path, struct dirent ***list, filter_t filter, entry_order_t order);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_sodium_malloc(size_t size);
int __wrap_fstat(int fd, struct stat *about);
ssize_t __wrap_read(int fd, void *out, size_t size);
int __wrap_scandir(const char *path, struct dirent ***list, filter_t filter, entry_order_t order);

#endif
