/* SPDX-License-Identifier: Apache-2.0 */
#include <czmq.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/keys.h"
#include "cli/options.h"
#include "cli/past.h"
#include "cli/pin.h"
#include "cli/record.h"
#include "cli/sign.h"
#include "cli/state.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"
#include "wire/dossier.h"
#include "wire/testimony.h"

#define LIST_DEFAULT 30
#define LIST_MAX     1000

/* The last receipt seen of one worker. */
typedef struct {
    uint64_t sequence;
    hash_t hash;
} chain_t;

/* A receipt in front of whose leaf no order of its run is. */
typedef struct {
    char worker[TEXT_NAME_MAX + 1], run[HASH_TEXT], authority[8];
    uint64_t sequence, leaf;
} orphan_t;

typedef struct {
    trust_t *trust;
    past_t *past;
    const record_t *record;
    bool say;           /* sentences as they come; else they are only kept */
    merkle_t log;       /* over the leaves that were read */
    hash_t pinned_head; /* the log's when it had the pin's size */
    uint64_t receipts, signatures, counted;
    uint64_t former;    /* signatures that hold by what was replaced since */
    uint64_t witnessed; /* leaves that witnesses cosigned */
    cosigners_t cosigners;
    zhashx_t *chains; /* worker id to chain_t */
    zhashx_t *orders; /* run ids of orders seen, as text, to what receipts call their authority */
    restarts_t *restarts;
    size_t orphan_count, orphan_capacity;
    orphan_t *orphans;
    value_t *glass;    /* orders that broke it: list of {run, playbook, reason, who, cosigners} */
    value_t *problems; /* list of sentences */
} audit_t;

