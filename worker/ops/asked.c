/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/asked.h"

int64_t
asked_or(const value_t *arguments, const char *name, int64_t otherwise)
{
    return value_get(arguments, name) ? value_get_integer(arguments, name) : otherwise;
}

void
asked_printable(char *out, size_t size, const char *text)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        out[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i];
    out[i] = '\0';
}
