/* SPDX-License-Identifier: Apache-2.0 */
/* herd - one broker and many simulated workers (herd.h), beside a bare one with as many (bare.h).
 *
 *     herd enrol COUNT                           drafts of the fleets, and the key of who orders
 *     herd broker PID IDLE-S ALERTS SIZE...      measures the broker that runs
 *     herd bare FOLDER IDLE-S ALERTS SIZE...     measures a bare one with its database in FOLDER
 *     herd restart COUNT PID PROGRAM ARGUMENT... kills the broker, starts it again
 *
 * The largest SIZE is how many workers there are. Everybody joins; then one observe step goes to
 * the first SIZE of them, some times over, until the last receipt is recorded; then nothing happens
 * for IDLE-S seconds; then ALERTS alerts, one at a time a worker, each from its POST to its receipt
 * recorded; then as many to a few workers, each of which has HERD_LANES at a time and signs what
 * it gives at once together. Environment as for line. Times are in microseconds but where the name
 * says more. */
#include "tests/bench/bare.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "cli/client.h"
#include "keys/inclusion.h"

#define PLAYBOOK     "noop"
#define RESPONDER    "hera"
#define VISITS       256
#define ROUNDS_MAX   20
#define ROUNDS_COSTS 3000 /* receipts that a size is worth */
#define RETRY_US     50000
#define HERD_LANES   16 /* playbooks, and alerts for them, BenchLane-1 and so on */

typedef struct {
    herd_t herd;
    trust_t *trust;
    pid_t broker; /* the bare one, or the real */
    bool bare;
    machinekey_t *responder;
} bench_t;

/* What a process costs ------------------------------------------------------------------------- */

static double
memory_kib(pid_t pid)
{
    char path[64], line[256];
    unsigned long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    bench_need(file, path);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Rss: %lu", &kib) == 1)
            break;
    fclose(file);
    return (double)kib;
}

/* User and system, all threads. */
static double
processor_s(pid_t pid)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    bench_need(file && fgets(line, sizeof line, file), path);
    fclose(file);
    const char *rest = strrchr(line, ')');
    bench_need(rest && sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                              &user, &system) == 2,
               path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Enrolment ----------------------------------------------------------------------------------- */

static void
write_draft(const char *name, const bytes_t *text)
{
    char path[4096];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/%s", bench_environment("TOCSIN_SITE"), name);
    if (file_write(path, bytes_slice(text), 0644, &fault))
        bench_die(&fault);
}

static void
enrol_region(const herd_t *herd, const trust_t *trust, size_t first, size_t count)
{
    char name[TEXT_NAME_MAX + 32];
    CLEANUP(fleet_destroy) fleet_t *fleet = memory_new(1, sizeof *fleet);
    CLEANUP(bytes_destroy) bytes_t *draft = bytes_new();
    fleet->site = *trust_site(trust);
    snprintf(fleet->region, sizeof fleet->region, "sim-%zu", first / HERD_REGION);
    fleet->version = 1;
    fleet->issued.ms = wall_now().ms / 1000 * 1000;
    fleet->expires.ms = fleet->issued.ms + 30LL * 86400 * 1000;
    fleet->source_count = 1;
    fleet->sources = memory_new(1, sizeof *fleet->sources);
    text_copy(fleet->sources[0], sizeof fleet->sources[0], "demo");
    fleet->worker_count = count;
    fleet->workers = memory_new(count, sizeof *fleet->workers);
    for (size_t i = 0; i < count; i++) {
        const sim_t *sim = &herd->sims[first + i];
        worker_line_t *line = &fleet->workers[i];
        *line = (worker_line_t){.curve = sim->pair.public_key, .key = *machinekey_public(sim->key)};
        text_copy(line->id, sizeof line->id, sim->id);
        text_copy(line->labels, sizeof line->labels, "-");
    }
    fleet_encode(fleet, draft);
    snprintf(name, sizeof name, "draft.fleet.%s", fleet->region);
    write_draft(name, draft);
}