static void
destroy_memory(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

static void
audit_begin(audit_t *self, trust_t *trust, bool say)
{
    *self = (audit_t){.trust = trust, .say = say};
    self->chains = zhashx_new();
    self->orders = zhashx_new();
    assert(self->chains && self->orders);
    zhashx_set_destructor(self->chains, destroy_memory);
    self->restarts = restarts_new();
    self->glass = value_list();
    self->problems = value_list();
}

static void
audit_end(audit_t *self)
{
    past_destroy(&self->past);
    zhashx_destroy(&self->chains);
    zhashx_destroy(&self->orders);
    restarts_destroy(&self->restarts);
    free(self->orphans);
    value_destroy(&self->glass);
    value_destroy(&self->problems);
}

static void PRINTF(2, 3) problem(audit_t *self, const char *format, ...)
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

static unsigned long long
leaf_number(const audit_t *self)
{
    return (unsigned long long)record_index(self->record);
}

/* Every document's first line after its type is its site. */
static int
check_site(const audit_t *self, slice_t document, const char *type, fault_t *fault)
{
    hash_t site;
    document_reader_t in;
    document_open(&in, document, type, fault);
    document_hex(&in, "site", site.bytes, sizeof site.bytes);
    if (in.spoiled)
        return -1;
    if (!hash_equal(&site, trust_site(self->trust)))
        return fault_set(fault, FAULT_SITE, "it is of another site");
    return 0;
}

/* Who left was one of them when they signed. */
static bool
is_listed(audit_t *self, const pubkey_t *key)
{
    bool former = false;
    if (trust_people(self->trust) && people_find(trust_people(self->trust), key))
        return true;
    for (size_t i = 0; !former && i < past_count(self->past); i++)
        former = people_find(trust_people(past_at(self->past, i)), key);
    self->former += former;
    return former;
}

/* Each signature holds, was made for one of the two purposes, and by a key that people list. */
static int
check_signatures(audit_t *self, slice_t document, slice_t armors, purpose_t one, purpose_t other,
                 fault_t *fault)
{
    signature_t signature;
    size_t count = 0;
    int taken;
    while ((taken = signature_next(&signature, &armors, fault)) == 1) {
        char fingerprint[PUBKEY_FINGERPRINT_TEXT];
        purpose_t purpose = signature.purpose == other ? other : one;
        if (signature_check(&signature, document, purpose, fault))
            return -1;
        if (!is_listed(self, &signature.key))
            return fault_set(fault, FAULT_KEY,
                             "a signature by %s, a key that no people document here lists",
                             pubkey_fingerprint(&signature.key, fingerprint));
        self->signatures++;
        count++;
    }
    if (taken < 0)
        return -1;
    return count ? 0 : fault_set(fault, FAULT_SIGNATURE, "nobody signed it");
}

/* What ran outside its signers' scope and machines' windows is said, whoever asks. */
static void
note_glass(audit_t *self, const order_t *order, const char *run, slice_t armors)
{
    char who[SIGN_NAMES_MAX], cosigners[SIGN_NAMES_MAX], reason[ORDER_REASON_MAX + 1];
    value_t *row = value_map();
    sign_names(self->trust, armors, SIGN_ORDER, who);
    sign_names(self->trust, armors, SIGN_COSIGN, cosigners);
    value_set_text(row, "run", run);
    value_set_text(row, "playbook", order->playbook);
    value_set_text(row, "reason", order->break_glass);
    value_set_text(row, "who", who);
    value_set_text(row, "cosigners", cosigners);
    value_append(self->glass, row);
    if (self->say)
        printf("BREAK-GLASS: run %.12s of '%s' by %s, cosigned by %s: %s\n", run, order->playbook,
               who, cosigners, show_text(order->break_glass, reason, sizeof reason));
}

/* What receipts may be about. */
static int
remember_order(audit_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    static const char ordered[] = "order", glass[] = "glass";
    char run[HASH_TEXT];
    hash_t hash = hash_of(document);
    CLEANUP(order_destroy) order_t *order = order_decode(document, fault);
    if (!order)
        return -1;
    bool breaks = order_breaks_glass(order);
    hash_write(&hash, run);
    zhashx_insert(self->orders, run, (void *)(uintptr_t)(breaks ? glass : ordered));
    if (breaks)
        note_glass(self, order, run, armors);
    return 0;
}

/* The receipt follows the one before of the same worker, without a gap. */
static int
check_chain(audit_t *self, const receipt_t *receipt, const hash_t *hash, fault_t *fault)
{
    chain_t *chain = zhashx_lookup(self->chains, receipt->worker);
    chain_t before = chain ? *chain : (chain_t){0, HASH_ZERO};
    if (!chain) {
        chain = memory_new(1, sizeof *chain);
        zhashx_insert(self->chains, receipt->worker, chain);
    }
    *chain = (chain_t){receipt->sequence, *hash};
    if (record_is_extract(self->record) && receipt->sequence > before.sequence + 1)
        return 0;
    if (receipt->sequence == before.sequence + 1 && hash_equal(&receipt->previous, &before.hash))
        return 0;
    return fault_set(fault, FAULT_CONFLICT,
                     "the chain of '%s' breaks: receipt %llu does not follow "
                     "receipt %llu",
                     receipt->worker, (unsigned long long)receipt->sequence,
                     (unsigned long long)before.sequence);
}

static bool
is_of_order(const receipt_t *receipt)
{
    return !strcmp(receipt->authority, "order") || !strcmp(receipt->authority, "glass");
}

/* A receipt does not keep quiet about broken glass, nor make it up. */
static int
check_authority(const orphan_t *receipt, const char *is, fault_t *fault)
{
    if (!strcmp(is, receipt->authority))
        return 0;
    return fault_set(fault, FAULT_CONFLICT,
                     "receipt %llu of '%s' names '%s' as its authority, and its order is '%s'",
                     (unsigned long long)receipt->sequence, receipt->worker, receipt->authority,
                     is);
}

/* Its order may come behind it, where a broker was put back and got the receipt first. */
static int
check_order(audit_t *self, const receipt_t *receipt, fault_t *fault)
{
    orphan_t orphan = {.sequence = receipt->sequence, .leaf = record_index(self->record)};
    const char *is = zhashx_lookup(self->orders, hash_write(&receipt->run, orphan.run));
    text_copy(orphan.worker, sizeof orphan.worker, receipt->worker);
    text_copy(orphan.authority, sizeof orphan.authority, receipt->authority);
    if (is)
        return check_authority(&orphan, is, fault);
    if (!is_of_order(receipt))
        return 0;
    self->orphans = memory_grow(self->orphans, self->orphan_count, &self->orphan_capacity,
                                sizeof *self->orphans);
    self->orphans[self->orphan_count++] = orphan;
    return 0;
}

static void
check_orphans(audit_t *self)
{
    size_t lost = 0;
    for (size_t i = 0; i < self->orphan_count; i++) {
        fault_t fault;
        const orphan_t *orphan = &self->orphans[i];
        const char *is = zhashx_lookup(self->orders, orphan->run);
        if (is && check_authority(orphan, is, &fault))
            problem(self, "leaf %llu: %s", (unsigned long long)orphan->leaf, fault.text);
        if (is)
            continue;
        if (restarts_precede(self->restarts, orphan->leaf))
            lost++;
        else
            problem(self,
                    "leaf %llu: receipt %llu of '%s' is about an order that the record does not "
                    "have",
                    (unsigned long long)orphan->leaf, (unsigned long long)orphan->sequence,
                    orphan->worker);
    }
    if (lost && self->say)
        printf("restart: %zu receipts are about orders that were lost with the record\n", lost);
}

static int
check_restart(audit_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    if (record_is_extract(self->record)) /* the leaves that it speaks of are not all here */
        return 0;
    const char *broker = record_checkpoint(self->record)->broker;
    if (!restarts_add(self->restarts, self->trust, broker, document, armors, fault))
        return 0;
    for (size_t i = 0; i < past_count(self->past); i++)
        if (!restarts_add(self->restarts, past_at(self->past, i), broker, document, armors, NULL))
            return 0;
    return -1;
}

/* Its worker signed it, which may have left since, or have another key by now. */
static int
check_worker(audit_t *self, const receipt_t *receipt, slice_t document, slice_t armors,
             fault_t *fault)
{
    const worker_line_t *worker = trust_worker(self->trust, receipt->worker, NULL);
    if (worker && !receipt_check(document, armors, &worker->key, fault))
        return 0;
    for (size_t i = 0; i < past_count(self->past); i++) {
        const worker_line_t *then = trust_worker(past_at(self->past, i), receipt->worker, NULL);
        if (then && !receipt_check(document, armors, &then->key, NULL)) {
            self->former++;
            return 0;
        }
    }
    if (worker)
        return fault_wrap(fault, "receipt %llu of '%s'", (unsigned long long)receipt->sequence,
                          receipt->worker);
    return fault_set(fault, FAULT_KEY, "a receipt of '%s', which no fleet document here lists",
                     receipt->worker);
}

static int
check_receipt(audit_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    hash_t hash = hash_of(document);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, fault);
    if (!receipt)
        return -1;
    self->receipts++;
    if (check_worker(self, receipt, document, armors, fault))
        return -1;
    self->signatures++;
    return check_chain(self, receipt, &hash, fault) || check_order(self, receipt, fault) ? -1 : 0;
}

