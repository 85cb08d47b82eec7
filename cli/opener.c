/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opener.h"

#include <stdio.h>
#include <unistd.h>

#include "keys/curve.h"
#include "keys/receipt.h"
#include "wire/sealed.h"

int
opener_key(const options_t *options, const order_t *order, sealkey_t *key, fault_t *fault)
{
    curvepair_t pair;
    if (curve_load(&pair, options->sealing, fault))
        return fault_wrap(fault, "your sealing secret (TOCSIN_SEALING; 'tocsin keys sealing' makes "
                                 "one)");
    int failed = sealed_key(order, NULL, &pair, key, fault);
    curve_forget(&pair);
    return failed;
}

void
opener_take(opener_t *self, const options_t *options, const value_t *run)
{
    fault_t fault = {0};
    char id[HASH_TEXT];
    slice_t document = value_slice(value_get(run, "document"));
    *self = (opener_t){.run = hash_of(document)};
    if (strcmp(hash_write(&self->run, id), value_get_text(run, "run")) != 0)
        return;
    CLEANUP(order_destroy) order_t *order = order_decode(document, NULL);
    if (!order || !order->seal_count)
        return;
    self->sealed = true;
    self->site = order->site;
    if (!access(options->sealing, F_OK))
        self->opens = !opener_key(options, order, &self->key, &fault);
    if (fault.code && fault.code != FAULT_KEY)
        fprintf(stderr, "tocsin: %s\n", fault.text);
}

void
opener_clear(opener_t *self)
{
    sealkey_forget(&self->key);
}

/* ---- receipts ------------------------------------------------------------------------------- */

static value_t *
open_receipt(const opener_t *self, const receipt_t *receipt, const value_t *output, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    const hash_t place = sealed_place(receipt);
    value_encode(output, encoded);
    const hash_t hash = hash_of(bytes_slice(encoded));
    if (!hash_equal(&hash, &receipt->output)) {
        fault_set(fault, FAULT_HASH, "NOT WHAT WAS SIGNED");
        return NULL;
    }
    return sealed_read(&self->key, &place, bytes_slice(encoded), fault);
}

/* A copy without this entry; of what is no map, an empty one. */
static value_t *
copy_without(const value_t *map, const char *key)
{
    value_t *copy = value_map();
    for (size_t i = 0; value_kind(map) == VALUE_MAP && i < value_count(map); i++)
        if (!slice_equal(value_key(map, i), slice_text(key)))
            value_set_slice(copy, value_key(map, i), value_copy(value_at(map, i)));
    return copy;
}

/* A receipt's row with what it gave or why it did not, where that was sealed: which is not the
 * broker's to say. */
static value_t *
open_row(const opener_t *self, const value_t *row)
{
    fault_t why = {0};
    value_t *copy = copy_without(row, "sealed");
    const value_t *output = value_get(row, "output");
    CLEANUP(receipt_destroy)
    receipt_t *receipt = receipt_decode(value_slice(value_get(row, "document")), NULL);
    if (!self->sealed || !receipt || !output)
        return copy;
    bool good = receipt->outcome == OUTCOME_OK || receipt->outcome == OUTCOME_SKIPPED;
    CLEANUP(value_destroy)
    value_t *opened = self->opens ? open_receipt(self, receipt, output, &why) : NULL;
    value_set_text(copy, "sealed", opened ? "opened" : self->opens ? why.text : "not for you");
    value_set_text(copy, "reason", opened && !good ? value_string(opened) : receipt->reason);
    value_set(copy, "output", opened && good ? MOVE(opened) : value_nil());
    return copy;
}

/* Where the part as a whole says no more than that, it says why its last step failed. */
static value_t *
open_part(const opener_t *self, const value_t *part)
{
    value_t *copy = copy_without(part, "receipts"), *rows = value_list();
    const value_t *receipts = value_get(part, "receipts");
    bool hidden = self->sealed && !strcmp(value_get_text(part, "text"), SEALED_REASON);
    for (size_t i = 0; i < value_count(receipts); i++) {
        value_t *row = open_row(self, value_at(receipts, i));
        const char *reason = value_get_text(row, "reason");
        if (hidden && *reason && strcmp(reason, "-") != 0)
            value_set_text(copy, "text", reason);
        value_append(rows, row);
    }
    value_set(copy, "receipts", rows);
    return copy;
}

value_t *
opener_run(const opener_t *self, const value_t *run)
{
    value_t *copy = copy_without(run, "parts"), *list = value_list();
    const value_t *parts = value_get(run, "parts");
    for (size_t i = 0; i < value_count(parts); i++)
        value_append(list, open_part(self, value_at(parts, i)));
    value_set(copy, "parts", list);
    value_set_bool(copy, "sealed", self->sealed);
    return copy;
}

/* ---- events --------------------------------------------------------------------------------- */

bool
opener_hides(const value_t *event)
{
    const char *text = value_get_text(event, "text");
    size_t size = strlen(text), hidden = strlen(SEALED_REASON);
    return *value_get_text(event, "run") && size >= hidden &&
           !strcmp(text + size - hidden, SEALED_REASON);
}

/* Why a step failed on this worker, as far as it was opened; of any step where step is "". */
static const char *
find_reason(const value_t *run, const char *worker, const char *step)
{
    const char *found = SEALED_REASON;
    const value_t *parts = value_get(run, "parts");
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *receipts = value_get(value_at(parts, i), "receipts");
        if (strcmp(value_get_text(value_at(parts, i), "worker"), worker) != 0)
            continue;
        for (size_t k = 0; k < value_count(receipts); k++) {
            const value_t *row = value_at(receipts, k);
            bool meant = !*step || !strcmp(value_get_text(row, "step"), step);
            const char *reason = value_get_text(row, "reason");
            if (meant && *reason && strcmp(reason, "-") != 0)
                found = reason;
        }
    }
    return found;
}

value_t *
opener_event(const value_t *event, const value_t *run)
{
    value_t *copy = value_copy(event);
    const char *text = value_get_text(event, "text");
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    if (!opener_hides(event))
        return copy;
    bytes_addf(out, "%.*s%s", (int)(strlen(text) - strlen(SEALED_REASON)), text,
               find_reason(run, value_get_text(event, "worker"), value_get_text(event, "step")));
    value_set_text(copy, "text", bytes_text(out));
    return copy;
}

/* ---- lines ---------------------------------------------------------------------------------- */

void
opener_lines(const opener_t *self, const char *target, uint64_t offset, slice_t said, bytes_t *out,
             size_t *taken)
{
    sealed_line_t at = {.site = &self->site, .run = &self->run, .target = target, .offset = offset};
    *taken = sealed_lines(self->opens ? &self->key : NULL, &at, said, out);
}
