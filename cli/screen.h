/* SPDX-License-Identifier: Apache-2.0 */
/* screen - a run as it goes, on a terminal: a line for each worker, redrawn in place. */
#ifndef TOCSIN_SCREEN_H
#define TOCSIN_SCREEN_H

#include "cli/command.h"

#define SCREEN_PARTS_MAX 30 /* lines of workers; the rest are counted */
#define SCREEN_STOPS_MAX 3  /* lines of stops; each is one too many */

typedef struct {
    int lines;         /* drawn last */
    int rows, columns; /* of the terminal; 0: not known */
} screen_t;

/* Draws the broker's answer on a run over what was drawn last, on standard output: no line wider
 * than the terminal and no more lines than it has, so that redrawing never leaves any behind.
 * workers is its answer to `workers`, and over what stop_over gave; NULL where there is none.
 */
void screen_draw(screen_t *self, const value_t *run, const value_t *workers, const value_t *over,
                 int64_t now_ms);

/* How long the run may still take, in seconds, going by the parts that have ended; -1 where nobody
 * can say. */
int64_t screen_left_s(const value_t *run);

#endif
