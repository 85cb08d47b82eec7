/* SPDX-License-Identifier: Apache-2.0 */
/* The body of an Alertmanager's webhook: every alert that comes out of it is one that a document
 * can hold, so that it encodes to bytes that decode. */
#include <assert.h>

#include "wire/alertmanager.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_alert(void *context, alert_t *alert, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    (void)fault;
    ++*(size_t *)context;
    alert_encode(alert, document);
    CLEANUP(alert_destroy) alert_t *again = alert_decode(bytes_slice(document), &why);
    assert(again);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t given = 0;
    uint64_t cut = 0;
    fault_t fault = {0};
    int failed = alertmanager_read("monitor", slice_of(data, size), on_alert, &given, &cut, &fault);
    assert(!failed == (fault.code == FAULT_NONE));
    assert(given <= ALERTMANAGER_ALERTS_MAX && !(failed && given));
    return 0;
}
