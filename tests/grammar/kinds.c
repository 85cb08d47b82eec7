/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of fields. Each reads generously what a field means and spells that again; what is not
 * spelled so is refused by whoever compares. */
#include <assert.h>
#include <ctype.h>

#include "tests/grammar/oracle_private.h"

#define NAME_MAX_BYTES 63

typedef struct {
    const oracle_t *oracle;
    const oracle_kind_t *kind;
    const oracle_line_t *line;
    size_t at;
} asked_t;

typedef bool (*spell_t)(const asked_t *asked, const char *text, char *again);

static bool
as_is(bool good, const char *text, char *again)
{
    if (good)
        sprintf(again, "%s", text);
    return good;
}

/* [a-z0-9][a-z0-9._-]* [63] */
static bool
is_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isdigit(text[i]) && !islower(text[i]) && (!i || !strchr("._-", text[i])))
            return false;
    return size >= 1 && size <= NAME_MAX_BYTES;
}

static bool
spell_name(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return as_is(is_name(text, strlen(text)), text, again);
}

static bool
spell_number(const asked_t *asked, const char *text, char *again)
{
    unsigned __int128 number = 0;
    for (const char *at = text; *at; at++) {
        if (!isdigit(*at) || number > UINT64_MAX)
            return false;
        number = number * 10 + (unsigned)(*at - '0');
    }
    if (number < asked->kind->min || number > asked->kind->max)
        return false;
    sprintf(again, "%llu", (unsigned long long)number);
    return true;
}

static bool
unhex(const char *text, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (!isxdigit(text[2 * i]) || !isxdigit(text[2 * i + 1]) ||
            sscanf(text + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (uint8_t)byte;
    }
    return true;
}

static bool
spell_hex(const asked_t *asked, const char *text, char *again)
{
    uint8_t bytes[64];
    size_t digits = asked->kind->min;
    if (strlen(text) != digits || !unhex(text, bytes, digits / 2))
        return false;
    for (size_t i = 0; i < digits / 2; i++)
        sprintf(again + 2 * i, "%02x", bytes[i]);
    return true;
}

static bool
is_leap(long year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_of(long year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month] + (month == 1 && is_leap(year));
}

/* Seconds since 1970 the slow way, so that it owes nothing to any formula. */
static long long
seconds_of(const int part[6])
{
    long long days = part[2] - 1;
    for (int year = 1970; year < part[0]; year++)
        days += 365 + is_leap(year);
    for (int month = 0; month < part[1] - 1; month++)
        days += days_of(part[0], month);
    return ((days * 24 + part[3]) * 60 + part[4]) * 60 + part[5];
}

static void
write_seconds(long long seconds, char *again)
{
    long long days = seconds / 86400, rest = seconds % 86400;
    int year = 1970, month = 0;
    while (days >= 365 + is_leap(year))
        days -= 365 + is_leap(year++);
    while (days >= days_of(year, month))
        days -= days_of(year, month++);
    sprintf(again, "%04d-%02d-%02dT%02d:%02d:%02d", year, month + 1, (int)days + 1,
            (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

/* Digits where SHAPE has 0, else that character. */
static bool
has_shape(const char *text, const char *shape)
{
    for (; *shape && *text; shape++, text++)
        if (*shape == '0' ? !isdigit(*text) : *shape != *text)
            return false;
    return !*shape && !*text;
}

static bool
spell_moment(const char *text, const char *shape, char *again)
{
    int part[6];
    if (!has_shape(text, shape) || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &part[0], &part[1],
                                          &part[2], &part[3], &part[4], &part[5]) != 6)
        return false;
    if (part[0] < 1970 || part[1] < 1 || part[1] > 12)
        return false;
    write_seconds(seconds_of(part), again);
    sprintf(again + strlen(again), "%s", text + strlen(again));
    return true;
}

static bool
spell_time(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return spell_moment(text, "0000-00-00T00:00:00Z", again);
}

static bool
spell_instant(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return spell_moment(text, "0000-00-00T00:00:00.000Z", again);
}

static bool
is_word(const char *words, const char *text)
{
    size_t size = strlen(text);
    for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strcspn(at, "|") == size && memcmp(at, text, size) == 0)
            return size > 0;
    return false;
}

static bool
spell_words(const asked_t *asked, const char *text, char *again)
{
    return as_is(is_word(asked->kind->words, text), text, again);
}

static bool
spell_self(const asked_t *asked, const char *text, char *again)
{
    oracle_kind_t hash = {.min = 64};
    asked_t as_hash = {asked->oracle, &hash, asked->line, asked->at};
    return as_is(strcmp(text, "self") == 0, text, again) || spell_hex(&as_hash, text, again);
}

/* What may not stand in free text: control, line and paragraph separators, format (with the
 * bidirectional ones), private, and what is never a character. */
static bool
is_hidden(uint32_t point)
{
    static const uint32_t RANGES[][2] = {
        {0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},          {0x600, 0x605},
        {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},        {0x890, 0x891},
        {0x8e2, 0x8e2},     {0x180e, 0x180e},   {0x200b, 0x200f},      {0x2028, 0x202e},
        {0x2060, 0x206f},   {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},      {0xfeff, 0xfeff},
        {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},    {0x13430, 0x1343f},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xffffffff},
    };
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++)
        if (point >= RANGES[i][0] && point <= RANGES[i][1])
            return true;
    return (point & 0xfffe) == 0xfffe;
}

