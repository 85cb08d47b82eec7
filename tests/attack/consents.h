/* SPDX-License-Identifier: Apache-2.0 */
/* consents - what a broker makes of people's words in the middle of a run. One run of the playbook
 * `guarded` waits twice; each try is declined, and it waits on. */
#ifndef TOCSIN_TESTS_CONSENTS_H
#define TOCSIN_TESTS_CONSENTS_H

#include "keys/consent.h"
#include "tests/attack/orders.h"
#include "tests/attack/table.h"

typedef struct {
    const char *name;
    const char *code;                 /* of the DECLINE */
    void (*plan)(consent_t *consent); /* before it is signed; may be NULL */
    void (*spoil)(bytes_t *document); /* after; may be NULL */
    const char *signers;              /* instead of the right one; NULL for that */
    const char *namespace;            /* instead of the right one; NULL for that */
} word_t;

static inline void
verdict(bool good, const char *name, const table_t *table)
{
    printf("%s %s", good ? "good" : "bad", name);
    if (!good)
        printf(" [%s %s %s %s %s]", table->answer.kind, table->answer.step, table->answer.part,
               table->answer.code, table->answer.text);
    putchar('\n');
}

/* The inputs of `guarded`, ordered by somebody who reviews too. */
static inline void
guarded(enemy_t *self, plan_t *plan)
{
    text_copy(plan->order->inputs[0].text, ORDER_VALUE_MAX, self->path);
    plan->signers = "thu";
}

/* Until this step waits for a person. */
static inline bool
waits(table_t *table, const char *step)
{
    while (hear(table, SAID_WAITING))
        if (!strcmp(table->answer.step, step))
            return true;
    return false;
}

static inline void
send_word(table_t *table, const char *worker, slice_t document, slice_t armors)
{
    char run[HASH_TEXT];
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_CONSENT);
    frames_add_text(frames, hash_write(&table->lie->run, run));
    frames_add(frames, document);
    frames_add(frames, armors);
    send_to(table->socket, find_peer(table, worker), frames);
}

/* "left" to step which, or "yes" to step agree, for what the worker showed last. */
static inline consent_t *
word_plan(const enemy_t *self, const table_t *table, bool answer, const hash_t *shown)
{
    consent_t *consent = memory_new(1, sizeof *consent);
    hash_read(self->site, &consent->site);
    consent->answer = answer;
    consent->run = table->lie->run;
    text_copy(consent->step, sizeof consent->step, answer ? "which" : "agree");
    text_copy(consent->value, sizeof consent->value, answer ? "left" : "yes");
    text_copy(consent->reason, sizeof consent->reason, "it is full");
    consent->created = (wall_t){wall_now().ms / 1000 * 1000};
    consent->expires = (wall_t){consent->created.ms + HOUR_MS};
    consent->target_count = 1;
    consent->targets = memory_new(2, sizeof *consent->targets);
    text_copy(consent->targets[0].target, sizeof consent->targets[0].target, self->worker);
    consent->targets[0].receipt = *shown;
    return consent;
}

static inline void
say_word(const enemy_t *self, table_t *table, const word_t *word, bool answer, const hash_t *shown)
{
    CLEANUP(consent_destroy) consent_t *consent = word_plan(self, table, answer, shown);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    forge_t how = {.namespace = word->namespace};
    if (word->plan)
        word->plan(consent);
    consent_encode(consent, document);
    sign_by(self, &how,
            word->signers ? word->signers
            : answer      ? "dung"
                          : "ana",
            answer ? SIGN_ANSWER : SIGN_CONSENT, bytes_slice(document), armors);
    if (word->spoil)
        word->spoil(document);
    send_word(table, self->worker, bytes_slice(document), bytes_slice(armors));
}

#define WORD_HOOK(name, statement)       \
    static void name(consent_t *consent) \
    {                                    \
        statement;                       \
    }

WORD_HOOK(of_other_run, consent->run = hash_of(slice_text("another")))
WORD_HOOK(of_other_step, text_copy(consent->step, STEP_PATH_MAX, "check"))
WORD_HOOK(of_other_worker, text_copy(consent->targets[0].target, TEXT_NAME_MAX + 1, "north-2"))
WORD_HOOK(of_other_receipt, consent->targets[0].receipt = hash_of(slice_text("another")))
WORD_HOOK(of_no_receipt, consent->targets[0].receipt = HASH_ZERO)
WORD_HOOK(of_staging_too, consent->site = hash_of(slice_text("staging")))
WORD_HOOK(of_a_day_and_more, consent->expires.ms = consent->created.ms + 25 * HOUR_MS)
WORD_HOOK(given_too_early, consent->created.ms -= HOUR_MS; consent->expires.ms += HOUR_MS)
WORD_HOOK(over_already, consent->created.ms -= 2 * HOUR_MS; consent->expires.ms -= 2 * HOUR_MS)
WORD_HOOK(of_the_day_after, consent->created.ms += 9 * HOUR_MS; consent->expires.ms += 9 * HOUR_MS)
WORD_HOOK(no_option, text_copy(consent->value, ORDER_VALUE_MAX, "../x"))

static void
left_to_right(bytes_t *document)
{
    char *at = strstr((char *)document->data, "value left");
    memcpy(at, "value both", 10);
}

static void
step_edited(bytes_t *document)
{
    char *at = strstr((char *)document->data, "step agree");
    memcpy(at, "step which", 10);
}

