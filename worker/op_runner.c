/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_runner.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/program.h"
#include "worker/op_child.h"
#include "worker/op_group.h"
#include "worker/op_zygote.h"

/* How long a noted process may take to die; how long without an op before the next child is made:
 * behind an answer, not beside it; and how long without one before that child is let go. */
#define END_MS  5000
#define LULL_MS 2
#define REST_MS 10000

typedef struct {
    op_child_t *child;    /* NULL in an empty slot */
    bool noted;           /* a fix-op */
    bool probed;          /* one that is looked for where it is cut off */
    bool looks;           /* for one */
    hash_t key;           /* of that fix-op */
    const op_t *foresees; /* the fix-op that is foretold when this look has ended; else NULL */
    value_t *arguments;   /* its own, ours */
} slot_t;

struct op_runner {
    char running[PATH_MAX]; /* folder: a note for each fix-op that runs, named by its key */
    char keepers[PATH_MAX];
    char programs[PATH_MAX]; /* folder of this program, where those of ops stand too */
    op_world_t world;
    slot_t slots[EFFECTOR_FLIGHTS_MAX];
    const op_row_t *wanted;    /* of the see-op that was asked for last; NULL before any was */
    const op_row_t *ready_for; /* of the child that stands ready */
    op_child_t *ready;         /* made ahead of need; NULL for none */
    op_child_t *spent;         /* of a see-op whose result was given; NULL for none */
    op_zygote_t *zygotes[2];   /* without network and with, while ops of theirs come; or NULL */
};

static void
note_of(const op_runner_t *self, const hash_t *key, char out[static PATH_MAX])
{
    char text[HASH_TEXT];
    int size = snprintf(out, PATH_MAX, "%s/%s", self->running, hash_write(key, text));
    assert(size < PATH_MAX);
}

/* The note stays as long as it tells when that process began: until its op ends, or the next boot.
 */
static int
end_noted(const char *note, fault_t *fault)
{
    proc_t last;
    if (proc_noted(note, &last) && proc_end_tree(&last, END_MS, fault))
        return -1;
    if (proc_noted_once(note, &last))
        return op_group_end(&last, END_MS, fault);
    return unlink(note) && errno != ENOENT ? fault_errno(fault, "'%s' cannot be removed", note) : 0;
}

static int
end_all_noted(const op_runner_t *self, fault_t *fault)
{
    DIR *folder = opendir(self->running);
    struct dirent *entry;
    hash_t key;
    int wrong = folder ? 0 : fault_errno(fault, "'%s' cannot be read", self->running);
    while (!wrong && (entry = readdir(folder)))
        if (hash_read(entry->d_name, &key)) {
            char note[PATH_MAX];
            note_of(self, &key, note);
            wrong = end_noted(note, fault);
        }
    if (folder)
        closedir(folder);
    return wrong;
}

op_runner_t *
op_runner_new(const char *folder, const policy_t *policy, const settings_t *settings,
              fault_t *fault)
{
    CLEANUP(op_runner_destroy) op_runner_t *self = memory_new(1, sizeof *self);
    self->world = (op_world_t){.policy = policy,
                               .keepers = self->keepers,
                               .programs = self->programs,
                               .settings = settings};
    if (strlen(folder) + 2 * HASH_TEXT > PATH_MAX) {
        fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", folder);
        return NULL;
    }
    snprintf(self->running, sizeof self->running, "%s/running", folder);
    snprintf(self->keepers, sizeof self->keepers, "%s/keepers", folder);
    if (program_folder(self->programs, fault) || folder_make(self->running, 0700, fault) ||
        folder_make(self->keepers, 0700, fault) || end_all_noted(self, fault))
        return NULL;
    return MOVE(self);
}

static void
let_go_of_zygotes(op_runner_t *self)
{
    for (size_t i = 0; i < ARRAY_SIZE(self->zygotes); i++)
        op_zygote_destroy(&self->zygotes[i]);
}

void
op_runner_destroy(op_runner_t **self_p)
{
    op_runner_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        op_child_destroy(&self->slots[i].child);
        value_destroy(&self->slots[i].arguments);
    }
    op_child_destroy(&self->ready);
    op_child_destroy(&self->spent);
    let_go_of_zygotes(self);
    free(self);
    *self_p = NULL;
}

static wall_t
io_now(void *self)
{
    (void)self;
    return wall_now();
}

