/* SPDX-License-Identifier: Apache-2.0 */
/* What a run asks of people in its middle: consents and answers, signed over the receipts that were
 * shown. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/options.h"
#include "cli/propose.h"
#include "cli/run.h"
#include "cli/run_people.h"
#include "cli/table.h"
#include "keys/consent.h"

/* What a person says, and to which step where several ask. */
typedef struct {
    bool answer; /* else a consent */
    const char *value, *step, *reason;
} said_t;

value_t *
people_asked(client_t *client, const char *run, fault_t *fault)
{
    value_t *arguments = value_map();
    if (run)
        value_set_text(arguments, "run", run);
    return client_ask(client, "asked", arguments, fault);
}

/* The one question of this kind that the run asks. */
static const value_t *
find_question(const value_t *asked, const said_t *said, const char *run, fault_t *fault)
{
    const char *kind = said->answer ? "ask" : "approve";
    const value_t *found = NULL;
    for (size_t i = 0; i < value_count(asked); i++) {
        const value_t *row = value_at(asked, i);
        if (strcmp(value_get_text(row, "run"), run) != 0 ||
            strcmp(value_get_text(row, "kind"), kind) != 0 ||
            (said->step && strcmp(said->step, value_get_text(row, "step")) != 0))
            continue;
        if (found) {
            fault_set(fault, FAULT_CONFLICT,
                      "more than one step of run %.12s waits: name it by "
                      "--step %s or %s",
                      run, value_get_text(found, "step"), value_get_text(row, "step"));
            return NULL;
        }
        found = row;
    }
    if (!found)
        fault_set(fault, FAULT_NOT_FOUND, "run %.12s waits for no %s; see: tocsin run view %.12s",
                  run, said->answer ? "answer" : "consent", run);
    return found;
}

/* The last receipt of a part, of those whose signatures hold here; zero where it has none. */
static hash_t
last_receipt(const value_t *run, const char *target, const trust_t *trust)
{
    const value_t *parts = value_get(run, "parts");
    hash_t last = HASH_ZERO;
    uint64_t newest = 0;
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *part = value_at(parts, i), *receipts = value_get(part, "receipts");
        if (strcmp(value_get_text(part, "worker"), target) != 0)
            continue;
        for (size_t j = 0; j < value_count(receipts); j++) {
            fault_t ignored;
            CLEANUP(receipt_destroy)
            receipt_t *receipt = run_receipt(value_at(receipts, j), target,
                                             value_get_text(run, "run"), trust, &ignored);
            if (!receipt || receipt->sequence <= newest)
                continue;
            newest = receipt->sequence;
            last = hash_of(value_slice(value_get(value_at(receipts, j), "document")));
        }
    }
    return last;
}

static int
by_target(const void *left, const void *right)
{
    return strcmp(((const consent_target_t *)left)->target,
                  ((const consent_target_t *)right)->target);
}

/* Those whose last receipt, which the worker holds a consent to, was shown. */
static int
fill_targets(consent_t *consent, const value_t *targets, const value_t *run, const trust_t *trust,
             fault_t *fault)
{
    char digits[HASH_TEXT];
    size_t count = value_count(targets);
    consent->targets = memory_new(count + 1, sizeof *consent->targets);
    for (size_t i = 0; i < count; i++) {
        const char *name = value_get_text(value_at(targets, i), "target");
        hash_t last = last_receipt(run, name, trust);
        if (strcmp(value_get_text(value_at(targets, i), "receipt"), hash_write(&last, digits)) != 0)
            continue;
        consent_target_t *target = &consent->targets[consent->target_count++];
        text_copy(target->target, sizeof target->target, name);
        target->receipt = last;
    }
    if (!consent->target_count)
        return fault_set(fault, FAULT_STALE,
                         "of none that wait the broker shows the last receipt: look again");
    if (consent->target_count < count)
        fprintf(stderr,
                "tocsin: %zu more wait, whose last receipts were not shown: sign again for them\n",
                count - consent->target_count);
    qsort(consent->targets, consent->target_count, sizeof *consent->targets, by_target);
    return 0;
}

