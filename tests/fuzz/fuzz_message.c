/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a stream, held against the table: what one sender may say has its row's word, and no
 * two kinds of peers may say the same. */
#include <assert.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned senders[] = {FROM_WORKER, FROM_BROKER, FROM_PERSON};
    CLEANUP(bytes_destroy) bytes_t *stream = bytes_copy(slice_of(data, size));
    for (;;) {
        fault_t fault = {0};
        unsigned takers = 0;
        CLEANUP(frames_destroy) frames_t *frames = frames_take(stream, &fault);
        if (!frames)
            return 0;
        for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
            message_type_t type;
            fault_t why = {0};
            int failed = message_read(frames, senders[i], &type, &why);
            assert(failed ? why.code == FAULT_FORMAT : why.code == FAULT_NONE);
            assert(failed || slice_is(frames_at(frames, 0), message_word(type)));
            takers += !failed;
        }
        assert(takers <= 1);
    }
}