static int
check_alert(audit_t *self, slice_t document, slice_t armor, fault_t *fault)
{
    if (!armor.size)
        return 0;
    CLEANUP(alert_destroy)
    alert_t *alert = trust_check_signed_alert(self->trust, document, armor, fault);
    for (size_t i = 0; !alert && i < past_count(self->past); i++) {
        alert = trust_check_signed_alert(past_at(self->past, i), document, armor, NULL);
        self->former += alert != NULL;
    }
    self->signatures += alert != NULL;
    return alert ? 0 : fault_wrap(fault, "an alert");
}

/* What a leaf's document is, who signs it, and what else must hold. */
static const struct kind {
    const char *kind;
    const char *type;     /* NULL: it is no document */
    purpose_t one, other; /* SIGN_PURPOSES: people do not sign it */
    int (*check)(audit_t *self, slice_t document, slice_t armors, fault_t *fault);
} kinds[] = {
    {"alert", "alert", SIGN_PURPOSES, SIGN_PURPOSES, check_alert},
    {"order", "order", SIGN_ORDER, SIGN_COSIGN, remember_order},
    {"grant", "grant", SIGN_GRANT, SIGN_GRANT, NULL},
    {"release", "release", SIGN_AUTHOR, SIGN_APPROVE, NULL},
    {"approval", "release", SIGN_APPROVE, SIGN_APPROVE, NULL},
    {"rejection", "rejection", SIGN_REJECT, SIGN_REJECT, NULL},
    {"stop", "stop", SIGN_STOP, SIGN_STOP, NULL},
    {"revoke", "revoke", SIGN_REVOKE, SIGN_REVOKE, NULL},
    {"resume", "resume", SIGN_RESUME, SIGN_RESUME, NULL},
    {"restart", "restart", SIGN_RESTART, SIGN_RESTART, check_restart},
    {"consent", "consent", SIGN_CONSENT, SIGN_CONSENT, NULL},
    {"answer", "answer", SIGN_ANSWER, SIGN_ANSWER, NULL},
    {"receipt", "receipt", SIGN_PURPOSES, SIGN_PURPOSES, check_receipt},
    {"refusal", NULL, SIGN_PURPOSES, SIGN_PURPOSES, NULL},
    {"event", NULL, SIGN_PURPOSES, SIGN_PURPOSES, NULL},
};

