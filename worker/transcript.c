/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/transcript.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "wire/message.h"
#include "wire/sealed.h"

#define LAST_WORD SEALED_LAST_WORD "\n"
#define SLACK     2048 /* more than one line, sealed too, and the last word */

struct transcript {
    hash_t run;
    ledger_t *ledger;
    outbox_t *outbox;
    bytes_t *before;      /* what the ledger had; NULL where it had nothing */
    bytes_t *pending;     /* said, not written yet */
    uint64_t size;        /* of what is written */
    bool full;            /* the last word was said */
    const sealkey_t *key; /* NULL: what is said is not sealed */
    const hash_t *site;
    const char *target;
};

transcript_t *
transcript_new(const hash_t *run, ledger_t *ledger, outbox_t *outbox, fault_t *fault)
{
    CLEANUP(transcript_destroy) transcript_t *self = memory_new(1, sizeof *self);
    self->run = *run;
    self->ledger = ledger;
    self->outbox = outbox;
    self->before = bytes_new();
    self->pending = bytes_new();
    if (ledger_get_output(ledger, run, self->before, fault))
        return NULL;
    self->size = self->before->size;
    self->full = self->size + SLACK > TRANSCRIPT_BYTES_MAX;
    if (!self->size)
        bytes_destroy(&self->before);
    return MOVE(self);
}

void
transcript_destroy(transcript_t **self_p)
{
    transcript_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->before);
    bytes_destroy(&self->pending);
    free(self);
    *self_p = NULL;
}

void
transcript_seal(transcript_t *self, const sealkey_t *key, const hash_t *site, const char *target)
{
    self->key = key;
    self->site = site;
    self->target = target;
}

size_t
transcript_count(const transcript_t *self, const char *label)
{
    size_t count = 0, size = strlen(label);
    const char *line = self->before ? bytes_text(self->before) : "";
    while (*line) {
        count += !strncmp(line, label, size) && line[size] == ':';
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : "";
    }
    return count;
}

/* One line of text, whatever it was. */
static void
add_line(transcript_t *self, const char *label, const char *text)
{
    bytes_t *out = self->pending;
    sealed_line_t place = {self->site, &self->run, self->target, label, self->size + out->size};
    char line[TRANSCRIPT_LINE_MAX + 1];
    snprintf(line, sizeof line, "%s", text);
    bool free_text = text_is_free(slice_text(line));
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || (!free_text && (unsigned char)*at > '~'))
            *at = '?';
    bytes_addf(out, "%s: %s", label, self->key ? "" : line);
    if (self->key)
        sealed_line(self->key, &place, line, out);
    bytes_add_text(out, "\n");
}

void
transcript_say(transcript_t *self, const char *label, const char *text)
{
    size_t room = TRANSCRIPT_BYTES_MAX - (sizeof LAST_WORD - 1);
    if (self->full)
        return;
    size_t before = self->pending->size;
    add_line(self, label, text);
    if (self->size + self->pending->size <= room)
        return;
    CLEANUP(bytes_destroy) bytes_t *fits = bytes_copy(slice_of(self->pending->data, before));
    bytes_add_text(fits, LAST_WORD);
    bytes_destroy(&self->pending);
    self->pending = MOVE(fits);
    self->full = true;
}

static void
queue(outbox_t *outbox, unsigned link, const hash_t *run, uint64_t offset, slice_t bytes,
      bool closed)
{
    char text[HASH_TEXT], number[24];
    frames_t *frames = message_new(MESSAGE_OUTPUT);
    snprintf(number, sizeof number, "%llu", (unsigned long long)offset);
    frames_add_text(frames, hash_write(run, text));
    frames_add_text(frames, number);
    frames_add(frames, bytes);
    frames_add_text(frames, closed ? "closed" : "open");
    outbox_add(outbox, TO_LINK, link, frames);
}

int
transcript_flush(transcript_t *self, bool closed, fault_t *fault)
{
    slice_t bytes = bytes_slice(self->pending);
    if (!bytes.size && !closed)
        return 0;
    if (bytes.size && ledger_put_output(self->ledger, &self->run, self->size, bytes, fault))
        return -1;
    queue(self->outbox, 0, &self->run, self->size, bytes, closed);
    self->size += bytes.size;
    bytes_clear(self->pending);
    return 0;
}

int
transcript_repeat(const hash_t *run, uint64_t offset, bool closed, ledger_t *ledger, unsigned link,
                  outbox_t *outbox, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *all = bytes_new();
    if (ledger_get_output(ledger, run, all, fault))
        return -1;
    if (offset > all->size)
        offset = all->size;
    if (!outbox_is_full(outbox))
        queue(outbox, link, run, offset, slice_of(all->data + offset, all->size - offset), closed);
    return 0;
}
