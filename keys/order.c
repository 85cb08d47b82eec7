/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/order.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/base64.h"
#include "keys/fields.h"

#define NONCE_BYTES 16
#define SOAK_MAX_S  (7 * 86400)

static void
read_head(order_t *self, document_reader_t *in)
{
    fields_take_hash(in, "site", &self->site);
    fields_take_name(in, "playbook", self->playbook);
    const char *mode = document_text(in, "mode");
    self->dry = !strcmp(mode, "dry");
    if (!self->dry && strcmp(mode, "run") != 0)
        document_spoil(in, FAULT_FORMAT, "'mode' is neither 'run' nor 'dry'");
    if (document_has(in, "incident"))
        self->incident = document_number(in, "incident", 1, FIELDS_NUMBER_MAX);
    fields_copy(in, document_free(in, "reason"), self->reason, sizeof self->reason);
    if (document_has(in, "break-glass"))
        fields_copy(in, document_free(in, "break-glass"), self->break_glass,
                    sizeof self->break_glass);
}

static void
read_window(order_t *self, document_reader_t *in)
{
    uint8_t nonce[NONCE_BYTES] = {0};
    self->created = document_time(in, "created");
    self->not_before = document_time(in, "not-before");
    self->not_after = document_time(in, "not-after");
    self->undo_until = document_time(in, "undo-until");
    if (self->undo_until.ms < self->not_after.ms)
        document_spoil(in, FAULT_FORMAT, "'undo-until' is before 'not-after'");
    document_hex(in, "nonce", nonce, sizeof nonce);
    hex_encode(slice_of(nonce, sizeof nonce), self->nonce);
    self->soak_s = document_number(in, "soak", 0, SOAK_MAX_S);
    self->max_failures = (unsigned)document_number(in, "max-failures", 0, ORDER_WAVE_TARGETS_MAX);
    if (document_has(in, "continues"))
        fields_take_hash(in, "continues", &self->continues);
}

static void
read_release(order_t *self, document_reader_t *in)
{
    char **row = document_row(in, "release", 2);
    if (!fields_room(in, self->release_count, ORDER_RELEASES_MAX))
        return;
    size_t at = self->release_count++;
    fields_name(in, row[0], self->releases[at].playbook);
    fields_hash(in, row[1], &self->releases[at].hash);
    for (size_t i = 0; i < at; i++)
        if (!strcmp(self->releases[i].playbook, self->releases[at].playbook))
            document_spoil(in, FAULT_FORMAT, "'%s' has two releases", self->releases[at].playbook);
}

static void
read_input(order_t *self, document_reader_t *in)
{
    char **row = document_row(in, "input", 2);
    if (!fields_room(in, self->input_count, ORDER_INPUTS_MAX))
        return;
    input_text_t *input = &self->inputs[self->input_count];
    fields_name(in, row[0], input->name);
    fields_unescape(in, row[1], input->text, sizeof input->text);
    for (size_t i = 0; i < self->input_count; i++)
        if (!strcmp(self->inputs[i].name, input->name))
            document_spoil(in, FAULT_FORMAT, "input '%s' has two values", input->name);
    self->input_count++;
}

static void
read_wave(order_t *self, document_reader_t *in)
{
    char **row = document_row(in, "wave", 3);
    if (!fields_room(in, self->wave_count, ORDER_WAVES_MAX))
        return;
    wave_line_t *line = &self->waves[self->wave_count];
    line->wave = (unsigned)fields_number(in, row[0], 1, ORDER_TARGETS_MAX + ORDER_WAVES_MAX);
    line->count = fields_number(in, row[1], ORDER_WAVE_MAX + 1, ORDER_WAVE_TARGETS_MAX);
    fields_hash(in, row[2], &line->root);
    if (self->wave_count && line->wave != line[-1].wave + 1)
        document_spoil(in, FAULT_FORMAT, "wave %u comes after wave %u", line->wave, line[-1].wave);
    self->wave_count++;
}

