/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger keeps of runs: parts, effects, waits, output, receipts. */
#include "worker/ledger_private.h"

int
ledger_put_part(ledger_t *self, const part_row_t *part, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_PART, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, &part->run);
    bind_hash(put, 2, &part->authority);
    bind_hash(put, 3, &part->release);
    sqlite3_bind_int(put, 4, part->by_grant);
    sqlite3_bind_int64(put, 5, part->accepted.ms);
    sqlite3_bind_int(put, 6, part->closed);
    bind_slice(put, 7, part->offer);
    bind_slice(put, 8, part->evidence);
    self->counted.count += part->by_grant && part->accepted.ms >= self->counted.since.ms &&
                           hash_equal(&part->authority, &self->counted.grant);
    return ledger_finish(self, put, fault);
}

int
ledger_close_part(ledger_t *self, const hash_t *run, fault_t *fault)
{
    sqlite3_stmt *close = ledger_writing(self, CLOSE_PART, fault);
    if (!close)
        return -1;
    bind_hash(close, 1, run);
    return ledger_finish(self, close, fault);
}

static int
each_part(ledger_t *self, sqlite3_stmt *rows, ledger_part_t *each, void *context, fault_t *fault)
{
    int more;
    while ((more = ledger_next_row(self, rows, fault)) > 0) {
        part_row_t part = {
            .run = column_hash(rows, 0),
            .authority = column_hash(rows, 1),
            .release = column_hash(rows, 2),
            .by_grant = sqlite3_column_int(rows, 3),
            .accepted = {sqlite3_column_int64(rows, 4)},
            .closed = sqlite3_column_int(rows, 5),
            .offer = column_slice(rows, 6),
            .evidence = column_slice(rows, 7),
        };
        if (each(context, &part, fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_each_open_part(ledger_t *self, ledger_part_t *each, void *context, fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_PART, fault);
    return rows ? each_part(self, rows, each, context, fault) : -1;
}

int
ledger_get_part(ledger_t *self, const hash_t *run, ledger_part_t *each, void *context,
                fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, GET_PART, fault);
    if (!rows)
        return -1;
    bind_hash(rows, 1, run);
    return each_part(self, rows, each, context, fault);
}

static int
take_closed(void *context, const part_row_t *part, fault_t *fault)
{
    (void)fault;
    *(bool *)context = part->closed;
    return 0;
}

int
ledger_is_closed(ledger_t *self, const hash_t *run, bool *closed, fault_t *fault)
{
    return ledger_get_part(self, run, take_closed, closed, fault);
}

int
ledger_find_part(ledger_t *self, const hash_t *run, slice_t evidence, part_known_t *known,
                 bool *closed, fault_t *fault)
{
    sqlite3_stmt *find = ledger_prepare(self, FIND_PART, fault);
    if (!find)
        return -1;
    bind_hash(find, 1, run);
    int found = ledger_next_row(self, find, fault);
    if (found < 0)
        return -1;
    *known = PART_UNSEEN;
    if (found) {
        *known = slice_equal(column_slice(find, 0), evidence) ? PART_SAME : PART_OTHER;
        *closed = sqlite3_column_int(find, 1);
        sqlite3_reset(find);
    }
    return 0;
}

/* Runs under this grant that were accepted from one moment on and before another. */
static int
count_between(ledger_t *self, const hash_t *grant, int64_t from_ms, int64_t end_ms, uint64_t *count,
              fault_t *fault)
{
    sqlite3_stmt *counting = ledger_prepare(self, COUNT_GRANT, fault);
    if (!counting)
        return -1;
    bind_hash(counting, 1, grant);
    sqlite3_bind_int64(counting, 2, from_ms);
    sqlite3_bind_int64(counting, 3, end_ms);
    if (ledger_next_row(self, counting, fault) != 1)
        return -1;
    *count = (uint64_t)sqlite3_column_int64(counting, 0);
    sqlite3_reset(counting);
    return 0;
}

/* A grant's runs of an hour may be very many: of the one that was counted last only those are
 * counted that have fallen out of its span since. */
int
ledger_count_grant(ledger_t *self, const hash_t *grant, wall_t since, uint64_t *count,
                   fault_t *fault)
{
    uint64_t some;
    bool again = self->counted.known && hash_equal(&self->counted.grant, grant) &&
                 self->counted.since.ms <= since.ms;
    if (count_between(self, grant, again ? self->counted.since.ms : since.ms,
                      again ? since.ms : INT64_MAX, &some, fault))
        return -1;
    self->counted.count = again ? self->counted.count - some : some;
    self->counted.known = true;
    self->counted.grant = *grant;
    self->counted.since = since;
    *count = self->counted.count;
    return 0;
}

/* The columns that name an attempt. */
static void
bind_attempt(sqlite3_stmt *statement, const attempt_key_t *of)
{
    bind_hash(statement, 1, &of->run);
    bind_text(statement, 2, of->step);
    sqlite3_bind_int(statement, 3, (int)of->phase);
    sqlite3_bind_int64(statement, 4, (int64_t)of->attempt);
}

int
ledger_put_effect(ledger_t *self, const effect_row_t *effect, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_EFFECT, fault);
    if (!put)
        return -1;
    bind_attempt(put, &effect->of);
    sqlite3_bind_int64(put, 5, (int64_t)effect->index);
    bind_text(put, 6, effect->op);
    bind_hash(put, 7, &effect->arguments);
    bind_hash(put, 8, &effect->head);
    sqlite3_bind_int(put, 9, effect->done);
    bind_text(put, 10, effect->code);
    bind_text(put, 11, effect->text);
    bind_slice(put, 12, effect->result);
    return ledger_finish(self, put, fault);
}

int
ledger_each_effect(ledger_t *self, const attempt_key_t *of, ledger_effect_t *each, void *context,
                   fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_EFFECT, fault);
    int more;
    if (!rows)
        return -1;
    bind_attempt(rows, of);
    while ((more = ledger_next_row(self, rows, fault)) > 0) {
        effect_row_t effect = {
            .of = *of,
            .index = (uint64_t)sqlite3_column_int64(rows, 0),
            .op = (const char *)sqlite3_column_text(rows, 1),
            .arguments = column_hash(rows, 2),
            .head = column_hash(rows, 3),
            .done = sqlite3_column_int(rows, 4),
            .code = (const char *)sqlite3_column_text(rows, 5),
            .text = (const char *)sqlite3_column_text(rows, 6),
            .result = column_slice(rows, 7),
        };
        if (each(context, &effect, fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

/* Whether a statement that counts something of a run counts any. */
static int
has_any(ledger_t *self, statement_t which, const hash_t *run, bool *any, fault_t *fault)
{
    sqlite3_stmt *counting = ledger_prepare(self, which, fault);
    if (!counting)
        return -1;
    bind_hash(counting, 1, run);
    if (ledger_next_row(self, counting, fault) != 1)
        return -1;
    *any = sqlite3_column_int64(counting, 0) > 0;
    sqlite3_reset(counting);
    return 0;
}

int
ledger_has_intent(ledger_t *self, const hash_t *run, bool *intent, fault_t *fault)
{
    return has_any(self, HAS_INTENT, run, intent, fault);
}

int
ledger_has_begun(ledger_t *self, const hash_t *run, bool *begun, fault_t *fault)
{
    return has_any(self, HAS_BEGUN, run, begun, fault);
}

int
ledger_put_wait(ledger_t *self, const wait_row_t *wait, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_WAIT, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, &wait->run);
    bind_text(put, 2, wait->step);
    sqlite3_bind_int64(put, 3, wait->asked.ms);
    bind_slice(put, 4, wait->document);
    bind_slice(put, 5, wait->armors);
    return ledger_finish(self, put, fault);
}

int
ledger_each_wait(ledger_t *self, const hash_t *run, ledger_wait_t *each, void *context,
                 fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_WAIT, fault);
    int more;
    if (!rows)
        return -1;
    bind_hash(rows, 1, run);
    while ((more = ledger_next_row(self, rows, fault)) > 0) {
        wait_row_t wait = {
            .run = *run,
            .step = (const char *)sqlite3_column_text(rows, 0),
            .asked = {sqlite3_column_int64(rows, 1)},
            .document = column_slice(rows, 2),
            .armors = column_slice(rows, 3),
        };
        if (each(context, &wait, fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_put_output(ledger_t *self, const hash_t *run, uint64_t offset, slice_t bytes, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_OUTPUT, fault);
    if (!put)
        return -1;
    bind_hash(put, 1, run);
    sqlite3_bind_int64(put, 2, (int64_t)offset);
    bind_slice(put, 3, bytes);
    return ledger_finish(self, put, fault);
}

int
ledger_get_output(ledger_t *self, const hash_t *run, bytes_t *out, fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, GET_OUTPUT, fault);
    int more;
    if (!rows)
        return -1;
    bind_hash(rows, 1, run);
    while ((more = ledger_next_row(self, rows, fault)) > 0)
        bytes_add_slice(out, column_slice(rows, 0));
    return more;
}

int
ledger_put_receipt(ledger_t *self, uint64_t sequence, const hash_t *run, slice_t document,
                   slice_t output, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_RECEIPT, fault);
    if (!put)
        return -1;
    hash_t hash = hash_of(document);
    bind_hash(put, 1, run);
    sqlite3_bind_int64(put, 2, (int64_t)sequence);
    bind_hash(put, 3, &hash);
    bind_slice(put, 4, document);
    bind_slice(put, 5, output);
    self->awaiting = true;
    return ledger_finish(self, put, fault);
}

int
ledger_sign_receipt(ledger_t *self, uint64_t sequence, slice_t armor, fault_t *fault)
{
    sqlite3_stmt *put = ledger_writing(self, PUT_ARMOR, fault);
    if (!put)
        return -1;
    sqlite3_bind_int64(put, 1, (int64_t)sequence);
    bind_slice(put, 2, armor);
    return ledger_finish(self, put, fault);
}

int
ledger_acknowledge(ledger_t *self, uint64_t sequence, const hash_t *document, fault_t *fault)
{
    sqlite3_stmt *mark = ledger_writing(self, ACKNOWLEDGE, fault);
    if (!mark)
        return -1;
    sqlite3_bind_int64(mark, 1, (int64_t)sequence);
    bind_hash(mark, 2, document);
    self->awaiting = false;
    return ledger_finish(self, mark, fault);
}

int
ledger_last_receipt(ledger_t *self, uint64_t *sequence, hash_t *head, fault_t *fault)
{
    sqlite3_stmt *last = ledger_prepare(self, LAST_RECEIPT, fault);
    if (!last)
        return -1;
    int found = ledger_next_row(self, last, fault);
    if (found < 0)
        return -1;
    *sequence = 0;
    *head = HASH_ZERO;
    if (found) {
        *sequence = (uint64_t)sqlite3_column_int64(last, 0);
        *head = column_hash(last, 1);
        sqlite3_reset(last);
    }
    return 0;
}

int
ledger_oldest_receipts(ledger_t *self, uint64_t *kept, uint64_t *unacknowledged, fault_t *fault)
{
    sqlite3_stmt *oldest = ledger_prepare(self, OLDEST_RECEIPTS, fault);
    if (!oldest || ledger_next_row(self, oldest, fault) < 0)
        return -1;
    uint64_t next = (uint64_t)sqlite3_column_int64(oldest, 2) + 1;
    *kept = (uint64_t)sqlite3_column_int64(oldest, 0);
    *unacknowledged = (uint64_t)sqlite3_column_int64(oldest, 1);
    *kept = *kept ? *kept : next;
    *unacknowledged = *unacknowledged ? *unacknowledged : next;
    sqlite3_reset(oldest);
    return 0;
}

static int
each_receipt(ledger_t *self, sqlite3_stmt *rows, ledger_receipt_t *each, void *context,
             fault_t *fault)
{
    int more;
    while ((more = ledger_next_row(self, rows, fault)) > 0) {
        if (each(context, (uint64_t)sqlite3_column_int64(rows, 0), column_slice(rows, 1),
                 column_slice(rows, 2), column_slice(rows, 3), fault)) {
            sqlite3_reset(rows);
            return -1;
        }
    }
    return more;
}

int
ledger_each_receipt(ledger_t *self, const hash_t *run, ledger_receipt_t *each, void *context,
                    fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_RECEIPT_OF, fault);
    if (!rows)
        return -1;
    bind_hash(rows, 1, run);
    return each_receipt(self, rows, each, context, fault);
}

int
ledger_each_receipt_from(ledger_t *self, uint64_t sequence, ledger_receipt_t *each, void *context,
                         fault_t *fault)
{
    sqlite3_stmt *rows = ledger_prepare(self, EACH_RECEIPT_FROM, fault);
    if (!rows)
        return -1;
    sqlite3_bind_int64(rows, 1, (int64_t)sequence);
    sqlite3_bind_int(rows, 2, LEDGER_RECEIPTS_AT_ONCE);
    return each_receipt(self, rows, each, context, fault);
}

/* 1 where the oldest receipt may go, and its sequence; 0 where none may, -1 fault. */
static int
find_old(ledger_t *self, wall_t before, uint64_t last, uint64_t *sequence, fault_t *fault)
{
    sqlite3_stmt *oldest = ledger_prepare(self, OLD_RECEIPT, fault);
    int found = oldest ? ledger_next_row(self, oldest, fault) : -1;
    if (found <= 0)
        return found;
    *sequence = (uint64_t)sqlite3_column_int64(oldest, 0);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(column_slice(oldest, 1), fault);
    sqlite3_reset(oldest);
    if (!receipt)
        return -1;
    return receipt->ended.ms < before.ms || last - *sequence >= LEDGER_RECEIPTS_MAX;
}

int
ledger_forget_receipts(ledger_t *self, wall_t before, fault_t *fault)
{
    uint64_t last, sequence;
    hash_t head;
    if (ledger_last_receipt(self, &last, &head, fault))
        return -1;
    for (int i = 0; i < LEDGER_RECEIPTS_AT_ONCE; i++) {
        int old = find_old(self, before, last, &sequence, fault);
        if (old <= 0)
            return old;
        sqlite3_stmt *forget = ledger_writing(self, FORGET_RECEIPT, fault);
        if (!forget)
            return -1;
        sqlite3_bind_int64(forget, 1, (int64_t)sequence);
        if (ledger_finish(self, forget, fault))
            return -1;
    }
    return 0;
}
