/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paper.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/edits.h"
#include "cli/client.h"
#include "cli/sign.h"
#include "common/document.h"
#include "common/file.h"

#define SENTENCE_MAX 1024

void
paper_clear(paper_t *self)
{
    bytes_destroy(&self->text);
    bytes_destroy(&self->armors);
}

/* Each type is signed in its own namespace. */
static int
find_purpose(paper_t *self, const char *path, fault_t *fault)
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
    return fault_set(fault, FAULT_FORMAT, "'%s' is no root, people or fleet document", path);
}

static void
set_paths(paper_t *self, const char *folder)
{
    self->folder = folder;
    self->draft = strcmp(self->name, "root.1") != 0;
    snprintf(self->path, sizeof self->path, "%s/%s%s", folder, self->draft ? "draft." : "",
             self->name);
    snprintf(self->signatures, sizeof self->signatures, "%s.sigs", self->path);
}

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

size_t
paper_add(paper_t *self, slice_t armors)
{
    fault_t ignored;
    signature_t signature;
    for (size_t count = 0;;) {
        slice_t start = armors;
        if (signature_next(&signature, &armors, &ignored) != 1)
            return count;
        if (signature_check(&signature, bytes_slice(self->text), self->purpose, &ignored) ||
            signed_by(self, &signature.key))
            continue;
        bytes_add(self->armors, start.data, start.size - armors.size);
        count++;
    }
}

/* Signatures of what the document said before an edit are left out. */
static void
add_file(paper_t *self, const char *path)
{
    fault_t ignored;
    CLEANUP(bytes_destroy) bytes_t *all = file_read(path, SIGNATURES_BYTES_MAX, &ignored);
    if (all)
        paper_add(self, bytes_slice(all));
}

int
paper_open(paper_t *self, const char *folder, const char *name, fault_t *fault)
{
    if (keys_name(folder, name, self->name, fault))
        return -1;
    set_paths(self, folder);
    self->text = file_read(self->path, DOCUMENT_BYTES_MAX, fault);
    self->armors = bytes_new();
    if (!self->text || find_purpose(self, self->path, fault))
        return fault_wrap(fault, "document to sign");
    add_file(self, self->signatures);
    return 0;
}

/* The name that the document gives itself. */
static int
find_name(paper_t *self, fault_t *fault)
{
    slice_t text = bytes_slice(self->text);
    snprintf(self->name, sizeof self->name, "people");
    if (self->purpose == SIGN_ROOT) {
        CLEANUP(root_destroy) root_t *root = root_decode(text, fault);
        if (!root)
            return -1;
        snprintf(self->name, sizeof self->name, "root.%llu", (unsigned long long)root->version);
    } else if (self->purpose == SIGN_FLEET) {
        CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(text, fault);
        if (!fleet || keys_fleet_name(fleet->region, self->name, fault))
            return -1;
    }
    return 0;
}

int
paper_take(paper_t *self, const char *folder, const char *file, fault_t *fault)
{
    fault_t absent;
    char signatures[KEYS_PATH_MAX + 8];
    self->text = file_read(file, DOCUMENT_BYTES_MAX, fault);
    self->armors = bytes_new();
    if (!self->text || find_purpose(self, file, fault) || find_name(self, fault))
        return fault_wrap(fault, "document to take");
    set_paths(self, folder);
    snprintf(signatures, sizeof signatures, "%s.sigs", file);
    add_file(self, signatures);
    CLEANUP(bytes_destroy) bytes_t *here = file_read(self->path, DOCUMENT_BYTES_MAX, &absent);
    if (!here && !self->draft)
        return fault_set(fault, FAULT_NOT_FOUND, "'%s' is no site yet: copy its folder", folder);
    if (here && !slice_equal(bytes_slice(here), bytes_slice(self->text)))
        return fault_set(fault, FAULT_CONFLICT,
                         "'%s' is another text; remove it if '%s' is to be signed instead",
                         self->path, file);
    if (here)
        add_file(self, self->signatures);
    return 0;
}

