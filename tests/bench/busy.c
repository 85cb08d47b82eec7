/* SPDX-License-Identifier: Apache-2.0 */
/* busy - alerts for one real worker in several lanes, each from its POST to the broker's word that
 * the receipt of its run is recorded; then the next of that lane.
 *
 *     busy COUNT LANES MOUNT
 *
 * Grants cover alerts BenchLane-1, BenchLane-2... of north-1; the one step of what they run is
 * lane-1, lane-2... Prints how many whole incidents a second there were. Environment as for line.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "cli/client.h"
#include "common/text.h"
#include "tests/bench/bench.h"

#define COUNT_MAX  1000000
#define LANES_MAX  32
#define SILENCE_MS 20000
#define STEP       "lane-"

typedef struct {
    char alert[32];
    int open;    /* of the answer and the receipt, those still missing */
    size_t size; /* of the answer, as far as it has come */
    char answer[ANSWER_MAX];
} lane_t;

typedef struct {
    size_t count, lane_count;
    size_t sent, done;
    const char *mount, *token;
    uint64_t first; /* fingerprint */
    bytes_t *request;
    lane_t lanes[LANES_MAX];
    struct pollfd fds[LANES_MAX + 1]; /* of the lanes; behind them the watcher's */
} crowd_t;

/* ---- the watcher ------------------------------------------------------------------------- */

/* A byte for each receipt that ends a part well, in a process of its own: the client waits alone.
 */
_Noreturn static void
watch(int told)
{
    fault_t fault = {0};
    options_t options = {.server = bench_environment("TOCSIN_SERVER"),
                         .site = bench_environment("TOCSIN_SITE"),
                         .curve = bench_environment("TOCSIN_CURVE"),
                         .wait_s = -1};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    trust_t *trust = site_load(&options, &fault);
    client_t *client = trust ? client_open(&options, trust, &fault) : NULL;
    if (!client || !client_ask(client, "watch", NULL, &fault))
        bench_die(&fault);
    bench_need(write(told, "w", 1) == 1, "pipe");
    for (;;) {
        CLEANUP(value_destroy) value_t *event = client_event(client, SILENCE_MS, &fault);
        if (!event)
            bench_die(&fault);
        const char *part = value_get_text(event, "part");
        bool refused = !strcmp(part, "refused");
        if (strcmp(value_get_text(event, "kind"), "receipt") != 0 && !refused)
            continue;
        if (strcmp(part, "ok") != 0) {
            fault_set(&fault, FAULT_FAILED, "a run ended as '%s': %s", part,
                      value_get_text(event, "text"));
            bench_die(&fault);
        }
        uint8_t lane = (uint8_t)strtoul(value_get_text(event, "step") + strlen(STEP), NULL, 10);
        bench_need(write(told, &lane, 1) == 1, "pipe");
    }
}

/* The end of the pipe that it writes to, once it watches. */
static int
start_watcher(void)
{
    int ends[2];
    char word;
    bench_need(!pipe2(ends, O_CLOEXEC), "pipe");
    pid_t pid = fork();
    if (!pid)
        watch(ends[1]);
    close(ends[1]);
    bench_need(pid > 0 && read(ends[0], &word, 1) == 1, "the watcher");
    return ends[0];
}

/* ---- alerts ------------------------------------------------------------------------------ */

static void
post(crowd_t *self, size_t at)
{
    lane_t *lane = &self->lanes[at];
    bench_request(self->request, self->token, BENCH_HOST, lane->alert, self->mount,
                  self->first + self->sent++);
    lane->size = 0;
    lane->open = 2;
    slice_t request = bytes_slice(self->request);
    bench_need(send(self->fds[at].fd, request.data, request.size, MSG_NOSIGNAL) ==
                   (ssize_t)request.size,
               "send");
}

static void
finish_one(crowd_t *self, size_t at)
{
    if (--self->lanes[at].open)
        return;
    self->done++;
    if (self->sent < self->count)
        post(self, at);
}

static void
hear(crowd_t *self, size_t at)
{
    lane_t *lane = &self->lanes[at];
    ssize_t got = recv(self->fds[at].fd, lane->answer + lane->size,
                       sizeof lane->answer - 1 - lane->size, MSG_DONTWAIT);
    bench_need(got > 0, "the broker closed a connection");
    lane->answer[lane->size += (size_t)got] = '\0';
    int status = bench_status(lane->answer, lane->size);
    bench_need(!status || status == 200, "the broker refused an alert");
    if (status)
        finish_one(self, at);
}

static void
hear_watcher(crowd_t *self, int fd)
{
    uint8_t numbers[LANES_MAX];
    ssize_t got = read(fd, numbers, sizeof numbers);
    bench_need(got > 0, "the watcher ended");
    for (ssize_t i = 0; i < got; i++) {
        bench_need(numbers[i] && numbers[i] <= self->lane_count, "a lane");
        finish_one(self, numbers[i] - 1U);
    }
}

static void
turn(crowd_t *self)
{
    struct pollfd *watcher = &self->fds[self->lane_count];
    bench_need(poll(self->fds, self->lane_count + 1, SILENCE_MS) > 0, "the broker is silent");
    for (size_t i = 0; i < self->lane_count; i++)
        if (self->fds[i].revents)
            hear(self, i);
    if (watcher->revents)
        hear_watcher(self, watcher->fd);
}

int
main(int argc, char **argv)
{
    uint64_t lanes, count;
    crowd_t *crowd = memory_new(1, sizeof *crowd);
    if (argc != 4 || !text_read_u64(argv[1], 1, COUNT_MAX, &count) ||
        !text_read_u64(argv[2], 1, LANES_MAX, &lanes) || lanes > count) {
        fprintf(stderr, "usage: busy COUNT LANES MOUNT\n");
        return EXIT_FAILURE;
    }
    *crowd =
        (crowd_t){.count = count, .lane_count = lanes, .mount = argv[3], .request = bytes_new()};
    crowd->token = bench_environment("TOCSIN_TOKEN");
    crowd->first = (uint64_t)wall_now().ms << 20;
    crowd->fds[lanes] = (struct pollfd){.fd = start_watcher(), .events = POLLIN};
    for (size_t i = 0; i < lanes; i++) {
        int fd = bench_connect(bench_environment("TOCSIN_HTTP"));
        bench_need(fd >= 0, "the broker's HTTP port");
        crowd->fds[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        snprintf(crowd->lanes[i].alert, sizeof crowd->lanes[i].alert, "BenchLane-%zu", i + 1);
    }
    double start = bench_us();
    for (size_t i = 0; i < lanes; i++)
        post(crowd, i);
    while (crowd->done < count)
        turn(crowd);
    bench_say("whole_per_second", (double)count * 1e6 / (bench_us() - start));
    bytes_destroy(&crowd->request);
    free(crowd);
    return EXIT_SUCCESS;
}
