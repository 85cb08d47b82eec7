/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/actions.h"

#include <stdio.h>
#include <stdlib.h>

actions_t *
actions_new(void)
{
    return memory_new(1, sizeof(actions_t));
}

void
actions_destroy(actions_t **self_p)
{
    actions_t *self = *self_p;
    if (!self)
        return;
    actions_clear(self);
    free(self->rows);
    free(self->sends);
    free(self);
    *self_p = NULL;
}

void
actions_put(actions_t *self, const row_t *row)
{
    self->rows = memory_grow(self->rows, self->row_count, &self->row_capacity, sizeof *self->rows);
    self->rows[self->row_count++] = row_copy(row);
}

void
actions_send(actions_t *self, const char *worker, frames_t **frames)
{
    self->sends =
        memory_grow(self->sends, self->send_count, &self->send_capacity, sizeof *self->sends);
    send_t *send = &self->sends[self->send_count++];
    snprintf(send->worker, sizeof send->worker, "%s", worker);
    send->frames = MOVE(*frames);
}

void
actions_clear(actions_t *self)
{
    for (size_t i = 0; i < self->row_count; i++)
        row_destroy(&self->rows[i]);
    for (size_t i = 0; i < self->send_count; i++)
        frames_destroy(&self->sends[i].frames);
    self->row_count = self->send_count = 0;
}
