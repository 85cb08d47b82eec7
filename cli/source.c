/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/client.h"
#include "cli/git.h"
#include "cli/pages.h"
#include "cli/table.h"

#define PREFIX_MIN 6

struct source {
    trust_t *trust;   /* the caller's */
    client_t *client; /* one of the two */
    repository_t *repository;
    git_releases_t *releases; /* of the repository */
};

static void
on_complaint(const char *text)
{
    char shown[FAULT_TEXT_MAX];
    fprintf(stderr, "tocsin: %s\n", show_text(text, shown, sizeof shown));
}

source_t *
source_open(const options_t *options, trust_t *trust, const char *repository, fault_t *fault)
{
    CLEANUP(source_close) source_t *self = memory_new(1, sizeof *self);
    self->trust = trust;
    if (!repository) {
        self->client = client_open(options, trust, fault);
        return self->client ? MOVE(self) : NULL;
    }
    self->repository = repository_open(repository, fault);
    if (self->repository && !repository_fetch(self->repository, fault))
        self->releases = repository_releases(self->repository, on_complaint, fault);
    return self->releases ? MOVE(self) : NULL;
}

void
source_close(source_t **self_p)
{
    source_t *self = *self_p;
    if (!self)
        return;
    client_close(&self->client);
    git_releases_destroy(&self->releases);
    repository_close(&self->repository);
    free(self);
    *self_p = NULL;
}

static value_t *
list_of(const signers_t *signers)
{
    value_t *list = value_list();
    for (size_t i = 0; i < signers->count; i++)
        value_append(list, value_text(signers->person[i]));
    return list;
}

/* The row of one release in a repository; state comes later, from its neighbours. */
static value_t *
row_of(const source_t *self, const git_release_t *release)
{
    char hash[HASH_TEXT];
    fault_t fault = {0};
    approvals_t approvals = {0};
    value_t *row = value_map(), *authors = value_list();
    for (size_t i = 0; i < release->release->author_count; i++)
        value_append(authors, value_text(release->release->authors[i]));
    if (trust_approvals(self->trust, bytes_slice(release->document), bytes_slice(release->armors),
                        release->release, &approvals, &fault))
        value_set_text(row, "reason", fault.text);
    value_set_text(row, "hash", hash_write(&release->hash, hash));
    value_set_text(row, "playbook", release->release->playbook);
    value_set_integer(row, "sequence", (int64_t)release->release->sequence);
    value_set_text(row, "class", class_word(release->release->highest));
    value_set(row, "authors", authors);
    value_set(row, "approvers", list_of(&approvals.approvers));
    value_set_integer(row, "needed", approvals.needed);
    return row;
}

static bool
has_all_approvals(const value_t *row)
{
    return !value_get(row, "reason") &&
           (int64_t)value_count(value_get(row, "approvers")) >= value_get_integer(row, "needed");
}

/* Rows ascend by playbook and sequence: from the last on, the first with all approvals is in
 * service, and what is below it is replaced. */
static value_t *
with_states(value_t *rows)
{
    value_t *list = value_list();
    const char *served = "";
    for (size_t i = value_count(rows); i-- > 0;) {
        const value_t *row = value_at(rows, i);
        const char *playbook = value_get_text(row, "playbook"), *state = "waiting";
        if (!strcmp(served, playbook)) {
            state = "replaced";
        } else if (has_all_approvals(row)) {
            state = "in service";
            served = playbook;
        }
        value_t *copy = value_copy_map(row);
        value_set_text(copy, "state", state);
        value_append(list, copy);
    }
    value_destroy(&rows);
    return list;
}

value_t *
source_list(source_t *self, fault_t *fault)
{
    if (self->client)
        return pages_ask(self->client, "releases", fault);
    value_t *rows = value_list();
    for (size_t i = 0; i < self->releases->count; i++)
        value_append(rows, row_of(self, self->releases->at[i]));
    value_t *list = with_states(rows);
    return list;
}

/* From the repository; the broker knows prefixes by itself. */
static fetched_t *
find_in_repository(const source_t *self, const char *name, fault_t *fault)
{
    const git_release_t *found = NULL;
    for (size_t i = 0; i < self->releases->count; i++) {
        char hash[HASH_TEXT];
        const git_release_t *release = self->releases->at[i];
        if (strncmp(hash_write(&release->hash, hash), name, strlen(name)) != 0)
            continue;
        if (found) {
            fault_set(fault, FAULT_CONFLICT, "several releases start with '%s'", name);
            return NULL;
        }
        found = release;
    }
    if (!found) {
        fault_set(fault, FAULT_NOT_FOUND, "no release starts with '%s'", name);
        return NULL;
    }
    fetched_t *candidate = memory_new(1, sizeof *candidate);
    candidate->document = bytes_copy(bytes_slice(found->document));
    candidate->armors = bytes_copy(bytes_slice(found->armors));
    candidate->files = value_copy(found->files);
    return candidate;
}

