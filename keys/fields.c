/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/fields.h"

void
fields_copy(document_reader_t *in, const char *text, char *out, size_t size)
{
    if (!text_copy(out, size, text))
        document_spoil(in, FAULT_LIMIT, "'%s' has a value over %zu bytes", in->key, size - 1);
}

void
fields_name(document_reader_t *in, const char *text, char out[static TEXT_NAME_MAX + 1])
{
    out[0] = '\0';
    if (text_is_name(text))
        text_copy(out, TEXT_NAME_MAX + 1, text);
    else
        document_spoil(in, FAULT_FORMAT, "'%.60s' is not a name ([a-z0-9][a-z0-9._-]*)", text);
}

void
fields_region(document_reader_t *in, const char *text, char out[static TEXT_NAME_MAX + 1])
{
    const char *last = strrchr(text, '.');
    fields_name(in, text, out);
    if (last && (!strcmp(last, ".sigs") || !strcmp(last, ".new")))
        document_spoil(
            in, FAULT_FORMAT,
            "region '%.60s' ends like a file of signatures or an unfinished one; name it "
            "otherwise",
            text);
}

void
fields_hash(document_reader_t *in, const char *text, hash_t *out)
{
    if (!hash_read(text, out))
        document_spoil(in, FAULT_FORMAT, "'%.64s' is not 64 lower-case hexadecimal digits", text);
}

void
fields_class(document_reader_t *in, const char *text, class_t *out)
{
    if (!class_read(text, out))
        document_spoil(in, FAULT_FORMAT, "'%.30s' is not observe, change or destructive", text);
}

void
fields_scope(document_reader_t *in, const char *text, char out[static LABELS_TEXT_MAX + 1])
{
    out[0] = '\0';
    if (scope_valid(text))
        text_copy(out, LABELS_TEXT_MAX + 1, text);
    else
        document_spoil(in, FAULT_FORMAT, "'%.60s' is not 'any' or ascending name=name pairs", text);
}

void
fields_pubkey(document_reader_t *in, const char *type, const char *base64, pubkey_t *out)
{
    fault_t why = {0};
    if (!in->spoiled && pubkey_read(out, type, base64, &why))
        document_spoil(in, why.code, "%s", why.text);
}

void
fields_curve(document_reader_t *in, const char *text, curvekey_t *out)
{
    if (!curvekey_read(text, out))
        document_spoil(in, FAULT_FORMAT, "'%.64s' is not a CURVE key in 64 hexadecimal digits",
                       text);
}

uint64_t
fields_number(document_reader_t *in, const char *text, uint64_t min, uint64_t max)
{
    uint64_t number = 0;
    if (!text_read_u64(text, min, max, &number))
        document_spoil(in, FAULT_FORMAT, "'%.30s' is not a number from %llu to %llu", text,
                       (unsigned long long)min, (unsigned long long)max);
    return number;
}

void
fields_unescape(document_reader_t *in, const char *text, char *out, size_t size)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    out[0] = '\0';
    if (in->spoiled)
        return;
    if (text_unescape(text, plain, &why))
        document_spoil(in, why.code, "%s", why.text);
    else if (memchr(plain->data, '\0', plain->size))
        document_spoil(in, FAULT_FORMAT, "'%s' has a value with a NUL", in->key);
    else
        fields_copy(in, bytes_text(plain), out, size);
}

void
fields_word(document_reader_t *in, const char *text, char *out, size_t size)
{
    bool word = text[0] && strcmp(text, "-") != 0 && !strchr(text, ' ') &&
                text_is_printable(slice_text(text));
    if (word)
        fields_copy(in, text, out, size);
    else
        document_spoil(in, FAULT_FORMAT, "'%s' has a value that is empty or holds a space",
                       in->key);
}

void
fields_target(document_reader_t *in, const char *text, char out[static 2 * TEXT_NAME_MAX + 2])
{
    out[0] = '\0';
    if (target_valid(text))
        text_copy(out, 2 * TEXT_NAME_MAX + 2, text);
    else
        document_spoil(in, FAULT_FORMAT, "'%.60s' is not WORKER or WORKER/HOST", text);
}

void
fields_step(document_reader_t *in, const char *text, char out[static STEP_PATH_MAX])
{
    out[0] = '\0';
    if (step_path_valid(text))
        text_copy(out, STEP_PATH_MAX, text);
    else
        document_spoil(in, FAULT_FORMAT, "'%.60s' is not a step, with those before it that called",
                       text);
}

void
fields_take_name(document_reader_t *in, const char *key, char out[static TEXT_NAME_MAX + 1])
{
    text_copy(out, TEXT_NAME_MAX + 1, document_name(in, key));
}

void
fields_take_hash(document_reader_t *in, const char *key, hash_t *out)
{
    document_hex(in, key, out->bytes, HASH_BYTES);
}

void
fields_take_span(document_reader_t *in, wall_t *issued, wall_t *expires)
{
    *issued = document_time(in, "issued");
    *expires = document_time(in, "expires");
    if (expires->ms <= issued->ms)
        document_spoil(in, FAULT_FORMAT, "'expires' is not after 'issued'");
}

bool
fields_room(document_reader_t *in, size_t count, size_t max)
{
    if (count < max)
        return true;
    document_spoil(in, FAULT_LIMIT, "more than %zu lines of one kind", max);
    return false;
}

void *
fields_grow(void *lines, size_t count, size_t size)
{
    if (count & (count - 1))
        return lines;
    size_t room = count ? 2 * count : 1;
    lines = memory_resize(lines, room, size);
    memset((char *)lines + count * size, 0, (room - count) * size);
    return lines;
}

void *
fields_proved(void *self_p, slice_t document, const bytes_t *again, fault_t *fault)
{
    void **self = self_p;
    return document_same(document, bytes_slice(again), fault) ? NULL : MOVE(*self);
}

const char *
fields_escape(bytes_t *scratch, const char *value)
{
    bytes_clear(scratch);
    text_escape(scratch, slice_text(value));
    return bytes_text(scratch);
}

void
fields_add_hash(bytes_t *out, const char *key, const hash_t *hash)
{
    document_add_hex(out, key, hash_slice(hash));
}

void
fields_add_pubkey(bytes_t *out, const char *key, const char *front, const pubkey_t *pubkey)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    pubkey_write(pubkey, text);
    document_add(out, key, "%s %s", front, bytes_text(text));
}