static int
check_document(audit_t *self, const struct kind *kind, slice_t document, slice_t armors,
               fault_t *fault)
{
    if (check_site(self, document, kind->type, fault) ||
        (kind->check && kind->check(self, document, armors, fault)))
        return -1;
    if (kind->one == SIGN_PURPOSES)
        return 0;
    return check_signatures(self, document, armors, kind->one, kind->other, fault);
}

static void
check_leaf(audit_t *self, slice_t leaf)
{
    fault_t fault;
    slice_t document, armors;
    const uint8_t *lf = leaf.size ? memchr(leaf.data, '\n', leaf.size) : NULL;
    slice_t kind = slice_of(leaf.data, lf ? (size_t)(lf - leaf.data) : 0);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!lf || !slice_is(kind, kinds[i].kind))
            continue;
        slice_t payload = slice_of(lf + 1, leaf.size - kind.size - 1);
        if (!kinds[i].type)
            return;
        if (!document_split(payload, &document, &armors))
            problem(self, "leaf %llu: no %s document is in it", leaf_number(self), kinds[i].kind);
        else if (check_document(self, &kinds[i], document, armors, &fault))
            problem(self, "leaf %llu: %s", leaf_number(self), fault.text);
        return;
    }
    problem(self, "leaf %llu is of no kind that is known", leaf_number(self));
}

static int
read_leaves(audit_t *self, record_t *record, const pin_t *pin, fault_t *fault)
{
    slice_t leaf;
    int more;
    while ((more = record_next(record, &leaf, fault)) == 1) {
        hash_t hash = hash_leaf(leaf);
        merkle_append(&self->log, &hash);
        restarts_leaf(self->restarts, &hash);
        self->counted++;
        check_leaf(self, leaf);
        if (!record_is_extract(record) && self->counted == pin->size)
            self->pinned_head = merkle_head(&self->log);
    }
    return more;
}

/* Who signed the checkpoint, and whether that is who signed the last one seen. */
static void
check_checkpoint(audit_t *self, const record_t *record, const pin_t *pin, pubkey_t *key)
{
    fault_t fault;
    signature_t signature;
    char fingerprint[PUBKEY_FINGERPRINT_TEXT], made[MOMENT_TEXT_MAX];
    const checkpoint_t *checkpoint = record_checkpoint(record);
    if (!hash_equal(&checkpoint->site, trust_site(self->trust)))
        problem(self, "the checkpoint is of another site");
    if (signature_decode(&signature, record_armor(record), &fault) ||
        signature_check(&signature, record_document(record), SIGN_CHECKPOINT, &fault)) {
        problem(self, "the checkpoint: %s", fault.text);
        return;
    }
    *key = signature.key;
    self->signatures++;
    pubkey_fingerprint(key, fingerprint);
    if (pin->known && !pubkey_equal(&pin->key, key))
        problem(self,
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
say_cosigned(const audit_t *self, const root_t *root, const cosigners_t *who, uint64_t size)
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
check_witnesses(audit_t *self)
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
        problem(self, "%s", fault.text);
        return;
    }
    self->signatures += who.count;
    if (who.count < root_cosigners(root))
        problem(
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
check_continues(audit_t *self, const checkpoint_t *checkpoint, const pin_t *pin)
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
        problem(self, "the record has become shorter: %llu leaves were signed before",
                (unsigned long long)pin->size);
    else
        problem(self, "history was rewritten: the first %llu leaves are not those signed before",
                (unsigned long long)pin->size);
}

static void
check_tree(audit_t *self, const checkpoint_t *checkpoint, const pin_t *pin)
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
        problem(self, "the leaves do not make the head that was signed");
    else if (self->say)
        printf("the leaves make the head that was signed: %s\n", hash_write(&head, text));
    if (self->say)
        restarts_say(self->restarts);
    if (pin->known)
        check_continues(self, checkpoint, pin);
}

