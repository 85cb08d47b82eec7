/* SPDX-License-Identifier: Apache-2.0 */
/* weekly - a span of hours on some days of each week, in UTC: "mon-fri" "22:00-06:00". */
#ifndef TOCSIN_WEEKLY_H
#define TOCSIN_WEEKLY_H

#include "common/moment.h"

typedef struct {
    unsigned days;         /* bit 0 Monday ... bit 6 Sunday */
    unsigned begins, ends; /* minutes of the day; it goes over midnight where ends is less */
} weekly_t;

/* Days like "mon-fri" or "sat,sun", a range may go round the end of the week; a span from 00:00 to
 * 24:00 whose ends differ. False, and *self of no use, for anything else. */
bool weekly_read(weekly_t *self, const char *days, const char *span);

/* Its one spelling, days from Monday on: "mon,tue,sun 22:00-06:00". */
#define WEEKLY_TEXT_MAX 48
const char *weekly_write(const weekly_t *self, char out[static WEEKLY_TEXT_MAX]);

/* Whether this moment stands in it. */
bool weekly_stands(const weekly_t *self, wall_t now);

#endif
