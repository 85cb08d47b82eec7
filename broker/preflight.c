/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store.h"
#include "common/privilege.h"

/* How much a trouble weighs. */
enum { LESS, STOPS };

/* The count of what was told and stops a start: 0 or 1. */
static unsigned
tell(const preflight_t *self, int weight, const char *key, const char *value, fault_t *trouble)
{
    settings_blame(self->settings, key, value, trouble);
    self->say(weight == STOPS, trouble->text);
    return weight == STOPS;
}

static bool
has_sink(const settings_t *settings, bool mail)
{
    for (size_t i = 0; i < settings->sinks.count; i++)
        if ((settings->sinks.sinks[i].kind == SINK_MAIL) == mail)
            return true;
    return false;
}

/* ---- programs and who they run as ----------------------------------------------------------- */

static unsigned
check_program(const preflight_t *self, const char *key, const char *name)
{
    fault_t trouble;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/../libexec/tocsin/%s", self->program_folder, name);
    if (!access(path, X_OK))
        return 0;
    fault_errno(&trouble, "its program '%s' cannot be started", path);
    return tell(self, STOPS, key, NULL, &trouble);
}

static unsigned
check_programs(const preflight_t *self)
{
    fault_t trouble;
    const settings_t *settings = self->settings;
    unsigned stops = *settings->catalog ? check_program(self, "catalog", "catalog") : 0;
    stops += has_sink(settings, false) ? check_program(self, "sink", "notifier") : 0;
    stops += has_sink(settings, true) ? check_program(self, "sink", "mailer") : 0;
    if (has_sink(settings, true) && access(settings->sendmail, X_OK)) {
        fault_errno(&trouble, "no mail would go out: '%s' cannot be started", settings->sendmail);
        tell(self, LESS, "sendmail", NULL, &trouble);
    }
    return stops;
}

static unsigned
check_uids(const preflight_t *self)
{
    fault_t trouble;
    const settings_t *settings = self->settings;
    const char *key = settings->uid            ? "uid"
                      : settings->catalog_uid  ? "catalog-uid"
                      : settings->notifier_uid ? "notifier-uid"
                                               : NULL;
    return key && privilege_check(&trouble) ? tell(self, STOPS, key, NULL, &trouble) : 0;
}

/* ---- folders -------------------------------------------------------------------------------- */

/* Like git, what makes a folder a repository; as whoever reads it will see it. */
static int
check_repository(int folder, const char *path, uid_t uid, fault_t *trouble)
{
    static const char *const parts[] = {"HEAD", "objects", "refs"};
    bool other = geteuid() == 0 && uid;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        int gid_before = other ? setfsgid(uid) : 0, uid_before = other ? setfsuid(uid) : 0;
        int part = openat(folder, parts[i], O_RDONLY | O_CLOEXEC), why = errno;
        if (other) {
            setfsuid((uid_t)uid_before);
            setfsgid((gid_t)gid_before);
        }
        if (part >= 0) {
            close(part);
            continue;
        }
        if (why == ENOENT)
            return fault_set(trouble, FAULT_CONFIG,
                             "no release would be found: '%s' is no bare repository, it has no "
                             "'%s'%s",
                             path, parts[i],
                             faccessat(folder, ".git", F_OK, 0) ? "" : "; its .git is one");
        errno = why;
        return fault_errno(trouble, "no release would be found: uid %u reads '%s/%s'",
                           other ? uid : geteuid(), path, parts[i]);
    }
    return 0;
}

static unsigned
check_catalog(const preflight_t *self)
{
    fault_t trouble;
    const char *path = self->settings->catalog;
    if (!*path)
        return 0;
    CLEANUP(descriptor_close) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        fault_errno(&trouble, "the repository '%s' cannot be opened", path);
        return tell(self, STOPS, "catalog", NULL, &trouble);
    }
    if (check_repository(folder, path, (uid_t)self->settings->catalog_uid, &trouble))
        tell(self, LESS, "catalog", NULL, &trouble);
    return 0;
}