/* One code point and how many bytes it has; 0 bytes where it is not well-formed UTF-8. */
static size_t
read_point(const uint8_t *text, uint32_t *point)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = *text < 0x80 ? 1 : *text < 0xc0 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
    if (*text >= 0xf8 || !size)
        return 0;
    *point = size == 1 ? *text : *text & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text[i] & 0x3fu);
    }
    return *point >= LEAST[size] && *point <= 0x10ffff ? size : 0;
}

static bool
is_free(const char *text, size_t max)
{
    const uint8_t *at = (const uint8_t *)text;
    for (size_t size; *at; at += size) {
        uint32_t point;
        size = read_point(at, &point);
        if (!size || is_hidden(point))
            return false;
    }
    return *text && strlen(text) <= max;
}

static bool
spell_free(const asked_t *asked, const char *text, char *again)
{
    return as_is(is_free(text, asked->kind->max), text, again);
}

static bool
is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x21 || *text > 0x7e)
            return false;
    return true;
}

static bool
spell_word_or_none(const asked_t *asked, const char *text, char *again)
{
    return as_is(is_printable(text) && strlen(text) <= asked->kind->max, text, again);
}

static bool
spell_word(const asked_t *asked, const char *text, char *again)
{
    return strcmp(text, "-") != 0 && spell_word_or_none(asked, text, again);
}

static bool
spell_escaped(const asked_t *asked, const char *text, char *again)
{
    uint8_t bytes[ORACLE_LINE_MAX];
    size_t size = 0;
    if (strcmp(text, "%") == 0)
        return as_is(true, text, again);
    if (!is_printable(text))
        return false;
    for (const char *at = text; *at; at++) {
        if (*at != '%') {
            bytes[size++] = (uint8_t)*at;
            continue;
        }
        if (!unhex(at + 1, &bytes[size++], 1))
            return false;
        at += 2;
    }
    if (size > asked->kind->max || memchr(bytes, 0, size))
        return false;
    for (size_t i = 0; i < size; i++) {
        bool plain = bytes[i] >= 0x21 && bytes[i] <= 0x7e && bytes[i] != '%';
        again += sprintf(again, plain ? "%c" : "%%%02X", bytes[i]);
    }
    *again = 0;
    return true;
}

