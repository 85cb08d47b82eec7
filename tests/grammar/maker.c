/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/grammar/maker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/chance.h"

#define KEYS      64
#define TEXT_MAX  (4 * ORACLE_LINE_MAX)
#define LINES_MAX 9000
#define BYTES_MAX (4 << 20)

typedef struct {
    const oracle_row_t *row;
    char *value;
} made_t;

struct maker {
    uint64_t seed;
    chance_t chance;
    uint8_t point[KEYS][32];
    const oracle_type_t *type;
    bool wild;        /* now and then a field is none of its kind */
    long long second; /* of the time written last: most times of a document ascend */
    size_t serial;    /* not 0 where names are counted, so that many lines differ */
    size_t count;
    made_t line[LINES_MAX];
    size_t size;
    char bytes[BYTES_MAX];
};

static const char ZEROES[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const char HASHES[][65] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000000000ff",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "1111111111111111111111111111111111111111111111111111111111111111",
};

static size_t
below(maker_t *self, size_t count)
{
    return (size_t)chance_below(&self->chance, count);
}

static bool
once_in(maker_t *self, size_t count)
{
    return !below(self, count);
}

static bool
wildly(maker_t *self, size_t count)
{
    return self->wild && once_in(self, count);
}

/* One of the words with '|' between them. */
static void
pick(maker_t *self, const char *words, char *out)
{
    size_t count = 1;
    for (const char *at = words; (at = strchr(at, '|')); at++)
        count++;
    for (size_t skip = below(self, count); skip; skip--)
        words = strchr(words, '|') + 1;
    sprintf(out, "%.*s", (int)strcspn(words, "|"), words);
}

static void
repeat(char *out, char letter, size_t count)
{
    memset(out, letter, count);
    out[count] = 0;
}

static void
make_name(maker_t *self, char *out)
{
    if (self->serial)
        sprintf(out, "n%zu", self->serial++);
    else if (once_in(self, 16))
        repeat(out, 'n', 60 + below(self, self->wild ? 6 : 4));
    else if (once_in(self, 3))
        sprintf(out, "%zu", below(self, 20));
    else if (wildly(self, 16))
        pick(self, "007|0|00|a.b|a-|a_b|.a|-a|_a|any|self|Upper|a=b|a,b|18446744073709551616|-",
             out);
    else
        pick(self, "a|b|c|disk-full|w1|w2|w10|north|x.y_z-1|linh|mai", out);
}

static void
make_number(maker_t *self, const oracle_kind_t *kind, char *out)
{
    uint64_t drawn = kind->min + below(self, 4);
    if (drawn > kind->max)
        drawn = kind->min;
    if (wildly(self, 24))
        drawn = once_in(self, 2) ? kind->max : kind->min - 1;
    else if (wildly(self, 24))
        drawn = kind->max + 1;
    else if (once_in(self, 24))
        drawn = kind->max;
    else if (wildly(self, 8))
        drawn = chance_draw(&self->chance) >> below(self, 64);
    sprintf(out, "%s%llu", wildly(self, 100) ? "0" : "", (unsigned long long)drawn);
    if (wildly(self, 200))
        pick(self,
             "-1|+1|0x1|18446744073709551615|18446744073709551616|9223372036854775808|4294967296|"
             "2147483648|4294967295|1000000001|86401|31536001",
             out);
}

static void
make_hex(maker_t *self, size_t digits, char *out)
{
    for (size_t i = 0; i < digits; i++)
        out[i] = "0123456789abcdef"[below(self, 16)];
    out[digits] = 0;
    if (wildly(self, 64) && digits)
        pick(self, "A|g|/|:", out + below(self, digits));
}

static void
make_hash(maker_t *self, char *out)
{
    if (once_in(self, 4))
        make_hex(self, 64, out);
    else
        sprintf(out, "%s", HASHES[below(self, 4)]);
}

