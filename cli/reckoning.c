/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reckoning.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/pin.h"
#include "cli/reckoning_private.h"
#include "cli/table.h"

static void
destroy_memory(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

static void
reckoning_begin(reckoning_t *self, trust_t *trust, bool say)
{
    *self = (reckoning_t){.trust = trust, .say = say};
    self->chains = zhashx_new();
    self->orders = zhashx_new();
    assert(self->chains && self->orders);
    zhashx_set_destructor(self->chains, destroy_memory);
    self->restarts = restarts_new();
    self->glass = value_list();
    self->problems = value_list();
}

static void
reckoning_end(reckoning_t *self)
{
    past_destroy(&self->past);
    zhashx_destroy(&self->chains);
    zhashx_destroy(&self->orders);
    restarts_destroy(&self->restarts);
    free(self->orphans);
    value_destroy(&self->glass);
    value_destroy(&self->problems);
}

void
reckoning_problem(reckoning_t *self, const char *format, ...)
{
    char text[2 * FAULT_TEXT_MAX], shown[2 * FAULT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (self->say)
        printf("problem: %s\n", show_text(text, shown, sizeof shown));
    value_append(self->problems, value_text(text));
}

static int
read_leaves(reckoning_t *self, record_t *record, const pin_t *pin, fault_t *fault)
{
    slice_t leaf;
    int more;
    while ((more = record_next(record, &leaf, fault)) == 1) {
        hash_t hash = hash_leaf(leaf);
        merkle_append(&self->log, &hash);
        restarts_leaf(self->restarts, &hash);
        self->counted++;
        reckoning_check_leaf(self, leaf);
        if (!record_is_extract(record) && self->counted == pin->size)
            self->pinned_head = merkle_head(&self->log);
    }
    return more;
}

/* Who signed the checkpoint, and whether that is who signed the last one seen. */
static void
check_checkpoint(reckoning_t *self, const record_t *record, const pin_t *pin, pubkey_t *key)
{
    fault_t fault;
    signature_t signature;
    char fingerprint[PUBKEY_FINGERPRINT_TEXT], made[MOMENT_TEXT_MAX];
    const checkpoint_t *checkpoint = record_checkpoint(record);
    if (!hash_equal(&checkpoint->site, trust_site(self->trust)))
        reckoning_problem(self, "the checkpoint is of another site");
    if (signature_decode(&signature, record_armor(record), &fault) ||
        signature_check(&signature, record_document(record), SIGN_CHECKPOINT, &fault)) {
        reckoning_problem(self, "the checkpoint: %s", fault.text);
        return;
    }
    *key = signature.key;
    self->signatures++;
    pubkey_fingerprint(key, fingerprint);
    if (pin->known && !pubkey_equal(&pin->key, key))
        reckoning_problem(
            self,
            "the checkpoint is signed by %s, not by the key that signed the last one seen "
            "here",
            fingerprint);
    wall_write_instant(checkpoint->made, made);
    if (self->say)
        printf("broker '%s' signed %llu leaves at %s with %s%s\n", checkpoint->broker,
               (unsigned long long)checkpoint->size, made, fingerprint,
               pin->known ? "" : " (first seen: compare it by another way)");
}

/* "w1, w2": root's witnesses who signed, or those who did not. */
static const char *
list_witnesses(const root_t *root, const cosigners_t *who, bool cosigned, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < root->witness_count && used < size; i++)
        if (who->cosigned[i] == cosigned)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                                     root->witnesses[i].worker);
    return out;
}

static void
say_cosigned(const reckoning_t *self, const root_t *root, const cosigners_t *who, uint64_t size)
{
    char names[ROOT_WITNESSES_MAX * (TEXT_NAME_MAX + 3)], at[MOMENT_TEXT_MAX];
    uint64_t beyond = record_checkpoint(self->record)->size - size;
    wall_write_time(who->newest, at);
    if (!self->say)
        return;
    printf("%zu of %zu witnesses cosigned the first %llu leaves, the last of them at %s",
           who->count, root->witness_count, (unsigned long long)size, at);
    if (who->count < root->witness_count)
        printf("; not %s", list_witnesses(root, who, false, names, sizeof names));
    if (beyond)
        printf("\n%llu leaves lie beyond: that there is no other history of these, nobody says yet",
               (unsigned long long)beyond);
    printf("\n");
}

/* More than half of root's witnesses know this history, and cosign no other. */
static void
check_witnesses(reckoning_t *self)
{
    fault_t fault = {0};
    testimony_t read = {.size = 0};
    cosigners_t who = {0};
    char names[ROOT_WITNESSES_MAX * (TEXT_NAME_MAX + 3)];
    const root_t *root = trust_root(self->trust);
    const checkpoint_t *checkpoint = record_checkpoint(self->record);
    slice_t text = record_testimony(self->record);
    if (!root->witness_count) {
        if (self->say)
            printf("root lists no witnesses: no cosignatures are asked for\n");
        return;
    }
    if (testimony_cut(&read, &text, &fault) < 0 ||
        (read.body.size && testimony_check(&read, checkpoint, self->trust, &who, &fault))) {
        reckoning_problem(self, "%s", fault.text);
        return;
    }
    self->signatures += who.count;
    if (who.count < root_cosigners(root))
        reckoning_problem(
            self,
            "%zu of %zu witnesses cosigned the record, and %zu must: nobody says yet that there "
            "is no other; not %s",
            who.count, root->witness_count, root_cosigners(root),
            list_witnesses(root, &who, false, names, sizeof names));
    else
        say_cosigned(self, root, &who, read.size);
    self->witnessed = read.size;
    self->cosigners = who;
}

