/* SPDX-License-Identifier: Apache-2.0 */
/* line - alerts one at a time, each from its POST to the broker's word that the receipt of its run
 * is recorded, in microseconds.
 *
 *     line COUNT MOUNT [ALERT]
 *
 * A grant covers ALERT (BenchNoop) of north-1. TOCSIN_SITE, TOCSIN_SERVER, TOCSIN_CURVE,
 * TOCSIN_HTTP and TOCSIN_TOKEN as deploy/demo/site.bash sets them. */
#include "cli/client.h"
#include "common/text.h"
#include "tests/bench/bench.h"

#define WARM_UP        20
#define COUNT_MAX      100000
#define RUN_TIMEOUT_MS 10000

static int
post(int fd, slice_t request)
{
    int status = bench_exchange(fd, request);
    if (status != 200)
        fprintf(stderr, "bench: the broker answered %d\n", status);
    return status;
}

/* Until the receipt that ends the part; whatever else is told on the way is of no interest. */
static void
await_receipt(client_t *client)
{
    fault_t fault = {0};
    for (;;) {
        CLEANUP(value_destroy) value_t *event = client_event(client, RUN_TIMEOUT_MS, &fault);
        if (!event)
            bench_die(&fault);
        const char *part = value_get_text(event, "part");
        bool refused = !strcmp(part, "refused");
        if (strcmp(value_get_text(event, "kind"), "receipt") != 0 && !refused)
            continue;
        if (!strcmp(part, "ok"))
            return;
        fault_set(&fault, FAULT_FAILED, "a run ended as '%s': %s", part,
                  value_get_text(event, "text"));
        bench_die(&fault);
    }
}

static void
measure(client_t *client, int fd, size_t count, const char *mount, const char *alert)
{
    size_t warm_up = count < WARM_UP ? count : WARM_UP;
    CLEANUP(memory_free) double *accepted = memory_new(count, sizeof *accepted);
    CLEANUP(memory_free) double *recorded = memory_new(count, sizeof *recorded);
    CLEANUP(memory_free) double *whole = memory_new(count, sizeof *whole);
    CLEANUP(bytes_destroy) bytes_t *request = bytes_new();
    uint64_t first = (uint64_t)wall_now().ms << 20;
    for (size_t i = 0; i < warm_up + count; i++) {
        bench_request(request, bench_environment("TOCSIN_TOKEN"), BENCH_HOST, alert, mount,
                      first + i);
        double start = bench_us();
        if (post(fd, bytes_slice(request)) != 200)
            exit(EXIT_FAILURE);
        double answered = bench_us();
        await_receipt(client);
        double end = bench_us();
        if (i < warm_up)
            continue;
        accepted[i - warm_up] = answered - start;
        recorded[i - warm_up] = end - answered;
        whole[i - warm_up] = end - start;
    }
    bench_say_samples("accepted", accepted, count);
    bench_say_samples("recorded", recorded, count);
    bench_say_samples("whole", whole, count);
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    uint64_t count;
    if (argc < 3 || argc > 4 || !text_read_u64(argv[1], 1, COUNT_MAX, &count)) {
        fprintf(stderr, "usage: line COUNT MOUNT [ALERT]\n");
        return EXIT_FAILURE;
    }
    options_t options = {.server = bench_environment("TOCSIN_SERVER"),
                         .site = bench_environment("TOCSIN_SITE"),
                         .curve = bench_environment("TOCSIN_CURVE"),
                         .wait_s = -1};
    CLEANUP(trust_destroy) trust_t *trust = site_load(&options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(&options, trust, &fault) : NULL;
    CLEANUP(value_destroy)
    value_t *watch = client ? client_ask(client, "watch", NULL, &fault) : NULL;
    if (!watch)
        bench_die(&fault);
    CLEANUP(descriptor_close) int fd = bench_connect(bench_environment("TOCSIN_HTTP"));
    bench_need(fd >= 0, "the broker's HTTP port");
    measure(client, fd, count, argv[2], argc > 3 ? argv[3] : "BenchNoop");
    return EXIT_SUCCESS;
}
