/* SPDX-License-Identifier: Apache-2.0 */
/* Plans become orders: signed exactly as shown, kept until they have arrived. */
#include <stdio.h>
#include <unistd.h>

#include "cli/opener.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/run_people.h"
#include "cli/run_plan.h"
#include "cli/sign.h"
#include "cli/state.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/file.h"

#define BREAKS_GLASS                                                                         \
    "BREAK-GLASS: who signs this makes it run outside the scope of those who order it, and " \
    "outside machines' windows.\nEverybody is told, and it stays on the record.\n\n"

/* An order on its way: a file and FILE.sigs, so that a cut line never makes a second run of it, and
 * that others may sign it too. */
typedef struct {
    char path[STATE_PATH_MAX + 8];
    char signatures[STATE_PATH_MAX + 16];
    const char *draft; /* the plan it was made from; NULL where that is elsewhere */
    bytes_t *document, *armors;
    order_t *order;
    value_t *large; /* the targets of waves that are not listed; NULL where there are none */
} signed_order_t;

static void
signed_order_clear(signed_order_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    order_destroy(&self->order);
    value_destroy(&self->large);
}

/* The targets of waves that are not listed stand beside the plan. */
static int
load_large(signed_order_t *self, fault_t *fault)
{
    char path[STATE_PATH_MAX + 32];
    if (!self->order->wave_count)
        return 0;
    snprintf(path, sizeof path, "%s" PLAN_TARGETS, self->draft ? self->draft : self->path);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, VALUE_BYTES_MAX, fault);
    self->large = text ? value_decode(bytes_slice(text), fault) : NULL;
    return self->large ? 0 : fault_wrap(fault, "the targets of waves that are not listed");
}

static int
signed_order_load(signed_order_t *self, const char *path, fault_t *fault)
{
    fault_t absent;
    snprintf(self->path, sizeof self->path, "%s", path);
    snprintf(self->signatures, sizeof self->signatures, "%s.sigs", self->path);
    self->document = file_read(self->path, DOCUMENT_BYTES_MAX, fault);
    self->armors = file_read(self->signatures, SIGNATURES_BYTES_MAX, &absent);
    if (!self->armors)
        self->armors = bytes_new();
    if (!self->document)
        return -1;
    self->order = order_decode(bytes_slice(self->document), fault);
    return self->order ? load_large(self, fault) : fault_wrap(fault, "'%.150s'", path);
}

static int
signed_order_save(const signed_order_t *self, fault_t *fault)
{
    if (file_write(self->path, bytes_slice(self->document), 0600, fault))
        return -1;
    return file_write(self->signatures, bytes_slice(self->armors), 0600, fault);
}

/* Shows the plan and the document as it will be signed, asks, signs. */
static int
sign_order(signed_order_t *self, purpose_t purpose, const options_t *options, session_t *session,
           const fetched_t *fetched, fault_t *fault)
{
    bool glass = order_breaks_glass(self->order);
    char hash[HASH_TEXT];
    hash_t of = hash_of(bytes_slice(self->document));
    shown_t shown = {self->order,      self->large,       NULL,
                     fetched->release, fetched->manifest, &fetched->approvals};
    CLEANUP(value_destroy) value_t *plan = plan_value(&shown, session->trust);
    value_set_text(plan, "order", hash_write(&of, hash));
    if (plan_add_rest(plan, session, self->order, fetched, fault))
        return -1;
    if (!options->quiet)
        plan_print(plan, stderr);
    fprintf(stderr, "\n%s\n", bytes_text(self->document));
    if (glass)
        fputs(BREAKS_GLASS, stderr);
    if (!sign_confirm(options, purpose == SIGN_COSIGN ? "cosign this order, as it is?"
                               : glass                ? "break glass and sign this order, as it is?"
                                                      : "sign this order, as it is?"))
        return fault_set(fault, FAULT_DENIED,
                         "not signed: nobody said yes (--no-input signs without asking)");
    return sign_document(options, purpose, bytes_slice(self->document), self->armors, NULL, fault);
}