/* Waves ascend, so a wave's size is the distance to its first line. */
static void
read_target(order_t *self, document_reader_t *in)
{
    char **row = document_row(in, "target", 2);
    if (!fields_room(in, self->target_count, ORDER_TARGETS_MAX))
        return;
    self->targets = fields_grow(self->targets, self->target_count, sizeof *self->targets);
    target_line_t *line = &self->targets[self->target_count];
    line->wave = (unsigned)fields_number(in, row[0], 1, ORDER_TARGETS_MAX);
    fields_target(in, row[1], line->target);
    unsigned before = self->target_count ? line[-1].wave : 0;
    if (line->wave != before && line->wave != before + 1)
        document_spoil(in, FAULT_FORMAT, "wave %u comes after wave %u", line->wave, before);
    if (self->target_count >= ORDER_WAVE_MAX && line[-ORDER_WAVE_MAX].wave == line->wave)
        document_spoil(in, FAULT_LIMIT, "wave %u has over %d targets", line->wave, ORDER_WAVE_MAX);
    self->target_count++;
}

static void
read_secret(order_t *self, document_reader_t *in)
{
    char **row = document_row(in, "secret", 2);
    if (!fields_room(in, self->input_count + self->secret_count, ORDER_INPUTS_MAX))
        return;
    self->secrets = fields_grow(self->secrets, self->secret_count, sizeof *self->secrets);
    secret_line_t *line = &self->secrets[self->secret_count];
    fields_name(in, row[0], line->name);
    if (!base64_read(slice_text(row[1]), line->sealed, sizeof line->sealed, &line->size) ||
        line->size <= SEAL_EXTRA_BYTES)
        document_spoil(in, FAULT_FORMAT, "what is sealed is not base64 of %d to %zu bytes",
                       SEAL_EXTRA_BYTES + 1, sizeof line->sealed);
    if (order_secret(self, line->name))
        document_spoil(in, FAULT_FORMAT, "input '%s' has two values", line->name);
    for (size_t i = 0; i < self->input_count; i++)
        if (!strcmp(self->inputs[i].name, line->name))
            document_spoil(in, FAULT_FORMAT, "input '%s' has two values", line->name);
    self->secret_count++;
}

static void
read_seal(order_t *self, document_reader_t *in)
{
    size_t size;
    char **row = document_row(in, "seal", 3);
    if (!fields_room(in, self->seal_count, ORDER_SEALS_MAX))
        return;
    self->seals = fields_grow(self->seals, self->seal_count, sizeof *self->seals);
    seal_line_t *line = &self->seals[self->seal_count++];
    line->worker = !strcmp(row[0], "worker");
    if (!line->worker && strcmp(row[0], "person") != 0)
        document_spoil(in, FAULT_FORMAT, "'%.60s' is neither 'person' nor 'worker'", row[0]);
    fields_name(in, row[1], line->name);
    if (!base64_read(slice_text(row[2]), line->box, sizeof line->box, &size) ||
        size != sizeof line->box)
        document_spoil(in, FAULT_FORMAT, "what is sealed to '%s' is not base64 of %zu bytes",
                       line->name, sizeof line->box);
}

static int
compare_targets(const void *left, const void *right)
{
    const target_line_t *const *a = left, *const *b = right;
    return strcmp((*a)->target, (*b)->target);
}

static int
check_targets(const order_t *self, fault_t *fault)
{
    if (!self->target_count && !self->wave_count)
        return fault_set(fault, FAULT_FORMAT, "an order without a target means nobody");
    if (self->wave_count && self->waves[0].wave != order_gate(self) + 1)
        return fault_set(fault, FAULT_FORMAT, "wave %u comes after wave %u that is listed",
                         self->waves[0].wave, order_gate(self));
    CLEANUP(memory_free)
    const target_line_t **sorted = memory_new(self->target_count, sizeof *sorted);
    for (size_t i = 0; i < self->target_count; i++)
        sorted[i] = &self->targets[i];
    qsort(sorted, self->target_count, sizeof *sorted, compare_targets);
    for (size_t i = 1; i < self->target_count; i++)
        if (!strcmp(sorted[i - 1]->target, sorted[i]->target))
            return fault_set(fault, FAULT_FORMAT, "target '%s' stands there twice",
                             sorted[i]->target);
    return 0;
}

