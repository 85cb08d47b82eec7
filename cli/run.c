/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/away.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/run_people.h"
#include "cli/sign.h"
#include "cli/stop.h"
#include "cli/table.h"
#include "keys/receipts.h"

#define LIST_DEFAULT     30
#define OUTPUT_SHOWN_MAX 2000
#define AWAY_TOLD_MAX    8

static const char *
run_name(const value_t *run, char out[static 32])
{
    int64_t incident = value_get_integer(run, "incident");
    if (incident)
        snprintf(out, 32, "%lld", (long long)incident);
    else
        snprintf(out, 32, "-");
    return out;
}

static void
print_runs(const options_t *options, const value_t *runs)
{
    static const char *const headings[] = {"RUN",     "PLAYBOOK", "STATE", "INCIDENT",
                                           "STARTED", "TARGETS",  "WHY",   NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(runs); i++) {
        const value_t *run = value_at(runs, i);
        char id[RUN_DIGITS + 1], incident[32], time[32], counts[160], reason[128], state[48];
        snprintf(id, sizeof id, "%s", value_get_text(run, "run"));
        snprintf(state, sizeof state, "%s%s%s", value_get_text(run, "state"), run_note(run),
                 value_get(run, "glass") ? " BREAK-GLASS" : "");
        show_text(value_get_text(run, "reason"), reason, sizeof reason);
        table_row(table,
                  (const char *const[]){
                      id, value_get_text(run, "playbook"), state, run_name(run, incident),
                      show_time(options, value_get_integer(run, "created"), time, sizeof time),
                      run_counts(run, counts, sizeof counts),
                      *reason ? reason : value_get_text(run, "kind")});
    }
    table_print(table);
}

static int
run_list(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    uint64_t limit = LIST_DEFAULT;
    const option_t rows[] = {{"--limit", OPTION_NUMBER, &limit}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(command_row(run_commands, "list"), "%s", fault.text);
    if (argc != 1)
        return command_usage(command_row(run_commands, "list"), "'%s' does not belong here",
                             argv[1]);
    if (options_check_limit(limit, &fault))
        return command_usage(command_row(run_commands, "list"), "%s", fault.text);
    value_t *arguments = value_map();
    value_set_integer(arguments, "limit", (int64_t)limit);
    CLEANUP(value_destroy) value_t *runs = client_look(options, "runs", arguments, &fault);
    if (!runs)
        return command_fail(&fault);
    if (options->json)
        json_print("runs", runs);
    else if (value_count(runs))
        print_runs(options, runs);
    else
        puts("nothing has run yet; see: tocsin help run plan");
    return 0;
}

receipt_t *
run_receipt(const value_t *row, const char *worker, const char *run, const trust_t *trust,
            fault_t *fault)
{
    char hash[HASH_TEXT];
    const value_t *document = value_get(row, "document"), *armor = value_get(row, "armor");
    const worker_line_t *line = trust_worker(trust, worker, NULL);
    if (!document || !armor || !line) {
        fault_set(fault, FAULT_NOT_FOUND, "there is no document, or no such worker in the fleet");
        return NULL;
    }
    if (receipts_check(value_slice(document), value_slice(armor), &line->key, NULL, fault))
        return NULL;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(value_slice(document), fault);
    if (!receipt)
        return NULL;
    if (strcmp(receipt->worker, worker) != 0 || strcmp(hash_write(&receipt->run, hash), run) != 0 ||
        !hash_equal(&receipt->site, trust_site(trust))) {
        fault_set(fault, FAULT_HASH, "it is about another run, worker or site");
        return NULL;
    }
    return MOVE(receipt);
}

static bool
is_signed(const value_t *output, const receipt_t *receipt)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(output, encoded);
    hash_t hash = hash_of(bytes_slice(encoded));
    return hash_equal(&hash, &receipt->output);
}

