/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <stdio.h>

#include "cli/pages.h"
#include "cli/sign.h"
#include "common/moment.h"

int
session_open(session_t *self, const options_t *options, fault_t *fault)
{
    self->trust = site_load(options, fault);
    if (!self->trust || trust_check_current(self->trust, wall_now(), fault))
        return -1;
    self->client = client_open(options, self->trust, fault);
    return self->client ? 0 : -1;
}

void
session_close(session_t *self)
{
    client_close(&self->client);
    value_destroy(&self->workers);
    for (size_t i = 0; i < self->release_count; i++)
        fetched_destroy(&self->releases[i]);
    memory_free(&self->releases);
    trust_destroy(&self->trust);
}

const value_t *
session_workers(session_t *self, fault_t *fault)
{
    if (!self->workers)
        self->workers = pages_ask(self->client, "workers", fault);
    return self->workers;
}

static const fetched_t *
keep_release(session_t *self, fetched_t *fetched)
{
    self->releases = memory_resize(self->releases, self->release_count + 1, sizeof(fetched_t *));
    self->releases[self->release_count++] = fetched;
    return fetched;
}

const fetched_t *
session_release(session_t *self, const hash_t *hash, fault_t *fault)
{
    char digits[HASH_TEXT];
    for (size_t i = 0; i < self->release_count; i++)
        if (hash_equal(&self->releases[i]->hash, hash))
            return self->releases[i];
    fetched_t *fetched =
        fetch_release(self->client, self->trust, "hash", hash_write(hash, digits), fault);
    return fetched ? keep_release(self, fetched) : NULL;
}

const fetched_t *
session_release_of(session_t *self, const char *playbook, fault_t *fault)
{
    fetched_t *fetched = fetch_release(self->client, self->trust, "playbook", playbook, fault);
    return fetched ? keep_release(self, fetched) : NULL;
}

value_t *
session_submit(const session_t *self, const char *kind, slice_t document, slice_t armors,
               value_t *more, fault_t *fault)
{
    value_t *arguments = more ? more : value_map();
    value_set_text(arguments, "kind", kind);
    value_set(arguments, "document", value_bytes(document));
    value_set(arguments, "armors", value_bytes(armors));
    return client_ask_map(self->client, "submit", arguments, fault);
}

int
session_spread(session_t *self, const options_t *options, const char *kind, slice_t document,
               slice_t armors, fault_t *fault)
{
    int kept = 0;
    if (options->timekeeper) {
        kept = client_tell_timekeeper(options, self->trust, kind, document, armors, fault);
        if (kept < 0)
            return -1;
        self->unreached += !kept;
    }
    int taken = client_hand_in(self->client, kind, document, armors, fault);
    if (taken < 0 || (!taken && !kept))
        return -1;
    if (!taken) {
        fprintf(stderr, "tocsin: NOT REACHED: %s\n", fault->text);
        self->unreached++;
    }
    return 0;
}

int
sign_shown(const options_t *options, purpose_t purpose, const char *kind, slice_t document,
           bytes_t *armors, fault_t *fault)
{
    char question[64];
    if (sign_check_key(options, fault))
        return -1;
    fprintf(stderr, "%.*s\n", (int)document.size, (const char *)document.data);
    snprintf(question, sizeof question, "sign this %s, as it is?", kind);
    if (!sign_confirm(options, question))
        return fault_set(fault, FAULT_DENIED,
                         "not signed: nobody said yes (--no-input signs without asking)");
    return sign_document(options, purpose, document, armors, NULL, fault);
}

int
session_sign(const session_t *self, const options_t *options, purpose_t purpose, const char *kind,
             slice_t document, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    if (sign_shown(options, purpose, kind, document, armors, fault))
        return -1;
    CLEANUP(value_destroy)
    value_t *body = session_submit(self, kind, document, bytes_slice(armors), NULL, fault);
    return body ? 0 : -1;
}