/* The same checks as every worker's, before anyone is bothered with it; an order that holds, or
 * only wants more signatures, is kept. */
static int
check_order(const signed_order_t *self, const session_t *session, const fetched_t *fetched,
            fault_t *fault)
{
    proof_t proof = {
        .authority = bytes_slice(self->document),
        .authority_armors = bytes_slice(self->armors),
        .release = bytes_slice(fetched->document),
        .release_armors = bytes_slice(fetched->armors),
    };
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(session->trust, &proof, NULL, wall_now(), fault);
    if (warrant)
        return signed_order_save(self, fault);
    if (fault->code == FAULT_SCOPE)
        return fault_wrap(fault, "another responder orders it, or cosigns one that breaks glass "
                                 "(--break-glass WHY)");
    if (fault->code != FAULT_QUORUM)
        return -1;
    fault_t short_of = *fault;
    if (signed_order_save(self, fault))
        return -1;
    *fault = short_of;
    fprintf(stderr, "tocsin: the order waits in '%s' for other responders\n", self->path);
    return fault_wrap(fault, order_breaks_glass(self->order)
                                 ? "it waits (tocsin run cosign FILE, or tocsin run approve FILE "
                                   "to order it too)"
                                 : "it waits for another responder (tocsin run approve FILE)");
}

/* The plan first: as long as it is there, so is the order that was signed of it, and nobody signs
 * another. */
static void
forget(const signed_order_t *self)
{
    if (self->draft) {
        char targets[STATE_PATH_MAX + 32];
        snprintf(targets, sizeof targets, "%s" PLAN_TARGETS, self->draft);
        unlink(self->draft);
        unlink(targets);
    }
    unlink(self->path);
    unlink(self->signatures);
}

static int
submit_order(const signed_order_t *self, const session_t *session, char run[static HASH_TEXT],
             fault_t *fault)
{
    hash_t of = hash_of(bytes_slice(self->document));
    value_t *more = value_map();
    if (self->large)
        value_set(more, "targets", value_copy(self->large));
    CLEANUP(value_destroy)
    value_t *body = session_submit(session, "order", bytes_slice(self->document),
                                   bytes_slice(self->armors), more, fault);
    if (!body && fault->code == FAULT_UNREACHABLE)
        return fault_wrap(fault,
                          "nobody knows whether the order arrived; the same command again sends "
                          "the same order, which runs once");
    if (!body)
        return -1;
    hash_write(&of, run);
    forget(self);
    return 0;
}

static void
say_started(const options_t *options, const char *run)
{
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "run", run);
        json_print("run", body);
    } else {
        printf("run %.*s started; follow it: tocsin run watch %.*s\n", RUN_DIGITS, run, RUN_DIGITS,
               run);
    }
}

/* Fetches what the order runs and finds out whether it still may. */
static fetched_t *
refetch(const order_t *order, const session_t *session, fault_t *fault)
{
    char hash[HASH_TEXT];
    if (wall_now().ms > order->not_after.ms) {
        fault_set(fault, FAULT_STALE,
                  "the plan is past its window; make a new one: tocsin run plan %s",
                  order->playbook);
        return NULL;
    }
    CLEANUP(fetched_destroy)
    fetched_t *fetched = fetch_release(session->client, session->trust, "hash",
                                       hash_write(order_release(order), hash), fault);
    if (!fetched && fault->code != FAULT_UNREACHABLE) {
        fault->code = FAULT_STALE;
        fault_wrap(fault, "make a new plan");
    }
    if (!fetched || plan_check(order, fetched->manifest, session->trust, fault) ||
        plan_ask_more(session, order, fault))
        return NULL;
    return MOVE(fetched);
}

