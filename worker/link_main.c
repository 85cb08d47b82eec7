/* SPDX-License-Identifier: Apache-2.0 */
/* The link's process: `link CONFIG JUDGE-FD`. It speaks ZeroMQ with CURVE, holds that key and
 * nothing else, and passes messages both ways (docs/PROTOCOL.md 6 and 7.1). */
#include <czmq.h>

#include <signal.h>
#include <sys/prctl.h>

#include "common/channel.h"
#include "common/log.h"
#include "common/privilege.h"
#include "keys/curve.h"
#include "wire/message.h"
#include "worker/settings.h"

#define HEARTBEAT_MS 5000
#define MISSED_MAX 3

typedef struct {
    settings_t settings;
    curvepair_t pair;
    zloop_t *loop;
    zsock_t *socket;
    channel_t *judge;
    char instance[64];  /* of the broker that answered last; "" while offline */
    int unanswered;     /* PINGs since the last PONG */
    fault_t fault;      /* why the loop ended */
} uplink_t;

static int
end_loop(uplink_t *self, const fault_t *why)
{
    self->fault = *why;
    return -1;
}

static int
tell_judge(uplink_t *self, const frames_t *frames)
{
    fault_t why = {0};
    if (channel_send(self->judge, frames, &why)) {
        fault_wrap(&why, "judge");
        return end_loop(self, &why);
    }
    return 0;
}

static zmsg_t *
to_zmsg(const frames_t *frames)
{
    zmsg_t *message = zmsg_new();
    for (size_t i = 0; i < frames->count; i++)
        zmsg_addmem(message, frames_at(frames, i).data, frames_at(frames, i).size);
    return message;
}

/* NULL where it is more than a message may be. */
static frames_t *
from_zmsg(zmsg_t *message)
{
    if (zmsg_size(message) > FRAMES_MAX)
        return NULL;
    frames_t *frames = frames_new();
    for (zframe_t *frame = zmsg_first(message); frame; frame = zmsg_next(message))
        frames_add(frames, slice_of(zframe_data(frame), zframe_size(frame)));
    return frames;
}

static void
ping(uplink_t *self)
{
    /* One at a time: what waits in the socket while the broker is away is sent when it is back. */
    if (self->unanswered++ > 0 && self->unanswered <= MISSED_MAX)
        return;
    CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_new();
    zmsg_addstr(message, message_word(MESSAGE_PING));
    zmsg_addstr(message, self->settings.name);
    zmsg_send(&message, self->socket);
}

/* ---- from the broker --------------------------------------------------------------------- */

static int
on_pong(uplink_t *self, const frames_t *frames)
{
    const char *instance = frames_text(frames, 2);
    self->unanswered = 0;
    if (!strcmp(instance, self->instance))
        return 0;
    if (!text_copy(self->instance, sizeof self->instance, instance))
        return 0;
    CLEANUP(frames_destroy) frames_t *online = frames_new();
    frames_add_text(online, "ONLINE");
    frames_add_text(online, instance);
    log_info("broker=%s answers", self->instance);
    return tell_judge(self, online);
}

static int
on_broker(zloop_t *loop, zsock_t *socket, void *context)
{
    uplink_t *self = context;
    (void)loop;
    while (zsock_events(socket) & ZMQ_POLLIN) {
        message_type_t type;
        fault_t why = {0};
        CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(socket);
        if (!message)
            return 0;
        CLEANUP(frames_destroy) frames_t *frames = from_zmsg(message);
        if (!frames || message_read(frames, FROM_BROKER, &type, &why)) {
            log_warning("the broker sent what is no message for a worker");
            continue;
        }
        if (type == MESSAGE_PONG ? on_pong(self, frames) : tell_judge(self, frames))
            return -1;
    }
    return 0;
}

/* ---- from the judge ---------------------------------------------------------------------- */

static int
on_judge(zloop_t *loop, zmq_pollitem_t *item, void *context)
{
    uplink_t *self = context;
    fault_t why = {0};
    (void)loop;
    (void)item;
    if (channel_fill(self->judge, &why))
        return end_loop(self, &why);
    for (;;) {
        message_type_t type;
        CLEANUP(frames_destroy) frames_t *frames = channel_next(self->judge, &why);
        if (!frames)
            break;
        if (message_read(frames, FROM_WORKER, &type, &why)) {
            fault_wrap(&why, "judge");
            break;
        }
        CLEANUP(zmsg_destroy) zmsg_t *message = to_zmsg(frames);
        if (zmsg_send(&message, self->socket))
            log_warning("%s was not sent: the queue to the broker is full", message_word(type));
    }
    return why.code ? end_loop(self, &why) : 0;
}

