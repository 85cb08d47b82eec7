/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/stamp.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

#define HEAD_MAX  64 /* bytes of a line that a time and what may stand before it take */
#define DAY_MS    INT64_C(86400000)
#define YEARS_MAX 8 /* from one 29 February to the next */

/* Behind "<34>" and "[". */
static const char *
skip_priority(const char *at)
{
    const char *end = *at == '<' ? at + 1 + strspn(at + 1, "0123456789") : at;
    if (*at == '<' && end > at + 1 && *end == '>')
        at = end + 1;
    return *at == '[' ? at + 1 : at;
}

/* Milliseconds of ".789" or ",789", of which *at then is the end. */
static int64_t
read_fraction(const char **at)
{
    int64_t ms = 0, unit = 100;
    if ((**at != '.' && **at != ',') || !isdigit((unsigned char)(*at)[1]))
        return 0;
    for (++*at; isdigit((unsigned char)**at); ++*at, unit /= 10)
        ms += (**at - '0') * unit;
    return ms;
}

/* "+01:00", "+0100" or "+01"; behind a blank only with four digits, for else it may be a number of
 * the text. */
static bool
read_offset(const char *at, bool behind_blank, int64_t *seconds)
{
    int digits[4] = {0};
    size_t count = 0;
    const char *from = at + 1;
    if (*at != '+' && *at != '-')
        return false;
    for (; count < 4 && isdigit((unsigned char)*from); from++) {
        digits[count++] = *from - '0';
        from += count == 2 && from[1] == ':';
    }
    if (isdigit((unsigned char)*from) || (count != 4 && (count != 2 || behind_blank)))
        return false;
    *seconds = (digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60;
    *seconds = *at == '-' ? -*seconds : *seconds;
    return true;
}

/* False where no zone is named. */
static bool
read_zone(const char *at, int64_t *seconds)
{
    bool blank = *at == ' ';
    at += blank;
    *seconds = 0;
    if (!strncmp(at, "UTC", 3) || !strncmp(at, "GMT", 3))
        return !isalnum((unsigned char)at[3]);
    if (!blank && (*at == 'Z' || *at == 'z'))
        return true;
    return read_offset(at, blank, seconds);
}

/* A day that exists, in the machine's zone or the one that is this far from UTC. */
static bool
settle(struct tm parts, const int64_t *offset, int64_t *seconds)
{
    int day = parts.tm_mday;
    parts.tm_isdst = -1;
    *seconds = offset ? timegm(&parts) - *offset : mktime(&parts);
    return parts.tm_mday == day;
}

static bool
read_iso(const char *text, wall_t *at)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                          "%Y/%m/%d %H:%M:%S"};
    const char *end = NULL;
    struct tm parts = {0};
    int64_t offset, seconds;
    if (!isdigit((unsigned char)*text))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(formats) && !end; i++)
        end = strptime(text, formats[i], &parts);
    if (!end)
        return false;
    int64_t ms = read_fraction(&end);
    bool zoned = read_zone(end, &offset);
    if (!settle(parts, zoned ? &offset : NULL, &seconds))
        return false;
    *at = (wall_t){seconds * 1000 + ms};
    return true;
}

static bool
read_classic(const char *text, wall_t newest, wall_t *at)
{
    struct tm parts = {0}, written;
    time_t last = (time_t)(newest.ms / 1000);
    int64_t seconds;
    if (!isalpha((unsigned char)*text) || !strptime(text, "%b %e %H:%M:%S", &parts))
        return false;
    localtime_r(&last, &written);
    for (int back = -1; back < YEARS_MAX; back++) {
        parts.tm_year = written.tm_year - back;
        if (settle(parts, NULL, &seconds) && seconds * 1000 <= newest.ms + DAY_MS) {
            *at = (wall_t){seconds * 1000};
            return true;
        }
    }
    return false;
}

bool
stamp_read(slice_t line, wall_t newest, wall_t *at)
{
    char head[HEAD_MAX + 1];
    size_t size = line.size < HEAD_MAX ? line.size : HEAD_MAX;
    memcpy(head, line.data, size);
    head[size] = '\0';
    const char *text = skip_priority(head);
    return read_iso(text, at) || read_classic(text, newest, at);
}
