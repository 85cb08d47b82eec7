/* SPDX-License-Identifier: Apache-2.0 */
/* machine - the files by which a machine tells of itself (/proc, /sys, /etc, /var/lib), what is
 * read in them, and how it is shown. Their paths are the kernel's and the system's, not strangers';
 * those are opened with worker/ops/place.h. */
#ifndef TOCSIN_MACHINE_H
#define TOCSIN_MACHINE_H

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "worker/op_cell.h"

/* The path below the world's root; what does not fit is cut. */
const char *machine_path(const op_world_t *world, char out[static PATH_MAX], const char *format,
                         ...) PRINTF(3, 4);

/* The file's bytes, the caller's, at most max; NULL with FAULT_NOT_FOUND, FAULT_LIMIT, FAULT_IO. */
bytes_t *machine_read(const op_world_t *world, size_t max, fault_t *fault, const char *format, ...)
    PRINTF(4, 5);

/* The first number in a file that holds little else; -1 where there is none. */
int64_t machine_number(const op_world_t *world, const char *format, ...) PRINTF(2, 3);

/* The file's one line, or "". */
void machine_line(const op_world_t *world, char *out, size_t size, const char *format, ...)
    PRINTF(4, 5);

/* The same; -1 with a fault of a file that is there and cannot be read. */
int machine_tell(const op_world_t *world, char *out, size_t size, fault_t *fault,
                 const char *format, ...) PRINTF(5, 6);

/* Whether an errno tells of what this machine lacks - descriptors, memory, ports - and so nothing
 * of the other whom it should have reached. */
bool machine_lacks(int wrong);

/* The number behind `key` and blanks or a colon, at the start of a line of the text; -1. */
int64_t field_number(const char *text, const char *key);

/* Takes the next line of *at into line, without its end and cut at size; false at the end. */
bool line_next(const char **at, char *line, size_t size);

/* What those see that read lines as C strings: of each line nothing from a NUL on. In place; the
 * size that is left. */
size_t lines_visible(uint8_t *text, size_t size);

/* The next word of *at, terminated in place, or NULL. */
char *word_next(char **at);

/* What strangers wrote, as text of at most 1000 bytes: UTF-8 without control characters stays as it
 * is, else what is not printable ASCII becomes '?'. */
#define SHOWN_MAX 1000
value_t *shown(const char *text);
void show(value_t *map, const char *key, const char *text);

/* A number of hundredths, as an integer or decimal; part of whole in percent, 0 of nothing. */
value_t *hundredths(int64_t number);
value_t *percent(uint64_t part, uint64_t whole);

/* Name of a user from the machine's /etc/passwd alone (a directory service that hangs must not hang
 * us), else the number. FAULT_IO where that file is there and cannot be read. */
int user_name(const op_world_t *world, uid_t user, char *out, size_t size,
              fault_t *fault) MUST_CHECK;

int64_t time_ms(struct timespec at);

/* What one of the kernel's clocks says. */
int64_t clock_us(clockid_t clock);

#endif