/* Days as the calendar has them, and some that it has not. */
static void
make_moment(maker_t *self, bool instant, char *out)
{
    static const int STEPS[] = {1, 60, 3600, 86399, 2, 0, 86400, 86401, -1, 700000};
    self->second += STEPS[below(self, wildly(self, 4) ? 10 : 5)];
    long long days = self->second / 86400, rest = self->second % 86400;
    sprintf(out, "2026-%02d-%02dT%02d:%02d:%02d", (int)(days / 28 % 12) + 1, (int)(days % 28) + 1,
            (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    if (wildly(self, 40))
        pick(self,
             "2026-02-29T00:00:00|2024-02-29T00:00:00|2000-02-29T23:59:59|1900-02-28T00:00:00|"
             "1970-01-01T00:00:00|1969-12-31T23:59:59|9999-12-31T23:59:59|0000-00-00T00:00:00|"
             "2026-13-01T00:00:00|2026-04-31T00:00:00|2026-01-01T24:00:00|2026-06-30T23:59:60|"
             "2026-01-01T00:60:00|10000-01-01T00:00:00|2100-02-29T00:00:00|2026-1-01T00:00:00",
             out);
    if (instant)
        sprintf(out + strlen(out), ".%03zu", below(self, 1000));
    sprintf(out + strlen(out), "%s", "Z");
}

static const char *const PIECES[] = {
    "a",
    "word",
    " ",
    "  ",
    "%",
    "/",
    "\xc3\xa9",
    "\xc2\xad",
    "\xe2\x80\xae",
    "\xe2\x80\x8b",
    "\xe2\x82\xac",
    "\xf0\x9f\x94\x94",
    "\xef\xbb\xbf",
    "\xed\xa0\x80",
    "\xc0\xaf",
    "\xf4\x90\x80\x80",
    "\x7f",
    "\x01",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "\x80",
    "\xee\x80\x80",
    "\xef\xbf\xbe",
    "\xef\xb7\x90",
    "\xf3\xa0\x81\x81",
    "\xf0\x91\x82\xbd",
    "\t",
    "\xf3\xb0\x80\x80",
    "\xe1\xa0\x8e",
    "\xf0\xf0",
    "\xe2\x81\xa9",
    "\xd8\x9c",
    "\xf0\x9d\x85\xb3",
};

static void
make_code_point(maker_t *self, char *out)
{
    uint32_t point = (uint32_t)below(self, once_in(self, 2) ? 0x110000 : 0x3000);
    if (point < 0x80)
        sprintf(out, "%c", point ? (int)point : 'x');
    else if (point < 0x800)
        sprintf(out, "%c%c", 0xc0 | point >> 6, 0x80 | (point & 63));
    else if (point < 0x10000)
        sprintf(out, "%c%c%c", 0xe0 | point >> 12, 0x80 | (point >> 6 & 63), 0x80 | (point & 63));
    else
        sprintf(out, "%c%c%c%c", 0xf0 | point >> 18, 0x80 | (point >> 12 & 63),
                0x80 | (point >> 6 & 63), 0x80 | (point & 63));
}

static void
make_free(maker_t *self, size_t max, char *out)
{
    size_t pieces = 1 + below(self, 6), bad = wildly(self, 6) ? pieces : 0;
    *out = 0;
    if (once_in(self, 16))
        repeat(out, 'f', max - 30 + below(self, 36));
    for (size_t i = 0; i < pieces; i++) {
        const char *piece = PIECES[below(self, bad ? sizeof PIECES / sizeof *PIECES : 6)];
        sprintf(out + strlen(out), "%s", strlen(out) ? piece : "the");
        if (wildly(self, 8))
            make_code_point(self, out + strlen(out));
    }
}

static void
make_escaped(maker_t *self, size_t max, char *out)
{
    *out = 0;
    if (once_in(self, 16))
        repeat(out, 'e', max - 12 + below(self, self->wild ? 18 : 9));
    if (wildly(self, 24)) {
        pick(self, "%|%%|%2|%G0|%41|%0a|%7F|%20|%25|%80|\"|%00|%FF%|yes|no|inputs.x|%c3|%21|%7E",
             out);
        return;
    }
    bool plain = max < 200 && !wildly(self, 8);
    for (size_t pieces = 1 + below(self, 4); pieces; pieces--)
        pick(self,
             plain ? "a|b|job|instance|%25|x=y|_" : "a|b|80|x=y|%0A|%20|%25|%C3%A9|/var|%00|~|!",
             out + strlen(out));
}

static void
make_pairs(maker_t *self, char *out)
{
    static const char *const PAIRS[] = {"a=1",          "a=2",     "env=prod",
                                        "region=north", "role=db", "tier=a.b"};
    *out = 0;
    for (size_t i = 0; i < 6; i++)
        if (once_in(self, 3))
            sprintf(out + strlen(out), "%s%s", *out ? "," : "", PAIRS[i]);
    if (wildly(self, 20))
        pick(self,
             ",|=|a=|=a|a=1,|,a=1|b=1,a=1|a=1,a=1|A=1|a=1=2|a-b=1,a=1|a=1,a-b=1|a=b,a.=b|a=,b",
             out);
    if (wildly(self, 20)) {
        *out = 0;
        for (size_t i = 0, to = once_in(self, 2) ? 42 : below(self, 60); i < to; i++)
            sprintf(out + strlen(out), "%sk%02zu=v%s", i ? "," : "", i,
                    i                  ? ""
                    : once_in(self, 2) ? "v"
                                       : "vv");
    }
}

static void
make_base64(const uint8_t *blob, size_t size, char *out)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)blob[i] << 16 | (uint32_t)(i + 1 < size ? blob[i + 1] : 0) << 8 |
                        (i + 2 < size ? blob[i + 2] : 0);
        for (int k = 0; k < 4; k++)
            *out++ = i + k <= size || k < 2 ? DIGITS[bits >> (18 - 6 * k) & 63] : '=';
        if (i + 1 >= size)
            out[-2] = out[-1] = '=';
        else if (i + 2 >= size)
            out[-1] = '=';
    }
    *out = 0;
}

