/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <assert.h>

static const struct {
    const char *word;
    unsigned from;
    size_t frames; /* after the word */
} messages[] = {
#define X(type, word, from, frames) [type] = {word, from, frames},
    MESSAGES(X)
#undef X
};

const char *
message_word(message_type_t type)
{
    assert(type < MESSAGE_TYPES);
    return messages[type].word;
}

frames_t *
message_new(message_type_t type)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, message_word(type));
    return frames;
}

int
message_read(const frames_t *frames, unsigned senders, message_type_t *type, fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    for (int i = 0; i < MESSAGE_TYPES; i++) {
        if (strcmp(messages[i].word, word) != 0 || !(messages[i].from & senders))
            continue;
        if (frames->count != messages[i].frames + 1)
            return fault_set(fault, FAULT_FORMAT, "%s has %zu frames after its word, not %zu", word,
                             frames->count - 1, messages[i].frames);
        *type = (message_type_t)i;
        return 0;
    }
    return fault_set(fault, FAULT_FORMAT, "'%.20s' is no message that this peer may send", word);
}
