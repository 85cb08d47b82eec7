/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/roles.h"

#include <assert.h>

static const char *const classes[CLASSES] = {
    [CLASS_OBSERVE] = "observe",
    [CLASS_CHANGE] = "change",
    [CLASS_DESTRUCTIVE] = "destructive",
};

static const char *const roles[] = {"author", "reviewer", "responder", "officer"};

const char *
class_word(class_t self)
{
    assert(self < CLASSES);
    return classes[self];
}

bool
class_read(const char *word, class_t *out)
{
    for (int i = 0; i < CLASSES; i++)
        if (!strcmp(word, classes[i])) {
            *out = (class_t)i;
            return true;
        }
    return false;
}

bool
roles_read(const char *words, unsigned *out)
{
    unsigned set = 0;
    if (!strcmp(words, "-")) {
        *out = 0;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        size_t size = strlen(roles[i]);
        if (strncmp(words, roles[i], size) != 0 || (words[size] && words[size] != ','))
            continue;
        set |= 1u << i;
        words += size;
        if (!*words) {
            *out = set;
            return true;
        }
        words++;
    }
    return false;
}

void
roles_write(unsigned self, char *out, size_t size)
{
    size_t used = 0;
    assert(size > 1);
    memcpy(out, "-", 2);
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        if (!(self & 1u << i))
            continue;
        size_t length = strlen(roles[i]);
        assert(used + length + 2 <= size);
        if (used)
            out[used++] = ',';
        memcpy(out + used, roles[i], length + 1);
        used += length;
    }
}

typedef struct {
    char key[TEXT_NAME_MAX + 1];
    char value[TEXT_NAME_MAX + 1];
} pair_t;

static bool
copy_name(char out[static TEXT_NAME_MAX + 1], const char *from, size_t size)
{
    if (size > TEXT_NAME_MAX)
        return false;
    memcpy(out, from, size);
    out[size] = '\0';
    return text_is_name(out);
}

/* Takes "key=value" and the comma behind it off *labels. */
static bool
take_pair(const char **labels, pair_t *pair)
{
    size_t size = strcspn(*labels, ",");
    const char *equals = memchr(*labels, '=', size);
    if (!equals)
        return false;
    size_t key = (size_t)(equals - *labels);
    if (!copy_name(pair->key, *labels, key) || !copy_name(pair->value, equals + 1, size - key - 1))
        return false;
    *labels += size;
    if (**labels == ',' && !*++*labels)
        return false;
    return true;
}

static bool
pairs_valid(const char *labels)
{
    pair_t before = {"", ""}, pair;
    if (!*labels || strlen(labels) > LABELS_TEXT_MAX)
        return false;
    while (*labels) {
        if (!take_pair(&labels, &pair) || strcmp(before.key, pair.key) >= 0)
            return false;
        before = pair;
    }
    return true;
}

static bool
pairs_have(const char *labels, const char *key, const char *value)
{
    pair_t pair;
    while (take_pair(&labels, &pair))
        if (!strcmp(pair.key, key))
            return !strcmp(pair.value, value);
    return false;
}

/* A region is what the officers of that region sign for: no label may claim another. */
static bool
claims_region(const char *labels)
{
    pair_t pair;
    while (take_pair(&labels, &pair))
        if (!strcmp(pair.key, "region"))
            return true;
    return false;
}

bool
labels_valid(const char *labels)
{
    return !strcmp(labels, "-") || (pairs_valid(labels) && !claims_region(labels));
}

bool
scope_valid(const char *scope)
{
    return !strcmp(scope, "any") || pairs_valid(scope);
}

bool
scope_covers(const char *scope, const char *labels, const char *region)
{
    pair_t pair;
    if (!strcmp(scope, "any"))
        return true;
    if (!scope_valid(scope))
        return false;
    while (take_pair(&scope, &pair)) {
        bool held = !strcmp(pair.key, "region") ? !strcmp(pair.value, region)
                                                : pairs_have(labels, pair.key, pair.value);
        if (!held)
            return false;
    }
    return true;
}
