/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/receipts.h"

#include <assert.h>

#include "common/document.h"
#include "keys/fields.h"
#include "keys/tree.h"

#define PLACE "place "

/* Of a receipt among those that were signed with it. */
typedef struct {
    uint64_t index, count;
    size_t path_count;
    hash_t path[TREE_PATH_MAX]; /* from the leaf upwards */
} receipt_place_t;

void
receipts_encode(uint64_t count, const hash_t *root, bytes_t *out)
{
    document_begin(out, "receipts");
    document_add(out, "count", "%llu", (unsigned long long)count);
    fields_add_hash(out, "root", root);
    document_end(out);
}

static void
add_place(const receipt_place_t *self, bytes_t *out)
{
    char text[HASH_TEXT];
    bytes_addf(out, PLACE "%llu %llu", (unsigned long long)self->index,
               (unsigned long long)self->count);
    for (size_t i = 0; i < self->path_count; i++)
        bytes_addf(out, " %s", hash_write(&self->path[i], text));
    bytes_add_text(out, "\n");
}

void
receipts_sign(const machinekey_t *key, const slice_t *documents, bytes_t *const *armors,
              size_t count)
{
    assert(count && count <= RECEIPTS_MAX);
    if (count == 1) {
        machinekey_sign(key, SIGN_RECEIPT, documents[0], armors[0]);
        return;
    }
    CLEANUP(tree_destroy) tree_t *tree = tree_new();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    for (size_t i = 0; i < count; i++) {
        hash_t leaf = hash_leaf(documents[i]);
        tree_append(tree, &leaf);
    }
    hash_t root = tree_root(tree);
    receipts_encode(count, &root, text);
    machinekey_sign(key, SIGN_RECEIPT, bytes_slice(text), armor);
    for (size_t i = 0; i < count; i++) {
        receipt_place_t place = {.index = i, .count = count};
        place.path_count = tree_path(tree, i, place.path);
        add_place(&place, armors[i]);
        bytes_add_slice(armors[i], bytes_slice(armor));
    }
}

/* PLACE INDEX COUNT HASH..., without its LF, in its one spelling. */
static bool
read_place(receipt_place_t *self, slice_t line)
{
    char text[sizeof PLACE + 2 * 3 + RECEIPTS_PATH_MAX * HASH_TEXT], *rest = text, *hash;
    if (line.size >= sizeof text)
        return false;
    memcpy(text, line.data, line.size);
    text[line.size] = '\0';
    rest += strlen(PLACE);
    if (strlen(text) != line.size)
        return false;
    const char *index = strsep(&rest, " "), *count = strsep(&rest, " ");
    if (!text_read_u64(index, 0, RECEIPTS_MAX - 1, &self->index) || !count ||
        !text_read_u64(count, 2, RECEIPTS_MAX, &self->count))
        return false;
    for (self->path_count = 0; (hash = strsep(&rest, " ")); self->path_count++)
        if (self->path_count == RECEIPTS_PATH_MAX ||
            !hash_read(hash, &self->path[self->path_count]))
            return false;
    return true;
}

/* Of a key, a root and its signature. */
static hash_t
hash_of_held(const pubkey_t *worker, slice_t text, slice_t armor)
{
    slice_t parts[] = {slice_of(&worker->kind, sizeof worker->kind),
                       slice_of(worker->key, sizeof worker->key), slice_text(worker->application),
                       text, armor};
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

static int
check_one(slice_t message, slice_t armor, const pubkey_t *worker, fault_t *fault)
{
    signature_t signature;
    if (signature_decode_by(&signature, armor, worker, fault))
        return fault_wrap(fault, "a receipt's signature");
    return signature_check(&signature, message, SIGN_RECEIPT, fault);
}

static int
check_root(slice_t text, slice_t armor, const pubkey_t *worker, receipts_held_t *held,
           fault_t *fault)
{
    if (!held)
        return check_one(text, armor, worker, fault);
    hash_t hash = hash_of_held(worker, text, armor);
    hash_t *slot = &held->held[hash.bytes[0] % RECEIPTS_HELD];
    if (hash_equal(slot, &hash))
        return 0;
    if (check_one(text, armor, worker, fault))
        return -1;
    *slot = hash;
    return 0;
}

int
receipts_check(slice_t document, slice_t armor, const pubkey_t *worker, receipts_held_t *held,
               fault_t *fault)
{
    receipt_place_t place;
    hash_t leaf, root;
    size_t named = strlen(PLACE);
    if (armor.size < named || memcmp(armor.data, PLACE, named) != 0)
        return check_one(document, armor, worker, fault);
    const uint8_t *end = memchr(armor.data, '\n', armor.size);
    size_t line = end ? (size_t)(end - armor.data) : 0;
    leaf = hash_leaf(document);
    if (!end || !read_place(&place, slice_of(armor.data, line)) ||
        !tree_head(&leaf, place.index, place.count, place.path, place.path_count, &root))
        return fault_set(fault, FAULT_SIGNATURE,
                         "a receipt with a place among others that is none");
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    receipts_encode(place.count, &root, text);
    return check_root(bytes_slice(text), slice_of(end + 1, armor.size - line - 1), worker, held,
                      fault);
}