/* Every worker of a target can read what the order seals, and no other: else it could not run. */
static int
check_seals(const order_t *self, fault_t *fault)
{
    char worker[TEXT_NAME_MAX + 1];
    if (self->secret_count && !self->seal_count)
        return fault_set(fault, FAULT_FORMAT, "input '%s' is sealed, and nobody can open it",
                         self->secrets[0].name);
    if (self->seal_count && (self->wave_count || self->seals[0].worker))
        return fault_set(fault, FAULT_FORMAT,
                         "a sealed order lists all its targets and a person who reads it");
    for (size_t i = 0; i < self->seal_count; i++) {
        const seal_line_t *line = &self->seals[i];
        if (i && line->worker == line[-1].worker && !strcmp(line->name, line[-1].name))
            return fault_set(fault, FAULT_FORMAT, "'%s' is sealed to twice", line->name);
        if (line->worker && !order_target(self, line->name))
            return fault_set(fault, FAULT_FORMAT, "worker '%s' is sealed to, and is no target",
                             line->name);
    }
    for (size_t i = 0; self->seal_count && i < self->target_count; i++) {
        target_worker(self->targets[i].target, worker);
        if (!order_seal(self, true, worker))
            return fault_set(fault, FAULT_FORMAT,
                             "the order is sealed, and not to the worker of target '%s'",
                             self->targets[i].target);
    }
    return 0;
}

static int
check_releases(const order_t *self, fault_t *fault)
{
    if (!order_release(self))
        return fault_set(fault, FAULT_FORMAT, "no release of playbook '%s' among its releases",
                         self->playbook);
    return 0;
}

order_t *
order_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(order_destroy) order_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "order", fault);
    read_head(self, &in);
    read_window(self, &in);
    while (document_has(&in, "release"))
        read_release(self, &in);
    while (document_has(&in, "input"))
        read_input(self, &in);
    while (document_has(&in, "secret"))
        read_secret(self, &in);
    while (document_has(&in, "wave"))
        read_wave(self, &in);
    while (document_has(&in, "target"))
        read_target(self, &in);
    while (document_has(&in, "seal"))
        read_seal(self, &in);
    if (document_close(&in, fault) || check_releases(self, fault) || check_targets(self, fault) ||
        check_seals(self, fault))
        return NULL;
    order_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_head(const order_t *self, bytes_t *out)
{
    fields_add_hash(out, "site", &self->site);
    document_add(out, "playbook", "%s", self->playbook);
    document_add(out, "mode", "%s", self->dry ? "dry" : "run");
    if (self->incident)
        document_add(out, "incident", "%llu", (unsigned long long)self->incident);
    document_add(out, "reason", "%s", self->reason);
    if (order_breaks_glass(self))
        document_add(out, "break-glass", "%s", self->break_glass);
    document_add_time(out, "created", self->created);
    document_add_time(out, "not-before", self->not_before);
    document_add_time(out, "not-after", self->not_after);
    document_add_time(out, "undo-until", self->undo_until);
    document_add(out, "nonce", "%s", self->nonce);
    document_add(out, "soak", "%llu", (unsigned long long)self->soak_s);
    document_add(out, "max-failures", "%u", self->max_failures);
    if (!hash_equal(&self->continues, &HASH_ZERO))
        fields_add_hash(out, "continues", &self->continues);
}

/* Base64, in scratch and valid until its next use. */
static const char *
spell(bytes_t *scratch, slice_t bytes)
{
    bytes_clear(scratch);
    base64_write(bytes, scratch);
    return bytes_text(scratch);
}

