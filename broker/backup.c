/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/log.h"

#define PATH_SIZE 4096

struct backup {
    const store_t *store;
    int fd;               /* listens */
    channel_t *asker;     /* NULL where no copy is being made */
    store_copy_t *copy;   /* likewise */
    char path[PATH_SIZE]; /* of the copy */
    char socket[PATH_SIZE];
};

static int
control_address(const char *state, struct sockaddr_un *address, fault_t *fault)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(address->sun_path, sizeof address->sun_path, "%s/control", state);
    if (size >= (int)sizeof address->sun_path)
        return fault_set(fault, FAULT_CONFIG,
                         "'%s/control' is over %zu characters: name a state folder with a shorter "
                         "path",
                         state, sizeof address->sun_path - 1);
    return 0;
}

backup_t *
backup_new(const char *state, const store_t *store, fault_t *fault)
{
    struct sockaddr_un address;
    CLEANUP(backup_destroy) backup_t *self = memory_new(1, sizeof *self);
    self->store = store;
    self->fd = -1;
    snprintf(self->path, sizeof self->path, "%s/backup.db", state);
    unlink(self->path); /* of a broker that ended in the middle of one */
    if (control_address(state, &address, fault))
        return NULL;
    snprintf(self->socket, sizeof self->socket, "%s", address.sun_path);
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0 || (unlink(self->socket) && errno != ENOENT) ||
        bind(self->fd, (struct sockaddr *)&address, sizeof address) || chmod(self->socket, 0600) ||
        listen(self->fd, 8)) {
        fault_errno(fault, "cannot listen on '%s'", self->socket);
        return NULL;
    }
    return MOVE(self);
}

static void
end_copy(backup_t *self)
{
    store_copy_destroy(&self->copy);
    channel_destroy(&self->asker);
    unlink(self->path);
}

void
backup_destroy(backup_t **self_p)
{
    backup_t *self = *self_p;
    if (!self)
        return;
    end_copy(self);
    if (self->fd >= 0)
        unlink(self->socket);
    descriptor_close(&self->fd);
    free(self);
    *self_p = NULL;
}

int
backup_fd(const backup_t *self)
{
    return self->fd;
}

static void
say_fault(channel_t *asker, const fault_t *why)
{
    fault_t gone = {0};
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    frames_add_text(frames, "FAULT");
    frames_add_text(frames, fault_word(why->code));
    frames_add_text(frames, why->text);
    log_fault("backup", why);
    if (channel_send(asker, frames, &gone))
        log_fault("backup", &gone);
}

bool
backup_accept(backup_t *self)
{
    fault_t fault = {0};
    int fd = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    CLEANUP(channel_destroy) channel_t *asker = channel_new(fd);
    if (self->copy)
        fault_set(&fault, FAULT_CONFLICT, "another copy is being made");
    else
        self->copy = store_copy_new(self->store, self->path, &fault);
    if (fault.code) {
        say_fault(asker, &fault);
        return false;
    }
    self->asker = MOVE(asker);
    log_info("backup: a copy of the record is being made");
    return true;
}

static void
hand_over(backup_t *self)
{
    fault_t fault = {0};
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    CLEANUP(descriptor_close) int fd = open(self->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    frames_add_text(frames, "DONE");
    if (fd < 0)
        fault_errno(&fault, "cannot open '%s'", self->path);
    if (fault.code)
        say_fault(self->asker, &fault);
    else if (channel_send_with(self->asker, frames, fd, &fault))
        log_fault("backup", &fault);
    else
        log_info("backup: the copy is handed over");
}

bool
backup_go_on(backup_t *self)
{
    fault_t fault = {0};
    int more = self->copy ? store_copy_go_on(self->copy, &fault) : 0;
    if (more > 0)
        return true;
    if (more < 0)
        say_fault(self->asker, &fault);
    else if (self->copy)
        hand_over(self);
    end_copy(self);
    return false;
}

/* The operator's end -------------------------------------------------------------------------- */

static channel_t *
reach(const char *state, fault_t *fault)
{
    struct sockaddr_un address;
    if (control_address(state, &address, fault))
        return NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CLEANUP(channel_destroy) channel_t *channel = channel_new(fd);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
        fault_set(
            fault, FAULT_UNREACHABLE,
            "no broker answers at '%s' (%s): start it, or copy its stopped state folder whole",
            address.sun_path, strerror(errno));
        return NULL;
    }
    return MOVE(channel);
}

int
backup_take(const char *state, const char *file, merkle_t *log, fault_t *fault)
{
    if (access(file, F_OK) == 0)
        return fault_set(fault, FAULT_CONFLICT,
                         "'%s' is there already: name another file, nothing is overwritten", file);
    CLEANUP(channel_destroy) channel_t *channel = reach(state, fault);
    CLEANUP(frames_destroy) frames_t *frames = channel ? channel_receive(channel, -1, fault) : NULL;
    if (!frames)
        return -1;
    CLEANUP(descriptor_close) int copy = channel_take_descriptor(channel);
    if (slice_is(frames_at(frames, 0), "FAULT") && frames->count == 3) {
        fault_code_t code = fault_of(frames_text(frames, 1));
        return fault_set(fault, code > FAULT_NONE && code < FAULT_CODES ? code : FAULT_IO,
                         "the broker: %s", frames_text(frames, 2));
    }
    if (copy < 0)
        return fault_set(fault, FAULT_FORMAT, "what answers at '%s/control' is no broker", state);
    return store_copy_keep(copy, file, log, fault);
}
