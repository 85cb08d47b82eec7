/* SPDX-License-Identifier: Apache-2.0 */
/* What a region's own broker relays of its log (docs/PROTOCOL.md 6.5). It has no authority: each
 * document goes through the gate that it would have met here, and what nobody signed is told as
 * that broker's word, and changes nothing. What is known already, as everything is that comes
 * twice, changes nothing either. */
#include <stdio.h>

#include "broker/core/state.h"
#include "common/document.h"
#include "wire/message.h"

#define TOLD_MAX (sizeof((event_row_t *)NULL)->text - 2 * TEXT_NAME_MAX) /* bytes of a word */

/* Those that are known ------------------------------------------------------------------------ */

void
island_destroy(island_t **self_p)
{
    island_t *self = *self_p;
    if (!self)
        return;
    value_destroy(&self->versions);
    free(self);
    *self_p = NULL;
}

island_t *
island_find(const core_t *self, const char *name)
{
    return zhashx_lookup(self->islands, name);
}

static island_t *
island_of(core_t *self, const char *name)
{
    island_t *island = island_find(self, name);
    if (!island) {
        island = memory_new(1, sizeof *island);
        text_copy(island->row.name, sizeof island->row.name, name);
        zhashx_insert(self->islands, name, island);
    }
    return island;
}

bool
island_tells(const core_t *self, const char *name)
{
    const island_t *island = island_find(self, name);
    return island && island->row.tells;
}

const island_row_t *
core_island(const core_t *self, const char *name, wall_t *seen)
{
    const island_t *island = island_find(self, name);
    *seen = island ? island->seen : (wall_t){0};
    return island ? &island->row : NULL;
}

static bool
load_island(void *context, const row_t *row)
{
    island_of(context, row->island.name)->row = row->island;
    return true;
}

int
islands_load(core_t *self, fault_t *fault)
{
    query_t query = {.what = FIND_ISLANDS};
    return self->past->find(self->past->self, &query, load_island, self, fault);
}

static void
put(core_t *self, const island_t *island)
{
    row_t row = {.kind = ROW_ISLAND, .island = island->row};
    core_put(self, &row);
}

/* What they are told -------------------------------------------------------------------------- */

static void
hand_on(core_t *self, const island_t *island)
{
    const charter_document_t *document;
    size_t at = 0;
    while ((document = charter_lacks(self->charter, NULL, island->versions, &at))) {
        frames_t *frames = core_document(document->document, document->armors);
        actions_send_broker(self->actions, island->row.name, &frames);
    }
}

void
islands_hand_on(core_t *self)
{
    for (island_t *island = zhashx_first(self->islands); island;
         island = zhashx_next(self->islands))
        if (island->seen.ms)
            hand_on(self, island);
}

void
islands_tell_halt(core_t *self, const held_halt_t *halt)
{
    for (const island_t *island = zhashx_first(self->islands); island;
         island = zhashx_next(self->islands)) {
        if (!island->seen.ms || island == self->via)
            continue;
        frames_t *frames = core_document(halt->document, halt->armors);
        actions_send_broker(self->actions, island->row.name, &frames);
    }
}

static void
greet_halts(core_t *self, const island_t *island, const value_t *state)
{
    CLEANUP(zhashx_destroy) zhashx_t *theirs = halts_said(state);
    const held_halt_t *lacked;
    halts_read_t read = {0};
    while ((lacked = halt_lacked(self, theirs, &read))) {
        frames_t *frames = core_document(lacked->document, lacked->armors);
        actions_send_broker(self->actions, island->row.name, &frames);
    }
}

static void
answer(core_t *self, const island_t *island)
{
    char number[24], hash[HASH_TEXT];
    frames_t *frames = message_new(MESSAGE_RELAYED);
    snprintf(number, sizeof number, "%llu", (unsigned long long)island->row.taken);
    frames_add_text(frames, number);
    frames_add_text(frames, hash_write(&island->row.last, hash));
    actions_send_broker(self->actions, island->row.name, &frames);
}

