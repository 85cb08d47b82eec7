/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/actions.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* A batch's rows go together, so they are not allocated one by one. */
struct actions_block {
    actions_block_t *before;
    size_t size, used;
    max_align_t bytes[];
};

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

static actions_block_t *
add_block(actions_t *self, size_t least)
{
    size_t size = self->blocks ? 2 * self->blocks->size : ACTIONS_BLOCK_MIN;
    if (size > ACTIONS_BLOCK_MAX)
        size = ACTIONS_BLOCK_MAX;
    if (size < least)
        size = least;
    actions_block_t *block = memory_resize(NULL, 1, sizeof *block + size);
    *block = (actions_block_t){.before = self->blocks, .size = size};
    return self->blocks = block;
}

static row_t *
copy_row(actions_t *self, const row_t *row)
{
    size_t align = sizeof(max_align_t);
    size_t size = (row_size(row) + align - 1) / align * align;
    actions_block_t *block = self->blocks;
    if (!block || block->size - block->used < size)
        block = add_block(self, size);
    void *place = (uint8_t *)block->bytes + block->used;
    block->used += size;
    return row_copy_to(row, place);
}

void
actions_put_over(actions_t *self, size_t index, const row_t *row)
{
    assert(index < self->row_count);
    self->rows[index] = copy_row(self, row);
}

void
actions_put(actions_t *self, const row_t *row)
{
    self->rows = memory_grow(self->rows, self->row_count, &self->row_capacity, sizeof *self->rows);
    self->rows[self->row_count++] = copy_row(self, row);
}

void
actions_send(actions_t *self, const char *worker, frames_t **frames)
{
    self->sends =
        memory_grow(self->sends, self->send_count, &self->send_capacity, sizeof *self->sends);
    send_t *send = &self->sends[self->send_count++];
    *send = (send_t){.frames = MOVE(*frames)};
    snprintf(send->worker, sizeof send->worker, "%s", worker);
}

void
actions_send_broker(actions_t *self, const char *broker, frames_t **frames)
{
    actions_send(self, broker, frames);
    self->sends[self->send_count - 1].broker = true;
}

void
actions_clear(actions_t *self)
{
    for (actions_block_t *block; (block = self->blocks); free(block))
        self->blocks = block->before;
    for (size_t i = 0; i < self->send_count; i++)
        frames_destroy(&self->sends[i].frames);
    self->row_count = self->send_count = 0;
}