/* What was sealed was held against its hash as it was opened. */
static void
print_output(const value_t *row, const receipt_t *receipt)
{
    char shown[OUTPUT_SHOWN_MAX + 1];
    const value_t *output = value_get(row, "output");
    const char *sealed = value_get_text(row, "sealed");
    if (*sealed && strcmp(sealed, "opened") != 0) {
        printf("             output sealed: %s\n", show_text(sealed, shown, sizeof shown));
        return;
    }
    if (value_kind(output) == VALUE_NIL && (*sealed || is_signed(output, receipt)))
        return;
    CLEANUP(memory_free) char *text = show_value(output);
    printf("             output %s%s%s\n", show_text(text, shown, sizeof shown),
           strlen(text) > OUTPUT_SHOWN_MAX ? "..." : "",
           *sealed || is_signed(output, receipt) ? "" : "   NOT WHAT WAS SIGNED");
}

static void
print_receipt(const value_t *row, const receipt_t *receipt)
{
    char reason[FAULT_TEXT_MAX], ended[32];
    bool undo = receipt->phase == PHASE_UNDO;
    snprintf(ended, sizeof ended, "%s%s", undo ? "undo " : "", outcome_word(receipt->outcome));
    printf("    %-12s %-8s %.1f s", receipt->step,
           undo && receipt->outcome == OUTCOME_OK ? "undone" : ended,
           (double)(receipt->ended.ms - receipt->started.ms) / 1000);
    if (receipt->attempt > 1)
        printf("  attempt %llu", (unsigned long long)receipt->attempt);
    if (strcmp(receipt->code, fault_word(FAULT_NONE)) != 0 &&
        strcmp(receipt->code, outcome_word(receipt->outcome)) != 0)
        printf("  %s", receipt->code);
    const char *why =
        *value_get_text(row, "sealed") ? value_get_text(row, "reason") : receipt->reason;
    if (*why && strcmp(why, "-") != 0)
        printf("  %s", show_text(why, reason, sizeof reason));
    if (!strcmp(receipt->authority, "glass"))
        printf("  BREAK-GLASS");
    printf("   receipt %llu, signature holds\n", (unsigned long long)receipt->sequence);
    for (size_t i = 0; i < receipt->op_count; i++)
        printf("             %-20s %s\n", receipt->ops[i].op, receipt->ops[i].code);
    if (value_get(row, "output") && receipt->output_bytes)
        print_output(row, receipt);
}

static bool
is_over(const value_t *part)
{
    return value_get_integer(part, "ended") > 0;
}

const value_t *
run_away(const value_t *part, const value_t *workers)
{
    return is_over(part) ? NULL : away_find(workers, value_get_text(part, "worker"));
}

/* Its wave's turn has come where one of the same wave is no longer waiting. */
const char *
run_waits(const value_t *run, const value_t *part, char out[static RUN_WAITS_MAX])
{
    const value_t *parts = value_get(run, "parts");
    int64_t wave = value_get_integer(part, "wave");
    bool begun = wave < 2;
    for (size_t i = 0; i < value_count(parts) && !begun; i++)
        begun = value_get_integer(value_at(parts, i), "wave") == wave &&
                strcmp(value_get_text(value_at(parts, i), "state"), "waiting") != 0;
    if (value_get_bool(run, "paused"))
        snprintf(out, RUN_WAITS_MAX, "for the run to go on: it is paused");
    else if (begun)
        snprintf(out, RUN_WAITS_MAX, "for its turn in its wave");
    else
        snprintf(out, RUN_WAITS_MAX, "for wave %lld to end well", (long long)wave - 1);
    return out;
}

/* Why nothing happens: the machine of a part that is not over is away, as the broker says. */
static void
print_away(const options_t *options, const value_t *part, const value_t *workers)
{
    char words[AWAY_WORDS_MAX];
    const value_t *away = run_away(part, workers);
    if (away)
        printf("    the worker is OFFLINE, %s; what it has begun it goes on with by itself, the "
               "rest waits within the window\n",
               away_words(options, away, words));
}