static int
fill(consent_t *consent, const said_t *said, const value_t *question, const value_t *run,
     const trust_t *trust, fault_t *fault)
{
    int64_t until = value_get_integer(question, "expires");
    consent->answer = said->answer;
    consent->site = *trust_site(trust);
    consent->created = wall_second();
    consent->expires = (wall_t){until - until % 1000};
    if (consent->expires.ms > consent->created.ms + CONSENT_MAX_S * INT64_C(1000))
        consent->expires.ms = consent->created.ms + CONSENT_MAX_S * INT64_C(1000);
    if (consent->expires.ms <= consent->created.ms)
        return fault_set(fault, FAULT_EXPIRED, "the run no longer waits: the time for it is over");
    if (!hash_read(value_get_text(run, "run"), &consent->run) ||
        !text_copy(consent->step, sizeof consent->step, value_get_text(question, "step")))
        return fault_set(fault, FAULT_FORMAT, "the broker names no run, or no step of one");
    text_copy(consent->value, sizeof consent->value, said->value);
    text_copy(consent->reason, sizeof consent->reason, said->reason);
    return fill_targets(consent, value_get(question, "targets"), run, trust, fault);
}

/* "an officer" */
static const char *
article(const char *role)
{
    return *role && strchr("aeiou", *role) ? "an" : "a";
}

void
people_print(const options_t *options, const value_t *question, FILE *out)
{
    char time[32], text[512];
    const value_t *targets = value_get(question, "targets"),
                  *words = value_get(question, "options");
    const char *role = value_get_text(question, "role");
    fprintf(out, "  run %.12s  %s  step %s %s of %s %s, until %s\n",
            value_get_text(question, "run"), value_get_text(question, "playbook"),
            value_get_text(question, "step"),
            !strcmp(value_get_text(question, "kind"), "ask") ? "asks an answer" : "wants a consent",
            article(role), role,
            show_time(options, value_get_integer(question, "expires"), time, sizeof time));
    fprintf(out, "    \"%s\"\n", show_text(value_get_text(question, "text"), text, sizeof text));
    for (size_t i = 0; i < value_count(words); i++)
        fprintf(out, "%s%s", i ? ", " : "    one of: ", value_string(value_at(words, i)));
    fputs(value_count(words) ? "\n    on" : "    on", out);
    for (size_t i = 0; i < value_count(targets); i++)
        fprintf(out, " %s", value_get_text(value_at(targets, i), "target"));
    if (value_get(question, "left_out"))
        fprintf(out, "; %lld more are asked about behind them",
                (long long)value_get_integer(question, "left_out"));
    fputc('\n', out);
}

void
people_print_waiting(const options_t *options, client_t *client, const value_t *run)
{
    fault_t ignored;
    bool ordered = !strcmp(value_get_text(run, "kind"), "order");
    CLEANUP(value_destroy)
    value_t *asked = people_asked(client, value_get_text(run, "run"), &ignored);
    for (size_t i = 0; i < value_count(asked); i++) {
        const value_t *row = value_at(asked, i);
        const char *role = value_get_text(row, "role");
        bool asks = !strcmp(value_get_text(row, "kind"), "ask");
        putchar('\n');
        people_print(options, row, stdout);
        printf("  next: tocsin run %s %.12s%s   by %s %s%s\n", asks ? "answer" : "approve",
               value_get_text(row, "run"), asks ? " ANSWER" : "", article(role), role,
               asks || !ordered ? "" : " who did not sign the order");
    }
}

/* An answer that no worker would take is refused before anybody signs it. */
static int
check_option(const said_t *said, const value_t *question, fault_t *fault)
{
    const value_t *options = value_get(question, "options");
    CLEANUP(bytes_destroy) bytes_t *words = bytes_new();
    for (size_t i = 0; i < value_count(options); i++) {
        const char *option = value_string(value_at(options, i));
        if (!strcmp(option, said->value))
            return 0;
        bytes_addf(words, "%s%s", i ? ", " : "", option);
    }
    if (!said->answer || !words->size)
        return 0;
    return fault_set(fault, FAULT_USAGE, "'%.64s' is none of the options of step '%s': %.128s",
                     said->value, value_get_text(question, "step"), bytes_text(words));
}

