/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/debian.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "worker/ops/machine.h"

#define LINE_MAX_BYTES 65536

typedef struct {
    const char *name;
    size_t at, size;
} field_t;

#define FIELD(name, member)                                             \
    {                                                                   \
        name, offsetof(stanza_t, member), sizeof((stanza_t *)0)->member \
    }

static const field_t fields[] = {
    FIELD("Package", package),   FIELD("Version", version),
    FIELD("Status", status),     FIELD("Architecture", architecture),
    FIELD("Source", source),     FIELD("Section", section),
    FIELD("Label", label),       FIELD("Suite", suite),
    FIELD("Codename", codename), FIELD("NotAutomatic", not_automatic),
};

FILE *
debian_open_record(const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    FILE *file = fopen(machine_path(world, path, "/var/lib/dpkg/status"), "re");
    if (!file)
        fault_set(fault, errno == ENOENT ? FAULT_NOT_FOUND : FAULT_IO,
                  "this machine has no record of Debian's packages: %s", strerror(errno));
    return file;
}

int
debian_close_record(FILE *record, fault_t *fault)
{
    int wrong = ferror(record) ? fault_errno(fault, "dpkg's record cannot be read") : 0;
    fclose(record);
    return wrong;
}

static void
take_line(stanza_t *self, const char *line)
{
    size_t size = strcspn(line, ":");
    const char *value = line + size + (line[size] == ':');
    value += strspn(value, " \t");
    if (size == 14 && !strncmp(line, "Installed-Size", size))
        self->installed_kib = strtoll(value, NULL, 10);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (strlen(fields[i].name) == size && !strncmp(line, fields[i].name, size))
            snprintf((char *)self + fields[i].at, fields[i].size, "%s", value);
}

/* " PATH MD5[ obsolete]" */
static void
take_conffile(stanza_t *self, const char *line, const char *path)
{
    size_t size = strlen(path);
    if (!strncmp(line + 1, path, size) && line[size + 1] == ' ')
        snprintf(self->conffile, sizeof self->conffile, "%.*s", (int)strcspn(line + size + 2, " "),
                 line + size + 2);
}

/* Lines that go on begin with a blank; nobody asks for those of other fields. */
bool
stanza_next_about(FILE *in, const char *path, stanza_t *out)
{
    static char line[LINE_MAX_BYTES];
    bool any = false, conffiles = false;
    *out = (stanza_t){0};
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] && any)
            return true;
        any = any || line[0];
        if (isalpha((unsigned char)line[0])) {
            conffiles = path && !strcmp(line, "Conffiles:");
            take_line(out, line);
        } else if (conffiles && line[0]) {
            take_conffile(out, line, path);
        }
    }
    return any;
}

bool
stanza_next(FILE *in, stanza_t *out)
{
    return stanza_next_about(in, NULL, out);
}

/* "WANTED FLAG STATE" */
static bool
status_part(const stanza_t *self, unsigned which, const char *word)
{
    const char *at = self->status;
    for (unsigned i = 0; i < which; i++)
        at += strcspn(at, " "), at += strspn(at, " ");
    return strlen(word) == strcspn(at, " ") && !strncmp(at, word, strlen(word));
}

bool
stanza_is_installed(const stanza_t *self)
{
    return status_part(self, 2, "installed");
}

bool
stanza_is_held(const stanza_t *self)
{
    return status_part(self, 0, "hold");
}

/* ---- versions -----------------------------------------------------------------------------------
 */

/* '~' before the end, the end before letters, letters before all else. */
static int
rank(char c)
{
    if (isdigit((unsigned char)c) || !c)
        return 0;
    if (isalpha((unsigned char)c))
        return c;
    return c == '~' ? -1 : (unsigned char)c + 256;
}

static int
compare_number(const char **left, const char **right)
{
    int first = 0;
    while (**left == '0')
        ++*left;
    while (**right == '0')
        ++*right;
    while (isdigit((unsigned char)**left) && isdigit((unsigned char)**right)) {
        first = first ? first : **left - **right;
        ++*left, ++*right;
    }
    if (isdigit((unsigned char)**left))
        return 1;
    return isdigit((unsigned char)**right) ? -1 : first;
}

static int
compare_part(const char *left, const char *right)
{
    while (*left || *right) {
        while ((*left && !isdigit((unsigned char)*left)) ||
               (*right && !isdigit((unsigned char)*right))) {
            if (rank(*left) != rank(*right))
                return rank(*left) - rank(*right);
            left += *left != '\0';
            right += *right != '\0';
        }
        int order = compare_number(&left, &right);
        if (order)
            return order;
    }
    return 0;
}

/* "[EPOCH:]UPSTREAM[-REVISION]", cut in place. */
static int64_t
cut_version(char *text, char **upstream, const char **revision)
{
    char *colon = strchr(text, ':'), *dash;
    *upstream = colon ? colon + 1 : text;
    dash = strrchr(*upstream, '-');
    *revision = dash ? dash + 1 : "";
    if (dash)
        *dash = '\0';
    return colon ? strtoll(text, NULL, 10) : 0;
}

int
debian_compare(const char *left, const char *right)
{
    char a[DEBIAN_TEXT_MAX], b[DEBIAN_TEXT_MAX], *a_upstream, *b_upstream;
    const char *a_revision, *b_revision;
    snprintf(a, sizeof a, "%s", left);
    snprintf(b, sizeof b, "%s", right);
    int64_t a_epoch = cut_version(a, &a_upstream, &a_revision);
    int64_t b_epoch = cut_version(b, &b_upstream, &b_revision);
    if (a_epoch != b_epoch)
        return a_epoch < b_epoch ? -1 : 1;
    int order = compare_part(a_upstream, b_upstream);
    return order ? order : compare_part(a_revision, b_revision);
}
