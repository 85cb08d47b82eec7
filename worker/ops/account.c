/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/account.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "common/reader.h"
#include "keys/base64.h"
#include "keys/hash.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define BLOB_MAX 8192 /* bytes of a public key */

static const char *const key_files[ACCOUNT_KEY_FILES] = {"authorized_keys", "authorized_keys2"};

/* Where its files of keys are. */
static int
set_keys(const op_world_t *world, const struct passwd *entry, account_t *out, fault_t *fault)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++) {
        machine_path(world, path, "%s/.ssh/%s", entry->pw_dir, key_files[i]);
        if (!text_copy(out->keys[i], sizeof out->keys[i], path))
            return fault_set(fault, FAULT_LIMIT, "the home of '%.40s' is too long a path",
                             entry->pw_name);
    }
    return 0;
}

/* Behind the last line that was read, errno's of then; one that cannot be read to its end gives a
 * fault, unless what was looked for is found. */
static int
close_table(FILE *file, const void *found, const char *name, fault_t *fault)
{
    bool cut = ferror(file) || (errno && errno != ENOENT);
    int wrong = cut && !found ? fault_errno(fault, "'%s' cannot be read", name) : 0;
    fclose(file);
    return wrong;
}

int
account_find(const op_world_t *world, const char *name, account_t *out, fault_t *fault)
{
    char path[PATH_MAX];
    FILE *file = fopen(machine_path(world, path, "/etc/passwd"), "re");
    struct passwd *entry = NULL;
    int wrong = 0;
    if (!file)
        return fault_errno(fault, "'/etc/passwd' cannot be read");
    errno = 0;
    while ((entry = fgetpwent(file)) && strcmp(entry->pw_name, name) != 0)
        errno = 0;
    if (entry) {
        out->user = entry->pw_uid;
        out->group = entry->pw_gid;
        wrong = set_keys(world, entry, out, fault);
        errno = 0;
    }
    if (close_table(file, entry, "/etc/passwd", fault) || wrong)
        return -1;
    return entry ? 0 : fault_set(fault, FAULT_NOT_FOUND, "this machine has no user '%.40s'", name);
}

