/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/enrolment.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

typedef struct {
    judge_t *judge;
    const trust_t *trust;
    const char *folder;
    wall_t now;
    bool first; /* the judge knew no root */
} enrolment_t;

/* 1 where there is no such document. */
static int
learn(const enrolment_t *self, const char *name, fault_t *fault)
{
    char path[PATH_MAX];
    fault_t why = {0};
    if (snprintf(path, sizeof path, "%s/%s", self->folder, name) >= PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", self->folder);
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    if (signed_load(path, &document, &armors, &why))
        return why.code == FAULT_NOT_FOUND ? 1 : fault_set(fault, why.code, "%s", why.text);
    if (!judge_learn(self->judge, bytes_slice(document), bytes_slice(armors), self->now, &why))
        return 0;
    if (self->first)
        return fault_set(fault, why.code, "'%.100s': %s", path, why.text);
    log_debug("'%s' is not taken: %s", path, why.text);
    return 0;
}

static int
learn_roots(const enrolment_t *self, fault_t *fault)
{
    char name[32];
    int missing = 0;
    for (int version = 1; !missing; version++) {
        snprintf(name, sizeof name, "root.%d", version);
        missing = learn(self, name, fault);
    }
    return missing < 0 ? -1 : 0;
}

static int
learn_fleets(const enrolment_t *self, fault_t *fault)
{
    const people_t *people = trust_people(self->trust);
    for (size_t i = 0; people && i < people->delegate_count; i++) {
        char name[TEXT_NAME_MAX + 8];
        snprintf(name, sizeof name, "fleet.%s", people->delegates[i].region);
        if (learn(self, name, fault) < 0)
            return -1;
    }
    return 0;
}

static int
is_halt(const struct dirent *entry, const char *front)
{
    hash_t ignored;
    size_t size = strlen(front);
    return !strncmp(entry->d_name, front, size) && hash_read(entry->d_name + size, &ignored);
}

static int
is_stop(const struct dirent *entry)
{
    return is_halt(entry, "stop.");
}

static int
is_revoke(const struct dirent *entry)
{
    return is_halt(entry, "revoke.");
}

static int
is_resume(const struct dirent *entry)
{
    return is_halt(entry, "resume.");
}

/* Their names end in what they hash to, and the folder is the only list of them. */
static int
learn_halts(const enrolment_t *self, int (*select)(const struct dirent *entry), fault_t *fault)
{
    struct dirent **entries;
    int count = scandir(self->folder, &entries, select, alphasort), wrong = 0;
    if (count < 0)
        return errno == ENOENT ? 0 : fault_errno(fault, "'%s' cannot be read", self->folder);
    for (int i = 0; i < count; i++) {
        wrong = wrong || learn(self, entries[i]->d_name, fault) < 0;
        free(entries[i]);
    }
    free(entries);
    return wrong ? -1 : 0;
}

int
enrolment_read(judge_t *judge, const trust_t *trust, const char *folder, wall_t now, fault_t *fault)
{
    const enrolment_t self = {judge, trust, folder, now, !trust_root(trust)};
    return learn_roots(&self, fault) || learn(&self, "people", fault) < 0 ||
                   learn_fleets(&self, fault) || learn_halts(&self, is_stop, fault) ||
                   learn_halts(&self, is_revoke, fault) || learn_halts(&self, is_resume, fault)
               ? -1
               : 0;
}
