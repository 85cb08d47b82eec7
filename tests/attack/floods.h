/* SPDX-License-Identifier: Apache-2.0 */
/* floods - far too much of everything, within what one message may hold. */
#ifndef TOCSIN_TESTS_FLOODS_H
#define TOCSIN_TESTS_FLOODS_H

#include "tests/attack/consents.h"

#define OFFERS      1000
#define WELCOMES    2000
#define ITEMS       60000
#define LARGE_BYTES (1000 * 1000)
#define LARGE_ONES  128

static void
drain(const enemy_t *self, table_t *table)
{
    while (!self->deaf && zsock_events(table->socket) & ZMQ_POLLIN)
        receive(table);
}

static void
send_words(const enemy_t *self, table_t *table, const char *const *words, size_t count)
{
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    for (size_t i = 0; i < count; i++)
        frames_add_text(frames, words[i]);
    send_to(table->socket, find_peer(table, self->worker), frames);
    drain(self, table);
}

#define SEND(...)                                               \
    send_words(self, table, (const char *const[]){__VA_ARGS__}, \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
still_works(enemy_t *self, table_t *table, const char *name)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, NULL);
    settle(table, self->worker);
    ask(table, &lie, self->worker);
    self->last.run = lie.run;
    verdict(!strcmp(table->answer.part, "ok"), name, table);
}

/* Each is another order, which nobody signed; each is a lookup, a decoding and a verification. */
static void
flood_offers(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, NULL);
    int64_t before = begun(self);
    for (unsigned i = 1; i <= OFFERS; i++) {
        char *nonce = strstr((char *)lie.authority->data, "nonce ") + 6, digits[9];
        snprintf(digits, sizeof digits, "%08x", i);
        memcpy(nonce, digits, 8);
        lie.run = hash_of(bytes_slice(lie.authority));
        table_lies(table, &lie);
        offer(table, find_peer(table, self->worker));
        drain(self, table);
    }
    settle(table, self->worker);
    verdict(begun(self) == before, "byz_offer_flood: a thousand orders begin nothing", table);
    table->lie = NULL;
}

static void
flood_words(enemy_t *self, table_t *table)
{
    static const char *const offsets[] = {
        "0", "1", "262144", "9223372036854775807", "18446744073709551615", "-1", "1e9", "", "x"};
    char run[HASH_TEXT];
    hash_write(&self->last.run, run);
    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        SEND("MORE", run, offsets[i]);
        SEND("MORE", "00", offsets[i]);
        SEND("ACK", offsets[i], run);
        SEND("CONSENT", run, offsets[i], "");
        SEND("DOCUMENT", offsets[i], "");
        SEND("GIVE", run, offsets[i], "", "");
    }
    for (unsigned i = 0; i < WELCOMES; i++)
        SEND("WELCOME", "1", "enemy", "0");
    for (unsigned i = 0; i < WELCOMES; i++)
        SEND("MORE", run, "0");
}

/* An offer whose receipts, and a release whose files, are as many as a value may hold. */
static void
flood_items(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, wave_2_without_wave_1);
    CLEANUP(lie_clear) lie_t many = lie_planned(self, plan_fresh);
    lie.receipts = value_list();
    for (unsigned i = 0; i < ITEMS; i++) {
        char name[16];
        value_append(lie.receipts, i % 2 ? value_map() : value_integer(i));
        snprintf(name, sizeof name, "%06u", i);
        value_set(many.files, name, value_integer(i));
    }
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.code, "proof"), "byz_giant_list: 60,000 receipts are no proof",
            table);
    ask(table, &many, self->worker);
    verdict(!strcmp(table->answer.code, "hash"), "byz_giant_map: 60,000 files are no release",
            table);
}

/* As large as a message may be, and as many as fit into any queue that counts messages; nothing is
 * read meanwhile. */
static void
tell_deaf(enemy_t *self, table_t *table)
{
    CLEANUP(bytes_destroy) bytes_t *large = bytes_new();
    bytes_addf(large, "%0*d", LARGE_BYTES, 0);
    meet(table, self->worker);
    still_works(self, table, "a valid order is accepted");
    self->deaf = true;
    for (unsigned i = 0; i < LARGE_ONES; i++)
        SEND("DOCUMENT", bytes_text(large), "");
    self->deaf = false;
    still_works(self, table, "net_hwm_flood: and another one after many large messages");
    SEND("GIVE", "00", bytes_text(large), bytes_text(large), "");
    SEND("CONSENT", bytes_text(large), bytes_text(large), bytes_text(large));
    meet_again(table, self->worker);
    still_works(self, table,
                "net_oversize_message: and one after frames that are too much together");
}

static void
tell_floods(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    flood_items(self, table);
    still_works(self, table, "  and a valid order is accepted");
    flood_words(self, table);
    still_works(self, table, "byz_word_flood: a valid order is still accepted");
    flood_offers(self, table);
    still_works(self, table, "  and a valid one is still accepted");
}

#endif
