/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/report.h"

#include "wire/allowance.h"
#include "wire/message.h"

void
report_clear(report_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armor);
}

void
report_ask(outbox_t *outbox)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, "ALLOWANCE");
    frames_add_text(frames, "allowance");
    outbox_add(outbox, TO_EFFECTOR, 0, frames);
}

static void
tell(const report_t *self, unsigned link, outbox_t *outbox)
{
    frames_t *frames = message_new(MESSAGE_ALLOWANCE);
    frames_add(frames, bytes_slice(self->document));
    frames_add(frames, bytes_slice(self->armor));
    outbox_add(outbox, TO_LINK, link, frames);
}

int
report_take(report_t *self, slice_t document, const char *worker, trust_t *trust,
            const machinekey_t *key, outbox_t *outbox, fault_t *fault)
{
    CLEANUP(memory_free) allowance_t *said = memory_new(1, sizeof *said);
    if (allowance_decode(said, document, fault))
        return fault_wrap(fault, "the effector");
    if (strcmp(said->worker, worker) != 0 || !hash_equal(&said->site, trust_site(trust)))
        return fault_set(fault, FAULT_SITE, "the effector tells what another machine allows");
    trust_ask_more(trust, &said->more);
    report_clear(self);
    self->document = bytes_copy(document);
    self->armor = bytes_new();
    machinekey_sign(key, SIGN_ALLOWANCE, document, self->armor);
    if (self->welcomed)
        tell(self, 0, outbox);
    return 0;
}

void
report_welcome(report_t *self, unsigned link, outbox_t *outbox)
{
    self->welcomed = true;
    if (self->document)
        tell(self, link, outbox);
}
