/* SPDX-License-Identifier: Apache-2.0 */
/* witnesses - a broker with two histories of its log, before judges that cosign one. What it got
 * signed it writes as exports below --state: history-a and history-b. */
#ifndef TOCSIN_TESTS_WITNESSES_H
#define TOCSIN_TESTS_WITNESSES_H

#include "tests/attack/consents.h"
#include "wire/testimony.h"

#define HISTORY_LEAVES 9
#define HISTORY_FORK   3 /* leaves that both have */

/* An event that only this history has, behind the fork. */
static void
history_leaf(char history, uint64_t index, bytes_t *leaf)
{
    bytes_clear(leaf);
    bytes_addf(leaf, "event\n2026-11-22T03:04:05.000Z - note %llu%c", (unsigned long long)index,
               index < HISTORY_FORK ? '-' : history);
}

static int
history_head(void *context, uint64_t first, uint64_t end, hash_t *head, fault_t *fault)
{
    merkle_t log = {0};
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    (void)fault;
    for (uint64_t i = first; i < end; i++) {
        history_leaf(*(char *)context, i, leaf);
        hash_t hash = hash_leaf(bytes_slice(leaf));
        merkle_append(&log, &hash);
    }
    *head = merkle_head(&log);
    return 0;
}

static checkpoint_t
history_checkpoint(const enemy_t *self, char history, uint64_t size)
{
    checkpoint_t checkpoint = {.size = size, .made = wall_now()};
    hash_read(self->site, &checkpoint.site);
    text_copy(checkpoint.broker, sizeof checkpoint.broker, "centre");
    history_head(&history, 0, size, &checkpoint.head, NULL);
    return checkpoint;
}

static void
history_sign(const enemy_t *self, const checkpoint_t *checkpoint, bytes_t *document, bytes_t *armor)
{
    fault_t fault = {0};
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_load(self->signing_key, &fault);
    if (!key)
        forge_die(fault.text);
    checkpoint_sign(checkpoint, key, document, armor);
}

/* Asks a worker to cosign so many leaves of a history; the code of its answer. */
static const char *
history_ask(const enemy_t *self, table_t *table, const char *worker, char history, uint64_t from,
            uint64_t size)
{
    char text[24];
    consistency_t proof = {.count = 0};
    checkpoint_t checkpoint = history_checkpoint(self, history, size);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_WITNESS);
    history_sign(self, &checkpoint, document, armor);
    if (from <= size && consistency_make(&proof, from, size, history_head, &history, NULL))
        forge_die("there is no proof");
    snprintf(text, sizeof text, "%llu", (unsigned long long)from);
    frames_add_text(frames, text);
    frames_add(frames, consistency_slice(&proof));
    frames_add(frames, bytes_slice(document));
    frames_add(frames, bytes_slice(armor));
    frames_add_text(frames, "");
    frames_add_text(frames, "");
    meet(table, worker);
    send_to(table->socket, find_peer(table, worker), frames);
    return hear(table, SAID_COSIGNED) ? table->answer.code : "nothing";
}

static bool
history_is(const enemy_t *self, table_t *table, const char *worker, char history, uint64_t from,
           uint64_t size, const char *code)
{
    return !strcmp(history_ask(self, table, worker, history, from, size), code);
}

/* All its leaves, with the cosignatures that it got. */
static void
history_export(const enemy_t *self, char history, const char *lines)
{
    char path[4096];
    fault_t fault = {0};
    consistency_t none = {.count = 0};
    checkpoint_t checkpoint = history_checkpoint(self, history, HISTORY_LEAVES);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    history_sign(self, &checkpoint, document, armor);
    bytes_addf(out, "tocsin-export v1\n%s%s", bytes_text(document), bytes_text(armor));
    testimony_write(&checkpoint, slice_text(lines), &none, out);
    for (uint64_t i = 0; i < HISTORY_LEAVES; i++) {
        history_leaf(history, i, leaf);
        bytes_addf(out, "leaf %llu %zu\n%s\n", (unsigned long long)i, leaf->size, bytes_text(leaf));
    }
    bytes_add_text(out, "end\n");
    snprintf(path, sizeof path, "%s/history-%c", self->state, history);
    if (file_write(path, bytes_slice(out), 0644, &fault))
        forge_die(fault.text);
}

static void
tell_fork(enemy_t *self, table_t *table)
{
    CLEANUP(bytes_destroy) bytes_t *a = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *b = bytes_new();
    verdict(history_is(self, table, "north-1", 'a', 0, HISTORY_LEAVES, "none"),
            "one witness cosigns one history", table);
    bytes_add_text(a, table->answer.line);
    verdict(history_is(self, table, "north-2", 'b', 0, HISTORY_LEAVES, "none"),
            "  another cosigns the other, as nobody told it of the first", table);
    bytes_add_text(b, table->answer.line);
    verdict(history_is(self, table, "north-1", 'b', HISTORY_LEAVES, HISTORY_LEAVES, "proof") &&
                history_is(self, table, "north-2", 'a', HISTORY_LEAVES, HISTORY_LEAVES, "proof"),
            "byz_log_fork_two_witnesses: neither cosigns both", table);
    verdict(
        history_is(self, table, "north-1", 'b', HISTORY_LEAVES, HISTORY_LEAVES + 4, "proof") &&
            history_is(self, table, "north-1", 'b', 0, HISTORY_LEAVES + 4, "conflict") &&
            history_is(self, table, "north-1", 'b', HISTORY_FORK, HISTORY_LEAVES + 4, "conflict"),
        "byz_log_fork_two_witnesses: nor a longer one, nor from where both are the same", table);
    history_export(self, 'b', bytes_text(b));
    verdict(history_is(self, table, "south-1", 'a', 0, HISTORY_LEAVES, "none"),
            "  a third cosigns one of them", table);
    bytes_add_text(a, table->answer.line);
    history_export(self, 'a', bytes_text(a));
}

static void
tell_truncate(enemy_t *self, table_t *table)
{
    verdict(
        history_is(self, table, "north-1", 'a', HISTORY_LEAVES, HISTORY_LEAVES - 1, "version") &&
            history_is(self, table, "north-1", 'a', 0, HISTORY_FORK, "version") &&
            history_is(self, table, "north-1", 'a', 0, 0, "version"),
        "byz_log_truncate: a log that became shorter is not cosigned", table);
    verdict(history_is(self, table, "north-1", 'b', HISTORY_LEAVES, HISTORY_LEAVES + 1, "proof"),
            "  nor one that grew again as another", table);
    verdict(history_is(self, table, "north-1", 'a', HISTORY_LEAVES, HISTORY_LEAVES + 1, "none"),
            "  and the one that goes on is", table);
}

#endif
