/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin keys init, root: a site's first root, and each that follows. */
#include <stdio.h>
#include <unistd.h>

#include "cli/keys.h"
#include "cli/options.h"
#include "common/file.h"
#include "common/text.h"

#define YEAR_S              (365 * 24 * 3600)
#define TIMEKEEPER_LINE_MAX 512

/* What the rules of a root are set to, as typed; NULL and 0 leave them as they are. */
typedef struct {
    many_t holders, witnesses;
    uint64_t quorum_root, quorum_grant, grant_days, min_version;
    int64_t expires_s;
    const char *approve, *order, *offline, *timekeeper;
} rules_t;

/* "1,2,2" to "1 2 2". */
static int
set_three(draft_t *draft, const char *key, const char *text, fault_t *fault)
{
    unsigned numbers[CLASSES];
    int end = 0;
    if (!text)
        return 0;
    if (sscanf(text, "%8u,%8u,%8u%n", &numbers[0], &numbers[1], &numbers[2], &end) != 3 ||
        text[end])
        return fault_set(fault, FAULT_USAGE,
                         "--%s is three numbers such as 1,2,2: for observe, change, destructive",
                         key);
    draft_set(draft, key, "%u %u %u", numbers[0], numbers[1], numbers[2]);
    return 0;
}

static void
set_number(draft_t *draft, const char *key, uint64_t number)
{
    if (number)
        draft_set(draft, key, "%llu", (unsigned long long)number);
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
        if (keys_read_public(path, &key, fault))
            return -1;
        pubkey_write(&key, text);
        draft_add(draft, "holder", "%s %s", person, bytes_text(text));
    }
    return 0;
}

/* NAME, and the file that `tocsin-timekeeper keys` printed: "CURVE ssh-ed25519 BASE64". */
static int
set_timekeeper(draft_t *draft, const char *said, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 1];
    const char *path;
    if (!said)
        return 0;
    if (!options_pair(said, name, sizeof name, &path) || !text_is_name(name))
        return fault_set(fault, FAULT_USAGE, "'--timekeeper %s' is not NAME=KEYSFILE", said);
    CLEANUP(bytes_destroy) bytes_t *line = file_read(path, TIMEKEEPER_LINE_MAX, fault);
    if (!line)
        return -1;
    if (line->size && line->data[line->size - 1] == '\n')
        line->data[line->size - 1] = '\0';
    if (!text_is_printable(slice_text(bytes_text(line))))
        return fault_set(fault, FAULT_FORMAT,
                         "'%s' is not the one line that 'tocsin-timekeeper keys' prints", path);
    draft_set(draft, "timekeeper", "%s %s", name, bytes_text(line));
    return 0;
}

/* Workers of the site, with the keys that their fleets list. */
static int
add_witnesses(draft_t *draft, const many_t *workers, const char *folder, fault_t *fault)
{
    CLEANUP(trust_destroy) trust_t *trust = workers->count ? keys_load(folder, fault) : NULL;
    if (workers->count && !trust)
        return -1;
    for (size_t i = 0; i < workers->count; i++) {
        CLEANUP(bytes_destroy) bytes_t *key = bytes_new();
        const worker_line_t *line = trust_worker(trust, workers->at[i], NULL);
        if (!line)
            return fault_set(fault, FAULT_NOT_FOUND,
                             "no fleet lists worker '%.63s': a witness is a worker of the site",
                             workers->at[i]);
        pubkey_write(&line->key, key);
        draft_drop(draft, "witness", line->id, "");
        draft_add(draft, "witness", "%s %s", line->id, bytes_text(key));
    }
    return 0;
}

static int
take_rules(rules_t *self, int *argc, char **argv, fault_t *fault)
{
    const option_t rows[] = {
        {"--holder", OPTION_MANY, &self->holders},
        {"--witness", OPTION_MANY, &self->witnesses},
        {"--timekeeper", OPTION_TEXT, &self->timekeeper},
        {"--quorum-root", OPTION_NUMBER, &self->quorum_root},
        {"--quorum-approve", OPTION_TEXT, &self->approve},
        {"--quorum-order", OPTION_TEXT, &self->order},
        {"--quorum-grant", OPTION_NUMBER, &self->quorum_grant},
        {"--offline-max", OPTION_TEXT, &self->offline},
        {"--grant-days", OPTION_NUMBER, &self->grant_days},
        {"--min-version", OPTION_NUMBER, &self->min_version},
        {"--expires", OPTION_SECONDS, &self->expires_s},
        {NULL, OPTION_FLAG, NULL},
    };
    return options_take(rows, 1, argc, argv, true, fault);
}

static int
set_rules(draft_t *draft, const rules_t *rules, fault_t *fault)
{
    set_number(draft, "quorum-root", rules->quorum_root);
    set_number(draft, "quorum-grant", rules->quorum_grant);
    set_number(draft, "grant-days-max", rules->grant_days);
    set_number(draft, "min-version", rules->min_version);
    if (rules->expires_s)
        draft_set_time(draft, "expires", (wall_t){wall_now().ms + rules->expires_s * 1000});
    if (set_three(draft, "quorum-approve", rules->approve, fault) ||
        set_three(draft, "quorum-order", rules->order, fault) ||
        set_three(draft, "offline-max", rules->offline, fault) ||
        set_timekeeper(draft, rules->timekeeper, fault))
        return -1;
    return add_holders(draft, &rules->holders, fault);
}

static int
write_first(const char *folder, const draft_t *draft, fault_t *fault)
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
                         "'%s' is there already; a site keeps its first root, and "
                         "'tocsin keys root' makes the next",
                         path);
    return file_write(path, bytes_slice(text), 0644, fault);
}

int
keys_init(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    char previous[HASH_TEXT];
    rules_t rules = {.approve = "1,2,2",
                     .order = "1,1,2",
                     .offline = "0,0,0",
                     .quorum_grant = 1,
                     .grant_days = 30,
                     .expires_s = YEAR_S};
    if (take_rules(&rules, &argc, argv, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 2 || !rules.holders.count || rules.witnesses.count)
        return command_usage(self,
                             "name a folder and at least one --holder; witnesses are workers, "
                             "and come with the root behind the first");
    if (!rules.quorum_root)
        rules.quorum_root = rules.holders.count / 2 + 1;
    CLEANUP(draft_destroy) draft_t *draft = keys_draft_first();
    draft_set(draft, "site", "self");
    draft_set(draft, "version", "1");
    draft_set(draft, "previous", "%s", hash_write(&HASH_ZERO, previous));
    draft_set_time(draft, "issued", wall_now());
    if (set_rules(draft, &rules, &fault) || write_first(argv[1], draft, &fault))
        return command_fail(&fault);
    printf("%s/root.1 is ready; each holder signs it: tocsin keys sign %s root.1 --key FILE\n",
           argv[1], argv[1]);
    return 0;
}

int
keys_root(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    rules_t rules = {0};
    char name[KEYS_NAME_MAX];
    if (take_rules(&rules, &argc, argv, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 2)
        return command_usage(self, "name a site's folder");
    if (keys_name(argv[1], "root", name, &fault))
        return command_fail(&fault);
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], name, &fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (!draft || set_rules(draft, &rules, &fault) ||
        add_witnesses(draft, &rules.witnesses, argv[1], &fault))
        return command_fail(&fault);
    draft_write(draft, text);
    printf("%s\n", bytes_text(text));
    return keys_draft_done(argv[1], name, draft);
}