/* The folder, or what it would be made in. */
static int
check_room(const char *path, fault_t *trouble)
{
    char above[PATH_MAX];
    struct stat status;
    snprintf(above, sizeof above, "%s", path);
    for (char *slash; stat(above, &status) && errno == ENOENT && (slash = strrchr(above, '/'));)
        slash[slash == above] = '\0'; /* of "/state", "/" */
    if (stat(above, &status))
        return fault_errno(trouble, "'%s' cannot be made", path);
    if (!S_ISDIR(status.st_mode))
        return fault_set(trouble, FAULT_CONFIG, "'%s' is no folder", above);
    if (access(above, W_OK | X_OK))
        return fault_errno(trouble, "nothing can be written in '%s'", above);
    return 0;
}

static unsigned
check_state(const preflight_t *self)
{
    fault_t trouble;
    const char *path = self->settings->state;
    if (check_room(path, &trouble) || store_check_lost(path, &trouble))
        return tell(self, STOPS, "state", NULL, &trouble);
    return 0;
}

/* ---- documents ------------------------------------------------------------------------------ */

static void
check_grants(const preflight_t *self)
{
    for (size_t i = 0; i < self->settings->grant_count; i++) {
        fault_t trouble;
        const char *path = self->settings->grants[i];
        CLEANUP(bytes_destroy) bytes_t *document = NULL;
        CLEANUP(bytes_destroy) bytes_t *armors = NULL;
        CLEANUP(grant_destroy) grant_t *grant = NULL;
        if (!signed_load(path, &document, &armors, &trouble))
            grant = trust_check_grant(self->trust, bytes_slice(document), bytes_slice(armors),
                                      self->now, &trouble);
        if (grant)
            continue;
        fault_wrap(&trouble, "nothing would start by it");
        tell(self, LESS, "grant", path, &trouble);
    }
}

static bool
lists_broker(const people_t *people, const char *name)
{
    for (size_t i = 0; i < people->broker_count; i++)
        if (!strcmp(people->brokers[i].name, name))
            return true;
    return false;
}

/* What root and people say of those whom the configuration names. */
static void
check_names(const preflight_t *self)
{
    fault_t trouble;
    const settings_t *settings = self->settings;
    const people_t *people = trust_people(self->trust);
    const timekeeper_t *keeper = &trust_root(self->trust)->timekeeper;
    const char *name = people_broker(people, self->key);
    if (name && strcmp(name, settings->name) != 0) {
        fault_set(&trouble, FAULT_CONFIG, "people lists this broker's CURVE key as '%s', not '%s'",
                  name, settings->name);
        tell(self, LESS, "name", NULL, &trouble);
    }
    if (keeper->name[0] && !*settings->timekeeper) {
        fault_set(&trouble, FAULT_CONFIG,
                  "root names timekeeper '%s', and no 'timekeeper' line says where it is: workers "
                  "would do less and less",
                  keeper->name);
        tell(self, LESS, "timekeeper", NULL, &trouble);
    }
    if (!keeper->name[0] && *settings->timekeeper) {
        fault_set(&trouble, FAULT_CONFIG, "root names no timekeeper: nobody would be asked there");
        tell(self, LESS, "timekeeper", NULL, &trouble);
    }
    if (settings->uplink && !lists_broker(people, settings->centre)) {
        fault_set(&trouble, FAULT_CONFIG, "people lists no broker '%s': nothing would be relayed",
                  settings->centre);
        tell(self, LESS, "uplink", NULL, &trouble);
    }
}

static void
check_sources(const preflight_t *self)
{
    fault_t trouble;
    const settings_t *settings = self->settings;
    if (!settings->source_count || *settings->http.host)
        return;
    fault_set(&trouble, FAULT_CONFIG, "no 'http' line says where source '%s' posts to",
              settings->sources[0].name);
    tell(self, LESS, "source", NULL, &trouble);
}

unsigned
preflight(const preflight_t *self)
{
    unsigned stops = check_uids(self) + check_programs(self) + check_catalog(self);
    stops += check_state(self);
    check_grants(self);
    check_names(self);
    check_sources(self);
    return stops;
}