static int
finish(const options_t *options, const signed_order_t *order, const session_t *session,
       const fetched_t *fetched)
{
    fault_t fault;
    char run[HASH_TEXT];
    if (check_order(order, session, fetched, &fault) || submit_order(order, session, run, &fault))
        return command_fail(&fault);
    say_started(options, run);
    if (options->wait_s < 0)
        return 0;
    return run_follow(options, session->client, run, options->wait_s,
                      options->quiet || options->json ? NULL : stderr);
}

/* What a draft seals, or is to seal, before it says other things. */
typedef struct {
    const options_t *options;
    const readers_t *readers; /* to whom it is sealed now; NULL where that stays as it is */
    sealkey_t key;
    secrets_t *secrets; /* ours; NULL where it has none */
} resealing_t;

static void
resealing_clear(resealing_t *self)
{
    sealkey_forget(&self->key);
    secrets_destroy(&self->secrets);
}

static int
open_secrets(resealing_t *self, const order_t *order, fault_t *fault)
{
    if (!order->secret_count)
        return 0;
    self->secrets = memory_new(1, sizeof *self->secrets);
    return opener_key(self->options, order, &self->key, fault) ||
                   secrets_open(self->secrets, order, &self->key, fault)
               ? -1
               : 0;
}

static int
close_secrets(const resealing_t *self, order_t *order, const trust_t *trust, fault_t *fault)
{
    const readers_t *readers = self->readers;
    if (self->secrets)
        sealing_renew(order, &self->key, self->secrets);
    if (readers && !order->seal_count)
        return sealing_add(order, readers, trust, fault);
    for (size_t i = 0; readers && i < readers->others->count; i++)
        if (!order_seal(order, false, readers->others->at[i]))
            return fault_set(fault, FAULT_USAGE,
                             "the plan is sealed already, and not to '%.63s': plan it anew with "
                             "--seal-to",
                             readers->others->at[i]);
    return 0;
}

/* What the signer says. */
typedef struct {
    const char *reason, *glass; /* glass: why it breaks glass; NULL for what the plan says */
} words_t;

/* The draft with its signer's words, and a window that starts now. */
static int
fill_order(signed_order_t *self, const char *draft, const words_t *words, resealing_t *resealing,
           const trust_t *trust, fault_t *fault)
{
    if (signed_order_load(self, draft, fault) || open_secrets(resealing, self->order, fault))
        return -1;
    order_t *order = self->order;
    wall_t now = wall_now();
    int64_t window = order->not_after.ms - order->not_before.ms;
    if (now.ms > order->not_after.ms)
        return fault_set(fault, FAULT_STALE,
                         "the plan is past its window; make a new one: tocsin run plan %s",
                         order->playbook);
    if (options_reason(words->reason, order->reason, sizeof order->reason, fault) ||
        (words->glass && plan_break_glass(order, words->glass, fault)))
        return -1;
    plan_window(order, wall_second(), window / 1000);
    if (close_secrets(resealing, order, trust, fault))
        return -1;
    order_encode(order, self->document);
    CLEANUP(order_destroy) order_t *again = order_decode(bytes_slice(self->document), fault);
    snprintf(self->path, sizeof self->path, "%s.order", draft);
    snprintf(self->signatures, sizeof self->signatures, "%s.order.sigs", draft);
    return again ? 0 : -1;
}