int
on_island(core_t *self, event_t *event, fault_t *fault)
{
    island_t *island = island_of(self, event->who);
    const value_t *versions = value_get(event->state, "versions");
    bool tells = value_get_bool(event->state, "sinks");
    (void)fault;
    if (tells != island->row.tells || !island->seen.ms) {
        island->row.tells = tells;
        put(self, island);
    }
    island->seen = self->now;
    value_destroy(&island->versions);
    island->versions = value_copy(versions ? versions : event->state);
    answer(self, island);
    hand_on(self, island);
    greet_halts(self, island, event->state);
    return 0;
}

/* What is said of it -------------------------------------------------------------------------- */

bool
island_may_tell(core_t *self)
{
    island_t *island = self->via;
    if (self->now.ms < island->span.ms || self->now.ms - island->span.ms >= CORE_RELAYED_MS) {
        if (island->told > CORE_RELAYED_MAX)
            core_note(self, "relay", 0, NULL, NULL, "%u more words of broker '%s' were not told",
                      island->told - CORE_RELAYED_MAX, island->row.name);
        island->span = self->now;
        island->told = 0;
    }
    return ++island->told <= CORE_RELAYED_MAX;
}

static void
tell_refused(core_t *self, const event_t *event, const fault_t *why)
{
    bool readable = text_is_free(slice_text(why->text)); /* it may quote what is no text */
    const char *text = readable ? why->text : "what is wrong with it is not text";
    if (island_may_tell(self))
        core_note(self, "relay", 0, NULL, NULL,
                  "broker '%s' relayed %s leaf %llu, which does not count here: %.*s (%s)",
                  event->who, event->text, (unsigned long long)event->number, text_fit(text, 200),
                  text, fault_word(why->code));
}

/* What a person did there, or a worker would not do: once, as that broker's word. */
static int
take_word(core_t *self, event_t *event, fault_t *fault)
{
    event_row_t told = {.kind = "relay"};
    CLEANUP(row_destroy) row_t *known = NULL;
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    const char *text = value_get_text(event->state, "text");
    bytes_addf(leaf, "%s\n%s\n", event->who, event->text);
    bytes_add_slice(leaf, event->document);
    query_t query = {.what = FIND_DOCUMENT, .hash = hash_of(bytes_slice(leaf))};
    if (event->document.size > CORE_WORD_MAX)
        return fault_set(fault, FAULT_LIMIT, "it is %zu bytes long, over %d", event->document.size,
                         CORE_WORD_MAX);
    if (!text_is_free(slice_text(text)) || !*text)
        return fault_set(fault, FAULT_FORMAT, "it says nothing that can be read");
    if (core_recall(self, &query, &known, fault))
        return -1;
    if (known || !island_may_tell(self))
        return 0;
    core_keep(self, "word", false, &query.hash, bytes_slice(leaf), slice_of(NULL, 0),
              slice_of(NULL, 0));
    (void)hash_read(value_get_text(event->state, "run"), &told.run);
    told.incident = incident_named(self, value_get_text(event->state, "source"),
                                   value_get_text(event->state, "fingerprint"));
    snprintf(told.text, sizeof told.text, "broker '%s' says: %.*s", event->who,
             text_fit(text, TOLD_MAX), text);
    core_tell(self, &told);
    return 0;
}

/* The gates ----------------------------------------------------------------------------------- */

static event_t
document_of(const event_t *relay, event_kind_t kind)
{
    event_t event = {.kind = kind};
    if (!document_split(relay->document, &event.document, &event.armors))
        event.document = relay->document;
    event.hash = hash_of(event.document);
    return event;
}

static int
take_alert(core_t *self, event_t *event, fault_t *fault)
{
    event_t alert = document_of(event, EVENT_ALERT);
    claim_t claim = {.at.ms = value_get_integer(event->state, "at")};
    bool claims = hash_read(value_get_text(event->state, "run"), &claim.run) &&
                  hash_read(value_get_text(event->state, "grant"), &claim.grant);
    if (!alert.armors.size)
        return fault_set(fault, FAULT_EVIDENCE, "its source did not sign it");
    return incident_relay(self, alert.document, alert.armors, claims ? &claim : NULL, fault);
}

/* Incidents have other numbers there. */
static int
take_order(core_t *self, event_t *event, fault_t *fault)
{
    event_t order = document_of(event, EVENT_ORDER);
    CLEANUP(value_destroy)
    value_t *targets = event->output.size ? value_decode(event->output, fault) : NULL;
    if (event->output.size && !targets)
        return -1;
    order.targets = targets;
    order.number = incident_named(self, value_get_text(event->state, "source"),
                                  value_get_text(event->state, "fingerprint"));
    return on_order(self, &order, fault);
}

