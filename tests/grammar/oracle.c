/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of PROTOCOL's section 3, and the reader that walks a document along one. */
#include "tests/grammar/oracle_private.h"

#include <assert.h>
#include <stdarg.h>

/* A line is: the key, with ? or * where it may be absent or repeat and + where it repeats and may
 * not be absent, and how often at most; then a kind a field. Bounds stand behind a colon. */
static const char *const TABLES[] = {
    "root",
    "site self|hash",
    "version number:1",
    "previous hash",
    "issued time",
    "expires time",
    "quorum-root number:1:32",
    "quorum-approve number:1:32 number:1:32 number:1:32",
    "quorum-order number:1:32 number:1:32 number:1:32",
    "quorum-grant number:1:32",
    "offline-max number:0:31622400 number:0:31622400 number:0:31622400",
    "grant-days-max number:1:365",
    "min-version? number:2",
    "holder*32 name keytype base64",
    "timekeeper? name hex:64 keytype base64",
    "witness*32 name keytype base64",
    NULL,

    "people",
    "site hash",
    "version number:1",
    "root number:1",
    "issued time",
    "expires time",
    "broker*16 name hex:64",
    "curve*512 name hex:64",
    "delegate*512 region name",
    "floor*512 name number:1",
    "key*512 name roles class scope keytype base64",
    "pardon*512 hash",
    "sealing*512 name hex:64",
    NULL,

    "fleet",
    "site hash",
    "region region",
    "version number:1",
    "issued time",
    "expires time",
    "host*8192 word:255 name",
    "source*64 name",
    "signer*128 name keytype base64",
    "worker*8192 name labels hex:64 keytype base64",
    "sealing*8192 name hex:64",
    NULL,

    "release",
    "site hash",
    "playbook name",
    "sequence number:1",
    "class class",
    "manifest hash",
    "author+16 name",
    "file+256 path number:0:262144 hash",
    NULL,

    "order",
    "site hash",
    "playbook name",
    "mode run|dry",
    "incident? number:1",
    "reason free:500",
    "break-glass? free:500",
    "created time",
    "not-before time",
    "not-after time",
    "undo-until time",
    "nonce hex:32",
    "soak number:0:604800",
    "max-failures number:0:100000",
    "continues? hash",
    "release+16 name hash",
    "input*64 name escaped:800",
    "secret*64 name bytes:41:680",
    "wave*64 number:1 number:65:100000 hash",
    "target*4096 number:1 target",
    "seal*1024 person|worker name bytes:80:80",
    NULL,

    "grant",
    "site hash",
    "playbook name",
    "release hash",
    "issued time",
    "expires time",
    "evidence token|signed",
    "scope scope",
    "budget number:1:1000000 number:1:31622400",
    "fresh number:1:31622400",
    "source+64 name",
    "match*64 about text:800",
    "bound*64 name equals|within|under|from|to text:800",
    NULL,

    "alert",
    "site hash",
    "source name",
    "fingerprint word:128",
    "status firing|resolved",
    "starts instant",
    "received instant",
    "severity critical|high|medium|low|info",
    "host word-:255",
    "title free:500",
    "label*128 escaped:127 escaped:900",
    "annotation*128 escaped:127 escaped:900",
    NULL,

    "receipt",
    "site hash",
    "worker name",
    "sequence number:1",
    "previous hash",
    "run hash",
    "authority order|glass|grant|token",
    "release hash",
    "target target",
    "step steps-",
    "phase run|undo",
    "attempt number",
    "outcome ok|failed|refused|skipped|unknown|stopped",
    "part ok|failed|refused|skipped|unknown|stopped|open",
    "code fault",
    "reason free:500",
    "started instant",
    "ended instant",
    "consent? hash",
    "output hash number:0:524288",
    "op*256 number:1 name hash hash fault-ok",
    NULL,

    "checkpoint",
    "site hash",
    "broker name",
    "size number",
    "head hash",
    "made instant",
    NULL,

    "consent",
    "site hash",
    "run hash",
    "step steps",
    "value yes|no",
    "reason free:500",
    "created time",
    "expires time",
    "target+8192 target hash",
    NULL,

    "answer",
    "site hash",
    "run hash",
    "step steps",
    "value escaped:800",
    "reason free:500",
    "created time",
    "expires time",
    "target+8192 target hash",
    NULL,

    "stop",
    "site hash",
    "what run|playbook|region|site",
    "name word-:64",
    "reason free:500",
    "created time",
    "until? time",
    "nonce hex:32",
    NULL,

    "revoke",
    "site hash",
    "what person|key|worker|release|grant",
    "name word-:64",
    "reason free:500",
    "created time",
    "nonce hex:32",
    NULL,

    "resume",
    "site hash",
    "stop hash",
    "reason free:500",
    "created time",
    NULL,

    "allowance",
    "site hash",
    "worker name",
    "made instant",
    "highest class",
    "approvals? number:0:16 number:0:16 number:0:16",
    "orders? number:0:16 number:0:16 number:0:16",
    "break-glass? never",
    "window*64 days span",
    "blackout*64 days span",
    "op*256 name",
    "class*64 name change|destructive",
    "command*64 name change|destructive",
    NULL,

    "beacon",
    "site hash",
    "sequence number:1",
    "made instant",
    "root number:1 hash",
    "people? number:1 hash",
    "fleet*512 region number:1 hash",
    "halt*2560 hash",
    "nonces number:0:16384 hash",
    NULL,

    "restart",
    "site hash",
    "broker name",
    "size number",
    "head hash",
    "reason free:500",
    "created time",
    NULL,
    NULL,
};