static value_t *
witnesses_value(const audit_t *self)
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
report(const audit_t *self, bool json)
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

/* What the file brings along, or else the site's folder has. */
static past_t *
past_for(const options_t *options, const trust_t *trust, const record_t *record, fault_t *fault)
{
    slice_t dossier = record_dossier(record);
    CLEANUP(bytes_destroy) bytes_t *now = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *replaced = bytes_new();
    if (dossier.size)
        return past_of(trust_site(trust), dossier, record_past(record));
    if (dossier_read(options->site, NULL, now, fault) || past_read(options->site, replaced, fault))
        return NULL;
    return past_of(trust_site(trust), bytes_slice(now), bytes_slice(replaced));
}

static int
verify(const options_t *options, trust_t *trust, record_t *record, fault_t *fault)
{
    pin_t pin;
    pubkey_t key;
    CLEANUP(audit_end) audit_t audit;
    audit_begin(&audit, trust, !options->json);
    audit.record = record;
    audit.past = past_for(options, trust, record, fault);
    const checkpoint_t *checkpoint = record_checkpoint(record);
    if (!audit.past || pin_load(&pin, checkpoint, fault))
        return -1;
    check_checkpoint(&audit, record, &pin, &key);
    check_witnesses(&audit);
    if (read_leaves(&audit, record, &pin, fault))
        problem(&audit, "%s", fault->text);
    else
        check_tree(&audit, checkpoint, &pin);
    check_orphans(&audit);
    bool sound = !value_count(audit.problems);
    if (sound && !record_is_extract(record) && pin_keep(checkpoint, &key, audit.restarts, fault))
        return -1;
    report(&audit, options->json);
    return sound ? 0 : fault_set(fault, FAULT_FAILED, "the record does not hold");
}

/* What expired since was in force when it was signed; what no quorum or officer stands behind never
 * was. */
static int
check_backed(const trust_t *trust, fault_t *fault)
{
    return trust_check_current(trust, wall_now(), fault) && fault->code != FAULT_EXPIRED ? -1 : 0;
}

/* What a file is held against: with the documents that it brings along, the site's id is enough. */
static trust_t *
trust_for(const options_t *options, const char *root, const record_t *record, fault_t *fault)
{
    hash_t id;
    slice_t dossier = record ? record_dossier(record) : slice_of(NULL, 0);
    if (!dossier.size && !root)
        return site_load(options, fault);
    CLEANUP(bytes_destroy)
    bytes_t *first = root ? file_read(root, DOCUMENT_BYTES_MAX, fault) : NULL;
    if (root ? !first : keys_site_id(options->site, &id, fault))
        return NULL;
    if (first)
        id = hash_of(bytes_slice(first));
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&id);
    if (!dossier.size) {
        fault_set(
            fault, FAULT_NOT_FOUND,
            "the file brings no documents of the site: --root is not enough, set TOCSIN_SITE");
        return NULL;
    }
    if (dossier_verify(dossier, trust, fault) || check_backed(trust, fault)) {
        fault_wrap(fault, "the site's documents in the file");
        return NULL;
    }
    return MOVE(trust);
}

static void
say_site(const trust_t *trust, const record_t *record)
{
    char site[HASH_TEXT];
    if (record_dossier(record).size)
        printf("the file's own root, people and %zu fleets hold, from the root whose hash is %s\n",
               trust_fleet_count(trust), hash_write(trust_site(trust), site));
}

static int
audit_verify(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const char *root = NULL;
    const option_t rows[] = {{"--root", OPTION_TEXT, &root}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc > 2 || (root && argc < 2))
        return command_usage(command_row(audit_commands, argv[0]),
                             "name at most one file, and --root for a file only");
    CLEANUP(record_close) record_t *record = argc == 2 ? record_load(argv[1], &fault) : NULL;
    CLEANUP(trust_destroy)
    trust_t *trust = argc == 1 || record ? trust_for(options, root, record, &fault) : NULL;
    CLEANUP(client_close)
    client_t *client = trust && argc == 1 ? client_open(options, trust, &fault) : NULL;
    if (client)
        record = record_ask(client, &fault);
    if (trust && record && !options->json)
        say_site(trust, record);
    if (!trust || !record || verify(options, trust, record, &fault))
        return command_fail(&fault);
    return 0;
}

