/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/faillock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define CONF_BYTES   65536
#define NUMBER_MAX   604800          /* seconds, as pam_faillock bounds them */
#define SECONDS_MAX  253402300799ULL /* the end of the year 9999 */
#define STATUS_VALID 1
#define STATUS_HOST  2
#define STATUS_TTY   4

typedef struct {
    char source[FAILLOCK_SOURCE_MAX]; /* not terminated where it is as long */
    uint16_t reserved, status;
    uint64_t time; /* s */
} record_t;
_Static_assert(sizeof(record_t) == 64, "as pam_faillock writes it");

/* ---- rules ------------------------------------------------------------------------------------
 */

/* A number or "never", which is 0; what is neither leaves the rule as it was, as pam_faillock does.
 */
static void
set_number(uint64_t *rule, const char *text)
{
    if (!strcmp(text, "never"))
        *rule = 0;
    else
        (void)text_read_u64(text, 0, NUMBER_MAX, rule);
}

static void
set_rule(lockout_rules_t *self, const op_world_t *world, const char *name, const char *text)
{
    const struct {
        const char *name;
        uint64_t *rule;
    } numbers[] = {{"deny", &self->deny},
                   {"fail_interval", &self->interval_s},
                   {"unlock_time", &self->unlock_s},
                   {"root_unlock_time", &self->root_unlock_s}};
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (!strcmp(name, numbers[i].name))
            set_number(numbers[i].rule, text);
    if (!strcmp(name, "even_deny_root") || !strcmp(name, "root_unlock_time"))
        self->root = true;
    if (!strcmp(name, "admin_group"))
        text_copy(self->admins, sizeof self->admins, text);
    if (!strcmp(name, "dir") && path_is_normal(text))
        machine_path(world, self->folder, "%s", text);
}

/* "NAME", "NAME = VALUE" or "NAME VALUE", and a comment behind '#'. */
static void
read_rule(lockout_rules_t *self, const op_world_t *world, char *line)
{
    line[strcspn(line, "#\r")] = '\0';
    for (char *at = line; *at; at++)
        *at = *at == '=' ? ' ' : *at;
    char *name = word_next(&line), *text = name ? word_next(&line) : NULL;
    if (name)
        set_rule(self, world, name, text ? text : "");
}

int
lockout_rules_read(const op_world_t *world, lockout_rules_t *out, fault_t *fault)
{
    static const char path[] = "/etc/security/faillock.conf";
    fault_t why = {0};
    char line[1024];
    *out = (lockout_rules_t){
        .deny = 3, .interval_s = 900, .unlock_s = 600, .root_unlock_s = UINT64_MAX};
    machine_path(world, out->folder, "/run/faillock");
    CLEANUP(bytes_destroy) bytes_t *text = machine_read(world, CONF_BYTES, &why, "%s", path);
    if (!text && why.code != FAULT_NOT_FOUND)
        return fault_set(fault, why.code, "%s", why.text);
    for (const char *at = text ? bytes_text(text) : ""; line_next(&at, line, sizeof line);)
        read_rule(out, world, line);
    if (out->root_unlock_s == UINT64_MAX)
        out->root_unlock_s = out->unlock_s;
    return 0;
}

/* ---- whom they concern ------------------------------------------------------------------------
 */

static bool
has_member(const struct group *group, const char *user)
{
    for (char **member = group->gr_mem; *member; member++)
        if (!strcmp(*member, user))
            return true;
    return false;
}

/* Whether the user is root, or of the group that is as root. */
static bool
is_admin(const op_world_t *world, const lockout_rules_t *rules, const char *user)
{
    char path[PATH_MAX];
    gid_t own = (gid_t)-1;
    bool admin = false;
    FILE *file = fopen(machine_path(world, path, "/etc/passwd"), "re");
    for (struct passwd *entry; file && (entry = fgetpwent(file));)
        if (!strcmp(entry->pw_name, user)) {
            own = entry->pw_gid;
            admin = entry->pw_uid == 0;
        }
    if (file)
        fclose(file);
    file = rules->admins[0] ? fopen(machine_path(world, path, "/etc/group"), "re") : NULL;
    for (struct group *group; file && (group = fgetgrent(file));)
        if (!strcmp(group->gr_name, rules->admins))
            admin = admin || group->gr_gid == own || has_member(group, user);
    if (file)
        fclose(file);
    return admin;
}

