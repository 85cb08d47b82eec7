/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/account.h"
#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/machine.h"
#include "worker/ops/process.h"
#include "worker/ops/quarantine.h"
#include "worker/ops/session.h"

#define END_MS     5000
#define POLL_MS    20
#define OUTPUT_MAX 65536

static value_t *
about(const value_t *arguments)
{
    value_t *result = value_map();
    value_set_text(result, "user", value_get_text(arguments, "user"));
    return result;
}

/* ---- the password: usermod(8) keeps the locks that others look at ------------------------------
 */

static int
run_usermod(const op_world_t *world, const char *flag, const char *user, fault_t *fault)
{
    const char *const plain[] = {"/usr/sbin/usermod", flag, "--", user, NULL};
    const char *const rooted[] = {"/usr/sbin/usermod", "-P", world->root, flag, "--", user, NULL};
    int status = 0;
    CLEANUP(bytes_destroy)
    bytes_t *said = command_run(world->root ? rooted : plain, OUTPUT_MAX, &status, fault);
    if (!said)
        return -1;
    return status ? fault_set(fault, FAULT_FAILED, "usermod %s of '%.40s' exited with status %d",
                              flag, user, status)
                  : 0;
}

static value_t *
tell_lock(const value_t *arguments, bool locked, bool changed)
{
    value_t *result = about(arguments);
    value_set_bool(result, "locked", locked);
    value_set_bool(result, "changed", changed);
    return result;
}

static value_t *
set_lock(const value_t *arguments, const op_world_t *world, bool lock, fault_t *fault)
{
    const char *user = value_get_text(arguments, "user");
    account_t account;
    if (account_find(world, user, &account, fault))
        return NULL;
    bool was = !strcmp(account_password(world, user), "locked");
    if (was != lock && run_usermod(world, lock ? "-L" : "-U", user, fault))
        return NULL;
    bool is = !strcmp(account_password(world, user), "locked");
    if (is != lock) {
        fault_set(fault, FAULT_FAILED, "the password of '%.40s' is %s all the same", user,
                  is ? "locked" : "not locked");
        return NULL;
    }
    return tell_lock(arguments, is, was != is);
}

static value_t *
foretell_lock(const value_t *arguments, const op_world_t *world, bool lock, fault_t *fault)
{
    const char *user = value_get_text(arguments, "user");
    char name[80];
    account_t account;
    if (account_find(world, user, &account, fault))
        return NULL;
    const char *from = account_password(world, user);
    bool was = !strcmp(from, "locked");
    snprintf(name, sizeof name, "user %.40s, password", user);
    value_t *foresight = foresight_new();
    if (was != lock)
        foresight_turns(foresight, name, from, lock ? "locked" : "not locked");
    return foresight_give(foresight, tell_lock(arguments, lock, was != lock));
}

value_t *
user_lock_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_lock(arguments, world, true, fault);
}

value_t *
user_unlock_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_lock(arguments, world, false, fault);
}

value_t *
user_lock(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return set_lock(arguments, world, true, fault);
}

value_t *
user_unlock(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return set_lock(arguments, world, false, fault);
}

/* ---- sessions ----------------------------------------------------------------------------------
 */

/* Its first process, where that is none of ours. */
static bool
leads(const session_t *session, const op_world_t *world, proc_t *out)
{
    return session_leads(session, out) && !process_is_ours(out, world);
}

/* Whether it is one of the user's that lives and is to be killed. */
static bool
is_theirs(const proc_t *self, uid_t user, const op_world_t *world)
{
    return self->state != 'Z' && self->state != 'X' && process_user(self) == user &&
           !process_is_ours(self, world);
}

/* Until none is left, or some do not go. */
static int
kill_all_of(uid_t user, const op_world_t *world, int64_t *count, fault_t *fault)
{
    for (int waited = 0; waited < END_MS; waited += POLL_MS) {
        CLEANUP(memory_free) proc_t *all = NULL;
        size_t size = proc_all(&all), left = 0;
        for (size_t i = 0; i < size; i++) {
            if (!is_theirs(&all[i], user, world))
                continue;
            left++;
            *count += waited == 0;
            if (proc_signal(&all[i], SIGKILL, fault))
                return -1;
        }
        if (!left)
            return 0;
        poll(NULL, 0, POLL_MS);
    }
    return fault_set(fault, FAULT_TIMEOUT, "processes of user %u do not end", (unsigned)user);
}

static int
find_user(const value_t *arguments, const op_world_t *world, account_t *out, fault_t *fault)
{
    if (account_find(world, value_get_text(arguments, "user"), out, fault))
        return -1;
    if (value_get_bool(arguments, "processes") && out->user == 0)
        return fault_set(fault, FAULT_POLICY, "all that runs as root is the machine itself");
    return 0;
}

static value_t *
tell_ended(const value_t *arguments, int64_t ended, int64_t killed)
{
    value_t *result = about(arguments);
    value_set_integer(result, "sessions", ended);
    value_set_integer(result, "processes", killed);
    return result;
}