/* What anybody can make up is no more than room on the shelf taken. */
static int
check_signed(const core_t *self, const event_t *event, fault_t *fault)
{
    approvals_t by;
    CLEANUP(release_destroy) release_t *release = release_decode(event->document, fault);
    if (!release ||
        trust_approvals(self->charter->trust, event->document, event->armors, release, &by, fault))
        return -1;
    if (!by.authors.count && !by.approvers.count)
        return fault_set(fault, FAULT_SIGNATURE, "neither author nor reviewer signed it");
    return 0;
}

/* An approval's leaf has the release's document too. */
static int
take_release(core_t *self, event_t *event, fault_t *fault)
{
    event_t release = document_of(event, EVENT_RELEASE);
    value_t *files =
        check_signed(self, &release, fault) ? NULL : value_decode(event->output, fault);
    release.files = &files;
    return files ? on_release(self, &release, fault) : -1;
}

/* Its worker brings it with its output, which is dropped where the receipt is known: another, or
 * none, may not come first. */
static int
take_receipt(core_t *self, event_t *event, fault_t *fault)
{
    event_t receipt = document_of(event, EVENT_RECEIPT);
    CLEANUP(receipt_destroy) receipt_t *said = receipt_decode(receipt.document, fault);
    if (!said)
        return -1;
    hash_t output = event->output.size ? hash_of(event->output) : HASH_ZERO;
    if (!hash_equal(&output, &said->output))
        return fault_set(fault, FAULT_HASH, "its output is another, or missing");
    receipt.worker = said->worker;
    receipt.output = event->output;
    return on_receipt(self, &receipt, fault);
}

static int
take_grant(core_t *self, event_t *event, fault_t *fault)
{
    event_t grant = document_of(event, EVENT_GRANT);
    return on_grant(self, &grant, fault);
}

static int
take_rejection(core_t *self, event_t *event, fault_t *fault)
{
    event_t rejection = document_of(event, EVENT_REJECT);
    return on_reject(self, &rejection, fault);
}

static int
take_halt(core_t *self, event_t *event, fault_t *fault)
{
    event_t halt = document_of(event, EVENT_HALT);
    return on_halt(self, &halt, fault);
}

static int
take_consent(core_t *self, event_t *event, fault_t *fault)
{
    event_t consent = document_of(event, EVENT_CONSENT);
    return on_consent(self, &consent, fault);
}

static const struct {
    const char *leaf;
    int (*take)(core_t *self, event_t *event, fault_t *fault);
} gates[] = {
    {"alert", take_alert},         {"order", take_order},      {"receipt", take_receipt},
    {"release", take_release},     {"approval", take_release}, {"grant", take_grant},
    {"rejection", take_rejection}, {"stop", take_halt},        {"revoke", take_halt},
    {"resume", take_halt},         {"consent", take_consent},  {"answer", take_consent},
    {"refusal", take_word},        {LEAF_EVENT, take_word},
};

static int
take(core_t *self, event_t *event, fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(gates); i++)
        if (!strcmp(gates[i].leaf, event->text))
            return gates[i].take(self, event, fault);
    return fault_set(fault, FAULT_FORMAT, "leaves of this kind are not relayed");
}

/* The record that cannot be read is our own fault, and the leaf comes again. */
int
on_relay(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    island_t *island = island_of(self, event->who);
    if (!text_is_name(event->text) || strlen(event->text) > 16)
        return fault_set(fault, FAULT_FORMAT, "broker '%s' relays no leaf", event->who);
    self->via = island;
    int refused = take(self, event, &why);
    runs_settle(self);
    bool ours = why.code == FAULT_IO || why.code == FAULT_FULL;
    if (refused && !ours)
        tell_refused(self, event, &why);
    self->via = NULL;
    if (refused && ours)
        return fault_set(fault, why.code, "%s", why.text);
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    bytes_addf(leaf, "%s\n", event->text);
    bytes_add_slice(leaf, event->document);
    island->seen = self->now;
    island->row.taken = event->number + 1;
    island->row.last = hash_leaf(bytes_slice(leaf));
    put(self, island);
    answer(self, island);
    return 0;
}