void
paper_print_edits(const paper_t *self, FILE *out)
{
    CLEANUP(value_destroy)
    value_t *edits = keys_draft_edits(self->folder, self->name, bytes_slice(self->text));
    if (!self->draft && !value_count(edits))
        return;
    fprintf(out, "%s\n", self->draft ? "against the one in force it" : "it");
    edits_print(edits, out);
}

/* ---- ids that were used before ------------------------------------------------------------ */

static int
check_unused(const fleet_t *fleet, const fleet_t *past, const trust_t *trust, fault_t *fault)
{
    for (size_t i = 0; i < fleet->worker_count; i++) {
        const worker_line_t *worker = &fleet->workers[i];
        if (trust_worker(trust, worker->id, NULL))
            continue;
        for (size_t k = 0; k < past->worker_count; k++) {
            const worker_line_t *old = &past->workers[k];
            if (!strcmp(old->id, worker->id))
                return fault_set(fault, FAULT_CONFLICT,
                                 "worker '%s' was in fleet '%s' %llu: ids are never used again; "
                                 "name the machine's new worker otherwise",
                                 worker->id, past->region, (unsigned long long)past->version);
            if (pubkey_equal(&old->key, &worker->key) ||
                !memcmp(&old->curve, &worker->curve, sizeof old->curve))
                return fault_set(fault, FAULT_CONFLICT,
                                 "worker '%s' has a key of '%s', which was in fleet '%s' %llu",
                                 worker->id, old->id, past->region,
                                 (unsigned long long)past->version);
        }
    }
    return 0;
}

/* What is kept there was in force once; only its ids are of use, so nothing is verified. */
static int
check_past(const fleet_t *fleet, const char *path, const trust_t *trust, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, DOCUMENT_BYTES_MAX, fault);
    CLEANUP(fleet_destroy) fleet_t *past = text ? fleet_decode(bytes_slice(text), fault) : NULL;
    if (!past)
        return fault_wrap(fault, "'%s', by which ids that were used are known", path);
    return check_unused(fleet, past, trust, fault);
}

static bool
is_fleet_file(const char *name)
{
    size_t size = strlen(name);
    return !strncmp(name, "fleet.", strlen("fleet.")) &&
           (size < 5 || strcmp(name + size - 5, ".sigs") != 0);
}

int
paper_check_ids(const paper_t *self, fault_t *fault)
{
    char path[KEYS_PATH_MAX];
    if (self->purpose != SIGN_FLEET)
        return 0;
    CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(bytes_slice(self->text), fault);
    CLEANUP(trust_destroy) trust_t *trust = fleet ? keys_load(self->folder, fault) : NULL;
    if (!trust)
        return -1;
    snprintf(path, sizeof path, "%s/past", self->folder);
    DIR *past = opendir(path);
    int failed = 0;
    for (struct dirent *entry; past && !failed && (entry = readdir(past));) {
        snprintf(path, sizeof path, "%s/past/%s", self->folder, entry->d_name);
        if (is_fleet_file(entry->d_name))
            failed = check_past(fleet, path, trust, fault);
    }
    if (past)
        closedir(past);
    return failed;
}

/* ---- what trust says ---------------------------------------------------------------------- */

/* The root's holders, once each, in two lists: who signed, and who may still. */
typedef struct {
    size_t count; /* of those who signed */
    char did[SENTENCE_MAX], may[SENTENCE_MAX];
} standing_t;

static void
join(char *out, const char *name)
{
    size_t used = strlen(out);
    snprintf(out + used, SENTENCE_MAX - used, "%s%s", used ? ", " : "", name);
}

static standing_t
standing_of(const paper_t *self, const root_t *root)
{
    standing_t out = {0};
    for (size_t i = 0; i < root->holder_count;) {
        const char *person = root->holders[i].person;
        bool signed_it = false;
        for (; i < root->holder_count && !strcmp(root->holders[i].person, person); i++)
            signed_it |= signed_by(self, &root->holders[i].key);
        out.count += signed_it;
        join(signed_it ? out.did : out.may, person);
    }
    return out;
}

