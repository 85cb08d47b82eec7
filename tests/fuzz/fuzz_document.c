/* SPDX-License-Identifier: Apache-2.0 */
/* Every type of document that keys/ reads. A decoder that takes bytes gives the same bytes back. */
#include <assert.h>

#include "keys/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DECODE(noun)                                                              \
    static void decode_##noun(slice_t document)                                   \
    {                                                                             \
        fault_t fault = {0};                                                      \
        CLEANUP(noun##_destroy) noun##_t *self = noun##_decode(document, &fault); \
        assert(!self == (fault.code != FAULT_NONE));                              \
        if (!self)                                                                \
            return;                                                               \
        CLEANUP(bytes_destroy) bytes_t *again = bytes_new();                      \
        noun##_encode(self, again);                                               \
        assert(slice_equal(document, bytes_slice(again)));                        \
    }
DECODE(root)
DECODE(people)
DECODE(fleet)
DECODE(release)
DECODE(order)
DECODE(grant)
DECODE(alert)
DECODE(receipt)
DECODE(consent)
DECODE(stop)
DECODE(resume)
DECODE(beacon)
DECODE(restart)

/* Documents without a signature change nothing. */
static void
add(slice_t document)
{
    fault_t fault = {0};
    hash_t site = hash_of(slice_text("site"));
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site);
    int failed = trust_add(trust, document, slice_of(NULL, 0), &fault);
    assert(failed && fault.code != FAULT_NONE && !trust_root(trust));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice_t document = slice_of(data, size);
    decode_root(document);
    decode_people(document);
    decode_fleet(document);
    decode_release(document);
    decode_order(document);
    decode_grant(document);
    decode_alert(document);
    decode_receipt(document);
    decode_consent(document);
    decode_stop(document);
    decode_resume(document);
    decode_beacon(document);
    decode_restart(document);
    add(document);
    return 0;
}
