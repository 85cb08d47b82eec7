/* SPDX-License-Identifier: Apache-2.0 */
/* A journal file as a crash or a bad disk may leave it: what opens has lost no more than a torn
 * last record, so that opening it again changes nothing, and goes on. */
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
append(journal_t *self)
{
    fault_t fault = {0};
    journal_entry_t entry = {
        .key = hash_of(slice_text("one more")), .step = "clean", .op = "file.remove"};
    hash_t before = *journal_head(self);
    if (journal_find(self, &entry.key) || journal_begin(self, &entry, &fault))
        return;
    assert(!hash_equal(&before, journal_head(self)) && journal_reaches(self, &before));
    assert(journal_find(self, &entry.key));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/tocsin-fuzz-XXXXXX";
    fault_t fault = {0};
    CLEANUP(descriptor_close) int fd = mkstemp(path);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    CLEANUP(journal_destroy) journal_t *journal = journal_open(path, &fault);
    assert(!journal == (fault.code != FAULT_NONE));
    if (journal) {
        hash_t head = *journal_head(journal);
        journal_destroy(&journal);
        journal = journal_open(path, &fault);
        assert(journal && hash_equal(&head, journal_head(journal)));
        append(journal);
    }
    unlink(path);
    return 0;
}
