/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/freezer.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"
#include "worker/ops/process.h"

#define END_MS  10000
#define POLL_MS 20
#define FROZEN  "process %d, %s: frozen"

static value_t *
answer(const value_t *arguments)
{
    value_t *result = value_map();
    value_set_text(result, "process", value_get_text(arguments, "process"));
    if (value_get(arguments, "name"))
        value_set_text(result, "name", value_get_text(arguments, "name"));
    return result;
}

static int
await_end(const proc_t *self, int64_t wait_ms, bool *ended, fault_t *fault)
{
    mono_t from = mono_now();
    while (!proc_has_ended(self, ended, fault)) {
        if (*ended || mono_now().ms - from.ms >= wait_ms)
            return 0;
        poll(NULL, 0, POLL_MS);
    }
    return -1;
}

/* With what a process does then, where it ends. */
static const struct {
    const char *name;
    int number;
    bool ends;
} signals[] = {{"TERM", SIGTERM, true},
               {"KILL", SIGKILL, true},
               {"HUP", SIGHUP, false},
               {"STOP", SIGSTOP, false},
               {"CONT", SIGCONT, false}};

value_t *
process_signal(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *wanted = value_get_text(arguments, "signal");
    size_t which = 0;
    proc_t process;
    while (strcmp(signals[which].name, wanted) != 0)
        which++;
    bool gone = process_meant(arguments, world, &process, fault), ended = gone;
    if (gone && !(fault->code == FAULT_NOT_FOUND && signals[which].ends))
        return NULL;
    if (!gone && proc_signal(&process, signals[which].number, fault))
        return NULL;
    if (!gone && await_end(&process, value_get_integer(arguments, "wait_ms"), &ended, fault)) {
        done_anyway(fault, "process %d has got SIG%s", (int)process.pid, wanted);
        return NULL;
    }
    value_t *result = answer(arguments);
    value_set_text(result, "signal", wanted);
    value_set_bool(result, "ended", ended);
    return result;
}

/* What setpriority(2) says of a thread, not of its process, is said to each. */
static int
renice_threads(const proc_t *self, int nice, fault_t *fault)
{
    char path[64];
    uint64_t thread;
    struct dirent *entry;
    snprintf(path, sizeof path, "/proc/%d/task", (int)self->pid);
    DIR *folder = opendir(path);
    size_t done = 0;
    int wrong = 0;
    if (!folder)
        return fault_errno(fault, "the threads of process %d cannot be read", (int)self->pid);
    while (!wrong && (entry = place_next(folder))) {
        if (!text_read_u64(entry->d_name, 1, INT32_MAX, &thread))
            continue;
        if (!setpriority(PRIO_PROCESS, (id_t)thread, nice))
            done++;
        else if (errno != ESRCH)
            wrong = fault_errno(fault, "process %d cannot be reniced", (int)self->pid);
    }
    if (!wrong && errno)
        wrong = fault_errno(fault, "the threads of process %d cannot be read", (int)self->pid);
    closedir(folder);
    return wrong && done ? done_anyway(fault, "%zu of its threads are", done) : wrong;
}

value_t *
process_renice(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    if (process_meant(arguments, world, &process, fault))
        return NULL;
    bool ended = false;
    int nice = (int)value_get_integer(arguments, "nice");
    errno = 0;
    int previous = getpriority(PRIO_PROCESS, (id_t)process.pid);
    if (errno && errno != ESRCH) {
        fault_errno(fault, "process %d does not tell how nice it is", (int)process.pid);
        return NULL;
    }
    if (await_end(&process, 0, &ended, fault))
        return NULL;
    if (ended) {
        fault_set(fault, FAULT_NOT_FOUND, "process %d is gone", (int)process.pid);
        return NULL;
    }
    if (renice_threads(&process, nice, fault))
        return NULL;
    value_t *result = answer(arguments);
    value_set_integer(result, "nice", nice);
    value_set_integer(result, "previous", previous);
    return result;
}

static value_t *
tell_frozen(const value_t *arguments, bool frozen, size_t count)
{
    value_t *result = answer(arguments);
    value_set_bool(result, "frozen", frozen);
    value_set_integer(result, "processes", (int64_t)count);
    return result;
}

value_t *
process_freeze(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    bool frozen = false;
    size_t count = 0;
    if (process_meant(arguments, world, &process, fault) ||
        freezer_freeze(world, &process, &frozen, &count, fault))
        return NULL;
    return tell_frozen(arguments, frozen, count);
}

value_t *
process_thaw(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    size_t count = 0;
    if (process_meant(arguments, world, &process, fault) ||
        freezer_thaw(world, &process, false, &count, fault))
        return NULL;
    return tell_frozen(arguments, false, count);
}

static int
check_program(const proc_t *self, const char *expected, fault_t *fault)
{
    char text[HASH_TEXT];
    hash_t hash;
    if (process_hash(self, &hash, fault))
        return -1;
    if (strcmp(hash_write(&hash, text), expected) != 0)
        return fault_set(fault, FAULT_HASH, "process %d runs another program: its SHA-256 is %s",
                         (int)self->pid, text);
    return 0;
}

/* What is frozen goes first: it could not end while it stands still. */
static int
end_tree(const op_world_t *world, const proc_t *root, fault_t *fault)
{
    size_t count = 0;
    fault_t none = {0};
    if (freezer_thaw(world, root, true, &count, &none) && none.code != FAULT_NOT_FOUND)
        return fault_set(fault, none.code, "%s", none.text);
    bool thawed = count > 0 && proc_end_tree(root, END_MS, fault);
    if (thawed && !strstr(fault->text, DONE_MARK))
        done_anyway(fault, "it is not frozen any more, and was killed");
    return thawed || (!count && proc_end_tree(root, END_MS, fault)) ? -1 : 0;
}

