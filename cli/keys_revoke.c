/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin keys revoke: one officer takes back a person, a key, a worker, a release or a grant. */
#include <stdio.h>
#include <string.h>

#include "cli/keys.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/stop.h"
#include "common/file.h"

#define WAIT_DEFAULT_S 5
#define LINE_MAX       4096

static int
find_person(const session_t *session, const char *said, char name[static HASH_TEXT], fault_t *fault)
{
    const people_t *people = trust_people(session->trust);
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, said)) {
            text_copy(name, HASH_TEXT, said);
            return 0;
        }
    return fault_set(fault, FAULT_NOT_FOUND, "people lists no '%.63s'; see: tocsin keys people",
                     said);
}

static int
find_worker(const session_t *session, const char *said, char name[static HASH_TEXT], fault_t *fault)
{
    if (!trust_worker(session->trust, said, NULL))
        return fault_set(fault, FAULT_NOT_FOUND, "no fleet lists worker '%.63s'", said);
    text_copy(name, HASH_TEXT, said);
    return 0;
}

/* A *.pub file, or a fingerprint that people lists. */
static int
find_key(const session_t *session, const char *said, char name[static HASH_TEXT], fault_t *fault)
{
    const people_t *people = trust_people(session->trust);
    char print[PUBKEY_FINGERPRINT_TEXT];
    pubkey_t key;
    hash_t hash;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(pubkey_fingerprint(&people->keys[i].key, print), said)) {
            hash = pubkey_hash(&people->keys[i].key);
            hash_write(&hash, name);
            return 0;
        }
    if (!strncmp(said, "SHA256:", 7))
        return fault_set(fault, FAULT_NOT_FOUND,
                         "people lists no key %.60s; see: tocsin keys people", said);
    CLEANUP(bytes_destroy) bytes_t *line = file_read(said, LINE_MAX, fault);
    if (!line || pubkey_read_line(&key, bytes_text(line), fault))
        return -1;
    hash = pubkey_hash(&key);
    hash_write(&hash, name);
    return 0;
}

/* The whole hash, of its first digits, among those that the broker lists. */
static int
find_listed(const session_t *session, const char *verb, const char *said,
            char name[static HASH_TEXT], fault_t *fault)
{
    const char *found = NULL;
    hash_t hash;
    CLEANUP(value_destroy) value_t *list = pages_ask(session->client, verb, fault);
    if (!list)
        return -1;
    for (size_t i = 0; i < value_count(list); i++) {
        const char *text = value_get_text(value_at(list, i), "hash");
        if (strncmp(text, said, strlen(said)) != 0)
            continue;
        if (found)
            return fault_set(fault, FAULT_CONFLICT, "more than one begins with '%.64s'", said);
        found = text;
    }
    if (!found && hash_read(said, &hash)) /* one that this broker does not know, or hides */
        found = said;
    if (!found)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "none begins with '%.64s': give all 64 digits of one that the broker does "
                         "not list",
                         said);
    text_copy(name, HASH_TEXT, found);
    return 0;
}

static int
find_named(const session_t *session, halt_what_t what, const char *said,
           char name[static HASH_TEXT], fault_t *fault)
{
    if (what == HALT_PERSON)
        return find_person(session, said, name, fault);
    if (what == HALT_WORKER)
        return find_worker(session, said, name, fault);
    if (what == HALT_KEY)
        return find_key(session, said, name, fault);
    return find_listed(session, what == HALT_GRANT ? "grants" : "releases", said, name, fault);
}

int
keys_revoke(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    halt_what_t what;
    const char *reason = "";
    const command_t *self = command_row(keys_commands, "revoke");
    char name[HASH_TEXT], hash[HASH_TEXT];
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 3 || !halt_read(argv[1], &what) || !halt_revokes(what))
        return command_usage(self, "say what to revoke: a person, key, worker, release or grant");
    if (!*reason)
        return command_usage(self, "say why: --reason TEXT");
    CLEANUP(session_close) session_t session = {.trust = NULL};
    if (session_open(&session, options, &fault) ||
        find_named(&session, what, argv[2], name, &fault) ||
        stop_send(&session, options, what, name, reason, hash, &fault))
        return command_fail(&fault);
    int missing = stop_follow(&session, options, hash,
                              options->wait_s < 0 ? WAIT_DEFAULT_S : options->wait_s, &fault);
    if (missing < 0)
        return command_fail(&fault);
    if (!options->json)
        printf("  only people signed by root's quorum end it: tocsin keys pardon FOLDER %s\n",
               hash);
    return missing ? fault_exit(FAULT_UNKNOWN) : 0;
}
