/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/receipt.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/fields.h"

#define OUTPUT_BYTES_MAX (512 * 1024)

static const char *const words[OUTCOME_COUNT] = {
#define X(outcome, word) [outcome] = word,
    OUTCOMES(X)
#undef X
};

const char *
outcome_word(outcome_t self)
{
    assert(self < OUTCOME_COUNT);
    return words[self];
}

bool
outcome_read(const char *word, outcome_t *out)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (!strcmp(word, words[i])) {
            *out = (outcome_t)i;
            return true;
        }
    return false;
}

bool
step_path_valid(const char *path)
{
    char name[TEXT_NAME_MAX + 1];
    for (size_t depth = 1; depth <= STEP_DEPTH_MAX; depth++) {
        size_t size = strcspn(path, "/");
        if (size >= sizeof name)
            return false;
        memcpy(name, path, size);
        name[size] = '\0';
        if (!text_is_name(name))
            return false;
        if (!path[size])
            return true;
        path += size + 1;
    }
    return false;
}

const char *
step_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *const phases[] = {[PHASE_RUN] = "run", [PHASE_UNDO] = "undo"};

const char *
phase_word(phase_t self)
{
    assert(self < ARRAY_SIZE(phases));
    return phases[self];
}

bool
phase_read(const char *word, phase_t *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
        if (!strcmp(word, phases[i])) {
            *out = (phase_t)i;
            return true;
        }
    return false;
}

static void
read_chain(receipt_t *self, document_reader_t *in)
{
    fields_take_hash(in, "site", &self->site);
    fields_take_name(in, "worker", self->worker);
    self->sequence = document_number(in, "sequence", 1, FIELDS_NUMBER_MAX);
    fields_take_hash(in, "previous", &self->previous);
    if ((self->sequence == 1) != hash_equal(&self->previous, &HASH_ZERO))
        document_spoil(in, FAULT_FORMAT, "only the first receipt, and it always, follows none");
}

static bool
is_authority(const char *word)
{
    static const char *const known[] = {"order", "glass", "grant", "token"};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (!strcmp(word, known[i]))
            return true;
    return false;
}

static void
read_authority(receipt_t *self, document_reader_t *in)
{
    fields_take_hash(in, "run", &self->run);
    const char *authority = document_text(in, "authority");
    if (is_authority(authority))
        text_copy(self->authority, sizeof self->authority, authority);
    else
        document_spoil(in, FAULT_FORMAT, "'authority' is not 'order', 'glass', 'grant' or 'token'");
    fields_take_hash(in, "release", &self->release);
    fields_target(in, document_text(in, "target"), self->target);
}

static void
read_step(receipt_t *self, document_reader_t *in)
{
    const char *step = document_text(in, "step");
    if (!strcmp(step, "-"))
        text_copy(self->step, sizeof self->step, step);
    else
        fields_step(in, step, self->step);
    bool reached = strcmp(self->step, "-") != 0;
    if (!phase_read(document_text(in, "phase"), &self->phase))
        document_spoil(in, FAULT_FORMAT, "'phase' is neither 'run' nor 'undo'");
    if (!reached && self->phase != PHASE_RUN)
        document_spoil(in, FAULT_FORMAT, "without a step there is nothing to undo");
    self->attempt = document_number(in, "attempt", 0, FIELDS_NUMBER_MAX);
    if (reached != (self->attempt > 0))
        document_spoil(in, FAULT_FORMAT, "attempts count from 1, and are 0 without a step");
}

static void
read_outcome(receipt_t *self, document_reader_t *in)
{
    if (!outcome_read(document_text(in, "outcome"), &self->outcome) ||
        self->outcome == OUTCOME_OPEN)
        document_spoil(in, FAULT_FORMAT, "'outcome' is none of a step's outcomes");
    if (!outcome_read(document_text(in, "part"), &self->part))
        document_spoil(in, FAULT_FORMAT, "'part' is none of a part's outcomes");
    fields_copy(in, document_text(in, "code"), self->code, sizeof self->code);
    bool fine = self->outcome == OUTCOME_OK || self->outcome == OUTCOME_SKIPPED;
    bool none = !strcmp(self->code, fault_word(FAULT_NONE));
    if (fault_of(self->code) == FAULT_CODES || (fine && !none) ||
        (!fine && none && self->outcome != OUTCOME_STOPPED))
        document_spoil(in, FAULT_FORMAT, "'code' is not the word of a fault that goes with '%s'",
                       outcome_word(self->outcome));
    fields_copy(in, document_free(in, "reason"), self->reason, sizeof self->reason);
}

