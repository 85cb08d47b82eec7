/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/sealer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fence.h"
#include "common/log.h"
#include "common/privilege.h"
#include "keys/grant.h"
#include "keys/signature.h"

#define ANSWER_MS   10000
#define DESCRIPTORS 16

struct sealer {
    pid_t pid;
    channel_t *channel;
};

/* The process ------------------------------------------------------------------------------- */

typedef struct {
    const relay_settings_t *settings;
    machinekey_t *keys[RELAY_SOURCES_MAX]; /* as settings' sources */
    channel_t *channel;
} press_t;

static int
load_keys(press_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->settings->source_count; i++) {
        self->keys[i] = machinekey_load(self->settings->sources[i].key, fault);
        if (!self->keys[i])
            return fault_wrap(fault, "source '%s'", self->settings->sources[i].name);
    }
    return 0;
}

static const machinekey_t *
key_of(const press_t *self, const char *source)
{
    const relay_source_t *found = relay_settings_source(self->settings, source);
    return found ? self->keys[found - self->settings->sources] : NULL;
}

static int
seal(const press_t *self, slice_t document, bytes_t *armor, fault_t *fault)
{
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(document, fault);
    if (!alert)
        return -1;
    const machinekey_t *key = key_of(self, alert->source);
    int64_t ago = wall_now().ms - alert->received.ms;
    if (!hash_equal(&alert->site, &self->settings->site) || !key)
        return fault_set(fault, FAULT_DENIED, "it is of another site or source");
    if (ago > SEALER_AGO_MS || ago < -SEALER_AGO_MS)
        return fault_set(fault, FAULT_DENIED, "it was not received just now");
    machinekey_sign(key, SIGN_ALERT, document, armor);
    return 0;
}

/* "SIGNED armor" or "REFUSED code text". */
static int
answer(press_t *self, slice_t document, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    if (seal(self, document, armor, &why)) {
        frames_add_text(frames, "REFUSED");
        frames_add_text(frames, fault_word(why.code));
        frames_add_text(frames, why.text);
    } else {
        frames_add_text(frames, "SIGNED");
        frames_add(frames, bytes_slice(armor));
    }
    return channel_send(self->channel, frames, fault);
}

static int
open_press(press_t *self, pid_t parent, fault_t *fault)
{
    fence_limits(DESCRIPTORS);
    if (load_keys(self, fault) || privilege_drop((uid_t)self->settings->uid, fault) ||
        privilege_follow_parent(parent, fault))
        return -1;
    fence_files(NULL);
    return fence_calls(FENCE_ALONE, fault);
}

static int
say_how_it_opened(press_t *self, const fault_t *opened, fault_t *fault)
{
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    frames_add_text(frames, opened->code ? "REFUSED" : "READY");
    frames_add_text(frames, fault_word(opened->code));
    frames_add_text(frames, opened->text);
    return channel_send(self->channel, frames, fault);
}

static _Noreturn void
work(const relay_settings_t *settings, int fd, pid_t parent)
{
    fault_t fault = {0}, opened = {0};
    press_t self = {.settings = settings, .channel = channel_new(fd)};
    if (open_press(&self, parent, &opened) && !opened.code)
        fault_set(&opened, FAULT_IO, "the sealer cannot be set up");
    if (say_how_it_opened(&self, &opened, &fault) || opened.code)
        _exit(1);
    for (;;) {
        CLEANUP(frames_destroy) frames_t *wish = channel_receive(self.channel, -1, &fault);
        if (!wish || answer(&self, frames_at(wish, 0), &fault))
            _exit(fault.code == FAULT_UNREACHABLE ? 0 : 1);
    }
}

/* Who asks ---------------------------------------------------------------------------------- */

/* What it said, by its first word; the fault that it sent where that is REFUSED. */
static frames_t *
hear(sealer_t *self, const char *word, fault_t *fault)
{
    CLEANUP(frames_destroy) frames_t *said = channel_receive(self->channel, ANSWER_MS, fault);
    if (!said)
        return NULL;
    if (!strcmp(frames_text(said, 0), word))
        return MOVE(said);
    fault_code_t code = fault_of(frames_text(said, 1));
    fault_set(fault, code && code < FAULT_CODES ? code : FAULT_FORMAT, "%s", frames_text(said, 2));
    return NULL;
}

sealer_t *
sealer_new(const relay_settings_t *settings, fault_t *fault)
{
    int pair[2];
    pid_t parent = getpid();
    CLEANUP(sealer_destroy) sealer_t *self = memory_new(1, sizeof *self);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        fault_errno(fault, "a socket for the sealer");
        return NULL;
    }
    self->pid = fork();
    if (self->pid == 0) {
        close(pair[0]);
        work(settings, pair[1], parent);
    }
    close(pair[1]);
    self->channel = channel_new(pair[0]);
    if (self->pid < 0) {
        fault_errno(fault, "fork");
        return NULL;
    }
    CLEANUP(frames_destroy) frames_t *ready = hear(self, "READY", fault);
    return ready ? MOVE(self) : NULL;
}

void
sealer_destroy(sealer_t **self_p)
{
    sealer_t *self = *self_p;
    if (!self)
        return;
    channel_destroy(&self->channel);
    if (self->pid > 0)
        while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    free(self);
    *self_p = NULL;
}

int
sealer_sign(sealer_t *self, slice_t document, bytes_t *armor, fault_t *fault)
{
    CLEANUP(frames_destroy) frames_t *wish = frames_new();
    frames_add(wish, document);
    if (channel_send(self->channel, wish, fault))
        return -1;
    CLEANUP(frames_destroy) frames_t *made = hear(self, "SIGNED", fault);
    if (!made)
        return fault_wrap(fault, "the alert is not signed");
    bytes_add_slice(armor, frames_at(made, 1));
    return 0;
}