static size_t
add_string(uint8_t *blob, size_t at, const void *bytes, size_t size)
{
    blob[at] = blob[at + 1] = 0;
    blob[at + 2] = (uint8_t)(size >> 8);
    blob[at + 3] = (uint8_t)size;
    memcpy(blob + at + 4, bytes, size);
    return at + 4 + size;
}

/* A key of that type, or now and then something near it. */
static void
make_key(maker_t *self, const char *type, char *out)
{
    static const char SK[] = "sk-ssh-ed25519@openssh.com";
    uint8_t blob[ORACLE_LINE_MAX];
    char application[600] = "ssh:";
    if (self->serial)
        sprintf(application, "ssh:%zu", self->serial++);
    else if (wildly(self, 20))
        type = once_in(self, 2) ? "ssh-rsa" : SK;
    size_t size = add_string(blob, 0, type, strlen(type));
    const uint8_t *point = self->point[(self->serial ? self->serial : below(self, KEYS)) % KEYS];
    size = add_string(blob, size, point, wildly(self, 64) ? 31 : 32);
    if (!self->serial && once_in(self, 10))
        repeat(application, 's', 60 + below(self, self->wild ? 6 : 4));
    else if (wildly(self, 10))
        pick(self, "|ssh|ssh:x|ssh: y|\x01|\xc3\xa9|a b|ssh:tocsin", application);
    if (strcmp(type, SK) == 0)
        size = add_string(blob, size, application, strlen(application) + wildly(self, 64));
    if (wildly(self, 64))
        blob[below(self, size)] ^= (uint8_t)(1u << below(self, 8));
    if (wildly(self, 64))
        size = once_in(self, 2) ? size + 1 : size - 1;
    make_base64(blob, size, out);
}

static void
make_bytes(maker_t *self, const oracle_kind_t *kind, char *out)
{
    uint8_t bytes[ORACLE_LINE_MAX];
    size_t size = kind->min + below(self, once_in(self, 8) ? kind->max - kind->min + 1 : 1);
    if (wildly(self, 20))
        size = once_in(self, 2) ? kind->max + 1 : kind->min - 1;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)below(self, 256);
    make_base64(bytes, size, out);
}

/* Fields that are drawn from a list; what stands last may be wrong. */
static const struct {
    const char *word, *few, *more;
} LISTS[] = {
    {"class", "observe|change|destructive", "none|Observe"},
    {"roles",
     "author|reviewer|responder|officer|author,reviewer|author,reviewer,responder,officer|"
     "reviewer,officer",
     "reviewer,author|author,author|-|author,|,author|any|officers"},
    {"word", "a|web-1|web-1.example|10.0.0.1|x.y",
     "-a|a-|.a|a.|a..b|A|a_b|fe80::1|a:9100|-|a/b|a@b"},
    {"word-",
     "-|9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08|north|web-1|web-1.example|"
     "10.0.0.1",
     "--|A|a_b|fe80::1|a:9100|.|a..b|[::1]|a-.b|a.-b"},
    {"target", "w1|w2|w10|a|b|w1/web-1|w1/10.0.0.1|north/x",
     "w1/|/x|w1/a/b|W1|w1/A|w1/-|w1/a_b|w1/a:1|w1/.a"},
    {"steps", "a|b|a/b|go|a/b/c/d|10|9", "-|a/b/c/d/e|/a|a/|a//b|A"},
    {"steps-", "-|a|b|a/b|go|a/b/c/d", "a/b/c/d/e|/a|a/|a//b|A|--"},
    {"path", "lib/a.lua|A|words/vi.txt|t/a|t/b|x",
     "/a|a/|a//b|.|..|a/../b|./a|a/.|a b|.a|...|a/..b|PLAYBOOK.LUA|"
     "Manifest|lib/A.lua|a/b/c/d/e/f|playbook.lua|manifest"},
    {"about", "severity|host|title|labels.a|labels.alertname|annotations.x|labels.a.b",
     "labels.|labels|annotations|source|Severity|labels.a%20b|labels.\"|labels.A_b|annotations.|"
     "labels.-|labels.%"},
    {"fault", "none|format|policy|denied|failed|unknown|stopped",
     "ok|fault|None|revoked|beacons|-"},
    {"fault-ok", "ok|policy|denied|failed|unknown", "none|OK|-|revoked"},
    {"region", "north|south|a.b", "a.sigs|a.new|new|sigs|.new|a.news|a.sigs.x|A"},
    {"days", "mon|tue|sat,sun|mon,tue,wed,thu,fri|mon,sun|mon,tue,wed,thu,fri,sat,sun",
     "sun,mon|mon-fri|mon,mon|Mon|mo|mon,|,mon|-|monday|mon,,tue"},
    {"span", "22:00-06:00|00:00-24:00|08:00-18:00|00:00-00:01|23:59-00:00|12:30-12:29",
     "24:00-00:00|08:00-08:00|8:00-18:00|08:00-24:01|08:60-09:00|08:00|08:00-18:0|08:00-18:000|-"},
    {"keytype", "ssh-ed25519|ssh-ed25519|sk-ssh-ed25519@openssh.com",
     "ssh-rsa|ssh-ed25519-cert-v01@openssh.com"},
};

