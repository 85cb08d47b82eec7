/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

#include <assert.h>

/* Of each, what tells its rows apart, and so many have room in any answer. */
typedef struct {
    const char *verb, *key;
    size_t surely;
} book_t;

static const book_t books[] = {
    {"workers", "id", PAGES_WORKERS_SURELY},
    {"releases", "hash", 32},
    {"grants", "hash", 1},
};

static const book_t *
book_of(const char *verb)
{
    size_t at = 0;
    while (at < ARRAY_SIZE(books) && strcmp(books[at].verb, verb) != 0)
        at++;
    assert(at < ARRAY_SIZE(books));
    return &books[at];
}

static value_t *
ask_from(client_t *client, const char *verb, size_t from, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_integer(arguments, "from", (int64_t)from);
    return client_ask(client, verb, arguments, fault);
}

/* A broker that does not page begins anew each time. */
static bool
begins_anew(const book_t *book, const value_t *all, const value_t *page)
{
    return value_count(all) && value_count(page) &&
           !strcmp(value_get_text(value_at(all, 0), book->key),
                   value_get_text(value_at(page, 0), book->key));
}

value_t *
pages_ask(client_t *client, const char *verb, fault_t *fault)
{
    const book_t *book = book_of(verb);
    CLEANUP(value_destroy) value_t *all = value_list();
    for (;;) {
        CLEANUP(value_destroy) value_t *page = ask_from(client, verb, value_count(all), fault);
        if (!page)
            return NULL;
        if (begins_anew(book, all, page))
            return MOVE(all);
        for (size_t i = 0; i < value_count(page); i++)
            value_append(all, value_copy(value_at(page, i)));
        if (value_count(page) < book->surely)
            return MOVE(all);
    }
}

value_t *
pages_look(const options_t *options, const char *verb, fault_t *fault)
{
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, fault) : NULL;
    return client ? pages_ask(client, verb, fault) : NULL;
}
