/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/view.h"

#include <czmq.h>
#include <stdio.h>

#include "common/document.h"

#define MISSES_MAX  32  /* things for which there was no room, before no more are looked at */
#define RECEIPT_MIN 512 /* bytes that one takes with its armor, at least */

void
view_set_hash(value_t *map, const char *key, const hash_t *hash)
{
    char text[HASH_TEXT];
    value_set_text(map, key, hash_write(hash, text));
}

static void
set_said(value_t *map, const char *key, const char *text)
{
    if (*text && strcmp(text, "-") != 0)
        value_set_text(map, key, text);
}

static void
set_when(value_t *map, const char *key, wall_t at)
{
    if (at.ms)
        value_set_integer(map, key, at.ms);
}

value_t *
view_names(const char *names)
{
    value_t *list = value_list();
    while (*names) {
        size_t size = strcspn(names, " ");
        value_append(list, value_bytes(slice_of(names, size)));
        names += size + (names[size] == ' ');
    }
    return list;
}

bool
view_fits(const value_t *item, size_t *room)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(item, encoded);
    if (encoded->size > *room)
        return false;
    *room -= encoded->size;
    return true;
}

/* Incidents ----------------------------------------------------------------------------------- */

static value_t *
labels_of(const label_t *labels, size_t count)
{
    value_t *map = value_map();
    for (size_t i = 0; i < count; i++)
        value_set_text(map, labels[i].name, labels[i].value);
    return map;
}

static int
set_labels(const store_t *store, value_t *map, uint64_t leaf, fault_t *fault)
{
    fault_t why = {0};
    query_t query = {.what = FIND_LEAVES, .number = leaf};
    CLEANUP(row_destroy) row_t *row = store_first(store, &query, &why);
    if (!row)
        return why.code ? fault_set(fault, why.code, "%s", why.text) : 0;
    slice_t document = {0}, armor;
    document_split(row->leaf.bytes, &document, &armor);
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(document, fault);
    if (!alert)
        return -1;
    value_set(map, "labels", labels_of(alert->labels, alert->label_count));
    value_set(map, "annotations", labels_of(alert->annotations, alert->annotation_count));
    return 0;
}

value_t *
view_incident(const store_t *store, const incident_t *row, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *map = value_map();
    value_set_integer(map, "id", (int64_t)row->id);
    value_set_text(map, "source", row->source);
    value_set_text(map, "fingerprint", row->fingerprint);
    value_set_text(map, "state", incident_word(row->state));
    value_set_text(map, "severity", row->severity);
    value_set_text(map, "title", row->title);
    set_said(map, "host", row->host);
    set_said(map, "region", row->region);
    set_said(map, "worker", row->worker);
    value_set_integer(map, "starts", row->starts.ms);
    value_set_integer(map, "first", row->first.ms);
    value_set_integer(map, "last", row->last.ms);
    value_set_integer(map, "count", (int64_t)row->count);
    value_set_bool(map, "firing", row->firing);
    value_set(map, "playbooks", view_names(row->playbooks));
    if (!hash_equal(&row->run, &HASH_ZERO))
        view_set_hash(map, "run", &row->run);
    set_said(map, "reason", row->reason);
    set_said(map, "ack", row->ack);
    set_said(map, "assigned", row->assigned);
    if (row->parent)
        value_set_integer(map, "parent", (int64_t)row->parent);
    return set_labels(store, map, row->leaf, fault) ? NULL : MOVE(map);
}

value_t *
view_whole_incident(const store_t *store, const incident_t *row, fault_t *fault)
{
    fault_t why = {0};
    query_t query = {.what = FIND_LEAVES, .number = row->leaf};
    CLEANUP(value_destroy) value_t *map = view_incident(store, row, fault);
    CLEANUP(row_destroy) row_t *leaf = map ? store_first(store, &query, &why) : NULL;
    if (why.code)
        fault_set(fault, why.code, "%s", why.text);
    slice_t document, armor;
    if (leaf && document_split(leaf->leaf.bytes, &document, &armor)) {
        value_set(map, "alert", value_bytes(document));
        if (armor.size)
            value_set(map, "armor", value_bytes(armor));
    }
    return why.code ? NULL : MOVE(map);
}

