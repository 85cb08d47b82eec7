/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/edits.h"
#include "cli/keys.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"

#define PUBLIC_FILE_MAX 4096
#define YEAR_MS         (365 * 24 * 3600 * INT64_C(1000))

static const char *const root_keys[] = {
    "site",         "version",     "previous",       "issued",
    "expires",      "quorum-root", "quorum-approve", "quorum-order",
    "quorum-grant", "offline-max", "grant-days-max", "min-version",
    "holder",       "timekeeper",  "witness",        NULL};
static const char *const people_keys[] = {"site",   "version", "root",     "issued", "expires",
                                          "broker", "curve",   "delegate", "floor",  "key",
                                          "pardon", "sealing", NULL};
static const char *const fleet_keys[] = {"site",    "region",  "version", "issued",
                                         "expires", "host",    "source",  "signer",
                                         "worker",  "sealing", NULL};

static int
root_valid(slice_t document, fault_t *fault)
{
    CLEANUP(root_destroy) root_t *root = root_decode(document, fault);
    signers_t people = {0};
    if (!root)
        return -1;
    for (size_t i = 0, k; i < root->holder_count; i++) {
        for (k = 0; k < i && strcmp(root->holders[k].person, root->holders[i].person) != 0; k++)
            ;
        people.count += k == i;
    }
    if (root->quorum_root > people.count)
        return fault_set(fault, FAULT_USAGE,
                         "%zu people hold this root, and it asks for the signatures of %u",
                         people.count, root->quorum_root);
    return 0;
}

static int
people_valid(slice_t document, fault_t *fault)
{
    CLEANUP(people_destroy) people_t *people = people_decode(document, fault);
    return people ? 0 : -1;
}

static int
fleet_valid(slice_t document, fault_t *fault)
{
    CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(document, fault);
    return fleet ? 0 : -1;
}

static const struct type {
    const char *type;
    const char *front; /* of NAME */
    const char *const *keys;
    int (*valid)(slice_t document, fault_t *fault);
} types[] = {
    {"root", "root.", root_keys, root_valid},
    {"people", "people", people_keys, people_valid},
    {"fleet", "fleet.", fleet_keys, fleet_valid},
};

static const struct type *
type_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (!strncmp(types[i].front, name, strlen(types[i].front)))
            return &types[i];
    return NULL;
}

bytes_t *
keys_read(const char *folder, const char *front, const char *name, fault_t *fault)
{
    char path[KEYS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s%s", folder, front, name);
    return file_read(path, DOCUMENT_BYTES_MAX, fault);
}

int
keys_site_id(const char *folder, hash_t *id, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *root = keys_read(folder, "", "root.1", fault);
    if (!root)
        return fault_wrap(fault, "'%s' is no site yet ('tocsin keys init' makes one)", folder);
    *id = hash_of(bytes_slice(root));
    return 0;
}

trust_t *
keys_load(const char *folder, fault_t *fault)
{
    hash_t id;
    if (keys_site_id(folder, &id, fault))
        return NULL;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&id);
    if (trust_load(trust, folder, fault)) {
        fault_wrap(fault, "site '%s'", folder);
        return NULL;
    }
    return MOVE(trust);
}

/* The number of the root that comes next; 0 with a fault. */
static uint64_t
next_root(const char *folder, fault_t *fault)
{
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, fault);
    return trust ? trust_root(trust)->version + 1 : 0;
}

int
keys_name(const char *folder, const char *given, char name[static KEYS_NAME_MAX], fault_t *fault)
{
    static const char front[] = "draft.", back[] = ".draft";
    if (!strncmp(given, front, sizeof front - 1))
        given += sizeof front - 1;
    if (!text_copy(name, KEYS_NAME_MAX, given))
        return fault_set(fault, FAULT_USAGE, "'%.80s' is no root.N, people or fleet.REGION", given);
    size_t size = strlen(name);
    if (size >= sizeof back && !strcmp(name + size - (sizeof back - 1), back))
        name[size - (sizeof back - 1)] = '\0';
    if (!strcmp(name, "root")) {
        uint64_t next = next_root(folder, fault);
        snprintf(name, KEYS_NAME_MAX, "root.%llu", (unsigned long long)next);
        return next ? 0 : -1;
    }
    if (!type_of(name) || strchr(name, '/'))
        return fault_set(fault, FAULT_USAGE, "'%.80s' is no root.N, people or fleet.REGION", given);
    return 0;
}

