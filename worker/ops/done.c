/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/done.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

int
done_anyway(fault_t *fault, const char *format, ...)
{
    char words[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    const char *mark = strstr(fault->text, DONE_MARK) ? ", " : DONE_MARK;
    size_t more = strlen(mark) + strlen(words);
    size_t room = more < FAULT_TEXT_MAX ? FAULT_TEXT_MAX - more : 1;
    size_t kept = (size_t)text_fit(fault->text, room);
    snprintf(fault->text + kept, FAULT_TEXT_MAX - kept, "%s%s", mark, words);
    fault->text[text_fit(fault->text, FAULT_TEXT_MAX)] = '\0';
    return -1;
}
