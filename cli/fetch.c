/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include <stdlib.h>

#include "cli/near.h"
#include "cli/pages.h"
#include "wire/bundle.h"

void
fetched_destroy(fetched_t **self_p)
{
    fetched_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    value_destroy(&self->files);
    release_destroy(&self->release);
    manifest_destroy(&self->manifest);
    free(self);
    *self_p = NULL;
}

int
fetched_check(fetched_t *self, fault_t *fault)
{
    self->manifest = bundle_check(self->release, self->files, fault);
    return self->manifest ? 0 : -1;
}

/* Whether it is what was asked for; the broker's word is not taken. */
static int
check_meant(const fetched_t *self, const char *key, const char *which, fault_t *fault)
{
    char hash[HASH_TEXT];
    bool meant = !strcmp(key, "playbook")
                     ? !strcmp(self->release->playbook, which)
                     : !strncmp(hash_write(&self->hash, hash), which, strlen(which));
    return meant ? 0 : fault_set(fault, FAULT_HASH, "the broker gave another release");
}

static int
verify(fetched_t *self, trust_t *trust, const char *key, const char *which, fault_t *fault)
{
    slice_t document = bytes_slice(self->document), armors = bytes_slice(self->armors);
    self->hash = hash_of(document);
    self->release = trust_check_release(trust, document, armors, fault);
    if (!self->release || check_meant(self, key, which, fault) || fetched_check(self, fault))
        return -1;
    return trust_approvals(trust, document, armors, self->release, &self->approvals, fault);
}

/* Which playbook may have been meant. */
static void
say_missing(client_t *client, const char *name, fault_t *fault)
{
    fault_t ignored;
    near_t near = near_of(name);
    CLEANUP(value_destroy) value_t *releases = pages_ask(client, "releases", &ignored);
    for (size_t i = 0; i < value_count(releases); i++)
        near_try(&near, value_get_text(value_at(releases, i), "playbook"));
    bool other = near.found && near.distance;
    fault_set(fault, FAULT_NOT_FOUND,
              "no release of a playbook '%.64s' is in service%s%s%s; see: tocsin playbook list",
              name, other ? ", did you mean '" : "", other ? near.found : "", other ? "'" : "");
}

fetched_t *
fetch_release(client_t *client, trust_t *trust, const char *key, const char *which, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, key, which);
    CLEANUP(value_destroy) value_t *body = client_ask(client, "release", arguments, fault);
    if (!body && fault->code == FAULT_NOT_FOUND && !strcmp(key, "playbook"))
        say_missing(client, which, fault);
    if (!body)
        return NULL;
    CLEANUP(fetched_destroy) fetched_t *self = memory_new(1, sizeof *self);
    self->document = bytes_copy(value_slice(value_get(body, "document")));
    self->armors = bytes_copy(value_slice(value_get(body, "armors")));
    self->files = value_copy_map(value_get(body, "files"));
    if (verify(self, trust, key, which, fault)) {
        fault_wrap(fault, "release of '%s'", which);
        return NULL;
    }
    return MOVE(self);
}
