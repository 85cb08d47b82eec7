/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/row.h"

#include <assert.h>
#include <stdlib.h>

static const char *const incident_words[] = {
#define X(state, word) [state] = word,
    INCIDENT_STATES(X)
#undef X
};

static const char *const run_words[] = {
#define X(state, word) [state] = word,
    RUN_STATES(X)
#undef X
};

static const char *const part_words[] = {
#define X(state, word) [state] = word,
    PART_STATES(X)
#undef X
};

static const char *const notice_words[] = {
#define X(state, word) [state] = word,
    NOTICE_STATES(X)
#undef X
};

static const char *const testimony_words[] = {
#define X(state, word) [state] = word,
    TESTIMONY_STATES(X)
#undef X
};

static const char *const tables[] = {
#define X(kind, table, type, member) [kind] = table,
    ROWS(X)
#undef X
};

/* Of a row_t that holds this kind. */
static const size_t sizes[ROW_KINDS] = {
#define X(kind, table, type, member) [kind] = offsetof(row_t, member) + sizeof(type),
    ROWS(X)
#undef X
};

#define NAMED(type, member, name, column, constancy)                                      \
    {                                                                                     \
        column, type, offsetof(row_t, member.name), sizeof(((row_t *)NULL)->member.name), \
            constancy                                                                     \
    }
#define COLUMN(type, member, name, constancy) NAMED(type, member, name, #name, constancy)
#define NUMBER(member, name)                  COLUMN(COLUMN_NUMBER, member, name, CHANGES)
#define WALL(member, name)                    COLUMN(COLUMN_WALL, member, name, CHANGES)
#define BOOL(member, name)                    COLUMN(COLUMN_BOOL, member, name, CHANGES)
#define TEXT(member, name)                    COLUMN(COLUMN_TEXT, member, name, CHANGES)
#define HASH(member, name)                    COLUMN(COLUMN_HASH, member, name, CHANGES)
#define BYTES(member, name)                   COLUMN(COLUMN_BYTES, member, name, CHANGES)
#define FIXED(type, member, name)             COLUMN(type, member, name, STAYS)
#define KEY(type, member, name)               COLUMN(type, member, name, IS_KEY)
#define WORD_KEY(member, name, count)                                   \
    {                                                                   \
#name, COLUMN_WORD, offsetof(row_t, member.name), count, IS_KEY \
    }
#define WORD(member, name, count)                                        \
    {                                                                    \
#name, COLUMN_WORD, offsetof(row_t, member.name), count, CHANGES \
    }
#define LAST                               \
    {                                      \
        NULL, COLUMN_NUMBER, 0, 0, CHANGES \
    }

static const column_t incident_columns[] = {
    KEY(COLUMN_NUMBER, incident, id),
    FIXED(COLUMN_TEXT, incident, source),
    FIXED(COLUMN_TEXT, incident, fingerprint),
    TEXT(incident, name),
    WORD(incident, state, INCIDENT_STATE_COUNT),
    TEXT(incident, severity),
    TEXT(incident, title),
    TEXT(incident, host),
    TEXT(incident, region),
    TEXT(incident, worker),
    WALL(incident, starts),
    FIXED(COLUMN_WALL, incident, first),
    WALL(incident, last),
    NUMBER(incident, count),
    BOOL(incident, firing),
    NUMBER(incident, leaf),
    TEXT(incident, playbooks),
    HASH(incident, run),
    TEXT(incident, reason),
    TEXT(incident, ack),
    TEXT(incident, assigned),
    BOOL(incident, severity_by_hand),
    NUMBER(incident, parent),
    HASH(incident, decided),
    LAST,
};

