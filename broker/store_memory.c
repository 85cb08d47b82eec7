/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "broker/store.h"

typedef struct {
    size_t count, capacity;
    row_t **rows; /* ours; the oldest write first */
} table_t;

typedef struct {
    table_t tables[ROW_KINDS];
} memory_t;

typedef struct {
    row_kind_t kind;
    bool newest_first;
    bool (*matches)(const query_t *query, const row_t *row);
    int (*compare)(const row_t *left, const row_t *right); /* NULL: as written */
} find_row_t;

static bool
any(const query_t *query, const row_t *row)
{
    return (void)query, (void)row, true;
}

static bool
incident_is(const query_t *query, const row_t *row)
{
    return row->incident.id == query->number;
}

static bool
incident_has_key(const query_t *query, const row_t *row)
{
    return !strcmp(row->incident.source, query->text) &&
           !strcmp(row->incident.fingerprint, query->other);
}

static bool
incident_in(const query_t *query, const row_t *row)
{
    return row->incident.state == query->number;
}

static bool
run_is(const query_t *query, const row_t *row)
{
    return hash_equal(&row->run.id, &query->hash);
}

static bool
run_begun(const query_t *query, const row_t *row)
{
    return *row->run.worker && !strcmp(row->run.worker, query->text) &&
           !strcmp(row->run.playbook, query->other);
}

static bool
run_begun_since(const query_t *query, const row_t *row)
{
    return row->run.by_grant && row->run.created.ms > (int64_t)query->number;
}

static bool
run_active(const query_t *query, const row_t *row)
{
    return (void)query, row->run.state == RUN_ACTIVE;
}

static bool
run_of(const query_t *query, const row_t *row)
{
    return row->run.incident == query->number;
}

static bool
part_of(const query_t *query, const row_t *row)
{
    return hash_equal(&row->part.run, &query->hash);
}

static bool
document_is(const query_t *query, const row_t *row)
{
    return hash_equal(&row->document.hash, &query->hash);
}

static bool
document_live(const query_t *query, const row_t *row)
{
    return (void)query, row->document.live;
}

static bool
document_of(const query_t *query, const row_t *row)
{
    return row->document.live && !strcmp(row->document.kind, query->text);
}

static bool
allowance_of(const query_t *query, const row_t *row)
{
    return !strcmp(row->allowance.worker, query->text);
}

static bool
kept_of(const query_t *query, const row_t *row)
{
    return hash_equal(&row->kept.halt, &query->hash);
}

static bool
wait_of(const query_t *query, const row_t *row)
{
    return row->wait.open && hash_equal(&row->wait.run, &query->hash);
}

static bool
wait_open(const query_t *query, const row_t *row)
{
    return (void)query, row->wait.open;
}

static bool
said_of(const query_t *query, const row_t *row)
{
    return hash_equal(&row->said.run, &query->hash) && !strcmp(row->said.target, query->text);
}

static bool
receipt_is(const query_t *query, const row_t *row)
{
    return row->receipt.sequence == query->number && !strcmp(row->receipt.worker, query->text);
}

static bool
receipt_of(const query_t *query, const row_t *row)
{
    return hash_equal(&row->receipt.run, &query->hash);
}

static bool
output_is(const query_t *query, const row_t *row)
{
    return hash_equal(&row->output.hash, &query->hash);
}

static bool
leaf_from(const query_t *query, const row_t *row)
{
    return row->leaf.number >= query->number;
}

static bool
event_is(const query_t *query, const row_t *row)
{
    return row->event.number == query->number;
}

static bool
event_of(const query_t *query, const row_t *row)
{
    return query->number && row->event.incident == query->number;
}

static bool
event_run(const query_t *query, const row_t *row)
{
    return hash_equal(&row->event.run, &query->hash);
}

static bool
notice_is(const query_t *query, const row_t *row)
{
    return row->notice.number == query->number;
}

static bool
notice_to(const query_t *query, const row_t *row)
{
    return row->notice.state == NOTICE_WAITING && !strcmp(row->notice.sink, query->text);
}

static bool
notice_before(const query_t *query, const row_t *row)
{
    return row->notice.made.ms < (int64_t)query->number;
}

static bool
child_of(const query_t *query, const row_t *row)
{
    return query->number && row->incident.parent == query->number;
}

static bool
decision_of(const query_t *query, const row_t *row)
{
    return row->decision.incident == query->number;
}

