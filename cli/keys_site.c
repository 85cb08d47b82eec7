/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/keys.h"
#include "cli/sign.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"

/* A document that is to be signed, and where it and its signatures stand. */
typedef struct {
    char name[TEXT_NAME_MAX + 16]; /* "root.1", "people", "fleet.REGION" */
    bool draft;                    /* else root.1, in place */
    char path[KEYS_PATH_MAX];
    char signatures[KEYS_PATH_MAX + 8];
    bytes_t *text;
    bytes_t *armors; /* those that hold */
    purpose_t purpose;
} paper_t;

static void
paper_clear(paper_t *self)
{
    bytes_destroy(&self->text);
    bytes_destroy(&self->armors);
}

/* Each type is signed in its own namespace. */
static int
find_purpose(paper_t *self, fault_t *fault)
{
    static const struct {
        const char *type;
        purpose_t purpose;
    } types[] = {{"root", SIGN_ROOT}, {"people", SIGN_PEOPLE}, {"fleet", SIGN_FLEET}};
    char type[32];
    document_type(bytes_slice(self->text), type, sizeof type);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (strcmp(types[i].type, type) != 0)
            continue;
        self->purpose = types[i].purpose;
        return 0;
    }
    return fault_set(fault, FAULT_FORMAT, "'%s' is no root, people or fleet document", self->path);
}

/* Signatures of what the document said before an edit are left out. */
static void
keep_holding(paper_t *self)
{
    fault_t ignored;
    signature_t signature;
    self->armors = bytes_new();
    CLEANUP(bytes_destroy)
    bytes_t *all = file_read(self->signatures, SIGNATURES_BYTES_MAX, &ignored);
    slice_t rest = all ? bytes_slice(all) : slice_of(NULL, 0);
    for (;;) {
        slice_t start = rest;
        if (signature_next(&signature, &rest, &ignored) != 1)
            return;
        if (!signature_check(&signature, bytes_slice(self->text), self->purpose, &ignored))
            bytes_add(self->armors, start.data, start.size - rest.size);
    }
}

static int
paper_open(paper_t *self, const char *folder, const char *name, fault_t *fault)
{
    static const char front[] = "draft.", back[] = ".draft";
    if (!strncmp(name, front, sizeof front - 1))
        name += sizeof front - 1;
    if (!text_copy(self->name, sizeof self->name, name) || strchr(name, '/'))
        return fault_set(fault, FAULT_USAGE, "'%.80s' is no root.N, people or fleet.REGION", name);
    size_t size = strlen(name);
    if (size >= sizeof back && !strcmp(name + size - (sizeof back - 1), back))
        self->name[size - (sizeof back - 1)] = '\0';
    self->draft = strcmp(self->name, "root.1") != 0;
    snprintf(self->path, sizeof self->path, "%s/%s%s", folder, self->draft ? front : "",
             self->name);
    snprintf(self->signatures, sizeof self->signatures, "%s.sigs", self->path);
    self->text = file_read(self->path, DOCUMENT_BYTES_MAX, fault);
    if (!self->text || find_purpose(self, fault))
        return fault_wrap(fault, "document to sign");
    keep_holding(self);
    return 0;
}

/* Whether this key has signed it already. */
static bool
signed_by(const paper_t *self, const pubkey_t *key)
{
    fault_t ignored;
    signature_t signature;
    slice_t rest = bytes_slice(self->armors);
    while (signature_next(&signature, &rest, &ignored) == 1)
        if (pubkey_equal(&signature.key, key))
            return true;
    return false;
}

/* Whether the chain takes the document with the signatures that it has. */
static int
quorum_holds(const paper_t *self, const char *folder, fault_t *fault)
{
    hash_t id;
    if (!self->draft) {
        if (keys_site_id(folder, &id, fault))
            return -1;
        CLEANUP(trust_destroy) trust_t *fresh = trust_new(&id);
        return trust_add_root(fresh, bytes_slice(self->text), bytes_slice(self->armors), fault);
    }
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, fault);
    if (!trust)
        return -1;
    return trust_add(trust, bytes_slice(self->text), bytes_slice(self->armors), fault);
}

/* Root version 1 gives the site its id. */
static int
write_id(const paper_t *self, const char *folder, fault_t *fault)
{
    char path[KEYS_PATH_MAX], line[HASH_TEXT + 1];
    hash_t id = hash_of(bytes_slice(self->text));
    hash_write(&id, line);
    line[HASH_TEXT - 1] = '\n';
    snprintf(path, sizeof path, "%s/id", folder);
    if (file_write(path, slice_of(line, HASH_TEXT), 0644, fault))
        return -1;
    printf("%s is in force; the site is %.*s\n", self->name, HASH_TEXT - 1, line);
    return 0;
}

/* Signatures first: a document without them would hide the one before. */
static int
put_in_force(const paper_t *self, const char *folder, fault_t *fault)
{
    char path[KEYS_PATH_MAX], signatures[KEYS_PATH_MAX + 8];
    if (!self->draft)
        return write_id(self, folder, fault);
    snprintf(path, sizeof path, "%s/%s", folder, self->name);
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    if (file_write(signatures, bytes_slice(self->armors), 0644, fault) ||
        file_write(path, bytes_slice(self->text), 0644, fault))
        return -1;
    unlink(self->path);
    unlink(self->signatures);
    printf("%s is in force\n", path);
    return 0;
}