/* "root 2: ana signed; 1 more of binh, chi". */
static void
say_standing(const paper_t *self, const root_t *root)
{
    standing_t standing = standing_of(self, root);
    printf("  root %llu: %s signed", (unsigned long long)root->version,
           standing.count ? standing.did : "nobody");
    if (standing.count >= root->quorum_root)
        printf("; its quorum of %u is there\n", root->quorum_root);
    else
        printf("; %zu more of: %s\n", root->quorum_root - standing.count, standing.may);
}

static bool
holds(const root_t *root, const pubkey_t *key)
{
    for (size_t i = 0; root && i < root->holder_count; i++)
        if (pubkey_equal(&root->holders[i].key, key))
            return true;
    return false;
}

/* Each signature is by a holder of one of the roots: trust would say so only once all are there. */
static int
check_holders(const paper_t *self, const root_t *root, const root_t *next, fault_t *fault)
{
    signature_t signature;
    char fingerprint[PUBKEY_FINGERPRINT_TEXT];
    slice_t rest = bytes_slice(self->armors);
    while (signature_next(&signature, &rest, fault) == 1)
        if (!holds(root, &signature.key) && !holds(next, &signature.key))
            return fault_set(fault, FAULT_KEY, "key %s that signed is no holder's",
                             pubkey_fingerprint(&signature.key, fingerprint));
    return 0;
}

/* Root version 1 gives the site its id. */
static int
write_id(const paper_t *self, fault_t *fault)
{
    char path[KEYS_PATH_MAX], line[HASH_TEXT + 1];
    hash_t id = hash_of(bytes_slice(self->text));
    hash_write(&id, line);
    line[HASH_TEXT - 1] = '\n';
    snprintf(path, sizeof path, "%s/id", self->folder);
    if (file_write(self->signatures, bytes_slice(self->armors), 0644, fault) ||
        file_write(path, slice_of(line, HASH_TEXT), 0644, fault))
        return -1;
    printf("%s is in force; the site is %.*s\n", self->name, HASH_TEXT - 1, line);
    return 0;
}

static int
version_of(const paper_t *self, slice_t document, uint64_t *version, fault_t *fault)
{
    bool is_fleet = self->purpose == SIGN_FLEET;
    CLEANUP(fleet_destroy) fleet_t *fleet = is_fleet ? fleet_decode(document, fault) : NULL;
    CLEANUP(people_destroy) people_t *people = is_fleet ? NULL : people_decode(document, fault);
    *version = fleet ? fleet->version : people ? people->version : 0;
    return *version ? 0 : -1;
}

/* People or a fleet that is replaced goes to past/: whoever reads the record looks there for who
 * had which key, and no id or key of a fleet is used again. */
static int
keep_past(const paper_t *self, fault_t *fault)
{
    fault_t absent;
    char path[KEYS_PATH_MAX], signatures[KEYS_PATH_MAX + 8];
    snprintf(signatures, sizeof signatures, "%s.sigs", self->name);
    uint64_t version = 0;
    CLEANUP(bytes_destroy) bytes_t *old = keys_read(self->folder, "", self->name, &absent);
    CLEANUP(bytes_destroy) bytes_t *armors = keys_read(self->folder, "", signatures, &absent);
    if ((self->purpose != SIGN_FLEET && self->purpose != SIGN_PEOPLE) || !old || !armors)
        return 0;
    snprintf(path, sizeof path, "%s/past", self->folder);
    if (version_of(self, bytes_slice(old), &version, fault) || folder_make(path, 0755, fault))
        return -1;
    snprintf(path, sizeof path, "%s/past/%s.%llu", self->folder, self->name,
             (unsigned long long)version);
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    return file_write(signatures, bytes_slice(armors), 0644, fault) ||
                   file_write(path, bytes_slice(old), 0644, fault)
               ? -1
               : 0;
}