static const word_t answers[] = {
    {"byz_answer_forged: by nobody", "quorum", .signers = ""},
    {"byz_answer_forged: by a stranger", "key", .signers = "stranger"},
    {"byz_answer_forged: by a reviewer", "role", .signers = "ana"},
    {"byz_answer_forged: by two", "quorum", .signers = "dung thu"},
    {"byz_answer_forged: outside the scope", "scope", .signers = "minh"},
    {"byz_answer_forged: changed behind the signature", "signature", .spoil = left_to_right},
    {"byz_answer_forged: signed as a consent", "namespace", .namespace = "consent@tocsin.v1"},
    {"byz_answer_forged: signed as an order", "namespace", .namespace = "order@tocsin.v1"},
    {"byz_answer_forged: to another run", "target", .plan = of_other_run},
    {"byz_answer_forged: to another step", "target", .plan = of_other_step},
    {"byz_answer_forged: for another worker", "target", .plan = of_other_worker},
    {"byz_answer_forged: shown another receipt", "stale", .plan = of_other_receipt},
    {"byz_answer_forged: shown none", "stale", .plan = of_no_receipt},
    {"byz_answer_forged: of staging", "site", .plan = of_staging_too},
    {"byz_answer_forged: for over a day", "window", .plan = of_a_day_and_more},
    {"byz_answer_forged: given before it was asked for", "stale", .plan = given_too_early},
    {"byz_answer_forged: over already", "expired", .plan = over_already},
    {"byz_answer_forged: of a later day", "window", .plan = of_the_day_after},
    {"byz_answer_forged: none of the options", "input", .plan = no_option},
};

static const word_t consents[] = {
    {"byz_consent_forged: by who ordered it", "role", .signers = "thu"},
    {"byz_consent_forged: by a responder", "role", .signers = "dung"},
    {"byz_consent_forged: by nobody", "quorum", .signers = ""},
    {"byz_consent_forged: signed as an approval", "namespace", .namespace = "approve@tocsin.v1"},
    {"byz_consent_forged: changed behind the signature", "signature", .spoil = step_edited},
    {"byz_consent_forged: of another run", "target", .plan = of_other_run},
    {"byz_consent_forged: shown another receipt", "stale", .plan = of_other_receipt},
};

/* Each is declined with its code. */
static void
try_words(const enemy_t *self, table_t *table, const word_t *words, size_t count, bool answer,
          const hash_t *shown)
{
    for (size_t i = 0; i < count; i++) {
        say_word(self, table, &words[i], answer, shown);
        hear(table, SAID_DECLINE);
        verdict(!strcmp(table->answer.code, words[i].code), words[i].name, table);
    }
}

/* Up to the step that waits for a consent; the receipt shown there is *shown. */
static bool
up_to_consent(const enemy_t *self, table_t *table, hash_t *shown)
{
    static const word_t plain = {0};
    *shown = table->answer.receipt;
    say_word(self, table, &plain, true, shown);
    bool there = waits(table, "agree");
    *shown = table->answer.receipt;
    return there;
}

/* A run to its first wait; the lie is the caller's. */
static lie_t
begin_guarded(enemy_t *self, table_t *table)
{
    lie_t lie = lie_planned(self, guarded);
    meet(table, self->worker);
    put(table, &lie);
    offer(table, find_peer(table, self->worker));
    verdict(waits(table, "which"), "a run waits for an answer", table);
    return lie;
}

/* The consent of the run before counts for no other. */
static void
try_consent_again(enemy_t *self, table_t *table, slice_t document, slice_t armors)
{
    int64_t before = begun(self);
    hash_t shown;
    CLEANUP(lie_clear) lie_t lie = begin_guarded(self, table);
    table_lies(table, &lie);
    verdict(up_to_consent(self, table, &shown), "another run waits for its own consent", table);
    send_word(table, self->worker, document, armors);
    hear(table, SAID_DECLINE);
    verdict(!strcmp(table->answer.code, "target") && begun(self) == before,
            "byz_consent_forged: the one of the run before", table);
    table->lie = NULL;
}

static void
tell_consents(enemy_t *self, table_t *table)
{
    static const word_t plain = {0};
    hash_t shown;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    CLEANUP(lie_clear) lie_t lie = begin_guarded(self, table);
    int64_t before = begun(self);
    table_lies(table, &lie);
    shown = table->answer.receipt;
    try_words(self, table, answers, ARRAY_SIZE(answers), true, &shown);
    say_word(self, table, &plain, false, &shown);
    hear(table, SAID_DECLINE);
    verdict(table->answer.given, "a consent before it is asked for is declined", table);
    table->answer.receipt = shown;
    verdict(up_to_consent(self, table, &shown), "a responder's answer counts", table);
    try_words(self, table, consents, ARRAY_SIZE(consents), false, &shown);
    verdict(begun(self) == before, "  and nothing began", table);
    CLEANUP(consent_destroy) consent_t *consent = word_plan(self, table, false, &shown);
    consent_encode(consent, document);
    sign_by(self, &(forge_t){0}, "ana", SIGN_CONSENT, bytes_slice(document), armors);
    send_word(table, self->worker, bytes_slice(document), bytes_slice(armors));
    hear(table, SAID_END);
    verdict(!strcmp(table->answer.part, "ok") && begun(self) > before,
            "a reviewer's consent counts, and the log is removed", table);
    try_consent_again(self, table, bytes_slice(document), bytes_slice(armors));
    table->lie = NULL;
}

#endif
