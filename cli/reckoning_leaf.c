/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/reckoning_private.h"
#include "cli/sign.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/text.h"

static unsigned long long
leaf_number(const reckoning_t *self)
{
    return (unsigned long long)record_index(self->record);
}

/* Every document's first line after its type is its site. */
static int
check_site(const reckoning_t *self, slice_t document, const char *type, fault_t *fault)
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
is_listed(reckoning_t *self, const pubkey_t *key)
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
check_signatures(reckoning_t *self, slice_t document, slice_t armors, purpose_t one,
                 purpose_t other, fault_t *fault)
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
note_glass(reckoning_t *self, const order_t *order, const char *run, slice_t armors)
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
remember_order(reckoning_t *self, slice_t document, slice_t armors, fault_t *fault)
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
check_chain(reckoning_t *self, const receipt_t *receipt, const hash_t *hash, fault_t *fault)
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
check_order(reckoning_t *self, const receipt_t *receipt, fault_t *fault)
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

static int
check_restart(reckoning_t *self, slice_t document, slice_t armors, fault_t *fault)
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
check_worker(reckoning_t *self, const receipt_t *receipt, slice_t document, slice_t armors,
             fault_t *fault)
{
    const worker_line_t *worker = trust_worker(self->trust, receipt->worker, NULL);
    if (worker && !receipts_check(document, armors, &worker->key, &self->held, fault))
        return 0;
    for (size_t i = 0; i < past_count(self->past); i++) {
        const worker_line_t *then = trust_worker(past_at(self->past, i), receipt->worker, NULL);
        if (then && !receipts_check(document, armors, &then->key, &self->held, NULL)) {
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
check_receipt(reckoning_t *self, slice_t document, slice_t armors, fault_t *fault)
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
check_alert(reckoning_t *self, slice_t document, slice_t armor, fault_t *fault)
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
    int (*check)(reckoning_t *self, slice_t document, slice_t armors, fault_t *fault);
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
check_document(reckoning_t *self, const struct kind *kind, slice_t document, slice_t armors,
               fault_t *fault)
{
    if (check_site(self, document, kind->type, fault) ||
        (kind->check && kind->check(self, document, armors, fault)))
        return -1;
    if (kind->one == SIGN_PURPOSES)
        return 0;
    return check_signatures(self, document, armors, kind->one, kind->other, fault);
}

void
reckoning_check_leaf(reckoning_t *self, slice_t leaf)
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
            reckoning_problem(self, "leaf %llu: no %s document is in it", leaf_number(self),
                              kinds[i].kind);
        else if (check_document(self, &kinds[i], document, armors, &fault))
            reckoning_problem(self, "leaf %llu: %s", leaf_number(self), fault.text);
        return;
    }
    reckoning_problem(self, "leaf %llu is of no kind that is known", leaf_number(self));
}

void
reckoning_check_orphans(reckoning_t *self)
{
    size_t lost = 0;
    for (size_t i = 0; i < self->orphan_count; i++) {
        fault_t fault;
        const orphan_t *orphan = &self->orphans[i];
        const char *is = zhashx_lookup(self->orders, orphan->run);
        if (is && check_authority(orphan, is, &fault))
            reckoning_problem(self, "leaf %llu: %s", (unsigned long long)orphan->leaf, fault.text);
        if (is)
            continue;
        if (restarts_precede(self->restarts, orphan->leaf))
            lost++;
        else
            reckoning_problem(
                self,
                "leaf %llu: receipt %llu of '%s' is about an order that the record does not "
                "have",
                (unsigned long long)orphan->leaf, (unsigned long long)orphan->sequence,
                orphan->worker);
    }
    if (lost && self->say)
        printf("restart: %zu receipts are about orders that were lost with the record\n", lost);
}
