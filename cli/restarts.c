/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restarts.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/table.h"
#include "wire/merkle.h"

struct restarts {
    bytes_t *leaves; /* their hashes */
    size_t count;
    struct {
        restart_t *restart; /* ours */
        hash_t hash;
        signers_t who;
    } at[RESTARTS_MAX];
};

restarts_t *
restarts_new(void)
{
    restarts_t *self = memory_new(1, sizeof *self);
    self->leaves = bytes_new();
    return self;
}

void
restarts_destroy(restarts_t **self_p)
{
    restarts_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        restart_destroy(&self->at[i].restart);
    bytes_destroy(&self->leaves);
    free(self);
    *self_p = NULL;
}

void
restarts_leaf(restarts_t *self, const hash_t *leaf)
{
    bytes_add_slice(self->leaves, hash_slice(leaf));
}

/* The head of so many leaves, of those before the last. */
static int
head_of(const restarts_t *self, uint64_t size, hash_t *head, fault_t *fault)
{
    merkle_t log = {0};
    if (size >= self->leaves->size / HASH_BYTES)
        return fault_set(fault, FAULT_PROOF,
                         "it restarts the log behind %llu leaves, which it has "
                         "not in front of it",
                         (unsigned long long)size);
    for (uint64_t i = 0; i < size; i++) {
        hash_t leaf;
        memcpy(leaf.bytes, self->leaves->data + i * HASH_BYTES, HASH_BYTES);
        merkle_append(&log, &leaf);
    }
    *head = merkle_head(&log);
    return 0;
}

int
restarts_add(restarts_t *self, const trust_t *trust, const char *broker, slice_t document,
             slice_t armors, fault_t *fault)
{
    signers_t who;
    hash_t head, hash = hash_of(document);
    for (size_t i = 0; i < self->count; i++)
        if (hash_equal(&self->at[i].hash, &hash))
            return 0;
    if (self->count == RESTARTS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d restarts of one log", RESTARTS_MAX);
    CLEANUP(restart_destroy)
    restart_t *restart = trust_check_restart(trust, document, armors, &who, fault);
    if (!restart || head_of(self, restart->size, &head, fault) ||
        restart_check(restart, broker, restart->size, &head, fault))
        return -1;
    self->at[self->count].restart = MOVE(restart);
    self->at[self->count].hash = hash;
    self->at[self->count++].who = who;
    return 0;
}

size_t
restarts_count(const restarts_t *self)
{
    return self->count;
}

const hash_t *
restarts_hash(const restarts_t *self, size_t index)
{
    return &self->at[index].hash;
}

static bool
is_known(const hash_t *hash, const hash_t *known, size_t known_count)
{
    for (size_t i = 0; i < known_count; i++)
        if (hash_equal(hash, &known[i]))
            return true;
    return false;
}

const restart_t *
restarts_explain(const restarts_t *self, uint64_t size, const hash_t *known, size_t known_count)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->at[i].restart->size < size && !is_known(&self->at[i].hash, known, known_count))
            return self->at[i].restart;
    return NULL;
}

bool
restarts_precede(const restarts_t *self, uint64_t leaf)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->at[i].restart->size <= leaf)
            return true;
    return false;
}

void
restarts_say(const restarts_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        const restart_t *restart = self->at[i].restart;
        char shown[2 * sizeof restart->reason], at[MOMENT_TEXT_MAX];
        wall_write_time(restart->created, at);
        printf("restart: the record was put back to its first %llu leaves; signed at %s by",
               (unsigned long long)restart->size, at);
        for (size_t j = 0; j < self->at[i].who.count; j++)
            printf("%s %s", j ? "," : "", self->at[i].who.person[j]);
        printf(": %s\n", show_text(restart->reason, shown, sizeof shown));
    }
}

value_t *
restarts_value(const restarts_t *self)
{
    value_t *list = value_list();
    for (size_t i = 0; i < self->count; i++) {
        const restart_t *restart = self->at[i].restart;
        value_t *map = value_map(), *who = value_list();
        for (size_t j = 0; j < self->at[i].who.count; j++)
            value_append(who, value_text(self->at[i].who.person[j]));
        value_set_integer(map, "leaves", (int64_t)restart->size);
        value_set_integer(map, "created", restart->created.ms);
        value_set_text(map, "reason", restart->reason);
        value_set(map, "who", who);
        value_append(list, map);
    }
    return list;
}
