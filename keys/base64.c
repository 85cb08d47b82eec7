/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/base64.h"

#include <sodium.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

/* libsodium 1.0.18 takes some bytes above 0x7f for letters. */
static bool
all_letters(slice_t text)
{
    static const char others[] = "+/=";
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            !memchr(others, c, sizeof others - 1))
            return false;
    }
    return true;
}

bool
base64_read(slice_t text, uint8_t *out, size_t capacity, size_t *size)
{
    return all_letters(text) && !sodium_base642bin(out, capacity, (const char *)text.data,
                                                   text.size, NULL, size, NULL, VARIANT);
}

void
base64_write(slice_t from, bytes_t *out)
{
    size_t size = sodium_base64_encoded_len(from.size, VARIANT);
    CLEANUP(memory_free) char *text = memory_new(size, 1);
    sodium_bin2base64(text, size, from.data, from.size, VARIANT);
    bytes_add_text(out, text);
}
