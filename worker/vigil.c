/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/vigil.h"

#include "common/log.h"
#include "wire/message.h"

#define LATE_MS   5000
#define LOST_MS   15000 /* then a beacon that answers no nonce says that its answer is lost */
#define TELL_MS   (60 * 1000)
#define BEACON_ID "beacon" /* of what the effector is shown and asked */

static int
restore(void *context, slice_t state, fault_t *fault)
{
    const workplace_t *place = context;
    if (freshness_decode(place->freshness, place->trust, state, fault))
        return fault_wrap(fault, "the newest beacon in the ledger");
    return 0;
}

int
vigil_restore(const vigil_t *self, fault_t *fault)
{
    return ledger_get_beacon(self->place->ledger, restore, self->place, fault);
}

/* ---- nonces ------------------------------------------------------------------------------ */

/* What a beacon is held to be older for by a late answer counts till the next nonce. */
static bool
is_due(const vigil_t *self)
{
    const workplace_t *place = self->place;
    return self->anew || freshness_due(place->freshness, place->trust, place->clock) ||
           (self->late && place->clock.ms - self->asked.ms >= FRESHNESS_AGAIN_MS);
}

void
vigil_tick(vigil_t *self)
{
    const workplace_t *place = self->place;
    if (place->clock.ms >= self->look.ms)
        self->look.ms = place->clock.ms + FRESHNESS_AGAIN_MS;
    if (!self->online || self->drawing || !is_due(self))
        return;
    frames_t *frames = frames_new();
    frames_add_text(frames, message_word(MESSAGE_NONCE));
    frames_add_text(frames, BEACON_ID);
    outbox_add(place->outbox, TO_EFFECTOR, 0, frames);
    self->drawing = true;
    self->late = self->anew = false;
    self->asked = place->clock;
}

mono_t
vigil_deadline(const vigil_t *self)
{
    const root_t *root = trust_root(self->place->trust);
    bool asks = self->online && !self->drawing && root && root->timekeeper.name[0];
    return asks ? self->look : (mono_t){0};
}

void
vigil_welcome(vigil_t *self)
{
    self->online = true;
    self->anew = self->unanswered;
}

void
vigil_leave(vigil_t *self)
{
    self->online = false;
}

/* It was drawn after it was asked for: the earlier moment is the one that counts. */
int
vigil_on_nonce(vigil_t *self, const frames_t *frames, fault_t *fault)
{
    nonce_t nonce;
    char text[NONCE_TEXT];
    if (!self->drawing || !nonce_read(frames_text(frames, 2), &nonce))
        return fault_set(fault, FAULT_FORMAT, "the effector drew a nonce that nobody asked for");
    freshness_ask(self->place->freshness, &nonce, self->asked);
    self->drawing = false;
    self->unanswered = true;
    frames_t *answer = message_new(MESSAGE_NONCE);
    frames_add_text(answer, nonce_write(&nonce, text));
    outbox_add(self->place->outbox, TO_LINK, 0, answer);
    return 0;
}

/* ---- beacons ----------------------------------------------------------------------------- */

static int
keep(const vigil_t *self, fault_t *fault)
{
    const workplace_t *place = self->place;
    CLEANUP(bytes_destroy) bytes_t *state = bytes_new();
    freshness_encode(place->freshness, place->trust, state);
    outbox_need_commit(place->outbox);
    return ledger_put_beacon(place->ledger, bytes_slice(state), fault);
}

static void
show(const vigil_t *self, const frames_t *frames)
{
    frames_t *beacon = message_new(MESSAGE_BEACON);
    frames_add_text(beacon, BEACON_ID);
    for (size_t i = 1; i < frames->count; i++)
        frames_add(beacon, frames_at(frames, i));
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, beacon);
}

int
vigil_on_beacon(vigil_t *self, const frames_t *frames, fault_t *fault)
{
    const workplace_t *place = self->place;
    hash_t hash = hash_of(frames_at(frames, 1));
    fault_t why = {0};
    int heard = freshness_hear(place->freshness, place->trust, frames_at(frames, 1),
                               frames_at(frames, 2), frames_at(frames, 3), &why);
    if (heard < 0) {
        log_fault("a beacon from the broker", &why);
        return 0;
    }
    if (heard && keep(self, fault))
        return -1;
    int64_t since = place->clock.ms - self->asked.ms;
    if (heard && frames_at(frames, 3).size) {
        self->unanswered = self->hurried = false;
        self->late = since > LATE_MS;
    } else if (heard && self->unanswered && !self->hurried && since > LOST_MS) {
        self->anew = self->hurried = true;
    }
    if (heard || !hash_equal(&hash, &self->shown))
        show(self, frames);
    self->shown = hash;
    return heard;
}

bool
vigil_lacks(vigil_t *self)
{
    const workplace_t *place = self->place;
    fault_t why = {0};
    bool lacked = self->lacking;
    self->lacking = freshness_check_named(place->freshness, place->trust, &why);
    if (!self->lacking || (lacked && place->clock.ms - self->told.ms < TELL_MS))
        return false;
    self->told = place->clock;
    return true;
}

bool
vigil_is_kept(const char *id)
{
    return !strcmp(id, BEACON_ID);
}
