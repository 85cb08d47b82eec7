/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fault.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static const struct {
    const char *word;
    int exit;
} codes[] = {
#define X(code, word, exit) [code] = {word, exit},
    FAULTS(X)
#undef X
};

int
fault_set(fault_t *fault, fault_code_t code, const char *format, ...)
{
    assert(code > FAULT_NONE && code < FAULT_CODES);
    if (!fault)
        return -1;
    va_list args;
    va_start(args, format);
    fault->code = code;
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    fault->text[text_fit(fault->text, FAULT_TEXT_MAX)] = '\0';
    return -1;
}

int
fault_wrap(fault_t *fault, const char *format, ...)
{
    if (!fault)
        return -1;
    assert(fault->code != FAULT_NONE);
    char front[FAULT_TEXT_MAX];
    char whole[2 * FAULT_TEXT_MAX + 2];
    va_list args;
    va_start(args, format);
    vsnprintf(front, sizeof front, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s: %s", front, fault->text);
    whole[text_fit(whole, FAULT_TEXT_MAX - 1)] = '\0';
    memcpy(fault->text, whole, FAULT_TEXT_MAX);
    return -1;
}

int
fault_errno(fault_t *fault, const char *format, ...)
{
    int number = errno;
    if (!fault)
        return -1;
    va_list args;
    va_start(args, format);
    fault->code = number == ENOSPC || number == EDQUOT ? FAULT_FULL : FAULT_IO;
    int used = vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof fault->text)
        snprintf(fault->text + used, sizeof fault->text - (size_t)used, ": %s", strerror(number));
    return -1;
}

const char *
fault_word(fault_code_t code)
{
    assert(code < FAULT_CODES);
    return codes[code].word;
}

fault_code_t
fault_of(const char *word)
{
    for (int code = 0; code < FAULT_CODES; code++)
        if (!strcmp(codes[code].word, word))
            return (fault_code_t)code;
    return FAULT_CODES;
}

int
fault_exit(fault_code_t code)
{
    assert(code < FAULT_CODES);
    return codes[code].exit;
}
