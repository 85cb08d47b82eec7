/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/allowance.h"

#include <stdlib.h>

#include "keys/fields.h"

#define NEVER "never"

static void
add_quorum(bytes_t *out, const char *key, const unsigned people[static CLASSES])
{
    if (people[CLASS_OBSERVE] || people[CLASS_CHANGE] || people[CLASS_DESTRUCTIVE])
        document_add(out, key, "%u %u %u", people[CLASS_OBSERVE], people[CLASS_CHANGE],
                     people[CLASS_DESTRUCTIVE]);
}

static void
read_quorum(document_reader_t *in, const char *key, unsigned people[static CLASSES])
{
    if (!document_has(in, key))
        return;
    char **row = document_row(in, key, CLASSES);
    for (size_t i = 0; i < CLASSES; i++)
        people[i] = (unsigned)fields_number(in, row[i], 0, SIGNATURES_MAX);
}

static void
add_hours(bytes_t *out, const char *key, const allowance_hours_t *hours)
{
    for (size_t i = 0; i < hours->count; i++)
        document_add(out, key, "%s", hours->at[i]);
}

static void
read_hours(document_reader_t *in, const char *key, allowance_hours_t *hours)
{
    while (document_has(in, key)) {
        weekly_t weekly;
        char text[WEEKLY_TEXT_MAX], **row = document_row(in, key, 2);
        if (!fields_room(in, hours->count, ALLOWANCE_HOURS_MAX))
            return;
        if (!weekly_read(&weekly, row[0], row[1])) {
            document_spoil(in, FAULT_FORMAT, "'%s' has other than days and a span", key);
            return;
        }
        text_copy(hours->at[hours->count++], WEEKLY_TEXT_MAX, weekly_write(&weekly, text));
    }
}

static void
add_owns(bytes_t *out, const allowance_owns_t *owns)
{
    for (size_t i = 0; i < owns->count; i++)
        document_add(out, "op-window", "%s %s", owns->at[i].op, owns->at[i].hours);
}

static void
read_owns(document_reader_t *in, allowance_owns_t *owns)
{
    while (document_has(in, "op-window")) {
        weekly_t weekly;
        char **row = document_row(in, "op-window", 3);
        if (!fields_room(in, owns->count, ALLOWANCE_HOURS_MAX))
            return;
        if (!text_is_name(row[0]) || !weekly_read(&weekly, row[1], row[2])) {
            document_spoil(in, FAULT_FORMAT, "'op-window' has other than a name, days and a span");
            return;
        }
        allowance_own_t *at = &owns->at[owns->count++];
        fields_copy(in, row[0], at->op, sizeof at->op);
        weekly_write(&weekly, at->hours);
    }
}

static void
add_classes(bytes_t *out, const char *key, const allowance_classes_t *classes)
{
    for (size_t i = 0; i < classes->count; i++)
        document_add(out, key, "%s %s", classes->at[i].name, class_word(classes->at[i].class_));
}

/* That they ascend is the reader's to see; that none stands there twice is ours. */
static void
read_classes(document_reader_t *in, const char *key, allowance_classes_t *classes)
{
    while (document_has(in, key)) {
        char **row = document_row(in, key, 2);
        if (!fields_room(in, classes->count, ALLOWANCE_CLASSES_MAX))
            return;
        allowance_class_t *at = &classes->at[classes->count];
        fields_class(in, row[1], &at->class_);
        if (!text_is_name(row[0]) || at->class_ == CLASS_OBSERVE ||
            (classes->count && !strcmp(at[-1].name, row[0]))) {
            document_spoil(in, FAULT_FORMAT, "'%s' has other than a name, once, and its class",
                           key);
            return;
        }
        fields_copy(in, row[0], at->name, sizeof at->name);
        classes->count++;
    }
}

void
allowance_encode(const allowance_t *self, bytes_t *out)
{
    document_begin(out, "allowance");
    fields_add_hash(out, "site", &self->site);
    document_add(out, "worker", "%s", self->worker);
    document_add_instant(out, "made", self->made);
    document_add(out, "highest", "%s", class_word(self->highest));
    add_quorum(out, "approvals", self->more.approvals);
    add_quorum(out, "orders", self->more.orders);
    if (self->no_glass)
        document_add(out, "break-glass", NEVER);
    add_hours(out, "window", &self->windows);
    add_hours(out, "blackout", &self->blackouts);
    for (size_t i = 0; i < self->op_count; i++)
        document_add(out, "op", "%s", self->ops[i]);
    add_classes(out, "class", &self->worse);
    add_classes(out, "command", &self->commands);
    add_owns(out, &self->owns);
    document_end(out);
}

static void
read_op(allowance_t *self, document_reader_t *in)
{
    const char *name = document_row(in, "op", 1)[0];
    if (!fields_room(in, self->op_count, ALLOWANCE_OPS_MAX))
        return;
    fields_copy(in, name, self->ops[self->op_count], sizeof self->ops[0]);
    if (!text_is_name(name))
        document_spoil(in, FAULT_FORMAT, "'%.63s' is no op's name", name);
    self->op_count++;
}