/* Escaped, and what it stands for is free text. */
static bool
spell_text(const asked_t *asked, const char *text, char *again)
{
    char plain[ORACLE_LINE_MAX + 1];
    size_t size = 0;
    if (!spell_escaped(asked, text, again))
        return false;
    for (const char *at = strcmp(text, "%") == 0 ? "" : text; *at; at++) {
        uint8_t byte = (uint8_t)*at;
        if (byte == '%' && unhex(at + 1, &byte, 1))
            at += 2;
        plain[size++] = (char)byte;
    }
    plain[size] = 0;
    return !size || is_free(plain, size);
}

/* A comma list that ascends in the order given. */
static bool
spell_roles(const asked_t *asked, const char *text, char *again)
{
    static const char *const ROLES[] = {"author", "reviewer", "responder", "officer"};
    (void)asked;
    sprintf(again, "%s", strcmp(text, "-") == 0 ? "-" : "");
    for (size_t i = 0; i < 4; i++) {
        const char *found = strstr(text, ROLES[i]);
        if (found)
            sprintf(again + strlen(again), "%s%s", *again ? "," : "", ROLES[i]);
    }
    return *again;
}

/* Days with commas between them, from Monday on, each once. */
static bool
spell_days(const asked_t *asked, const char *text, char *again)
{
    static const char WEEK[] = "mon,tue,wed,thu,fri,sat,sun";
    (void)asked;
    *again = 0;
    for (size_t i = 0; i < 7; i++) {
        char day[4] = {WEEK[4 * i], WEEK[4 * i + 1], WEEK[4 * i + 2], 0};
        if (strstr(text, day))
            sprintf(again + strlen(again), "%s%s", *again ? "," : "", day);
    }
    return *again;
}

/* HH:MM-HH:MM, from 00:00 to 24:00, which nothing begins at; the two differ. */
static bool
spell_span(const asked_t *asked, const char *text, char *again)
{
    unsigned part[4] = {0};
    (void)asked;
    if (sscanf(text, "%2u:%2u-%2u:%2u", &part[0], &part[1], &part[2], &part[3]) != 4)
        return false;
    sprintf(again, "%02u:%02u-%02u:%02u", part[0], part[1], part[2], part[3]);
    unsigned begin = part[0] * 60 + part[1], end = part[2] * 60 + part[3];
    return part[1] < 60 && part[3] < 60 && begin < 1440 && end <= 1440 && begin != end;
}

/* name=name pairs with commas between them, the names in front ascending [255]. */
static bool
is_pairs(const char *text)
{
    const char *before = NULL;
    size_t before_size = 0;
    if (strlen(text) > 255)
        return false;
    for (;;) {
        size_t size = strcspn(text, ","), key = strcspn(text, "=,");
        if (key >= size || !is_name(text, key) || !is_name(text + key + 1, size - key - 1))
            return false;
        size_t both = key < before_size ? key : before_size;
        int order = before ? memcmp(before, text, both) : -1;
        if (order > 0 || (order == 0 && before_size >= key))
            return false;
        before = text;
        before_size = key;
        if (!text[size])
            return true;
        text += size + 1;
    }
}

static bool
spell_scope(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return as_is(strcmp(text, "any") == 0 || is_pairs(text), text, again);
}

/* A worker's region is its fleet's, and no label. */
static bool
spell_labels(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    bool region = strncmp(text, "region=", 7) == 0 || strstr(text, ",region=");
    return as_is(strcmp(text, "-") == 0 || (is_pairs(text) && !region), text, again);
}

static bool
spell_target(const asked_t *asked, const char *text, char *again)
{
    size_t worker = strcspn(text, "/");
    (void)asked;
    bool good = is_name(text, worker) &&
                (!text[worker] || is_name(text + worker + 1, strlen(text) - worker - 1));
    return as_is(good, text, again);
}

/* Its fleet's file would be taken for one of signatures, or for one not finished. */
static bool
spell_region(const asked_t *asked, const char *text, char *again)
{
    const char *dot = strrchr(text, '.');
    return !(dot && is_word(".sigs|.new", dot)) && spell_name(asked, text, again);
}

