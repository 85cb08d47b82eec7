/* SPDX-License-Identifier: Apache-2.0 */
/* sim - lives through seeds (docs/TESTING.md).
 *
 *     sim --seeds N [--from SEED] [--seconds S] [--jobs J]   that many, or as long; with --terse
 *                                                            until the first that fails
 *     sim --seed SEED [--trace]                              one, told aloud
 *     sim --check [--seeds N] [--seconds S]                  those of tests/sim/seeds.h, then N;
 * TAP */
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/sim/seeds.h"
#include "tests/sim/world.h"

#define JOBS_MAX    64
#define TRACE_LINES 40
#define SHOWN_MAX   5 /* failures that are told in full */

typedef struct {
    _Atomic uint64_t next, lived, failed, told, virtual_ms, events, faults;
    _Atomic bool enough;
} tally_t;

typedef struct {
    uint64_t from, seeds, seed;
    int seconds, jobs;
    bool trace, check, one, terse;
    const char *program;
} options_t;

static double
seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What the children that ended took of the processors. */
static double
processor_ms(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

/* One seed: whether all held. What broke is said. */
static bool
live(uint64_t seed, bool trace, tally_t *tally)
{
    world_t *world = world_new(seed, trace);
    bool good = world_run(world);
    atomic_fetch_add(&tally->lived, 1);
    atomic_fetch_add(&tally->virtual_ms, (uint64_t)world->now);
    atomic_fetch_add(&tally->events, world->events);
    atomic_fetch_add(&tally->faults, world->faults);
    if (trace)
        printf("seed %llu: %llu events in %.0f s\n", (unsigned long long)seed,
               (unsigned long long)world->events, (double)world->now / 1000);
    if (!good)
        printf("seed %llu: %s: %s\n", (unsigned long long)seed, world->broken, world->why);
    world_destroy(&world);
    return good;
}

/* The same seed again in a program of its own, and the end of what it says. */
static void
tell(const options_t *options, uint64_t seed)
{
    char command[512];
    printf("---- the last events of seed %llu (sim --seed %llu --trace tells all):\n",
           (unsigned long long)seed, (unsigned long long)seed);
    fflush(stdout);
    snprintf(command, sizeof command, "'%s' --seed %llu --trace 2>&1 | tail -n %d",
             options->program, (unsigned long long)seed, TRACE_LINES);
    int status = system(command);
    (void)status;
}

static void
fail(const options_t *options, tally_t *tally, uint64_t seed)
{
    atomic_fetch_add(&tally->failed, 1);
    if (options->terse)
        atomic_store(&tally->enough, true);
    else if (atomic_fetch_add(&tally->told, 1) < SHOWN_MAX)
        tell(options, seed);
}

/* A child's share: seeds are handed out a few at a time. */
static void
work(const options_t *options, tally_t *tally, _Atomic uint64_t *living)
{
    double end = seconds_now() + options->seconds;
    while (!atomic_load(&tally->enough)) {
        uint64_t at = atomic_fetch_add(&tally->next, 1);
        if (at >= options->seeds || (options->seconds && seconds_now() > end))
            break;
        atomic_store(living, options->from + at);
        if (!live(options->from + at, false, tally))
            fail(options, tally, options->from + at);
        if (atomic_load(&tally->failed) >= SHOWN_MAX)
            atomic_store(&tally->enough, true);
    }
    fflush(stdout);
    _exit(0);
}

static void *
shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

static int
live_many(const options_t *options)
{
    tally_t *tally = shared(sizeof *tally);
    _Atomic uint64_t *living = shared(JOBS_MAX * sizeof *living);
    pid_t children[JOBS_MAX];
    double start = seconds_now();
    for (int i = 0; i < options->jobs; i++) {
        children[i] = fork();
        if (!children[i])
            work(options, tally, &living[i]);
    }
    for (int i = 0; i < options->jobs; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        if (status) { /* an assert of the product, or worse */
            uint64_t seed = atomic_load(&living[i]);
            printf("seed %llu: the program ended (wait status %d)\n", (unsigned long long)seed,
                   status);
            fail(options, tally, seed);
        }
    }
    double wall = seconds_now() - start;
    uint64_t failed = atomic_load(&tally->failed);
    double lived = (double)atomic_load(&tally->lived);
    printf("# a seed: %.1f ms of a core, %.0f events, %.0f faults\n", processor_ms() / lived,
           (double)atomic_load(&tally->events) / lived,
           (double)atomic_load(&tally->faults) / lived);
    printf("sim: %.0f seeds, %llu failed, %.0f times real time\n", lived,
           (unsigned long long)failed, (double)atomic_load(&tally->virtual_ms) / 1000 / wall);
    return failed ? 1 : 0;
}

/* Seeds that once found a bug, then new ones. */
static int
check(const options_t *options)
{
    int failed = 0;
    tally_t tally = {0};
    printf("1..%zu\n", ARRAY_SIZE(known_seeds) + 1);
    for (size_t i = 0; i < ARRAY_SIZE(known_seeds); i++) {
        bool good = live(known_seeds[i].seed, false, &tally);
        printf("%s %zu - %s\n", good ? "ok" : "not ok", i + 1, known_seeds[i].name);
        failed += !good;
    }
    int more = live_many(options);
    printf("%s %zu - every invariant holds\n", more ? "not ok" : "ok", ARRAY_SIZE(known_seeds) + 1);
    return failed || more ? 1 : 0;
}

static int
read_options(int argc, char **argv, options_t *options)
{
    static const struct option known[] = {
        {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {"trace", no_argument, NULL, 't'},
        {"seconds", required_argument, NULL, 'S'},
        {"jobs", required_argument, NULL, 'j'},
        {"check", no_argument, NULL, 'k'},
        {"terse", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        unsigned long long number = optarg ? strtoull(optarg, NULL, 10) : 0;
        switch (option) {
        case 'n':
            options->seeds = number;
            break;
        case 'f':
            options->from = number;
            break;
        case 's':
            options->seed = number;
            options->one = true;
            break;
        case 't':
            options->trace = true;
            break;
        case 'S':
            options->seconds = (int)number;
            break;
        case 'j':
            options->jobs = (int)number;
            break;
        case 'q':
            options->terse = true;
            break;
        case 'k':
            options->check = true;
            break;
        default:
            return -1;
        }
    }
    return optind == argc && options->jobs >= 1 && options->jobs <= JOBS_MAX ? 0 : -1;
}

int
main(int argc, char **argv)
{
    options_t options = {
        .seeds = 1000, .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), .program = argv[0]};
    if (options.jobs > JOBS_MAX)
        options.jobs = JOBS_MAX;
    if (read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: sim --seeds N [--from SEED] [--seconds S] [--jobs J] [--terse] |"
                        " --seed SEED [--trace] | --check\n");
        return 2;
    }
    log_open("sim", options.trace ? LEVEL_DEBUG : LEVEL_ERROR);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options.check)
        return check(&options);
    if (!options.one)
        return live_many(&options);
    tally_t tally = {0};
    bool good = live(options.seed, options.trace, &tally);
    printf("seed %llu: %s\n", (unsigned long long)options.seed, good ? "good" : "failed");
    return good ? 0 : 1;
}