int
account_password(const op_world_t *world, const char *name, const char **word, fault_t *fault)
{
    char path[PATH_MAX];
    FILE *file = fopen(machine_path(world, path, "/etc/shadow"), "re");
    struct spwd *entry = NULL;
    *word = "unknown";
    if (!file)
        return errno == ENOENT ? 0 : fault_errno(fault, "'/etc/shadow' cannot be read");
    errno = 0;
    while ((entry = fgetspent(file)) && strcmp(entry->sp_namp, name) != 0)
        errno = 0;
    if (entry)
        *word = !entry->sp_pwdp[0] ? "none" : strchr("!*", entry->sp_pwdp[0]) ? "locked" : "set";
    return close_table(file, entry, "/etc/shadow", fault);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static bool
is_type(const char *word)
{
    return !strncmp(word, "ssh-", 4) || !strncmp(word, "ecdsa-", 6) || !strncmp(word, "sk-", 3);
}

/* Behind the options, in which a blank may stand between quotes. */
static const char *
behind_options(const char *line)
{
    bool quoted = false;
    for (; *line && (quoted || !strchr(" \t", *line)); line++) {
        if (line[0] == '\\' && line[1] == '"')
            line++;
        else if (*line == '"')
            quoted = !quoted;
    }
    return line + strspn(line, " \t");
}

/* The type that a key itself says; its line may give it by more names than one. */
static bool
read_type(slice_t key, char *out, size_t size)
{
    reader_t in = reader_over(key);
    slice_t type = reader_string(&in, size - 1);
    snprintf(out, size, "%.*s", (int)type.size, (const char *)type.data);
    return !in.spoiled && is_type(out);
}

/* "TYPE BASE64 [COMMENT]" begins here. In base64 other white space than blanks and tabs counts for
 * nothing. */
static bool
read_key(const char *text, ssh_key_t *out)
{
    static uint8_t blob[BLOB_MAX];
    static char copy[ACCOUNT_KEYS_BYTES + 1];
    size_t size;
    char *at = copy, *base64 = NULL, *end = NULL;
    if (text_copy(copy, sizeof copy, text) && word_next(&at))
        base64 = end = word_next(&at);
    for (const char *from = base64; from && *from; from++)
        if (!strchr("\v\f\r", *from))
            *end++ = *from;
    if (!base64 || !base64_read(slice_of(base64, (size_t)(end - base64)), blob, BLOB_MAX, &size) ||
        !read_type(slice_of(blob, size), out->type, sizeof out->type))
        return false;
    CLEANUP(bytes_destroy) bytes_t *digits = bytes_new();
    hash_t hash = hash_of(slice_of(blob, size));
    base64_write(hash_slice(&hash), digits);
    snprintf(out->fingerprint, sizeof out->fingerprint, "SHA256:%.43s", bytes_text(digits));
    snprintf(out->comment, sizeof out->comment, "%s", at + strspn(at, " \t"));
    return true;
}

/* As sshd(8) does it: where no key begins, options do. */
bool
ssh_key_read(const char *line, ssh_key_t *out)
{
    *out = (ssh_key_t){0};
    line += strspn(line, " \t");
    if (!line[0] || line[0] == '#')
        return false;
    if (read_key(line, out))
        return true;
    out->options = true;
    return read_key(behind_options(line), out);
}

bytes_t *
account_keys(const account_t *self, size_t file, struct stat *facts, fault_t *fault)
{
    const char *path = self->keys[file];
    static uint8_t chunk[ACCOUNT_KEYS_BYTES + 1];
    fault_t why = {0};
    *facts = (struct stat){0};
    CLEANUP(descriptor_close)
    int fd = place_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, &why);
    if (fd < 0 && why.code == FAULT_NOT_FOUND)
        return bytes_new();
    bool looked = fd >= 0 && !fstat(fd, facts), regular = looked && S_ISREG(facts->st_mode);
    ssize_t size = regular ? file_fill(fd, chunk, sizeof chunk) : -1;
    if (fd < 0)
        fault_set(fault, why.code, "%s", why.text);
    else if (looked && !regular)
        fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file", path);
    else if (size < 0)
        fault_errno(fault, "'%.160s' cannot be read", path);
    else if ((size_t)size == sizeof chunk)
        fault_set(fault, FAULT_LIMIT, "'%.160s' is over %d bytes", path, ACCOUNT_KEYS_BYTES);
    else
        return bytes_copy(slice_of(chunk, lines_visible(chunk, (size_t)size)));
    return NULL;
}

int
account_write_keys(const account_t *self, size_t file, slice_t text, const struct stat *facts,
                   fault_t *fault)
{
    char made[64];
    const char *name = key_files[file];
    CLEANUP(memory_free) char *path = memory_text(self->keys[file]);
    *strrchr(path, '/') = '\0';
    CLEANUP(descriptor_close) int folder = place_open(path, O_RDONLY | O_DIRECTORY, fault);
    if (folder < 0)
        return -1;
    snprintf(made, sizeof made, "%s.tocsin", name);
    CLEANUP(descriptor_close) int fd = place_make(folder, made, 0600, fault);
    if (fd < 0)
        return fault_wrap(fault, "'%.160s'", self->keys[file]);
    int wrong = file_write_all(fd, text, fault);
    if (!wrong && (fchown(fd, facts->st_uid, facts->st_gid) || fchmod(fd, facts->st_mode & 07777) ||
                   fsync(fd) || renameat(folder, made, folder, name)))
        wrong = fault_errno(fault, "'%.160s' cannot be written", self->keys[file]);
    if (wrong)
        unlinkat(folder, made, 0);
    else if (fsync(folder)) {
        fault_errno(fault, "the folder of '%.120s' cannot be synced", self->keys[file]);
        wrong = done_anyway(fault, "the file is written");
    }
    return wrong;
}
