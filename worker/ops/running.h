/* SPDX-License-Identifier: Apache-2.0 */
/* running - the configuration that a network device runs with, as it showed it: its text without
 * what is none of it (when it was shown, how long it is), and the same as lines that each say where
 * they stand: in "router bgp 65001 | neighbor 192.0.2.2 shutdown" the second part stood below the
 * first. Lines compare without regard to case, and one blank is as good as several. */
#ifndef TOCSIN_RUNNING_H
#define TOCSIN_RUNNING_H

#include "worker/ops/dialect.h"

#define RUNNING_LINES_MAX 200000

typedef struct running running_t;

/* FAULT_FORMAT where there is no line, FAULT_LIMIT over RUNNING_LINES_MAX. */
running_t *running_read(const dialect_t *dialect, slice_t shown, fault_t *fault);
void running_destroy(running_t **self_p);

/* Its text, as it is kept. Valid as long as it lives. */
slice_t running_text(const running_t *self);

/* Whether a line is this, or begins with this and a blank. */
bool running_has(const running_t *self, const char *line);

/* What stands for {place} in the first line that is like this one, or begins with it and a blank;
 * NULL where none is. The caller's. */
bytes_t *running_place(const running_t *self, const char *line);

/* Appends, in their order, up to count of the lines that this has and the other lacks, as often as
 * it has more of them; whether there are others. What is behind a word that secrets stand behind is
 * hidden. */
bool running_differs(const running_t *self, const running_t *other, size_t count, value_t *out);

#endif
