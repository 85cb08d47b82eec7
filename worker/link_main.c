/* SPDX-License-Identifier: Apache-2.0 */
/* The link's process: `link CONFIG BROKER JUDGE`, one for each of the worker's brokers, JUDGE being
 * a joint. It speaks ZeroMQ with CURVE, holds that key and nothing else, and passes messages both
 * ways (docs/PROTOCOL.md 6 and 7.1). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <zmq.h>

#include "common/fence.h"
#include "common/log.h"
#include "common/moment.h"
#include "common/privilege.h"
#include "keys/curve.h"
#include "wire/message.h"
#include "wire/transport.h"
#include "worker/joint.h"
#include "worker/settings.h"

#define HEARTBEAT_MS    15000 /* at most, from an answer to the next PING: CORE_ONLINE_MS is two */
#define APART_MS        3000  /* by up to that earlier: who were welcomed together do not stay so */
#define ANSWER_MS       5000  /* for an answer, MISSED_MAX times */
#define MISSED_MAX      3
#define REST_MS         2000 /* nothing came */
#define DESCRIPTORS_MAX 64
#define TURN_MESSAGES   64 /* from the broker, before anything else has its turn */
/* Messages, each of up to FRAMES_BYTES_MAX, that wait here: a queue is as much of this machine's
 * memory as a broker may take. */
#define RECEIVE_MAX 16
#define SEND_MAX    1000

typedef struct {
    settings_t settings;
    const broker_at_t *broker; /* among these */
    curvepair_t pair;
    void *context, *socket; /* libzmq's; this process is too small for more than that */
    void *monitor;          /* tells of each connection that CURVE let through */
    channel_t *judge;
    char instance[64]; /* of the broker that answered last; "" while offline */
    int unanswered;    /* PINGs since the last PONG */
    mono_t heartbeat;  /* when the next is due, or an answer to the last */
    unsigned opened;   /* connections so far */
    bool rested;       /* since something came */
} uplink_t;

/* A full queue is said, and what was lost is asked for again. */
static void
send_frames(uplink_t *self, const frames_t *frames)
{
    if (!transport_send(self->socket, ZMQ_DONTWAIT, frames))
        log_warning("%s was not sent: %s", frames_text(frames, 0), zmq_strerror(errno));
}

/* ---- to the judge and from it ------------------------------------------------------------ */

/* What it said that is here already. While the broker is away nothing waits for it: what it missed
 * it asks for by its WELCOME. */
static int
pass_on(uplink_t *self, fault_t *fault)
{
    fault_t why = {0};
    for (;;) {
        message_type_t type;
        CLEANUP(frames_destroy) frames_t *frames = channel_next(self->judge, &why);
        if (!frames)
            return why.code ? fault_set(fault, why.code, "judge: %s", why.text) : 0;
        if (message_read(frames, FROM_WORKER, &type, fault))
            return fault_wrap(fault, "judge");
        if (self->instance[0])
            send_frames(self, frames);
    }
}

static int
on_judge(uplink_t *self, fault_t *fault)
{
    return channel_fill(self->judge, fault) ? fault_wrap(fault, "judge") : pass_on(self, fault);
}

/* Listens meanwhile: a broker that makes both have much to say must not make them wait for each
 * other. */
static int
tell_judge(uplink_t *self, const frames_t *frames, fault_t *fault)
{
    return channel_talk(self->judge, frames, fault) ? fault_wrap(fault, "judge")
                                                    : pass_on(self, fault);
}

/* ---- from the broker --------------------------------------------------------------------- */

static void
ping(uplink_t *self)
{
    self->heartbeat = (mono_t){mono_now().ms + ANSWER_MS};
    /* One at a time: what waits in the socket while the broker is away is sent when it is back. */
    if (self->unanswered++ > 0)
        return;
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_PING);
    frames_add_text(frames, self->settings.name);
    send_frames(self, frames);
}

static int
on_pong(uplink_t *self, const frames_t *frames, fault_t *fault)
{
    const char *instance = frames_text(frames, 2);
    uint32_t early = 0;
    (void)!getrandom(&early, sizeof early, 0);
    self->unanswered = 0;
    self->heartbeat = (mono_t){mono_now().ms + HEARTBEAT_MS - early % APART_MS};
    if (!strcmp(instance, self->instance) ||
        !text_copy(self->instance, sizeof self->instance, instance))
        return 0;
    CLEANUP(frames_destroy) frames_t *online = frames_new();
    frames_add_text(online, "ONLINE");
    frames_add_text(online, instance);
    log_info("broker=%s answers", self->instance);
    return tell_judge(self, online, fault);
}

static int
on_broker(uplink_t *self, fault_t *fault)
{
    for (int i = 0; i < TURN_MESSAGES; i++) {
        message_type_t type;
        CLEANUP(frames_destroy) frames_t *frames = NULL;
        transport_t came = transport_receive(self->socket, ZMQ_DONTWAIT, &frames);
        if (came == TRANSPORT_NOTHING)
            return 0;
        if (came == TRANSPORT_BROKEN || message_read(frames, FROM_BROKER, &type, NULL))
            log_warning("the broker sent what is no message for a worker");
        else if (type == MESSAGE_PONG ? on_pong(self, frames, fault)
                                      : tell_judge(self, frames, fault))
            return -1;
    }
    return 0;
}

/* ---- the connection ---------------------------------------------------------------------- */