static bool
make_listed(maker_t *self, const oracle_kind_t *kind, char *out)
{
    const char *word = kind->word;
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (strcmp(LISTS[i].word, word) == 0) {
            pick(self, wildly(self, 30) ? LISTS[i].more : LISTS[i].few, out);
            if (wildly(self, 60) && (strcmp(word, "path") == 0 || strncmp(word, "word", 4) == 0))
                repeat(out, 'p', (*word == 'p' ? 200 : kind->max) - 3 + below(self, 6));
            return true;
        }
    return false;
}

/* Where lines are counted, what makes each another. */
static bool
make_counted(maker_t *self, const char *word, char *out)
{
    static const char *const FRONTS[][2] = {
        {"path", "f"},         {"target", "t"},  {"word", "h"},
        {"about", "labels.n"}, {"escaped", "e"}, {"region", "r"},
    };
    if (strcmp(word, "keytype") == 0) {
        bool plain =
            strcmp(self->type->type, "fleet") == 0 || strcmp(self->type->type, "root") == 0;
        sprintf(out, "%s", plain ? "ssh-ed25519" : "sk-ssh-ed25519@openssh.com");
        return true;
    }
    for (size_t i = 0; i < sizeof FRONTS / sizeof *FRONTS; i++)
        if (strcmp(FRONTS[i][0], word) == 0) {
            sprintf(out, "%s%zu", FRONTS[i][1], self->serial++);
            return true;
        }
    return false;
}

static void
make_field(maker_t *self, const oracle_kind_t *kind, const char *before, char *out)
{
    const char *word = kind->word;
    *out = 0;
    if ((self->serial && make_counted(self, word, out)) || make_listed(self, kind, out))
        return;
    if (strcmp(word, "name") == 0)
        make_name(self, out);
    else if (strcmp(word, "number") == 0)
        make_number(self, kind, out);
    else if (strcmp(word, "hash") == 0)
        make_hash(self, out);
    else if (strcmp(word, "self|hash") == 0)
        sprintf(out, "%s", once_in(self, 2) ? "self" : HASHES[below(self, 4)]);
    else if (strcmp(word, "hex") == 0)
        make_hex(self, kind->min, out);
    else if (strcmp(word, "time") == 0 || strcmp(word, "instant") == 0)
        make_moment(self, *word == 'i', out);
    else if (strcmp(word, "free") == 0)
        make_free(self, kind->max, out);
    else if (strcmp(word, "escaped") == 0 || strcmp(word, "text") == 0)
        make_escaped(self, kind->max, out);
    else if (strcmp(word, "words") == 0)
        pick(self, kind->words, out);
    else if (strcmp(word, "bytes") == 0)
        make_bytes(self, kind, out);
    else if (strcmp(word, "base64") == 0)
        make_key(self, before ? before : "ssh-rsa", out);
    else if (strcmp(word, "scope") == 0 || strcmp(word, "labels") == 0) {
        make_pairs(self, out);
        if (!*out || wildly(self, 40))
            sprintf(out, "%s", (*word == 's') != wildly(self, 20) ? "any" : "-");
    } else {
        assert(!"a kind that nothing is made of");
    }
}