#define TYPES_MAX 24

static oracle_type_t types[TYPES_MAX];
static size_t type_count;

static oracle_row_t
row_of(const char *text)
{
    oracle_row_t row = {0};
    char copy[256], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!row.key[0]) {
            snprintf(row.key, sizeof row.key, "%s", word);
            char *mark = strpbrk(row.key, "?*+");
            row.mark = mark ? *mark : 0;
            row.most = mark && *mark != '?' ? strtoul(mark + 1, NULL, 10) : 1;
            if (mark)
                *mark = 0;
        } else {
            row.field[row.fields++] = oracle_kind(word);
        }
    }
    return row;
}

static void
tables_load(void)
{
    if (type_count)
        return;
    for (const char *const *at = TABLES; *at; at++) {
        assert(type_count < TYPES_MAX);
        oracle_type_t *type = &types[type_count++];
        type->type = *at;
        while (*++at)
            type->row[type->rows++] = row_of(*at);
    }
}

const oracle_type_t *
oracle_type_at(size_t index)
{
    tables_load();
    return index < type_count ? &types[index] : NULL;
}

const oracle_type_t *
oracle_type(const char *type)
{
    const oracle_type_t *found = NULL;
    for (size_t i = 0; (found = oracle_type_at(i)) && strcmp(found->type, type) != 0; i++)
        continue;
    return found;
}

bool
oracle_refuse(oracle_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self->why, sizeof self->why, format, args);
    va_end(args);
    return false;
}

static bool
is_digits(const char *text, size_t size)
{
    return size && strspn(text, "0123456789") >= size;
}

static int
compare_fields(const char *left, size_t left_size, const char *right, size_t right_size)
{
    bool digits = is_digits(left, left_size) && is_digits(right, right_size);
    if (digits && left_size != right_size)
        return left_size < right_size ? -1 : 1;
    size_t both = left_size < right_size ? left_size : right_size;
    int order = memcmp(left, right, both);
    return order ? order : (left_size > right_size) - (left_size < right_size);
}

int
oracle_compare(const char *left, const char *right)
{
    for (;;) {
        size_t left_size = strcspn(left, " "), right_size = strcspn(right, " ");
        int order = compare_fields(left, left_size, right, right_size);
        if (order || !left[left_size] || !right[right_size])
            return order;
        left += left_size + 1;
        right += right_size + 1;
    }
}

/* Cuts a value into its fields and writes the line again. */
static bool
read_fields(oracle_t *self, oracle_line_t *line, char *value)
{
    const oracle_row_t *row = line->row;
    char spelled[ORACLE_LINE_MAX + 1];
    size_t start = self->size;
    self->size += sprintf(self->again + self->size, "%s", row->key);
    for (size_t i = 0; i < row->fields; i++) {
        bool free_text = strcmp(row->field[i].word, "free") == 0;
        char *end = free_text ? value + strlen(value) : strchrnul(value, ' ');
        if ((i + 1 < row->fields) == !*end)
            return oracle_refuse(self, "'%s' has not %zu fields", row->key, row->fields);
        *end = 0;
        line->field[i] = value;
        if (!*value || !oracle_spell(self, line, i, spelled) || strcmp(spelled, value) != 0)
            return oracle_refuse(self, "'%s': field %zu '%.80s'", row->key, i + 1, value);
        self->size += sprintf(self->again + self->size, " %s", spelled);
        value = end + 1;
    }
    if (self->size - start > ORACLE_LINE_MAX)
        return oracle_refuse(self, "line too long");
    self->again[self->size++] = '\n';
    return true;
}

