/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/halt.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/fields.h"

#define NONCE_BYTES 16

static const char *const words[HALT_COUNT] = {
#define X(what, word) [what] = word,
    HALT_WHATS(X)
#undef X
};

const char *
halt_word(halt_what_t self)
{
    assert(self < HALT_COUNT);
    return words[self];
}

bool
halt_read(const char *word, halt_what_t *out)
{
    for (int i = 0; i < HALT_COUNT; i++)
        if (!strcmp(word, words[i])) {
            *out = (halt_what_t)i;
            return true;
        }
    return false;
}

bool
halt_revokes(halt_what_t self)
{
    return self >= HALT_PERSON;
}

bool
halt_caused(fault_code_t code)
{
    return code == FAULT_STOPPED || code == FAULT_REVOKED;
}

bool
halt_is(slice_t document)
{
    char type[16];
    document_type(document, type, sizeof type);
    return !strcmp(type, "stop") || !strcmp(type, "revoke") || !strcmp(type, "resume");
}

static const char *
type_of(bool revokes)
{
    return revokes ? "revoke" : "stop";
}

static bool
name_fits(halt_what_t what, const char *name)
{
    static const bool by_hash[HALT_COUNT] = {
        [HALT_RUN] = true, [HALT_KEY] = true, [HALT_RELEASE] = true, [HALT_GRANT] = true};
    hash_t ignored;
    if (what == HALT_SITE)
        return !strcmp(name, "-");
    return by_hash[what] ? hash_read(name, &ignored) : text_is_name(name);
}

static void
read_until(stop_t *self, document_reader_t *in)
{
    if (!document_has(in, "until"))
        return;
    self->until = document_time(in, "until");
    if (self->what != HALT_RUN || self->until.ms <= self->created.ms)
        document_spoil(in, FAULT_FORMAT, "'until' is of the stop of a run, and behind 'created'");
}

static void
read_what(stop_t *self, bool revokes, document_reader_t *in)
{
    if (!halt_read(document_text(in, "what"), &self->what) || halt_revokes(self->what) != revokes)
        document_spoil(in, FAULT_FORMAT, "'what' is nothing that one can %s", type_of(revokes));
    const char *name = document_text(in, "name");
    if (name_fits(self->what, name))
        text_copy(self->name, sizeof self->name, name);
    else
        document_spoil(in, FAULT_FORMAT, "'%.64s' names no %s", name, halt_word(self->what));
}

stop_t *
stop_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    char type[16];
    uint8_t nonce[NONCE_BYTES] = {0};
    CLEANUP(stop_destroy) stop_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_type(document, type, sizeof type);
    bool revokes = !strcmp(type, type_of(true));
    document_open(&in, document, type_of(revokes), fault);
    fields_take_hash(&in, "site", &self->site);
    read_what(self, revokes, &in);
    fields_copy(&in, document_free(&in, "reason"), self->reason, sizeof self->reason);
    self->created = document_time(&in, "created");
    read_until(self, &in);
    document_hex(&in, "nonce", nonce, sizeof nonce);
    hex_encode(slice_of(nonce, sizeof nonce), self->nonce);
    if (document_close(&in, fault))
        return NULL;
    stop_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

void
stop_encode(const stop_t *self, bytes_t *out)
{
    document_begin(out, type_of(halt_revokes(self->what)));
    fields_add_hash(out, "site", &self->site);
    document_add(out, "what", "%s", halt_word(self->what));
    document_add(out, "name", "%s", self->name);
    document_add(out, "reason", "%s", self->reason);
    document_add_time(out, "created", self->created);
    if (self->until.ms)
        document_add_time(out, "until", self->until);
    document_add(out, "nonce", "%s", self->nonce);
    document_end(out);
}

void
stop_destroy(stop_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

resume_t *
resume_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(resume_destroy) resume_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "resume", fault);
    fields_take_hash(&in, "site", &self->site);
    fields_take_hash(&in, "stop", &self->stop);
    fields_copy(&in, document_free(&in, "reason"), self->reason, sizeof self->reason);
    self->created = document_time(&in, "created");
    if (document_close(&in, fault))
        return NULL;
    resume_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

void
resume_encode(const resume_t *self, bytes_t *out)
{
    document_begin(out, "resume");
    fields_add_hash(out, "site", &self->site);
    fields_add_hash(out, "stop", &self->stop);
    document_add(out, "reason", "%s", self->reason);
    document_add_time(out, "created", self->created);
    document_end(out);
}

void
resume_destroy(resume_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}