static void
enrol(const herd_t *herd, const trust_t *trust)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    CLEANUP(machinekey_destroy) machinekey_t *responder = herd_key(RESPONDER);
    pubkey_write(machinekey_public(responder), line);
    bytes_add_text(line, "\n");
    write_draft("../keys/" RESPONDER ".pub", line);
    for (size_t first = 0; first < herd->count; first += HERD_REGION)
        enrol_region(herd, trust, first,
                     herd->count - first < HERD_REGION ? herd->count - first : HERD_REGION);
}

/* Orders -------------------------------------------------------------------------------------- */

/* A person's connection. */
typedef struct {
    watched_t watched;
    void *socket;
    size_t asked, refused;
    _Atomic size_t answered;
    char text[FAULT_TEXT_MAX]; /* of the last refusal */
} person_t;

static void
on_answer(watched_t *watched)
{
    person_t *self = (person_t *)watched;
    for (;;) {
        CLEANUP(frames_destroy) frames_t *frames = herd_receive(self->socket);
        if (!frames)
            return;
        if (strcmp(frames_text(frames, 0), message_word(MESSAGE_ANSWER)) != 0)
            continue;
        bool refused = strcmp(frames_text(frames, 2), fault_word(FAULT_NONE)) != 0;
        self->refused += refused;
        if (refused)
            snprintf(self->text, sizeof self->text, "%s", frames_text(frames, 3));
        self->answered++;
    }
}

static void
person_open(person_t *self, herd_t *herd)
{
    curvepair_t pair;
    fault_t fault = {0};
    *self = (person_t){.watched = {on_answer}};
    if (curve_load(&pair, bench_environment("TOCSIN_CURVE"), &fault))
        bench_die(&fault);
    self->socket = herd_connect(herd, &pair, &self->watched);
    for (int events = 0; !(events & ZMQ_POLLOUT); herd_turn(herd)) {
        size_t size = sizeof events;
        zmq_getsockopt(self->socket, ZMQ_EVENTS, &events, &size);
    }
}

static hash_t
noop_release(void)
{
    hash_t hash;
    const char *text = bench_environment("BENCH_RELEASE");
    bench_need(hash_read(text, &hash), "BENCH_RELEASE");
    return hash;
}

static void
list_targets(const bench_t *self, order_t *order, size_t count)
{
    order->target_count = count;
    order->targets = memory_new(count, sizeof *order->targets);
    for (size_t i = 0; i < count; i++) {
        order->targets[i].wave = 1;
        text_copy(order->targets[i].target, sizeof order->targets[i].target, self->herd.sims[i].id);
    }
}

static void
add_tree(const bench_t *self, order_t *order, size_t count)
{
    fault_t fault = {0};
    CLEANUP(memory_free) const char **targets = memory_new(count, sizeof *targets);
    for (size_t i = 0; i < count; i++)
        targets[i] = self->herd.sims[i].id;
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, 1, targets, count, &fault);
    if (!tree)
        bench_die(&fault);
    order->waves[order->wave_count++] = inclusion_line(tree);
}

/* For the first so many workers, all in one wave. */
static void
make_order(const bench_t *self, size_t count, bytes_t *document, bytes_t *armor)
{
    static uint64_t nonce;
    CLEANUP(order_destroy) order_t *order = memory_new(1, sizeof *order);
    order->site = self->herd.site;
    text_copy(order->playbook, sizeof order->playbook, PLAYBOOK);
    text_copy(order->reason, sizeof order->reason, "measured");
    order->created.ms = wall_now().ms / 1000 * 1000;
    order->not_before = order->created;
    order->not_after.ms = order->created.ms + 3600 * 1000;
    order->undo_until = order->not_after;
    snprintf(order->nonce, sizeof order->nonce, "%016llx%016llx", (unsigned long long)getpid(),
             (unsigned long long)++nonce);
    order->release_count = order->input_count = 1;
    text_copy(order->releases[0].playbook, sizeof order->releases[0].playbook, PLAYBOOK);
    order->releases[0].hash = noop_release();
    text_copy(order->inputs[0].name, sizeof order->inputs[0].name, "mount");
    text_copy(order->inputs[0].text, sizeof order->inputs[0].text, HERD_MOUNT);
    if (count > ORDER_WAVE_MAX)
        add_tree(self, order, count);
    else
        list_targets(self, order, count);
    order_encode(order, document);
    machinekey_sign(self->responder, SIGN_ORDER, bytes_slice(document), armor);
}