static int
by_incident(const row_t *left, const row_t *right)
{
    return left->incident.id < right->incident.id ? -1 : left->incident.id > right->incident.id;
}

static int
by_created(const row_t *left, const row_t *right)
{
    int64_t one = left->run.created.ms, other = right->run.created.ms;
    return one < other ? -1 : one > other;
}

static int
by_target(const row_t *left, const row_t *right)
{
    if (left->part.wave != right->part.wave)
        return left->part.wave < right->part.wave ? -1 : 1;
    return strcmp(left->part.target, right->part.target);
}

static int
by_start(const row_t *left, const row_t *right)
{
    return left->said.start < right->said.start ? -1 : left->said.start > right->said.start;
}

static int
by_step(const row_t *left, const row_t *right)
{
    int run = hash_compare(&left->wait.run, &right->wait.run);
    int step = run ? run : strcmp(left->wait.step, right->wait.step);
    return step ? step : strcmp(left->wait.target, right->wait.target);
}

static int
by_sequence(const row_t *left, const row_t *right)
{
    int order = strcmp(left->receipt.worker, right->receipt.worker);
    if (order)
        return order;
    return left->receipt.sequence < right->receipt.sequence
               ? -1
               : left->receipt.sequence > right->receipt.sequence;
}

static int
by_size(const row_t *left, const row_t *right)
{
    return left->checkpoint.size < right->checkpoint.size
               ? -1
               : left->checkpoint.size > right->checkpoint.size;
}

static const find_row_t finds[FIND_COUNT] = {
    [FIND_INCIDENT] = {ROW_INCIDENT, false, incident_is, NULL},
    [FIND_INCIDENT_KEY] = {ROW_INCIDENT, true, incident_has_key, by_incident},
    [FIND_INCIDENTS] = {ROW_INCIDENT, true, any, by_incident},
    [FIND_INCIDENTS_IN] = {ROW_INCIDENT, true, incident_in, by_incident},
    [FIND_CHILDREN] = {ROW_INCIDENT, true, child_of, by_incident},
    [FIND_DECISIONS] = {ROW_DECISION, false, decision_of, NULL},
    [FIND_RUN] = {ROW_RUN, false, run_is, NULL},
    [FIND_RUN_BEGUN] = {ROW_RUN, true, run_begun, by_created},
    [FIND_RUNS] = {ROW_RUN, true, any, by_created},
    [FIND_RUNS_BEGUN] = {ROW_RUN, true, run_begun_since, by_created},
    [FIND_BRAKES] = {ROW_BRAKE, false, any, NULL},
    [FIND_ALLOWANCE] = {ROW_ALLOWANCE, false, allowance_of, NULL},
    [FIND_DRAINS] = {ROW_DRAIN, false, any, NULL},
    [FIND_RUNS_ACTIVE] = {ROW_RUN, false, run_active, by_created},
    [FIND_RUNS_OF] = {ROW_RUN, true, run_of, by_created},
    [FIND_PARTS] = {ROW_PART, false, part_of, by_target},
    [FIND_DOCUMENT] = {ROW_DOCUMENT, false, document_is, NULL},
    [FIND_DOCUMENTS_LIVE] = {ROW_DOCUMENT, false, document_live, NULL},
    [FIND_DOCUMENTS_OF] = {ROW_DOCUMENT, false, document_of, NULL},
    [FIND_KEPT] = {ROW_KEPT, false, kept_of, NULL},
    [FIND_WAITS] = {ROW_WAIT, false, wait_of, by_step},
    [FIND_WAITS_OPEN] = {ROW_WAIT, false, wait_open, by_step},
    [FIND_SAID] = {ROW_SAID, false, said_of, by_start},
    [FIND_SAID_LAST] = {ROW_SAID, true, said_of, by_start},
    [FIND_RECEIPT] = {ROW_RECEIPT, false, receipt_is, NULL},
    [FIND_RECEIPTS] = {ROW_RECEIPT, false, receipt_of, by_sequence},
    [FIND_STRAYS] = {ROW_RECEIPT, false, receipt_of, by_sequence},
    [FIND_OUTPUT] = {ROW_OUTPUT, false, output_is, NULL},
    [FIND_LEAVES] = {ROW_LEAF, false, leaf_from, NULL},
    [FIND_EVENT] = {ROW_EVENT, false, event_is, NULL},
    [FIND_EVENTS_OF] = {ROW_EVENT, false, event_of, NULL},
    [FIND_EVENTS_RUN] = {ROW_EVENT, false, event_run, NULL},
    [FIND_WORKERS] = {ROW_WORKER, false, any, NULL},
    [FIND_ISLANDS] = {ROW_ISLAND, false, any, NULL},
    [FIND_POSITION] = {ROW_POSITION, false, any, NULL},
    [FIND_CHECKPOINT] = {ROW_CHECKPOINT, true, any, by_size},
    [FIND_TILES] = {ROW_TILE, false, any, NULL},
    [FIND_TESTIMONIES] = {ROW_TESTIMONY, false, any, NULL},
    [FIND_NOTICE] = {ROW_NOTICE, false, notice_is, NULL},
    [FIND_NOTICE_NEWEST] = {ROW_NOTICE, true, any, NULL},
    [FIND_NOTICES_TO] = {ROW_NOTICE, false, notice_to, NULL},
    [FIND_NOTICES_BEFORE] = {ROW_NOTICE, false, notice_before, NULL},
};