value_t *
user_end_sessions(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *user = value_get_text(arguments, "user");
    bool processes = value_get_bool(arguments, "processes");
    int64_t ended = 0, killed = 0;
    account_t account;
    CLEANUP(memory_free) session_t *all = NULL;
    if (find_user(arguments, world, &account, fault))
        return NULL;
    size_t count = session_all(world, &all);
    for (size_t i = 0; i < count; i++) {
        proc_t leader;
        if (strcmp(all[i].user, user) != 0 || !leads(&all[i], world, &leader))
            continue;
        if (proc_end_tree(&leader, END_MS, fault))
            return NULL;
        ended++;
    }
    if (processes && kill_all_of(account.user, world, &killed, fault))
        return NULL;
    return tell_ended(arguments, ended, killed);
}

static int64_t
foretell_sessions(value_t *foresight, const char *user, const op_world_t *world)
{
    int64_t count = 0;
    CLEANUP(memory_free) session_t *all = NULL;
    size_t size = session_all(world, &all);
    for (size_t i = 0; i < size; i++) {
        proc_t leader;
        if (strcmp(all[i].user, user) != 0 || !leads(&all[i], world, &leader))
            continue;
        foresight_goes(foresight, "session of %s, process %d: %.40s", user, (int)all[i].pid,
                       all[i].line[0] ? all[i].line : all[i].service);
        count++;
    }
    return count;
}

static int64_t
foretell_processes(value_t *foresight, uid_t user, const op_world_t *world)
{
    int64_t count = 0;
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t size = proc_all(&all);
    for (size_t i = 0; i < size; i++) {
        if (!is_theirs(&all[i], user, world))
            continue;
        foresight_goes(foresight, "process %d: %s", (int)all[i].pid, all[i].name);
        count++;
    }
    return count;
}

/* What goes with a session is counted among the processes too: it lives yet. */
value_t *
user_end_sessions_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    if (find_user(arguments, world, &account, fault))
        return NULL;
    value_t *foresight = foresight_new();
    int64_t ended = foretell_sessions(foresight, value_get_text(arguments, "user"), world);
    int64_t killed = value_get_bool(arguments, "processes")
                         ? foretell_processes(foresight, account.user, world)
                         : 0;
    return foresight_give(foresight, tell_ended(arguments, ended, killed));
}

/* ---- keys: lines go to quarantine, those of all files as one text, and come back ----------------
 */

#define OF_SECOND \
    "# authorized_keys2\n" /* lines of the second file stand behind it; no key is so */

/* What a user's files of keys hold. */
typedef struct {
    bytes_t *text[ACCOUNT_KEY_FILES];
    struct stat facts[ACCOUNT_KEY_FILES];
} keys_t;

static void
keys_clear(keys_t *self)
{
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        bytes_destroy(&self->text[i]);
}

static int
keys_read(keys_t *self, const account_t *account, fault_t *fault)
{
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        if (!(self->text[i] = account_keys(account, i, &self->facts[i], fault)))
            return -1;
    return 0;
}

static bool
is_key(const char *line, const char *fingerprint)
{
    ssh_key_t key;
    return ssh_key_read(line, &key) && !strcmp(key.fingerprint, fingerprint);
}

/* Lines of that key go to taken, all others to left. */
static int64_t
part_lines(const bytes_t *text, const char *fingerprint, bytes_t *taken, bytes_t *left)
{
    static char line[ACCOUNT_KEYS_BYTES + 1];
    int64_t count = 0;
    for (const char *at = bytes_text(text); line_next(&at, line, sizeof line);) {
        bool is = is_key(line, fingerprint);
        bytes_addf(is ? taken : left, "%s\n", line);
        count += is;
    }
    return count;
}