value_t *
view_event(const event_row_t *row)
{
    value_t *map = value_map();
    value_set_integer(map, "leaf", (int64_t)row->number);
    value_set_integer(map, "at", row->at.ms);
    value_set_text(map, "kind", row->kind);
    value_set_text(map, "text", row->text);
    if (row->incident)
        value_set_integer(map, "incident", (int64_t)row->incident);
    if (!hash_equal(&row->run, &HASH_ZERO))
        view_set_hash(map, "run", &row->run);
    set_said(map, "worker", row->worker);
    set_said(map, "step", row->step);
    set_said(map, "outcome", row->outcome);
    set_said(map, "part", row->part);
    set_said(map, "who", row->who);
    return map;
}

/* Runs ---------------------------------------------------------------------------------------- */

typedef struct {
    value_t *counts;
    uint64_t waves;
} counting_t;

/* The word of part_word, as `targets` counts it: what has not ended is open. */
static bool
count_part(void *context, const row_t *row)
{
    counting_t *counting = context;
    value_t *counts = counting->counts;
    const char *word = part_ended(row->part.state) ? part_word(row->part.state) : "open";
    value_set_integer(counts, "total", value_get_integer(counts, "total") + 1);
    value_set_integer(counts, word, value_get_integer(counts, word) + 1);
    counting->waves = row->part.wave > counting->waves ? row->part.wave : counting->waves;
    return true;
}

static value_t *
count_parts(const store_t *store, const hash_t *run, uint64_t *waves, fault_t *fault)
{
    static const char *const words[] = {"total",   "done",    "failed", "refused", "skipped",
                                        "stopped", "unknown", "never",  "open"};
    CLEANUP(value_destroy) value_t *counts = value_map();
    query_t query = {.what = FIND_PARTS, .hash = *run};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        value_set_integer(counts, words[i], 0);
    counting_t counting = {counts, 0};
    if (store->find(store->self, &query, count_part, &counting, fault))
        return NULL;
    *waves = counting.waves;
    return MOVE(counts);
}

value_t *
view_run(const store_t *store, const run_row_t *row, fault_t *fault)
{
    uint64_t waves = 0;
    value_t *counts = count_parts(store, &row->id, &waves, fault);
    if (!counts)
        return NULL;
    value_t *map = value_map();
    view_set_hash(map, "run", &row->id);
    value_set_text(map, "playbook", row->playbook);
    view_set_hash(map, "release", &row->release);
    value_set_text(map, "kind", row->by_grant ? "grant" : "order");
    value_set_text(map, "state", run_word(row->state));
    if (row->incident)
        value_set_integer(map, "incident", (int64_t)row->incident);
    set_said(map, "reason", row->reason);
    value_set(map, "who", view_names(row->who));
    value_set_integer(map, "created", row->created.ms);
    set_when(map, "ended", row->ended);
    if (row->state == RUN_ACTIVE)
        set_when(map, "until", row->not_after);
    value_set(map, "targets", counts);
    value_set_integer(map, "waves", (int64_t)waves);
    if (row->paused)
        value_set_bool(map, "paused", true);
    if (row->dry)
        value_set_bool(map, "dry", true);
    set_said(map, "glass", row->glass);
    set_said(map, "via", row->via);
    if (!hash_equal(&row->continues, &HASH_ZERO))
        view_set_hash(map, "continues", &row->continues);
    return map;
}

static size_t
depth_of(const value_t *value)
{
    size_t deepest = 0;
    for (size_t i = 0; i < value_count(value); i++) {
        size_t depth = depth_of(value_at(value, i));
        deepest = depth > deepest ? depth : deepest;
    }
    return value_kind(value) == VALUE_LIST || value_kind(value) == VALUE_MAP ? deepest + 1 : 0;
}

static value_t *
ops_of(const receipt_t *receipt)
{
    value_t *list = value_list();
    for (size_t i = 0; i < receipt->op_count; i++) {
        value_t *op = value_map();
        value_set_text(op, "op", receipt->ops[i].op);
        value_set_text(op, "code", receipt->ops[i].code);
        value_append(list, op);
    }
    return list;
}

