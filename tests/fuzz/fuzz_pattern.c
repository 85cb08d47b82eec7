/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern and a text on the lines of one input: what is no pattern matches nothing, and a text
 * matches the pattern that is it, character by character behind a backslash. */
#include <assert.h>
#include <stdlib.h>

#include "wire/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_itself(const char *text)
{
    char quoted[PATTERN_MAX + 1] = "";
    size_t size = strlen(text);
    if (!size || size > PATTERN_ITEMS_MAX || !text_is_printable(slice_text(text)))
        return;
    for (size_t i = 0; i < size; i++) {
        quoted[2 * i] = '\\';
        quoted[2 * i + 1] = text[i];
    }
    assert(pattern_matches(quoted, text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *both = bytes_copy(slice_of(data, size));
    char *pattern = (char *)both->data, *text = pattern ? strchr(pattern, '\n') : NULL;
    if (!text)
        return 0;
    *text++ = '\0';
    bool wrong = pattern_check(pattern, &fault);
    assert(wrong == (fault.code != FAULT_NONE));
    assert(!wrong || !pattern_matches(pattern, text));
    pattern_matches(pattern, text);
    check_itself(text);
    return 0;
}
