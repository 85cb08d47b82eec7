/* SPDX-License-Identifier: Apache-2.0 */
/* waves - receipts that prove what they do not prove: of the order `a` wave 1 is north-2, which
 * went well, and wave 2 is the worker. */
#ifndef TOCSIN_TESTS_WAVES_H
#define TOCSIN_TESTS_WAVES_H

#include "keys/receipts.h"
#include "tests/attack/consents.h"

#define CANARY "north-2"

static void
two_waves(enemy_t *self, plan_t *plan)
{
    order_t *order = plan->order;
    order->target_count = 2;
    text_copy(order->targets[0].target, TEXT_NAME_MAX + 1, CANARY);
    order->targets[1].wave = 2;
    text_copy(order->targets[1].target, TEXT_NAME_MAX + 1, self->worker);
    for (size_t i = 0; i < order->input_count; i++)
        snprintf(order->inputs[i].text, ORDER_VALUE_MAX, "%s/mnt/" CANARY "/x.log.1", self->state);
}

static void
two_soaked_waves(enemy_t *self, plan_t *plan)
{
    two_waves(self, plan);
    plan->order->soak_s = 3600;
}

/* Wave 1 of it, on the canary; what that signed is the proof. */
static value_t *
run_canary(table_t *table, const lie_t *lie)
{
    ask(table, lie, CANARY);
    value_t *receipts = table->receipts;
    table->receipts = NULL;
    return receipts;
}

/* Offered to the worker with these receipts, it is refused with `proof`. */
static void
unproved(table_t *table, const enemy_t *self, lie_t *lie, value_t *receipts, const char *name)
{
    int64_t before = begun(self);
    lie->receipts = receipts;
    ask(table, lie, self->worker);
    lie->receipts = NULL;
    verdict(!strcmp(table->answer.code, "proof") && begun(self) == before, name, table);
}

/* How a forged receipt is signed: as the genuine one was; by the broker, alone or with the genuine
 * one; or with that one's own signature, behind a place among two that the broker made up. */
typedef enum { AS_BEFORE, BY_BROKER, BY_BROKER_TOGETHER, IN_A_PLACE } again_t;

static void
sign_again(const enemy_t *self, slice_t genuine, slice_t forged, again_t again, bytes_t *armor)
{
    fault_t fault = {0};
    char text[HASH_TEXT];
    hash_t leaf = hash_leaf(genuine);
    slice_t documents[] = {forged, genuine};
    CLEANUP(bytes_destroy) bytes_t *before = bytes_copy(bytes_slice(armor));
    CLEANUP(bytes_destroy) bytes_t *other = bytes_new();
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_load(self->signing_key, &fault);
    if (again == AS_BEFORE)
        return;
    bytes_clear(armor);
    if (again == BY_BROKER)
        machinekey_sign(key, SIGN_RECEIPT, forged, armor);
    else if (again == BY_BROKER_TOGETHER)
        receipts_sign(key, documents, (bytes_t *const[]){armor, other}, 2);
    else
        bytes_addf(armor, "place 0 2 %s\n%s", hash_write(&leaf, text),
                   strstr(bytes_text(before), "-----BEGIN"));
}

/* One receipt, with `to` where `from` stood. */
static value_t *
forged(const enemy_t *self, const value_t *receipts, const char *from, const char *to,
       again_t again)
{
    const value_t *last = value_at(receipts, value_count(receipts) - 1);
    slice_t genuine = value_slice(value_get(last, "document"));
    CLEANUP(bytes_destroy) bytes_t *document = bytes_copy(genuine);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_copy(value_slice(value_get(last, "armor")));
    replace(document, from, slice_text(to));
    sign_again(self, genuine, bytes_slice(document), again, armor);
    value_t *list = value_list(), *item = value_map();
    value_set(item, "document", value_bytes(bytes_slice(document)));
    value_set(item, "armor", value_bytes(bytes_slice(armor)));
    value_append(list, item);
    return list;
}

static void
try_forged(table_t *table, const enemy_t *self, lie_t *lie, const value_t *genuine, again_t again,
           const char *name)
{
    char run[HASH_TEXT], line[HASH_TEXT + 8], other[HASH_TEXT + 8];
    fault_t fault = {0};
    const value_t *last = value_at(genuine, value_count(genuine) - 1);
    CLEANUP(receipt_destroy)
    receipt_t *receipt = receipt_decode(value_slice(value_get(last, "document")), &fault);
    snprintf(other, sizeof other, "run %s\n", hash_write(&receipt->run, run));
    snprintf(line, sizeof line, "run %s\n", hash_write(&lie->run, run));
    CLEANUP(value_destroy) value_t *list = forged(self, genuine, other, line, again);
    unproved(table, self, lie, list, name);
}

static void
tell_waves(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t a = lie_planned(self, two_waves), b = lie_planned(self, two_waves);
    CLEANUP(lie_clear) lie_t soaked = lie_planned(self, two_soaked_waves);
    CLEANUP(value_destroy) value_t *none = value_list();
    meet(table, self->worker);
    meet(table, CANARY);
    unproved(table, self, &a, none, "byz_wave2_before_wave1: with no receipt");
    CLEANUP(value_destroy) value_t *proof = run_canary(table, &a);
    verdict(!strcmp(table->answer.part, "ok"), "wave 1 goes well", table);
    unproved(table, self, &b, proof, "byz_receipt_of_another_run");
    try_forged(table, self, &b, proof, AS_BEFORE, "byz_forge_receipt: with another run in it");
    try_forged(table, self, &b, proof, BY_BROKER, "byz_forge_receipt: signed by the broker");
    try_forged(table, self, &b, proof, BY_BROKER_TOGETHER,
               "byz_forge_receipt: signed by the broker together with a genuine one");
    try_forged(table, self, &b, proof, IN_A_PLACE,
               "byz_forge_receipt: in a place beside the genuine one");
    CLEANUP(value_destroy) value_t *fresh = run_canary(table, &soaked);
    verdict(!strcmp(table->answer.part, "ok"), "wave 1 of one that soaks goes well", table);
    unproved(table, self, &soaked, fresh, "byz_soak_cut_short");
    CLEANUP(value_destroy)
    value_t *other = forged(self, proof, "worker " CANARY "\n", "worker south-1\n", BY_BROKER);
    unproved(table, self, &b, other, "byz_receipt_from_other_worker");
    a.receipts = value_copy(proof);
    ask(table, &a, self->worker);
    verdict(!strcmp(table->answer.part, "ok"), "with its own receipts wave 2 runs", table);
    unproved(table, self, &b, proof, "  which prove nothing else afterwards either");
}

#endif
