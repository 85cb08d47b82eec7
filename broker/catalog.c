/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel.h"
#include "keys/signature.h"

#define KEEPER_FD         3    /* where the keeper finds its socket */
#define KEEPER_TIMEOUT_MS 5000 /* to fork a reader */
#define READER_STEADY_MS                                                    \
    CATALOG_BACKOFF_MAX_MS /* one that lived so long ended by another cause \
                            */

struct catalog {
    channel_t *keeper;  /* READER asks for one; its socket comes with the answer */
    pid_t pid;          /* the keeper's */
    int epoll;          /* stands for the reader's socket, whichever it is */
    channel_t *channel; /* the reader's; NULL between two */
    mono_t started;     /* the reader */
    mono_t retry;       /* no other reader before this */
    int backoff_ms;
};

static const char *const kinds[] = {
    [CATALOG_RELEASE] = "release",
    [CATALOG_APPROVAL] = "approval",
    [CATALOG_COMPLAINT] = "complaint",
};

catalog_item_t *
catalog_item_new(catalog_kind_t kind)
{
    catalog_item_t *self = memory_new(1, sizeof *self);
    self->kind = kind;
    self->document = bytes_new();
    self->armors = bytes_new();
    return self;
}

void
catalog_item_destroy(catalog_item_t **self_p)
{
    catalog_item_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    value_destroy(&self->files);
    free(self);
    *self_p = NULL;
}

static int
check_files(const release_t *release, const value_t *files, fault_t *fault)
{
    if (!files || value_kind(files) != VALUE_MAP)
        return fault_set(fault, FAULT_FORMAT, "no map of files");
    for (size_t i = 0; i < value_count(files); i++) {
        char path[RELEASE_PATH_MAX + 1];
        slice_t key = value_key(files, i);
        if (key.size >= sizeof path)
            return fault_set(fault, FAULT_LIMIT, "a path is over %d bytes", RELEASE_PATH_MAX);
        memcpy(path, key.data, key.size);
        path[key.size] = '\0';
        if (release_check_file(release, path, value_slice(value_at(files, i)), fault))
            return -1;
    }
    if (value_count(files) != release->file_count)
        return fault_set(fault, FAULT_HASH, "%zu of %zu files are there", value_count(files),
                         release->file_count);
    return 0;
}

static int
check_release(const catalog_item_t *self, fault_t *fault)
{
    hash_t hash = hash_of(bytes_slice(self->document));
    if (!hash_equal(&hash, &self->hash))
        return fault_set(fault, FAULT_HASH, "the document has another hash than its ref");
    if (self->armors->size > SIGNATURES_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d signatures", SIGNATURES_MAX);
    CLEANUP(release_destroy)
    release_t *release = release_decode(bytes_slice(self->document), fault);
    return release ? check_files(release, self->files, fault) : -1;
}

int
catalog_item_check(const catalog_item_t *self, fault_t *fault)
{
    signature_t signature;
    switch (self->kind) {
    case CATALOG_RELEASE:
        return check_release(self, fault);
    case CATALOG_APPROVAL:
        return signature_decode(&signature, bytes_slice(self->armors), fault);
    case CATALOG_COMPLAINT:
        break;
    }
    return 0;
}

frames_t *
catalog_item_encode(const catalog_item_t *self)
{
    char hash[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *last = bytes_new();
    frames_t *frames = frames_new();
    if (self->files)
        value_encode(self->files, last);
    else
        bytes_add_text(last, self->text);
    frames_add_text(frames, kinds[self->kind]);
    frames_add_text(frames, hash_write(&self->hash, hash));
    frames_add(frames, bytes_slice(self->document));
    frames_add(frames, bytes_slice(self->armors));
    frames_add(frames, bytes_slice(last));
    return frames;
}

catalog_item_t *
catalog_item_decode(const frames_t *frames, fault_t *fault)
{
    catalog_kind_t kind = CATALOG_RELEASE;
    while (kind < CATALOG_COMPLAINT && !slice_is(frames_at(frames, 0), kinds[kind]))
        kind++;
    CLEANUP(catalog_item_destroy) catalog_item_t *self = catalog_item_new(kind);
    if (frames->count != 5 || !slice_is(frames_at(frames, 0), kinds[kind]) ||
        !hash_read(frames_text(frames, 1), &self->hash)) {
        fault_set(fault, FAULT_FORMAT, "the catalog's reader spoke nonsense");
        return NULL;
    }
    bytes_add_slice(self->document, frames_at(frames, 2));
    bytes_add_slice(self->armors, frames_at(frames, 3));
    if (kind == CATALOG_RELEASE && !(self->files = value_decode(frames_at(frames, 4), fault)))
        return NULL;
    if (kind == CATALOG_COMPLAINT)
        snprintf(self->text, sizeof self->text, "%s", frames_text(frames, 4));
    if (catalog_item_check(self, fault))
        return NULL;
    return MOVE(self);
}

static void
become_keeper(const char *program, const char *repository, uid_t uid, int interval_ms, int fd)
{
    char owner[16], interval[16];
    char *none[] = {NULL};
    sigset_t empty;
    snprintf(owner, sizeof owner, "%u", (unsigned)uid);
    snprintf(interval, sizeof interval, "%d", interval_ms);
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)repository, owner,
                          interval, NULL};
    sigemptyset(&empty);
    sigprocmask(SIG_SETMASK, &empty, NULL);
    if (fd == KEEPER_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, KEEPER_FD) < 0)
        _exit(126);
    execve(program, argv, none);
    dprintf(STDERR_FILENO, "'%s' cannot be run: %s\n", program, strerror(errno));
    _exit(127);
}