static bytes_t *
held_lines(int folder, const held_t *held, fault_t *fault)
{
    static char text[ACCOUNT_KEY_FILES * ACCOUNT_KEYS_BYTES + sizeof OF_SECOND];
    CLEANUP(descriptor_close) int fd = openat(folder, held->id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (size < 0)
        fault_errno(fault, "'%.60s' in quarantine cannot be read", held->id);
    return size < 0 ? NULL : bytes_copy(slice_of(text, (size_t)size));
}

/* Whether what was taken out of this account's files last, and did not come back, ends so. */
static bool
is_held(int folder, const account_t *account, const bytes_t *end, held_t *held)
{
    if (quarantine_of(folder, account->keys[0], held, NULL))
        return false;
    CLEANUP(bytes_destroy) bytes_t *lines = held_lines(folder, held, NULL);
    return lines && lines->size >= end->size &&
           !memcmp(lines->data + lines->size - end->size, end->data, end->size);
}

/* Where the key is gone already, what took it left it in quarantine. */
static bool
was_taken(int folder, const account_t *account, const char *fingerprint, held_t *held)
{
    CLEANUP(bytes_destroy) bytes_t *ignored = bytes_new();
    if (quarantine_of(folder, account->keys[0], held, NULL))
        return false;
    CLEANUP(bytes_destroy) bytes_t *lines = held_lines(folder, held, NULL);
    return lines && part_lines(lines, fingerprint, ignored, ignored) > 0;
}

/* One that was cut off between the files had kept them all. */
static int
keep_lines(int folder, const account_t *account, const struct stat *facts, const bytes_t *lines,
           held_t *out, fault_t *fault)
{
    if (is_held(folder, account, lines, out))
        return 0;
    CLEANUP(descriptor_close) int memory = memfd_create("key", MFD_CLOEXEC);
    if (memory < 0 || file_write_all(memory, bytes_slice(lines), fault) ||
        lseek(memory, 0, SEEK_SET))
        return fault_errno(fault, "the key cannot be kept");
    return quarantine_put(folder, memory, account->keys[0], facts, out, fault);
}

/* Out of all files; how many lines, or -1. */
static int64_t
take_out(int folder, const account_t *account, const keys_t *keys, const char *fingerprint,
         held_t *held, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *taken = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *first = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *second = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *of_second = bytes_new();
    int64_t of[] = {part_lines(keys->text[0], fingerprint, taken, first),
                    part_lines(keys->text[1], fingerprint, of_second, second)};
    if (of[1])
        bytes_addf(taken, OF_SECOND "%s", bytes_text(of_second));
    if (!of[0] && !of[1])
        return 0;
    if (keep_lines(folder, account, &keys->facts[!of[0]], taken, held, fault) ||
        (of[0] && account_write_keys(account, 0, bytes_slice(first), &keys->facts[0], fault)) ||
        (of[1] && account_write_keys(account, 1, bytes_slice(second), &keys->facts[1], fault)))
        return -1;
    return of[0] + of[1];
}

value_t *
user_remove_key(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *fingerprint = value_get_text(arguments, "fingerprint");
    account_t account;
    held_t held;
    CLEANUP(keys_clear) keys_t keys = {0};
    CLEANUP(descriptor_close) int folder = quarantine_open(world, fault);
    if (folder < 0 || account_find(world, value_get_text(arguments, "user"), &account, fault) ||
        keys_read(&keys, &account, fault))
        return NULL;
    int64_t removed = take_out(folder, &account, &keys, fingerprint, &held, fault);
    if (removed < 0)
        return NULL;
    value_t *result = about(arguments);
    value_set_integer(result, "removed", removed);
    if (removed || was_taken(folder, &account, fingerprint, &held))
        value_set_text(result, "id", held.id);
    return result;
}

/* Appends the lines that are not there; whether any was not. */
static bool
add_missing(bytes_t *text, slice_t lines)
{
    static char line[ACCOUNT_KEYS_BYTES + 1];
    bool any = false;
    CLEANUP(bytes_destroy) bytes_t *ignored = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *copy = bytes_copy(lines);
    if (text->size && text->data[text->size - 1] != '\n')
        bytes_add_text(text, "\n");
    for (const char *at = bytes_text(copy); line_next(&at, line, sizeof line);) {
        ssh_key_t key;
        if (!ssh_key_read(line, &key) || part_lines(text, key.fingerprint, ignored, ignored))
            continue;
        bytes_addf(text, "%s\n", line);
        any = true;
    }
    return any;
}

/* The lines of each file, as they stand in what is held. */
static void
split(const bytes_t *held, slice_t of[static ACCOUNT_KEY_FILES])
{
    static const char mark[] = OF_SECOND;
    size_t size = held->size;
    const uint8_t *at = memmem(held->data, size, mark, sizeof mark - 1);
    size_t first = at ? (size_t)(at - held->data) : size;
    size_t second = at ? first + sizeof mark - 1 : size;
    of[0] = slice_of(held->data, first);
    of[1] = slice_of(held->data + second, size - second);
}

static int
put_back(int folder, const account_t *account, const held_t *held, fault_t *fault)
{
    slice_t of[ACCOUNT_KEY_FILES];
    CLEANUP(keys_clear) keys_t keys = {0};
    CLEANUP(bytes_destroy) bytes_t *lines = held_lines(folder, held, fault);
    if (!lines || keys_read(&keys, account, fault))
        return -1;
    split(lines, of);
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++) {
        struct stat *facts = &keys.facts[i];
        if (!facts->st_nlink) /* the file is gone: as it was */
            *facts =
                (struct stat){.st_uid = held->user, .st_gid = held->group, .st_mode = held->mode};
        if (add_missing(keys.text[i], of[i]) &&
            account_write_keys(account, i, bytes_slice(keys.text[i]), facts, fault))
            return -1;
    }
    return quarantine_release(folder, held, fault);
}

value_t *
user_restore_key(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    held_t held;
    bool given;
    CLEANUP(descriptor_close) int folder = quarantine_open(world, fault);
    if (folder < 0 || account_find(world, value_get_text(arguments, "user"), &account, fault) ||
        quarantine_find(folder, value_get_text(arguments, "id"), &held, &given, fault))
        return NULL;
    if (strcmp(held.path, account.keys[0]) != 0) {
        fault_set(fault, FAULT_CONFLICT, "it came from '%.160s', not from this user", held.path);
        return NULL;
    }
    if (!given && put_back(folder, &account, &held, fault))
        return NULL;
    value_t *result = about(arguments);
    value_set_text(result, "id", held.id);
    return result;
}
