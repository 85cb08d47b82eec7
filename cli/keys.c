/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/options.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"
#include "keys/curve.h"

#define PUBLIC_FILE_MAX 4096
#define DAY_MS          (24 * 3600 * INT64_C(1000))
#define YEAR_S          (365 * 24 * 3600)

static const char *const root_keys[] = {"site",
                                        "version",
                                        "previous",
                                        "issued",
                                        "expires",
                                        "quorum-root",
                                        "quorum-approve",
                                        "quorum-order",
                                        "quorum-grant",
                                        "offline-max",
                                        "grant-days-max",
                                        "holder",
                                        NULL};
static const char *const people_keys[] = {"site",    "version", "root",  "issued",
                                          "expires", "broker",  "curve", "delegate",
                                          "floor",   "key",     NULL};
static const char *const fleet_keys[] = {"site", "region", "version", "issued", "expires",
                                         "host", "source", "worker",  NULL};

static bytes_t *
read_named(const char *folder, const char *front, const char *name, fault_t *fault)
{
    char path[KEYS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s%s", folder, front, name);
    return file_read(path, DOCUMENT_BYTES_MAX, fault);
}

int
keys_site_id(const char *folder, hash_t *id, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *root = read_named(folder, "", "root.1", fault);
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

/* One more than the signed document's version. */
static uint64_t
next_version(slice_t document, const char *name, fault_t *fault)
{
    uint64_t version = 0;
    if (!strcmp(name, "people")) {
        CLEANUP(people_destroy) people_t *people = people_decode(document, fault);
        version = people ? people->version : 0;
    } else {
        CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(document, fault);
        version = fleet ? fleet->version : 0;
    }
    return version ? version + 1 : 0;
}

static int
begin_draft(draft_t *draft, const char *folder, const char *name, fault_t *fault)
{
    char site[HASH_TEXT];
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, fault);
    if (!trust)
        return -1;
    draft_set(draft, "site", "%s", hash_write(trust_site(trust), site));
    draft_set(draft, "version", "1");
    if (!strcmp(name, "people"))
        draft_set(draft, "root", "%llu", (unsigned long long)trust_root(trust)->version);
    else
        draft_set(draft, "region", "%s", name + strlen("fleet."));
    return 0;
}

/* The draft of NAME: the one that is there, or the signed document with the next version, or a
 * first one. The caller's. */
static draft_t *
load_draft(const char *folder, const char *name, fault_t *fault)
{
    fault_t absent;
    bool people = !strcmp(name, "people");
    const char *const *keys = people ? people_keys : fleet_keys;
    const char *type = people ? "people" : "fleet";
    CLEANUP(bytes_destroy) bytes_t *kept = read_named(folder, "draft.", name, &absent);
    if (kept)
        return draft_read(bytes_slice(kept), type, keys, fault);
    CLEANUP(bytes_destroy) bytes_t *signed_before = read_named(folder, "", name, &absent);
    CLEANUP(draft_destroy)
    draft_t *draft = signed_before ? draft_read(bytes_slice(signed_before), type, keys, fault)
                                   : draft_new(type, keys);
    uint64_t version = signed_before ? next_version(bytes_slice(signed_before), name, fault) : 1;
    if (!draft || !version || (!signed_before && begin_draft(draft, folder, name, fault)))
        return NULL;
    wall_t now = wall_now();
    draft_set(draft, "version", "%llu", (unsigned long long)version);
    draft_set_time(draft, "issued", now);
    draft_set_time(draft, "expires", (wall_t){now.ms + YEAR_S * INT64_C(1000)});
    return MOVE(draft);
}

static int
check_decodes(slice_t document, const char *name, fault_t *fault)
{
    if (!strcmp(name, "people")) {
        CLEANUP(people_destroy) people_t *people = people_decode(document, fault);
        return people ? 0 : -1;
    }
    CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(document, fault);
    return fleet ? 0 : -1;
}

/* Writes the draft, if it decodes; drops signatures of what it said before. */
static int
keep_draft(const char *folder, const char *name, const draft_t *draft, fault_t *fault)
{
    char path[KEYS_PATH_MAX], signatures[KEYS_PATH_MAX + 8];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    draft_write(draft, text);
    if (check_decodes(bytes_slice(text), name, fault))
        return -1;
    snprintf(path, sizeof path, "%s/draft.%s", folder, name);
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    unlink(signatures);
    return file_write(path, bytes_slice(text), 0644, fault);
}

/* Keeps the draft and says what comes next; the exit status. */
static int
keep_and_say(const char *folder, const char *name, const draft_t *draft)
{
    fault_t fault;
    if (keep_draft(folder, name, draft, &fault))
        return command_fail(&fault);
    printf("%s/draft.%s is ready; sign it: tocsin keys sign %s %s --key FILE\n", folder, name,
           folder, name);
    return 0;
}

static int
read_public(const char *path, pubkey_t *key, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *line = file_read(path, PUBLIC_FILE_MAX, fault);
    if (!line || pubkey_read_line(key, bytes_text(line), fault))
        return fault_wrap(fault, "public key '%s'", path);
    return 0;
}

static bool
curve_valid(const char *hex)
{
    curvekey_t key;
    return curvekey_read(hex, &key);
}

/* "1,2,2" to "1 2 2". */
static bool
read_three(const char *text, char out[static 16])
{
    unsigned numbers[CLASSES];
    int end = 0;
    if (sscanf(text, "%2u,%2u,%2u%n", &numbers[0], &numbers[1], &numbers[2], &end) != 3 ||
        text[end])
        return false;
    snprintf(out, 16, "%u %u %u", numbers[0], numbers[1], numbers[2]);
    return true;
}

static int
add_holders(draft_t *draft, const many_t *holders, fault_t *fault)
{
    for (size_t i = 0; i < holders->count; i++) {
        char person[TEXT_NAME_MAX + 1];
        const char *path;
        pubkey_t key;
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        if (!options_pair(holders->at[i], person, sizeof person, &path))
            return fault_set(fault, FAULT_USAGE, "'--holder %s' is not NAME=PUBFILE",
                             holders->at[i]);
        if (read_public(path, &key, fault))
            return -1;
        pubkey_write(&key, text);
        draft_add(draft, "holder", "%s %s", person, bytes_text(text));
    }
    return 0;
}

static int
write_root(const char *folder, const draft_t *draft, fault_t *fault)
{
    char path[KEYS_PATH_MAX];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    draft_write(draft, text);
    CLEANUP(root_destroy) root_t *root = root_decode(bytes_slice(text), fault);
    snprintf(path, sizeof path, "%s/root.1", folder);
    if (!root || folder_make(folder, 0755, fault))
        return -1;
    if (!access(path, F_OK))
        return fault_set(fault, FAULT_CONFLICT,
                         "'%s' is there already; a site keeps its first root", path);
    return file_write(path, bytes_slice(text), 0644, fault);
}

static int
keys_init(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    many_t holders = {0};
    uint64_t quorum_root = 0, quorum_grant = 1, grant_days = 30;
    int64_t expires_s = YEAR_S;
    const char *approve = "1,2,2", *order = "1,1,2", *offline = "0,0,0";
    char approve_line[16], order_line[16], offline_line[16];
    const option_t rows[] = {
        {"--holder", OPTION_MANY, &holders},
        {"--quorum-root", OPTION_NUMBER, &quorum_root},
        {"--quorum-approve", OPTION_TEXT, &approve},
        {"--quorum-order", OPTION_TEXT, &order},
        {"--quorum-grant", OPTION_NUMBER, &quorum_grant},
        {"--grant-days", OPTION_NUMBER, &grant_days},
        {"--expires", OPTION_SECONDS, &expires_s},
        {NULL, OPTION_FLAG, NULL},
    };
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(&keys_commands[0], "%s", fault.text);
    if (argc != 2 || !holders.count)
        return command_usage(&keys_commands[0], "name a folder and at least one --holder");
    if (!read_three(approve, approve_line) || !read_three(order, order_line) ||
        !read_three(offline, offline_line))
        return command_usage(&keys_commands[0], "a quorum is three numbers such as 1,2,2: for "
                                                "observe, change, destructive");
    char previous[HASH_TEXT];
    wall_t now = wall_now();
    CLEANUP(draft_destroy) draft_t *draft = draft_new("root", root_keys);
    draft_set(draft, "site", "self");
    draft_set(draft, "version", "1");
    draft_set(draft, "previous", "%s", hash_write(&HASH_ZERO, previous));
    draft_set_time(draft, "issued", now);
    draft_set_time(draft, "expires", (wall_t){now.ms + expires_s * 1000});
    draft_set(draft, "quorum-root", "%llu",
              (unsigned long long)(quorum_root ? quorum_root : holders.count / 2 + 1));
    draft_set(draft, "quorum-approve", "%s", approve_line);
    draft_set(draft, "quorum-order", "%s", order_line);
    draft_set(draft, "quorum-grant", "%llu", (unsigned long long)quorum_grant);
    draft_set(draft, "offline-max", "%s", offline_line);
    draft_set(draft, "grant-days-max", "%llu", (unsigned long long)grant_days);
    if (add_holders(draft, &holders, &fault) || write_root(argv[1], draft, &fault))
        return command_fail(&fault);
    printf("%s/root.1 is ready; each holder signs it: tocsin keys sign %s root.1 --key FILE\n",
           argv[1], argv[1]);
    return 0;
}

static int
keys_person(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = &keys_commands[1];
    fault_t fault;
    const char *roles = NULL, *highest = "change", *scope = "any", *curve = NULL;
    const option_t rows[] = {
        {"--roles", OPTION_TEXT, &roles}, {"--highest", OPTION_TEXT, &highest},
        {"--scope", OPTION_TEXT, &scope}, {"--curve", OPTION_TEXT, &curve},
        {NULL, OPTION_FLAG, NULL},
    };
    unsigned set;
    class_t class_;
    pubkey_t key;
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 4 || !text_is_name(argv[2]))
        return command_usage(self, "name a folder, a person and the file of a public key");
    if (!roles || !roles_read(roles, &set) || !set)
        return command_usage(self,
                             "--roles is a list in the order author,reviewer,responder,officer");
    if (!class_read(highest, &class_) || !scope_valid(scope) || (curve && !curve_valid(curve)))
        return command_usage(self, "--highest is a class, --scope is any or NAME=NAME,..., --curve "
                                   "64 hexadecimal digits");
    CLEANUP(draft_destroy) draft_t *draft = load_draft(argv[1], "people", &fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (!draft || read_public(argv[3], &key, &fault))
        return command_fail(&fault);
    pubkey_write(&key, text);
    draft_drop(draft, "key", argv[2], bytes_text(text));
    draft_add(draft, "key", "%s %s %s %s %s", argv[2], roles, highest, scope, bytes_text(text));
    if (curve) {
        draft_drop(draft, "curve", argv[2], "");
        draft_add(draft, "curve", "%s %s", argv[2], curve);
    }
    return keep_and_say(argv[1], "people", draft);
}

static int
keys_broker(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    if (argc != 4 || !text_is_name(argv[2]) || !curve_valid(argv[3]))
        return command_usage(&keys_commands[2], "name a folder, a broker and its 64 digits");
    CLEANUP(draft_destroy) draft_t *draft = load_draft(argv[1], "people", &fault);
    if (!draft)
        return command_fail(&fault);
    draft_drop(draft, "broker", argv[2], "");
    draft_add(draft, "broker", "%s %s", argv[2], argv[3]);
    return keep_and_say(argv[1], "people", draft);
}

static int
keys_delegate(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    if (argc != 4 || !text_is_name(argv[2]) || !text_is_name(argv[3]))
        return command_usage(&keys_commands[3], "name a folder, a region and an officer");
    CLEANUP(draft_destroy) draft_t *draft = load_draft(argv[1], "people", &fault);
    if (!draft)
        return command_fail(&fault);
    draft_add(draft, "delegate", "%s %s", argv[2], argv[3]);
    return keep_and_say(argv[1], "people", draft);
}

/* "fleet.REGION" into name. */
static bool
fleet_name(const char *region, char name[static TEXT_NAME_MAX + 16])
{
    snprintf(name, TEXT_NAME_MAX + 16, "fleet.%s", region);
    return text_is_name(region);
}

static int
keys_worker(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = &keys_commands[4];
    fault_t fault;
    many_t hosts = {0};
    const char *labels = "-";
    const option_t rows[] = {
        {"--labels", OPTION_TEXT, &labels},
        {"--host", OPTION_MANY, &hosts},
        {NULL, OPTION_FLAG, NULL},
    };
    char name[TEXT_NAME_MAX + 16];
    pubkey_t key;
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 6 || !fleet_name(argv[2], name) || !text_is_name(argv[3]) || !curve_valid(argv[5]))
        return command_usage(self,
                             "name a folder, a region, a worker, its public key line in quotes "
                             "and the 64 digits of its CURVE key");
    if (!labels_valid(labels))
        return command_usage(self, "--labels is NAME=NAME,... ascending");
    CLEANUP(draft_destroy) draft_t *draft = load_draft(argv[1], name, &fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (!draft || pubkey_read_line(&key, argv[4], &fault))
        return command_fail(&fault);
    pubkey_write(&key, text);
    draft_drop(draft, "worker", argv[3], "");
    draft_add(draft, "worker", "%s %s %s %s", argv[3], labels, argv[5], bytes_text(text));
    for (size_t i = 0; i < hosts.count; i++) {
        draft_drop(draft, "host", hosts.at[i], "");
        draft_add(draft, "host", "%s %s", hosts.at[i], argv[3]);
    }
    return keep_and_say(argv[1], name, draft);
}

static int
keys_source(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    char name[TEXT_NAME_MAX + 16];
    if (argc != 4 || !fleet_name(argv[2], name) || !text_is_name(argv[3]))
        return command_usage(&keys_commands[5], "name a folder, a region and a source");
    CLEANUP(draft_destroy) draft_t *draft = load_draft(argv[1], name, &fault);
    if (!draft)
        return command_fail(&fault);
    draft_add(draft, "source", "%s", argv[3]);
    return keep_and_say(argv[1], name, draft);
}

static const struct {
    const char *key;
    bool people; /* else of a fleet */
} droppable[] = {{"broker", true}, {"curve", true}, {"delegate", true}, {"floor", true},
                 {"key", true},    {"host", false}, {"source", false},  {"worker", false}};

static bool
may_drop(const char *name, const char *key)
{
    bool people = !strcmp(name, "people");
    if (!people && strncmp(name, "fleet.", strlen("fleet.")) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(droppable); i++)
        if (!strcmp(droppable[i].key, key))
            return droppable[i].people == people;
    return false;
}

/* Lines that begin with these fields leave the draft: a key, a worker, a delegation. */
static int
keys_drop(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    char front[DOCUMENT_LINE_MAX + 1] = "";
    if (argc < 5 || !may_drop(argv[2], argv[3]))
        return command_usage(&keys_commands[6],
                             "name a folder, people or fleet.REGION, a key of that "
                             "document and the first fields of its line");
    for (int i = 4, used = 0; i < argc && used < (int)sizeof front; i++)
        used +=
            snprintf(front + used, sizeof front - (size_t)used, "%s%s", i > 4 ? " " : "", argv[i]);
    CLEANUP(draft_destroy) draft_t *draft = load_draft(argv[1], argv[2], &fault);
    if (!draft)
        return command_fail(&fault);
    if (!draft_drop(draft, argv[3], front, "")) {
        fault_set(&fault, FAULT_NOT_FOUND, "%s has no line '%s %.80s'", argv[2], argv[3], front);
        return command_fail(&fault);
    }
    return keep_and_say(argv[1], argv[2], draft);
}

static int
keys_curve(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    curvepair_t pair;
    char hex[CURVEKEY_TEXT];
    if (argc != 2)
        return command_usage(&keys_commands[7], "name the file of the new secret");
    if (curve_make(&pair, argv[1], &fault))
        return command_fail(&fault);
    curvekey_write(&pair.public_key, hex);
    curve_forget(&pair);
    printf("%s\n", hex);
    return 0;
}

const command_t keys_commands[] = {
    {"keys", "init", keys_init,
     "FOLDER --holder NAME=PUBFILE... [--quorum-root N] [--quorum-approve N,N,N] [--quorum-order "
     "N,N,N] [--quorum-grant N] [--grant-days N] [--expires 365d]",
     "begin a site: its first root"},
    {"keys", "person", keys_person,
     "FOLDER NAME PUBFILE --roles ROLE,... [--highest CLASS] [--scope SCOPE] [--curve HEX]",
     "enrol a person's key"},
    {"keys", "broker", keys_broker, "FOLDER NAME CURVEHEX", "name a broker and its CURVE key"},
    {"keys", "delegate", keys_delegate, "FOLDER REGION PERSON",
     "let an officer sign a region's fleet"},
    {"keys", "worker", keys_worker,
     "FOLDER REGION ID \"PUBKEY LINE\" CURVEHEX [--labels NAME=NAME,...] [--host HOST]...",
     "enrol a worker"},
    {"keys", "source", keys_source, "FOLDER REGION NAME", "let a source bring alerts"},
    {"keys", "drop", keys_drop, "FOLDER people|fleet.REGION KEY FIELD...",
     "take lines out of a draft"},
    {"keys", "curve", keys_curve, "FILE", "make a CURVE secret; prints its public half"},
    {"keys", "sign", keys_sign, "FOLDER DOCUMENT --key FILE", "sign a draft, after showing it"},
    {"keys", "grant", keys_grant,
     "PLAYBOOK --source NAME... --match FIELD=VALUE... --bound INPUT:KIND=VALUE... --scope SCOPE "
     "--budget 3/1h --out FILE [--fresh 5m] [--expires 30d] [--evidence token|signed] [--submit]",
     "sign standing authority, after its worst case"},
    {"keys", "show", keys_show, "[FOLDER]", "people, workers, fingerprints"},
    {"keys", "verify", keys_verify, "[FOLDER]", "check the whole chain"},
    {"keys", "allowed-signers", keys_allowed_signers, "[FOLDER]",
     "the same keys for ssh-keygen -Y verify"},
    {NULL, NULL, NULL, NULL, NULL},
};
