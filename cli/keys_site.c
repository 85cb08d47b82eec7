/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/edits.h"
#include "cli/keys.h"
#include "cli/table.h"

/* The folder given, or the options' own site. */
static const char *
folder_of(const options_t *options, int argc, char **argv)
{
    return argc > 1 ? argv[1] : options->site;
}

/* The first digits of a sealing key, as far as a table has room; "-" where there is none. */
#define SEALING_SHOWN 12

static const char *
shown_sealing(const curvekey_t *key, char out[static CURVEKEY_TEXT])
{
    if (!key)
        return "-";
    curvekey_write(key, out);
    out[SEALING_SHOWN] = '\0';
    return out;
}

static void
set_sealing(value_t *row, const curvekey_t *key)
{
    char digits[CURVEKEY_TEXT];
    if (key)
        value_set_text(row, "sealing", curvekey_write(key, digits));
}

static void
show_people(const people_t *people)
{
    static const char *const headings[] = {"PERSON",  "ROLES", "HIGHEST", "SCOPE",
                                           "SEALING", "KEY",   NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < people->key_count; i++) {
        const person_key_t *key = &people->keys[i];
        char roles[64], fingerprint[PUBKEY_FINGERPRINT_TEXT], sealing[CURVEKEY_TEXT];
        roles_write(key->roles, roles, sizeof roles);
        table_row(table,
                  (const char *const[]){key->person, roles, class_word(key->highest), key->scope,
                                        shown_sealing(people_sealing(people, key->person), sealing),
                                        pubkey_fingerprint(&key->key, fingerprint)});
    }
    table_print(table);
}

static void
show_holders(const root_t *root)
{
    static const char *const headings[] = {"HOLDER", "KEY", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < root->holder_count; i++) {
        char fingerprint[PUBKEY_FINGERPRINT_TEXT];
        table_row(table,
                  (const char *const[]){root->holders[i].person,
                                        pubkey_fingerprint(&root->holders[i].key, fingerprint)});
    }
    table_print(table);
    printf("\n");
}

static void
show_workers(const value_t *workers)
{
    static const char *const headings[] = {"WORKER", "REGION", "LABELS", "SEALING", "KEY", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        char sealing[CURVEKEY_TEXT] = "-";
        if (value_get(row, "sealing"))
            snprintf(sealing, SEALING_SHOWN + 1, "%s", value_get_text(row, "sealing"));
        table_row(table, (const char *const[]){
                             value_get_text(row, "worker"), value_get_text(row, "region"),
                             value_get_text(row, "labels"), sealing, value_get_text(row, "key")});
    }
    table_print(table);
}

static value_t *
key_value(const char *name_key, const char *name, const pubkey_t *key)
{
    char fingerprint[PUBKEY_FINGERPRINT_TEXT];
    value_t *row = value_map();
    value_set_text(row, name_key, name);
    value_set_text(row, "key", pubkey_fingerprint(key, fingerprint));
    return row;
}

static value_t *
people_value(const people_t *people)
{
    value_t *list = value_list();
    for (size_t i = 0; people && i < people->key_count; i++) {
        char roles[64];
        const person_key_t *key = &people->keys[i];
        value_t *row = key_value("person", key->person, &key->key);
        roles_write(key->roles, roles, sizeof roles);
        value_set_text(row, "roles", roles);
        value_set_text(row, "highest", class_word(key->highest));
        value_set_text(row, "scope", key->scope);
        set_sealing(row, people_sealing(people, key->person));
        value_append(list, row);
    }
    return list;
}

static value_t *
workers_value(const trust_t *trust, const char *region)
{
    value_t *list = value_list();
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        bool wanted = !region || !strcmp(fleet->region, region);
        for (size_t j = 0; wanted && j < fleet->worker_count; j++) {
            value_t *row = key_value("worker", fleet->workers[j].id, &fleet->workers[j].key);
            value_set_text(row, "region", fleet->region);
            value_set_text(row, "labels", fleet->workers[j].labels);
            set_sealing(row, fleet->workers[j].seals ? &fleet->workers[j].sealing : NULL);
            value_append(list, row);
        }
    }
    return list;
}

/* What draft.NAME, where there is one, will change; in JSON beside the rest. */
static void
show_draft(const options_t *options, const char *folder, const char *name, value_t *body)
{
    fault_t absent;
    CLEANUP(bytes_destroy) bytes_t *draft = keys_read(folder, "draft.", name, &absent);
    if (!draft)
        return;
    value_t *edits = keys_draft_edits(folder, name, bytes_slice(draft));
    value_set(body, name, edits);
    if (options->json)
        return;
    printf("\n%s/draft.%s waits for signatures; it\n", folder, name);
    edits_print(edits, stdout);
}

int
keys_people(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    char site[HASH_TEXT];
    const char *folder = folder_of(options, argc, argv);
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, &fault);
    if (!trust)
        return command_fail(&fault);
    value_t *drafts = value_map();
    CLEANUP(value_destroy) value_t *body = value_map();
    value_set_text(body, "site", hash_write(trust_site(trust), site));
    value_set(body, "people", people_value(trust_people(trust)));
    if (!options->json) {
        printf("site %s\n\n", site);
        show_holders(trust_root(trust));
        if (trust_people(trust))
            show_people(trust_people(trust));
    }
    show_draft(options, folder, "people", drafts);
    value_set(body, "drafts", drafts);
    if (options->json)
        json_print("people", body);
    return 0;
}

