/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

#define READ_MAX 4 /* times, where a list changes meanwhile */

/* Of each, what tells its rows apart; so many have room in any answer; and more there cannot be. */
typedef struct {
    const char *verb, *key;
    size_t surely, most;
} book_t;

static const book_t books[] = {
    {"workers", "id", PAGES_WORKERS_SURELY, 1 << 20},
    {"releases", "hash", 32, 4096},
    {"grants", "hash", 1, 1024},
};

/* NULL where there is none. */
static const book_t *
book_of(const char *verb)
{
    size_t at = 0;
    while (at < ARRAY_SIZE(books) && strcmp(books[at].verb, verb) != 0)
        at++;
    return at < ARRAY_SIZE(books) ? &books[at] : NULL;
}

static value_t *
ask_from(client_t *client, const char *verb, const char *worker, size_t from, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_integer(arguments, "from", (int64_t)from);
    if (*worker)
        value_set_text(arguments, "worker", worker);
    return client_ask(client, verb, arguments, fault);
}

static bool
is_same(const book_t *book, const value_t *all, size_t at, const value_t *page)
{
    return value_count(page) && !strcmp(value_get_text(value_at(all, at), book->key),
                                        value_get_text(value_at(page, 0), book->key));
}

/* Where a page goes on: it repeats the last row that is known, where it has room for more. Else
 * what is listed changed meanwhile, and rows would be missing, or be there twice. */
static size_t
repeated(const book_t *book, const value_t *all)
{
    return value_count(all) && book->surely > 1 ? 1 : 0;
}

static int
add_page(const book_t *book, value_t *all, const value_t *page, fault_t *fault)
{
    for (size_t i = repeated(book, all); i < value_count(page); i++)
        value_append(all, value_copy(value_at(page, i)));
    return value_count(all) <= book->most
               ? 0
               : fault_set(fault, FAULT_LIMIT, "the broker lists over %zu %s: no site has as many",
                           book->most, book->verb);
}

/* NULL without a fault where the list changed. A broker that does not page begins anew each time.
 */
static value_t *
read_book(client_t *client, const book_t *book, const char *worker, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *all = value_list();
    for (;;) {
        size_t known = value_count(all), again = repeated(book, all);
        CLEANUP(value_destroy)
        value_t *page = ask_from(client, book->verb, worker, known - again, fault);
        if (!page)
            return NULL;
        bool goes_on = !again || is_same(book, all, known - 1, page);
        if (known > again && is_same(book, all, 0, page))
            return MOVE(all);
        if (!goes_on)
            return NULL;
        if (add_page(book, all, page, fault))
            return NULL;
        if (value_count(page) < book->surely)
            return MOVE(all);
    }
}

static value_t *
ask_all(client_t *client, const char *verb, const char *worker, fault_t *fault)
{
    const book_t *book = book_of(verb);
    if (!book)
        return client_ask(client, verb, NULL, fault);
    for (unsigned i = 0; i < READ_MAX; i++) {
        fault_t why = {0};
        value_t *all = read_book(client, book, worker, &why);
        if (all)
            return all;
        if (why.code) {
            *fault = why;
            return NULL;
        }
    }
    fault_set(fault, FAULT_CONFLICT, "the broker's list of %s changes while it is read: try again",
              verb);
    return NULL;
}

value_t *
pages_ask(client_t *client, const char *verb, fault_t *fault)
{
    return ask_all(client, verb, "", fault);
}

value_t *
pages_ask_grants(client_t *client, const char *worker, fault_t *fault)
{
    return ask_all(client, "grants", worker, fault);
}

value_t *
pages_look(const options_t *options, const char *verb, fault_t *fault)
{
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, fault) : NULL;
    return client ? pages_ask(client, verb, fault) : NULL;
}