static mono_t
io_clock(void *self)
{
    (void)self;
    return mono_now();
}

static void
io_draw(void *self, nonce_t *nonce)
{
    (void)self;
    ssize_t got = getrandom(nonce, sizeof *nonce, 0);
    assert(got == (ssize_t)sizeof *nonce);
}

/* One that lives, where one can serve. */
static op_zygote_t *
zygote_for(op_runner_t *self, const op_row_t *row)
{
    op_zygote_t **zygote = &self->zygotes[row->network];
    fault_t why = {0};
    if (!op_cell_can_settle(row))
        return NULL;
    if (*zygote && !op_zygote_lives(*zygote))
        op_zygote_destroy(zygote);
    if (!*zygote)
        *zygote = op_zygote_new(row->network, &self->world, &why);
    if (!*zygote)
        log_fault("each op's process is made of the effector's", &why);
    return *zygote;
}

/* By a zygote; where that fails, by pipes that nobody else has, as it may have made somebody. */
static op_child_t *
prepare(op_runner_t *self, const op_row_t *row, const op_t *op, fault_t *fault)
{
    fault_t why = {0};
    op_zygote_t *zygote = zygote_for(self, row);
    op_child_t *child = zygote ? op_child_prepare(row, op, &self->world, zygote, &why) : NULL;
    if (zygote && !child)
        log_fault(op->name, &why);
    return child ? child : op_child_prepare(row, op, &self->world, NULL, fault);
}

static op_child_t *
start(op_runner_t *self, const op_t *op, const value_t *arguments, const char *note, fault_t *fault)
{
    CLEANUP(op_child_destroy) op_child_t *child = prepare(self, op_row(op->name), op, fault);
    return !child || op_child_go(child, arguments, note, fault) ? NULL : MOVE(child);
}

/* The child that stands ready, if it is for this row and still there. */
static op_child_t *
take_ready(op_runner_t *self, const op_row_t *row, const value_t *arguments)
{
    fault_t gone;
    self->wanted = row;
    if (!self->ready || self->ready_for != row)
        return NULL;
    CLEANUP(op_child_destroy) op_child_t *child = MOVE(self->ready);
    return op_child_go(child, arguments, NULL, &gone) ? NULL : MOVE(child);
}

static int
io_start(void *runner, size_t flight, const op_t *op, const value_t *arguments, const hash_t *key,
         fault_t *fault)
{
    op_runner_t *self = runner;
    slot_t *slot = &self->slots[flight];
    char note[PATH_MAX];
    const op_row_t *row = op_row(op->name);
    assert(!slot->child && row);
    if (key)
        note_of(self, key, note);
    slot->child = key ? NULL : take_ready(self, row, arguments);
    if (!slot->child)
        slot->child = start(self, op, arguments, key ? note : NULL, fault);
    if (!slot->child)
        return -1;
    *slot = (slot_t){.child = slot->child,
                     .noted = key,
                     .probed = op->again == AGAIN_PROBE,
                     .key = key ? *key : HASH_ZERO};
    return 0;
}

static int
io_foresee(void *runner, size_t flight, const op_t *op, const value_t *arguments, fault_t *fault)
{
    op_runner_t *self = runner;
    slot_t *slot = &self->slots[flight];
    const op_row_t *row = op_foresight(op->name);
    assert(!slot->child && row && row->body && !row->program);
    const op_t *looks = row->looks ? op_find(row->looks) : NULL;
    CLEANUP(value_destroy) value_t *given = looks ? op_shared_arguments(looks, arguments) : NULL;
    *slot =
        (slot_t){.child = looks ? start(self, looks, given, NULL, fault)
                                : op_child_start(row, op, arguments, &self->world, NULL, fault)};
    if (!slot->child)
        return -1;
    slot->foresees = looks ? op : NULL;
    slot->arguments = looks ? value_copy(arguments) : NULL;
    return 0;
}

/* What was seen is on its way into the process that foretells as that is made. */
static int
go_on_foreseeing(op_runner_t *self, slot_t *slot, fault_t *why)
{
    const op_t *op = MOVE(slot->foresees);
    const op_row_t *row = op_foresight(op->name);
    op_world_t world = self->world;
    CLEANUP(value_destroy) value_t *arguments = MOVE(slot->arguments);
    CLEANUP(value_destroy) value_t *seen = op_child_finish(&slot->child, why);
    if (!seen)
        return fault_wrap(why, "%s, which foretells it", row->looks);
    world.seen = seen;
    slot->child = op_child_start(row, op, arguments, &world, NULL, why);
    return slot->child ? 0 : -1;
}