/* Names with slashes between them [4]. */
static bool
spell_steps(const asked_t *asked, const char *text, char *again)
{
    size_t names = 0;
    (void)asked;
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, "/");
        if (!is_name(at, size) || ++names > 4)
            return false;
        at += size;
        if (!*at)
            return as_is(true, text, again);
    }
}

static bool
spell_steps_or_none(const asked_t *asked, const char *text, char *again)
{
    return as_is(strcmp(text, "-") == 0, text, again) || spell_steps(asked, text, again);
}

static bool
spell_path(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, "/");
        for (size_t i = 0; i < size; i++)
            if (!isalnum(at[i]) && !strchr("._-", at[i]))
                return false;
        if (!size || (size == 1 && *at == '.') || (size == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += size;
        if (!*at)
            return as_is(strlen(text) <= 200, text, again);
    }
}

/* What a grant looks at. */
static bool
spell_about(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    if (is_word("severity|host|title", text))
        return as_is(true, text, again);
    const char *name = strchr(text, '.');
    bool known = strncmp(text, "labels.", 7) == 0 || strncmp(text, "annotations.", 12) == 0;
    return as_is(known && name[1] && strlen(text) <= 78 && is_printable(text), text, again);
}

static const char FAULTS[] =
    "format|limit|io|full|timeout|config|usage|unreachable|denied|not-found|conflict|site|"
    "signature|"
    "namespace|key|touch|pin|quorum|role|scope|version|expired|window|target|replay|hash|class|"
    "input|evidence|stale|budget|revoked|stopped|beacon|proof|policy|op|argument|rate|dry|script|"
    "failed|"
    "unknown";

static bool
spell_fault(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return as_is(strcmp(text, "none") == 0 || is_word(FAULTS, text), text, again);
}

static bool
spell_fault_or_ok(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return as_is(strcmp(text, "ok") == 0 || is_word(FAULTS, text), text, again);
}

static bool
unbase64(const char *text, uint8_t *out, size_t *size)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0, have = 0;
    *size = 0;
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(DIGITS, *text);
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t)(digit - DIGITS);
        have += 6;
        if (have >= 8)
            out[(*size)++] = (uint8_t)(bits >> (have -= 8));
    }
    return strspn(text, "=") == strlen(text);
}

static void
base64(const uint8_t *bytes, size_t size, char *again)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16 |
                        (uint32_t)(i + 1 < size ? bytes[i + 1] : 0) << 8 |
                        (i + 2 < size ? bytes[i + 2] : 0);
        *again++ = DIGITS[bits >> 18];
        *again++ = DIGITS[bits >> 12 & 63];
        *again++ = i + 1 < size ? DIGITS[bits >> 6 & 63] : '=';
        *again++ = i + 2 < size ? DIGITS[bits & 63] : '=';
    }
    *again = 0;
}

/* A string of a blob: u32 and bytes. NULL where it is not whole. */
static const uint8_t *
take(const uint8_t **blob, size_t *left, size_t *size)
{
    if (*left < 4)
        return NULL;
    const uint8_t *at = *blob;
    *size = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    if (*size > *left - 4)
        return NULL;
    *blob += 4 + *size;
    *left -= 4 + *size;
    return at + 4;
}

static bool
spell_keytype(const asked_t *asked, const char *text, char *again)
{
    (void)asked;
    return as_is(is_word("ssh-ed25519|sk-ssh-ed25519@openssh.com", text), text, again);
}

