/* SPDX-License-Identifier: Apache-2.0 */
/* bench - what the measuring programs share: a clock, medians, one line a number, alerts and the
 * HTTP that carries them. A program prints lines "NAME NUMBER", which tests/bench/run reads. */
#ifndef TOCSIN_BENCH_H
#define TOCSIN_BENCH_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/fault.h"
#include "common/moment.h"

#define ANSWER_MAX 4096 /* bytes of one HTTP answer */
#define BENCH_HOST "north-1.example"

_Noreturn static inline void
bench_die(const fault_t *fault)
{
    fprintf(stderr, "bench: %s (%s)\n", fault->text, fault_word(fault->code));
    exit(EXIT_FAILURE);
}

/* Ends the program where the system said no. */
static inline void
bench_need(bool good, const char *what)
{
    fault_t fault;
    if (good)
        return;
    fault_errno(&fault, "%s", what);
    bench_die(&fault);
}

static inline double
bench_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline int
bench_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static inline void
bench_say(const char *name, double number)
{
    printf("%s %.3f\n", name, number);
    fflush(stdout);
}

/* NAME_p50 and NAME_p99; sorts. */
static inline void
bench_say_samples(const char *name, double *samples, size_t count)
{
    char line[80];
    qsort(samples, count, sizeof *samples, bench_compare);
    snprintf(line, sizeof line, "%s_p50", name);
    bench_say(line, samples[count / 2]);
    snprintf(line, sizeof line, "%s_p99", name);
    bench_say(line, samples[count * 99 / 100]);
}

static inline const char *
bench_environment(const char *name)
{
    const char *value = getenv(name);
    if (!value) {
        fprintf(stderr, "bench: %s is not set (tests/bench/run sets it)\n", name);
        exit(EXIT_FAILURE);
    }
    return value;
}

/* What Alertmanager posts for one alert of a host, about 800 bytes, with its own fingerprint. */
static inline void
bench_alert(bytes_t *out, const char *host, const char *name, const char *mount, uint64_t number)
{
    char starts[MOMENT_TEXT_MAX];
    wall_write_instant(wall_now(), starts);
    bytes_addf(out,
               "{\"receiver\":\"tocsin\",\"status\":\"firing\",\"alerts\":[{\"status\":\"firing\","
               "\"labels\":{\"alertname\":\"%s\",\"instance\":\"%s:9100\",\"job\":"
               "\"node\",\"mountpoint\":\"%s\",\"region\":\"north\",\"severity\":\"critical\"},"
               "\"annotations\":{\"description\":\"One of many\",\"summary\":\"Measured (instance "
               "%s:9100)\"},\"startsAt\":\"%s\",\"endsAt\":\"0001-01-01T00:00:00Z\","
               "\"generatorURL\":\"http://vm:19090/graph?g0.tab=1\",\"fingerprint\":\"%016llx\"}],"
               "\"groupLabels\":{\"alertname\":\"%s\"},\"commonLabels\":{\"alertname\":\"%s\","
               "\"job\":\"node\",\"region\":\"north\",\"severity\":\"critical\"},"
               "\"commonAnnotations\":{},\"externalURL\":\"http://vm:19093\",\"version\":\"4\","
               "\"groupKey\":\"{}:{alertname=\\\"%s\\\"}\",\"truncatedAlerts\":0}",
               name, host, mount, host, starts, (unsigned long long)number, name, name, name);
}

/* The same as a whole request to the webhook of source demo. */
static inline void
bench_request(bytes_t *out, const char *token, const char *host, const char *name,
              const char *mount, uint64_t number)
{
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    bench_alert(body, host, name, mount, number);
    bytes_clear(out);
    bytes_addf(out,
               "POST /v1/alerts/demo HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
               token, body->size);
    bytes_add_slice(out, bytes_slice(body));
}

/* A connection to http://127.0.0.1:PORT; -1 where nobody listens. */
static inline int
bench_connect(const char *url)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *port = strrchr(url, ':');
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)strtoul(port ? port + 1 : url, NULL, 10));
    bench_need(fd >= 0, "socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!connect(fd, (struct sockaddr *)&address, sizeof address))
        return fd;
    close(fd);
    return -1;
}

/* The status of a whole answer, which is terminated; 0 while it is not whole. */
static inline int
bench_status(const char *answer, size_t size)
{
    const char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "Content-Length:");
    if (!end || !length || size < 12)
        return 0;
    size_t whole = (size_t)(end + 4 - answer) + strtoul(length + 15, NULL, 10);
    return size < whole ? 0 : (int)strtol(answer + 9, NULL, 10);
}

/* Sends a request and waits for its answer; the status, 0 where the connection ended. */
static inline int
bench_exchange(int fd, slice_t request)
{
    char answer[ANSWER_MAX];
    size_t size = 0;
    int status = 0;
    if (send(fd, request.data, request.size, MSG_NOSIGNAL) != (ssize_t)request.size)
        return 0;
    while (!status && size < sizeof answer - 1) {
        ssize_t got = recv(fd, answer + size, sizeof answer - 1 - size, 0);
        if (got <= 0)
            return 0;
        answer[size += (size_t)got] = '\0';
        status = bench_status(answer, size);
    }
    return status;
}

#endif
