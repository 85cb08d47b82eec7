/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/post.h"

int
post_take(slice_t *body, slice_t *document, slice_t *armor, fault_t *fault)
{
    static const char last[] = "\n-----END SSH SIGNATURE-----\n";
    slice_t rest;
    if (!document_split(*body, document, &rest))
        return fault_set(fault, FAULT_FORMAT, "the body has no signed alert's document");
    const uint8_t *end = memmem(rest.data, rest.size, last, sizeof last - 1);
    if (!end)
        return fault_set(fault, FAULT_FORMAT, "an alert in the body has no signature behind it");
    *armor = slice_of(rest.data, (size_t)(end - rest.data) + sizeof last - 1);
    *body = slice_of(rest.data + armor->size, rest.size - armor->size);
    return 0;
}
