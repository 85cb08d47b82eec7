/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/workers.h"

static value_t *
ask_from(client_t *client, size_t from, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_integer(arguments, "from", (int64_t)from);
    return client_ask(client, "workers", arguments, fault);
}

/* A broker that does not page begins anew each time. */
static bool
begins_anew(const value_t *all, const value_t *page)
{
    return value_count(all) && value_count(page) &&
           !strcmp(value_get_text(value_at(all, 0), "id"), value_get_text(value_at(page, 0), "id"));
}

value_t *
workers_ask(client_t *client, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *all = value_list();
    for (;;) {
        CLEANUP(value_destroy) value_t *page = ask_from(client, value_count(all), fault);
        if (!page)
            return NULL;
        if (begins_anew(all, page))
            return MOVE(all);
        for (size_t i = 0; i < value_count(page); i++)
            value_append(all, value_copy(value_at(page, i)));
        if (value_count(page) < WORKERS_SURELY)
            return MOVE(all);
    }
}