static const column_t run_columns[] = {
    KEY(COLUMN_HASH, run, id),
    FIXED(COLUMN_TEXT, run, playbook),
    FIXED(COLUMN_BOOL, run, by_grant),
    FIXED(COLUMN_HASH, run, authority),
    FIXED(COLUMN_HASH, run, release),
    FIXED(COLUMN_NUMBER, run, alert),
    FIXED(COLUMN_NUMBER, run, incident),
    WORD(run, state, RUN_STATE_COUNT),
    TEXT(run, reason),
    TEXT(run, who),
    FIXED(COLUMN_WALL, run, created),
    WALL(run, ended),
    WALL(run, not_after),
    NUMBER(run, soak_s),
    NUMBER(run, max_failures),
    FIXED(COLUMN_TEXT, run, worker),
    FIXED(COLUMN_TEXT, run, region),
    FIXED(COLUMN_HASH, run, continues),
    BOOL(run, paused),
    FIXED(COLUMN_TEXT, run, glass),
    FIXED(COLUMN_TEXT, run, via),
    FIXED(COLUMN_BOOL, run, dry),
    LAST,
};

static const column_t part_columns[] = {
    KEY(COLUMN_HASH, part, run),
    KEY(COLUMN_TEXT, part, target),
    FIXED(COLUMN_NUMBER, part, wave),
    WORD(part, state, PART_STATE_COUNT),
    TEXT(part, code),
    TEXT(part, text),
    WALL(part, offered),
    WALL(part, accepted),
    WALL(part, ended),
    BOOL(part, verified),
    BOOL(part, proven),
    NUMBER(part, receipt),
    TEXT(part, undo),
    LAST,
};

static const column_t document_columns[] = {
    KEY(COLUMN_HASH, document, hash),
    FIXED(COLUMN_TEXT, document, kind),
    BOOL(document, live),
    FIXED(COLUMN_BYTES, document, bytes),
    BYTES(document, armors),
    BYTES(document, files),
    LAST,
};

static const column_t receipt_columns[] = {
    KEY(COLUMN_TEXT, receipt, worker),
    KEY(COLUMN_NUMBER, receipt, sequence),
    KEY(COLUMN_HASH, receipt, hash),
    FIXED(COLUMN_HASH, receipt, run),
    FIXED(COLUMN_TEXT, receipt, target),
    FIXED(COLUMN_NUMBER, receipt, leaf),
    LAST,
};

static const column_t output_columns[] = {
    KEY(COLUMN_HASH, output, hash),
    FIXED(COLUMN_BYTES, output, bytes),
    LAST,
};

static const column_t leaf_columns[] = {
    KEY(COLUMN_NUMBER, leaf, number),     FIXED(COLUMN_TEXT, leaf, kind),
    FIXED(COLUMN_BYTES, leaf, bytes),     FIXED(COLUMN_HASH, leaf, hash),
    FIXED(COLUMN_NUMBER, leaf, incident), LAST,
};

static const column_t event_columns[] = {
    KEY(COLUMN_NUMBER, event, number),
    FIXED(COLUMN_BYTES, event, bytes),
    NAMED(COLUMN_HASH, event, leaf, "hash", STAYS),
    FIXED(COLUMN_NUMBER, event, incident),
    FIXED(COLUMN_HASH, event, run),
    FIXED(COLUMN_TEXT, event, worker),
    FIXED(COLUMN_TEXT, event, step),
    FIXED(COLUMN_TEXT, event, outcome),
    FIXED(COLUMN_TEXT, event, part),
    FIXED(COLUMN_TEXT, event, who),
    LAST,
};

static const column_t decision_columns[] = {
    NUMBER(decision, incident), WALL(decision, at),
    TEXT(decision, playbook),   HASH(decision, release),
    HASH(decision, grant),      BOOL(decision, acted),
    TEXT(decision, reason),     LAST,
};

static const column_t brake_columns[] = {
    KEY(COLUMN_TEXT, brake, region),
    BOOL(brake, engaged),
    WALL(brake, at),
    TEXT(brake, who),
    TEXT(brake, reason),
    LAST,
};

static const column_t drain_columns[] = {
    KEY(COLUMN_TEXT, drain, worker),
    BOOL(drain, engaged),
    WALL(drain, at),
    TEXT(drain, who),
    TEXT(drain, reason),
    LAST,
};