/* The targets of a wave that its order does not list. */
static value_t *
targets_of(const bench_t *self, size_t count)
{
    value_t *list = value_list();
    for (size_t i = 0; i < count; i++) {
        value_t *item = value_map();
        value_set_integer(item, "wave", 1);
        value_set_text(item, "target", self->herd.sims[i].id);
        value_append(list, item);
    }
    return list;
}

static void
submit(bench_t *self, person_t *person, const bytes_t *document, const bytes_t *armor, size_t count)
{
    char number[24];
    frames_t *frames = self->bare ? frames_new() : message_new(MESSAGE_ASK);
    if (self->bare)
        frames_add_text(frames, "GO");
    snprintf(number, sizeof number, "%zu", self->bare ? count : ++person->asked);
    frames_add_text(frames, number);
    if (self->bare) {
        frames_add(frames, bytes_slice(document));
        frames_add(frames, bytes_slice(armor));
    } else {
        CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
        CLEANUP(value_destroy) value_t *arguments = value_map();
        value_set_text(arguments, "kind", "order");
        value_set(arguments, "document", value_bytes(bytes_slice(document)));
        value_set(arguments, "armors", value_bytes(bytes_slice(armor)));
        if (count > ORDER_WAVE_MAX)
            value_set(arguments, "targets", targets_of(self, count));
        value_encode(arguments, encoded);
        frames_add_text(frames, "submit");
        frames_add(frames, bytes_slice(encoded));
    }
    herd_send(person->socket, &frames);
    on_answer(&person->watched);
}

/* One worker, until the release is in service. */
static void
warm_up(bench_t *self, person_t *person)
{
    double start = bench_us();
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    *self->herd.acked = 0;
    make_order(self, 1, document, armor);
    do {
        bench_need(bench_us() - start < HERD_PATIENCE_US, person->text);
        size_t refused = person->refused;
        submit(self, person, document, armor, 1);
        if (!self->bare)
            herd_until(&self->herd, &person->answered, person->asked, "answers");
        if (person->refused == refused)
            break;
        usleep(RETRY_US);
    } while (true);
    herd_until(&self->herd, self->herd.acked, 1, "receipts");
}

static void
measure_fan_out(bench_t *self, person_t *person, size_t size)
{
    char name[40];
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    double lasts[ROUNDS_MAX], before = processor_s(self->broker);
    size_t rounds = ROUNDS_COSTS / size;
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    CLEANUP(memory_free) double *waited = memory_new(rounds * size, sizeof *waited);
    for (size_t i = 0; i < rounds; i++) {
        bytes_clear(armor);
        make_order(self, size, document, armor);
        double start = bench_us();
        *self->herd.acked = 0;
        submit(self, person, document, armor, size);
        herd_until(&self->herd, self->herd.acked, size, "receipts");
        lasts[i] = 0;
        for (size_t k = 0; k < size; k++) {
            double wait = waited[i * size + k] = self->herd.sims[k].acked - start;
            lasts[i] = wait > lasts[i] ? wait : lasts[i];
        }
    }
    if (person->refused) {
        fprintf(stderr, "bench: an order was refused: %s\n", person->text);
        exit(EXIT_FAILURE);
    }
    double spent = (processor_s(self->broker) - before) * 1e6 / (double)(rounds * size);
    snprintf(name, sizeof name, "fan_%zu_processor", size);
    bench_say(name, spent);
    snprintf(name, sizeof name, "fan_%zu_last", size);
    bench_say_samples(name, lasts, rounds);
    snprintf(name, sizeof name, "fan_%zu", size);
    bench_say_samples(name, waited, rounds * size);
}