static void
read_output(receipt_t *self, document_reader_t *in)
{
    self->started = document_instant(in, "started");
    self->ended = document_instant(in, "ended");
    if (document_has(in, "consent"))
        fields_take_hash(in, "consent", &self->consent);
    char **row = document_row(in, "output", 2);
    fields_hash(in, row[0], &self->output);
    self->output_bytes = fields_number(in, row[1], 0, OUTPUT_BYTES_MAX);
    if (!self->output_bytes != hash_equal(&self->output, &HASH_ZERO))
        document_spoil(in, FAULT_FORMAT, "an output of no bytes has a hash of zeroes");
}

static void
read_op(receipt_t *self, document_reader_t *in)
{
    char **row = document_row(in, "op", 5);
    if (!fields_room(in, self->op_count, RECEIPT_OPS_MAX))
        return;
    receipt_op_t *op = &self->ops[self->op_count++];
    *op = (receipt_op_t){0};
    fields_number(in, row[0], self->op_count, self->op_count);
    fields_name(in, row[1], op->op);
    fields_hash(in, row[2], &op->arguments);
    fields_hash(in, row[3], &op->result);
    fields_copy(in, row[4], op->code, sizeof op->code);
    fault_code_t code = fault_of(op->code);
    if (strcmp(op->code, "ok") != 0 && (code == FAULT_NONE || code == FAULT_CODES))
        document_spoil(in, FAULT_FORMAT, "'%s' is neither 'ok' nor the word of a fault", op->code);
    if (strcmp(op->code, "ok") != 0 && code != FAULT_DRY && !hash_equal(&op->result, &HASH_ZERO))
        document_spoil(in, FAULT_FORMAT, "an op that failed has a result of zeroes");
}

receipt_t *
receipt_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(receipt_destroy) receipt_t *self = memory_resize(NULL, 1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    memset(self, 0, offsetof(receipt_t, ops)); /* each of those is set where it is counted */
    document_open(&in, document, "receipt", fault);
    read_chain(self, &in);
    read_authority(self, &in);
    read_step(self, &in);
    read_outcome(self, &in);
    read_output(self, &in);
    while (document_has(&in, "op"))
        read_op(self, &in);
    if (document_close(&in, fault))
        return NULL;
    receipt_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_head(const receipt_t *self, bytes_t *out)
{
    fields_add_hash(out, "site", &self->site);
    document_add_text(out, "worker", self->worker);
    document_add(out, "sequence", "%llu", (unsigned long long)self->sequence);
    fields_add_hash(out, "previous", &self->previous);
    fields_add_hash(out, "run", &self->run);
    document_add_text(out, "authority", self->authority);
    fields_add_hash(out, "release", &self->release);
    document_add_text(out, "target", self->target);
    document_add_text(out, "step", self->step);
    document_add_text(out, "phase", phase_word(self->phase));
    document_add(out, "attempt", "%llu", (unsigned long long)self->attempt);
}

void
receipt_encode(const receipt_t *self, bytes_t *out)
{
    char first[HASH_TEXT], second[HASH_TEXT];
    document_begin(out, "receipt");
    add_head(self, out);
    document_add_text(out, "outcome", outcome_word(self->outcome));
    document_add_text(out, "part", outcome_word(self->part));
    document_add_text(out, "code", self->code);
    document_add_text(out, "reason", self->reason);
    document_add_instant(out, "started", self->started);
    document_add_instant(out, "ended", self->ended);
    if (!hash_equal(&self->consent, &HASH_ZERO))
        fields_add_hash(out, "consent", &self->consent);
    document_add(out, "output", "%s %llu", hash_write(&self->output, first),
                 (unsigned long long)self->output_bytes);
    for (size_t i = 0; i < self->op_count; i++)
        document_add(out, "op", "%zu %s %s %s %s", i + 1, self->ops[i].op,
                     hash_write(&self->ops[i].arguments, first),
                     hash_write(&self->ops[i].result, second), self->ops[i].code);
    document_end(out);
}

void
receipt_destroy(receipt_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}