/* One line, which is of this row or of a later one. */
static bool
read_line(oracle_t *self, size_t *row, size_t *repeats, char *text)
{
    char *value = strchr(text, ' ');
    if (!value)
        return oracle_refuse(self, "a line without a value");
    *value++ = 0;
    for (; *row < self->type->rows; ++*row) {
        const oracle_row_t *here = &self->type->row[*row];
        if (strcmp(here->key, text) == 0)
            break;
        bool had = self->lines && self->line[self->lines - 1].row == here;
        if (!had && here->mark != '?' && here->mark != '*')
            return oracle_refuse(self, "'%s' is missing before '%.30s'", here->key, text);
    }
    if (*row == self->type->rows)
        return oracle_refuse(self, "'%.30s' is not one of its keys, or not here", text);
    if (self->lines && self->line[self->lines - 1].row == &self->type->row[*row])
        ++*repeats;
    else
        *repeats = 1;
    if (*repeats > self->type->row[*row].most)
        return oracle_refuse(self, "more than %zu of '%s'", self->type->row[*row].most, text);
    oracle_line_t *line = &self->line[self->lines++];
    *line = (oracle_line_t){.row = &self->type->row[*row]};
    if (line->row->mark != '*' && line->row->mark != '+')
        ++*row;
    return read_fields(self, line, value);
}

/* Repeated lines ascend. They are compared as they were written again. */
static bool
ascends(oracle_t *self, const char *before, const char *here)
{
    char left[ORACLE_LINE_MAX + 1], right[ORACLE_LINE_MAX + 1];
    snprintf(left, sizeof left, "%.*s", (int)strcspn(before, "\n"), before);
    snprintf(right, sizeof right, "%.*s", (int)strcspn(here, "\n"), here);
    const char *a = strchr(left, ' ') + 1, *b = strchr(right, ' ') + 1;
    return oracle_compare(a, b) < 0 || oracle_refuse(self, "'%.80s' does not ascend", right);
}

static bool
read_lines(oracle_t *self, char *text)
{
    size_t row = 0, repeats = 0, before = 0, number = 1;
    for (;;) {
        char *end = strchr(text, '\n');
        if (!end)
            return oracle_refuse(self, "no 'end'");
        *end = 0;
        if (end - text > ORACLE_LINE_MAX || ++number > ORACLE_LINES_MAX)
            return oracle_refuse(self, "too long a line, or too many");
        if (strcmp(text, "end") == 0) {
            text = end + 1;
            break;
        }
        size_t here = self->size;
        if (!read_line(self, &row, &repeats, text))
            return false;
        if (self->lines > 1 && self->line[self->lines - 1].row == self->line[self->lines - 2].row &&
            !ascends(self, self->again + before, self->again + here))
            return false;
        before = here;
        text = end + 1;
    }
    for (; row < self->type->rows; row++) {
        const oracle_row_t *here = &self->type->row[row];
        bool had = self->lines && self->line[self->lines - 1].row == here;
        if (!had && here->mark != '?' && here->mark != '*')
            return oracle_refuse(self, "'%s' is missing at the end", here->key);
    }
    self->size += sprintf(self->again + self->size, "end\n");
    return !*text || oracle_refuse(self, "more behind 'end'");
}

bool
oracle_read(oracle_t *self, const char *type, const void *bytes, size_t size)
{
    char first[64];
    size_t length = (size_t)snprintf(first, sizeof first, "tocsin-%s v1\n", type);
    self->lines = self->size = 0;
    self->why[0] = 0;
    self->type = oracle_type(type);
    assert(self->type);
    free(self->text);
    self->text = NULL;
    if (size > ORACLE_BYTES_MAX || memchr(bytes, 0, size))
        return oracle_refuse(self, "too many bytes, or a NUL");
    self->text = strndup(bytes, size);
    if (strncmp(self->text, first, length) != 0)
        return oracle_refuse(self, "the first line");
    self->size = (size_t)sprintf(self->again, "%s", first);
    if (!read_lines(self, self->text + length) || !oracle_rules(self))
        return false;
    if (self->size != size || memcmp(self->again, bytes, size) != 0)
        return oracle_refuse(self, "written again it is other bytes");
    return true;
}

const char *
oracle_why(const oracle_t *self)
{
    return self->why;
}

const oracle_line_t *
oracle_line(const oracle_t *self, size_t index)
{
    return index < self->lines ? &self->line[index] : NULL;
}

const char *
oracle_write(const oracle_t *self, size_t *size)
{
    *size = self->size;
    return self->again;
}

oracle_t *
oracle_new(oracle_point_t is_point)
{
    oracle_t *self = calloc(1, sizeof *self);
    assert(self);
    self->is_point = is_point;
    return self;
}

void
oracle_destroy(oracle_t **self_p)
{
    if (*self_p)
        free((*self_p)->text);
    free(*self_p);
    *self_p = NULL;
}