void
order_encode(const order_t *self, bytes_t *out)
{
    char digits[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *scratch = bytes_new();
    document_begin(out, "order");
    add_head(self, out);
    for (size_t i = 0; i < self->release_count; i++)
        document_add(out, "release", "%s %s", self->releases[i].playbook,
                     hash_write(&self->releases[i].hash, digits));
    for (size_t i = 0; i < self->input_count; i++)
        document_add(out, "input", "%s %s", self->inputs[i].name,
                     fields_escape(scratch, self->inputs[i].text));
    for (size_t i = 0; i < self->secret_count; i++) {
        const secret_line_t *line = &self->secrets[i];
        document_add(out, "secret", "%s %s", line->name,
                     spell(scratch, slice_of(line->sealed, line->size)));
    }
    for (size_t i = 0; i < self->wave_count; i++)
        document_add(out, "wave", "%u %llu %s", self->waves[i].wave,
                     (unsigned long long)self->waves[i].count,
                     hash_write(&self->waves[i].root, digits));
    for (size_t i = 0; i < self->target_count; i++)
        document_add(out, "target", "%u %s", self->targets[i].wave, self->targets[i].target);
    for (size_t i = 0; i < self->seal_count; i++) {
        const seal_line_t *line = &self->seals[i];
        document_add(out, "seal", "%s %s %s", line->worker ? "worker" : "person", line->name,
                     spell(scratch, slice_of(line->box, sizeof line->box)));
    }
    document_end(out);
}

void
order_destroy(order_t **self_p)
{
    order_t *self = *self_p;
    if (!self)
        return;
    free(self->targets);
    free(self->secrets);
    free(self->seals);
    free(self);
    *self_p = NULL;
}

bool
order_breaks_glass(const order_t *self)
{
    return self->break_glass[0];
}

const hash_t *
order_release(const order_t *self)
{
    return order_release_of(self, self->playbook);
}

const hash_t *
order_release_of(const order_t *self, const char *playbook)
{
    for (size_t i = 0; i < self->release_count; i++)
        if (!strcmp(self->releases[i].playbook, playbook))
            return &self->releases[i].hash;
    return NULL;
}

wall_t
order_end(const order_t *self)
{
    wall_t finished = {self->not_after.ms + ORDER_FINISH_MAX_MS};
    return finished.ms < self->undo_until.ms ? self->undo_until : finished;
}

const target_line_t *
order_target(const order_t *self, const char *worker)
{
    for (size_t i = 0; i < self->target_count; i++)
        if (target_is_of(self->targets[i].target, worker))
            return &self->targets[i];
    return NULL;
}

/* document_compare's order: where both names are of digits alone, the shorter one first. */
static int
compare_seal(const seal_line_t *line, bool worker, const char *name)
{
    return line->worker != worker ? (line->worker ? 1 : -1) : document_compare(line->name, name);
}

const seal_line_t *
order_seal(const order_t *self, bool worker, const char *name)
{
    size_t from = 0, to = self->seal_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare_seal(&self->seals[middle], worker, name);
        if (!order)
            return &self->seals[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

const secret_line_t *
order_secret(const order_t *self, const char *name)
{
    for (size_t i = 0; i < self->secret_count; i++)
        if (!strcmp(self->secrets[i].name, name))
            return &self->secrets[i];
    return NULL;
}

hash_t
order_frame(const order_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(memory_free) order_t *frame = memory_new(1, sizeof *frame);
    *frame = *self;
    frame->secret_count = frame->seal_count = 0;
    order_encode(frame, text);
    return hash_of(bytes_slice(text));
}

const wave_line_t *
order_wave(const order_t *self, unsigned wave)
{
    for (size_t i = 0; i < self->wave_count; i++)
        if (self->waves[i].wave == wave)
            return &self->waves[i];
    return NULL;
}

unsigned
order_gate(const order_t *self)
{
    return self->target_count ? self->targets[self->target_count - 1].wave : 0;
}

unsigned
order_wave_before(const order_t *self, unsigned wave)
{
    unsigned gate = order_gate(self);
    assert(wave >= 1);
    return wave <= gate ? wave - 1 : gate;
}

uint64_t
order_target_total(const order_t *self)
{
    uint64_t total = self->target_count;
    for (size_t i = 0; i < self->wave_count; i++)
        total += self->waves[i].count;
    return total;
}

bool
target_valid(const char *target)
{
    char worker[TEXT_NAME_MAX + 1];
    size_t size = strcspn(target, "/");
    if (size >= sizeof worker)
        return false;
    memcpy(worker, target, size);
    worker[size] = '\0';
    return text_is_name(worker) && (!target[size] || text_is_name(target + size + 1));
}

bool
target_is_of(const char *target, const char *worker)
{
    size_t size = strlen(worker);
    return !strncmp(target, worker, size) && (!target[size] || target[size] == '/');
}

void
target_worker(const char *target, char out[static TEXT_NAME_MAX + 1])
{
    size_t size = strcspn(target, "/");
    assert(size <= TEXT_NAME_MAX);
    memcpy(out, target, size);
    out[size] = '\0';
}