static int
sign_paper(paper_t *self, const options_t *options, const char *folder, fault_t *fault)
{
    pubkey_t key;
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    fputs(bytes_text(self->text), stderr);
    if (!sign_confirm(options, "sign this document, as it is?"))
        return fault_set(fault, FAULT_DENIED,
                         "not signed: nobody said yes (--no-input signs without asking)");
    if (sign_document(options, self->purpose, bytes_slice(self->text), armor, &key, fault))
        return -1;
    if (!signed_by(self, &key))
        bytes_add_slice(self->armors, bytes_slice(armor));
    /* One signature that does not count would spoil all the others: it is not kept. */
    fault_t short_of = {0};
    bool holds = !quorum_holds(self, folder, &short_of);
    if (!holds && short_of.code != FAULT_QUORUM) {
        *fault = short_of;
        return fault_wrap(fault, "this signature is not kept");
    }
    if (file_write(self->signatures, bytes_slice(self->armors), 0644, fault))
        return -1;
    if (holds)
        return put_in_force(self, folder, fault);
    printf("%s is signed and waits for more: %s\n", self->path, short_of.text);
    return 0;
}

int
keys_sign(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    CLEANUP(paper_clear) paper_t paper = {.draft = false};
    if (argc != 3)
        return command_usage(&keys_commands[8], "name a folder and a document in it");
    if (paper_open(&paper, argv[1], argv[2], &fault) ||
        sign_paper(&paper, options, argv[1], &fault))
        return command_fail(&fault);
    return 0;
}

/* The folder given, or the options' own site. */
static const char *
folder_of(const options_t *options, int argc, char **argv)
{
    return argc > 1 ? argv[1] : options->site;
}

static void
show_people(const people_t *people)
{
    static const char *const headings[] = {"PERSON", "ROLES", "HIGHEST", "SCOPE", "KEY", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < people->key_count; i++) {
        const person_key_t *key = &people->keys[i];
        char roles[64], fingerprint[PUBKEY_FINGERPRINT_TEXT];
        roles_write(key->roles, roles, sizeof roles);
        table_row(table,
                  (const char *const[]){key->person, roles, class_word(key->highest), key->scope,
                                        pubkey_fingerprint(&key->key, fingerprint)});
    }
    table_print(table);
}

static void
show_workers(const trust_t *trust)
{
    static const char *const headings[] = {"WORKER", "REGION", "LABELS", "KEY", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++) {
            char fingerprint[PUBKEY_FINGERPRINT_TEXT];
            const worker_line_t *worker = &fleet->workers[j];
            table_row(table, (const char *const[]){worker->id, fleet->region, worker->labels,
                                                   pubkey_fingerprint(&worker->key, fingerprint)});
        }
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
        value_append(list, row);
    }
    return list;
}

static value_t *
workers_value(const trust_t *trust)
{
    value_t *list = value_list();
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++) {
            value_t *row = key_value("worker", fleet->workers[j].id, &fleet->workers[j].key);
            value_set_text(row, "region", fleet->region);
            value_set_text(row, "labels", fleet->workers[j].labels);
            value_append(list, row);
        }
    }
    return list;
}

static void
show_json(const trust_t *trust)
{
    char site[HASH_TEXT];
    CLEANUP(value_destroy) value_t *body = value_map();
    value_set_text(body, "site", hash_write(trust_site(trust), site));
    value_set(body, "people", people_value(trust_people(trust)));
    value_set(body, "workers", workers_value(trust));
    json_print("keys", body);
}

int
keys_show(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    char site[HASH_TEXT];
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder_of(options, argc, argv), &fault);
    if (!trust)
        return command_fail(&fault);
    if (options->json) {
        show_json(trust);
        return 0;
    }
    printf("site %s\n", hash_write(trust_site(trust), site));
    if (trust_people(trust)) {
        printf("\n");
        show_people(trust_people(trust));
    }
    if (trust_fleet_count(trust)) {
        printf("\n");
        show_workers(trust);
    }
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

static void
print_person(const person_key_t *key)
{
    static const struct {
        role_t role;
        const char *spaces;
    } rows[] = {{ROLE_AUTHOR, "author@tocsin.v1"},
                {ROLE_REVIEWER, "approve@tocsin.v1"},
                {ROLE_RESPONDER, "order@tocsin.v1,grant@tocsin.v1"},
                {ROLE_OFFICER, "fleet@tocsin.v1"}};
    char spaces[160] = "";
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t used = strlen(spaces);
        if (key->roles & rows[i].role)
            snprintf(spaces + used, sizeof spaces - used, "%s%s", used ? "," : "", rows[i].spaces);
    }
    if (*spaces)
        print_signer(key->person, spaces, &key->key);
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
    for (size_t i = 0; people && i < people->key_count; i++)
        print_person(&people->keys[i]);
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++)
            print_signer(fleet->workers[j].id, "receipt@tocsin.v1", &fleet->workers[j].key);
    }
    return 0;
}