static void
measure_idle(bench_t *self, uint64_t seconds)
{
    double start = bench_us(), before = processor_s(self->broker);
    while (bench_us() - start < (double)seconds * 1e6)
        herd_turn(&self->herd);
    bench_say("idle_percent", (processor_s(self->broker) - before) * 100e6 / (bench_us() - start));
    bench_say("idle_mib", memory_kib(self->broker) / 1024);
}

/* Alerts -------------------------------------------------------------------------------------- */

typedef struct crowd crowd_t;

/* One worker's alerts, one after another: each is done when it is answered 200 and its receipt is
 * recorded. */
typedef struct {
    watched_t watched;
    crowd_t *crowd;
    sim_t *sim;
    const char *alert; /* its name */
    int fd;
    bool answered, recorded;
    double start;
    size_t size; /* of the answer, as far as it has come */
    char answer[ANSWER_MAX];
} visit_t;

struct crowd {
    bench_t *bench;
    uint64_t first; /* fingerprint */
    size_t count, sent;
    _Atomic size_t done;
    bytes_t *request;
    double *waited;
    size_t workers, visit_count; /* visit i is to worker i % workers */
    visit_t visits[VISITS];
};

static void
post(visit_t *visit)
{
    crowd_t *self = visit->crowd;
    uint64_t number = self->first + self->sent++;
    visit->start = bench_us();
    visit->size = 0;
    visit->recorded = false;
    visit->answered = self->bench->bare;
    if (self->bench->bare) {
        frames_t *frames = frames_new();
        bytes_clear(self->request);
        bench_alert(self->request, visit->sim->id, visit->alert, HERD_MOUNT, number);
        frames_add_text(frames, "POST");
        frames_add(frames, bytes_slice(self->request));
        herd_send(visit->sim->socket, &frames);
        return;
    }
    bench_request(self->request, bench_environment("TOCSIN_TOKEN"), visit->sim->id, visit->alert,
                  HERD_MOUNT, number);
    slice_t request = bytes_slice(self->request);
    bench_need(send(visit->fd, request.data, request.size, MSG_NOSIGNAL) == (ssize_t)request.size,
               "send");
}

static void
finish_one(visit_t *visit)
{
    crowd_t *self = visit->crowd;
    if (!visit->answered || !visit->recorded)
        return;
    self->waited[self->done++] = bench_us() - visit->start;
    if (self->sent < self->count)
        post(visit);
}

static void
on_http(watched_t *watched)
{
    visit_t *visit = (visit_t *)watched;
    ssize_t got = recv(visit->fd, visit->answer + visit->size,
                       sizeof visit->answer - 1 - visit->size, MSG_DONTWAIT);
    bench_need(got > 0, "the broker closed a connection");
    visit->answer[visit->size += (size_t)got] = '\0';
    int status = bench_status(visit->answer, visit->size);
    if (!status)
        return;
    bench_need(status == 200, "an alert was refused");
    visit->answered = true;
    finish_one(visit);
}

/* One of its visits' runs is: of the one that waits longest, as they come in their order. */
static void
on_recorded(void *context, sim_t *sim)
{
    crowd_t *self = context;
    visit_t *oldest = NULL;
    size_t at = (size_t)(sim - self->bench->herd.sims);
    for (; at < self->visit_count; at += self->workers) {
        visit_t *visit = &self->visits[at];
        if (!visit->recorded && (!oldest || visit->start < oldest->start))
            oldest = visit;
    }
    if (!oldest)
        return;
    oldest->recorded = true;
    finish_one(oldest);
}

