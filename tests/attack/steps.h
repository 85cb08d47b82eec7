/* SPDX-License-Identifier: Apache-2.0 */
/* steps - a broker that would walk the steps of a run by itself, or leave it in the middle. */
#ifndef TOCSIN_TESTS_STEPS_H
#define TOCSIN_TESTS_STEPS_H

#include "tests/attack/consents.h"

/* Words that only a worker's roles say to one another, and messages that are none. */
static void
speak_inside(const enemy_t *self, table_t *table)
{
    static const char *const words[][8] = {
        {"OP", "1", "", "remove", "run", "1", "0", "file.remove"},
        {"TASK", "step", "wipe", "remove", "m"},
        {"UNDO", "", "remove"},
        {"STEP", "", "remove"},
        {"RUN", "1"},
        {"DONE", "ok", "n", "none", ""},
        {"GRANTED", "", "", "destructive", ""},
        {"RESULT", "1", "t", ""},
        {"KEPT", "consent"},
        {"OVER", "over", ""},
        {"KILL", "1"},
        {"WARRANT", "", "order", "", "", "", "", ""},
        {"ONLINE", "enemy"},
        {"OFFLINE"},
        {""},
    };
    char run[HASH_TEXT];
    hash_write(&table->lie->run, run);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        CLEANUP(frames_destroy) frames_t *frames = frames_new();
        for (size_t j = 0; j < 8 && words[i][j]; j++)
            frames_add_text(frames, j && !*words[i][j] ? run : words[i][j]);
        send_to(table->socket, find_peer(table, self->worker), frames);
    }
}

/* The playbook's own check fails: whatever the broker says then, nothing behind it begins. */
static void
tell_skip(enemy_t *self, table_t *table)
{
    static const word_t plain = {0};
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, guarded);
    meet(table, self->worker);
    int64_t before = begun(self);
    put(table, &lie);
    offer(table, find_peer(table, self->worker));
    say_word(self, table, &plain, true, &HASH_ZERO);
    say_word(self, table, &plain, false, &HASH_ZERO);
    speak_inside(self, table);
    hear(table, SAID_END);
    verdict(!strcmp(table->answer.part, "failed"), "byz_skip_check_step: the check fails the run",
            table);
    speak_inside(self, table);
    say_word(self, table, &plain, false, &HASH_ZERO);
    offer(table, find_peer(table, self->worker));
    hear(table, SAID_END);
    verdict(!strcmp(table->answer.part, "failed"),
            "  and an offer again is answered from the record", table);
    settle(table, self->worker);
    verdict(begun(self) == before, "  and nothing began", table);
    table->lie = NULL;
}

static void
without_needs(lie_t *lie)
{
    static const char line[] = "needs remove agree\n";
    CLEANUP(bytes_destroy)
    bytes_t *manifest = bytes_copy(value_slice(value_get(lie->files, "manifest")));
    char *at = strstr((char *)manifest->data, line);
    if (!at)
        forge_die("what an attack edits is not in the manifest");
    memmove(at, at + sizeof line - 1, strlen(at + sizeof line - 1) + 1);
    value_set(lie->files, "manifest", value_text((char *)manifest->data));
}

/* A release that the worker does not have yet, so that it asks for the files. */
static void
guarded_anew(enemy_t *self, plan_t *plan)
{
    guarded(self, plan);
    plan_fresh(self, plan);
}

/* Its one op begins once, and nothing else does, whatever is said meanwhile and afterwards. */
static void
tell_steps(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, guarded_anew);
    without_needs(&lie);
    meet(table, self->worker);
    int64_t before = begun(self);
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.code, "hash"),
            "byz_reorder_steps: without what a step needs, it is another manifest", table);
    CLEANUP(lie_clear) lie_t good = begin_guarded(self, table);
    hash_t shown = table->answer.receipt;
    table_lies(table, &good);
    speak_inside(self, table);
    settle(table, self->worker);
    verdict(begun(self) == before, "byz_reorder_steps: no word makes a later step begin", table);
    table->answer.receipt = shown;
    verdict(up_to_consent(self, table, &shown), "  and the run goes on as it was", table);
    say_word(self, table, &(word_t){0}, false, &shown);
    hear(table, SAID_END);
    verdict(!strcmp(table->answer.part, "ok"), "  to its end", table);
    before = begun(self);
    speak_inside(self, table);
    settle(table, self->worker);
    verdict(begun(self) == before, "byz_invoke_undo_unasked: nothing is undone of what went well",
            table);
    table->lie = NULL;
}

/* It is gone once it has passed the consent on. */
static void
tell_leaving(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = begin_guarded(self, table);
    hash_t shown = table->answer.receipt;
    table_lies(table, &lie);
    verdict(up_to_consent(self, table, &shown), "  and for a consent", table);
    say_word(self, table, &(word_t){0}, false, &shown);
    table->lie = NULL;
}

/* ---- callees ----------------------------------------------------------------------------- */

/* A release of the callee that the worker does not have yet. */
static lie_t
callee_lie(enemy_t *self)
{
    const char *loot = self->loot;
    self->loot = self->callee;
    lie_t lie = lie_planned(self, plan_fresh);
    self->loot = loot;
    return lie;
}

static const lie_t *ordered_callee;

static void
calling(enemy_t *self, plan_t *plan)
{
    order_t *order = plan->order;
    (void)self;
    order->release_count = 2;
    text_copy(order->releases[1].playbook, TEXT_NAME_MAX + 1, "wipe");
    order->releases[1].hash = ordered_callee->release_hash;
}

/* The order says which release is called; another one, approved by as many, is none of it. */
static void
tell_calls(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t ordered = callee_lie(self), newer = callee_lie(self);
    const char *worker = self->worker;
    ordered_callee = &ordered;
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, calling);
    meet(table, worker);
    int64_t before = begun(self);
    table->callee = &newer;
    ask(table, &lie, worker);
    verdict(!strcmp(table->answer.code, "hash") && begun(self) == before,
            "byz_callee_version_chosen: another approved release is refused with 'hash'", table);
    CLEANUP(lie_clear) lie_t relabelled = lie_copy(&lie);
    relabelled.release_hash = newer.release_hash;
    ask(table, &relabelled, worker);
    verdict(!strcmp(table->answer.code, "hash") && begun(self) == before,
            "byz_callee_version_chosen: nor is the callee run in the caller's place", table);
    table->callee = &ordered;
    ask(table, &lie, worker);
    verdict(!strcmp(table->answer.part, "ok") && begun(self) > before,
            "  and the one that was ordered runs", table);
    table->callee = NULL;
}

#endif