static int
set_output(const store_t *store, value_t *map, const receipt_t *receipt, fault_t *fault)
{
    fault_t why = {0};
    query_t query = {.what = FIND_OUTPUT, .hash = receipt->output};
    if (!receipt->output_bytes)
        return 0;
    CLEANUP(row_destroy) row_t *row = store_first(store, &query, &why);
    if (!row)
        return why.code ? fault_set(fault, why.code, "%s", why.text) : 0;
    CLEANUP(value_destroy) value_t *output = value_decode(row->output.bytes, NULL);
    if (output && depth_of(output) <= VIEW_OUTPUT_DEPTH)
        value_set(map, "output", MOVE(output));
    return 0;
}

static value_t *
view_receipt(const store_t *store, slice_t leaf, fault_t *fault)
{
    slice_t document = {0}, armor = {0};
    document_split(leaf, &document, &armor);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, fault);
    if (!receipt)
        return NULL;
    CLEANUP(value_destroy) value_t *map = value_map();
    value_set_integer(map, "sequence", (int64_t)receipt->sequence);
    value_set_text(map, "step", receipt->step);
    value_set_text(map, "phase", phase_word(receipt->phase));
    value_set_integer(map, "attempt", (int64_t)receipt->attempt);
    value_set_text(map, "outcome", outcome_word(receipt->outcome));
    value_set_text(map, "part", outcome_word(receipt->part));
    value_set_text(map, "code", receipt->code);
    value_set_text(map, "reason", receipt->reason);
    value_set_integer(map, "started", receipt->started.ms);
    value_set_integer(map, "ended", receipt->ended.ms);
    if (!hash_equal(&receipt->consent, &HASH_ZERO))
        view_set_hash(map, "consent", &receipt->consent);
    value_set(map, "ops", ops_of(receipt));
    value_set(map, "document", value_bytes(document));
    value_set(map, "armor", value_bytes(armor));
    return set_output(store, map, receipt, fault) ? NULL : MOVE(map);
}

#define RANKS 3 /* what people look for; parts that have not begun; those that are done */

/* A part of a run, for one answer. */
typedef struct {
    value_t *map;
    const wait_row_t *wait; /* for a person; NULL where it does not */
    unsigned rank;          /* of RANKS; the highest is left out first */
    value_t *receipts;      /* NULL where there is no room for the part */
    value_t *last;          /* behind those: what its worker says a consent is to name; or NULL */
} shown_t;

/* Which receipts are looked at: the last of each who waits for a person, without which nobody can
 * consent there, the others of these, those of parts that people look for, and everybody else's. */
typedef enum { PASS_LAST, PASS_WAITING, PASS_SOUGHT, PASS_OTHERS, PASSES } pass_t;

typedef struct {
    const store_t *store;
    fault_t *fault;
    bool failed;
    size_t room, count, capacity;
    shown_t *parts;
    zhashx_t *targets; /* target -> shown_t, borrowed */
    zhashx_t *waits;   /* target -> wait_row_t: its step that waits */
    pass_t pass;
    size_t misses; /* in it */
    size_t sought; /* parts that people look for, and that wait for nobody */
    bool cut;      /* there was no room for a receipt */
} viewing_t;

static void
drop_wait(void **wait)
{
    free(*wait);
    *wait = NULL;
}

static bool
take_wait(void *context, const row_t *row)
{
    wait_row_t *wait = memory_new(1, sizeof *wait);
    *wait = row->wait;
    if (zhashx_insert(((viewing_t *)context)->waits, row->wait.target, wait))
        free(wait);
    return true;
}

