/* SPDX-License-Identifier: Apache-2.0 */
/* start - how long programs take from exec to serving, in milliseconds, and what they weigh.
 *
 *     start broker COUNT PROGRAM ARGUMENT...         until GET /v1/health answers
 *     start alert COUNT PROGRAM ARGUMENT...          until a POST of an alert is answered 200
 *     start worker NAME COUNT PROGRAM ARGUMENT...    until the broker calls NAME online
 *     start bare-broker COUNT FOLDER                 until `start as-broker FOLDER` is done: a
 * store opened, a CURVE port bound start bare-worker COUNT                        until `start
 * as-worker` is: a site verified, one question asked over CURVE
 *
 * What was started is ended again by its pid. Environment as for line. BENCH_WEIGH makes as-worker
 * say its own PSS in KiB. */
#include <czmq.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "wire/gate.h"
#include "broker/store.h"
#include "cli/client.h"
#include "common/text.h"
#include "tests/bench/bench.h"

#define PATIENCE_US 20e6
#define LOOK_US     200
#define COUNT_MAX   1000

typedef struct {
    const char *worker; /* NULL: the broker */
    bool alert;         /* it takes one */
    client_t *client;   /* asks about the worker */
    wall_t since;
} goal_t;

static options_t
options_of_environment(void)
{
    return (options_t){.server = bench_environment("TOCSIN_SERVER"),
                       .site = bench_environment("TOCSIN_SITE"),
                       .curve = bench_environment("TOCSIN_CURVE"),
                       .wait_s = -1};
}

static bool
broker_serves(void)
{
    CLEANUP(descriptor_close) int fd = bench_connect(bench_environment("TOCSIN_HTTP"));
    return fd >= 0 &&
           bench_exchange(fd, slice_text("GET /v1/health HTTP/1.1\r\nHost: bench\r\n\r\n")) == 200;
}

static bool
broker_accepts(void)
{
    CLEANUP(descriptor_close) int fd = bench_connect(bench_environment("TOCSIN_HTTP"));
    CLEANUP(bytes_destroy) bytes_t *request = bytes_new();
    bench_request(request, bench_environment("TOCSIN_TOKEN"), BENCH_HOST, "BenchStart", "/",
                  (uint64_t)wall_now().ms << 20);
    return fd >= 0 && bench_exchange(fd, bytes_slice(request)) == 200;
}

/* Its own first word, not what the broker remembers of the worker before it. */
static bool
worker_is_online(const goal_t *goal)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *list = client_ask(goal->client, "workers", NULL, &fault);
    if (!list)
        bench_die(&fault);
    for (size_t i = 0; i < value_count(list); i++) {
        const value_t *worker = value_at(list, i);
        if (!strcmp(value_get_text(worker, "id"), goal->worker))
            return value_get_bool(worker, "online") &&
                   value_get_integer(worker, "seen") >= goal->since.ms;
    }
    return false;
}

static bool
reached(const goal_t *goal)
{
    return goal->worker ? worker_is_online(goal) : goal->alert ? broker_accepts() : broker_serves();
}

static pid_t
launch(char **command)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    setsid();
    execvp(command[0], command);
    _exit(127);
}