static const column_t allowance_columns[] = {
    KEY(COLUMN_TEXT, allowance, worker),
    BYTES(allowance, document),
    BYTES(allowance, armor),
    LAST,
};

static const column_t said_columns[] = {
    KEY(COLUMN_HASH, said, run),
    KEY(COLUMN_TEXT, said, target),
    KEY(COLUMN_NUMBER, said, start),
    BYTES(said, bytes),
    BOOL(said, closed),
    LAST,
};

static const column_t wait_columns[] = {
    KEY(COLUMN_HASH, wait, run),
    KEY(COLUMN_TEXT, wait, target),
    KEY(COLUMN_TEXT, wait, step),
    HASH(wait, receipt),
    HASH(wait, consent),
    WALL(wait, asked),
    WALL(wait, expires),
    BOOL(wait, open),
    LAST,
};

static const column_t kept_columns[] = {
    KEY(COLUMN_HASH, kept, halt),
    KEY(COLUMN_TEXT, kept, worker),
    WALL(kept, at),
    LAST,
};

static const column_t worker_columns[] = {
    KEY(COLUMN_TEXT, worker, id),
    NUMBER(worker, sequence),
    HASH(worker, head),
    LAST,
};

static const column_t position_columns[] = {
    NUMBER(position, size),
    BYTES(position, edge),
    NUMBER(position, incidents),
    BYTES(position, counts),
    LAST,
};

static const column_t checkpoint_columns[] = {
    KEY(COLUMN_NUMBER, checkpoint, size),
    BYTES(checkpoint, bytes),
    BYTES(checkpoint, armor),
    LAST,
};

static const column_t tile_columns[] = {
    KEY(COLUMN_NUMBER, tile, number),
    FIXED(COLUMN_HASH, tile, head),
    LAST,
};

static const column_t testimony_columns[] = {
    WORD_KEY(testimony, state, TESTIMONY_STATE_COUNT),
    NUMBER(testimony, size),
    HASH(testimony, head),
    BYTES(testimony, lines),
    LAST,
};

static const column_t notice_columns[] = {
    KEY(COLUMN_NUMBER, notice, number),
    TEXT(notice, sink),
    TEXT(notice, kind),
    TEXT(notice, text),
    NUMBER(notice, incident),
    HASH(notice, run),
    TEXT(notice, host),
    TEXT(notice, severity),
    TEXT(notice, playbook),
    WALL(notice, made),
    WALL(notice, next),
    NUMBER(notice, tries),
    WORD(notice, state, NOTICE_STATE_COUNT),
    TEXT(notice, reason),
    LAST,
};

static const column_t island_columns[] = {
    KEY(COLUMN_TEXT, island, name),
    NUMBER(island, taken),
    HASH(island, last),
    BOOL(island, tells),
    LAST,
};

static const column_t *const columns[ROW_KINDS] = {
#define X(kind, table, type, member) [kind] = member##_columns,
    ROWS(X)
#undef X
};

const char *
incident_word(incident_state_t self)
{
    assert(self < INCIDENT_STATE_COUNT);
    return incident_words[self];
}

bool
incident_open(incident_state_t self)
{
    return self != INCIDENT_RESOLVED && self != INCIDENT_ABANDONED;
}

const char *
run_word(run_state_t self)
{
    assert(self < RUN_STATE_COUNT);
    return run_words[self];
}

const char *
part_word(part_state_t self)
{
    assert(self < PART_STATE_COUNT);
    return part_words[self];
}

const char *
notice_word(notice_state_t self)
{
    assert(self < NOTICE_STATE_COUNT);
    return notice_words[self];
}

const char *
testimony_word(testimony_state_t self)
{
    assert(self < TESTIMONY_STATE_COUNT);
    return testimony_words[self];
}

bool
part_ended(part_state_t self)
{
    return self > PART_ACCEPTED;
}

const char *
row_table(row_kind_t kind)
{
    assert(kind < ROW_KINDS);
    return tables[kind];
}

