/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pattern.h"

#include <stdlib.h>

typedef struct {
    bool takes[128]; /* which of ASCII */
    size_t least, most;
} item_t;

typedef struct {
    size_t count;
    item_t items[PATTERN_ITEMS_MAX];
} pattern_t;

/* One character as it stands or behind a backslash; 0 where there is none. */
static char
take_character(const char **at)
{
    if (**at == '\\')
        ++*at;
    return **at ? *(*at)++ : '\0';
}

/* Behind "[": up to and with "]". */
static const char *
read_class(const char **at, item_t *item)
{
    bool inverted = **at == '^';
    *at += inverted;
    for (bool first = true; first || **at != ']'; first = false) {
        char from = take_character(at), to = from;
        if (**at == '-' && (*at)[1] != ']') {
            ++*at;
            to = take_character(at);
        }
        if (!from || !to)
            return "a class has no ']'";
        if (to < from)
            return "a range goes backwards";
        for (char c = from; c <= to; c++)
            item->takes[(uint8_t)c] = true;
    }
    ++*at;
    for (int c = 0x20; inverted && c < 0x7f; c++)
        item->takes[c] = !item->takes[c];
    return NULL;
}

static const char *
read_count(const char **at, size_t *out)
{
    char digits[8] = "";
    uint64_t number;
    size_t size = strspn(*at, "0123456789");
    memcpy(digits, *at, size < sizeof digits ? size : 0);
    if (!text_read_u64(digits, 0, PATTERN_TEXT_MAX, &number))
        return "a count is no number up to 800";
    *out = (size_t)number;
    *at += size;
    return NULL;
}

/* Behind "{": N}, N,} or N,M}. */
static const char *
read_counts(const char **at, item_t *item)
{
    const char *wrong = read_count(at, &item->least);
    item->most = item->least;
    if (!wrong && **at == ',') {
        ++*at;
        item->most = PATTERN_TEXT_MAX;
        wrong = **at == '}' ? NULL : read_count(at, &item->most);
    }
    if (wrong)
        return wrong;
    if (**at != '}' || item->most < item->least)
        return "a count is {N}, {N,} or {N,M}";
    ++*at;
    return NULL;
}

static const char *
read_quantity(const char **at, item_t *item)
{
    item->least = **at == '?' || **at == '*' ? 0 : 1;
    item->most = **at == '*' || **at == '+' ? PATTERN_TEXT_MAX : 1;
    if (**at == '{') {
        ++*at;
        return read_counts(at, item);
    }
    *at += **at == '?' || **at == '*' || **at == '+';
    return NULL;
}

static const char *
read_item(const char **at, item_t *item)
{
    char c = **at;
    if (strchr("()|^$?*+{}]", c))
        return "a character of ()|^$?*+{}] stands for itself only behind a backslash";
    if (c == '[') {
        ++*at;
        return read_class(at, item);
    }
    if (c == '.') {
        ++*at;
        memset(item->takes + 0x20, true, 0x7f - 0x20);
        return NULL;
    }
    c = take_character(at);
    if (!c)
        return "nothing stands behind the backslash";
    item->takes[(uint8_t)c] = true;
    return NULL;
}

static int
read_pattern(pattern_t *self, const char *text, fault_t *fault)
{
    const char *wrong = NULL, *at = text;
    size_t size = strlen(text);
    if (!size || size > PATTERN_MAX || !text_is_printable(slice_text(text)))
        return fault_set(fault, FAULT_FORMAT, "a pattern is 1 to %d printable characters",
                         PATTERN_MAX);
    while (*at && !wrong) {
        item_t *item = &self->items[self->count];
        if (self->count == PATTERN_ITEMS_MAX)
            return fault_set(fault, FAULT_FORMAT, "a pattern has over %d items", PATTERN_ITEMS_MAX);
        wrong = read_item(&at, item);
        wrong = wrong ? wrong : read_quantity(&at, item);
        self->count++;
    }
    if (wrong)
        return fault_set(fault, FAULT_FORMAT, "pattern '%.60s': %s (at character %zu)", text, wrong,
                         (size_t)(at - text) + 1);
    return 0;
}

int
pattern_check(const char *pattern, fault_t *fault)
{
    CLEANUP(memory_free) pattern_t *self = memory_new(1, sizeof *self);
    return read_pattern(self, pattern, fault);
}

/* From where the text may be once the items so far matched to where it may be after this one:
 * each such place allows a span of next ones, and the spans are summed up by their ends. */
static void
step(const item_t *item, const char *text, size_t size, bool *reached)
{
    int edges[PATTERN_TEXT_MAX + 2] = {0};
    size_t run = 0;
    for (size_t i = size + 1; i-- > 0;) {
        run = i < size && item->takes[(uint8_t)text[i] & 0x7f] ? run + 1 : 0;
        size_t most = run < item->most ? run : item->most;
        if (!reached[i] || item->least > most)
            continue;
        edges[i + item->least]++;
        edges[i + most + 1]--;
    }
    for (size_t i = 0, open = 0; i <= size; i++) {
        open += (size_t)edges[i];
        reached[i] = open != 0;
    }
}

bool
pattern_matches(const char *pattern, const char *text)
{
    bool reached[PATTERN_TEXT_MAX + 1] = {true};
    size_t size = strlen(text);
    CLEANUP(memory_free) pattern_t *self = memory_new(1, sizeof *self);
    if (size > PATTERN_TEXT_MAX || !text_is_printable(slice_text(text)) ||
        read_pattern(self, pattern, NULL))
        return false;
    for (size_t i = 0; i < self->count; i++)
        step(&self->items[i], text, size, reached);
    return reached[size];
}