static void
end(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static double
time_start(goal_t *goal, char **command)
{
    goal->since = (wall_t){wall_now().ms + 1}; /* "seen" has milliseconds only */
    usleep(2000);
    double start = bench_us();
    pid_t pid = launch(command);
    bench_need(pid > 0, "fork");
    while (!reached(goal)) {
        if (bench_us() - start > PATIENCE_US) {
            fprintf(stderr, "bench: '%s' does not serve within 20 s\n", command[0]);
            end(pid);
            exit(EXIT_FAILURE);
        }
        usleep(LOOK_US);
    }
    double spent = bench_us() - start;
    end(pid);
    return spent / 1e3;
}

static void
time_starts(const char *name, goal_t *goal, size_t count, char **command)
{
    double samples[COUNT_MAX];
    for (size_t i = 0; i < count; i++)
        samples[i] = time_start(goal, command);
    bench_say_samples(name, samples, count);
}

/* This program's own weight once it is as ready as it gets. */
static void
say_weight(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    unsigned long kib = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %lu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    bench_say("bare_worker_kib", (double)kib);
}

static client_t *
open_client(const options_t *options, trust_t **trust)
{
    fault_t fault = {0};
    *trust = site_load(options, &fault);
    client_t *client = *trust ? client_open(options, *trust, &fault) : NULL;
    if (!client)
        bench_die(&fault);
    return client;
}

static int
be_a_bare_worker(void)
{
    fault_t fault = {0};
    options_t options = options_of_environment();
    CLEANUP(trust_destroy) trust_t *trust = NULL;
    CLEANUP(client_close) client_t *client = open_client(&options, &trust);
    CLEANUP(value_destroy) value_t *body = client_ask(client, "workers", NULL, &fault);
    if (!body)
        bench_die(&fault);
    if (getenv("BENCH_WEIGH"))
        say_weight();
    return EXIT_SUCCESS;
}

static int
be_a_bare_broker(const char *folder)
{
    fault_t fault = {0};
    curvepair_t pair;
    curve_random(&pair);
    CLEANUP(store_destroy) store_t *store = store_sqlite(folder, false, &fault);
    CLEANUP(gate_destroy)
    gate_t *gate = store ? gate_new("tcp://127.0.0.1:*", &pair, &fault) : NULL;
    if (!gate)
        bench_die(&fault);
    return EXIT_SUCCESS;
}

/* From exec to exit: each does one thing and ends. */
static void
time_bare(const char *name, const char *role, const char *folder, size_t count)
{
    char *command[] = {(char *)"/proc/self/exe", (char *)(uintptr_t)role, (char *)(uintptr_t)folder,
                       NULL};
    double samples[COUNT_MAX];
    for (size_t i = 0; i < count; i++) {
        int status;
        double start = bench_us();
        pid_t pid = launch(command);
        bench_need(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
        samples[i] = (bench_us() - start) / 1e3;
        if (status) {
            fprintf(stderr, "bench: '%s' ended with status %d\n", role, status);
            exit(EXIT_FAILURE);
        }
    }
    bench_say_samples(name, samples, count);
}

static size_t
count_of(const char *text)
{
    uint64_t count;
    if (text && text_read_u64(text, 1, COUNT_MAX, &count))
        return count;
    fprintf(stderr, "usage: start ROLE [NAME] COUNT [PROGRAM ARGUMENT...]\n");
    exit(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    goal_t goal = {0};
    if (!strcmp(role, "as-worker"))
        return be_a_bare_worker();
    if (!strcmp(role, "as-broker") && argc == 3)
        return be_a_bare_broker(argv[2]);
    if (!strcmp(role, "bare-worker"))
        time_bare("bare_worker", "as-worker", NULL, count_of(argv[2]));
    else if (!strcmp(role, "bare-broker") && argc == 4)
        time_bare("bare_broker", "as-broker", argv[3], count_of(argv[2]));
    else if (!strcmp(role, "broker") && argc > 3)
        time_starts("broker", &goal, count_of(argv[2]), argv + 3);
    else if (!strcmp(role, "alert") && argc > 3) {
        goal.alert = true;
        time_starts("alert", &goal, count_of(argv[2]), argv + 3);
    } else if (!strcmp(role, "worker") && argc > 4) {
        options_t options = options_of_environment();
        CLEANUP(trust_destroy) trust_t *trust = NULL;
        CLEANUP(client_close) client_t *client = open_client(&options, &trust);
        goal = (goal_t){.worker = argv[2], .client = client};
        time_starts("worker", &goal, count_of(argv[3]), argv + 4);
    } else {
        count_of(NULL);
    }
    return EXIT_SUCCESS;
}