static int
connect_broker(uplink_t *self, fault_t *fault)
{
    const struct {
        int option, value;
    } options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_SNDHWM, SEND_MAX},
        {ZMQ_RCVHWM, RECEIVE_MAX},
        {ZMQ_RECONNECT_IVL, 50},
        {ZMQ_RECONNECT_IVL_MAX, 1000},
        {ZMQ_HANDSHAKE_IVL, 2000},
        {ZMQ_CONNECT_TIMEOUT, 2000},
    };
    int64_t message_max = FRAMES_PACKED_MAX;
    char monitor[48]; /* a new name each time: libzmq frees the last one at its leisure */
    snprintf(monitor, sizeof monitor, "inproc://connections-%u", self->opened++);
    self->socket = zmq_socket(self->context, ZMQ_DEALER);
    int failed = !self->socket;
    for (size_t i = 0; i < ARRAY_SIZE(options) && !failed; i++)
        failed = zmq_setsockopt(self->socket, options[i].option, &options[i].value, sizeof(int));
    if (failed || zmq_setsockopt(self->socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) ||
        zmq_setsockopt(self->socket, ZMQ_CURVE_SERVERKEY, self->broker->key.bytes, 32) ||
        zmq_setsockopt(self->socket, ZMQ_CURVE_PUBLICKEY, self->pair.public_key.bytes, 32) ||
        zmq_setsockopt(self->socket, ZMQ_CURVE_SECRETKEY, self->pair.secret, 32) ||
        zmq_socket_monitor(self->socket, monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) ||
        !(self->monitor = zmq_socket(self->context, ZMQ_PAIR)) ||
        zmq_connect(self->monitor, monitor) || zmq_connect(self->socket, self->broker->endpoint))
        return fault_set(fault, FAULT_CONFIG, "'%s' cannot be connected to: %s",
                         self->broker->endpoint, zmq_strerror(errno));
    self->unanswered = 0;
    self->heartbeat = (mono_t){mono_now().ms + ANSWER_MS};
    return 0;
}

/* A new connection is spoken on at once, whatever the heartbeat says. An event is two parts. */
static void
on_monitor(uplink_t *self)
{
    for (bool first = true; zmq_recv(self->monitor, NULL, 0, ZMQ_DONTWAIT) >= 0; first = !first) {
        if (!first)
            continue;
        self->unanswered = 0;
        ping(self);
    }
}

static void
disconnect(uplink_t *self)
{
    zmq_socket_monitor(self->socket, NULL, 0);
    zmq_close(self->monitor);
    zmq_close(self->socket);
}

/* A broker that is silent is connected to anew, and what was queued for it is dropped. */
static int
on_silence(uplink_t *self, fault_t *fault)
{
    if (self->instance[0]) {
        CLEANUP(frames_destroy) frames_t *offline = frames_new();
        frames_add_text(offline, "OFFLINE");
        log_warning("broker=%s is silent", self->instance);
        if (tell_judge(self, offline, fault))
            return -1;
    }
    self->instance[0] = '\0';
    disconnect(self);
    return connect_broker(self, fault);
}

static int
turn(uplink_t *self, fault_t *fault)
{
    zmq_pollitem_t items[] = {
        {.socket = self->socket, .events = ZMQ_POLLIN},
        {.fd = channel_fd(self->judge), .events = ZMQ_POLLIN},
        {.socket = self->monitor, .events = ZMQ_POLLIN},
    };
    int64_t left = self->heartbeat.ms - mono_now().ms;
    left = left < 0 ? 0 : self->rested || left < REST_MS ? left : REST_MS;
    int ready = zmq_poll(items, ARRAY_SIZE(items), (long)left);
    if (ready < 0 && errno != EINTR)
        return fault_set(fault, FAULT_IO, "zmq_poll: %s", zmq_strerror(errno));
    if (!ready && !self->rested)
        memory_rest();
    self->rested = !ready;
    if ((items[0].revents && on_broker(self, fault)) || (items[1].revents && on_judge(self, fault)))
        return -1;
    if (items[2].revents)
        on_monitor(self);
    if (mono_now().ms < self->heartbeat.ms)
        return 0;
    if (self->unanswered >= MISSED_MAX)
        return on_silence(self, fault);
    ping(self);
    return 0;
}

static int
run(uplink_t *self, char **argv, fault_t *fault)
{
    char path[PATH_MAX];
    uint64_t broker;
    self->judge = joint_open(argv[3], fault);
    if (!self->judge || settings_load(&self->settings, argv[1], fault))
        return -1;
    if (!text_read_u64(argv[2], 1, self->settings.broker_count, &broker))
        return fault_set(fault, FAULT_USAGE, "there is no broker number '%s'", argv[2]);
    self->broker = &self->settings.brokers[broker - 1];
    if (curve_load(&self->pair, settings_path(&self->settings, "link/curve-secret", path), fault) ||
        privilege_drop(self->settings.link_uid, fault))
        return -1;
    fence_limits(DESCRIPTORS_MAX);
    fence_files(NULL);
    if (fence_calls(FENCE_READS, fault))
        return -1;
    self->context = zmq_ctx_new();
    int failed = connect_broker(self, fault);
    while (!failed)
        failed = turn(self, fault);
    return failed;
}

int
main(int argc, char **argv)
{
    uplink_t self = {0};
    fault_t fault = {0};
    memory_map_large(32 * 1024);
    log_open("tocsin-link", getenv("TOCSIN_DEBUG") ? LEVEL_DEBUG : LEVEL_INFO);
    if (argc != 4) {
        log_error("usage: link CONFIG BROKER JUDGE (tocsin-worker or systemd starts it)");
        return fault_exit(FAULT_USAGE);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(&self, argv, &fault);
    log_error("%s", fault.text);
    curve_forget(&self.pair);
    return fault_exit(fault.code);
}