static void
open_visit(crowd_t *self, size_t at)
{
    static char lanes[HERD_LANES][16];
    bench_t *bench = self->bench;
    visit_t *visit = &self->visits[at];
    size_t lane = at / self->workers;
    bool alone = self->workers == self->visit_count;
    snprintf(lanes[lane % HERD_LANES], sizeof lanes[0], "BenchLane-%zu", lane % HERD_LANES + 1);
    *visit = (visit_t){.watched = {on_http},
                       .recorded = true, /* nothing of it is under way */
                       .crowd = self,
                       .sim = &bench->herd.sims[at % self->workers],
                       .alert = alone ? "BenchNoop" : lanes[lane]};
    if (bench->bare)
        return;
    visit->fd = bench_connect(bench_environment("TOCSIN_HTTP"));
    bench_need(visit->fd >= 0, "the broker's HTTP port");
    herd_watch(&bench->herd, visit->fd, EPOLLIN, &visit->watched);
}

/* Each of so many workers has so many at a time. */
static void
measure_alerts(bench_t *self, const char *name, size_t count, size_t workers, size_t lanes)
{
    char key[48];
    crowd_t *crowd = memory_new(1, sizeof *crowd);
    *crowd = (crowd_t){.bench = self,
                       .first = (uint64_t)wall_now().ms << 20,
                       .count = count,
                       .workers = workers,
                       .visit_count = workers * lanes};
    crowd->waited = memory_new(count + VISITS, sizeof *crowd->waited);
    crowd->request = bytes_new();
    self->herd.on_ack = on_recorded;
    self->herd.ack_context = crowd;
    for (size_t i = 0; i < crowd->visit_count; i++)
        open_visit(crowd, i);
    double start = bench_us(), before = processor_s(self->broker);
    for (size_t i = 0; i < crowd->visit_count; i++) {
        post(&crowd->visits[i]);
        herd_ready(&crowd->visits[i].sim->watched);
    }
    herd_until(&self->herd, &crowd->done, count, "incidents");
    snprintf(key, sizeof key, "%ss_per_second", name);
    bench_say(key, (double)crowd->done * 1e6 / (bench_us() - start));
    snprintf(key, sizeof key, "%s_processor", name);
    bench_say(key, (processor_s(self->broker) - before) * 1e6 / (double)crowd->done);
    bench_say_samples(name, crowd->waited, crowd->done);
    self->herd.on_ack = NULL;
    for (size_t i = 0; i < crowd->visit_count && !self->bare; i++)
        close(crowd->visits[i].fd);
    bytes_destroy(&crowd->request);
    free(crowd->waited);
    free(crowd);
}

static void
measure_incidents(bench_t *self, size_t count)
{
    size_t alone = self->herd.count < VISITS ? self->herd.count : VISITS;
    size_t together =
        self->herd.count < VISITS / HERD_LANES ? self->herd.count : VISITS / HERD_LANES;
    measure_alerts(self, "incident", count, alone, 1);
    self->herd.together = true;
    measure_alerts(self, "together", count, together, HERD_LANES);
}

/* The measures ----------------------------------------------------------------------------------
 */

static void
measure(bench_t *self, uint64_t idle_s, uint64_t alerts, size_t size_count, char **sizes)
{
    person_t person;
    person_open(&person, &self->herd);
    double start = bench_us(), before = memory_kib(self->broker);
    herd_join(&self->herd);
    bench_say("joined_per_second", (double)self->herd.count * 1e6 / (bench_us() - start));
    bench_say("kib_per_worker", (memory_kib(self->broker) - before) / (double)self->herd.count);
    warm_up(self, &person);
    for (size_t i = 0; i < size_count; i++)
        measure_fan_out(self, &person, strtoul(sizes[i], NULL, 10));
    if (idle_s)
        measure_idle(self, idle_s);
    if (alerts)
        measure_incidents(self, alerts);
}