static bool
spell_base64(const asked_t *asked, const char *text, char *again)
{
    uint8_t bytes[ORACLE_LINE_MAX];
    size_t left, size;
    const uint8_t *at = bytes;
    const char *type = asked->line->field[asked->at - 1];
    if (!unbase64(text, bytes, &left))
        return false;
    base64(bytes, left, again);
    const uint8_t *name = take(&at, &left, &size);
    if (!name || size != strlen(type) || memcmp(name, type, size) != 0)
        return false;
    const uint8_t *point = take(&at, &left, &size);
    if (!point || size != 32 || !asked->oracle->is_point(point))
        return false;
    if (strncmp(type, "sk-", 3) != 0)
        return !left;
    const uint8_t *application = take(&at, &left, &size);
    for (size_t i = 0; application && i < size; i++)
        if (application[i] < 0x20 || application[i] > 0x7e)
            return false;
    return application && !left && size <= 63;
}

/* Base64 of so many bytes, whatever they are. */
static bool
spell_bytes(const asked_t *asked, const char *text, char *again)
{
    uint8_t bytes[ORACLE_LINE_MAX];
    size_t size;
    if (!unbase64(text, bytes, &size))
        return false;
    base64(bytes, size, again);
    return size >= asked->kind->min && size <= asked->kind->max;
}

static const struct {
    const char *word;
    uint64_t min, max;
    spell_t spell;
    const char *words;
} KINDS[] = {
    {"name", 0, 0, spell_name, NULL},
    {"number", 0, INT64_MAX, spell_number, NULL},
    {"hash", 64, 0, spell_hex, NULL},
    {"hex", 0, 0, spell_hex, NULL},
    {"time", 0, 0, spell_time, NULL},
    {"instant", 0, 0, spell_instant, NULL},
    {"self|hash", 0, 0, spell_self, NULL},
    {"class", 0, 0, spell_words, "observe|change|destructive"},
    {"free", 0, 0, spell_free, NULL},
    {"word", 0, 0, spell_word, NULL},
    {"word-", 0, 0, spell_word_or_none, NULL},
    {"text", 0, 0, spell_text, NULL},
    {"escaped", 0, 0, spell_escaped, NULL},
    {"roles", 0, 0, spell_roles, NULL},
    {"scope", 0, 0, spell_scope, NULL},
    {"labels", 0, 0, spell_labels, NULL},
    {"region", 0, 0, spell_region, NULL},
    {"target", 0, 0, spell_target, NULL},
    {"steps", 0, 0, spell_steps, NULL},
    {"steps-", 0, 0, spell_steps_or_none, NULL},
    {"path", 0, 0, spell_path, NULL},
    {"about", 0, 0, spell_about, NULL},
    {"fault", 0, 0, spell_fault, NULL},
    {"fault-ok", 0, 0, spell_fault_or_ok, NULL},
    {"keytype", 0, 0, spell_keytype, NULL},
    {"base64", 0, 0, spell_base64, NULL},
    {"bytes", 0, 0, spell_bytes, NULL},
    {"days", 0, 0, spell_days, NULL},
    {"span", 0, 0, spell_span, NULL},
    {"words", 0, 0, spell_words, NULL},
};

#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

oracle_kind_t
oracle_kind(const char *word)
{
    size_t size = strcspn(word, ":"), found = 0;
    while (found < KIND_COUNT - 1 &&
           (strlen(KINDS[found].word) != size || memcmp(KINDS[found].word, word, size) != 0))
        found++;
    oracle_kind_t kind = {KINDS[found].word, KINDS[found].min, KINDS[found].max,
                          KINDS[found].words};
    if (strcmp(kind.word, "words") == 0)
        kind.words = strdup(word);
    const char *first = strchr(word, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    if (first)
        kind.min = strtoull(first + 1, NULL, 10);
    if (second)
        kind.max = strtoull(second + 1, NULL, 10);
    else if (first && strcmp(kind.word, "number") != 0)
        kind.max = kind.min;
    return kind;
}

bool
oracle_spell(const oracle_t *self, const oracle_line_t *line, size_t at, char *again)
{
    asked_t asked = {self, &line->row->field[at], line, at};
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(KINDS[i].word, asked.kind->word) == 0)
            return KINDS[i].spell(&asked, line->field[at], again);
    return false;
}