static void
make_line(maker_t *self, const oracle_row_t *row)
{
    char value[9 * TEXT_MAX], field[ORACLE_FIELDS][TEXT_MAX];
    size_t at = 0;
    for (size_t i = 0; i < row->fields; i++) {
        make_field(self, &row->field[i], i ? field[i - 1] : NULL, field[i]);
        at += (size_t)sprintf(value + at, "%s%s", i ? " " : "", field[i]);
    }
    if (self->count < LINES_MAX)
        self->line[self->count++] = (made_t){row, strdup(value)};
}

static size_t
how_many(maker_t *self, const oracle_row_t *row)
{
    char mark = row->mark;
    self->serial = 0;
    if (mark && mark != '?' && once_in(self, row->most > 1000 ? 10000 : 400)) {
        self->serial = 1;
        self->wild = false;
        return row->most - 1 + below(self, 3);
    }
    if (mark == '?')
        return below(self, 2);
    if (!mark)
        return 1;
    size_t least = mark == '+' && !wildly(self, 60);
    return once_in(self, 4000) ? below(self, 8500)
           : once_in(self, 64) ? below(self, 300)
           : once_in(self, 8)  ? below(self, 12)
                               : least + below(self, 3);
}

static int
by_value(const void *left, const void *right)
{
    return oracle_compare(((const made_t *)left)->value, ((const made_t *)right)->value);
}

static void
remove_line(maker_t *self, size_t at)
{
    free(self->line[at].value);
    self->count--;
    memmove(&self->line[at], &self->line[at + 1], (self->count - at) * sizeof(made_t));
}

/* Sorted, and each once. */
static void
settle(maker_t *self, size_t from)
{
    qsort(&self->line[from], self->count - from, sizeof(made_t), by_value);
    size_t kept = from;
    for (size_t i = from; i < self->count; i++) {
        if (kept > from && by_value(&self->line[kept - 1], &self->line[i]) == 0)
            free(self->line[i].value);
        else
            self->line[kept++] = self->line[i];
    }
    self->count = kept;
}

static size_t
find(const maker_t *self, const char *key)
{
    size_t at = 0;
    while (at < self->count && strcmp(self->line[at].row->key, key) != 0)
        at++;
    return at;
}

static size_t
many(const maker_t *self, const char *key)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += strcmp(self->line[i].row->key, key) == 0;
    return count;
}

static void
replace(maker_t *self, size_t at, const char *value)
{
    if (at == self->count)
        return;
    char *copy = strdup(value); /* value may be the line's own */
    free(self->line[at].value);
    self->line[at].value = copy;
}

/* Puts another first field in front of the rest of the line. */
static void
renumber(maker_t *self, size_t at, size_t number)
{
    char value[8 * TEXT_MAX];
    snprintf(value, sizeof value, "%zu%s", number, strchrnul(self->line[at].value, ' '));
    replace(self, at, value);
}

static void
number_lines(maker_t *self, const char *key, size_t number, size_t each)
{
    size_t from = find(self, key), count = many(self, key);
    for (size_t i = 0; i < count; i++)
        renumber(self, from + i, number + i / each);
}

static const char *
has(const maker_t *self, const char *key, const char *value)
{
    size_t at = find(self, key);
    return at < self->count && strcmp(self->line[at].value, value) == 0 ? value : NULL;
}

static void
mend_root(maker_t *self)
{
    if (has(self, "site", "self")) {
        replace(self, find(self, "version"), "1");
        replace(self, find(self, "previous"), ZEROES);
    } else if (has(self, "version", "1")) {
        replace(self, find(self, "version"), "2");
    }
}

/* Each of a worker that is there. */
static void
mend_sealings(maker_t *self)
{
    char value[8 * TEXT_MAX];
    size_t worker = find(self, "worker"), count = many(self, "worker");
    while (many(self, "sealing") > count)
        remove_line(self, find(self, "sealing"));
    size_t from = find(self, "sealing");
    for (size_t i = 0; from + i < self->count; i++) {
        const char *id = self->line[worker + i].value;
        snprintf(value, sizeof value, "%.*s%s", (int)strcspn(id, " "), id,
                 strchrnul(self->line[from + i].value, ' '));
        replace(self, from + i, value);
    }
}