static int
io_look(void *runner, size_t flight, const op_t *op, const value_t *arguments, const hash_t *key,
        wall_t *begun, fault_t *fault)
{
    op_runner_t *self = runner;
    slot_t *slot = &self->slots[flight];
    char note[PATH_MAX];
    proc_t last;
    assert(!slot->child && op->least == CLASS_OBSERVE);
    note_of(self, key, note);
    *begun = proc_noted_once(note, &last) ? proc_started(&last) : (wall_t){0};
    op_child_t *child = start(self, op, arguments, NULL, fault);
    *slot = (slot_t){.child = child, .looks = true, .key = *key};
    return child ? 0 : -1;
}

static int
io_end_last(void *runner, const hash_t *key, fault_t *fault)
{
    char note[PATH_MAX];
    note_of(runner, key, note);
    return end_noted(note, fault);
}

static void
io_cut(void *runner, size_t flight)
{
    op_runner_t *self = runner;
    assert(self->slots[flight].child);
    op_child_cut(self->slots[flight].child);
}

effector_io_t
op_runner_io(op_runner_t *self)
{
    return (effector_io_t){self,        io_now, io_start, io_foresee, io_look,
                           io_end_last, io_cut, io_clock, io_draw};
}

static bool
wants_another(const op_runner_t *self)
{
    return self->wanted && (!self->ready || self->ready_for != self->wanted);
}

size_t
op_runner_watch(const op_runner_t *self, struct pollfd *fds, int *timeout_ms)
{
    size_t count = 0;
    int64_t now_ms = mono_now().ms, least = -1;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        const op_child_t *child = self->slots[i].child;
        if (!child)
            continue;
        int64_t left = op_child_deadline(child).ms - now_ms;
        left = left < 0 ? 0 : left;
        least = least < 0 || left < least ? left : least;
        fds[count++] = (struct pollfd){.fd = op_child_fd(child), .events = POLLIN};
    }
    if (!count && (self->wanted || self->ready || self->zygotes[0] || self->zygotes[1]))
        least = wants_another(self) ? LULL_MS : REST_MS;
    *timeout_ms = (int)least;
    return count;
}

bool
op_runner_lull(op_runner_t *self)
{
    fault_t why = {0};
    bool another = wants_another(self);
    op_child_destroy(&self->ready);
    self->ready_for = self->wanted;
    if (another) {
        const op_t *op = op_find(self->wanted->name);
        self->ready = prepare(self, self->wanted, op, &why);
        if (!self->ready)
            log_fault("a process ahead of need", &why);
    }
    if (!self->ready) {
        self->wanted = NULL; /* until the next is asked for */
        let_go_of_zygotes(self);
    }
    return self->ready;
}

/* Whether the child wrote all, or ran out of time. */
static bool
is_over(op_child_t *child)
{
    struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
    while (poll(&ready, 1, 0) == 1)
        if (op_child_read(child))
            return true;
    return mono_now().ms >= op_child_deadline(child).ms;
}

/* A fix-op is over when nothing of it acts any more; a see-op's child can end once it has told what
 * it saw. The note of a fix that is now looked for is needed till then. */
static value_t *
take_result(op_runner_t *self, slot_t *slot, fault_t *why)
{
    char note[PATH_MAX];
    value_t *result;
    note_of(self, &slot->key, note);
    if (slot->noted) {
        result = op_child_finish(&slot->child, why);
    } else {
        self->spent = MOVE(slot->child);
        result = op_child_result(self->spent, why);
    }
    bool was_cut = !result && (why->code == FAULT_TIMEOUT || why->code == FAULT_UNKNOWN);
    if (slot->looks || (slot->noted && !(slot->probed && was_cut)))
        unlink(note);
    return result;
}

bool
op_runner_next(op_runner_t *self, size_t *flight, value_t **result, fault_t *why)
{
    op_child_destroy(&self->spent);
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        slot_t *slot = &self->slots[i];
        if (!slot->child || !is_over(slot->child))
            continue;
        if (slot->foresees && !go_on_foreseeing(self, slot, why))
            continue;
        *flight = i;
        *result = slot->child ? take_result(self, slot, why) : NULL;
        return true;
    }
    return false;
}