bool
run_tell_away(const options_t *options, const value_t *run, const value_t *workers, FILE *out)
{
    const value_t *parts = value_get(run, "parts");
    char words[AWAY_WORDS_MAX];
    size_t told = 0;
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *part = value_at(parts, i), *away = run_away(part, workers);
        if (!away)
            continue;
        if (told++ < AWAY_TOLD_MAX)
            fprintf(out, "  %-16s OFFLINE, %s: waited for\n", value_get_text(part, "worker"),
                    away_words(options, away, words));
    }
    if (told > AWAY_TOLD_MAX)
        fprintf(out, "  and %zu more are OFFLINE\n", told - AWAY_TOLD_MAX);
    return told;
}

/* A worker whose own policy said no, the first; NULL where none did. */
static const char *
refused_by(const value_t *run)
{
    const value_t *parts = value_get(run, "parts");
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *code = value_get_text(value_at(parts, i), "code");
        if (!strcmp(code, fault_word(FAULT_POLICY)) || !strcmp(code, fault_word(FAULT_CLASS)))
            return value_get_text(value_at(parts, i), "worker");
    }
    return NULL;
}

/* What to type next. */
static void
print_next(const value_t *run)
{
    const value_t *targets = value_get(run, "targets");
    const char *state = value_get_text(run, "state"), *id = value_get_text(run, "run");
    int64_t failed = value_get_integer(targets, "failed") + value_get_integer(targets, "refused");
    int64_t rest = value_get_integer(targets, "stopped") + value_get_integer(targets, "never");
    if (!strcmp(state, "active") && value_get_bool(run, "paused"))
        printf("\n  paused; let it go on: tocsin run resume %.*s\n", RUN_DIGITS, id);
    if (!strcmp(state, "active") || strcmp(value_get_text(run, "kind"), "order") != 0)
        return;
    if (failed || rest || value_get_integer(targets, "unknown"))
        putchar('\n');
    if (value_get_integer(targets, "unknown"))
        puts(
            "  next: look at what is unknown, on its machine; it is never planned again by itself");
    if ((failed || rest) && value_get(run, "once"))
        printf(
            "  next: tocsin run plan %s --target ...   all of them anew: what runs once sees one "
            "run\n",
            value_get_text(run, "playbook"));
    if (value_get(run, "once"))
        return;
    if (refused_by(run))
        printf("  next: tocsin worker view %s   what its policy lets be done; only its operator "
               "changes that\n",
               refused_by(run));
    if (failed)
        printf("  next: tocsin run retry %.*s --failed   those that failed, from the beginning\n",
               RUN_DIGITS, id);
    if (failed || rest)
        printf("  next: tocsin run resume %.*s   all that did not end well, from where they are\n",
               RUN_DIGITS, id);
}

/* How many receipts did not hold. */
static size_t
print_part(const options_t *options, const value_t *run, const value_t *part, const trust_t *trust,
           const value_t *workers)
{
    fault_t fault;
    size_t bad = 0;
    char text[FAULT_TEXT_MAX], waits[RUN_WAITS_MAX];
    const value_t *receipts = value_get(part, "receipts");
    const char *worker = value_get_text(part, "worker");
    printf("  %-16s wave %lld  %s", worker, (long long)value_get_integer(part, "wave"),
           value_get_text(part, "state"));
    if (value_get(part, "undo"))
        printf(", %s", value_get_text(part, "undo"));
    if (value_get(part, "waits"))
        printf(", waits for a person in step %s", value_get_text(part, "waits"));
    const char *code = value_get_text(part, "code");
    if (*code && strcmp(code, fault_word(FAULT_NONE)) != 0 &&
        strcmp(code, value_get_text(part, "state")) != 0)
        printf("  %s", code);
    if (!strcmp(value_get_text(part, "state"), "waiting") && !*value_get_text(part, "text"))
        printf("  %s", run_waits(run, part, waits));
    show_text(value_get_text(part, "text"), text, sizeof text);
    printf("%s%s\n", *text ? "  " : "", text);
    print_away(options, part, workers);
    for (size_t i = 0; i < value_count(receipts); i++) {
        const value_t *row = value_at(receipts, i);
        CLEANUP(receipt_destroy)
        receipt_t *receipt = run_receipt(row, worker, value_get_text(run, "run"), trust, &fault);
        if (receipt) {
            print_receipt(row, receipt);
            continue;
        }
        printf("    %-12s RECEIPT %lld DOES NOT HOLD: %s\n", value_get_text(row, "step"),
               (long long)value_get_integer(row, "sequence"),
               show_text(fault.text, text, sizeof text));
        bad++;
    }
    return bad;
}