static void
mend_fleet(maker_t *self)
{
    mend_sealings(self);
    char value[8 * TEXT_MAX], id[TEXT_MAX];
    size_t worker = find(self, "worker"), host = find(self, "host");
    for (size_t i = 0, from = find(self, "signer"), count = many(self, "signer"); i < count; i++) {
        size_t source = find(self, "source");
        char *rest = strchr(self->line[from + i].value, ' ');
        if (source == self->count || !rest)
            continue;
        snprintf(value, sizeof value, "%s%s", self->line[source].value, rest);
        replace(self, from + i, value);
    }
    bool nobody = worker == self->count;
    while (nobody && many(self, "host"))
        remove_line(self, host);
    if (nobody)
        return;
    snprintf(id, sizeof id, "%.*s", (int)strcspn(self->line[worker].value, " "),
             self->line[worker].value);
    for (size_t i = 0, count = many(self, "host"); i < count; i++) {
        char *line = self->line[host + i].value;
        snprintf(value, sizeof value, "%.*s%zu %s", (int)strcspn(line, " "), line, i, id);
        replace(self, host + i, value);
    }
}

/* Bounds that are ones, and matches without a control character. */
static void
mend_grant(maker_t *self)
{
    for (size_t i = find(self, "match"); i < self->count; i++) {
        char *value = self->line[i].value;
        if (strcmp(self->line[i].row->key, "bound") == 0) {
            char *kind = strchr(value, ' '), *text = kind ? strchr(kind + 1, ' ') : NULL;
            if (text && strncmp(kind, " equals", 7) != 0) {
                char mended[200];
                snprintf(mended, sizeof mended, "%.*s%s", (int)(text - value), value,
                         kind[1] == 'u'   ? " /"
                         : kind[1] == 'w' ? " 10.0.0.0/8"
                                          : " 7");
                replace(self, i, mended);
                value = self->line[i].value;
            }
        }
        for (char *at; (at = strstr(value, "%0")) && at[2];)
            memmove(at, at + 3, strlen(at + 3) + 1);
        if (value[strlen(value) - 1] == ' ')
            sprintf(value + strlen(value), "%s", "%");
    }
}

static void
mend_release(maker_t *self)
{
    char value[100];
    size_t from = find(self, "file");
    if (from == self->count)
        return;
    const oracle_row_t *row = self->line[from].row;
    size_t manifest = find(self, "manifest");
    snprintf(value, sizeof value, "manifest 100 %.64s", self->line[manifest].value);
    if (self->count + 2 < LINES_MAX) {
        self->line[self->count++] = (made_t){row, strdup(value)};
        snprintf(value, sizeof value, "playbook.lua %zu %s", below(self, 262144),
                 HASHES[below(self, 4)]);
        self->line[self->count++] = (made_t){row, strdup(value)};
    }
    for (size_t i = from; !once_in(self, 8) && i < self->count; i++) {
        char *path_end = strchr(self->line[i].value, ' '),
             *size_end = path_end ? strchr(path_end + 1, ' ') : NULL;
        if (size_end && size_end - path_end > 6 && strncmp(self->line[i].value, "playbook", 8) != 0)
            memmove(path_end + 4, size_end, strlen(size_end) + 1);
    }
    settle(self, from);
}

/* Either nobody is sealed to and nothing is sealed, or a person and the worker of each target. */
static void
mend_seals(maker_t *self)
{
    char value[8 * TEXT_MAX], field[TEXT_MAX];
    size_t seals = many(self, "seal"), secret = find(self, "secret");
    for (size_t i = 0, count = many(self, "secret"); i < count; i++) {
        char *line = self->line[secret + i].value;
        snprintf(value, sizeof value, "s%zu%s", i, strchrnul(line, ' '));
        replace(self, secret + i, value);
    }
    while (!seals && many(self, "secret"))
        remove_line(self, secret);
    if (!seals)
        settle(self, find(self, "target"));
    if (!seals || once_in(self, 8) || many(self, "target") > 900)
        return;
    const oracle_row_t *row = self->line[find(self, "seal")].row;
    for (const char *key = "seal"; key; key = strcmp(key, "seal") == 0 ? "wave" : NULL)
        while (many(self, key))
            remove_line(self, find(self, key));
    size_t target = find(self, "target");
    settle(self, target);
    size_t from = self->count;
    for (size_t i = 0, count = many(self, "target"); i <= count; i++) {
        const char *name = i < count ? strchr(self->line[target + i].value, ' ') + 1 : "a";
        make_field(self, &row->field[2], NULL, field);
        snprintf(value, sizeof value, "%s %.*s %s", i < count ? "worker" : "person",
                 (int)strcspn(name, "/"), name, field);
        if (self->count < LINES_MAX)
            self->line[self->count++] = (made_t){row, strdup(value)};
    }
    settle(self, from);
}