int
run_start(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    words_t words = {.reason = ""};
    bool seal = false;
    CLEANUP(memory_free) many_t *others = memory_new(1, sizeof *others);
    const option_t rows[] = {{"--reason", OPTION_TEXT, &words.reason},
                             {"--break-glass", OPTION_TEXT, &words.glass},
                             {"--seal", OPTION_FLAG, &seal},
                             {"--seal-to", OPTION_MANY, others},
                             {NULL, OPTION_FLAG, NULL}};
    char name[HASH_TEXT], draft[STATE_PATH_MAX], path[STATE_PATH_MAX + 8];
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(command_row(run_commands, "start"), "%s", fault.text);
    if (argc != 2 || !*words.reason)
        return command_usage(command_row(run_commands, "start"), "name a plan and a --reason");
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(signed_order_clear) signed_order_t order = {.order = NULL};
    if (state_find(PLANS, argv[1], name, &fault) || state_path(PLANS, name, draft, &fault))
        return command_fail(&fault);
    snprintf(path, sizeof path, "%s.order", draft);
    order.draft = draft;
    bool sent_before = !access(path, F_OK);
    if (session_open(&session, options, &fault))
        return command_fail(&fault);
    readers_t readers = {client_person(session.client), others, NULL};
    CLEANUP(resealing_clear)
    resealing_t resealing = {options, seal || others->count ? &readers : NULL, .secrets = NULL};
    if (sent_before ? signed_order_load(&order, path, &fault)
                    : fill_order(&order, draft, &words, &resealing, session.trust, &fault))
        return command_fail(&fault);
    CLEANUP(fetched_destroy) fetched_t *fetched = refetch(order.order, &session, &fault);
    if (!fetched || (!sent_before && sign_check_key(options, &fault)) ||
        (!sent_before && sign_order(&order, SIGN_ORDER, options, &session, fetched, &fault)))
        return command_fail(&fault);
    if (sent_before)
        fprintf(stderr, "tocsin: this plan is signed already; its order goes out unchanged\n");
    return finish(options, &order, &session, fetched);
}

/* The plan that an order of this machine was made from: it must not be started twice. */
static bool
draft_beside(const char *path, char draft[static STATE_PATH_MAX])
{
    static const char suffix[] = ".order";
    size_t size = strlen(path), back = sizeof suffix - 1;
    if (!text_copy(draft, STATE_PATH_MAX, path) || size <= back ||
        strcmp(path + size - back, suffix) != 0)
        return false;
    draft[size - back] = '\0';
    return true;
}

/* Nobody cosigns what does not break glass: no worker would take it. */
static int
check_purpose(const signed_order_t *self, purpose_t purpose, fault_t *fault)
{
    if (purpose != SIGN_COSIGN || order_breaks_glass(self->order))
        return 0;
    return fault_set(fault, FAULT_USAGE,
                     "'%s' breaks no glass, so nobody cosigns it; to order it too: tocsin run "
                     "approve FILE",
                     self->path);
}

/* Another signature beside an order that waits, and off it goes if that was the last. */
static int
sign_waiting(const options_t *options, int argc, char **argv, purpose_t purpose)
{
    fault_t fault = {.text = "name the file of an order that waits"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    char draft[STATE_PATH_MAX];
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(
            command_row(run_commands, purpose == SIGN_COSIGN ? "cosign" : "approve"), "%s",
            fault.text);
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(signed_order_clear) signed_order_t order = {.order = NULL};
    if (draft_beside(argv[1], draft))
        order.draft = draft;
    if (signed_order_load(&order, argv[1], &fault) || check_purpose(&order, purpose, &fault) ||
        session_open(&session, options, &fault))
        return command_fail(&fault);
    CLEANUP(fetched_destroy) fetched_t *fetched = refetch(order.order, &session, &fault);
    if (!fetched || sign_check_key(options, &fault) ||
        sign_order(&order, purpose, options, &session, fetched, &fault))
        return command_fail(&fault);
    return finish(options, &order, &session, fetched);
}

/* What waits is either a run, by its digits, or an order, by its file. */
int
run_approve(const options_t *options, int argc, char **argv)
{
    bool is_file = argc > 1 && (strchr(argv[1], '/') || !access(argv[1], F_OK));
    return is_file ? sign_waiting(options, argc, argv, SIGN_ORDER)
                   : run_consent(options, argc, argv);
}

int
run_cosign(const options_t *options, int argc, char **argv)
{
    return sign_waiting(options, argc, argv, SIGN_COSIGN);
}