static bool
take_part(void *context, const row_t *row)
{
    viewing_t *viewing = context;
    const part_row_t *part = &row->part;
    const wait_row_t *wait = zhashx_lookup(viewing->waits, part->target);
    value_t *map = value_map();
    value_set_text(map, "worker", part->target);
    value_set_integer(map, "wave", (int64_t)part->wave);
    value_set_text(map, "state", part_word(part->state));
    if (wait)
        value_set_text(map, "waits", wait->step);
    set_said(map, "undo", part->undo);
    set_said(map, "code", part->code);
    set_said(map, "text", part->text);
    set_when(map, "offered", part->offered);
    set_when(map, "accepted", part->accepted);
    set_when(map, "ended", part->ended);
    value_set(map, "receipts", value_list());
    viewing->parts =
        memory_grow(viewing->parts, viewing->count, &viewing->capacity, sizeof(shown_t));
    viewing->parts[viewing->count++] =
        (shown_t){.map = map,
                  .wait = wait,
                  .rank = part->state == PART_DONE ? 2 : part->state == PART_WAITING};
    viewing->sought += !wait && !viewing->parts[viewing->count - 1].rank;
    return true;
}

/* A receipt (NULL for none) with the part that it is of, where there is room for both. */
static bool
take_in(viewing_t *self, shown_t *part, const value_t *receipt)
{
    size_t room = self->room;
    if ((receipt && !view_fits(receipt, &room)) ||
        (!part->receipts && !view_fits(part->map, &room)))
        return false;
    if (!part->receipts)
        part->receipts = value_list();
    self->room = room;
    return true;
}

/* Whom people look for comes first where there are more than an answer holds. */
static void
choose_parts(viewing_t *self)
{
    self->misses = 0;
    for (unsigned rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < self->count; i++)
            if (self->parts[i].rank == rank && !self->parts[i].receipts &&
                self->misses < MISSES_MAX)
                self->misses += !take_in(self, &self->parts[i], NULL);
}

static bool
is_looked_at(pass_t pass, const shown_t *part, const hash_t *receipt)
{
    bool last = part && part->wait && hash_equal(&part->wait->receipt, receipt);
    if (pass == PASS_LAST)
        return last;
    pass_t its = !part        ? PASSES
                 : part->wait ? PASS_WAITING
                 : part->rank ? PASS_OTHERS
                              : PASS_SOUGHT;
    return part && part->receipts && pass == its && !(last && part->last);
}

/* Until there is no room: a large run has more than can be looked at while others wait. */
static bool
take_receipt(void *context, const row_t *row)
{
    viewing_t *viewing = context;
    shown_t *part = zhashx_lookup(viewing->targets, row->receipt.target);
    query_t query = {.what = FIND_LEAVES, .number = row->receipt.leaf};
    if (!is_looked_at(viewing->pass, part, &row->receipt.hash))
        return true;
    CLEANUP(row_destroy) row_t *leaf = store_first(viewing->store, &query, viewing->fault);
    CLEANUP(value_destroy)
    value_t *view = leaf ? view_receipt(viewing->store, leaf->leaf.bytes, viewing->fault) : NULL;
    viewing->failed = view == NULL;
    bool fits = view && take_in(viewing, part, view);
    viewing->cut = viewing->cut || (!fits && viewing->pass != PASS_LAST);
    if (!fits)
        viewing->misses++;
    else if (viewing->pass == PASS_LAST)
        part->last = MOVE(view);
    else
        value_append(part->receipts, MOVE(view));
    return !viewing->failed && viewing->misses < MISSES_MAX;
}

static int
take_receipts(viewing_t *self, const hash_t *run)
{
    query_t query = {.what = FIND_RECEIPTS, .hash = *run};
    for (size_t i = 0; i < self->count; i++)
        zhashx_insert(self->targets, value_get_text(self->parts[i].map, "worker"), &self->parts[i]);
    for (self->pass = PASS_LAST; self->pass < PASSES; self->pass++) {
        self->misses = 0;
        bool wanted = self->pass == PASS_OTHERS   ? true
                      : self->pass == PASS_SOUGHT ? self->sought > 0
                                                  : zhashx_size(self->waits) > 0;
        bool any = wanted && self->room >= RECEIPT_MIN;
        self->cut = self->cut || (wanted && !any);
        if (any && self->store->find(self->store->self, &query, take_receipt, self, self->fault))
            return -1;
        if (self->failed)
            return -1;
        if (self->pass == PASS_LAST)
            choose_parts(self);
    }
    return 0;
}