/* ---- the connection ---------------------------------------------------------------------- */

static int
connect_broker(uplink_t *self, fault_t *fault)
{
    self->socket = zsock_new(ZMQ_DEALER);
    zsock_set_curve_publickey_bin(self->socket, self->pair.public_key.bytes);
    zsock_set_curve_secretkey_bin(self->socket, self->pair.secret);
    zsock_set_curve_serverkey_bin(self->socket, self->settings.broker_key.bytes);
    zsock_set_linger(self->socket, 0);
    zsock_set_sndhwm(self->socket, 1000);
    zsock_set_rcvhwm(self->socket, 1000);
    zsock_set_maxmsgsize(self->socket, FRAMES_BYTES_MAX);
    zsock_set_sndtimeo(self->socket, 0);
    zsock_set_reconnect_ivl(self->socket, 50);
    zsock_set_reconnect_ivl_max(self->socket, 5000);
    zsock_set_handshake_ivl(self->socket, 2000);
    if (zsock_connect(self->socket, "%s", self->settings.broker))
        return fault_set(fault, FAULT_CONFIG, "'%s' is no endpoint to connect to",
                         self->settings.broker);
    if (zloop_reader(self->loop, self->socket, on_broker, self))
        return fault_set(fault, FAULT_IO, "the loop takes no reader");
    self->unanswered = 0;
    ping(self);
    return 0;
}

static int
on_heartbeat(zloop_t *loop, int timer, void *context)
{
    uplink_t *self = context;
    fault_t why = {0};
    (void)timer;
    if (self->unanswered >= MISSED_MAX) {
        if (self->instance[0]) {
            CLEANUP(frames_destroy) frames_t *offline = frames_new();
            frames_add_text(offline, "OFFLINE");
            log_warning("broker=%s is silent", self->instance);
            if (tell_judge(self, offline))
                return -1;
        }
        self->instance[0] = '\0';
        zloop_reader_end(loop, self->socket);
        zsock_destroy(&self->socket);
        return connect_broker(self, &why) ? end_loop(self, &why) : 0;
    }
    ping(self);
    return 0;
}

static int
run(uplink_t *self, char **argv, fault_t *fault)
{
    char path[PATH_MAX];
    uint64_t fd;
    if (!text_read_u64(argv[2], 3, 1024, &fd))
        return fault_set(fault, FAULT_USAGE, "'%s' is no descriptor", argv[2]);
    if (settings_load(&self->settings, argv[1], fault) ||
        curve_load(&self->pair, settings_path(&self->settings, "link/curve-secret", path), fault) ||
        privilege_drop(self->settings.link_uid, fault))
        return -1;
    self->judge = channel_new((int)fd);
    zsys_handler_set(NULL);
    zsys_set_io_threads(1);
    self->loop = zloop_new();
    zmq_pollitem_t judge = {.fd = (int)fd, .events = ZMQ_POLLIN};
    zloop_poller(self->loop, &judge, on_judge, self);
    zloop_timer(self->loop, HEARTBEAT_MS, 0, on_heartbeat, self);
    if (connect_broker(self, fault))
        return -1;
    zloop_start(self->loop);
    *fault = self->fault;
    return -1;
}

int
main(int argc, char **argv)
{
    uplink_t self = {0};
    fault_t fault = {0};
    log_open("tocsin-link", getenv("TOCSIN_DEBUG") ? LEVEL_DEBUG : LEVEL_INFO);
    if (argc != 3) {
        log_error("usage: link CONFIG JUDGE-FD (tocsin-worker starts it)");
        return fault_exit(FAULT_USAGE);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(&self, argv, &fault);
    log_error("%s", fault.code ? fault.text : "interrupted");
    zloop_destroy(&self.loop);
    zsock_destroy(&self.socket);
    channel_destroy(&self.judge);
    curve_forget(&self.pair);
    return fault_exit(fault.code);
}
