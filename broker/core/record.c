/* SPDX-License-Identifier: Apache-2.0 */
/* What a step leaves behind: rows, leaves of the log, messages. */
#include <stdarg.h>
#include <stdio.h>

#include "broker/core/state.h"
#include "wire/message.h"

#define PUT_OVER_MAX 16 /* rows that are looked at */

/* Bytes that begin with a leaf's kind, as the log's next. */
static hash_t
append(core_t *self, const bytes_t *leaf)
{
    hash_t hash = hash_leaf(bytes_slice(leaf));
    merkle_append(&self->log, &hash);
    self->moved = true;
    return hash;
}

static uint64_t
put_leaf(core_t *self, const char *kind, uint64_t incident, slice_t first, slice_t second)
{
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    size_t head = strlen(kind) + 1;
    bytes_add_text(leaf, kind);
    bytes_add_text(leaf, "\n");
    bytes_add_slice(leaf, first);
    bytes_add_slice(leaf, second);
    row_t row = {.kind = ROW_LEAF, .leaf = {.number = self->log.size, .incident = incident}};
    text_copy(row.leaf.kind, sizeof row.leaf.kind, kind);
    row.leaf.bytes = slice_of(leaf->data + head, leaf->size - head);
    row.leaf.hash = append(self, leaf);
    actions_put(self->actions, &row);
    return row.leaf.number;
}

uint64_t
core_leaf2(core_t *self, const char *kind, slice_t first, slice_t second)
{
    return put_leaf(self, kind, 0, first, second);
}

uint64_t
core_leaf_alert(core_t *self, uint64_t incident, slice_t alert)
{
    return put_leaf(self, "alert", incident, alert, slice_of(NULL, 0));
}

uint64_t
core_leaf(core_t *self, const char *kind, slice_t bytes)
{
    return core_leaf2(self, kind, bytes, slice_of(NULL, 0));
}

int
core_check_words(const char *said, const char *what, fault_t *fault)
{
    if (*said && strlen(said) <= ORDER_REASON_MAX && text_is_free(slice_text(said)))
        return 0;
    return fault_set(fault, FAULT_USAGE, "%s: one line of text, at most %d bytes", what,
                     ORDER_REASON_MAX);
}

void
core_tell(core_t *self, const event_row_t *event)
{
    static const char head[] = LEAF_EVENT "\n";
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    row_t row = {.kind = ROW_EVENT, .event = *event};
    row.event.number = self->log.size;
    row.event.at = self->now;
    bytes_add_text(leaf, head);
    event_write(&row.event, leaf);
    row.event.bytes = slice_of(leaf->data + strlen(head), leaf->size - strlen(head));
    row.event.leaf = append(self, leaf);
    actions_put(self->actions, &row);
    notice_event(self, &row.event);
}

void
core_note(core_t *self, const char *kind, uint64_t incident, const hash_t *run, const char *worker,
          const char *format, ...)
{
    event_row_t event = {.incident = incident, .run = run ? *run : HASH_ZERO};
    va_list args;
    va_start(args, format);
    vsnprintf(event.text, sizeof event.text, format, args);
    va_end(args);
    event.text[text_fit(event.text, sizeof event.text)] = '\0';
    snprintf(event.kind, sizeof event.kind, "%s", kind);
    snprintf(event.worker, sizeof event.worker, "%s", worker ? worker : "");
    core_tell(self, &event);
}

void
core_put(core_t *self, const row_t *row)
{
    actions_t *actions = self->actions;
    size_t from = self->step_rows;
    if (actions->row_count - from > PUT_OVER_MAX)
        from = actions->row_count - PUT_OVER_MAX;
    for (size_t i = from; i < actions->row_count; i++) {
        if (actions->rows[i]->kind != row->kind || !row_same(actions->rows[i], row))
            continue;
        actions_put_over(actions, i, row);
        return;
    }
    actions_put(actions, row);
}

void
core_keep(core_t *self, const char *kind, bool live, const hash_t *hash, slice_t bytes,
          slice_t armors, slice_t files)
{
    row_t row = {
        .kind = ROW_DOCUMENT,
        .document = {
            .hash = *hash, .live = live, .bytes = bytes, .armors = armors, .files = files}};
    snprintf(row.document.kind, sizeof row.document.kind, "%s", kind);
    actions_put(self->actions, &row);
}

void
core_send(core_t *self, const char *worker, frames_t **frames)
{
    actions_send(self->actions, worker, frames);
}

frames_t *
core_document(const bytes_t *document, const bytes_t *armors)
{
    frames_t *frames = message_new(MESSAGE_DOCUMENT);
    frames_add(frames, bytes_slice(document));
    frames_add(frames, bytes_slice(armors));
    return frames;
}

static void
add_name(char names[][TEXT_NAME_MAX + 1], size_t *count, const char *name)
{
    size_t at = 0;
    while (at < *count && strcmp(names[at], name) < 0)
        at++;
    if (at < *count && !strcmp(names[at], name))
        return;
    memmove(names[at + 1], names[at], (*count - at) * sizeof names[0]);
    snprintf(names[at], sizeof names[at], "%s", name);
    ++*count;
}

void
core_signers(const core_t *self, slice_t armors, char *out, size_t size)
{
    char names[SIGNATURES_MAX + 1][TEXT_NAME_MAX + 1];
    size_t count = 0, used = 0;
    signature_t signature;
    const people_t *people = trust_people(self->charter->trust);
    while (people && count < SIGNATURES_MAX && signature_next(&signature, &armors, NULL) == 1) {
        const person_key_t *key = people_find(people, &signature.key);
        if (key)
            add_name(names, &count, key->person);
    }
    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, i ? " %s" : "%s", names[i]);
}

int
core_recall(core_t *self, const query_t *query, row_t **row, fault_t *fault)
{
    fault_t why = {0};
    *row = store_first(self->past, query, &why);
    if (*row || why.code == FAULT_NONE)
        return 0;
    return fault_set(fault, why.code, "%s", why.text);
}

bytes_t *
core_leaf_bytes(core_t *self, uint64_t number, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *leaf = NULL;
    query_t query = {.what = FIND_LEAVES, .number = number};
    if (core_recall(self, &query, &leaf, fault))
        return NULL;
    if (!leaf || leaf->leaf.number != number) {
        fault_set(fault, FAULT_FORMAT, "leaf %llu of the log is missing",
                  (unsigned long long)number);
        return NULL;
    }
    return bytes_copy(leaf->leaf.bytes);
}
