/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sealed.h"

#include <assert.h>
#include <stdio.h>

#include "keys/base64.h"

int
sealed_key(const order_t *order, const char *worker, const curvepair_t *pair, sealkey_t *key,
           fault_t *fault)
{
    fault_t why = {0};
    fault_set(&why, FAULT_KEY, "the order is sealed to others");
    for (size_t i = 0; i < order->seal_count; i++) {
        const seal_line_t *line = &order->seals[i];
        bool candidate = worker ? line->worker && !strcmp(line->name, worker) : !line->worker;
        if (candidate && !sealkey_unbox(key, line->box, pair, &why))
            return 0;
    }
    return fault_set(fault, why.code, "%s", why.text);
}

int
sealed_secret(const order_t *order, const secret_line_t *line, const sealkey_t *key,
              char out[static ORDER_SECRET_MAX + 1], fault_t *fault)
{
    const hash_t frame = order_frame(order);
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    if (seal_open(key, SEAL_SECRET, &frame, slice_of(line->sealed, line->size), plain, fault))
        return fault_wrap(fault, "input '%s'", line->name);
    bool text = plain->size && text_is_free(bytes_slice(plain)) &&
                text_copy(out, ORDER_SECRET_MAX + 1, bytes_text(plain));
    explicit_bzero(plain->data, plain->size);
    return text ? 0
                : fault_set(fault, FAULT_INPUT, "input '%s': what was sealed is no line of text",
                            line->name);
}

void
sealed_set_secret(secret_line_t *line, const hash_t *frame, const sealkey_t *key, const char *text)
{
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    seal_close(key, SEAL_SECRET, frame, slice_text(text), sealed);
    assert(sealed->size <= sizeof line->sealed);
    memcpy(line->sealed, sealed->data, sealed->size);
    line->size = sealed->size;
}

hash_t
sealed_place(const receipt_t *receipt)
{
    char attempt[24];
    snprintf(attempt, sizeof attempt, "%llu", (unsigned long long)receipt->attempt);
    const slice_t parts[] = {
        hash_slice(&receipt->site),
        hash_slice(&receipt->run),
        slice_text(receipt->target),
        slice_text(receipt->step),
        slice_text(phase_word(receipt->phase)),
        slice_text(attempt),
        slice_text(outcome_word(receipt->outcome)),
    };
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

void
sealed_output(const sealkey_t *key, const hash_t *place, slice_t value, bytes_t *out)
{
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    seal_close(key, SEAL_OUTPUT, place, value, sealed);
    CLEANUP(value_destroy) value_t *whole = value_bytes(bytes_slice(sealed));
    value_encode(whole, out);
}

value_t *
sealed_read(const sealkey_t *key, const hash_t *place, slice_t output, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    CLEANUP(value_destroy) value_t *whole = value_decode(output, fault);
    if (!whole || !key)
        return MOVE(whole);
    if (seal_open(key, SEAL_OUTPUT, place, value_slice(whole), plain, fault))
        return NULL;
    return value_decode(bytes_slice(plain), fault);
}

/* Of its argument or result: equal values in two places are not equal hashes. */
static hash_t
place_of_op(const hash_t *place, size_t index, const char *what)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", index + 1);
    const slice_t parts[] = {hash_slice(place), slice_text(number), slice_text(what)};
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

void
sealed_ops(const sealkey_t *key, receipt_t *receipt)
{
    const hash_t place = sealed_place(receipt);
    for (size_t i = 0; i < receipt->op_count; i++) {
        receipt_op_t *op = &receipt->ops[i];
        const hash_t arguments = place_of_op(&place, i, "arguments");
        const hash_t result = place_of_op(&place, i, "result");
        op->arguments = seal_hash(key, &arguments, &op->arguments);
        if (!hash_equal(&op->result, &HASH_ZERO))
            op->result = seal_hash(key, &result, &op->result);
    }
}

static hash_t
place_of_line(const sealed_line_t *line)
{
    char offset[24];
    snprintf(offset, sizeof offset, "%llu", (unsigned long long)line->offset);
    const slice_t parts[] = {
        hash_slice(line->site),  hash_slice(line->run), slice_text(line->target),
        slice_text(line->label), slice_text(offset),
    };
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

void
sealed_line(const sealkey_t *key, const sealed_line_t *line, const char *text, bytes_t *out)
{
    const hash_t place = place_of_line(line);
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    seal_close(key, SEAL_LINE, &place, slice_text(text), sealed);
    base64_write(bytes_slice(sealed), out);
}

bool
sealed_line_open(const sealkey_t *key, const sealed_line_t *line, slice_t text, bytes_t *out)
{
    const hash_t place = place_of_line(line);
    size_t size;
    CLEANUP(memory_free) uint8_t *sealed = memory_new(text.size + 1, 1);
    return base64_read(text, sealed, text.size, &size) &&
           !seal_open(key, SEAL_LINE, &place, slice_of(sealed, size), out, NULL);
}

/* One without its LF. */
static void
read_line(const sealkey_t *key, const sealed_line_t *at, slice_t line, bytes_t *out)
{
    char label[STEP_PATH_MAX + 32] = "";
    sealed_line_t place = *at;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *whole = bytes_copy(line);
    const char *colon = strstr(bytes_text(whole), ": ");
    size_t size = colon ? (size_t)(colon - bytes_text(whole)) : sizeof label;
    place.label = label;
    if (size < sizeof label)
        memcpy(label, bytes_text(whole), size);
    if (slice_is(line, SEALED_LAST_WORD))
        bytes_add_slice(out, line);
    else if (!*label || (key && !sealed_line_open(key, &place, slice_text(colon + 2), text)))
        bytes_addf(out, "DOES NOT OPEN: %.200s", bytes_text(whole));
    else
        bytes_addf(out, "%s: %s", label, key ? bytes_text(text) : SEALED_NOT_YOURS);
    bytes_add_text(out, "\n");
}

size_t
sealed_lines(const sealkey_t *key, const sealed_line_t *at, slice_t said, bytes_t *out)
{
    const uint8_t *end;
    size_t taken = 0;
    while (taken < said.size && (end = memchr(said.data + taken, '\n', said.size - taken))) {
        size_t size = (size_t)(end - said.data) - taken;
        sealed_line_t place = *at;
        place.offset += taken;
        read_line(key, &place, slice_of(said.data + taken, size), out);
        taken += size + 1;
    }
    return taken;
}
