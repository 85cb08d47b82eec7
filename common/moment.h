/* SPDX-License-Identifier: Apache-2.0 */
/* moment - wall and monotonic time, kept apart by the compiler; and their one spelling. */
#ifndef TOCSIN_MOMENT_H
#define TOCSIN_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fault.h"

/* Milliseconds since 1970-01-01T00:00:00Z; what documents and people speak of. */
typedef struct {
    int64_t ms;
} wall_t;

/* Milliseconds of CLOCK_BOOTTIME; what deadlines and rates are measured with. */
typedef struct {
    int64_t ms;
} mono_t;

#define MOMENT_TEXT_MAX 32

wall_t wall_now(void);

/* The second that has begun, as a document's time can be written. */
wall_t wall_second(void);
mono_t mono_now(void);

/* The name of this boot of the machine, which mono_t counts from: no other has it. FAULT_IO. */
#define BOOT_NAME_MAX 36
int boot_name(char out[static BOOT_NAME_MAX + 1], fault_t *fault) MUST_CHECK;

/* "2026-11-22T03:04:05Z" (seconds; a time) or "2026-11-22T03:04:05.678Z" (an instant).
 * Years 1970 to 9999. */
void wall_write_time(wall_t at, char out[static MOMENT_TEXT_MAX]);
void wall_write_instant(wall_t at, char out[static MOMENT_TEXT_MAX]);

/* False unless text is that one spelling of a day that exists. */
bool wall_read_time(const char *text, wall_t *out);
bool wall_read_instant(const char *text, wall_t *out);

/* RFC 3339 as monitoring systems write it: any fraction, Z or an offset. */
bool wall_read_rfc3339(const char *text, wall_t *out);

#endif