/* Signatures first: a document without them would hide the one before. */
static int
put_in_force(const paper_t *self, fault_t *fault)
{
    char path[KEYS_PATH_MAX], signatures[KEYS_PATH_MAX + 8];
    if (!self->draft)
        return write_id(self, fault);
    snprintf(path, sizeof path, "%s/%s", self->folder, self->name);
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    if (keep_past(self, fault) || file_write(signatures, bytes_slice(self->armors), 0644, fault) ||
        file_write(path, bytes_slice(self->text), 0644, fault))
        return -1;
    unlink(self->path);
    unlink(self->signatures);
    printf("%s is in force\n", path);
    return 0;
}

static int
keep_waiting(paper_t *self, const root_t *root, const root_t *next, const fault_t *why,
             fault_t *fault)
{
    if (file_write(self->path, bytes_slice(self->text), 0644, fault) ||
        file_write(self->signatures, bytes_slice(self->armors), 0644, fault))
        return -1;
    self->waits = true;
    printf("%s waits for more signatures: %s\n", self->path, why->text);
    if (root)
        say_standing(self, root);
    if (next)
        say_standing(self, next);
    printf("hand it and %s to whom it waits for: tocsin keys take FOLDER FILE, tocsin keys sign "
           "FOLDER %s --key FILE\n",
           self->signatures, self->name);
    return 0;
}

/* A root whose holders did not sign people, or people who no longer delegate an officer, are said
 * at once: nothing runs until the next document is signed. */
static void
say_what_is_left(const paper_t *self)
{
    fault_t fault;
    CLEANUP(trust_destroy) trust_t *trust = keys_load(self->folder, &fault);
    if (self->draft && trust && trust_check_current(trust, wall_now(), &fault))
        printf("not in order yet: %s\n", fault.text);
}

int
paper_settle(paper_t *self, fault_t *fault)
{
    fault_t why = {0};
    hash_t id = hash_of(bytes_slice(self->text));
    CLEANUP(trust_destroy)
    trust_t *trust = self->draft ? keys_load(self->folder, fault) : trust_new(&id);
    CLEANUP(root_destroy)
    root_t *next = self->purpose == SIGN_ROOT ? root_decode(bytes_slice(self->text), fault) : NULL;
    if (!trust || (self->purpose == SIGN_ROOT &&
                   (!next || check_holders(self, trust_root(trust), next, fault))))
        return -1;
    if (!trust_add(trust, bytes_slice(self->text), bytes_slice(self->armors), &why)) {
        if (put_in_force(self, fault))
            return -1;
        say_what_is_left(self);
        return 0;
    }
    if (why.code == FAULT_QUORUM)
        return keep_waiting(self, trust_root(trust), next, &why, fault);
    *fault = why;
    return -1;
}

int
paper_sign(paper_t *self, const options_t *options, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    if (sign_check_key(options, fault) || paper_check_ids(self, fault))
        return -1;
    fputs(bytes_text(self->text), stderr);
    paper_print_edits(self, stderr);
    if (!sign_confirm(options, "sign this document, as it is?"))
        return fault_set(fault, FAULT_DENIED,
                         "not signed: nobody said yes (--no-input signs without asking)");
    if (sign_document(options, self->purpose, bytes_slice(self->text), armor, NULL, fault))
        return -1;
    paper_add(self, bytes_slice(armor));
    /* One signature that does not count would spoil all the others: it is not kept. */
    if (paper_settle(self, fault))
        return fault_wrap(fault, "this signature is not kept");
    return 0;
}

int
paper_hand_on(const paper_t *self, const options_t *options)
{
    fault_t fault;
    char type[16];
    if (!options->timekeeper || self->waits)
        return self->waits ? EXIT_WAITING : 0;
    CLEANUP(trust_destroy) trust_t *trust = keys_load(self->folder, &fault);
    document_type(bytes_slice(self->text), type, sizeof type);
    int kept = trust ? client_tell_timekeeper(options, trust, type, bytes_slice(self->text),
                                              bytes_slice(self->armors), &fault)
                     : -1;
    if (kept < 0)
        return command_fail(&fault);
    return kept ? 0 : fault_exit(FAULT_UNKNOWN);
}