/* In their order, and how many are left out. */
static void
set_parts(viewing_t *self, value_t *run)
{
    value_t *list = value_list();
    size_t left_out = 0;
    for (size_t i = 0; i < self->count; i++) {
        shown_t *part = &self->parts[i];
        left_out += !part->receipts;
        if (!part->receipts)
            continue;
        if (part->last)
            value_append(part->receipts, MOVE(part->last));
        value_set(part->map, "receipts", MOVE(part->receipts));
        value_append(list, MOVE(part->map));
    }
    value_set(run, "parts", list);
    if (left_out)
        value_set_integer(run, "left_out", (int64_t)left_out);
    if (self->cut)
        value_set_bool(run, "receipts_left_out", true);
}

static int
view_parts(const store_t *store, const hash_t *run, size_t room, value_t *out, fault_t *fault)
{
    CLEANUP(zhashx_destroy) zhashx_t *targets = zhashx_new();
    CLEANUP(zhashx_destroy) zhashx_t *waits = zhashx_new();
    zhashx_set_destructor(waits, drop_wait);
    viewing_t viewing = {
        .store = store, .fault = fault, .room = room, .targets = targets, .waits = waits};
    query_t wanted = {.what = FIND_WAITS, .hash = *run};
    query_t all = {.what = FIND_PARTS, .hash = *run};
    int failed = store->find(store->self, &wanted, take_wait, &viewing, fault) ||
                 store->find(store->self, &all, take_part, &viewing, fault) ||
                 take_receipts(&viewing, run);
    set_parts(&viewing, out);
    for (size_t i = 0; i < viewing.count; i++)
        value_destroy(&viewing.parts[i].map);
    free(viewing.parts);
    return failed ? -1 : 0;
}

value_t *
view_whole_run(const store_t *store, const run_row_t *row, fault_t *fault)
{
    fault_t why = {0};
    query_t query = {.what = FIND_DOCUMENT, .hash = row->authority};
    CLEANUP(value_destroy) value_t *map = view_run(store, row, fault);
    CLEANUP(row_destroy) row_t *document = map ? store_first(store, &query, &why) : NULL;
    size_t room = VIEW_BYTES_MAX;
    if (why.code)
        fault_set(fault, why.code, "%s", why.text);
    if (!map || why.code)
        return NULL;
    if (document) {
        value_set(map, "document", value_bytes(document->document.bytes));
        value_set(map, "armors", value_bytes(document->document.armors));
        size_t size = document->document.bytes.size + document->document.armors.size;
        room -= size < room ? size : room;
    }
    return view_parts(store, &row->id, room, map, fault) ? NULL : MOVE(map);
}

/* Releases ------------------------------------------------------------------------------------ */

static value_t *
people_of(const signers_t *signers)
{
    value_t *list = value_list();
    for (size_t i = 0; i < signers->count; i++)
        value_append(list, value_text(signers->person[i]));
    return list;
}

static value_t *
rejections_of(const shelf_t *shelf, const hash_t *release)
{
    value_t *list = value_list();
    const rejected_t *rejected;
    for (size_t i = 0; (rejected = shelf_rejected(shelf, i)); i++) {
        if (!hash_equal(&rejected->rejection.release, release))
            continue;
        value_t *map = value_map();
        value_set_text(map, "who", rejected->who);
        value_set_text(map, "reason", rejected->rejection.reason);
        value_set_integer(map, "at", rejected->rejection.created.ms);
        value_append(list, map);
    }
    return list;
}

value_t *
view_release(const shelf_t *shelf, const shelved_t *release)
{
    value_t *map = value_map(), *authors = value_list();
    view_set_hash(map, "hash", &release->hash);
    value_set_text(map, "playbook", release->release->playbook);
    value_set_integer(map, "sequence", (int64_t)release->release->sequence);
    value_set_text(map, "class", class_word(release->release->highest));
    value_set_text(map, "state", release_word(release->state));
    for (size_t i = 0; i < release->release->author_count; i++)
        value_append(authors, value_text(release->release->authors[i]));
    value_set(map, "authors", authors);
    value_set(map, "approvers", people_of(&release->approvals.approvers));
    value_set_integer(map, "needed", release->approvals.needed);
    value_set(map, "rejected", rejections_of(shelf, &release->hash));
    set_said(map, "reason", release->reason);
    return map;
}