static void
mend_order(maker_t *self)
{
    char name[8 * TEXT_MAX];
    size_t release = find(self, "release");
    if (release < self->count) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(self->line[release].value, " "),
                 self->line[release].value);
        replace(self, find(self, "playbook"), name);
    }
    size_t target = find(self, "target"), count = many(self, "target"), each = 1 + below(self, 64);
    for (size_t i = 0; count > 20 && i < count; i++) {
        snprintf(name, sizeof name, "1 t%05zu", i);
        replace(self, target + i, name);
    }
    number_lines(self, "target", 1, each);
    number_lines(self, "wave", (count + each - 1) / each + 1, 1);
    mend_seals(self);
}

static void
mend_receipt(maker_t *self)
{
    bool none = has(self, "step", "-");
    if (none) {
        replace(self, find(self, "attempt"), "0");
        replace(self, find(self, "phase"), "run");
        while (many(self, "op"))
            remove_line(self, find(self, "op"));
    } else if (has(self, "attempt", "0")) {
        replace(self, find(self, "attempt"), "1");
    }
    if (has(self, "outcome", "ok") || has(self, "outcome", "skipped"))
        replace(self, find(self, "code"), "none");
    else if (has(self, "code", "none"))
        replace(self, find(self, "code"), "failed");
    if (has(self, "sequence", "1"))
        replace(self, find(self, "previous"), ZEROES);
    number_lines(self, "op", 1, 1);
    for (size_t i = find(self, "op"); i < self->count; i++) {
        char *code = strrchr(self->line[i].value, ' ') + 1;
        if (strcmp(code, "ok") != 0 && code - self->line[i].value > 65)
            memcpy(code - 65, ZEROES, 64);
    }
    if (once_in(self, 2)) {
        char output[80];
        snprintf(output, sizeof output, "%s 0", ZEROES);
        replace(self, find(self, "output"), output);
    }
}

/* No nonces, and zeroes; or both not. */
static void
mend_beacon(maker_t *self)
{
    char nonces[80];
    bool none = once_in(self, 2);
    snprintf(nonces, sizeof nonces, "%zu %s", none ? 0 : 1 + below(self, 16384),
             none ? ZEROES : HASHES[1 + below(self, 3)]);
    replace(self, find(self, "nonces"), nonces);
}

static bool
by_hash(maker_t *self)
{
    static const char *const WHATS[] = {"run", "key", "release", "grant"};
    bool found = false;
    for (size_t i = 0; i < sizeof WHATS / sizeof *WHATS; i++)
        found = found || has(self, "what", WHATS[i]);
    return found;
}

static void
mend_stop(maker_t *self)
{
    size_t at = find(self, "name");
    if (has(self, "what", "site"))
        replace(self, at, "-");
    else
        replace(self, at, by_hash(self) ? HASHES[below(self, 4)] : "north");
    size_t until = find(self, "until");
    if (until < self->count && !has(self, "what", "run"))
        remove_line(self, until);
}

/* So that what was drawn also fits together, most of the time. */
static void
mend(maker_t *self)
{
    static const struct {
        const char *type;
        void (*mend)(maker_t *self);
    } MENDS[] = {
        {"root", mend_root},       {"fleet", mend_fleet}, {"grant", mend_grant},
        {"release", mend_release}, {"order", mend_order}, {"receipt", mend_receipt},
        {"stop", mend_stop},       {"revoke", mend_stop}, {"beacon", mend_beacon},
    };
    for (size_t i = 0; i < sizeof MENDS / sizeof *MENDS; i++)
        if (strcmp(MENDS[i].type, self->type->type) == 0)
            MENDS[i].mend(self);
}

static void
make_lines(maker_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->line[i].value);
    self->count = 0;
    self->second = 4000000 + (long long)below(self, 1000000);
    for (size_t i = 0; i < self->type->rows; i++) {
        size_t from = self->count;
        bool wild = self->wild;
        for (size_t count = how_many(self, &self->type->row[i]); count; count--)
            make_line(self, &self->type->row[i]);
        self->wild = wild;
        self->serial = 0;
        settle(self, from);
    }
}

/* Draws one field of one line anew, of its own kind or of any other's. */
static void
change_field(maker_t *self, size_t at)
{
    char value[16 * TEXT_MAX], field[TEXT_MAX];
    const oracle_row_t *row = self->line[at].row;
    size_t which = below(self, row->fields), from = 0;
    for (size_t i = 0; i < which; i++) {
        const char *space = strchr(self->line[at].value + from, ' ');
        from = space ? (size_t)(space + 1 - self->line[at].value) : from;
    }
    const oracle_type_t *other = self->type;
    const oracle_row_t *from_row = once_in(self, 2) ? row : &other->row[below(self, other->rows)];
    make_field(self, &from_row->field[from_row == row ? which : 0], "ssh-ed25519", field);
    const char *rest = self->line[at].value + from;
    snprintf(value, sizeof value, "%.*s%s%s", (int)from, self->line[at].value, field,
             rest + strcspn(rest, " "));
    replace(self, at, value);
}

