/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/subject.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/git.h"
#include "cli/package.h"
#include "cli/playbook_folder.h"
#include "cli/source.h"
#include "lua/runner.h"

#define PREFIX_MIN 6 /* digits that name a release */

void
subject_clear(subject_t *self)
{
    value_destroy(&self->files);
    manifest_destroy(&self->manifest);
}

/* The manifest that its playbook.lua makes now. */
static int
make_manifest(subject_t *self, const char *what, fault_t *fault)
{
    const value_t *text = value_get(self->files, "playbook.lua");
    snprintf(self->title, sizeof self->title, "%.120s", what);
    if (!text)
        return fault_set(fault, FAULT_NOT_FOUND, "'%s' holds no playbook.lua", what);
    self->manifest = runner_manifest(value_slice(text), fault);
    return self->manifest ? 0 : fault_wrap(fault, "%.100s", what);
}

static int
load_revision(subject_t *self, const char *repository, const char *what, fault_t *fault)
{
    repository_t *git = repository_open(repository ? repository : ".", fault);
    self->files = git ? repository_folder(git, what, fault) : NULL;
    repository_close(&git);
    return self->files ? make_manifest(self, what, fault) : -1;
}

/* Takes what a release has. */
static int
take_release(subject_t *self, fetched_t *release)
{
    char hash[HASH_TEXT];
    if (!release)
        return -1;
    self->files = MOVE(release->files);
    self->manifest = MOVE(release->manifest);
    snprintf(self->title, sizeof self->title, "%s %llu (%.12s)", release->release->playbook,
             (unsigned long long)release->release->sequence, hash_write(&release->hash, hash));
    return 0;
}

static int
load_by_hash(subject_t *self, const options_t *options, trust_t *trust, const char *repository,
             const char *what, fault_t *fault)
{
    source_t *source = source_open(options, trust, repository, fault);
    CLEANUP(fetched_destroy)
    fetched_t *release = source ? source_candidate(source, what, fault) : NULL;
    source_close(&source);
    return take_release(self, release);
}

static int
load_by_name(subject_t *self, const options_t *options, trust_t *trust, const char *what,
             fault_t *fault)
{
    client_t *client = client_open(options, trust, fault);
    CLEANUP(fetched_destroy)
    fetched_t *release = client ? fetch_release(client, trust, "playbook", what, fault) : NULL;
    client_close(&client);
    return take_release(self, release);
}

int
subject_load(subject_t *self, const options_t *options, const char *repository, const char *what,
             fault_t *fault)
{
    char path[PATH_MAX];
    bool hash = strlen(what) >= PREFIX_MIN && strspn(what, "0123456789abcdef") == strlen(what);
    *self = (subject_t){0};
    if (!access(playbook_path(what, "playbook.lua", path), R_OK)) {
        self->files = package_files(what, fault);
        return self->files ? make_manifest(self, what, fault) : -1;
    }
    if (strchr(what, ':'))
        return load_revision(self, repository, what, fault);
    if (!hash && !text_is_name(what))
        return fault_set(
            fault, FAULT_NOT_FOUND,
            "'%s' is no folder with a playbook.lua, no REVISION:FOLDER, no release and "
            "no playbook's name",
            what);
    trust_t *trust = site_load(options, fault);
    int wrong = !trust ? -1
                : hash ? load_by_hash(self, options, trust, repository, what, fault)
                       : load_by_name(self, options, trust, what, fault);
    trust_destroy(&trust);
    return wrong;
}