int
keys_fleet(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    char name[KEYS_NAME_MAX];
    const char *folder = folder_of(options, argc, argv), *region = argc > 2 ? argv[2] : NULL;
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, &fault);
    if (!trust || (region && keys_fleet_name(region, name, &fault)))
        return command_fail(&fault);
    value_t *drafts = value_map();
    CLEANUP(value_destroy) value_t *body = value_map();
    value_set(body, "workers", workers_value(trust, region));
    if (!options->json)
        show_workers(value_get(body, "workers"));
    for (size_t i = 0; i < trust_fleet_count(trust); i++)
        if (!region && !keys_fleet_name(trust_fleet(trust, i)->region, name, &fault))
            show_draft(options, folder, name, drafts);
    if (region)
        show_draft(options, folder, name, drafts);
    value_set(body, "drafts", drafts);
    if (options->json)
        json_print("fleet", body);
    return 0;
}

static const char *
until(wall_t at, char out[static MOMENT_TEXT_MAX])
{
    wall_write_time(at, out);
    return out;
}

static void
say_chain(const trust_t *trust)
{
    char site[HASH_TEXT], time[MOMENT_TEXT_MAX];
    const root_t *root = trust_root(trust);
    const people_t *people = trust_people(trust);
    printf("site %s\n", hash_write(trust_site(trust), site));
    printf("root %llu: %zu holder keys, a quorum of %u signs; until %s\n",
           (unsigned long long)root->version, root->holder_count, root->quorum_root,
           until(root->expires, time));
    if (people)
        printf("people %llu: %zu keys, %zu brokers, signed by root's quorum; until %s\n",
               (unsigned long long)people->version, people->key_count, people->broker_count,
               until(people->expires, time));
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        printf("fleet %s %llu: %zu workers, %zu sources, signed by a delegated officer; until %s\n",
               fleet->region, (unsigned long long)fleet->version, fleet->worker_count,
               fleet->source_count, until(fleet->expires, time));
    }
}

int
keys_verify(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const char *folder = folder_of(options, argc, argv);
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, &fault);
    if (!trust)
        return command_fail(&fault);
    if (!options->json)
        say_chain(trust);
    if (trust_check_current(trust, wall_now(), &fault))
        return command_fail(&fault);
    if (options->json) {
        char site[HASH_TEXT];
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "site", hash_write(trust_site(trust), site));
        value_set_bool(body, "holds", true);
        json_print("keys", body);
    } else {
        printf("the whole chain holds, and is in its time\n");
    }
    return 0;
}

static void
print_signer(const char *name, const char *spaces, const pubkey_t *key)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    pubkey_write(key, text);
    printf("%s namespaces=\"%s\" %s\n", name, spaces, bytes_text(text));
}

/* All that a person of these roles may sign; a step says which role it asks. */
static void
print_person(const person_key_t *key)
{
    static const unsigned any = ROLE_AUTHOR | ROLE_REVIEWER | ROLE_RESPONDER | ROLE_OFFICER;
    static const struct {
        purpose_t purpose;
        unsigned roles;
    } rows[] = {{SIGN_AUTHOR, ROLE_AUTHOR},
                {SIGN_APPROVE, ROLE_REVIEWER},
                {SIGN_REJECT, ROLE_REVIEWER},
                {SIGN_ORDER, ROLE_RESPONDER},
                {SIGN_COSIGN, ROLE_RESPONDER},
                {SIGN_GRANT, ROLE_RESPONDER},
                {SIGN_FLEET, ROLE_OFFICER},
                {SIGN_STOP, ROLE_OFFICER | ROLE_RESPONDER},
                {SIGN_RESUME, ROLE_OFFICER},
                {SIGN_REVOKE, ROLE_OFFICER},
                {SIGN_RESTART, ROLE_OFFICER},
                {SIGN_CONSENT, any},
                {SIGN_ANSWER, any}};
    CLEANUP(bytes_destroy) bytes_t *spaces = bytes_new();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (key->roles & rows[i].roles)
            bytes_addf(spaces, "%s%s", spaces->size ? "," : "", purpose_namespace(rows[i].purpose));
    if (spaces->size)
        print_signer(key->person, bytes_text(spaces), &key->key);
}

int
keys_allowed_signers(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder_of(options, argc, argv), &fault);
    if (!trust)
        return command_fail(&fault);
    const root_t *root = trust_root(trust);
    const people_t *people = trust_people(trust);
    for (size_t i = 0; i < root->holder_count; i++)
        print_signer(root->holders[i].person, "root@tocsin.v1,people@tocsin.v1",
                     &root->holders[i].key);
    if (root->timekeeper.name[0])
        print_signer(root->timekeeper.name, "beacon@tocsin.v1", &root->timekeeper.key);
    for (size_t i = 0; people && i < people->key_count; i++)
        print_person(&people->keys[i]);
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++)
            print_signer(fleet->workers[j].id, "receipt@tocsin.v1,allowance@tocsin.v1",
                         &fleet->workers[j].key);
        for (size_t j = 0; j < fleet->signer_count; j++)
            print_signer(fleet->signers[j].source, "alert@tocsin.v1", &fleet->signers[j].key);
    }
    return 0;
}