static int
write_export(const options_t *options, record_t *record, const char *path, fault_t *fault)
{
    slice_t leaf;
    int more;
    uint64_t index = 0;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_add_text(text, RECORD_EXPORT_HEAD);
    bytes_add_slice(text, record_document(record));
    bytes_add_slice(text, record_armor(record));
    bytes_add_slice(text, record_testimony(record));
    if (record_add_site(options->site, text, fault))
        return -1;
    while ((more = record_next(record, &leaf, fault)) == 1) {
        bytes_addf(text, "leaf %llu %zu\n", (unsigned long long)index++, leaf.size);
        bytes_add_slice(text, leaf);
        bytes_add_u8(text, '\n');
        if (text->size > RECORD_EXPORT_MAX)
            return fault_set(fault, FAULT_LIMIT, "the export is over 4 GiB");
    }
    bytes_add_text(text, "end\n");
    if (more || file_write(path, bytes_slice(text), 0644, fault))
        return -1;
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "file", path);
        value_set_integer(body, "leaves", (int64_t)index);
        json_print("export", body);
    } else {
        printf("%s has %llu leaves; anyone who has root.1 may check it: tocsin audit verify %s "
               "--root root.1\n",
               path, (unsigned long long)index, path);
    }
    return 0;
}

static int
audit_export(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(audit_commands, argv[0]), "name the file to write");
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(record_close) record_t *record = client ? record_ask(client, &fault) : NULL;
    if (!record || write_export(options, record, argv[1], &fault))
        return command_fail(&fault);
    return 0;
}

/* "order 3f2a...", or what an event says. */
static void
print_leaf(const value_t *leaf)
{
    char text[2 * FAULT_TEXT_MAX], hash[HASH_TEXT], shown[FAULT_TEXT_MAX];
    slice_t bytes = value_slice(value_get(leaf, "bytes")), document, armors;
    const char *kind = value_get_text(leaf, "kind");
    size_t skip = strlen(kind) + 1;
    slice_t payload = slice_of(bytes.data + skip, bytes.size > skip ? bytes.size - skip : 0);
    CLEANUP(bytes_destroy) bytes_t *line = bytes_copy(payload);
    if (document_split(payload, &document, &armors)) {
        hash_t of = hash_of(document);
        CLEANUP(order_destroy) order_t *order = order_decode(document, NULL);
        bool glass = order && order_breaks_glass(order);
        if (glass)
            show_text(order->break_glass, shown, sizeof shown);
        snprintf(text, sizeof text, "%.12s%s%s", hash_write(&of, hash),
                 glass ? "  BREAK-GLASS: " : "", glass ? shown : "");
    } else {
        show_text(bytes_text(line), text, sizeof text);
    }
    printf("%8lld  %-10s %s\n", (long long)value_get_integer(leaf, "index"), kind, text);
}

static int
audit_list(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    uint64_t limit = LIST_DEFAULT;
    const option_t rows[] = {{"--limit", OPTION_NUMBER, &limit}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 1 || !limit || limit > LIST_MAX)
        return command_usage(command_row(audit_commands, argv[0]), "--limit is at most %d",
                             LIST_MAX);
    CLEANUP(value_destroy) value_t *status = client_look(options, "status", NULL, &fault);
    if (!status)
        return command_fail(&fault);
    int64_t size = value_get_integer(value_get(status, "log"), "size");
    value_t *arguments = value_map();
    value_set_integer(arguments, "from", size > (int64_t)limit ? size - (int64_t)limit : 0);
    value_set_integer(arguments, "count", (int64_t)limit);
    CLEANUP(value_destroy) value_t *body = client_look(options, "log", arguments, &fault);
    if (!body)
        return command_fail(&fault);
    const value_t *leaves = value_get(body, "leaves");
    if (options->json)
        json_print("leaves", leaves);
    for (size_t i = 0; !options->json && i < value_count(leaves); i++)
        print_leaf(value_at(leaves, i));
    return 0;
}

const command_t audit_commands[] = {
    {"audit", "list", audit_list, "[--limit N]",
     "the last leaves of the record, as the broker has them"},
    {"audit", "verify", audit_verify, "[FILE [--root ROOT.1]]",
     "prove the whole record: tree, signatures, chains"},
    {"audit", "export", audit_export, "FILE", "write the record for a stranger to verify"},
    {NULL, NULL, NULL, NULL, NULL},
};
