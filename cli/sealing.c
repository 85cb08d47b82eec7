/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sealing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/document.h"
#include "common/file.h"
#include "wire/sealed.h"

#define NAMES_SHOWN 160 /* bytes of a list of names in a sentence */

/* ---- inputs --------------------------------------------------------------------------------- */

bool
secrets_have(const secrets_t *self, const char *name)
{
    for (size_t i = 0; self && i < self->count; i++)
        if (!strcmp(self->at[i].name, name))
            return true;
    return false;
}

void
secrets_destroy(secrets_t **self_p)
{
    if (*self_p)
        explicit_bzero(*self_p, sizeof **self_p);
    memory_free(self_p);
}

static int
read_one(secrets_t *self, const char *given, fault_t *fault)
{
    const char *path;
    char *text = self->at[self->count].text;
    char *name = self->at[self->count].name;
    if (!options_pair(given, name, sizeof self->at[0].name, &path) || !*path)
        return fault_set(fault, FAULT_USAGE,
                         "'--secret %.80s' is not NAME=FILE, or NAME=- for standard input", given);
    if (secrets_have(self, name))
        return fault_set(fault, FAULT_USAGE, "--secret gives '%s' twice", name);
    CLEANUP(bytes_destroy)
    bytes_t *whole =
        file_read(strcmp(path, "-") ? path : "/dev/stdin", ORDER_SECRET_MAX + 1, fault);
    if (!whole)
        return -1;
    size_t size =
        whole->size && whole->data[whole->size - 1] == '\n' ? whole->size - 1 : whole->size;
    bool good = size && size <= ORDER_SECRET_MAX && text_is_free(slice_of(whole->data, size));
    if (good)
        memcpy(text, whole->data, size);
    explicit_bzero(whole->data, whole->size);
    if (!good)
        return fault_set(fault, FAULT_USAGE, "'%.80s' holds no line of text of 1 to %d bytes", path,
                         ORDER_SECRET_MAX);
    self->count++;
    return 0;
}

int
secrets_read(secrets_t *self, const many_t *given, fault_t *fault)
{
    for (size_t i = 0; i < given->count; i++) {
        if (self->count == ORDER_INPUTS_MAX)
            return fault_set(fault, FAULT_LIMIT, "over %d inputs", ORDER_INPUTS_MAX);
        if (read_one(self, given->at[i], fault))
            return -1;
    }
    return 0;
}

int
secrets_open(secrets_t *self, const order_t *order, const sealkey_t *key, fault_t *fault)
{
    for (size_t i = 0; i < order->secret_count; i++) {
        const secret_line_t *line = &order->secrets[i];
        text_copy(self->at[i].name, sizeof self->at[i].name, line->name);
        if (sealed_secret(order, line, key, self->at[i].text, fault))
            return -1;
        self->count = i + 1;
    }
    return 0;
}

/* ---- readers -------------------------------------------------------------------------------- */

static int
add_reader(order_t *order, bool worker, const char *name, const curvekey_t *reader,
           const sealkey_t *key, fault_t *fault)
{
    if (order_seal(order, worker, name))
        return 0;
    if (order->seal_count == ORDER_SEALS_MAX)
        return fault_set(fault, FAULT_LIMIT, "a sealed order has at most %d readers",
                         ORDER_SEALS_MAX);
    size_t at = order->seal_count;
    while (at && order->seals[at - 1].worker == worker &&
           document_compare(order->seals[at - 1].name, name) > 0)
        at--;
    order->seals = memory_resize(order->seals, order->seal_count + 1, sizeof *order->seals);
    memmove(order->seals + at + 1, order->seals + at,
            (order->seal_count++ - at) * sizeof *order->seals);
    order->seals[at] = (seal_line_t){.worker = worker};
    text_copy(order->seals[at].name, sizeof order->seals[at].name, name);
    if (sealkey_box(key, reader, order->seals[at].box, fault))
        return fault_wrap(fault, "'%s'", name);
    return 0;
}

static int
add_person(order_t *order, const char *person, const trust_t *trust, const sealkey_t *key,
           fault_t *fault)
{
    const curvekey_t *reader = people_sealing(trust_people(trust), person);
    if (!reader)
        return fault_set(fault, FAULT_KEY,
                         "people list no sealing key of '%.63s': tocsin keys sealing FILE, then "
                         "tocsin keys reader",
                         person);
    return add_reader(order, false, person, reader, key, fault);
}

/* Of all targets, or who of them cannot read what is sealed. */
static int
add_workers(order_t *order, const trust_t *trust, const sealkey_t *key, fault_t *fault)
{
    char worker[TEXT_NAME_MAX + 1];
    CLEANUP(bytes_destroy) bytes_t *without = bytes_new();
    for (size_t i = 0; i < order->target_count; i++) {
        target_worker(order->targets[i].target, worker);
        const worker_line_t *line = trust_worker(trust, worker, NULL);
        if (!line || !line->seals)
            bytes_addf(without, "%s%s", without->size ? ", " : "", worker);
        else if (add_reader(order, true, worker, &line->sealing, key, fault))
            return -1;
    }
    if (!without->size)
        return 0;
    return fault_set(fault, FAULT_KEY,
                     "their fleet lists no sealing key of %.*s%s, who could not run a sealed "
                     "order: tocsin keys worker --sealing",
                     NAMES_SHOWN, bytes_text(without), without->size > NAMES_SHOWN ? "..." : "");
}

static int
by_name(const void *left, const void *right)
{
    return document_compare(((const secret_line_t *)left)->name,
                            ((const secret_line_t *)right)->name);
}

static void
add_secrets(order_t *order, const secrets_t *secrets)
{
    size_t count = secrets ? secrets->count : 0;
    order->secrets = memory_new(count + 1, sizeof *order->secrets);
    for (size_t i = 0; i < count; i++)
        text_copy(order->secrets[i].name, sizeof order->secrets[i].name, secrets->at[i].name);
    if (count)
        qsort(order->secrets, count, sizeof *order->secrets, by_name);
    order->secret_count = count;
}

void
sealing_renew(order_t *order, const sealkey_t *key, const secrets_t *secrets)
{
    const hash_t frame = order_frame(order);
    for (size_t i = 0; i < order->secret_count; i++)
        for (size_t k = 0; k < secrets->count; k++)
            if (!strcmp(order->secrets[i].name, secrets->at[k].name))
                sealed_set_secret(&order->secrets[i], &frame, key, secrets->at[k].text);
}

int
sealing_add(order_t *order, const readers_t *readers, const trust_t *trust, fault_t *fault)
{
    sealkey_t key;
    if (order->wave_count)
        return fault_set(fault, FAULT_LIMIT,
                         "a sealed order lists all its targets: plan it with --seal");
    sealkey_random(&key);
    int failed = add_person(order, readers->person, trust, &key, fault);
    for (size_t i = 0; !failed && readers->others && i < readers->others->count; i++)
        failed = add_person(order, readers->others->at[i], trust, &key, fault);
    if (!failed && !(failed = add_workers(order, trust, &key, fault)) && readers->secrets) {
        add_secrets(order, readers->secrets);
        sealing_renew(order, &key, readers->secrets);
    }
    sealkey_forget(&key);
    return failed;
}