/* Who signed the order consents to nothing in it, which is said before they read and touch a key.
 */
static int
check_person(const options_t *options, const session_t *session, const value_t *run, fault_t *fault)
{
    const person_key_t *signer = propose_signer(options, trust_people(session->trust));
    const value_t *who = value_get(run, "who");
    if (!signer || strcmp(value_get_text(run, "kind"), "order") != 0)
        return 0;
    for (size_t i = 0; i < value_count(who); i++)
        if (!strcmp(value_string(value_at(who, i)), signer->person))
            return fault_set(fault, FAULT_ROLE,
                             "you ('%s') signed the order of this run; somebody else consents: "
                             "--key FILE",
                             signer->person);
    return 0;
}

/* Shows what happened so far, what is asked, and the document; signs it, hands it in. */
static int
reply(const options_t *options, const session_t *session, const char *id, const said_t *said,
      fault_t *fault)
{
    CLEANUP(value_destroy) value_t *run = run_ask(session->client, id, fault);
    CLEANUP(value_destroy)
    value_t *asked = run ? people_asked(session->client, value_get_text(run, "run"), fault) : NULL;
    const value_t *question =
        asked ? find_question(asked, said, value_get_text(run, "run"), fault) : NULL;
    if (!question || check_option(said, question, fault) ||
        (!said->answer && check_person(options, session, run, fault)))
        return -1;
    CLEANUP(consent_destroy) consent_t *consent = memory_new(1, sizeof *consent);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    if (fill(consent, said, question, run, session->trust, fault))
        return -1;
    consent_encode(consent, document);
    if (!options->quiet && !options->json) {
        CLEANUP(value_destroy) value_t *opened = run_opened(options, run);
        if (run_print(options, opened, session->trust, NULL))
            return fault_set(fault, FAULT_SIGNATURE, "a receipt does not hold: sign nothing on it");
        people_print(options, question, stdout);
        fflush(stdout);
    }
    int wrong = session_sign(session, options, said->answer ? SIGN_ANSWER : SIGN_CONSENT,
                             said->answer ? "answer" : "consent", bytes_slice(document), fault);
    if (wrong && fault->code == FAULT_INPUT)
        fault->code = FAULT_USAGE; /* what was typed is no answer of the kind that is asked */
    return wrong;
}

static int
say(const options_t *options, const char *run, const said_t *said)
{
    fault_t fault;
    CLEANUP(session_close) session_t session = {.trust = NULL};
    if (options_check_words("the answer", said->value, ORDER_VALUE_MAX, &fault) ||
        options_check_words("the reason", said->reason, ORDER_REASON_MAX, &fault) ||
        session_open(&session, options, &fault) || reply(options, &session, run, said, &fault))
        return command_fail(&fault);
    if (options->wait_s >= 0)
        return run_follow(options, session.client, run, options->wait_s,
                          options->quiet || options->json ? NULL : stderr);
    if (!options->quiet)
        fprintf(stderr, "handed in; follow it: tocsin run watch %.*s\n", RUN_DIGITS, run);
    return 0;
}

int
run_consent(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run that waits"};
    bool no = false;
    said_t said = {.value = "yes", .reason = "-"};
    const option_t rows[] = {{"--no", OPTION_FLAG, &no},
                             {"--step", OPTION_TEXT, &said.step},
                             {"--reason", OPTION_TEXT, &said.reason},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(run_commands, "approve"), "%s", fault.text);
    if (no)
        said.value = "no";
    return say(options, argv[1], &said);
}

int
run_answer(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run, and the answer"};
    said_t said = {.answer = true, .reason = "-"};
    const option_t rows[] = {{"--step", OPTION_TEXT, &said.step},
                             {"--reason", OPTION_TEXT, &said.reason},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 3)
        return command_usage(command_row(run_commands, "answer"), "%s", fault.text);
    said.value = argv[2];
    return say(options, argv[1], &said);
}