static pid_t
launch(char **command)
{
    pid_t pid = fork();
    if (!pid) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        setsid();
        execvp(command[0], command);
        _exit(127);
    }
    bench_need(pid > 0, command[0]);
    return pid;
}

/* From the exec of the new one until everybody is welcome there. */
static void
measure_restart(bench_t *self, char **command)
{
    herd_join(&self->herd);
    kill(self->broker, SIGKILL);
    while (!kill(self->broker, 0))
        usleep(1000);
    *self->herd.welcome = 0;
    double start = bench_us();
    pid_t pid = launch(command);
    herd_until(&self->herd, self->herd.welcome, self->herd.count, "workers back");
    bench_say("back_ms", (bench_us() - start) / 1e3);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static uint64_t
number_of(const char *text, uint64_t least, uint64_t most)
{
    uint64_t number;
    if (text && text_read_u64(text, least, most, &number))
        return number;
    fprintf(stderr, "usage: herd enrol COUNT | broker PID IDLE-S ALERTS SIZE... | "
                    "bare FOLDER IDLE-S ALERTS SIZE... | restart COUNT PID PROGRAM...\n");
    exit(EXIT_FAILURE);
}

/* The site, and where its broker is. */
static void
open_site(bench_t *self, const curvekey_t *key, const char *endpoint)
{
    const people_t *people = trust_people(self->trust);
    bench_need(key || (people && people->broker_count), "a broker among people");
    self->responder = herd_key(RESPONDER);
    if (!key)
        key = &people->brokers[0].curve;
    herd_divide(&self->herd, trust_site(self->trust), key, endpoint);
    herd_open(&self->herd, trust_site(self->trust), key, endpoint);
}

int
main(int argc, char **argv)
{
    bench_t self = {0};
    fault_t fault = {0};
    const char *role = argc > 2 ? argv[1] : "";
    bool real = !strcmp(role, "broker"), restart = !strcmp(role, "restart");
    options_t options = {.site = bench_environment("TOCSIN_SITE")};
    self.trust = site_load(&options, &fault);
    if (!self.trust)
        bench_die(&fault);
    if (!strcmp(role, "enrol")) {
        herd_make(&self.herd, number_of(argv[2], 1, HERD_MAX));
        enrol(&self.herd, self.trust);
        return EXIT_SUCCESS;
    }
    if (restart && argc > 4) {
        herd_make(&self.herd, number_of(argv[2], 1, HERD_MAX));
        self.broker = (pid_t)number_of(argv[3], 1, INT32_MAX);
        open_site(&self, NULL, bench_environment("TOCSIN_SERVER"));
        measure_restart(&self, argv + 4);
        return EXIT_SUCCESS;
    }
    self.bare = !strcmp(role, "bare");
    if ((!real && !self.bare) || argc < 6)
        number_of(NULL, 0, 0);
    uint64_t idle_s = number_of(argv[3], 0, 3600), alerts = number_of(argv[4], 0, 10000000);
    herd_make(&self.herd, number_of(argv[argc - 1], 1, HERD_MAX));
    char endpoint[64];
    curvepair_t pair;
    if (self.bare) {
        int port = 0;
        curve_random(&pair);
        self.broker = bare_start(&self.herd, &pair, argv[2], &port);
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    } else {
        self.broker = (pid_t)number_of(argv[2], 1, INT32_MAX);
        snprintf(endpoint, sizeof endpoint, "%s", bench_environment("TOCSIN_SERVER"));
    }
    open_site(&self, self.bare ? &pair.public_key : NULL, endpoint);
    measure(&self, idle_s, alerts, (size_t)argc - 5, argv + 5);
    if (self.bare)
        kill(self.broker, SIGKILL);
    return EXIT_SUCCESS;
}
