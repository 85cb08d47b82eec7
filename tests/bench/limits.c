/* SPDX-License-Identifier: Apache-2.0 */
/* limits - what this machine can do of what a run is made of, each by itself, in microseconds.
 *
 *     limits FOLDER SPAWNER POLICY MOUNT [PART...]
 *
 * FOLDER is on the filesystem that is to be measured; SPAWNER is the program; disk.usage of MOUNT
 * is the op, which POLICY allows. Without parts all of them. Needs root. */
#include <czmq.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "keys/curve.h"
#include "keys/signature.h"
#include "lua/runner.h"
#include "tests/bench/bench.h"
#include "worker/op_child.h"

#define ROUNDS        500
#define MESSAGE_BYTES 1024
#define PAUSE_US      2000 /* between runs in the line too, the next runner is ready by then */

static double samples[ROUNDS];

typedef struct {
    const char *folder, *spawner, *policy, *mount;
} site_t;

static void
run_sql(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", sql, sqlite3_errmsg(database));
    exit(EXIT_FAILURE);
}

static void
measure_commit(const site_t *site)
{
    char path[4096];
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    static const char row[1000];
    snprintf(path, sizeof path, "%s/limits.db", site->folder);
    bench_need(sqlite3_open(path, &database) == SQLITE_OK, path);
    run_sql(database, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                      "PRAGMA synchronous = FULL; CREATE TABLE row (bytes BLOB NOT NULL) STRICT");
    sqlite3_prepare_v2(database, "INSERT INTO row VALUES (?)", -1, &insert, NULL);
    sqlite3_bind_blob(insert, 1, row, sizeof row, SQLITE_STATIC);
    for (size_t i = 0; i < ROUNDS; i++) {
        double start = bench_us();
        run_sql(database, "BEGIN IMMEDIATE");
        sqlite3_step(insert);
        sqlite3_reset(insert);
        run_sql(database, "COMMIT");
        samples[i] = bench_us() - start;
    }
    bench_say_samples("commit", samples, ROUNDS);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    unlink(path);
}

static void
measure_fdatasync(const site_t *site)
{
    char path[4096], block[4096] = "";
    snprintf(path, sizeof path, "%s/limits.sync", site->folder);
    CLEANUP(descriptor_close) int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    bench_need(fd >= 0, path);
    for (size_t i = 0; i < ROUNDS; i++) {
        double start = bench_us();
        bench_need(write(fd, block, sizeof block) == sizeof block && !fdatasync(fd), path);
        samples[i] = bench_us() - start;
    }
    bench_say_samples("fdatasync", samples, ROUNDS);
    unlink(path);
}

/* 200 bytes, in OpenSSH's form. */
static void
measure_signature(const site_t *site)
{
    char path[4096], text[201];
    fault_t fault = {0};
    signature_t signature;
    double verify[ROUNDS];
    memset(text, 'x', 200);
    text[200] = '\0';
    snprintf(path, sizeof path, "%s/limits.key", site->folder);
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_make(path, &fault);
    if (!key)
        bench_die(&fault);
    unlink(path);
    for (size_t i = 0; i < ROUNDS; i++) {
        CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
        double start = bench_us();
        machinekey_sign(key, SIGN_RECEIPT, slice_text(text), armor);
        double signed_at = bench_us();
        if (signature_decode(&signature, bytes_slice(armor), &fault) ||
            signature_check(&signature, slice_text(text), SIGN_RECEIPT, &fault))
            bench_die(&fault);
        verify[i] = bench_us() - signed_at;
        samples[i] = signed_at - start;
    }
    bench_say_samples("sign", samples, ROUNDS);
    bench_say_samples("verify", verify, ROUNDS);
}

/* In a child of its own: ZeroMQ must not be used across a fork. */
_Noreturn static void
echo_curve(int told, const curvepair_t *pair)
{
    zsock_t *router = zsock_new(ZMQ_ROUTER);
    zsock_set_curve_server(router, 1);
    zsock_set_curve_secretkey_bin(router, pair->secret);
    int port = zsock_bind(router, "tcp://127.0.0.1:*");
    bench_need(port > 0 && write(told, &port, sizeof port) == sizeof port, "curve");
    for (zmsg_t *message; (message = zmsg_recv(router));)
        zmsg_send(&message, router);
    _exit(EXIT_SUCCESS);
}