static void
damage_line(maker_t *self)
{
    if (!self->count)
        return;
    size_t at = below(self, self->count), other = below(self, self->count);
    made_t swap = self->line[at];
    switch (below(self, 6)) {
    case 0:
        remove_line(self, at);
        break;
    case 1:
        self->line[at] = self->line[other];
        self->line[other] = swap;
        break;
    case 2:
        replace(self, at, self->line[other].value);
        break;
    case 3:
        if (self->count < LINES_MAX) {
            memmove(&self->line[at + 1], &self->line[at], (self->count++ - at) * sizeof(made_t));
            self->line[at + 1] = (made_t){swap.row, strdup(swap.value)};
        }
        break;
    default:
        change_field(self, at);
    }
}

static void
insert(maker_t *self, size_t at, const char *bytes, size_t size)
{
    if (self->size + size > BYTES_MAX)
        return;
    memmove(self->bytes + at + size, self->bytes + at, self->size - at);
    memcpy(self->bytes + at, bytes, size);
    self->size += size;
}

static void
damage_byte(maker_t *self)
{
    static const char BYTES[] = "\0 \n\r\t\x7f\x80\xff%0aA-./=,~";
    char piece[16];
    size_t at = below(self, self->size), count = 1 + below(self, 3);
    switch (below(self, 6)) {
    case 0:
        self->bytes[at] ^= (char)(1u << below(self, 8));
        break;
    case 1:
        self->bytes[at] = BYTES[below(self, sizeof BYTES - 1)];
        break;
    case 2:
        insert(self, at + below(self, 2), BYTES + below(self, sizeof BYTES - 1), 1);
        break;
    case 3:
        count = count < self->size - at ? count : self->size - at;
        memmove(self->bytes + at, self->bytes + at + count, self->size - at - count);
        self->size -= count;
        break;
    case 4:
        snprintf(piece, sizeof piece, "%s", PIECES[below(self, sizeof PIECES / sizeof *PIECES)]);
        insert(self, at, piece, strlen(piece));
        break;
    default:
        self->size = once_in(self, 4) ? at : self->size - (at < 8 ? at : 1);
        if (once_in(self, 2))
            insert(self, self->size, "end\n", 4);
    }
    if (!self->size)
        insert(self, 0, "\n", 1);
}

static void
write_lines(maker_t *self)
{
    self->size = (size_t)sprintf(self->bytes, "tocsin-%s v1\n", self->type->type);
    for (size_t i = 0; i < self->count && self->size < BYTES_MAX - 20 * TEXT_MAX; i++)
        self->size += (size_t)sprintf(self->bytes + self->size, "%s %s\n", self->line[i].row->key,
                                      self->line[i].value);
    self->size += (size_t)sprintf(self->bytes + self->size, "end\n");
}

const char *
maker_make(maker_t *self, uint64_t number, const oracle_type_t **type, size_t *size)
{
    size_t types = 0;
    while (oracle_type_at(types))
        types++;
    uint64_t both = self->seed + number * 0x9e3779b97f4a7c15u;
    self->chance = chance_of(both);
    self->type = oracle_type_at(below(self, types));
    self->wild = once_in(self, 2);
    make_lines(self);
    if (!wildly(self, 16))
        mend(self);
    for (size_t damages = once_in(self, 3) ? below(self, 3) : 0; damages; damages--)
        damage_line(self);
    write_lines(self);
    for (size_t damages = once_in(self, 3) ? below(self, 3) : 0; damages; damages--)
        damage_byte(self);
    *type = self->type;
    *size = self->size;
    return self->bytes;
}

maker_t *
maker_new(uint64_t seed, oracle_point_t is_point)
{
    maker_t *self = calloc(1, sizeof *self);
    assert(self);
    self->seed = seed;
    self->chance = chance_of(seed);
    for (size_t i = 0; i < KEYS; i++)
        do {
            for (size_t k = 0; k < 32; k++)
                self->point[i][k] = (uint8_t)below(self, 256);
        } while (!is_point(self->point[i]));
    return self;
}

void
maker_destroy(maker_t **self_p)
{
    maker_t *self = *self_p;
    for (size_t i = 0; self && i < self->count; i++)
        free(self->line[i].value);
    free(self);
    *self_p = NULL;
}
