/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/store.h"

#include <stdlib.h>

static bool
keep_first(void *context, const row_t *row)
{
    *(row_t **)context = row_copy(row);
    return false;
}

row_t *
store_first(const store_t *self, const query_t *query, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *row = NULL;
    query_t one = *query;
    one.limit = 1;
    if (self->find(self->self, &one, keep_first, &row, fault))
        return NULL;
    return MOVE(row);
}

void
store_destroy(store_t **self_p)
{
    store_t *self = *self_p;
    if (!self)
        return;
    self->destroy(&self->self);
    free(self);
    *self_p = NULL;
}