static void
exchange_curve(int port, const curvepair_t *pair)
{
    char block[MESSAGE_BYTES] = "";
    curvepair_t own;
    curve_random(&own);
    zsock_t *dealer = zsock_new(ZMQ_DEALER);
    zsock_set_curve_publickey_bin(dealer, own.public_key.bytes);
    zsock_set_curve_secretkey_bin(dealer, own.secret);
    zsock_set_curve_serverkey_bin(dealer, pair->public_key.bytes);
    zsock_set_rcvtimeo(dealer, 5000);
    bench_need(!zsock_connect(dealer, "tcp://127.0.0.1:%d", port), "connect");
    for (int i = -10; i < ROUNDS; i++) {
        double start = bench_us();
        CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_new();
        zmsg_addmem(message, block, sizeof block);
        bench_need(!zmsg_send(&message, dealer) && (message = zmsg_recv(dealer)), "curve");
        if (i >= 0)
            samples[i] = (bench_us() - start) / 2;
    }
    zsock_destroy(&dealer);
    bench_say_samples("curve_hop", samples, ROUNDS);
}

static void
measure_curve(const site_t *site)
{
    (void)site;
    int ends[2], port = 0;
    curvepair_t pair;
    curve_random(&pair);
    bench_need(!pipe(ends), "pipe");
    pid_t pid = fork();
    if (!pid)
        echo_curve(ends[1], &pair);
    bench_need(pid > 0 && read(ends[0], &port, sizeof port) == sizeof port, "curve");
    exchange_curve(port, &pair);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

_Noreturn static void
echo_channel(int fd)
{
    fault_t fault = {0};
    channel_t *channel = channel_new(fd);
    for (frames_t *frames; (frames = channel_receive(channel, -1, &fault));)
        if (channel_send(channel, frames, &fault))
            break;
    _exit(EXIT_SUCCESS);
}

static void
measure_channel(const site_t *site)
{
    (void)site;
    int ends[2];
    char block[MESSAGE_BYTES] = "";
    fault_t fault = {0};
    bench_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    pid_t pid = fork();
    if (!pid) {
        close(ends[0]);
        echo_channel(ends[1]);
    }
    close(ends[1]);
    CLEANUP(channel_destroy) channel_t *channel = channel_new(ends[0]);
    for (size_t i = 0; i < ROUNDS; i++) {
        CLEANUP(frames_destroy) frames_t *frames = frames_new();
        frames_add(frames, slice_of(block, sizeof block));
        double start = bench_us();
        bench_need(!channel_send(channel, frames, &fault), "channel");
        CLEANUP(frames_destroy) frames_t *back = channel_receive(channel, 5000, &fault);
        bench_need(back, "channel");
        samples[i] = (bench_us() - start) / 2;
    }
    channel_destroy(&channel);
    waitpid(pid, NULL, 0);
    bench_say_samples("unix_hop", samples, ROUNDS);
}

#define STEP_TEXT                                                                        \
    "return playbook { name = 'noop', summary = 'noop', step 'usage' { timeout = '10s'," \
    " uses = { ['disk.usage'] = {} }, run = function() return disk.usage { path = '/' } end } }"

static value_t *
answer_op(void *self, const char *op, const value_t *arguments, fault_t *fault)
{
    (void)self, (void)op, (void)arguments, (void)fault;
    return value_nil();
}

static value_t *
context_of_step(void)
{
    value_t *context = value_map();
    value_set(context, "inputs", value_map());
    value_set(context, "incident", value_map());
    value_set(context, "target", value_map());
    value_set(context, "here", value_map());
    return context;
}

/* A runner from fork to exit, for one step with one op that is answered at once. */
static void
measure_runner(const site_t *site)
{
    (void)site;
    CLEANUP(value_destroy) value_t *context = context_of_step();
    task_t task = {"step", slice_text(STEP_TEXT), "usage", context, 5000, NULL};
    for (size_t i = 0; i < ROUNDS; i++) {
        fault_t fault = {0};
        task_result_t result = {0};
        double start = bench_us();
        if (runner_run(&task, answer_op, NULL, &result, &fault))
            bench_die(&fault);
        samples[i] = bench_us() - start;
        value_destroy(&result.output);
        if (result.outcome != OUTCOME_OK)
            bench_die(&result.fault);
    }
    bench_say_samples("runner", samples, ROUNDS);
}

static frames_t *
need_message(channel_t *channel, const char *word)
{
    fault_t fault = {0};
    frames_t *frames = channel_receive(channel, 5000, &fault);
    if (!frames)
        bench_die(&fault);
    if (strcmp(frames_text(frames, 0), word) == 0)
        return frames;
    fprintf(stderr, "bench: '%s' came, not '%s'\n", frames_text(frames, 0), word);
    exit(EXIT_FAILURE);
}

static void
send_words(channel_t *channel, size_t count, const slice_t *words)
{
    fault_t fault = {0};
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    for (size_t i = 0; i < count; i++)
        frames_add(frames, words[i]);
    if (channel_send(channel, frames, &fault))
        bench_die(&fault);
}

/* The step of one run at the spawner: RUN, RUNNER, TASK, OP, RESULT, DONE: six Unix hops. */
static void
walk_step(channel_t *spawner, unsigned number, slice_t context)
{
    char id[16];
    snprintf(id, sizeof id, "%u", number);
    send_words(spawner, 2, (slice_t[]){slice_text("RUN"), slice_text(id)});
    CLEANUP(frames_destroy) frames_t *ready = need_message(spawner, "RUNNER");
    CLEANUP(channel_destroy) channel_t *runner = channel_new(channel_take_descriptor(spawner));
    send_words(runner, 5,
               (slice_t[]){slice_text("TASK"), slice_text("step"), slice_text(STEP_TEXT),
                           slice_text("usage"), context});
    CLEANUP(frames_destroy) frames_t *asked = need_message(runner, "OP");
    send_words(runner, 2, (slice_t[]){slice_text("RESULT"), slice_text("n")});
    CLEANUP(frames_destroy) frames_t *done = need_message(runner, "DONE");
    bench_need(!strcmp(frames_text(done, 1), "ok"), frames_text(done, 4));
}

/* The spawner's process, and this end of the socket to it. */
static pid_t
start_spawner(const char *program, channel_t **spawner)
{
    int ends[2];
    char fd[16];
    bench_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    snprintf(fd, sizeof fd, "%d", ends[1]);
    pid_t pid = fork();
    if (!pid) {
        fcntl(ends[1], F_SETFD, 0);
        execl(program, "spawner", fd, "0", NULL);
        _exit(127);
    }
    bench_need(pid > 0, program);
    close(ends[1]);
    *spawner = channel_new(ends[0]);
    usleep(100000);
    return pid;
}

/* Steps with a pause between them, in which the next runner is forked: until the result is there,
 * and until the runner is gone. Then as many without a pause. */
static void
measure_spawner(const site_t *site)
{
    static double exits[ROUNDS];
    CLEANUP(value_destroy) value_t *context = context_of_step();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(channel_destroy) channel_t *spawner = NULL;
    double start = 0;
    value_encode(context, encoded);
    pid_t pid = start_spawner(site->spawner, &spawner);
    for (unsigned i = 0; i < 2 * ROUNDS; i++) {
        bool paused = i < ROUNDS;
        if (i <= ROUNDS)
            start = bench_us();
        walk_step(spawner, i + 1, bytes_slice(encoded));
        if (paused)
            samples[i] = bench_us() - start;
        CLEANUP(frames_destroy) frames_t *exited = need_message(spawner, "EXITED");
        if (!paused)
            continue;
        exits[i] = bench_us() - start;
        usleep(PAUSE_US);
    }
    bench_say("steps_per_second", ROUNDS * 1e6 / (bench_us() - start));
    channel_destroy(&spawner);
    waitpid(pid, NULL, 0);
    bench_say_samples("step", samples, ROUNDS);
    bench_say_samples("exit", exits, ROUNDS);
}

/* The child that the effector makes for one op, from fork to its result. */
static void
measure_op(const site_t *site)
{
    fault_t fault = {0};
    CLEANUP(policy_destroy) policy_t *policy = policy_load(site->policy, &fault);
    CLEANUP(value_destroy) value_t *arguments = value_map();
    op_world_t world = {.policy = policy, .keepers = "/nonexistent"};
    if (!policy)
        bench_die(&fault);
    value_set_text(arguments, "path", site->mount);
    for (size_t i = 0; i < ROUNDS; i++) {
        double start = bench_us();
        op_child_t *child = op_child_start(op_row("disk.usage"), op_find("disk.usage"), arguments,
                                           &world, NULL, &fault);
        if (!child)
            bench_die(&fault);
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        while (poll(&ready, 1, 5000) == 1 && !op_child_read(child))
            ;
        CLEANUP(value_destroy) value_t *result = op_child_finish(&child, &fault);
        if (!result)
            bench_die(&fault);
        samples[i] = bench_us() - start;
        usleep(PAUSE_US);
    }
    bench_say_samples("op", samples, ROUNDS);
}

static const struct {
    const char *word;
    void (*measure)(const site_t *site);
} parts[] = {
    {"commit", measure_commit},
    {"fdatasync", measure_fdatasync},
    {"signature", measure_signature},
    {"channel", measure_channel},
    {"runner", measure_runner},
    {"spawner", measure_spawner},
    {"op", measure_op},
    {"curve", measure_curve},
};

static bool
wanted(const char *word, char **words)
{
    if (!*words)
        return true;
    while (*words)
        if (!strcmp(*words++, word))
            return true;
    return false;
}

int
main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: limits FOLDER SPAWNER POLICY MOUNT [PART...]\n");
        return EXIT_FAILURE;
    }
    site_t site = {argv[1], argv[2], argv[3], argv[4]};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (wanted(parts[i].word, argv + 5))
            parts[i].measure(&site);
    return EXIT_SUCCESS;
}
