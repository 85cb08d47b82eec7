/* SPDX-License-Identifier: Apache-2.0 */
/* actions - what a decision asks of the world: rows to write, and messages to send once those rows
 * are on the disk. Both in order. */
#ifndef TOCSIN_ACTIONS_H
#define TOCSIN_ACTIONS_H

#include "broker/row.h"
#include "common/frames.h"

#define ACTIONS_ALL        "*" /* in place of a worker: whoever is connected */
#define ACTIONS_TIMEKEEPER "@" /* likewise: the timekeeper */

typedef struct {
    char worker[TEXT_NAME_MAX + 1];
    bool broker; /* another of the site's has this name */
    frames_t *frames;
} send_t;

#define ACTIONS_BLOCK_MIN (16 * 1024)
#define ACTIONS_BLOCK_MAX (256 * 1024) /* but for a row that is larger */

typedef struct actions_block actions_block_t;

typedef struct {
    size_t row_count, row_capacity;
    row_t **rows;            /* in the blocks: none is let go before all are */
    actions_block_t *blocks; /* the last first */
    size_t send_count, send_capacity;
    send_t *sends; /* with frames that are ours */
} actions_t;

actions_t *actions_new(void);
void actions_destroy(actions_t **self_p);

/* Copies the row and what its slices look at. */
void actions_put(actions_t *self, const row_t *row);

/* Likewise, in the place of a row that is there. */
void actions_put_over(actions_t *self, size_t index, const row_t *row);

/* Takes over *frames. */
void actions_send(actions_t *self, const char *worker, frames_t **frames);
void actions_send_broker(actions_t *self, const char *broker, frames_t **frames);

/* Forgets everything, as a batch that was carried out. */
void actions_clear(actions_t *self);

#endif
