/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/testimony.h"

#include "keys/base64.h"

#define ORIGIN     "tocsin/"
#define CONSISTENT "consistent "

void
testimony_write(const checkpoint_t *of, slice_t lines, const consistency_t *proof, bytes_t *out)
{
    char text[HASH_TEXT];
    checkpoint_body(of, out);
    bytes_add_text(out, "\n");
    bytes_add_slice(out, lines);
    for (size_t i = 0; i < proof->count; i++)
        bytes_addf(out, CONSISTENT "%s\n", hash_write(&proof->path[i], text));
}

/* The next line, without its LF; false where there is none. */
static bool
cut_line(slice_t *text, slice_t *line)
{
    const uint8_t *lf = text->size ? memchr(text->data, '\n', text->size) : NULL;
    if (!lf)
        return false;
    *line = slice_of(text->data, (size_t)(lf - text->data));
    *text = slice_of(lf + 1, text->size - line->size - 1);
    return true;
}

static bool
starts(slice_t text, const char *word)
{
    return text.size >= strlen(word) && !memcmp(text.data, word, strlen(word));
}

/* Origin, size, head: that they are written so, and whose they are, testimony_check sees. */
static bool
cut_body(testimony_t *self, slice_t *text)
{
    slice_t line, size, head;
    char digits[24];
    size_t bytes;
    const uint8_t *begin = text->data;
    if (!cut_line(text, &line) || !cut_line(text, &size) || !cut_line(text, &head) ||
        size.size >= sizeof digits)
        return false;
    self->body = slice_of(begin, (size_t)(text->data - begin));
    memcpy(digits, size.data, size.size);
    digits[size.size] = '\0';
    return text_read_u64(digits, 0, INT64_MAX, &self->size) &&
           base64_read(head, self->head.bytes, sizeof self->head.bytes, &bytes) &&
           bytes == sizeof self->head.bytes && cut_line(text, &line) && !line.size;
}

static bool
cut_cosignatures(testimony_t *self, slice_t *text)
{
    cosignature_t each;
    const uint8_t *begin = text->data;
    int more;
    while ((more = cosignature_next(&each, text, NULL)) == 1)
        ;
    self->lines = slice_of(begin, (size_t)(text->data - begin));
    return !more && self->lines.size <= TESTIMONY_LINES_MAX;
}

static bool
cut_proof(consistency_t *self, slice_t *text)
{
    const size_t front = strlen(CONSISTENT);
    slice_t line;
    char hash[HASH_TEXT];
    for (self->count = 0; starts(*text, CONSISTENT); self->count++) {
        if (self->count == CONSISTENCY_MAX || !cut_line(text, &line) ||
            line.size != front + HASH_TEXT - 1)
            return false;
        memcpy(hash, line.data + front, HASH_TEXT - 1);
        hash[HASH_TEXT - 1] = '\0';
        if (!hash_read(hash, &self->path[self->count]))
            return false;
    }
    return true;
}

int
testimony_cut(testimony_t *self, slice_t *text, fault_t *fault)
{
    slice_t rest = *text;
    if (!starts(rest, ORIGIN))
        return 0;
    if (!cut_body(self, &rest) || !cut_cosignatures(self, &rest) || !cut_proof(&self->proof, &rest))
        return fault_set(fault, FAULT_FORMAT, "what witnesses signed is malformed");
    *text = rest;
    return 1;
}

static bool
stands(const trust_t *trust, const witness_t *witness)
{
    char key[HASH_TEXT];
    hash_t hash = pubkey_hash(&witness->key);
    return !trust_check_revoked(trust, HALT_WORKER, witness->worker, NULL) &&
           !trust_check_revoked(trust, HALT_KEY, hash_write(&hash, key), NULL);
}

cosigners_t
cosigners_of(slice_t lines, slice_t body, const trust_t *trust)
{
    cosigners_t found = {0};
    cosignature_t each;
    const root_t *root = trust_root(trust);
    while (root && cosignature_next(&each, &lines, NULL) == 1) {
        const witness_t *witness = root_witness(root, each.name);
        if (!witness || !stands(trust, witness) ||
            cosignature_check(&each, body, &witness->key, NULL))
            continue;
        bool *cosigned = &found.cosigned[witness - root->witnesses];
        found.count += !*cosigned;
        *cosigned = true;
        if (each.at.ms > found.newest.ms)
            found.newest = each.at;
    }
    return found;
}

int
testimony_check(const testimony_t *self, const checkpoint_t *shown, const trust_t *trust,
                cosigners_t *out, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    checkpoint_t of = *shown;
    of.size = self->size;
    of.head = self->head;
    checkpoint_body(&of, body);
    if (!slice_equal(bytes_slice(body), self->body))
        return fault_set(fault, FAULT_FORMAT, "what witnesses signed is about another log");
    if (!consistency_holds(&self->proof, self->size, &self->head, shown->size, &shown->head))
        return fault_set(fault, FAULT_PROOF,
                         "the record does not go on from the %llu leaves that witnesses signed: "
                         "the broker has two histories",
                         (unsigned long long)self->size);
    *out = cosigners_of(self->lines, bytes_slice(body), trust);
    return 0;
}