/* Asks the keeper for a reader; blocks for the moment of a fork. */
static int
start_reader(catalog_t *self, fault_t *fault)
{
    struct epoll_event event = {.events = EPOLLIN};
    CLEANUP(frames_destroy) frames_t *wish = frames_new();
    CLEANUP(frames_destroy) frames_t *answer = NULL;
    frames_add_text(wish, "READER");
    if (!channel_send(self->keeper, wish, fault))
        answer = channel_receive(self->keeper, KEEPER_TIMEOUT_MS, fault);
    int fd = answer ? channel_take_descriptor(self->keeper) : -1;
    if (fd < 0)
        return fault_set(fault, FAULT_UNREACHABLE, "the catalog's keeper started no reader");
    self->channel = channel_new(fd);
    self->started = mono_now();
    if (epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event))
        return fault_errno(fault, "epoll");
    return 0;
}

static void
stop_reader(catalog_t *self)
{
    mono_t now = mono_now();
    channel_destroy(&self->channel);
    if (now.ms - self->started.ms > READER_STEADY_MS)
        self->backoff_ms = CATALOG_BACKOFF_MIN_MS;
    self->retry.ms = now.ms + self->backoff_ms;
    if (self->backoff_ms < CATALOG_BACKOFF_MAX_MS / 2)
        self->backoff_ms *= 2;
    else
        self->backoff_ms = CATALOG_BACKOFF_MAX_MS;
}

static int
start_keeper(catalog_t *self, const char *program, const char *repository, uid_t uid,
             int interval_ms, fault_t *fault)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return fault_errno(fault, "a socket for the catalog");
    self->keeper = channel_new(pair[0]);
    CLEANUP(descriptor_close) int theirs = pair[1];
    self->pid = fork();
    if (self->pid == 0)
        become_keeper(program, repository, uid, interval_ms, theirs);
    if (self->pid < 0)
        return fault_errno(fault, "the catalog's keeper cannot be started");
    return 0;
}

catalog_t *
catalog_new(const char *program, const char *repository, uid_t uid, int interval_ms, fault_t *fault)
{
    CLEANUP(descriptor_close)
    int folder = open(repository, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        fault_set(fault, FAULT_CONFIG, "the catalog's repository '%s' cannot be opened: %s",
                  repository, strerror(errno));
        return NULL;
    }
    CLEANUP(catalog_destroy) catalog_t *self = memory_new(1, sizeof *self);
    self->pid = -1;
    self->backoff_ms = CATALOG_BACKOFF_MIN_MS;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll < 0) {
        fault_errno(fault, "epoll");
        return NULL;
    }
    if (start_keeper(self, program, repository, uid, interval_ms, fault) ||
        start_reader(self, fault))
        return NULL;
    return MOVE(self);
}

/* The keeper ends when its socket closes, and its reader with it. */
void
catalog_destroy(catalog_t **self_p)
{
    catalog_t *self = *self_p;
    if (!self)
        return;
    channel_destroy(&self->channel);
    channel_destroy(&self->keeper);
    descriptor_close(&self->epoll);
    while (self->pid > 0 && waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(self);
    *self_p = NULL;
}

int
catalog_fd(const catalog_t *self)
{
    return self->epoll;
}

static frames_t *
next_frames(catalog_t *self, fault_t *fault)
{
    fault_t inner = {0};
    frames_t *frames = channel_next(self->channel, &inner);
    if (!frames && !inner.code && !channel_fill(self->channel, &inner))
        frames = channel_next(self->channel, &inner);
    if (inner.code)
        fault_set(fault, inner.code, "the catalog's reader: %s", inner.text);
    return frames;
}

catalog_item_t *
catalog_next(catalog_t *self, fault_t *fault)
{
    fault_t inner = {0};
    if (!self->channel)
        return NULL;
    CLEANUP(frames_destroy) frames_t *frames = next_frames(self, &inner);
    catalog_item_t *item = frames ? catalog_item_decode(frames, &inner) : NULL;
    if (inner.code) {
        stop_reader(self);
        fault_set(fault, inner.code, "%s", inner.text);
    }
    return item;
}

int
catalog_tick(catalog_t *self, mono_t now, fault_t *fault)
{
    if (self->channel || now.ms < self->retry.ms)
        return 0;
    return start_reader(self, fault);
}
