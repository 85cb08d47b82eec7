/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/checkpoint.h"

#include "common/document.h"

void
checkpoint_make(const hash_t *site, const char *broker, const merkle_t *log, wall_t now,
                const machinekey_t *key, bytes_t *document, bytes_t *armor)
{
    hash_t head = merkle_head(log);
    document_begin(document, "checkpoint");
    document_add_hex(document, "site", hash_slice(site));
    document_add(document, "broker", "%s", broker);
    document_add(document, "size", "%llu", (unsigned long long)log->size);
    document_add_hex(document, "head", hash_slice(&head));
    document_add_instant(document, "made", now);
    document_end(document);
    bytes_clear(armor);
    machinekey_sign(key, SIGN_CHECKPOINT, bytes_slice(document), armor);
}
