/* SPDX-License-Identifier: Apache-2.0 */
/* ingest - alerts over HTTP, many in flight, each on its own fingerprint and covered by no grant.
 *
 *     ingest COUNT CONNECTIONS
 *
 * Prints how many a second were answered 200, which the broker does once they are on its disk, and
 * how long each waited, in microseconds. TOCSIN_HTTP and TOCSIN_TOKEN name where to. */
#include <sys/epoll.h>

#include "common/text.h"
#include "tests/bench/bench.h"

#define COUNT_MAX       10000000
#define CONNECTIONS_MAX 512
#define SILENCE_MS      10000

typedef struct {
    int fd;
    double start; /* of the request under way */
    size_t size;  /* of the answer, as far as it has come */
    char answer[ANSWER_MAX];
} visit_t;

typedef struct {
    uint64_t count; /* requests to make */
    uint64_t sent, answered;
    uint64_t first;   /* fingerprint */
    bytes_t *request; /* scratch */
    double *waited;   /* by order of the answers */
    const char *token;
} crowd_t;

static void
ask(crowd_t *self, visit_t *visit)
{
    bench_request(self->request, self->token, BENCH_HOST, "BenchIngest", "/",
                  self->first + self->sent++);
    visit->start = bench_us();
    visit->size = 0;
    slice_t request = bytes_slice(self->request);
    bench_need(send(visit->fd, request.data, request.size, MSG_NOSIGNAL) == (ssize_t)request.size,
               "send");
}

static void
hear(crowd_t *self, visit_t *visit)
{
    ssize_t got = recv(visit->fd, visit->answer + visit->size,
                       sizeof visit->answer - 1 - visit->size, MSG_DONTWAIT);
    bench_need(got > 0, "the broker closed a connection");
    visit->answer[visit->size += (size_t)got] = '\0';
    int status = bench_status(visit->answer, visit->size);
    if (!status)
        return;
    if (status != 200) {
        fprintf(stderr, "bench: the broker answered %d\n", status);
        exit(EXIT_FAILURE);
    }
    self->waited[self->answered++] = bench_us() - visit->start;
    if (self->sent < self->count)
        ask(self, visit);
}

static void
serve(crowd_t *self, int epoll)
{
    struct epoll_event events[CONNECTIONS_MAX];
    while (self->answered < self->count) {
        int ready = epoll_wait(epoll, events, CONNECTIONS_MAX, SILENCE_MS);
        bench_need(ready > 0, "the broker is silent");
        for (int i = 0; i < ready; i++)
            hear(self, events[i].data.ptr);
    }
}

int
main(int argc, char **argv)
{
    uint64_t connections;
    crowd_t crowd = {.first = (uint64_t)wall_now().ms << 20};
    if (argc != 3 || !text_read_u64(argv[1], 1, COUNT_MAX, &crowd.count) ||
        !text_read_u64(argv[2], 1, CONNECTIONS_MAX, &connections) || connections > crowd.count) {
        fprintf(stderr, "usage: ingest COUNT CONNECTIONS\n");
        return EXIT_FAILURE;
    }
    crowd.token = bench_environment("TOCSIN_TOKEN");
    crowd.waited = memory_new(crowd.count, sizeof *crowd.waited);
    crowd.request = bytes_new();
    visit_t *visits = memory_new(connections, sizeof *visits);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (uint64_t i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &visits[i]};
        visits[i].fd = bench_connect(bench_environment("TOCSIN_HTTP"));
        bench_need(visits[i].fd >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, visits[i].fd, &event),
                   "the broker's HTTP port");
    }
    double start = bench_us();
    for (uint64_t i = 0; i < connections; i++)
        ask(&crowd, &visits[i]);
    serve(&crowd, epoll);
    bench_say("alerts_per_second", (double)crowd.count * 1e6 / (bench_us() - start));
    bench_say_samples("waited", crowd.waited, crowd.count);
    for (uint64_t i = 0; i < connections; i++)
        close(visits[i].fd);
    close(epoll);
    bytes_destroy(&crowd.request);
    free(crowd.waited);
    free(visits);
    return EXIT_SUCCESS;
}