const column_t *
row_columns(row_kind_t kind)
{
    assert(kind < ROW_KINDS);
    return columns[kind];
}

void
event_write(const event_row_t *self, bytes_t *line)
{
    char moment[MOMENT_TEXT_MAX], run[HASH_TEXT];
    wall_write_instant(self->at, moment);
    bytes_addf(line, "%s ", moment);
    if (self->incident)
        bytes_addf(line, "%llu", (unsigned long long)self->incident);
    else
        bytes_add_text(line,
                       hash_equal(&self->run, &HASH_ZERO) ? "-" : hash_write(&self->run, run));
    bytes_addf(line, " %s %s", self->kind, self->text);
}

/* What stands before the next space, and goes behind it; false where that is too long. */
static bool
take_word(slice_t *line, char *word, size_t size)
{
    const uint8_t *end = line->size ? memchr(line->data, ' ', line->size) : NULL;
    size_t length = end ? (size_t)(end - line->data) : 0;
    if (!end || length >= size)
        return false;
    memcpy(word, line->data, length);
    word[length] = '\0';
    *line = slice_of(end + 1, line->size - length - 1);
    return true;
}

bool
event_read(event_row_t *self)
{
    char moment[MOMENT_TEXT_MAX], about[HASH_TEXT];
    slice_t line = self->bytes;
    if (!take_word(&line, moment, sizeof moment) || !wall_read_instant(moment, &self->at) ||
        !take_word(&line, about, sizeof about) ||
        !take_word(&line, self->kind, sizeof self->kind) || line.size >= sizeof self->text)
        return false;
    memcpy(self->text, line.data, line.size);
    self->text[line.size] = '\0';
    return true;
}

static bool
same_cell(const column_t *column, const row_t *left, const row_t *right)
{
    const char *one = (const char *)left + column->offset;
    const char *other = (const char *)right + column->offset;
    if (column->type == COLUMN_TEXT)
        return !strcmp(one, other);
    if (column->type == COLUMN_BYTES)
        return slice_equal(*(const slice_t *)one, *(const slice_t *)other);
    return !memcmp(one, other, column->size);
}

bool
row_same(const row_t *left, const row_t *right)
{
    bool keyed = left->kind == ROW_POSITION;
    assert(left->kind == right->kind);
    for (const column_t *column = columns[left->kind]; column->name; column++) {
        if (column->constancy == IS_KEY && !same_cell(column, left, right))
            return false;
        keyed = keyed || column->constancy == IS_KEY;
    }
    return keyed;
}

bool
row_follows(const row_t *self, const row_t *before)
{
    assert(row_same(self, before));
    for (const column_t *column = columns[self->kind]; column->name; column++)
        if (column->constancy == STAYS && !same_cell(column, self, before))
            return false;
    return true;
}

/* As much of a row as its kind has, and behind it the bytes of its slices: one block. */
size_t
row_size(const row_t *self)
{
    size_t total = sizes[self->kind];
    for (const column_t *column = columns[self->kind]; column->name; column++)
        if (column->type == COLUMN_BYTES)
            total += ((const slice_t *)((const char *)self + column->offset))->size + 1;
    return total;
}

row_t *
row_copy_to(const row_t *from, void *place)
{
    size_t size = sizes[from->kind];
    row_t *self = place;
    uint8_t *copy = (uint8_t *)self + size;
    memcpy(self, from, size);
    for (const column_t *column = columns[from->kind]; column->name; column++) {
        slice_t *bytes = (slice_t *)((char *)self + column->offset);
        if (column->type != COLUMN_BYTES)
            continue;
        if (bytes->size)
            memcpy(copy, bytes->data, bytes->size);
        copy[bytes->size] = '\0';
        bytes->data = copy;
        copy += bytes->size + 1;
    }
    return self;
}

row_t *
row_copy(const row_t *from)
{
    return row_copy_to(from, memory_resize(NULL, row_size(from), 1));
}

void
row_destroy(row_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}