int
keys_fleet_name(const char *region, char name[static KEYS_NAME_MAX], fault_t *fault)
{
    if (!text_is_name(region))
        return fault_set(fault, FAULT_USAGE, "'%.80s' is no name of a region", region);
    snprintf(name, KEYS_NAME_MAX, "fleet.%s", region);
    return 0;
}

/* The name of the document that NAME will replace, or follow: root.N the root before it. */
static const char *
before(const char *name, char out[static KEYS_NAME_MAX])
{
    uint64_t version;
    if (!strncmp(name, "root.", strlen("root.")) &&
        text_read_u64(name + strlen("root."), 2, INT64_MAX, &version))
        snprintf(out, KEYS_NAME_MAX, "root.%llu", (unsigned long long)version - 1);
    else
        snprintf(out, KEYS_NAME_MAX, "%s", name);
    return out;
}

/* What follows from the documents above it and from the one before. */
static void
set_place(draft_t *draft, const trust_t *trust, const char *name, slice_t old)
{
    char site[HASH_TEXT], previous[HASH_TEXT];
    uint64_t version;
    hash_t hash = hash_of(old);
    if (!text_read_u64(draft_get(draft, "version"), 1, INT64_MAX - 1, &version))
        version = 0;
    draft_set(draft, "site", "%s", hash_write(trust_site(trust), site));
    draft_set(draft, "version", "%llu", (unsigned long long)version + 1);
    switch (*name) {
    case 'r':
        draft_set(draft, "previous", "%s", hash_write(&hash, previous));
        break;
    case 'p':
        draft_set(draft, "root", "%llu", (unsigned long long)trust_root(trust)->version);
        break;
    default:
        draft_set(draft, "region", "%s", name + strlen("fleet."));
    }
}

draft_t *
keys_draft(const char *folder, const char *name, fault_t *fault)
{
    fault_t absent;
    char old_name[KEYS_NAME_MAX];
    const struct type *type = type_of(name);
    CLEANUP(bytes_destroy) bytes_t *kept = keys_read(folder, "draft.", name, &absent);
    if (kept)
        return draft_read(bytes_slice(kept), type->type, type->keys, fault);
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, fault);
    CLEANUP(bytes_destroy) bytes_t *old = keys_read(folder, "", before(name, old_name), &absent);
    CLEANUP(draft_destroy)
    draft_t *draft = old ? draft_read(bytes_slice(old), type->type, type->keys, fault)
                         : draft_new(type->type, type->keys);
    if (!trust || !draft)
        return NULL;
    wall_t now = wall_now();
    set_place(draft, trust, name, old ? bytes_slice(old) : slice_of(NULL, 0));
    draft_set_time(draft, "issued", now);
    draft_set_time(draft, "expires", (wall_t){now.ms + YEAR_MS});
    return MOVE(draft);
}

draft_t *
keys_draft_first(void)
{
    return draft_new("root", root_keys);
}

int
keys_draft_keep(const char *folder, const char *name, const draft_t *draft, fault_t *fault)
{
    char path[KEYS_PATH_MAX], signatures[KEYS_PATH_MAX + 8];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    draft_write(draft, text);
    if (type_of(name)->valid(bytes_slice(text), fault))
        return -1;
    snprintf(path, sizeof path, "%s/draft.%s", folder, name);
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    unlink(signatures);
    return file_write(path, bytes_slice(text), 0644, fault);
}

value_t *
keys_draft_edits(const char *folder, const char *name, slice_t draft)
{
    fault_t absent;
    char old_name[KEYS_NAME_MAX];
    CLEANUP(bytes_destroy) bytes_t *old = keys_read(folder, "", before(name, old_name), &absent);
    return edits_of(old ? bytes_slice(old) : slice_of(NULL, 0), draft);
}

int
keys_draft_done(const char *folder, const char *name, const draft_t *draft)
{
    fault_t fault;
    if (keys_draft_keep(folder, name, draft, &fault))
        return command_fail(&fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    draft_write(draft, text);
    CLEANUP(value_destroy) value_t *edits = keys_draft_edits(folder, name, bytes_slice(text));
    printf("%s/draft.%s is ready; it\n", folder, name);
    edits_print(edits, stdout);
    printf("sign it: tocsin keys sign %s %s --key FILE\n", folder, name);
    return 0;
}

int
keys_read_public(const char *path, pubkey_t *key, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *line = file_read(path, PUBLIC_FILE_MAX, fault);
    if (!line || pubkey_read_line(key, bytes_text(line), fault))
        return fault_wrap(fault, "public key '%s'", path);
    return 0;
}

bool
keys_curve_valid(const char *hex)
{
    curvekey_t key;
    return curvekey_read(hex, &key);
}
