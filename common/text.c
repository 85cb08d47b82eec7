/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"

static bool
is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool
text_is_name(const char *text)
{
    size_t size = strlen(text);
    if (!size || size > TEXT_NAME_MAX || text[0] == '.' || text[0] == '_' || text[0] == '-')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!is_name_character(text[i]))
            return false;
    return true;
}

bool
text_is_printable(slice_t text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    return true;
}

/* One code point of well-formed UTF-8, or 0 bytes taken. */
static size_t
take_code_point(slice_t text, uint32_t *point)
{
    uint8_t lead = text.data[0];
    size_t size = lead < 0x80                   ? 1
                  : lead >= 0xc2 && lead < 0xe0 ? 2
                  : lead >= 0xe0 && lead < 0xf0 ? 3
                  : lead >= 0xf0 && lead < 0xf5 ? 4
                                                : 0;
    if (!size || size > text.size)
        return 0;
    static const uint8_t mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *point = lead & mask[size];
    for (size_t i = 1; i < size; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text.data[i] & 0x3f);
    }
    return *point >= least[size] && *point <= 0x10ffff ? size : 0;
}

/* Unicode 15: Cc, Cf, Zl, Zp, Cs, Co, and noncharacters. */
static const struct {
    uint32_t first, last;
} unwanted[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},
    {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
    {0x08e2, 0x08e2},   {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
    {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

bool
text_is_free(slice_t text)
{
    while (text.size) {
        uint32_t point;
        size_t taken = take_code_point(text, &point);
        if (!taken || (point & 0xfffe) == 0xfffe)
            return false;
        bool plain = point >= 0x20 && point < 0x7f;
        for (size_t i = 0; !plain && i < ARRAY_SIZE(unwanted); i++)
            if (point >= unwanted[i].first && point <= unwanted[i].last)
                return false;
        text.data += taken;
        text.size -= taken;
    }
    return true;
}

bool
text_read_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    if (!*text || (text[0] == '0' && text[1]))
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
            return false;
    }
    if (number < min || number > max)
        return false;
    *out = number;
    return true;
}

bool
text_read_i64(const char *text, int64_t *out)
{
    uint64_t magnitude;
    bool negative = *text == '-';
    uint64_t max = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (!text_read_u64(text + negative, negative, max, &magnitude))
        return false;
    *out = negative ? (int64_t)(~magnitude + 1) : (int64_t)magnitude;
    return true;
}

bool
text_read_duration(const char *text, uint64_t *seconds)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char digits[16];
    size_t size = strlen(text);
    if (!size || size >= sizeof digits)
        return false;
    memcpy(digits, text, size + 1);
    uint64_t factor = 1;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (digits[size - 1] == units[i].unit) {
            factor = units[i].seconds;
            digits[size - 1] = '\0';
            break;
        }
    uint64_t number;
    if (!text_read_u64(digits, 0, UINT32_MAX, &number))
        return false;
    *seconds = number * factor;
    return true;
}

void
text_escape(bytes_t *out, slice_t value)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t from = 0;
    if (!value.size)
        bytes_add_text(out, "%");
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.data[i];
        if (c > 0x20 && c < 0x7f && c != '%')
            continue;
        char escape[] = {'%', digits[c >> 4], digits[c & 15]};
        bytes_add(out, value.data + from, i - from);
        bytes_add(out, escape, sizeof escape);
        from = i + 1;
    }
    bytes_add(out, value.data + from, value.size - from);
}

static int
hex_upper(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Whether it stands for itself, as most do. */
static bool
is_plain(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f || *at == '%')
            return false;
    return *text != '\0';
}

int
text_unescape(const char *text, bytes_t *out, fault_t *fault)
{
    if (is_plain(text)) {
        bytes_add_text(out, text);
        return 0;
    }
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    for (const char *at = text; *at && strcmp(text, "%") != 0; at++) {
        if (*at != '%') {
            bytes_add(plain, at, 1);
            continue;
        }
        int high = hex_upper(at[1]);
        int low = high < 0 ? -1 : hex_upper(at[2]);
        if (low < 0)
            return fault_set(fault, FAULT_FORMAT, "'%%' without two digits in '%.60s'", text);
        bytes_add_u8(plain, (uint8_t)(high << 4 | low));
        at += 2;
    }
    text_escape(again, bytes_slice(plain));
    if (strcmp(bytes_text(again), text) != 0)
        return fault_set(fault, FAULT_FORMAT, "'%.60s' is not the one spelling of its value", text);
    bytes_add_slice(out, bytes_slice(plain));
    return 0;
}

int
text_fit(const char *text, size_t most)
{
    size_t size = strnlen(text, most), lead = size;
    while (lead && size - lead < 3 && (text[lead - 1] & 0xc0) == 0x80)
        lead--;
    uint8_t byte = lead ? (uint8_t)text[lead - 1] : 0;
    size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return (int)(lead && lead - 1 + wanted > size ? lead - 1 : size);
}

bool
text_copy(char *out, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, from, length + 1);
    return true;
}