value_t *
process_end_tree(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    bool gone = process_meant(arguments, world, &process, fault);
    if ((gone && fault->code != FAULT_NOT_FOUND) ||
        (!gone && (check_program(&process, value_get_text(arguments, "sha256"), fault) ||
                   end_tree(world, &process, fault))))
        return NULL;
    value_t *result = answer(arguments);
    value_set_bool(result, "found", !gone);
    value_set_bool(result, "ended", true);
    return result;
}

/* ---- what a dry run is told ------------------------------------------------------------------ */

/* That it ends, in so far as it does what it is asked for. */
value_t *
process_signal_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *wanted = value_get_text(arguments, "signal");
    size_t which = 0;
    proc_t process;
    while (strcmp(signals[which].name, wanted) != 0)
        which++;
    bool gone = process_meant(arguments, world, &process, fault);
    if (gone && !(fault->code == FAULT_NOT_FOUND && signals[which].ends))
        return NULL;
    value_t *foresight = foresight_new(), *result = answer(arguments);
    if (!gone && signals[which].ends)
        foresight_goes(foresight, "process %d: %s", (int)process.pid, process.name);
    else if (!gone)
        foresight_comes(foresight, "SIG%s to process %d: %s", wanted, (int)process.pid,
                        process.name);
    value_set_text(result, "signal", wanted);
    value_set_bool(result, "ended", signals[which].ends);
    return foresight_give(foresight, result);
}

/* Its 19th number in /proc (proc(5)), the 17th word behind its name. */
static int
nice_of(const proc_t *self, int *out, fault_t *fault)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)self->pid);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, 4096, fault);
    if (!text)
        return -1;
    char *at = strrchr((char *)text->data, ')');
    const char *word = at;
    at += at != NULL;
    for (int i = 0; word && i < 17; i++)
        word = word_next(&at);
    *out = word ? (int)strtol(word, NULL, 10) : 0;
    return 0;
}

value_t *
process_renice_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    char name[128], from[16], to[16];
    int nice = (int)value_get_integer(arguments, "nice");
    int previous;
    if (process_meant(arguments, world, &process, fault) || nice_of(&process, &previous, fault))
        return NULL;
    snprintf(name, sizeof name, "process %d, %s, nice", (int)process.pid, process.name);
    snprintf(from, sizeof from, "%d", previous);
    snprintf(to, sizeof to, "%d", nice);
    value_t *foresight = foresight_new(), *result = answer(arguments);
    foresight_turns(foresight, name, from, to);
    value_set_integer(result, "nice", nice);
    value_set_integer(result, "previous", previous);
    return foresight_give(foresight, result);
}

/* Whether that process lives still; FAULT_IO where the kernel does not tell. */
static int
lives_still(pid_t pid, proc_t *out, bool *lives, fault_t *fault)
{
    fault_t why = {0};
    *lives = !proc_look(pid, out, &why);
    return *lives || why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
}

/* The tree that it is the first of. */
static int
foretell_tree(value_t *foresight, const proc_t *root, fault_t *fault)
{
    CLEANUP(memory_free) pid_t *tree = NULL;
    size_t count;
    if (proc_tree(root->pid, &tree, &count, fault))
        return -1;
    for (size_t i = 0; i < count; i++) {
        proc_t process;
        bool lives;
        if (lives_still(tree[i], &process, &lives, fault))
            return -1;
        if (lives)
            foresight_goes(foresight, "process %d: %s", (int)tree[i], process.name);
    }
    return 0;
}

value_t *
process_end_tree_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    bool gone = process_meant(arguments, world, &process, fault);
    if ((gone && fault->code != FAULT_NOT_FOUND) ||
        (!gone && check_program(&process, value_get_text(arguments, "sha256"), fault)))
        return NULL;
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    if (!gone && foretell_tree(foresight, &process, fault))
        return NULL;
    value_t *result = answer(arguments);
    value_set_bool(result, "found", !gone);
    value_set_bool(result, "ended", true);
    return foresight_give(MOVE(foresight), result);
}

/* That all stand still, which one that waits for a disk does only then. */
value_t *
process_freeze_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    size_t count = 0, frozen = 0;
    CLEANUP(memory_free) pid_t *would = NULL;
    if (process_meant(arguments, world, &process, fault) ||
        freezer_foretell(world, &process, &would, &count, &frozen, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    for (size_t i = 0; i < count; i++) {
        bool lives;
        if (lives_still(would[i], &process, &lives, fault))
            return NULL;
        if (lives)
            foresight_comes(foresight, FROZEN, (int)would[i], process.name);
    }
    return foresight_give(MOVE(foresight), tell_frozen(arguments, true, frozen + count));
}

value_t *
process_thaw_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    size_t count = 0;
    CLEANUP(memory_free) pid_t *would = NULL;
    if (process_meant(arguments, world, &process, fault) ||
        freezer_foretell_thaw(world, &process, &would, &count, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    for (size_t i = 0; i < count; i++) {
        bool lives;
        if (lives_still(would[i], &process, &lives, fault))
            return NULL;
        if (lives)
            foresight_goes(foresight, FROZEN, (int)would[i], process.name);
    }
    return foresight_give(MOVE(foresight), tell_frozen(arguments, false, count));
}