int
allowance_decode(allowance_t *self, slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(memory_free) allowance_t *read = memory_new(1, sizeof *read);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "allowance", fault);
    fields_take_hash(&in, "site", &read->site);
    fields_take_name(&in, "worker", read->worker);
    read->made = document_instant(&in, "made");
    fields_class(&in, document_text(&in, "highest"), &read->highest);
    read_quorum(&in, "approvals", read->more.approvals);
    read_quorum(&in, "orders", read->more.orders);
    read->no_glass = document_has(&in, "break-glass");
    if (read->no_glass && strcmp(document_text(&in, "break-glass"), NEVER) != 0)
        document_spoil(&in, FAULT_FORMAT, "'break-glass' is '%s' or absent", NEVER);
    read_hours(&in, "window", &read->windows);
    read_hours(&in, "blackout", &read->blackouts);
    while (document_has(&in, "op"))
        read_op(read, &in);
    read_classes(&in, "class", &read->worse);
    read_classes(&in, "command", &read->commands);
    read_owns(&in, &read->owns);
    if (document_close(&in, fault))
        return fault_wrap(fault, "allowance");
    allowance_encode(read, again);
    if (document_same(document, bytes_slice(again), fault))
        return fault_wrap(fault, "allowance");
    *self = *read;
    return 0;
}

int
allowance_check(allowance_t *self, const trust_t *trust, slice_t document, slice_t armor,
                fault_t *fault)
{
    signature_t signature;
    CLEANUP(memory_free) allowance_t *read = memory_new(1, sizeof *read);
    if (signature_decode(&signature, armor, fault) ||
        signature_check(&signature, document, SIGN_ALLOWANCE, fault) ||
        allowance_decode(read, document, fault))
        return -1;
    if (!hash_equal(&read->site, trust_site(trust)))
        return fault_set(fault, FAULT_SITE, "allowance: made for another site");
    const worker_line_t *worker = trust_worker(trust, read->worker, NULL);
    if (!worker)
        return fault_set(fault, FAULT_NOT_FOUND, "allowance: no fleet document lists '%s'",
                         read->worker);
    if (!pubkey_equal(&worker->key, &signature.key))
        return fault_set(fault, FAULT_KEY, "allowance: not signed by the key of '%s'",
                         read->worker);
    *self = *read;
    return 0;
}

void
allowance_hours_add(allowance_hours_t *self, const weekly_t *weekly)
{
    char text[WEEKLY_TEXT_MAX];
    size_t at = 0;
    weekly_write(weekly, text);
    while (at < self->count && strcmp(self->at[at], text) < 0)
        at++;
    if (self->count == ALLOWANCE_HOURS_MAX || (at < self->count && !strcmp(self->at[at], text)))
        return;
    memmove(self->at[at + 1], self->at[at], (self->count++ - at) * sizeof self->at[0]);
    memcpy(self->at[at], text, sizeof text);
}

static bool
stands(const char *hours, wall_t now)
{
    weekly_t weekly;
    char days[WEEKLY_TEXT_MAX];
    text_copy(days, sizeof days, hours);
    char *span = strchr(days, ' ');
    *span++ = '\0';
    return weekly_read(&weekly, days, span) && weekly_stands(&weekly, now);
}

bool
allowance_hours_stand(const allowance_hours_t *self, wall_t now)
{
    for (size_t i = 0; i < self->count; i++)
        if (stands(self->at[i], now))
            return true;
    return false;
}

static int
compare_owns(const allowance_own_t *left, const allowance_own_t *right)
{
    int order = document_compare(left->op, right->op);
    return order ? order : document_compare(left->hours, right->hours);
}

void
allowance_owns_add(allowance_owns_t *self, const char *op, const weekly_t *weekly)
{
    allowance_own_t own = {.op = ""};
    size_t at = 0;
    text_copy(own.op, sizeof own.op, op);
    weekly_write(weekly, own.hours);
    while (at < self->count && compare_owns(&self->at[at], &own) < 0)
        at++;
    if (self->count == ALLOWANCE_HOURS_MAX ||
        (at < self->count && !compare_owns(&self->at[at], &own)))
        return;
    memmove(&self->at[at + 1], &self->at[at], (self->count++ - at) * sizeof self->at[0]);
    self->at[at] = own;
}

bool
allowance_owns_stand(const allowance_owns_t *self, const char *op, wall_t now)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->at[i].op, op) && stands(self->at[i].hours, now))
            return true;
    return !allowance_owns_of(self, op);
}

size_t
allowance_owns_of(const allowance_owns_t *self, const char *op)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += !strcmp(self->at[i].op, op);
    return count;
}

void
allowance_classes_add(allowance_classes_t *self, const char *name, class_t class_)
{
    size_t at = 0;
    while (at < self->count && document_compare(self->at[at].name, name) < 0)
        at++;
    if (at < self->count && !strcmp(self->at[at].name, name)) {
        self->at[at].class_ = class_ > self->at[at].class_ ? class_ : self->at[at].class_;
        return;
    }
    if (self->count == ALLOWANCE_CLASSES_MAX)
        return;
    memmove(&self->at[at + 1], &self->at[at], (self->count++ - at) * sizeof self->at[0]);
    self->at[at].class_ = class_;
    text_copy(self->at[at].name, sizeof self->at[at].name, name);
}

const allowance_class_t *
allowance_classes_find(const allowance_classes_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->at[i].name, name))
            return &self->at[i];
    return NULL;
}

bool
allowance_has(const allowance_t *self, const char *op)
{
    for (size_t i = 0; i < self->op_count; i++)
        if (!strcmp(self->ops[i], op))
            return true;
    return false;
}
