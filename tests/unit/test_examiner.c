/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/examiner.h"
#include "keys/receipts.h"
#include "tests/unit/site_fixture.h"
#include "wire/message.h"

#define PATIENCE_MS 10000

typedef struct {
    site_t *site;
    examiner_t *examiner;
    pubkey_t key;
} house_t;

static int
begin(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    self->examiner = examiner_new();
    self->key = trust_worker(self->site->trust, "w1", NULL)->key;
    *state = self;
    return 0;
}

static int
end(void **state)
{
    house_t *self = *state;
    examiner_destroy(&self->examiner);
    site_destroy(&self->site);
    free(self);
    return 0;
}

static void
say(house_t *self, frames_t *frames, const pubkey_t *key)
{
    caller_t caller = {.worker = true, .name = "w1"};
    examiner_add(self->examiner, &caller, &frames, key);
    assert_null(frames);
}

static void
ping(house_t *self)
{
    frames_t *frames = message_new(MESSAGE_PING);
    frames_add_text(frames, "nonce");
    say(self, frames, NULL);
}

static void
tell(house_t *self, uint64_t sequence, const char *signer)
{
    receipt_t *receipt = site_receipt(self->site);
    receipt->sequence = sequence;
    if (sequence > 1)
        receipt->previous = hash_of(slice_text("before"));
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(self->site, receipt, signer);
    frames_t *frames = message_new(MESSAGE_RECEIPT);
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, bytes_slice(sealed.armors));
    frames_add(frames, slice_of(NULL, 0));
    say(self, frames, &self->key);
}

/* The next, for which it waits. */
static void
hear(house_t *self, heard_t *heard)
{
    CLEANUP(zpoller_destroy)
    zpoller_t *poller = zpoller_new(examiner_socket(self->examiner), NULL);
    while (!examiner_next(self->examiner, heard))
        if (!zpoller_wait(poller, PATIENCE_MS))
            fail_msg("nothing comes back");
}

static void
hears(house_t *self, uint64_t sequence, bool proven)
{
    heard_t heard;
    hear(self, &heard);
    CLEANUP(frames_destroy) frames_t *frames = heard.frames;
    assert_string_equal(frames_text(frames, 0), sequence ? "RECEIPT" : "PING");
    assert_int_equal(heard.proven, proven);
    if (!sequence)
        return;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(frames_at(frames, 1), NULL);
    assert_int_equal(receipt->sequence, sequence);
    assert_true(pubkey_equal(&heard.key, &self->key));
}

static void
a_receipt_that_comes_alone_is_not_kept_waiting(void **state)
{
    house_t *self = *state;
    heard_t heard;
    ping(self);
    tell(self, 1, "w1");
    for (int i = 0; i < 2; i++) {
        assert_true(examiner_next(self->examiner, &heard));
        assert_false(heard.proven);
        frames_destroy(&heard.frames);
    }
    assert_false(examiner_next(self->examiner, &heard));
}

static void
a_signature_that_does_not_hold_proves_nothing(void **state)
{
    house_t *self = *state;
    tell(self, 1, "w1");
    tell(self, 2, "w2");
    tell(self, 3, "w1");
    hears(self, 1, true);
    hears(self, 2, false);
    hears(self, 3, true);
}

/* Three by one signature, and what the second says is changed. */
static void
of_what_was_signed_together_each_is_proven_by_itself(void **state)
{
    house_t *self = *state;
    bytes_t *documents[3], *armors[3];
    slice_t slices[3];
    for (uint64_t i = 0; i < 3; i++) {
        CLEANUP(receipt_destroy) receipt_t *receipt = site_receipt(self->site);
        receipt->sequence = i + 1;
        receipt->previous = i ? hash_of(slice_text("before")) : HASH_ZERO;
        armors[i] = bytes_new();
        receipt_encode(receipt, documents[i] = bytes_new());
        slices[i] = bytes_slice(documents[i]);
    }
    receipts_sign(site_key(self->site, "w1"), slices, armors, 3);
    char *outcome = strstr((char *)documents[1]->data, "attempt 1");
    outcome[strlen("attempt ")] = '2';
    for (size_t i = 0; i < 3; i++) {
        frames_t *frames = message_new(MESSAGE_RECEIPT);
        frames_add(frames, bytes_slice(documents[i]));
        frames_add(frames, bytes_slice(armors[i]));
        frames_add(frames, slice_of(NULL, 0));
        say(self, frames, &self->key);
        bytes_destroy(&documents[i]);
        bytes_destroy(&armors[i]);
    }
    hears(self, 1, true);
    hears(self, 2, false);
    hears(self, 3, true);
}

static void
nothing_overtakes_what_is_being_examined(void **state)
{
    house_t *self = *state;
    heard_t heard;
    tell(self, 1, "w1");
    tell(self, 2, "w1");
    bool early = examiner_next(self->examiner, &heard); /* or the thread was quick */
    if (early)
        frames_destroy(&heard.frames);
    ping(self);
    if (!early)
        hears(self, 1, true);
    hears(self, 2, true);
    hears(self, 0, false);
}

static void
more_than_may_be_under_way_waits_and_keeps_its_order(void **state)
{
    house_t *self = *state;
    const uint64_t count = EXAMINER_RECEIPTS * (EXAMINER_BATCHES + 2) + 1;
    for (uint64_t i = 1; i <= count; i++) {
        tell(self, i, "w1");
        ping(self);
    }
    for (uint64_t i = 1; i <= count; i++) {
        heard_t heard;
        hear(self, &heard);
        CLEANUP(frames_destroy) frames_t *frames = heard.frames;
        CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(frames_at(frames, 1), NULL);
        assert_int_equal(receipt->sequence, i);
        hears(self, 0, false);
    }
}

static void
what_is_under_way_when_it_ends_is_forgotten(void **state)
{
    house_t *self = *state;
    heard_t heard;
    for (uint64_t i = 1; i <= 2 * EXAMINER_RECEIPTS; i++)
        tell(self, i, "w1");
    if (examiner_next(self->examiner, &heard))
        frames_destroy(&heard.frames);
    tell(self, 99, "w1");
}

#define CASE(test)                    \
    {                                 \
#test, test, begin, end, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_receipt_that_comes_alone_is_not_kept_waiting),
        CASE(a_signature_that_does_not_hold_proves_nothing),
        CASE(of_what_was_signed_together_each_is_proven_by_itself),
        CASE(nothing_overtakes_what_is_being_examined),
        CASE(more_than_may_be_under_way_waits_and_keeps_its_order),
        CASE(what_is_under_way_when_it_ends_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