/* ---- records ----------------------------------------------------------------------------------
 */

int
faillock_folder(const lockout_rules_t *rules, fault_t *fault)
{
    int fd = open(rules->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    bool missing = errno == ENOENT;
    fault_errno(fault, "'%.160s' cannot be opened", rules->folder);
    if (missing)
        fault->code = FAULT_NOT_FOUND;
    return -1;
}

int
faillock_open(int folder, const char *name, int flags, fault_t *fault)
{
    char path[NAME_MAX + 2];
    struct stat facts;
    snprintf(path, sizeof path, "/%s", name);
    CLEANUP(descriptor_close)
    int fd = place_open_in(folder, path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, fault);
    if (fd < 0)
        return -1;
    if (fstat(fd, &facts) || !S_ISREG(facts.st_mode))
        return fault_set(fault, FAULT_POLICY, "the tally of '%.40s' is not a regular file", name);
    int open = fd;
    fd = -1;
    return open;
}

static const char *
kind_of(uint16_t status)
{
    return status & STATUS_HOST ? "host" : status & STATUS_TTY ? "terminal" : "service";
}

static void
add_source(faillock_t *self, const record_t *record)
{
    faillock_source_t one = {.kind = kind_of(record->status),
                             .newest_ms = (int64_t)record->time * 1000};
    for (size_t i = 0; i < FAILLOCK_SOURCE_MAX && record->source[i]; i++)
        one.from[i] =
            record->source[i] <= ' ' || record->source[i] > '~' || record->source[i] == '%'
                ? '?'
                : record->source[i];
    size_t i = 0;
    while (i < self->source_count && (strcmp(self->sources[i].from, one.from) != 0 ||
                                      strcmp(self->sources[i].kind, one.kind) != 0))
        i++;
    if (i == self->source_count)
        self->sources[self->source_count++] = one;
    self->sources[i].count++;
    if (self->sources[i].newest_ms < one.newest_ms)
        self->sources[i].newest_ms = one.newest_ms;
}

static int
newer(const void *left, const void *right)
{
    const faillock_source_t *a = left, *b = right;
    if (a->newest_ms != b->newest_ms)
        return a->newest_ms < b->newest_ms ? 1 : -1;
    return strcmp(a->from, b->from);
}

/* As check_tally of pam_faillock does it. */
static void
judge(faillock_t *self, const record_t *records, size_t count, const lockout_rules_t *rules,
      bool admin)
{
    uint64_t newest = 0, now = (uint64_t)wall_now().ms / 1000;
    uint64_t unlock_s = admin ? rules->root_unlock_s : rules->unlock_s;
    for (size_t i = 0; i < count; i++)
        newest = records[i].time > newest ? records[i].time : newest;
    for (size_t i = 0; i < count; i++)
        self->failures += newest - records[i].time < rules->interval_s;
    self->newest_ms = (int64_t)newest * 1000;
    self->locked = (!admin || rules->root) && rules->deny &&
                   (uint64_t)self->failures >= rules->deny &&
                   !(unlock_s && newest + unlock_s < now);
    self->unlocks_ms = self->locked && unlock_s ? (int64_t)(newest + unlock_s) * 1000 : 0;
}

int
faillock_read(int fd, const op_world_t *world, const lockout_rules_t *rules, const char *user,
              faillock_t *out, fault_t *fault)
{
    static record_t records[FAILLOCK_RECORDS_MAX];
    size_t count = 0;
    *out = (faillock_t){0};
    ssize_t got = lseek(fd, 0, SEEK_SET) ? -1 : file_fill(fd, records, sizeof records);
    if (got < 0)
        return fault_errno(fault, "the tally of '%.40s' cannot be read", user);
    for (size_t i = 0; i < (size_t)got / sizeof *records; i++) {
        if (!(records[i].status & STATUS_VALID))
            continue;
        records[count] = records[i];
        records[count].time = records[i].time < SECONDS_MAX ? records[i].time : SECONDS_MAX;
        add_source(out, &records[count++]);
    }
    out->valid = (int64_t)count;
    qsort(out->sources, out->source_count, sizeof *out->sources, newer);
    judge(out, records, count, rules, is_admin(world, rules, user));
    return 0;
}