static fetched_t *
find_at_broker(const source_t *self, const char *name, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "hash", name);
    CLEANUP(value_destroy) value_t *body = client_ask(self->client, "release", arguments, fault);
    if (!body)
        return NULL;
    const value_t *document = value_get(body, "document"), *armors = value_get(body, "armors");
    const value_t *files = value_get(body, "files");
    if (!document || !armors || !files || value_kind(files) != VALUE_MAP) {
        fault_set(fault, FAULT_FORMAT, "the broker's answer lacks the release's bytes");
        return NULL;
    }
    fetched_t *candidate = memory_new(1, sizeof *candidate);
    candidate->document = bytes_copy(value_slice(document));
    candidate->armors = bytes_copy(value_slice(armors));
    candidate->files = value_copy(files);
    return candidate;
}

/* Every author has signed; trust_approvals verified what is there. */
static int
check_authors(const fetched_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->release->author_count; i++) {
        bool signed_ = false;
        for (size_t j = 0; j < self->approvals.authors.count; j++)
            if (!strcmp(self->release->authors[i], self->approvals.authors.person[j]))
                signed_ = true;
        if (!signed_)
            return fault_set(fault, FAULT_SIGNATURE, "its author '%s' has not signed it",
                             self->release->authors[i]);
    }
    return 0;
}

static int
check(const source_t *self, fetched_t *candidate, const char *name, fault_t *fault)
{
    char hash[HASH_TEXT];
    slice_t document = bytes_slice(candidate->document);
    candidate->hash = hash_of(document);
    if (strncmp(hash_write(&candidate->hash, hash), name, strlen(name)) != 0)
        return fault_set(fault, FAULT_HASH, "what was given is release %.12s", hash);
    candidate->release = release_decode(document, fault);
    if (!candidate->release)
        return -1;
    if (!hash_equal(&candidate->release->site, trust_site(self->trust)))
        return fault_set(fault, FAULT_SITE, "it is a release of another site");
    if (fetched_check(candidate, fault) ||
        trust_approvals(self->trust, document, bytes_slice(candidate->armors), candidate->release,
                        &candidate->approvals, fault))
        return -1;
    return check_authors(candidate, fault);
}

fetched_t *
source_candidate(source_t *self, const char *name, fault_t *fault)
{
    size_t size = strlen(name);
    if (size < PREFIX_MIN || size >= HASH_TEXT || strspn(name, "0123456789abcdef") != size) {
        fault_set(fault, FAULT_USAGE,
                  "'%s' is no release: name it by at least %d digits of its "
                  "hash, as 'tocsin review list' shows them",
                  name, PREFIX_MIN);
        return NULL;
    }
    CLEANUP(fetched_destroy)
    fetched_t *candidate =
        self->client ? find_at_broker(self, name, fault) : find_in_repository(self, name, fault);
    if (candidate && !check(self, candidate, name, fault))
        return MOVE(candidate);
    fault_wrap(fault, "release %.12s", name);
    return NULL;
}

static bool
approved_by(const value_t *row, const char *person)
{
    const value_t *approvers = value_get(row, "approvers");
    for (size_t i = 0; i < value_count(approvers); i++)
        if (!strcmp(value_string(value_at(approvers, i)), person))
            return true;
    return false;
}

/* The list is the broker's word: what nobody approved must not make a change look small. */
static int
check_base(const fetched_t *base, const fetched_t *candidate, const char *approver, fault_t *fault)
{
    const signers_t *approvers = &base->approvals.approvers;
    bool approved = !approver && approvers->count >= base->approvals.needed;
    for (size_t i = 0; approver && i < approvers->count; i++)
        approved = approved || !strcmp(approvers->person[i], approver);
    if (!approved || strcmp(base->release->playbook, candidate->release->playbook) != 0 ||
        base->release->sequence >= candidate->release->sequence)
        return fault_set(fault, FAULT_QUORUM,
                         "the release to compare with is not the approved one that it is said "
                         "to be");
    return 0;
}

fetched_t *
source_before(source_t *self, const fetched_t *candidate, const char *approver, fault_t *fault)
{
    const value_t *best = NULL;
    CLEANUP(value_destroy) value_t *list = source_list(self, fault);
    for (size_t i = 0; list && i < value_count(list); i++) {
        const value_t *row = value_at(list, i);
        int64_t sequence = value_get_integer(row, "sequence");
        if (strcmp(value_get_text(row, "playbook"), candidate->release->playbook) != 0 ||
            sequence >= (int64_t)candidate->release->sequence ||
            (best && sequence <= value_get_integer(best, "sequence")))
            continue;
        if (approver ? approved_by(row, approver) : has_all_approvals(row))
            best = row;
    }
    CLEANUP(fetched_destroy)
    fetched_t *base = best ? source_candidate(self, value_get_text(best, "hash"), fault) : NULL;
    return base && !check_base(base, candidate, approver, fault) ? MOVE(base) : NULL;
}

int
source_approve(source_t *self, const fetched_t *candidate, slice_t armor, const pubkey_t *key,
               fault_t *fault)
{
    if (self->repository) {
        if (repository_add_approval(self->repository, &candidate->hash, key, armor, fault))
            return -1;
        return repository_push(self->repository, fault);
    }
    value_t *arguments = value_map();
    value_set_text(arguments, "kind", "approval");
    value_set(arguments, "document", value_bytes(bytes_slice(candidate->document)));
    value_set(arguments, "armors", value_bytes(armor));
    CLEANUP(value_destroy) value_t *body = client_ask(self->client, "submit", arguments, fault);
    return body ? 0 : -1;
}
