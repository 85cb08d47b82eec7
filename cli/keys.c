/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "common/document.h"
#include "keys/curve.h"

/* What may leave a draft, and what goes with it: lines of other keys that name the same. */
static const struct droppable {
    const char *front; /* of the document's NAME */
    const char *key;
    struct {
        const char *key;
        bool back; /* the name is its last field, else its first */
    } with[4];
} droppable[] = {
    {"root.", "holder", {{"holder", false}}},
    {"root.", "timekeeper", {{"timekeeper", false}}},
    {"root.", "witness", {{"witness", false}}},
    {"people", "broker", {{"broker", false}}},
    {"people", "curve", {{"curve", false}}},
    {"people", "delegate", {{"delegate", false}}},
    {"people", "floor", {{"floor", false}}},
    {"people", "key", {{"key", false}}},
    {"people", "pardon", {{"pardon", false}}},
    {"people", "sealing", {{"sealing", false}}},
    {"people",
     "person",
     {{"key", false}, {"curve", false}, {"sealing", false}, {"delegate", true}}},
    {"fleet.", "host", {{"host", false}}},
    {"fleet.", "source", {{"source", false}, {"signer", false}}},
    {"fleet.", "signer", {{"signer", false}}},
    {"fleet.", "sealing", {{"sealing", false}}},
    {"fleet.", "worker", {{"worker", false}, {"sealing", false}, {"host", true}}},
};

static const struct droppable *
find_droppable(const char *name, const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(droppable); i++)
        if (!strncmp(droppable[i].front, name, strlen(droppable[i].front)) &&
            !strcmp(droppable[i].key, key))
            return &droppable[i];
    return NULL;
}

static size_t
drop(draft_t *draft, const struct droppable *row, const char *fields)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(row->with) && row->with[i].key; i++)
        count += draft_drop(draft, row->with[i].key, row->with[i].back ? "" : fields,
                            row->with[i].back ? fields : "");
    return count;
}

/* Lines that begin with these fields leave the draft: a key, a worker, a delegation. */
static int
keys_drop(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    char name[KEYS_NAME_MAX], fields[DOCUMENT_LINE_MAX + 1] = "";
    if (argc < 5)
        return command_usage(self, "name a folder, root, people or fleet.REGION, what leaves it, "
                                   "and the first fields of its line");
    if (keys_name(argv[1], argv[2], name, &fault))
        return command_fail(&fault);
    const struct droppable *row = find_droppable(name, argv[3]);
    if (!row)
        return command_usage(self, "no '%s' can leave %s", argv[3], name);
    for (int i = 4, used = 0; i < argc && used < (int)sizeof fields; i++)
        used += snprintf(fields + used, sizeof fields - (size_t)used, "%s%s", i > 4 ? " " : "",
                         argv[i]);
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], name, &fault);
    if (!draft)
        return command_fail(&fault);
    if (!drop(draft, row, fields)) {
        fault_set(&fault, FAULT_NOT_FOUND, "%s has no %s '%.80s'", name, argv[3], fields);
        return command_fail(&fault);
    }
    return keys_draft_done(argv[1], name, draft);
}

/* The next version with other dates, and nothing else. */
static int
keys_renew(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    int64_t expires_s = 0;
    char name[KEYS_NAME_MAX];
    const option_t rows[] = {{"--expires", OPTION_SECONDS, &expires_s}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 3)
        return command_usage(self, "name a folder, and root, people or fleet.REGION");
    if (keys_name(argv[1], argv[2], name, &fault))
        return command_fail(&fault);
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], name, &fault);
    if (!draft)
        return command_fail(&fault);
    if (expires_s)
        draft_set_time(draft, "expires", (wall_t){wall_now().ms + expires_s * 1000});
    return keys_draft_done(argv[1], name, draft);
}

static int
keys_curve(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    curvepair_t pair;
    char hex[CURVEKEY_TEXT];
    bool sealing = !strcmp(argv[0], "sealing");
    if (argc != 2)
        return command_usage(command_row(keys_commands, argv[0]),
                             "name the file of the new secret");
    if (sealing && !access(argv[1], F_OK) ? curve_load(&pair, argv[1], &fault)
                                          : curve_make(&pair, argv[1], &fault))
        return command_fail(&fault);
    curvekey_write(&pair.public_key, hex);
    curve_forget(&pair);
    printf("%s\n", hex);
    return 0;
}