void
run_print_glass(const value_t *run, const trust_t *trust)
{
    char why[FAULT_TEXT_MAX], names[SIGN_NAMES_MAX] = "";
    const value_t *armors = value_get(run, "armors");
    if (!value_get(run, "glass"))
        return;
    if (armors && trust)
        sign_names(trust, value_slice(armors), SIGN_COSIGN, names);
    printf("  BREAK-GLASS%s%s: %s\n", *names ? ", cosigned by " : "", names,
           show_text(value_get_text(run, "glass"), why, sizeof why));
}

/* "  by order of dung, lan": who cosigned stands beside why glass was broken. */
static void
print_authority(const value_t *run, const trust_t *trust)
{
    char names[SIGN_NAMES_MAX];
    const value_t *armors = value_get(run, "armors"), *who = value_get(run, "who");
    printf("  by %s", value_get_text(run, "kind"));
    if (value_get(run, "glass") && armors) {
        printf(" of %s", sign_names(trust, value_slice(armors), SIGN_ORDER, names));
        return;
    }
    for (size_t i = 0; i < value_count(who); i++)
        printf("%s%s", i ? ", " : " of ", value_string(value_at(who, i)));
}

/* By the order itself, whose hash the run's id is. */
static bool
is_dry(const value_t *run)
{
    char id[HASH_TEXT];
    const value_t *document = value_get(run, "document");
    CLEANUP(order_destroy)
    order_t *order = document ? order_decode(value_slice(document), NULL) : NULL;
    if (!order || !order->dry)
        return false;
    hash_t hash = hash_of(value_slice(document));
    return !strcmp(hash_write(&hash, id), value_get_text(run, "run"));
}

size_t
run_print(const options_t *options, const value_t *run, const trust_t *trust,
          const value_t *workers)
{
    char time[32], counts[160], reason[FAULT_TEXT_MAX];
    const value_t *parts = value_get(run, "parts");
    size_t bad = 0;
    printf("run %s%s\n  %s  %s%s", value_get_text(run, "run"),
           is_dry(run) ? "   a DRY RUN: it looks, and changes nothing" : "",
           value_get_text(run, "playbook"), value_get_text(run, "state"),
           value_get_bool(run, "paused") ? " (paused)" : "");
    print_authority(run, trust);
    printf("  since %s", show_time(options, value_get_integer(run, "created"), time, sizeof time));
    if (value_get(run, "until"))
        printf(", parts begin until %s",
               show_time(options, value_get_integer(run, "until"), time, sizeof time));
    putchar('\n');
    if (value_get(run, "via"))
        printf("  taken over from broker %s, which began it\n", value_get_text(run, "via"));
    if (value_get_integer(run, "incident"))
        printf("  incident %lld: tocsin incident view %lld\n",
               (long long)value_get_integer(run, "incident"),
               (long long)value_get_integer(run, "incident"));
    if (*value_get_text(run, "reason"))
        printf("  reason: %s\n", show_text(value_get_text(run, "reason"), reason, sizeof reason));
    run_print_glass(run, trust);
    if (value_get_bool(run, "sealed"))
        puts("  sealed: what it gives is read by those whom it was sealed to, and the workers of "
             "its targets");
    printf("  %s\n", run_counts(run, counts, sizeof counts));
    if (*value_get_text(run, "once"))
        printf("  what runs once, runs on %s\n", value_get_text(run, "once"));
    putchar('\n');
    for (size_t i = 0; i < value_count(parts); i++)
        bad += print_part(options, run, value_at(parts, i), trust, workers);
    if (value_get_integer(run, "left_out"))
        printf("  and %lld more, which one answer of the broker does not hold\n",
               (long long)value_get_integer(run, "left_out"));
    if (value_get_bool(run, "receipts_left_out"))
        puts("  one answer of the broker does not hold every receipt of these: tocsin audit export "
             "FILE has them all");
    return bad;
}

