/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/recording.h"

#include <stdlib.h>

#include "wire/ops.h"
#include "wire/shape.h"

struct recording {
    const value_t *ops, *inject, *answers;
    size_t next;  /* in ops */
    size_t asked; /* so far */
    size_t fail_at;
    fault_code_t drawn; /* how that one fails */
    bool loose;         /* one was made to fail: the order no longer counts */
    size_t *hits;       /* of each row of inject, how often its op was asked for */
    fault_t wrong;
};

static size_t
items(const value_t *list)
{
    return list && value_kind(list) == VALUE_LIST ? value_count(list) : 0;
}

/* splitmix64: the same everywhere. */
static uint64_t
mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return number ^ number >> 31;
}

recording_t *
recording_new(const value_t *test, size_t fail_at, uint64_t seed)
{
    static const fault_code_t codes[] = {FAULT_FAILED, FAULT_TIMEOUT, FAULT_POLICY, FAULT_IO,
                                         FAULT_UNKNOWN};
    recording_t *self = memory_new(1, sizeof *self);
    self->ops = value_get(test, "ops");
    self->inject = value_get(test, "inject");
    self->answers = value_get(test, "answers");
    self->fail_at = fail_at;
    self->drawn = codes[mix(seed + fail_at) % ARRAY_SIZE(codes)];
    self->hits = memory_new(items(self->inject), sizeof *self->hits);
    return self;
}

void
recording_destroy(recording_t **self_p)
{
    if (*self_p)
        free((*self_p)->hits);
    free(*self_p);
    *self_p = NULL;
}

/* { code, text } to a fault. */
static value_t *
fail_as(const value_t *pair, fault_t *fault)
{
    bool two = items(pair) == 2;
    fault_code_t code = two ? fault_of(value_string(value_at(pair, 0))) : FAULT_CODES;
    bool known = code != FAULT_CODES && code != FAULT_NONE;
    fault_set(fault, known ? code : FAULT_FORMAT, "%s",
              known ? value_string(value_at(pair, 1)) : "a test's fault is { code, text }");
    return NULL;
}

/* A result that the op could not give would prove nothing. */
static value_t *
give(recording_t *self, const char *op, const value_t *result, fault_t *fault)
{
    const op_t *row = op_find(op);
    fault_t why = {0};
    if (!row || !shape_check_part(row->result, result, &why))
        return value_copy(result);
    fault_set(fault, FAULT_FAILED, "%s gives %s, and in the test %s", op, row->result, why.text);
    if (!self->wrong.code)
        self->wrong = *fault;
    return NULL;
}

/* What a record gives: its result, or its fault. */
static value_t *
replay(recording_t *self, const char *op, const value_t *record, fault_t *fault)
{
    const value_t *result = value_get(record, "result"), *failed = value_get(record, "fault");
    if (failed)
        return fail_as(failed, fault);
    return result ? give(self, op, result, fault) : value_nil();
}

static bool
is_of(const value_t *record, const char *op, const value_t *arguments)
{
    const value_t *wanted = value_get(record, "args");
    return !strcmp(value_get_text(record, "op"), op) && (!wanted || value_equal(wanted, arguments));
}

/* The failure that the test injects here; NULL where it injects none. */
static const value_t *
find_injection(recording_t *self, const char *step, const char *op)
{
    const value_t *found = NULL;
    for (size_t i = 0; i < items(self->inject); i++) {
        const value_t *row = value_at(self->inject, i);
        const char *its_step = value_get_text(row, "step"), *its_op = value_get_text(row, "op");
        int64_t nth = value_get(row, "nth") ? value_get_integer(row, "nth") : 1;
        if ((*its_step && strcmp(its_step, step) != 0) || (*its_op && strcmp(its_op, op) != 0))
            continue;
        if ((int64_t)++self->hits[i] == nth)
            found = row;
    }
    return found;
}

/* From the next record on, then from the first: one of this op. */
static const value_t *
find_record(recording_t *self, const char *op, const value_t *arguments)
{
    size_t count = items(self->ops);
    for (size_t i = 0; i < count; i++) {
        size_t at = (self->next + i) % count;
        if (!is_of(value_at(self->ops, at), op, arguments))
            continue;
        self->next = at + 1;
        return value_at(self->ops, at);
    }
    return NULL;
}

static value_t *
answer_loosely(recording_t *self, const char *op, const value_t *arguments, fault_t *fault)
{
    const value_t *record = find_record(self, op, arguments);
    const value_t *other = value_get(self->answers, op);
    if (record)
        return replay(self, op, record, fault);
    if (other)
        return give(self, op, other, fault);
    fault_set(fault, FAULT_FAILED,
              "%s is asked for after the failure, and neither ops nor answers has it", op);
    if (!self->wrong.code)
        self->wrong = *fault;
    return NULL;
}

static value_t *
answer_in_order(recording_t *self, const char *op, const value_t *arguments, fault_t *fault)
{
    const value_t *record = self->next < items(self->ops) ? value_at(self->ops, self->next) : NULL;
    if (record && is_of(record, op, arguments)) {
        self->next++;
        return replay(self, op, record, fault);
    }
    bool same = record && !strcmp(value_get_text(record, "op"), op);
    fault_set(fault, FAULT_FAILED, "op %zu is %s%s, and the test has %s", self->next + 1, op,
              same ? " with other arguments" : "",
              record ? value_get_text(record, "op") : "no more");
    if (!self->wrong.code)
        self->wrong = *fault;
    return NULL;
}

value_t *
recording_answer(recording_t *self, const char *step, const char *op, const value_t *arguments,
                 fault_t *fault)
{
    const value_t *injected = find_injection(self, step, op);
    bool drawn = ++self->asked == self->fail_at;
    if (!injected && !drawn)
        return self->loose ? answer_loosely(self, op, arguments, fault)
                           : answer_in_order(self, op, arguments, fault);
    self->loose = true;
    if (injected)
        return fail_as(value_get(injected, "fault"), fault);
    fault_set(fault, self->drawn, "made to fail by the test");
    return NULL;
}

size_t
recording_asked(const recording_t *self)
{
    return self->asked;
}

const char *
recording_drawn(const recording_t *self)
{
    return fault_word(self->drawn);
}

int
recording_wrong(const recording_t *self, fault_t *fault)
{
    return self->wrong.code ? fault_set(fault, FAULT_FAILED, "%s", self->wrong.text) : 0;
}

int
recording_finish(const recording_t *self, fault_t *fault)
{
    for (size_t i = 0; i < items(self->inject); i++) {
        const value_t *row = value_at(self->inject, i);
        int64_t nth = value_get(row, "nth") ? value_get_integer(row, "nth") : 1;
        if ((int64_t)self->hits[i] < nth)
            return fault_set(fault, FAULT_FAILED, "what inject's row %zu is to fail never came",
                             i + 1);
    }
    if (!self->loose && self->next < items(self->ops))
        return fault_set(fault, FAULT_FAILED, "op %zu of the test was never asked for",
                         self->next + 1);
    return 0;
}