static void
check_continues(reckoning_t *self, const checkpoint_t *checkpoint, const pin_t *pin)
{
    bool shorter = checkpoint->size < pin->size;
    bool same = !shorter && (!pin->size || hash_equal(&self->pinned_head, &pin->head));
    const restart_t *why =
        restarts_explain(self->restarts, pin->size, pin->restarts, pin->restart_count);
    if ((same || why) && !self->say)
        return;
    if (same)
        printf("it continues the record of %llu leaves seen here before\n",
               (unsigned long long)pin->size);
    else if (why)
        printf("restart: of the %llu leaves seen here before, those behind the first %llu are no "
               "part of it any more\n",
               (unsigned long long)pin->size, (unsigned long long)why->size);
    else if (shorter)
        reckoning_problem(self, "the record has become shorter: %llu leaves were signed before",
                          (unsigned long long)pin->size);
    else
        reckoning_problem(
            self, "history was rewritten: the first %llu leaves are not those signed before",
            (unsigned long long)pin->size);
}

static void
check_tree(reckoning_t *self, const checkpoint_t *checkpoint, const pin_t *pin)
{
    char text[HASH_TEXT];
    hash_t head = merkle_head(&self->log);
    if (record_is_extract(self->record)) {
        if (self->say)
            printf("each of its %llu leaves is in that record; that none was left out is not "
                   "shown\n",
                   (unsigned long long)self->counted);
        return;
    }
    if (!hash_equal(&head, &checkpoint->head))
        reckoning_problem(self, "the leaves do not make the head that was signed");
    else if (self->say)
        printf("the leaves make the head that was signed: %s\n", hash_write(&head, text));
    if (self->say)
        restarts_say(self->restarts);
    if (pin->known)
        check_continues(self, checkpoint, pin);
}

static value_t *
witnesses_value(const reckoning_t *self)
{
    const root_t *root = trust_root(self->trust);
    value_t *map = value_map(), *cosigned = value_list(), *missing = value_list();
    for (size_t i = 0; i < root->witness_count; i++)
        value_append(self->cosigners.cosigned[i] ? cosigned : missing,
                     value_text(root->witnesses[i].worker));
    value_set_integer(map, "needed", (int64_t)root_cosigners(root));
    value_set_integer(map, "leaves", (int64_t)self->witnessed);
    value_set(map, "cosigned", cosigned);
    value_set(map, "missing", missing);
    return map;
}

static void
report(const reckoning_t *self, bool json)
{
    size_t problems = value_count(self->problems);
    if (!json) {
        if (self->former)
            printf("%llu signatures are by keys of before, by documents that were replaced since\n",
                   (unsigned long long)self->former);
        printf("%llu signatures hold\naudit: %llu leaves, %llu receipts of %zu workers, %zu "
               "problems\n",
               (unsigned long long)self->signatures, (unsigned long long)self->counted,
               (unsigned long long)self->receipts, zhashx_size(self->chains), problems);
        return;
    }
    CLEANUP(value_destroy) value_t *body = value_map();
    value_set_integer(body, "leaves", (int64_t)self->counted);
    value_set_integer(body, "receipts", (int64_t)self->receipts);
    value_set_integer(body, "workers", (int64_t)zhashx_size(self->chains));
    value_set_integer(body, "signatures", (int64_t)self->signatures);
    value_set_integer(body, "former", (int64_t)self->former);
    value_set(body, "witnesses", witnesses_value(self));
    value_set(body, "restarts", restarts_value(self->restarts));
    value_set(body, "glass", value_copy(self->glass));
    value_set(body, "problems", value_copy(self->problems));
    json_print("audit", body);
}

int
reckoning_of(record_t *record, trust_t *trust, past_t **past, bool json, fault_t *fault)
{
    pin_t pin;
    pubkey_t key;
    CLEANUP(reckoning_end) reckoning_t self;
    reckoning_begin(&self, trust, !json);
    self.record = record;
    self.past = MOVE(*past);
    const checkpoint_t *checkpoint = record_checkpoint(record);
    if (pin_load(&pin, checkpoint, fault))
        return -1;
    check_checkpoint(&self, record, &pin, &key);
    check_witnesses(&self);
    if (read_leaves(&self, record, &pin, fault))
        reckoning_problem(&self, "%s", fault->text);
    else
        check_tree(&self, checkpoint, &pin);
    reckoning_check_orphans(&self);
    bool sound = !value_count(self.problems);
    if (sound && !record_is_extract(record) && pin_keep(checkpoint, &key, self.restarts, fault))
        return -1;
    report(&self, json);
    return sound ? 0 : fault_set(fault, FAULT_FAILED, "the record does not hold");
}