value_t *
run_opened(const options_t *options, const value_t *run)
{
    CLEANUP(opener_clear) opener_t opener;
    opener_take(&opener, options, run);
    return opener_run(&opener, run);
}

static int
run_view(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(run_commands, "view"), "%s", fault.text);
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(value_destroy) value_t *answer = client ? run_ask(client, argv[1], &fault) : NULL;
    if (!answer)
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *run = run_opened(options, answer);
    if (options->json) {
        json_print("run", run);
        return 0;
    }
    CLEANUP(value_destroy) value_t *workers = pages_ask(client, "workers", &fault);
    size_t bad = run_print(options, run, trust, workers);
    if (run_print_would(options, client, answer, &fault))
        return command_fail(&fault);
    if (!value_get_integer(run, "ended")) {
        CLEANUP(value_destroy) value_t *stops = client_ask(client, "stops", NULL, &fault);
        CLEANUP(value_destroy) value_t *over = stop_over(stops, run, trust);
        for (size_t i = 0; i < value_count(over); i++)
            printf("\n  %s\n", value_get_text(value_at(over, i), "text"));
        people_print_waiting(options, client, run);
    }
    print_next(run);
    if (!bad)
        return 0;
    fault_set(&fault, FAULT_SIGNATURE,
              "%zu receipts do not hold: do not believe this run's state; "
              "see: tocsin audit verify",
              bad);
    return command_fail(&fault);
}

const command_t run_commands[] = {
    {"run", "plan", run_plan,
     "PLAYBOOK [--incident N] [--set NAME=VALUE]... [--target WORKER|NAME=VALUE,...]... [--except "
     "...]... "
     "[--at-most N] [--keep N] [--first N] [--grow N] [--soak 30s] [--max-failures N] [--dry-run] "
     "[--valid 30m] [--break-glass WHY] [--seal] [--seal-to PERSON]... [--secret NAME=FILE|-]...",
     "what an order would do, before anyone signs"},
    {"run", "start", run_start,
     "PLAN --reason TEXT [--break-glass WHY] [--seal] [--seal-to PERSON]... [--wait=DURATION]",
     "sign a plan and start it"},
    {"run", "cosign", run_cosign, "FILE [--wait=DURATION]",
     "stand behind an order of others that breaks glass: outside its signers' scope, and machines' "
     "windows"},
    {"run", "approve", run_approve, "RUN [--no] [--step STEP] [--reason TEXT] | FILE",
     "consent to what comes next in a run; or add your signature to an order that waits"},
    {"run", "answer", run_answer, "RUN ANSWER [--step STEP]", "answer what a run asks"},
    {"run", "pause", run_pause, "RUN", "offer nothing further for now"},
    {"run", "resume", run_resume, "RUN",
     "let a paused run go on; plan one that ended from where it failed"},
    {"run", "cancel", run_cancel, "RUN --reason TEXT [--wait=5s]",
     "stop it between two ops; says what became of it on each worker"},
    {"run", "retry", run_retry, "RUN [--failed]",
     "plan again the targets that did not end well; --failed: exactly those that failed"},
    {"run", "logs", run_logs, "RUN [TARGET] [--follow] [--since-offset N]",
     "what its parts say as they go"},
    {"run", "list", run_list, "[--limit N]", "runs, newest first"},
    {"run", "view", run_view, "RUN", "parts and receipts, each verified here"},
    {"run", "watch", run_watch, "RUN [--wait=DURATION]", "follow a run"},
    {NULL, NULL, NULL, NULL, NULL},
};