static int
memory_begin(void *self, fault_t *fault)
{
    (void)self, (void)fault;
    return 0;
}

static int
memory_put(void *self, const row_t *row, fault_t *fault)
{
    table_t *table = &((memory_t *)self)->tables[row->kind];
    if (row->kind == ROW_EVENT) {
        const event_row_t *event = &row->event;
        row_t leaf = {.kind = ROW_LEAF,
                      .leaf = {.number = event->number,
                               .kind = LEAF_EVENT,
                               .bytes = event->bytes,
                               .hash = event->leaf,
                               .incident = event->incident}};
        if (memory_put(self, &leaf, fault))
            return -1;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (!row_same(table->rows[i], row))
            continue;
        assert(row_follows(row, table->rows[i]));
        row_t *copy = row_copy(row);
        row_destroy(&table->rows[i]);
        table->rows[i] = copy;
        return 0;
    }
    table->rows = memory_grow(table->rows, table->count, &table->capacity, sizeof(row_t *));
    table->rows[table->count++] = row_copy(row);
    return 0;
}

static void
swap_into_order(row_t **rows, size_t count, int (*compare)(const row_t *, const row_t *))
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j && compare(rows[j - 1], rows[j]) > 0; j--) {
            row_t *row = rows[j];
            rows[j] = rows[j - 1];
            rows[j - 1] = row;
        }
}

static int
memory_find(void *self, const query_t *query, on_row_t on_row, void *context, fault_t *fault)
{
    const find_row_t *find = &finds[query->what];
    const table_t *table = &((memory_t *)self)->tables[find->kind];
    CLEANUP(memory_free) row_t **found = memory_new(table->count + 1, sizeof(row_t *));
    size_t count = 0;
    (void)fault;
    for (size_t i = 0; i < table->count; i++)
        if (find->matches(query, table->rows[i]))
            found[count++] = table->rows[i];
    if (find->compare)
        swap_into_order(found, count, find->compare);
    for (size_t i = 0; i < count && (!query->limit || i < query->limit); i++)
        if (!on_row(context, found[find->newest_first ? count - 1 - i : i]))
            break;
    return 0;
}

static int
memory_drop(void *self, const query_t *query, fault_t *fault)
{
    table_t *table = &((memory_t *)self)->tables[finds[query->what].kind];
    size_t kept = 0;
    (void)fault;
    for (size_t i = 0; i < table->count; i++)
        if (finds[query->what].matches(query, table->rows[i]))
            row_destroy(&table->rows[i]);
        else
            table->rows[kept++] = table->rows[i];
    table->count = kept;
    return 0;
}

static void
memory_destroy(void **self_p)
{
    memory_t *self = *self_p;
    if (!self)
        return;
    for (size_t kind = 0; kind < ROW_KINDS; kind++) {
        for (size_t i = 0; i < self->tables[kind].count; i++)
            row_destroy(&self->tables[kind].rows[i]);
        free(self->tables[kind].rows);
    }
    free(self);
    *self_p = NULL;
}

store_t *
store_memory(void)
{
    store_t *self = memory_new(1, sizeof *self);
    *self = (store_t){
        .self = memory_new(1, sizeof(memory_t)),
        .begin = memory_begin,
        .put = memory_put,
        .commit = memory_begin,
        .sync = memory_begin,
        .find = memory_find,
        .drop = memory_drop,
        .destroy = memory_destroy,
    };
    return self;
}