#define RULES                                                                               \
    "[--quorum-root N] [--quorum-approve N,N,N] [--quorum-order N,N,N] [--quorum-grant N] " \
    "[--offline-max S,S,S] [--grant-days N] [--min-version N] [--expires 365d]"

const command_t keys_commands[] = {
    {"keys", "init", keys_init, "FOLDER --holder NAME=PUBFILE... " RULES,
     "begin a site: its first root"},
    {"keys", "root", keys_root,
     "FOLDER [--holder NAME=PUBFILE]... [--witness WORKER]... "
     "[--timekeeper NAME=KEYSFILE] " RULES,
     "the root that comes next: holders, witnesses, timekeeper, quorums, limits, a new end"},
    {"keys", "person", keys_person,
     "FOLDER NAME PUBFILE --roles ROLE,... [--highest CLASS] [--scope SCOPE] [--curve HEX]",
     "enrol a person's key, or change it"},
    {"keys", "broker", keys_broker, "FOLDER NAME CURVEHEX", "name a broker and its CURVE key"},
    {"keys", "delegate", keys_delegate, "FOLDER REGION PERSON",
     "let an officer sign a region's fleet"},
    {"keys", "floor", keys_floor, "FOLDER PLAYBOOK SEQUENCE",
     "lower sequences of a playbook no longer run"},
    {"keys", "enrol", keys_enrol,
     "FOLDER REGION REQUEST --key FILE [--labels NAME=NAME,...] [--host HOST]... [--fingerprint "
     "TEXT] [--out ANSWER]",
     "sign a new worker in, by the request that it made"},
    {"keys", "worker", keys_worker,
     "FOLDER REGION WORKER [--labels NAME=NAME,...] [--host HOST]... [--sealing HEX]",
     "change a worker's labels or sealing key, add names that monitoring has for it"},
    {"keys", "source", keys_source, "FOLDER REGION NAME [PUBFILE]",
     "let a source bring alerts, with PUBFILE those that it signs"},
    {"keys", "renew", keys_renew, "FOLDER root|people|fleet.REGION [--expires 365d]",
     "the next version, with nothing but a new end"},
    {"keys", "drop", keys_drop,
     "FOLDER root|people|fleet.REGION "
     "holder|timekeeper|witness|person|key|curve|delegate|floor|pardon|broker|worker|host|"
     "source|signer|sealing FIELD...",
     "take lines out of a draft"},
    {"keys", "curve", keys_curve, "FILE", "make a CURVE secret; prints its public half"},
    {"keys", "sealing", keys_curve, "FILE",
     "make a sealing secret, or read one again; prints its public half"},
    {"keys", "reader", keys_reader, "FOLDER PERSON SEALINGHEX",
     "name the sealing key by which a person reads sealed runs"},
    {"keys", "sign", keys_sign, "FOLDER DOCUMENT --key FILE", "sign a draft, after showing it"},
    {"keys", "take", keys_take, "FOLDER FILE...",
     "take over a document that others signed, from FILE and FILE.sigs"},
    {"keys", "grant", keys_grant,
     "PLAYBOOK --source NAME... --match FIELD=VALUE... --bound INPUT:KIND=VALUE... --scope SCOPE "
     "--budget 3/1h --out FILE [--fresh 5m] [--expires 30d] [--evidence token|signed] [--submit]",
     "sign standing authority, after its worst case"},
    {"keys", "restart", keys_restart, "--size N --head HASH --reason TEXT, or --file FILE",
     "say where a record that was put back goes on; two officers sign"},
    {"keys", "revoke", keys_revoke,
     "person|key|worker|release|grant NAME --reason TEXT [--wait=5s]",
     "take it back at once, as one officer; says who has confirmed"},
    {"keys", "pardon", keys_pardon, "FOLDER REVOKE", "end a revoke, in the next people document"},
    {"keys", "people", keys_people, "[FOLDER]", "who holds which key; what the draft changes"},
    {"keys", "fleet", keys_fleet, "[FOLDER] [REGION]", "workers and their keys; likewise"},
    {"keys", "verify", keys_verify, "[FOLDER]", "check the whole chain"},
    {"keys", "doctor", keys_doctor, "[FOLDER]",
     "what is wrong with it, or will be, and what to do"},
    {"keys", "allowed-signers", keys_allowed_signers, "[FOLDER]",
     "the same keys for ssh-keygen -Y verify"},
    {NULL, NULL, NULL, NULL, NULL},
};
